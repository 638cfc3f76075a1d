import {
  type BulkheadSettings,
  type Context,
  type Decorator,
  type EdgePolicy,
  edgeKey,
  type HedgeSettings,
  type RateLimitSettings,
  type RetrySettings,
  type ServiceName,
  type ThrottleSettings,
} from '../kernel/index.ts';

/**
 * - `edge`: with all that the run's settings put on this edge (default).
 * - `compensation`: past the breaker, in a bulkhead and with a timeout of its own, without retries.
 * - `none`: one bare attempt.
 */
export type CallPolicy = 'edge' | 'compensation' | 'none';

/** What stands around the requests of one call. */
export interface CallNets {
  /** Those that are on, from the outside in. */
  readonly decorators: readonly Decorator[];
  readonly timeoutMs: number | null;
  readonly retry: RetrySettings | null;
  readonly hedge: HedgeSettings | null;
  readonly throttle: ThrottleSettings | null;
  readonly rateLimit: RateLimitSettings | null;
  readonly bulkhead: { readonly name: string; readonly settings: BulkheadSettings } | null;
}

const NOTHING_AROUND = { retry: null, hedge: null, throttle: null, rateLimit: null, bulkhead: null } as const;

/** `timeoutMs`: in place of the policy's. */
export function netsOf(
  context: Context,
  to: ServiceName,
  policy: CallPolicy,
  timeoutMs: number | undefined,
): CallNets {
  const { settings } = context;
  switch (policy) {
    case 'none':
      return { ...NOTHING_AROUND, decorators: ['timeout'], timeoutMs: timeoutMs ?? null };
    case 'compensation': {
      const { maxConcurrent, timeoutMs: usualMs } = settings.compensation;
      return {
        ...NOTHING_AROUND,
        decorators: ['timeout', 'bulkhead'],
        timeoutMs: timeoutMs ?? usualMs,
        bulkhead: {
          name: `compensation ${to}`,
          settings: { maxConcurrentCalls: maxConcurrent, maxWaitMs: 0, queueLimit: 0 },
        },
      };
    }
    case 'edge': {
      const own: EdgePolicy = settings.edges[edgeKey({ from: context.service, to })] ?? settings.edge;
      return {
        decorators: decoratorsOf(own),
        timeoutMs: timeoutMs ?? own.timeoutMs,
        retry: own.retry,
        hedge: own.hedge,
        throttle: own.throttle,
        rateLimit: own.rateLimit,
        bulkhead: own.bulkhead === null ? null : { name: to, settings: own.bulkhead },
      };
    }
  }
}

const known = new WeakMap<EdgePolicy, readonly Decorator[]>();

/**
 * A policy's decorators that are on. The breaker is always asked: one that was taken away says so in the log (CB-23);
 * and a call may bring a timeout where the policy has none.
 */
function decoratorsOf(policy: EdgePolicy): readonly Decorator[] {
  const before = known.get(policy);
  if (before !== undefined) return before;
  const on: Readonly<Record<Decorator, boolean>> = {
    retry: policy.retry !== null,
    hedge: policy.hedge !== null,
    throttle: policy.throttle !== null,
    breaker: true,
    'rate-limiter': policy.rateLimit !== null,
    timeout: true,
    bulkhead: policy.bulkhead !== null,
  };
  const decorators = policy.order.filter((decorator) => on[decorator]);
  known.set(policy, decorators);
  return decorators;
}
