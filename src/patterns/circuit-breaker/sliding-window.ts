import type { RunTimeUs } from '../../kernel/index.ts';

export type WindowType = 'COUNT_BASED' | 'TIME_BASED';

export interface Tally {
  readonly calls: number;
  readonly failures: number;
  readonly slowCalls: number;
}

// Two bits of an outcome.
const FAILED = 1;
const SLOW = 2;

/**
 * The last outcomes of a circuit breaker's calls, with their sums: what an outcome costs does not depend on how many
 * there are. It is changed in place. COUNT_BASED: the last `size` outcomes. TIME_BASED: `size` buckets of one whole
 * second of run time each.
 */
export type SlidingWindow = CountWindow | TimeWindow;

export class CountWindow {
  readonly type = 'COUNT_BASED';
  readonly size: number;
  /** A ring: the oldest outcome is at `#next` once it is full. */
  readonly #outcomes: Uint8Array;
  #next = 0;
  #calls = 0;
  #failures = 0;
  #slowCalls = 0;

  /** `size`: at least 1. */
  constructor(size: number) {
    this.size = size;
    this.#outcomes = new Uint8Array(size);
  }

  record(failed: boolean, slow: boolean): void {
    this.#push((failed ? FAILED : 0) | (slow ? SLOW : 0));
  }

  tally(): Tally {
    return { calls: this.#calls, failures: this.#failures, slowCalls: this.#slowCalls };
  }

  /** Another with room for `size`, with the newest that fit. */
  resized(size: number): CountWindow {
    const other = new CountWindow(size);
    for (let back = Math.min(size, this.#calls); back > 0; back -= 1) {
      other.#push(this.#outcomes[(this.#next - back + this.size) % this.size] ?? 0);
    }
    return other;
  }

  #push(outcome: number): void {
    const at = this.#next;
    if (this.#calls === this.size) {
      const leaves = this.#outcomes[at] ?? 0;
      this.#failures -= leaves & FAILED;
      this.#slowCalls -= leaves >> 1;
    } else {
      this.#calls += 1;
    }
    this.#outcomes[at] = outcome;
    this.#failures += outcome & FAILED;
    this.#slowCalls += outcome >> 1;
    this.#next = at + 1 === this.size ? 0 : at + 1;
  }
}

const secondOf = (nowUs: RunTimeUs): number => Math.floor(nowUs / 1_000_000);

export class TimeWindow {
  readonly type = 'TIME_BASED';
  readonly size: number;
  /** Rings: the bucket of a second is at `second % size`. */
  readonly #calls: Float64Array;
  readonly #failures: Float64Array;
  readonly #slowCalls: Float64Array;
  /** The second of the newest bucket; all buckets hold what the window held then. */
  #newest = 0;
  #sum = { calls: 0, failures: 0, slowCalls: 0 };

  /** `size`: seconds, at least 1. */
  constructor(size: number) {
    this.size = size;
    this.#calls = new Float64Array(size);
    this.#failures = new Float64Array(size);
    this.#slowCalls = new Float64Array(size);
  }

  record(failed: boolean, slow: boolean, nowUs: RunTimeUs): void {
    const second = secondOf(nowUs);
    if (second !== this.#newest) this.#moveTo(second);
    this.#add(second % this.size, 1, failed ? 1 : 0, slow ? 1 : 0);
  }

  /** What it holds now: a bucket that has left it counts no more. */
  tally(nowUs: RunTimeUs): Tally {
    const sum = { ...this.#sum };
    const second = secondOf(nowUs);
    if (second === this.#newest) return sum;
    for (const at of this.#leftBy(second)) {
      sum.calls -= this.#calls[at] ?? 0;
      sum.failures -= this.#failures[at] ?? 0;
      sum.slowCalls -= this.#slowCalls[at] ?? 0;
    }
    return sum;
  }

  /** Another of `size` seconds, with the newest buckets that fit. */
  resized(size: number): TimeWindow {
    const other = new TimeWindow(size);
    other.#newest = this.#newest;
    const oldest = Math.max(0, this.#newest - Math.min(size, this.size) + 1);
    for (let second = oldest; second <= this.#newest; second += 1) {
      const at = second % this.size;
      other.#add(second % size, this.#calls[at] ?? 0, this.#failures[at] ?? 0, this.#slowCalls[at] ?? 0);
    }
    return other;
  }

  #add(at: number, calls: number, failures: number, slowCalls: number): void {
    this.#calls[at] = (this.#calls[at] ?? 0) + calls;
    this.#failures[at] = (this.#failures[at] ?? 0) + failures;
    this.#slowCalls[at] = (this.#slowCalls[at] ?? 0) + slowCalls;
    this.#sum.calls += calls;
    this.#sum.failures += failures;
    this.#sum.slowCalls += slowCalls;
  }

  /** Where the buckets are that the window no longer holds at `second`. */
  *#leftBy(second: number): Generator<number> {
    const last = Math.min(second, this.#newest + this.size);
    for (let passing = this.#newest + 1; passing <= last; passing += 1) yield passing % this.size;
  }

  #moveTo(second: number): void {
    for (const at of this.#leftBy(second)) {
      this.#add(at, -(this.#calls[at] ?? 0), -(this.#failures[at] ?? 0), -(this.#slowCalls[at] ?? 0));
    }
    this.#newest = second;
  }
}

export const emptyWindow = (type: WindowType, size: number): SlidingWindow =>
  type === 'COUNT_BASED' ? new CountWindow(size) : new TimeWindow(size);

/** For settings that changed: keeps what fits; a window of another type begins empty. */
export function resizedWindow(window: SlidingWindow, type: WindowType, size: number): SlidingWindow {
  if (window.type !== type) return emptyWindow(type, size);
  return window.size === size ? window : window.resized(size);
}
