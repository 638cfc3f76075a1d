import * as z from 'zod/mini';
import {
  type CapacitySettings,
  type EdgeKey,
  type EdgePolicy,
  err,
  ok,
  type Result,
  type RunSettings,
  SERVICE_NAMES,
  type ServiceName,
  USUAL_ORDER,
} from '../kernel/index.ts';
import { DRAIN, RELEASES, SAFETY_NET_PRESETS, withSafetyNets } from './presets.ts';
import { parseWith, type Refusal, refusalsOf } from './schema-message.ts';

const between = (low: number, high: number) => z.number().check(z.minimum(low), z.maximum(high));
const whole = (low: number, high: number) => z.int().check(z.minimum(low), z.maximum(high));
const share = between(0, 1);
/** A time that may be nothing, up to an hour. */
const ms = between(0, 3_600_000);
/** A period: at least so long that a run cannot drown in its own timers. */
const periodMs = between(10, 3_600_000);

const retry = z.strictObject({
  maxAttempts: whole(1, 10),
  backoff: z.enum(['fixed', 'exponential', 'decorrelated']),
  baseMs: ms,
  capMs: ms,
  jitter: z.enum(['none', 'full', 'equal']),
  budgetShare: share,
  budgetMinimum: whole(0, 1000),
});

const breaker = z.strictObject({
  slidingWindowType: z.enum(['COUNT_BASED', 'TIME_BASED']),
  slidingWindowSize: whole(1, 1000),
  minimumNumberOfCalls: whole(1, 1000),
  // Above 0, as resilience4j demands: at 0 a breaker would open on success.
  failureRateThreshold: between(1, 100),
  slowCallRateThreshold: between(1, 100),
  slowCallDurationThresholdMs: ms,
  waitDurationInOpenStateMs: ms,
  openStateBackoffMultiplier: between(1, 10),
  maxWaitDurationInOpenStateMs: ms,
  automaticTransitionFromOpenToHalfOpen: z.boolean(),
  permittedNumberOfCallsInHalfOpenState: whole(1, 1000),
  maxWaitDurationInHalfOpenStateMs: ms,
  afterMaxWaitInHalfOpen: z.enum(['OPEN', 'CLOSED']),
});

const rateLimit = z.strictObject({ perSecond: between(0.1, 10_000), burst: whole(1, 10_000) });

export const edgePolicySchema: z.ZodMiniType<EdgePolicy> = z.strictObject({
  timeoutMs: z.nullable(periodMs),
  retry: z.nullable(retry),
  breaker: z.nullable(breaker),
  bulkhead: z.nullable(
    z.strictObject({ maxConcurrentCalls: whole(1, 1000), maxWaitMs: ms, queueLimit: whole(0, 1000) }),
  ),
  // Setups that are older than these have none of them.
  rateLimit: z._default(z.nullable(rateLimit), null),
  throttle: z._default(
    z.nullable(z.strictObject({ multiplier: between(1, 100), windowMs: between(1000, 3_600_000) })),
    null,
  ),
  hedge: z._default(z.nullable(z.strictObject({ delayMs: periodMs })), null),
  order: z._default(
    z.array(z.enum(USUAL_ORDER)).check(
      z.refine((order) => order.length === USUAL_ORDER.length && new Set(order).size === order.length, {
        error: `must have each of ${USUAL_ORDER.join(', ')} once`,
      }),
    ),
    [...USUAL_ORDER],
  ),
});

/** All that is wrong with the safety nets of an edge, each with its field. */
export const edgePolicyRefusals = (input: unknown): readonly Refusal[] =>
  refusalsOf(edgePolicySchema, input, 'the safety nets');

const capacity: z.ZodMiniType<CapacitySettings> = z.strictObject({
  instances: whole(0, 8),
  serviceTimeMs: between(0, 60_000),
  serviceTimeSpread: share,
  requestSlots: whole(1, 1000),
  queueLimit: whole(0, 1000),
  cpuSlots: whole(1, 1000),
  // Setups that are older than cold starts have none.
  coldStartMs: z._default(between(0, 60_000), 0),
});

const capacities = Object.fromEntries(SERVICE_NAMES.map((name) => [name, capacity])) as Record<
  ServiceName,
  typeof capacity
>;

