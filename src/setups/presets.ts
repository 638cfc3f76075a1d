import {
  type AutoscalerSettings,
  type CapacitySettings,
  type DrainSettings,
  type EdgeKey,
  type EdgePolicy,
  type RegistrySettings,
  type ReleaseSettings,
  type RunSettings,
  type ScalingTarget,
  USUAL_ORDER,
} from '../kernel/index.ts';

/** The three sets of safety nets that key B switches between; `custom` is what somebody made of them. */
export type SafetyNetPreset = 'none' | 'classroom' | 'production';

export const SAFETY_NET_PRESETS: readonly SafetyNetPreset[] = ['none', 'classroom', 'production'];

/** A caller without any protection. */
export const NO_NETS: EdgePolicy = {
  timeoutMs: null,
  retry: null,
  breaker: null,
  bulkhead: null,
  rateLimit: null,
  throttle: null,
  hedge: null,
  order: USUAL_ORDER,
};

/**
 * What protects a caller on an edge.
 * - `none`: only the request's own deadline; no timeout per attempt, no retry, no breaker, no bulkhead.
 * - `classroom`: the same nets with numbers that can be watched within seconds.
 * - `production`: resilience4j 2.x's defaults (breaker, bulkhead, time limiter, retry), with Finagle's
 *   retry budget, which resilience4j lacks.
 */
export function edgePolicy(preset: SafetyNetPreset): EdgePolicy {
  switch (preset) {
    case 'none':
      return NO_NETS;
    case 'classroom':
      return {
        timeoutMs: 1000,
        // Equal jitter over 500 ms: 250–500 ms apart.
        retry: {
          maxAttempts: 2,
          backoff: 'fixed',
          baseMs: 500,
          capMs: 500,
          jitter: 'equal',
          budgetShare: 0.2,
          budgetMinimum: 3,
        },
        breaker: {
          slidingWindowType: 'COUNT_BASED',
          slidingWindowSize: 20,
          minimumNumberOfCalls: 10,
          failureRateThreshold: 50,
          // Off: no call lasts longer than its timeout of 1 s.
          slowCallRateThreshold: 100,
          slowCallDurationThresholdMs: 60_000,
          waitDurationInOpenStateMs: 10_000,
          openStateBackoffMultiplier: 1,
          maxWaitDurationInOpenStateMs: 60_000,
          automaticTransitionFromOpenToHalfOpen: true,
          permittedNumberOfCallsInHalfOpenState: 3,
          maxWaitDurationInHalfOpenStateMs: 0,
          afterMaxWaitInHalfOpen: 'OPEN',
        },
        bulkhead: { maxConcurrentCalls: 25, maxWaitMs: 0, queueLimit: 0 },
        rateLimit: null,
        throttle: null,
        hedge: null,
        order: USUAL_ORDER,
      };
    case 'production':
      return {
        timeoutMs: 1000,
        retry: {
          maxAttempts: 3,
          backoff: 'fixed',
          baseMs: 500,
          capMs: 500,
          jitter: 'none',
          budgetShare: 0.2,
          budgetMinimum: 3,
        },
        breaker: {
          slidingWindowType: 'COUNT_BASED',
          slidingWindowSize: 100,
          minimumNumberOfCalls: 100,
          failureRateThreshold: 50,
          slowCallRateThreshold: 100,
          slowCallDurationThresholdMs: 60_000,
          waitDurationInOpenStateMs: 60_000,
          openStateBackoffMultiplier: 1,
          maxWaitDurationInOpenStateMs: 600_000,
          automaticTransitionFromOpenToHalfOpen: false,
          permittedNumberOfCallsInHalfOpenState: 10,
          maxWaitDurationInHalfOpenStateMs: 0,
          afterMaxWaitInHalfOpen: 'OPEN',
        },
        bulkhead: { maxConcurrentCalls: 25, maxWaitMs: 0, queueLimit: 0 },
        rateLimit: null,
        throttle: null,
        hedge: null,
        order: USUAL_ORDER,
      };
  }
}

/** What the page switches on: to be watched within a minute (Kubernetes looks every 15 s, and waits 5 min to scale in). */
export const CLASSROOM_AUTOSCALER: Omit<AutoscalerSettings, 'services'> = {
  everyMs: 3000,
  windowMs: 6000,
  tolerance: 0.1,
  scaleUpDelayMs: 0,
  scaleDownDelayMs: 30_000,
};

