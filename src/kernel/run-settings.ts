import type { EdgeKey, ServiceName } from './service-name.ts';

/** Settings of one run; all of it can change while the run goes on. Schema and presets: `setups/`. */
export interface RunSettings {
  readonly hop: { readonly meanMs: number; readonly spread: number };
  readonly services: Readonly<Record<ServiceName, CapacitySettings>>;
  readonly safetyNets: SafetyNets;
  /** What the preset says for every edge, and where one edge differs. */
  readonly edge: EdgePolicy;
  readonly edges: Readonly<Partial<Record<EdgeKey, EdgePolicy>>>;
  readonly deadlines: { readonly readMs: number; readonly orderMs: number };
  readonly saga: SagaSettings;
  readonly compensation: CompensationSettings;
  /** How a caller chooses among the instances that it knows. */
  readonly balancer: Balancer;
  readonly registry: { readonly heartbeatMs: number; readonly leaseMs: number; readonly fetchMs: number };
  readonly rateLimit: RateLimitSettings;
  readonly messaging: {
    readonly maxDeliveries: number;
    readonly redeliveryBaseMs: number;
    readonly redeliveryCapMs: number;
    readonly relayPollMs: number;
    /** How long an inbox remembers what it has processed. */
    readonly inboxWindowMs: number;
  };
  readonly tracking: {
    readonly pickMs: number;
    readonly packMs: number;
    readonly transitMs: number;
    readonly deliverMs: number;
    readonly failureShare: number;
  };
  readonly payment: { readonly declineShare: number };
  readonly cartHoldMs: number;
  readonly load: LoadSettings;
  /** Relay every hop through the page's own `fetch`, for the developer tools to show (live host). */
  readonly everyHopThroughBrowser: boolean;
  /** Which implementation of a service an instance runs; it is asked when the instance starts. */
  readonly implementations: Implementations;
}

/** A service may have a second implementation behind the same contract, in another language. */
export type Implementation = 'typescript' | 'python';
export interface Implementations {
  readonly shipping: Implementation;
}

/** `two-choices`: of two at random the one with fewer requests under way. `peak-ewma`: the one with the better answer times. */
export type Balancer = 'round-robin' | 'random' | 'two-choices' | 'peak-ewma';

export type SafetyNets = 'none' | 'classroom' | 'production' | 'custom';

export interface CapacitySettings {
  readonly instances: number;
  readonly serviceTimeMs: number;
  /** Share of the mean, uniform: 0.3 is ±30 %. */
  readonly serviceTimeSpread: number;
  readonly requestSlots: number;
  readonly queueLimit: number;
  readonly cpuSlots: number;
}

export interface EdgePolicy {
  /** Per attempt; null waits for ever (until the deadline). */
  readonly timeoutMs: number | null;
  readonly retry: RetrySettings | null;
  readonly breaker: CircuitBreakerSettings | null;
  readonly bulkhead: BulkheadSettings | null;
  /** Attempts that one caller instance sends to the callee. */
  readonly rateLimit: RateLimitSettings | null;
  /** Client-side throttling. */
  readonly throttle: ThrottleSettings | null;
}

export interface RateLimitSettings {
  readonly perSecond: number;
  readonly burst: number;
}

export interface ThrottleSettings {
  /** K of the rule: so many times the requests that the callee takes may be sent to it. */
  readonly multiplier: number;
  readonly windowMs: number;
}

export interface RetrySettings {
  /** Includes the first call. */
  readonly maxAttempts: number;
  readonly backoff: 'fixed' | 'exponential' | 'decorrelated';
  readonly baseMs: number;
  readonly capMs: number;
  readonly jitter: 'none' | 'full' | 'equal';
  /** Retries may be at most this share of active requests … */
  readonly budgetShare: number;
  /** … but this many are always allowed. */
  readonly budgetMinimum: number;
}

export interface CircuitBreakerSettings {
  readonly slidingWindowType: 'COUNT_BASED' | 'TIME_BASED';
  readonly slidingWindowSize: number;
  readonly minimumNumberOfCalls: number;
  /** Percent. */
  readonly failureRateThreshold: number;
  /** Percent. */
  readonly slowCallRateThreshold: number;
  readonly slowCallDurationThresholdMs: number;
  readonly waitDurationInOpenStateMs: number;
  /** Each further opening in a row multiplies the wait by this; 1 keeps it. */
  readonly openStateBackoffMultiplier: number;
  readonly maxWaitDurationInOpenStateMs: number;
  readonly automaticTransitionFromOpenToHalfOpen: boolean;
  readonly permittedNumberOfCallsInHalfOpenState: number;
  /** 0: off. */
  readonly maxWaitDurationInHalfOpenStateMs: number;
  readonly afterMaxWaitInHalfOpen: 'OPEN' | 'CLOSED';
}

export interface BulkheadSettings {
  readonly maxConcurrentCalls: number;
  readonly maxWaitMs: number;
  readonly queueLimit: number;
}

export interface SagaSettings {
  readonly giveUpMs: number;
  readonly stepAgainMs: number;
  readonly stepAgainSpread: number;
  /** After the pivot: park the saga for a person after this long. */
  readonly parkAfterMs: number;
  readonly leaseMs: number;
}

export interface CompensationSettings {
  readonly maxConcurrent: number;
  readonly timeoutMs: number;
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
}

export interface LoadSettings {
  readonly running: boolean;
  readonly ordersPerSecond: number;
  readonly browsesPerSecond: number;
  readonly statusesPerSecond: number;
  /** Requests of one customer who floods the shop, on top of all others. */
  readonly floodPerSecond: number;
  readonly arrivals: 'even' | 'poisson';
  /** Share of the mean gap for even arrivals. */
  readonly spread: number;
}
