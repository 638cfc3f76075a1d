import { type EdgePolicy, type RunSettings, USUAL_ORDER } from '../run-settings.ts';
import { SERVICE_NAMES, type ServiceName } from '../service-name.ts';

export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> | undefined }
    : T;

/** An edge with every safety net, in small round numbers. */
export const testEdgePolicy: EdgePolicy = {
  timeoutMs: 1000,
  retry: {
    maxAttempts: 2,
    backoff: 'fixed',
    baseMs: 100,
    capMs: 1000,
    jitter: 'none',
    budgetShare: 0.2,
    budgetMinimum: 3,
  },
  breaker: {
    slidingWindowType: 'COUNT_BASED',
    slidingWindowSize: 20,
    minimumNumberOfCalls: 10,
    failureRateThreshold: 50,
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

const baseSettings: RunSettings = {
  hop: { meanMs: 1, spread: 0 },
  services: Object.fromEntries(
    SERVICE_NAMES.map((name) => [
      name,
      {
        instances: 1,
        serviceTimeMs: 5,
        serviceTimeSpread: 0,
        requestSlots: 16,
        queueLimit: 20,
        cpuSlots: 4,
        coldStartMs: 0,
      },
    ]),
  ) as Record<ServiceName, RunSettings['services'][ServiceName]>,
  safetyNets: 'classroom',
  edge: testEdgePolicy,
  edges: {},
  deadlines: { readMs: 5000, orderMs: 15_000 },
  saga: { giveUpMs: 6000, stepAgainMs: 2000, stepAgainSpread: 0, parkAfterMs: 60_000, leaseMs: 3000 },
  compensation: { maxConcurrent: 4, timeoutMs: 4000, backoffBaseMs: 2000, backoffCapMs: 8000 },
  shedding: 'lowest-priority',
  balancer: 'round-robin',
  registry: {
    heartbeatMs: 1000,
    leaseMs: 3000,
    fetchMs: 1000,
    evictionMs: 250,
    leaseExpiryFactor: 1,
    selfPreservation: null,
  },
  rateLimit: { perSecond: 10, burst: 20 },
  messaging: {
    maxDeliveries: 5,
    redeliveryBaseMs: 200,
    redeliveryCapMs: 2000,
    relayPollMs: 100,
    inboxWindowMs: 600_000,
  },
  tracking: { pickMs: 1000, packMs: 1000, transitMs: 2000, deliverMs: 1000, failureShare: 0 },
  payment: { declineShare: 0 },
  cartHoldMs: 60_000,
  drain: { graceMs: 2000, limitMs: 15_000 },
  autoscaler: null,
  load: {
    running: false,
    ordersPerSecond: 1,
    browsesPerSecond: 2,
    statusesPerSecond: 0.5,
    floodPerSecond: 0,
    arrivals: 'even',
    spread: 0,
  },
  everyHopThroughBrowser: false,
  implementations: { shipping: 'typescript' },
  deployments: {},
  releases: {
    pipeline: { buildMs: 100, testMs: 100, contractCheckMs: 100 },
    train: { everyMs: 1000, buildMs: 200, testMs: 200, contractCheckMs: 100 },
    rolling: { maxSurge: 1, maxUnavailable: 0 },
    blueGreen: { keepOldMs: 1000 },
    canary: { instances: 1, steps: [0.1, 0.5], stepMs: 1000, minimumRequests: 10, maxErrorRate: 0.2 },
    minReadyMs: 0,
    progressDeadlineMs: 5000,
  },
};

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `patch` over `base`, object by object; arrays and plain values replace. */
export function patched<T>(base: T, patch: DeepPartial<NoInfer<T>> | undefined): T {
  if (patch === undefined) return base;
  if (!isPlain(base) || !isPlain(patch)) return patch as T;
  const result: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(patch)) {
    if (value !== undefined) result[name] = patched(result[name], value as DeepPartial<unknown>);
  }
  return result as T;
}

/** Quick settings for tests: hops of 1 ms, service times of 5 ms, no spread anywhere, no load. */
export const testSettings = (patch?: DeepPartial<RunSettings>): RunSettings =>
  patched<RunSettings>(baseSettings, patch);
