import type { CircuitBreakerSettings, CircuitState } from '../kernel/index.ts';
import { type BreakerOutcome, type BreakerView, windowOutcomes } from './breakers.ts';

/** The state whose rules the window goes by: OPEN keeps the window that opened it. */
const ownerOf = ({ state, history }: BreakerView): CircuitState => {
  const before = history.at(-1)?.before;
  return state === 'OPEN' && before === 'HALF_OPEN' ? before : state;
};

/** One whole second of run time. */
export interface BreakerSecond {
  readonly second: number;
  readonly outcomes: readonly BreakerOutcome[];
}

export type BreakerWindow =
  | {
      readonly kind: 'count';
      readonly size: number;
      readonly outcomes: readonly BreakerOutcome[];
      /** When calls ended that counted for nothing, since the oldest outcome. */
      readonly ignoredUs: readonly number[];
    }
  /** Oldest first, empty seconds too; the last one is the present. */
  | { readonly kind: 'time'; readonly size: number; readonly seconds: readonly BreakerSecond[] };

export interface BreakerTally {
  readonly calls: number;
  readonly failures: number;
  readonly slowCalls: number;
  /** With fewer calls there is no rate (CB-4, CB-10). */
  readonly minimum: number;
  /** Percent; −1 while too few calls were counted. */
  readonly failureRate: number;
  readonly slowCallRate: number;
}

const secondOf = (timeUs: number): number => Math.floor(timeUs / 1_000_000);

const isTimed = (view: BreakerView, settings: CircuitBreakerSettings): boolean =>
  settings.slidingWindowType === 'TIME_BASED' && ownerOf(view) !== 'HALF_OPEN';

/** A breaker's window at a moment of run time, which may be later than its last call: a second leaves by itself. */
export function breakerWindow(
  view: BreakerView,
  settings: CircuitBreakerSettings,
  nowUs: number,
): BreakerWindow {
  const outcomes = windowOutcomes(view);
  if (!isTimed(view, settings)) {
    const size = view.figures.windowSize > 0 ? view.figures.windowSize : settings.slidingWindowSize;
    const oldestUs = outcomes[0]?.timeUs ?? view.changedUs;
    return { kind: 'count', size, outcomes, ignoredUs: view.ignoredUs.filter((us) => us >= oldestUs) };
  }
  const size = settings.slidingWindowSize;
  const last = secondOf(nowUs);
  const seconds: { readonly second: number; readonly outcomes: BreakerOutcome[] }[] = [];
  for (let second = last - size + 1; second <= last; second += 1) seconds.push({ second, outcomes: [] });
  for (const outcome of outcomes) seconds[secondOf(outcome.timeUs) - last + size - 1]?.outcomes.push(outcome);
  return { kind: 'time', size, seconds };
}

/** What counts at a moment, and the rates of it. */
export function breakerTally(
  view: BreakerView,
  settings: CircuitBreakerSettings,
  nowUs: number,
): BreakerTally {
  const window = breakerWindow(view, settings, nowUs);
  const outcomes =
    window.kind === 'count' ? window.outcomes : window.seconds.flatMap((second) => second.outcomes);
  // A window of seconds may hold more calls than are kept one by one.
  const isWhole = view.figures.calls <= view.outcomes.length;
  const calls = isWhole ? outcomes.length : view.figures.calls;
  const failures = isWhole ? outcomes.filter(({ failed }) => failed).length : view.figures.failures;
  const slowCalls = isWhole ? outcomes.filter(({ slow }) => slow).length : view.figures.slowCalls;
  const minimum = minimumOf(view, settings);
  const known = calls > 0 && calls >= minimum;
  return {
    calls,
    failures,
    slowCalls,
    minimum,
    failureRate: known ? (failures * 100) / calls : -1,
    slowCallRate: known ? (slowCalls * 100) / calls : -1,
  };
}

function minimumOf(view: BreakerView, settings: CircuitBreakerSettings): number {
  const { minimumNumberOfCalls: minimum, permittedNumberOfCallsInHalfOpenState: permits } = settings;
  if (ownerOf(view) === 'HALF_OPEN') return Math.min(minimum, permits);
  return isTimed(view, settings) ? minimum : Math.min(minimum, settings.slidingWindowSize);
}

const BY_TROUBLE: readonly CircuitState[] = [
  'OPEN',
  'FORCED_OPEN',
  'HALF_OPEN',
  'METRICS_ONLY',
  'DISABLED',
  'CLOSED',
];

/** Those that let nothing through first, then by how much goes wrong, then by name. */
export const breakersByTrouble = (views: Iterable<BreakerView>): BreakerView[] =>
  [...views].sort(
    (a, b) =>
      BY_TROUBLE.indexOf(a.state) - BY_TROUBLE.indexOf(b.state) ||
      b.figures.failures - a.figures.failures ||
      b.history.length - a.history.length ||
      a.key.localeCompare(b.key),
  );

const count = (failures: number, calls: number, what: string): string => `${failures} of ${calls} ${what}`;

/** Why a breaker changed its state, with its figures at that moment. */
export function changeReason({ cause, counted, before }: BreakerView['history'][number]): string {
  const { failureRate, slowCallRate, failures, slowCalls, calls } = counted;
  const percent = (rate: number) => (rate < 0 ? '' : `${Math.round(rate)} %: `);
  switch (cause) {
    case 'failure-rate':
      return `${percent(failureRate)}${count(failures, calls, 'calls failed')}`;
    case 'slow-call-rate':
      return `${percent(slowCallRate)}${count(slowCalls, calls, 'calls were slow')}`;
    case 'wait-over':
      return 'the wait was over';
    case 'probes-failed':
      return failures === 0 && slowCalls > 0
        ? count(slowCalls, calls, 'probes were slow')
        : `${percent(failureRate)}${count(failures, calls, 'probes failed')}`;
    case 'probes-succeeded':
      return count(calls - failures, calls, 'probes succeeded');
    case 'half-open-too-long':
      return 'half-open for too long';
    case 'by-hand':
      return `by hand, from ${before}`;
    case 'taken-away':
      return 'the edge has no breaker any more';
    case 'brought-back':
      return 'the edge has a breaker again';
    case 'new-life':
      return 'the caller started anew';
  }
}
