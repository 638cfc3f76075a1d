import type { Context } from './context.ts';
import { Cancelled, type PortCall, type Settle } from './process.ts';

// How processes share results. A promise awaited by two processes cannot be counted, so these are
// the only ways (architecture: the virtual host).

const NOTHING = () => {};

/** Closed or open; those who wait pass once it opens. */
export class Gate {
  #open: boolean;
  readonly #waiting = new Set<() => void>();

  constructor(open = false) {
    this.#open = open;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  open(): void {
    this.#open = true;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const pass of waiting) pass();
  }

  close(): void {
    this.#open = false;
  }

  pass(context: Context): PortCall<void> {
    return context.portCall('gate.pass', (settle) => {
      if (this.#open) {
        settle.resolve();
        return undefined;
      }
      const pass = () => settle.resolve();
      this.#waiting.add(pass);
      return () => this.#waiting.delete(pass);
    });
  }
}

/** At most `permits` holders; first come, first served. */
export class Semaphore {
  #permits: number;
  #used = 0;
  readonly #waiting: (() => void)[] = [];
  /** Hears before each change of `used`. */
  changes: (() => void) | null = null;

  constructor(permits: number) {
    this.#permits = permits;
  }

  get used(): number {
    return this.#used;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get permits(): number {
    return this.#permits;
  }

  /** Takes effect at once; holders above a lowered number keep theirs. */
  setPermits(permits: number): void {
    this.#permits = permits;
    this.#admit();
  }

  /** A permit if one is free now. */
  tryAcquire(): boolean {
    if (this.#used >= this.#permits) return false;
    this.changes?.();
    this.#used += 1;
    return true;
  }

  acquire(context: Pick<Context, 'portCall'>): PortCall<void> {
    return context.portCall('semaphore.acquire', (settle) => this.enter(() => settle.resolve()));
  }

  /** Callback form, for what is not a process yet. Gives the way out of the queue. */
  enter(entered: () => void): () => void {
    if (this.tryAcquire()) {
      entered();
      return NOTHING;
    }
    this.#waiting.push(entered);
    return () => {
      const index = this.#waiting.indexOf(entered);
      if (index >= 0) this.#waiting.splice(index, 1);
    };
  }

  release(): void {
    this.changes?.();
    this.#used -= 1;
    this.#admit();
  }

  #admit(): void {
    while (this.#used < this.#permits) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.changes?.();
      this.#used += 1;
      next();
    }
  }
}

export class Mutex {
  readonly #semaphore = new Semaphore(1);

  /** Runs `body` alone; others wait in order. */
  async run<T>(context: Context, body: () => Promise<T>): Promise<T> {
    await this.#semaphore.acquire(context);
    try {
      return await body();
    } finally {
      this.#semaphore.release();
    }
  }
}

/** First in, first out; takers wait while it is empty. */
export class Queue<T> {
  readonly #items: T[] = [];
  readonly #takers: ((item: T) => void)[] = [];

  get size(): number {
    return this.#items.length;
  }

  put(item: T): void {
    const taker = this.#takers.shift();
    if (taker) taker(item);
    else this.#items.push(item);
  }

  take(context: Context): PortCall<T> {
    return context.portCall('queue.take', (settle) => {
      if (this.#items.length > 0) {
        settle.resolve(this.#items.shift() as T);
        return undefined;
      }
      const taker = (item: T) => settle.resolve(item);
      this.#takers.push(taker);
      return () => {
        const index = this.#takers.indexOf(taker);
        if (index >= 0) this.#takers.splice(index, 1);
      };
    });
  }
}

/**
 * One computation for all who ask while it runs; a failure is told to all of them and forgotten. When
 * the process that computes is cancelled, one of those who wait computes in its place.
 */
export class Once<T> {
  #state: { kind: 'idle' } | { kind: 'running' } | { kind: 'done'; value: T } = { kind: 'idle' };
  /** null: whoever computed was cancelled, so look again. */
  readonly #waiting: Settle<{ readonly value: T } | null>[] = [];

  async get(context: Context, compute: () => Promise<T>): Promise<T> {
    for (;;) {
      if (this.#state.kind === 'done') return this.#state.value;
      if (this.#state.kind === 'idle') return await this.#compute(compute);
      const told = await context.portCall<{ readonly value: T } | null>('once.get', (settle) => {
        this.#waiting.push(settle);
        return () => {
          const index = this.#waiting.indexOf(settle);
          if (index >= 0) this.#waiting.splice(index, 1);
        };
      });
      if (told !== null) return told.value;
    }
  }

  async #compute(compute: () => Promise<T>): Promise<T> {
    this.#state = { kind: 'running' };
    try {
      const value = await compute();
      this.#state = { kind: 'done', value };
      for (const waiter of this.#waiting.splice(0)) waiter.resolve({ value });
      return value;
    } catch (error) {
      this.#state = { kind: 'idle' };
      for (const waiter of this.#waiting.splice(0)) {
        if (error instanceof Cancelled) waiter.resolve(null);
        else waiter.reject(error);
      }
      throw error;
    }
  }

  forget(): void {
    if (this.#state.kind === 'done') this.#state = { kind: 'idle' };
  }
}
