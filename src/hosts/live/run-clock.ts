import { RUN_START, type RunTimeUs, runTimeUs, type Undo } from '../../kernel/index.ts';

/**
 * Where run time stands, for every worker of a run: a moment of run time, the wall clock's moment
 * that belongs to it, and how fast it goes on from there. Plain JSON, sent whenever it changes.
 */
export interface ClockState {
  readonly anchorUs: RunTimeUs;
  readonly anchorWallMs: number;
  readonly speed: number;
  readonly paused: boolean;
}

/** Milliseconds on a scale that all of a page's workers share: each has a time origin of its own. */
export const wallNowMs = (): number => performance.timeOrigin + performance.now();

/** No worker is held up so long: a longer step of the wall clock is the computer's sleep. */
export const MOST_STEP_MS = 30_000;
/** So often every clock looks at the wall, or the time that nobody asked for it would be taken for sleep. */
export const LOOK_AT_CLOCK_MS = 1000;

/** Run time at a moment of the wall clock. */
export const runTimeAt = (state: ClockState, wallMs: number): RunTimeUs =>
  state.paused
    ? state.anchorUs
    : runTimeUs(state.anchorUs + Math.max(0, wallMs - state.anchorWallMs) * state.speed * 1000);

export const startedClock = (wallMs: number, nowUs: RunTimeUs = RUN_START): ClockState => ({
  anchorUs: nowUs,
  anchorWallMs: wallMs,
  speed: 1,
  paused: false,
});

/** The same moment, from which time goes on otherwise. */
export const changedClock = (
  state: ClockState,
  wallMs: number,
  change: Partial<Pick<ClockState, 'speed' | 'paused'>>,
): ClockState => ({ ...state, anchorUs: runTimeAt(state, wallMs), anchorWallMs: wallMs, ...change });

/**
 * How far another context's wall clock is ahead of ours. Time origins come from the system's clock
 * when a context is made, so after a computer has slept a new worker can be hours off; small
 * differences are the message's own travel and are taken as none.
 */
export function wallOffsetMs(theirWallMs: number, ourWallMs: number): number {
  const offset = theirWallMs - ourWallMs;
  return Math.abs(offset) < 100 ? 0 : offset;
}

/** Native timers, so that tests can stand in for them. */
export interface NativeTimers {
  set(delayMs: number, wake: () => void): unknown;
  clear(handle: unknown): void;
}

export const nativeTimers: NativeTimers = {
  set: (delayMs, wake) => setTimeout(wake, delayMs),
  clear: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
};

/**
 * One worker's view of run time. It never runs backwards, except to the hub's time after a sleep. A sleep
 * is left out by each clock for itself: timers ring on waking, before the hub can say anything.
 */
export class RunClock {
  #state: ClockState;
  #last: RunTimeUs;
  #lookedMs: number;
  #slept = false;
  readonly #wall: () => number;
  readonly #listeners = new Set<() => void>();

  constructor(state: ClockState, wall: () => number = wallNowMs) {
    this.#state = state;
    this.#wall = wall;
    this.#last = state.anchorUs;
    this.#lookedMs = wall();
  }

  get state(): ClockState {
    this.#look();
    return this.#state;
  }

  get paused(): boolean {
    return this.#state.paused;
  }

  get speed(): number {
    return this.#state.speed;
  }

  get wallMs(): number {
    return this.#wall();
  }

