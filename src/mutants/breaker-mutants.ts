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
        before: '(failures * 100) / calls >= this.#settings.failureRateThreshold',
        after: '(failures * 100) / calls > this.#settings.failureRateThreshold',
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
        before: 'if (untilUs !== null && nowUs > untilUs) this.transition',
        after: 'if (untilUs !== null && nowUs >= untilUs) this.transition',
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
        before: 'calls >= this.#minimumCalls()',
        after: 'calls > this.#minimumCalls()',
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
        before: '? Math.min(minimumNumberOfCalls, slidingWindowSize)',
        after: '? minimumNumberOfCalls',
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
        before: 'this.#held.size + this.#spent >= this.#settings.permittedNumberOfCallsInHalfOpenState',
        after: 'this.#held.size + this.#spent > this.#settings.permittedNumberOfCallsInHalfOpenState',
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
        before: "case 'METRICS_ONLY':\n        this.#window = this.#freshWindow();",
        after: "case 'METRICS_ONLY':\n        this.#window ??= this.#freshWindow();",
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
        before: 'this.#outcomes = new Uint8Array(size);',
        after: 'this.#outcomes = new Uint8Array(size + 1);',
      },
      {
        file: 'src/patterns/circuit-breaker/sliding-window.ts',
        before: 'if (this.#calls === this.size) {',
        after: 'if (this.#calls === this.size + 1) {',
      },
      {
        file: 'src/patterns/circuit-breaker/sliding-window.ts',
        before: 'this.#next = at + 1 === this.size ? 0 : at + 1;',
        after: 'this.#next = at === this.size ? 0 : at + 1;',
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
        before: 'const last = Math.min(second, this.#newest + this.size);',
        after: 'const last = Math.min(second - 1, this.#newest + this.size);',
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
        before: 'const slow = durationMs > this.#settings.slowCallDurationThresholdMs;',
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
        before: 'const slow = durationMs > this.#settings.slowCallDurationThresholdMs;',
        after: 'const slow = durationMs >= this.#settings.slowCallDurationThresholdMs;',
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
        before: "if (heldPermit && result !== 'ignored') this.#spent += 1;",
        after: 'if (heldPermit) this.#spent += 1;',
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
        before: "const heldPermit = this.#state === 'HALF_OPEN' && this.#held.delete(permit);",
        after: "const heldPermit = this.#state === 'HALF_OPEN' && (this.#held.delete(permit) || true);",
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
        before: "if (result === 'ignored') {",
        after: "if (result === 'ignored' || (this.#state === 'HALF_OPEN' && !heldPermit)) {",
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
        before: "else if (to !== 'HALF_OPEN' && to !== 'FORCED_OPEN') this.#openings = 0;",
        after: "else if (to !== 'HALF_OPEN' && to !== 'FORCED_OPEN' && to !== 'CLOSED') this.#openings = 0;",
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
        before: 'settings.maxWaitDurationInHalfOpenStateMs > 0',
        after: 'settings.maxWaitDurationInHalfOpenStateMs < 0',
      },
    ],
    expects: ['INV-19'],
  },
  {
    id: 'breaker-counts-a-no',
    title: 'A "no" (4xx) counts as a failure.',
    edits: [
      {
        file: 'src/patterns/call-decorators.ts',
        before: "    case 'answered':\n    case 'refused':\n      return 'succeeded';",
        after: "    case 'refused':\n      return 'failed';\n    case 'answered':\n      return 'succeeded';",
      },
    ],
    expects: ['INV-19'],
  },
];