/** What a service gets that is put under it. */
export const CLASSROOM_TARGET: ScalingTarget = { utilisation: 0.6, minInstances: 1, maxInstances: 8 };
/** An instance that is gone is out of the list after 3 s. */
export const CLASSROOM_REGISTRY: RegistrySettings = {
  heartbeatMs: 1000,
  leaseMs: 3000,
  fetchMs: 1000,
  evictionMs: 250,
  leaseExpiryFactor: 1,
  selfPreservation: null,
};

/** Netflix Eureka's defaults. Its lease of 90 s in truth ends after 180 s: a renewal counts it twice. */
export const EUREKA_REGISTRY: RegistrySettings = {
  heartbeatMs: 30_000,
  leaseMs: 90_000,
  fetchMs: 30_000,
  evictionMs: 60_000,
  leaseExpiryFactor: 2,
  selfPreservation: { renewalShare: 0.85 },
};

/** One instance with so much service time and so many slots; CPU never binds before the slots do. */
const capacity = (serviceTimeMs: number, requestSlots: number, spread = 0.3): CapacitySettings => ({
  instances: 1,
  serviceTimeMs,
  serviceTimeSpread: spread,
  requestSlots,
  queueLimit: 20,
  cpuSlots: requestSlots,
  coldStartMs: 0,
});

/** Two refreshes of a caller's copy of the registry, and time for what is under way (Kubernetes: 30 s in all). */
export const DRAIN: DrainSettings = { graceMs: 2000, limitMs: 15_000 };

/** The classroom's: a release is watched from its beginning to its end. */
export const RELEASES: ReleaseSettings = {
  pipeline: { buildMs: 3000, testMs: 3000, contractCheckMs: 1000 },
  train: { buildMs: 6000, testMs: 12_000, contractCheckMs: 1000, everyMs: 60_000 },
  rolling: { maxSurge: 1, maxUnavailable: 0 },
  blueGreen: { keepOldMs: 10_000 },
  canary: { instances: 1, steps: [0.25, 0.5], stepMs: 10_000, minimumRequests: 10, maxErrorRate: 0.05 },
  minReadyMs: 2000,
  progressDeadlineMs: 30_000,
};

/** The classroom: cause and effect are seen within 5–15 s. Times in ms of run time. */
export function classroomSettings(): RunSettings {
  return {
    hop: { meanMs: 250, spread: 0.1 },
    services: {
      customers: capacity(0, 64),
      gateway: capacity(10, 48),
      registry: capacity(5, 48),
      broker: capacity(5, 48),
      user: capacity(30, 4),
      product: capacity(100, 4),
      order: capacity(50, 12),
      shipping: capacity(150, 6),
      'payment-provider': capacity(150, 48),
      // The same slots as the four services together (without the gateway), so that a comparison is fair.
      monolith: capacity(100, 26),
      run: capacity(0, 1),
    },
    safetyNets: 'classroom',
    edge: edgePolicy('classroom'),
    edges: {},
    deadlines: { readMs: 5000, orderMs: 15_000 },
    saga: { giveUpMs: 6000, stepAgainMs: 2000, stepAgainSpread: 0.1, parkAfterMs: 60_000, leaseMs: 3000 },
    compensation: { maxConcurrent: 4, timeoutMs: 4000, backoffBaseMs: 2000, backoffCapMs: 8000 },
    shedding: 'lowest-priority',
    balancer: 'round-robin',
    registry: CLASSROOM_REGISTRY,
    rateLimit: { perSecond: 10, burst: 20 },
    messaging: {
      maxDeliveries: 5,
      redeliveryBaseMs: 500,
      redeliveryCapMs: 8000,
      relayPollMs: 100,
      inboxWindowMs: 3_600_000,
    },
    tracking: { pickMs: 3000, packMs: 3000, transitMs: 6000, deliverMs: 6000, failureShare: 0 },
    payment: { declineShare: 0 },
    cartHoldMs: 60_000,
    drain: DRAIN,
    autoscaler: null,
    load: {
      running: true,
      ordersPerSecond: 1,
      browsesPerSecond: 2,
      statusesPerSecond: 0.5,
      floodPerSecond: 0,
      arrivals: 'even',
      spread: 0.2,
    },
    everyHopThroughBrowser: false,
    implementations: { shipping: 'typescript' },
    deployments: {},
    releases: RELEASES,
  };
}

/** The settings with other safety nets: on every edge (edges of their own are dropped), or on one. */
export function withSafetyNets(settings: RunSettings, preset: SafetyNetPreset, edge?: EdgeKey): RunSettings {
  const policy = edgePolicy(preset);
  if (edge === undefined) return { ...settings, safetyNets: preset, edge: policy, edges: {} };
  return { ...settings, safetyNets: 'custom', edges: { ...settings.edges, [edge]: policy } };
}
