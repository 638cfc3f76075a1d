import type { EdgePolicy } from '../../../kernel/index.ts';
import { formatSize } from '../../../projections/index.ts';

/** One ring around the call. */
export interface Ring {
  readonly title: string;
  /** Its numbers; null: it is off. */
  readonly numbers: string | null;
}

/** What each ring says of a policy. A call goes through them from the first to the last. */
const RINGS: readonly { readonly title: string; readonly numbers: (policy: EdgePolicy) => string | null }[] =
  [
    // A caller has one or has none: nothing of it is set here, and no caller of this shop has one on an edge.
    { title: 'Fallback', numbers: () => null },
    {
      title: 'Retry',
      numbers: ({ retry }) => retry && `${retry.maxAttempts} attempts`,
    },
    { title: 'Throttling', numbers: ({ throttle }) => throttle && `K = ${throttle.multiplier}` },
    {
      title: 'Circuit breaker',
      numbers: ({ breaker }) =>
        breaker &&
        `${breaker.failureRateThreshold} % of ${breaker.slidingWindowSize}${breaker.slidingWindowType === 'TIME_BASED' ? ' s' : ''}`,
    },
    { title: 'Rate limiter', numbers: ({ rateLimit }) => rateLimit && `${rateLimit.perSecond}/s` },
    { title: 'Timeout', numbers: ({ timeoutMs }) => (timeoutMs === null ? null : formatSize(timeoutMs)) },
    { title: 'Bulkhead', numbers: ({ bulkhead }) => bulkhead && `${bulkhead.maxConcurrentCalls} at once` },
  ];

/** The rings of a policy, outermost first. */
export const ringsOf = (policy: EdgePolicy): readonly Ring[] =>
  RINGS.map(({ title, numbers }) => ({ title, numbers: numbers(policy) }));
