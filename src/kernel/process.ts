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
 *
 * There is one for every request and every branch: as with `PendingCall`, its fields are only declared here.
 */
export class Process {
  declare readonly life: Life;
  declare readonly name: string;
  declare readonly parent: Process | null;
  declare span: SpanContext | null;
  declare parentSpanId: SpanId | null;
  /** The last event this process wrote or was woken by: the cause of its next one. */
  declare cause: EventId | null;
  declare deadlineUs: RunTimeUs | null;
  declare cancelled: Cancelled | null;
  declare pending: PendingCall<unknown> | null;
  /** The store operation whose transaction this process runs inside; only that one's own calls may be awaited. */
  declare insideTransaction: string | null;
  // Children in the order they began, linked through themselves: most processes have none or one.
  declare private firstChild: Process | null;
  declare private lastChild: Process | null;
  declare private before: Process | null;
  declare private after: Process | null;

  constructor(life: Life, parent: Process | null, init: ProcessInit) {
    this.life = life;
    this.name = init.name;
    this.parent = parent;
    this.span = init.span;
    this.parentSpanId = init.parentSpanId;
    this.cause = init.cause;
    this.deadlineUs = init.deadlineUs;
    this.cancelled = null;
    this.pending = null;
    this.insideTransaction = null;
    this.firstChild = null;
    this.lastChild = null;
    this.before = null;
    this.after = null;
    if (parent === null) return;
    this.before = parent.lastChild;
    if (this.before === null) parent.firstChild = this;
    else this.before.after = this;
    parent.lastChild = this;
    this.cancelled = parent.cancelled;
  }

  /** It has ended, or goes on without its parent: the parent's cancellation reaches it no more. Once. */
  leaveParent(): void {
    const { parent } = this;
    if (parent === null) return;
    if (this.before === null) parent.firstChild = this.after;
    else this.before.after = this.after;
    if (this.after === null) parent.lastChild = this.before;
    else this.after.before = this.before;
  }

  /** Cancels this process and its children; a process that runs just now meets it at its next port call. */
  cancel(reason: string | Cancelled): void {
    if (this.cancelled !== null || this.life.dead) return;
    const cancelled = typeof reason === 'string' ? new Cancelled(reason) : reason;
    this.cancelled = cancelled;
    const children: Process[] = [];
    for (let child = this.firstChild; child !== null; child = child.after) children.push(child);
    for (const child of children) child.cancel(cancelled);
    this.pending?.cancelBy(cancelled);
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
export interface PortCall<T> {
  readonly name: string;
  // A thenable by design: `await` must tell the process tracker when it begins and ends to wait.
  then(onValue: (value: T) => unknown, onError: (error: unknown) => unknown): void;
}

const NO_OPTIONS: PortCallOptions = {};

/**
 * A port call from its maker's side, who settles it. Services see it as a `PortCall`.
 *
 * There are millions of them: their fields are assigned in the constructor and only declared here, because
 * fields that the class itself initialises (`#private` ones always) make it measurably slower.
 */
export class PendingCall<T> implements PortCall<T>, Settle<T> {
  declare readonly name: string;
  declare protected readonly process: Process;
  declare private readonly join: boolean;
  declare private state: 'pending' | 'resolved' | 'rejected';
  /** The value or the error, once there is one. */
  declare private outcome: unknown;
  declare private awaited: boolean;
  declare private onValue: ((value: T) => unknown) | null;
  declare private onError: ((error: unknown) => unknown) | null;
  declare protected cancelHook: (() => void) | undefined;

  constructor(
    process: Process,
    name: string,
    /** Gives what undoes it; null: a subclass begins it, if it is pending still. */
    start: ((settle: Settle<T>) => (() => void) | undefined) | null,
    options: PortCallOptions = NO_OPTIONS,
  ) {
    this.name = name;
    this.process = process;
    this.join = options.join === true;
    this.state = 'pending';
    this.outcome = undefined;
    this.awaited = false;
    this.onValue = null;
    this.onError = null;
    this.cancelHook = undefined;
    if (process.cancelled !== null) {
      this.reject(process.cancelled);
    } else if (process.insideTransaction !== null && options.ofTransaction !== true) {
      this.reject(
        new Error(
          `'${name}' was called inside the transaction of '${process.insideTransaction}': only the transaction's own operations may be awaited there`,
        ),
      );
    } else if (start !== null) {
      const hook = start(this);
      if (this.state === 'pending') this.cancelHook = hook;
    }
  }

  protected get isPending(): boolean {
    return this.state === 'pending';
  }

  // oxlint-disable-next-line unicorn/no-thenable -- as in PortCall
  then(onValue: (value: T) => unknown, onError: (error: unknown) => unknown): void {
    if (this.awaited) throw new Error(`'${this.name}' was awaited twice`);
    this.awaited = true;
    const { process } = this;
    if (process.life.dead) return;
    // `await` asks one microtask after the call: the process may have been cancelled in between.
    if (process.cancelled !== null) this.cancelBy(process.cancelled);
    if (this.state === 'resolved') {
      onValue(this.outcome as T);
      return;
    }
    if (this.state === 'rejected') {
      onError(this.outcome);
      return;
    }
    const other = process.pending;
    if (other !== null) {
      throw new Error(
        `'${this.name}' was awaited while '${other.name}' is pending in the same process ('${process.name}'): use context.all, race or fork`,
      );
    }
    this.onValue = onValue;
    this.onError = onError;
    process.pending = this as PendingCall<unknown>;
    // Last of all: a host may let time pass inside.
    process.life.tracker.blocked(this.name);
  }

  resolve(value: T): void {
    if (this.state !== 'pending' || this.process.life.dead) return;
    this.state = 'resolved';
    this.cancelHook = undefined;
    this.outcome = value;
    const waiter = this.onValue;
    if (waiter === null) return;
    this.wake();
    waiter(value);
  }

  reject(error: unknown): void {
    if (this.state !== 'pending' || this.process.life.dead) return;
    this.state = 'rejected';
    this.cancelHook = undefined;
    this.outcome = error;
    const waiter = this.onError;
    if (waiter === null) return;
    this.wake();
    waiter(error);
  }

  /** Called by the process's cancellation. */
  cancelBy(reason: Cancelled): void {
    this.giveUp();
    if (!this.join) this.reject(reason);
  }

  /** Undoes what it began, unless it has settled. */
  protected giveUp(): void {
    const hook = this.cancelHook;
    this.cancelHook = undefined;
    hook?.();
  }

  private wake(): void {
    const { process } = this;
    this.onValue = null;
    this.onError = null;
    process.pending = null;
    process.life.tracker.woken(this.name);
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
  process.life.tracker.started();
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
    (value) => end(process, { ok: true, value }, done),
    (error: unknown) => end(process, { ok: false, error }, done),
  );
}

function end<T>(
  process: Process,
  outcome: ProcessOutcome<T>,
  done: (outcome: ProcessOutcome<T>) => void,
): void {
  if (process.life.dead) return;
  process.leaveParent();
  done(outcome);
  process.life.tracker.ended();
}