  now(): RunTimeUs {
    const wallMs = this.#look();
    const now = runTimeAt(this.#state, wallMs);
    if (now > this.#last) this.#last = now;
    return this.#last;
  }

  apply(state: ClockState): void {
    this.#state = state;
    this.#lookedMs = this.#wall();
    // What this worker ran ahead of the hub by, over the sleep, would be time standing still.
    if (this.#slept) this.#last = runTimeAt(state, this.#lookedMs);
    this.#slept = false;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Looks at the wall again and again, as a worker must that has nothing else to do. */
  keepLooking(): Undo {
    const look = setInterval(() => this.#look(), LOOK_AT_CLOCK_MS);
    return () => clearInterval(look);
  }

  /** The wall clock; a step too long is left out of run time. */
  #look(): number {
    const wallMs = this.#wall();
    const stepMs = wallMs - this.#lookedMs;
    this.#lookedMs = wallMs;
    if (stepMs > MOST_STEP_MS && !this.#state.paused) {
      this.#state = { ...this.#state, anchorWallMs: this.#state.anchorWallMs + stepMs };
      this.#slept = true;
    }
    return wallMs;
  }

  onChange(listener: () => void): Undo {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

interface Timer {
  readonly dueUs: RunTimeUs;
  readonly order: number;
  wake: (() => void) | null;
}

/** Timers in run time: they stand still with it and follow its speed. Those due together ring in the order they were set. */
export class RunTimers {
  readonly #clock: RunClock;
  readonly #native: NativeTimers;
  /** A binary heap by (due, order). */
  readonly #heap: Timer[] = [];
  #order = 0;
  #armed: { readonly handle: unknown } | null = null;

  constructor(clock: RunClock, native: NativeTimers = nativeTimers) {
    this.#clock = clock;
    this.#native = native;
    clock.onChange(() => this.#rearm());
  }

  /** Always wakes later, never within this call. */
  schedule(delayMs: number, wake: () => void): Undo {
    const dueUs = runTimeUs(this.#clock.now() + Math.max(0, delayMs) * 1000);
    this.#order += 1;
    const timer: Timer = { dueUs, order: this.#order, wake };
    push(this.#heap, timer);
    if (this.#heap[0] === timer) this.#rearm();
    return () => {
      timer.wake = null;
    };
  }

  get pending(): number {
    return this.#heap.filter((timer) => timer.wake !== null).length;
  }

  #rearm(): void {
    if (this.#armed !== null) this.#native.clear(this.#armed.handle);
    this.#armed = null;
    while (this.#heap[0]?.wake === null) pop(this.#heap);
    const [first] = this.#heap;
    if (first === undefined || this.#clock.paused) return;
    const leftMs = (first.dueUs - this.#clock.now()) / 1000 / this.#clock.speed;
    // A native timer of more than 2^31 ms rings at once; this one only looks again.
    const handle = this.#native.set(Math.min(Math.max(0, leftMs), 1_000_000_000), () => this.#ring());
    this.#armed = { handle };
  }

  #ring(): void {
    this.#armed = null;
    if (!this.#clock.paused) {
      // Half a millisecond early is on time: native timers count whole ones.
      const nowUs = this.#clock.now() + 500 * this.#clock.speed;
      for (let first = this.#heap[0]; first !== undefined && first.dueUs <= nowUs; first = this.#heap[0]) {
        pop(this.#heap);
        first.wake?.();
        if (this.#clock.paused) break;
      }
    }
    this.#rearm();
  }
}

const before = (a: Timer, b: Timer): boolean =>
  a.dueUs < b.dueUs || (a.dueUs === b.dueUs && a.order < b.order);

function push(heap: Timer[], timer: Timer): void {
  let at = heap.length;
  heap.push(timer);
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt];
    if (parent === undefined || !before(timer, parent)) break;
    heap[at] = parent;
    at = parentAt;
  }
  heap[at] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    if (left === undefined) break;
    const [child, childAt] =
      right !== undefined && before(right, left) ? [right, 2 * at + 2] : [left, 2 * at + 1];
    if (!before(child, last)) break;
    heap[at] = child;
    at = childAt;
  }
  heap[at] = last;
}

/** Holds back what may not begin while the run is paused. */
export class PauseGate {
  readonly #clock: RunClock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: RunClock) {
    this.#clock = clock;
    clock.onChange(() => this.#open());
  }

  /** Runs `begin` now, or when the run goes on, in order. */
  pass(begin: () => void): Undo {
    if (!this.#clock.paused) {
      begin();
      return () => {};
    }
    this.#waiting.add(begin);
    return () => this.#waiting.delete(begin);
  }

  #open(): void {
    for (const begin of [...this.#waiting]) {
      if (this.#clock.paused) return;
      if (this.#waiting.delete(begin)) begin();
    }
  }
}
