import { type Decorator, type EdgePolicy, USUAL_ORDER } from '../../../kernel/index.ts';
import { formatSize } from '../../../projections/index.ts';

/** One ring around the call. */
export interface Ring {
  readonly title: string;
  /** Its numbers; null: it is off. */
  readonly numbers: string | null;
}

const RINGS: Readonly<Record<Decorator, { title: string; numbers: (policy: EdgePolicy) => string | null }>> =
  {
    retry: { title: 'Retry', numbers: ({ retry }) => retry && `${retry.maxAttempts} attempts` },
    hedge: { title: 'Hedge', numbers: ({ hedge }) => hedge && `after ${formatSize(hedge.delayMs)}` },
    throttle: { title: 'Throttling', numbers: ({ throttle }) => throttle && `K = ${throttle.multiplier}` },
    breaker: {
      title: 'Circuit breaker',
      numbers: ({ breaker }) =>
        breaker &&
        `${breaker.failureRateThreshold} % of ${breaker.slidingWindowSize}${breaker.slidingWindowType === 'TIME_BASED' ? ' s' : ''}`,
    },
    'rate-limiter': {
      title: 'Rate limiter',
      numbers: ({ rateLimit }) => rateLimit && `${rateLimit.perSecond}/s`,
    },
    timeout: {
      title: 'Timeout',
      numbers: ({ timeoutMs }) => (timeoutMs === null ? null : formatSize(timeoutMs)),
    },
    bulkhead: {
      title: 'Bulkhead',
      numbers: ({ bulkhead }) => bulkhead && `${bulkhead.maxConcurrentCalls} at once`,
    },
  };

/** The rings of a policy, outermost first: a fallback around all, which belongs to the call; no caller here has one. */
export const ringsOf = (policy: EdgePolicy): readonly Ring[] => [
  { title: 'Fallback', numbers: null },
  // A run recorded before the order was a choice has none.
  ...(policy.order ?? USUAL_ORDER).map((decorator) => {
    const { title, numbers } = RINGS[decorator];
    return { title, numbers: numbers(policy) ?? null };
  }),
];
