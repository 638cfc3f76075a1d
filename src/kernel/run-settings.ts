import type { Deployments } from './deployment.ts';
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
  /** Who is turned away at the door of an instance whose queue is full. */
  readonly shedding: Shedding;
  /** How a caller chooses among the instances that it knows. */
  readonly balancer: Balancer;
  readonly registry: RegistrySettings;
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
  /** How an instance that is not wanted any more takes its leave. */
  readonly drain: DrainSettings;
  /** null: how many instances there are is set by hand alone. */
  readonly autoscaler: AutoscalerSettings | null;
  readonly load: LoadSettings;
  /** Relay every hop through the page's own `fetch`, for the developer tools to show (live host). */
  readonly everyHopThroughBrowser: boolean;
  /** Which implementation of a service an instance runs; it is asked when the instance starts. */
  readonly implementations: Implementations;
  /** What runs of each service that was ever released; releases change it. */
  readonly deployments: Deployments;
  readonly releases: ReleaseSettings;
}

export interface ReleaseSettings {
  /** A service's own pipeline: how long each stage takes. */
  readonly pipeline: PipelineSettings;
  /** The monolith's: one pipeline for the changes of all teams. */
  readonly train: PipelineSettings & {
    /** It leaves at every full so many ms of the run, with all that is merged by then. */
    readonly everyMs: number;
  };
  readonly rolling: {
    /** So many instances more than usual at most, … */
    readonly maxSurge: number;
    /** … and so many fewer that are ready at most. */
    readonly maxUnavailable: number;
  };
  readonly blueGreen: {
    /** After the switch the old ones are kept for so long, for going back. */
    readonly keepOldMs: number;
  };
  readonly canary: {
    /** How many instances run the new version while it is tried. */
    readonly instances: number;
    /** Shares of the requests that it gets, one after another; after the last it gets all. */
    readonly steps: readonly number[];
    /** How long each step lasts, at least. */
    readonly stepMs: number;
    /** A step does not end before so many of its answers were seen. */
    readonly minimumRequests: number;
    /** At this share of failures, and more than the old version has, the release is aborted. */
    readonly maxErrorRate: number;
  };
  /** A new instance counts as ready when it has been for so long: callers have to find it. */
  readonly minReadyMs: number;
  /** No instance more became ready for so long: the release has failed. */
  readonly progressDeadlineMs: number;
}

export interface PipelineSettings {
  readonly buildMs: number;
  readonly testMs: number;
  readonly contractCheckMs: number;
}

/** A service may have a second implementation behind the same contract, in another language. */
export type Implementation = 'typescript' | 'python';
export interface Implementations {
  readonly shipping: Implementation;
}

/** `two-choices`: of two at random the one with fewer requests under way. `peak-ewma`: the one with the better answer times. */
export type Balancer = 'round-robin' | 'random' | 'two-choices' | 'peak-ewma';

/** `lowest-priority`: who matters least of those who wait and the one who comes. `newest`: the one who comes. */
export type Shedding = 'lowest-priority' | 'newest';

export interface RegistrySettings {
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  /** How often callers fetch their copy. */
  readonly fetchMs: number;
  /** How often the registry takes out whose lease has run out. */
  readonly evictionMs: number;
  /** A renewal is good for so many leases (Eureka: 2); a registration for one. */
  readonly leaseExpiryFactor: number;
  /** null: a lease that has run out is not shown. Else it is, until the eviction takes it, as in Eureka. */
  readonly selfPreservation: SelfPreservationSettings | null;
}

export interface SelfPreservationSettings {
  /** Nobody is evicted while no more than this share of the renewals comes in. 0: eviction never waits. */
  readonly renewalShare: number;
}

export type SafetyNets = 'none' | 'classroom' | 'production' | 'custom';

export interface CapacitySettings {
  readonly instances: number;
  readonly serviceTimeMs: number;
  /** Share of the mean, uniform: 0.3 is ±30 %. */
  readonly serviceTimeSpread: number;
  readonly requestSlots: number;
  readonly queueLimit: number;
  readonly cpuSlots: number;
  /** How long a new instance needs before it is ready, on top of what its start takes by itself. */
  readonly coldStartMs: number;
}

/** As Kubernetes' HorizontalPodAutoscaler. */
export interface AutoscalerSettings {
  /** Between two looks. */
  readonly everyMs: number;
  /** Over so long what instances report is averaged. */
  readonly windowMs: number;
  /** No change while utilisation ÷ target differs from 1 by no more. */
  readonly tolerance: number;
  /** Stabilisation: more are asked for only when all recommendations of so long said so. */
  readonly scaleUpDelayMs: number;
  readonly scaleDownDelayMs: number;
  /** Who is scaled; all others are left alone. */
  readonly services: Readonly<Partial<Record<ServiceName, ScalingTarget | null>>>;
}

export interface ScalingTarget {
  /** Busy request slots ÷ request slots. */
  readonly utilisation: number;
  readonly minInstances: number;
  readonly maxInstances: number;
}

export interface DrainSettings {
  /** It still takes requests for so long, for callers whose copy of the registry is old. */
  readonly graceMs: number;
  /** From the drain's beginning; what is under way then is cut off. */
  readonly limitMs: number;
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
  readonly hedge: HedgeSettings | null;
  /** What stands around what, from the outside in: each decorator once. */
  readonly order: readonly Decorator[];
}

/** What can stand around the requests of an edge. A fallback belongs to the call itself, outside of all. */
export type Decorator = 'retry' | 'hedge' | 'throttle' | 'breaker' | 'rate-limiter' | 'timeout' | 'bulkhead';

/** resilience4j's order, with the two that it lacks outside of the breaker. */
export const USUAL_ORDER: readonly Decorator[] = [
  'retry',
  'hedge',
  'throttle',
  'breaker',
  'rate-limiter',
  'timeout',
  'bulkhead',
];

export interface HedgeSettings {
  /** An attempt that has not ended after so long gets a second one beside it. */
  readonly delayMs: number;
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
  /** What so many of them all want; no setting: only a fault says so. */
  readonly hotProduct?: { readonly sku: string; readonly share: number };
}
