import type { EventId, SpanId } from './ids.ts';
import type { SpanContext } from './trace-context.ts';
import type { RunTimeUs } from './units.ts';

/** What a pending port call rejects with when its process is cancelled. `finally` runs; catch it only to rethrow. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/**
 * How a host learns when nobody runs any more. A host that counts live processes (the Lab) needs
 * all four; the live host ignores them.
 */
export interface ProcessTracker {
  started(): void;
  ended(): void;
  /** A process awaits the port call of this name. */
  blocked(call: string): void;
  /** Counted before the process runs on. */
  woken(call: string): void;
}

export const untracked: ProcessTracker = { started() {}, ended() {}, blocked() {}, woken() {} };

/** One life of an instance: once dead, none of its port calls ever settles and no `finally` runs. */
export interface Life {
  readonly tracker: ProcessTracker;
  dead: boolean;
}

export interface ProcessInit {
  readonly name: string;
  readonly span: SpanContext | null;
  readonly parentSpanId: SpanId | null;
  readonly cause: EventId | null;
  readonly deadlineUs: RunTimeUs | null;
}

/**
 * One declared strand of work. At most one of its port calls is awaited at a time; more at once
 * needs child processes (`context.all`, `race`, `fork`).
 */
export class Process {
  readonly life: Life;
  readonly name: string;
  readonly parent: Process | null;
  readonly children = new Set<Process>();
  span: SpanContext | null;
  parentSpanId: SpanId | null;
  /** The last event this process wrote or was woken by: the cause of its next one. */
  cause: EventId | null;
  deadlineUs: RunTimeUs | null;
  cancelled: Cancelled | null = null;
  pending: PortCall<unknown> | null = null;
  /** The store operation whose transaction this process runs inside; only that one's own calls may be awaited. */
  insideTransaction: string | null = null;

  constructor(life: Life, parent: Process | null, init: ProcessInit) {
    this.life = life;
    this.parent = parent;
    this.name = init.name;
    this.span = init.span;
    this.parentSpanId = init.parentSpanId;
    this.cause = init.cause;
    this.deadlineUs = init.deadlineUs;
    parent?.children.add(this);
    if (parent?.cancelled) this.cancelled = parent.cancelled;
  }

  /** Cancels this process and its children; a process that runs just now meets it at its next port call. */
  cancel(reason: string): void {
    if (this.cancelled !== null || this.life.dead) return;
    this.cancelled = new Cancelled(reason);
    for (const child of [...this.children]) child.cancel(reason);
    this.pending?.cancelBy(this.cancelled);
  }
}

export interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

export interface PortCallOptions {
  /** Set for a transaction's own operations, which alone may be awaited inside it. */
  readonly ofTransaction?: boolean;
  /** A join waits for its children to unwind before it settles, even when cancelled. */
  readonly join?: boolean;
}

/**
 * What a port gives: begun when called, blocking its process when awaited. Await it once, where it
 * stands. It is not a Promise on purpose: `Promise.all` over port calls cannot be counted.
 */
export class PortCall<T> {
  readonly name: string;
  readonly #process: Process;
  readonly #join: boolean;
  #cancelHook: (() => void) | undefined;
  #outcome: { ok: true; value: T } | { ok: false; error: unknown } | null = null;
  #waiter: { onValue: (value: T) => unknown; onError: (error: unknown) => unknown } | null = null;
  #awaited = false;

  constructor(
    process: Process,
    name: string,
    start: (settle: Settle<T>) => (() => void) | undefined,
    options: PortCallOptions = {},
  ) {
    this.name = name;
    this.#process = process;
    this.#join = options.join ?? false;
    if (process.cancelled !== null) {
      this.#outcome = { ok: false, error: process.cancelled };
    } else if (process.insideTransaction !== null && options.ofTransaction !== true) {
      this.#outcome = {
        ok: false,
        error: new Error(
          `'${name}' was called inside the transaction of '${process.insideTransaction}': only the transaction's own operations may be awaited there`,
        ),
      };
    } else {
      this.#cancelHook = start({
        resolve: (value) => this.#settle({ ok: true, value }),
        reject: (error) => this.#settle({ ok: false, error }),
      });
    }
  }

  // A thenable by design: `await` must tell the process tracker when it begins and ends to wait.
  // oxlint-disable-next-line unicorn/no-thenable -- see above
  then(onValue: (value: T) => unknown, onError: (error: unknown) => unknown): void {
    if (this.#awaited) throw new Error(`'${this.name}' was awaited twice`);
    this.#awaited = true;
    if (this.#process.life.dead) return;
    if (this.#outcome !== null) {
      if (this.#outcome.ok) onValue(this.#outcome.value);
      else onError(this.#outcome.error);
      return;
    }
    const other = this.#process.pending;
    if (other !== null) {
      throw new Error(
        `'${this.name}' was awaited while '${other.name}' is pending in the same process ('${this.#process.name}'): use context.all, race or fork`,
      );
    }
    this.#waiter = { onValue, onError };
    this.#process.pending = this as PortCall<unknown>;
    this.#process.life.tracker.blocked(this.name);
    // `await` asks one microtask after the call: the process may have been cancelled in between.
    if (this.#process.cancelled !== null) this.cancelBy(this.#process.cancelled);
  }

  /** Called by the process's cancellation. */
  cancelBy(reason: Cancelled): void {
    const hook = this.#cancelHook;
    this.#cancelHook = undefined;
    hook?.();
    if (!this.#join) this.#settle({ ok: false, error: reason });
  }

  #settle(outcome: { ok: true; value: T } | { ok: false; error: unknown }): void {
    if (this.#outcome !== null || this.#process.life.dead) return;
    this.#outcome = outcome;
    this.#cancelHook = undefined;
    const waiter = this.#waiter;
    if (waiter === null) return;
    this.#waiter = null;
    this.#process.pending = null;
    this.#process.life.tracker.woken(this.name);
    if (outcome.ok) waiter.onValue(outcome.value);
    else waiter.onError(outcome.error);
  }
}

/** What a branch or a handler may give back. */
export type Awaitable<T> = T | Promise<T> | PortCall<T>;

export type ProcessOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/** Runs `body` as `process`, to its end; `done` hears how it ended, unless its instance died first. */
export function runProcess<T>(
  process: Process,
  body: () => Awaitable<T>,
  done: (outcome: ProcessOutcome<T>) => void,
): void {
  const { life } = process;
  life.tracker.started();
  const end = (outcome: ProcessOutcome<T>) => {
    if (life.dead) return;
    process.parent?.children.delete(process);
    done(outcome);
    life.tracker.ended();
  };
  let result: Promise<T>;
  try {
    // awaited elsewhere: here a process begins, and its end is what is waited for
    result = Promise.resolve(body() as T | Promise<T>);
  } catch (error) {
    // awaited elsewhere: below
    result = Promise.reject(error);
  }
  // awaited elsewhere: `done` hears of it
  result.then(
    (value) => end({ ok: true, value }),
    (error: unknown) => end({ ok: false, error }),
  );
}
