import type { RunTimeUs } from '../../kernel/index.ts';

export type WindowType = 'COUNT_BASED' | 'TIME_BASED';

export interface Tally {
  readonly calls: number;
  readonly failures: number;
  readonly slowCalls: number;
}

interface Outcome {
  readonly failed: boolean;
  readonly slow: boolean;
}

interface Bucket extends Tally {
  /** Whole seconds of run time. */
  readonly second: number;
}

/** COUNT_BASED: the last `size` outcomes, oldest first. TIME_BASED: `size` buckets of one whole second each. */
export type SlidingWindow =
  | { readonly type: 'COUNT_BASED'; readonly size: number; readonly outcomes: readonly Outcome[] }
  | { readonly type: 'TIME_BASED'; readonly size: number; readonly buckets: readonly Bucket[] };

export const emptyWindow = (type: WindowType, size: number): SlidingWindow =>
  type === 'COUNT_BASED' ? { type, size, outcomes: [] } : { type, size, buckets: [] };

const secondOf = (nowUs: RunTimeUs): number => Math.floor(nowUs / 1_000_000);

const inWindow = (buckets: readonly Bucket[], size: number, second: number): readonly Bucket[] =>
  buckets.filter((bucket) => bucket.second > second - size);

export function recordInWindow(window: SlidingWindow, outcome: Outcome, nowUs: RunTimeUs): SlidingWindow {
  if (window.type === 'COUNT_BASED') {
    const tooMany = window.outcomes.length + 1 - window.size;
    const kept = tooMany > 0 ? window.outcomes.slice(tooMany) : window.outcomes;
    return { ...window, outcomes: [...kept, outcome] };
  }
  const second = secondOf(nowUs);
  const buckets = [...inWindow(window.buckets, window.size, second)];
  const last = buckets.at(-1);
  const before = last?.second === second ? last : { second, calls: 0, failures: 0, slowCalls: 0 };
  if (before === last) buckets.pop();
  buckets.push({
    second,
    calls: before.calls + 1,
    failures: before.failures + (outcome.failed ? 1 : 0),
    slowCalls: before.slowCalls + (outcome.slow ? 1 : 0),
  });
  return { ...window, buckets };
}

/** What the window holds now: a bucket that has left it counts no more. */
export function tally(window: SlidingWindow, nowUs: RunTimeUs): Tally {
  let calls = 0;
  let failures = 0;
  let slowCalls = 0;
  if (window.type === 'COUNT_BASED') {
    for (const outcome of window.outcomes) {
      calls += 1;
      if (outcome.failed) failures += 1;
      if (outcome.slow) slowCalls += 1;
    }
  } else {
    for (const bucket of inWindow(window.buckets, window.size, secondOf(nowUs))) {
      calls += bucket.calls;
      failures += bucket.failures;
      slowCalls += bucket.slowCalls;
    }
  }
  return { calls, failures, slowCalls };
}

/** For settings that changed: keeps what fits; a window of another type begins empty. */
export function resizedWindow(window: SlidingWindow, type: WindowType, size: number): SlidingWindow {
  if (window.type !== type) return emptyWindow(type, size);
  if (window.size === size) return window;
  if (window.type === 'COUNT_BASED') return { ...window, size, outcomes: window.outcomes.slice(-size) };
  return { ...window, size };
}