/** Who may have more instances than one. */
export const SCALABLE = ['gateway', 'broker', 'user', 'product', 'order', 'shipping', 'monolith'] as const;

const scalingTarget = z
  .strictObject({ utilisation: between(0.05, 1), minInstances: whole(1, 8), maxInstances: whole(1, 8) })
  .check(
    z.refine(({ minInstances, maxInstances }) => minInstances <= maxInstances, {
      path: ['maxInstances'],
      error: 'must not be below minInstances',
    }),
  );

const autoscaler = z.strictObject({
  everyMs: between(1000, 3_600_000),
  windowMs: between(2000, 3_600_000),
  tolerance: share,
  scaleUpDelayMs: ms,
  scaleDownDelayMs: ms,
  services: z.strictObject(
    Object.fromEntries(SCALABLE.map((name) => [name, z.exactOptional(z.nullable(scalingTarget))])) as Record<
      (typeof SCALABLE)[number],
      z.ZodMiniExactOptional<z.ZodMiniNullable<typeof scalingTarget>>
    >,
  ),
});

const EDGE_KEYS = SERVICE_NAMES.flatMap((from) => SERVICE_NAMES.map((to) => `${from}->${to}` as const));
const isEdgeKey = (text: unknown): text is EdgeKey => (EDGE_KEYS as readonly unknown[]).includes(text);

export const loadSchema = z.strictObject({
  running: z.boolean(),
  ordersPerSecond: between(0, 50),
  browsesPerSecond: between(0, 50),
  statusesPerSecond: between(0, 50),
  // Setups that are older than the flood have none.
  floodPerSecond: z._default(between(0, 50), 0),
  arrivals: z.enum(['even', 'poisson']),
  spread: share,
});

const version = z.string().check(z.regex(/^[a-z0-9 +-]{1,80}$/, { error: 'is not the name of a version' }));
const deployments = z.partialRecord(
  z.enum(SERVICE_NAMES),
  z.strictObject({
    stable: version,
    instances: z
      .array(z.strictObject({ number: whole(1, 16), version }))
      .check(z.minLength(0), z.maxLength(16)),
    traffic: z.nullable(z.record(version, share)),
  }),
);

const pipeline = { buildMs: ms, testMs: ms, contractCheckMs: ms };
const releases = z.strictObject({
  pipeline: z.strictObject(pipeline),
  train: z.strictObject({ ...pipeline, everyMs: between(100, 3_600_000) }),
  rolling: z.strictObject({ maxSurge: whole(0, 8), maxUnavailable: whole(0, 8) }).check(
    z.refine(({ maxSurge, maxUnavailable }) => maxSurge + maxUnavailable > 0, {
      error: 'maxSurge and maxUnavailable cannot both be 0: nothing could be replaced',
    }),
  ),
  blueGreen: z.strictObject({ keepOldMs: ms }),
  canary: z.strictObject({
    instances: whole(1, 8),
    steps: z.array(between(0.01, 1)).check(z.minLength(1), z.maxLength(10)),
    stepMs: periodMs,
    minimumRequests: whole(1, 100_000),
    maxErrorRate: between(0.001, 1),
  }),
  minReadyMs: ms,
  progressDeadlineMs: periodMs,
});

