import type { Mutant } from './mutant.ts';

const CIRCUIT_BREAKER = 'src/patterns/circuit-breaker/circuit-breaker.ts';

/** Mistakes in the circuit breaker's rules. */
export const breakerMutants: readonly Mutant[] = [
  {
    id: 'breaker-rate-above-threshold',
    title: 'The breaker opens only above the failure threshold: `>` in place of `≥`.',
    edits: [
      {
        file: CIRCUIT_BREAKER,
        before: 'failureRate: failureRate >= settings.failureRateThreshold',
        after: 'failureRate: failureRate > settings.failureRateThreshold',
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-probe-at-end-of-wait',
    title: 'A probe is let through at the very end of the wait, not strictly after it: `≥` in place of `>`.',
    edits: [
      {
        file: CIRCUIT_BREAKER,
        before: 'if (untilUs !== null && nowUs > untilUs) {',
        after: 'if (untilUs !== null && nowUs >= untilUs) {',
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-minimum-off-by-one',
    title: 'There is no rate yet at exactly the minimum number of calls.',
    edits: [
      {
        file: CIRCUIT_BREAKER,
        before: 'calls >= minimumCalls(breaker, settings)',
        after: 'calls > minimumCalls(breaker, settings)',
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-minimum-above-window',
    title: 'The minimum may be larger than the window of counted calls: the breaker then never opens.',
    edits: [
      {
        file: CIRCUIT_BREAKER,
        before: '? Math.min(settings.minimumNumberOfCalls, size)',
        after: '? settings.minimumNumberOfCalls',
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-permits-off-by-one',
    title: 'HALF_OPEN lets one call more through than it has permits.',
    edits: [
      {
        file: CIRCUIT_BREAKER,
        before: 'breaker.held.length + breaker.spent >= settings.permittedNumberOfCallsInHalfOpenState',
        after: 'breaker.held.length + breaker.spent > settings.permittedNumberOfCallsInHalfOpenState',
      },
    ],
    expects: ['INV-5', 'INV-19'],
  },
  {
    id: 'breaker-window-kept',
    title: 'CLOSED goes on with the window of the state before.',
    edits: [
      {
        file: CIRCUIT_BREAKER,
        before: 'return { state: to, ...fresh, window: window() };',
        after: "return { state: to, ...fresh, window: 'window' in breaker ? breaker.window : window() };",
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-window-off-by-one',
    title: 'The window of the last N calls holds one more.',
    edits: [
      {
        file: 'src/patterns/circuit-breaker/sliding-window.ts',
        before: 'window.outcomes.length + 1 - window.size',
        after: 'window.outcomes.length - window.size',
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-old-seconds-count',
    title: 'In a window of time, a bucket that is just too old still counts.',
    edits: [
      {
        file: 'src/patterns/circuit-breaker/sliding-window.ts',
        before: 'bucket.second > second - size',
        after: 'bucket.second >= second - size',
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-slow-calls-ignored',
    title: 'Slow calls are not counted.',
    edits: [
      {
        file: CIRCUIT_BREAKER,
        before: 'const slow = call.durationMs > settings.slowCallDurationThresholdMs;',
        after: 'const slow = false;',
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-slow-at-threshold',
    title: 'A call that took exactly as long as the threshold counts as slow: `≥` in place of `>`.',
    edits: [
      {
        file: CIRCUIT_BREAKER,
        before: 'const slow = call.durationMs > settings.slowCallDurationThresholdMs;',
        after: 'const slow = call.durationMs >= settings.slowCallDurationThresholdMs;',
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-ignored-keeps-permit',
    title: 'A half-open call that is ignored in the end keeps its permit.',
    edits: [
      {
        file: CIRCUIT_BREAKER,
        before: "spent: breaker.spent + (call.result === 'ignored' ? 0 : 1),",
        after: 'spent: breaker.spent + 1,',
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-late-call-uses-permit',
    title: 'A call from before HALF_OPEN that ends in it uses up a permit that it never held.',
    edits: [
      {
        file: CIRCUIT_BREAKER,
        before: "if (breaker.state === 'HALF_OPEN' && breaker.held.includes(call.permit)) {",
        after: "if (breaker.state === 'HALF_OPEN') {",
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-late-call-not-counted',
    title: 'A call from before HALF_OPEN that ends in it is not counted there.',
    edits: [
      {
        file: CIRCUIT_BREAKER,
        before: "if (call.result === 'ignored') {",
        after:
          "if (call.result === 'ignored' || (before.state === 'HALF_OPEN' && !before.held.includes(call.permit))) {",
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-constant-backoff',
    title: 'Every opening in a row lasts as long as the first.',
    edits: [
      {
        file: CIRCUIT_BREAKER,
        before: 'if (factor === 1 || openings <= 1) return first;',
        after: 'if (factor >= 1 || openings <= 1) return first;',
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-backoff-never-reset',
    title: 'After CLOSED the backoff goes on where it was.',
    edits: [
      {
        file: CIRCUIT_BREAKER,
        before: 'return { state: to, ...fresh, window: window() };',
        after: 'return { state: to, ...fresh, window: window(), openings: openingsOf(breaker) };',
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-half-open-for-ever',
    title: 'HALF_OPEN does not end by itself, whatever its longest wait.',
    edits: [
      {
        file: CIRCUIT_BREAKER,
        before: "if (breaker.state === 'HALF_OPEN' && settings.maxWaitDurationInHalfOpenStateMs > 0) {",
        after: "if (breaker.state === 'HALF_OPEN' && settings.maxWaitDurationInHalfOpenStateMs < 0) {",
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-counts-a-no',
    title: 'A "no" (4xx) counts as a failure.',
    edits: [
      {
        file: 'src/patterns/call.ts',
        before: "    case 'answered':\n    case 'refused':\n      return 'succeeded';",
        after: "    case 'refused':\n      return 'failed';\n    case 'answered':\n      return 'succeeded';",
      },
    ],
    expects: ['INV-19'],
  },
];