/** All settings of a run, each with its range; nothing else is let in. */
export const runSettingsSchema: z.ZodMiniType<RunSettings> = z.strictObject({
  hop: z.strictObject({ meanMs: between(0, 10_000), spread: share }),
  services: z.strictObject(capacities),
  safetyNets: z.enum(['none', 'classroom', 'production', 'custom']),
  edge: edgePolicySchema,
  edges: z.record(z.custom<EdgeKey>(isEdgeKey), edgePolicySchema),
  deadlines: z.strictObject({ readMs: periodMs, orderMs: periodMs }),
  saga: z.strictObject({
    giveUpMs: ms,
    stepAgainMs: periodMs,
    stepAgainSpread: share,
    parkAfterMs: ms,
    leaseMs: between(100, 3_600_000),
  }),
  compensation: z.strictObject({
    maxConcurrent: whole(1, 1000),
    timeoutMs: periodMs,
    backoffBaseMs: periodMs,
    backoffCapMs: periodMs,
  }),
  shedding: z._default(z.enum(['lowest-priority', 'newest']), 'lowest-priority'),
  // Setups that are older than the choice went in turn.
  balancer: z._default(z.enum(['round-robin', 'random', 'two-choices', 'peak-ewma']), 'round-robin'),
  registry: z.strictObject({
    heartbeatMs: between(100, 3_600_000),
    leaseMs: between(100, 3_600_000),
    fetchMs: between(100, 3_600_000),
    // Setups that are older than these looked for leases four times a second and kept nobody.
    evictionMs: z._default(between(100, 3_600_000), 250),
    leaseExpiryFactor: z._default(between(1, 10), 1),
    selfPreservation: z._default(z.nullable(z.strictObject({ renewalShare: share })), null),
  }),
  rateLimit,
  messaging: z.strictObject({
    maxDeliveries: whole(1, 100),
    redeliveryBaseMs: periodMs,
    redeliveryCapMs: periodMs,
    relayPollMs: periodMs,
    inboxWindowMs: ms,
  }),
  tracking: z.strictObject({ pickMs: ms, packMs: ms, transitMs: ms, deliverMs: ms, failureShare: share }),
  payment: z.strictObject({ declineShare: share }),
  cartHoldMs: between(1000, 3_600_000),
  // Setups that are older than drains take these.
  drain: z._default(z.strictObject({ graceMs: between(0, 60_000), limitMs: between(0, 600_000) }), DRAIN),
  autoscaler: z._default(z.nullable(autoscaler), null),
  load: loadSchema,
  everyHopThroughBrowser: z.boolean(),
  // Setups that are older than the second implementation have only the first.
  implementations: z._default(z.strictObject({ shipping: z.enum(['typescript', 'python']) }), {
    shipping: 'typescript',
  }),
  // Setups that are older than releases run the first version of everything.
  deployments: z._default(deployments, {}),
  releases: z._default(releases, {
    ...RELEASES,
    canary: { ...RELEASES.canary, steps: [...RELEASES.canary.steps] },
  }),
});

export const parseRunSettings = (input: unknown): Result<RunSettings, Refusal> =>
  parseWith(runSettingsSchema, input, 'the settings');

/**
 * The settings with a patch laid over them: objects are merged field by field, everything else
 * (null too) replaces. In `edges`, null takes an edge's own policy away, and a new edge starts from
 * the policy that holds for all. `safetyNets` brings its preset's numbers along; a patch of `edge`
 * or `edges` makes it "custom", so that the name never lies about the numbers.
 */
export function applySettingsPatch(settings: RunSettings, patch: unknown): Result<RunSettings, Refusal> {
  if (!isRecord(patch)) return err({ field: '', message: 'the patch must be an object.' });
  try {
    const preset = SAFETY_NET_PRESETS.find(
      (name) => Object.hasOwn(patch, 'safetyNets') && patch['safetyNets'] === name,
    );
    const start = preset === undefined ? settings : withSafetyNets(settings, preset);
    const merged = merge({ ...start, edges: edgesToPatch(start, patch) }, patch) as Record<string, unknown>;
    const edges = merged['edges'];
    if (isRecord(edges)) {
      merged['edges'] = Object.fromEntries(Object.entries(edges).filter(([, policy]) => policy !== null));
    }
    const netsTouched = Object.hasOwn(patch, 'edge') || Object.hasOwn(patch, 'edges');
    const parsed = parseRunSettings(merged);
    return parsed.ok && netsTouched ? ok({ ...parsed.value, safetyNets: 'custom' }) : parsed;
  } catch (error) {
    if (error instanceof RangeError) return err({ field: '', message: 'the patch is nested too deeply.' });
    throw error;
  }
}

function edgesToPatch(settings: RunSettings, patch: Record<string, unknown>): Record<string, unknown> {
  const wanted = patch['edges'];
  if (!isRecord(wanted)) return settings.edges;
  const fresh = Object.keys(wanted).filter((key) => isEdgeKey(key) && !Object.hasOwn(settings.edges, key));
  return { ...settings.edges, ...Object.fromEntries(fresh.map((key) => [key, settings.edge])) };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(base: unknown, patch: unknown): unknown {
  if (!isRecord(base) || !isRecord(patch)) return patch;
  const entries = new Map<string, unknown>(Object.entries(base));
  for (const [key, value] of Object.entries(patch)) entries.set(key, merge(entries.get(key), value));
  return Object.fromEntries(entries);
}
