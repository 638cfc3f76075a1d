import * as z from 'zod/mini';
import type { Fault, FaultRepeat, ScheduledFault } from '../faults/index.ts';
import { type InstanceId, SERVICE_NAMES, type ServiceName } from '../kernel/index.ts';

/** The run itself answers nothing, and customers are people: neither can be broken. */
const SERVICES = SERVICE_NAMES.filter((name) => name !== 'run' && name !== 'customers');
const CALLERS = SERVICE_NAMES.filter((name) => name !== 'run');

const INSTANCE = new RegExp(`^(${SERVICES.join('|')})-[1-9][0-9]{0,2}$`);

/** An instance of the shop, such as `order-1`. */
export const instanceIdSchema = z.custom<InstanceId>(
  (value) => typeof value === 'string' && INSTANCE.test(value),
  { error: 'must be an instance such as "order-1"' },
);

const serviceSchema = z.enum(SERVICES as [ServiceName, ...ServiceName[]]);
const callerSchema = z.enum(CALLERS as [ServiceName, ...ServiceName[]]);

/** A caller and a callee of the shop. */
export const edgeSchema = z.strictObject({ from: callerSchema, to: serviceSchema });

const placeTargets = [
  z.strictObject({ kind: z.literal('service'), service: serviceSchema }),
  z.strictObject({ kind: z.literal('instance'), instance: instanceIdSchema }),
] as const;
const wayTargets = [
  z.strictObject({ kind: z.literal('edge'), from: callerSchema, to: serviceSchema }),
  z.strictObject({ kind: z.literal('network') }),
] as const;

const anywhere = z.discriminatedUnion('kind', [...placeTargets, ...wayTargets]);
const place = z.discriminatedUnion('kind', placeTargets);
const way = z.discriminatedUnion('kind', wayTargets);

const share = z.number().check(z.minimum(0), z.maximum(1));
const lengthMs = z.nullable(z.number().check(z.minimum(100), z.maximum(3_600_000)));
const addMs = z.number().check(z.minimum(1), z.maximum(60_000));
const laterMs = z.number().check(z.minimum(0), z.maximum(60_000));
const restartAfterMs = z.number().check(z.minimum(0), z.maximum(3_600_000));
const customers = z.strictObject({ kind: z.literal('service'), service: z.literal('customers') });
const factor = z.number().check(z.minimum(1), z.maximum(100));
const side = z.array(instanceIdSchema).check(z.minLength(1), z.maxLength(100));

const phaseMs = z.number().check(z.minimum(50), z.maximum(3_600_000));

const sides = { instances: side, others: z.nullable(side), way: z.enum(['both', 'out', 'in']) };

/** The two sides have nobody in common. */
function apart({ value: { instances, others }, issues }: SidesToCheck): void {
  if (others?.some((one) => instances.includes(one)) !== true) return;
  const message = 'must be other instances than those of the first side';
  issues.push({ code: 'custom', path: ['others'], message, input: others });
}

interface SidesToCheck {
  readonly value: {
    readonly instances: readonly InstanceId[];
    readonly others: readonly InstanceId[] | null;
  };
  readonly issues: z.core.$ZodRawIssue[];
}

/** What may be asked for; ranges are wide enough to teach with and narrow enough to keep a run alive. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('slow'),
    target: anywhere,
    addMs,
    spreadShare: share,
    // Setups that are older than these two have neither.
    distribution: z.exactOptional(z.enum(['uniform', 'normal', 'lognormal', 'pareto'])),
    correlation: z.exactOptional(share),
    share,
    lengthMs,
  }),
  z.strictObject({
    kind: z.literal('errors'),
    target: anywhere,
    status: z.int().check(z.minimum(400), z.maximum(599)),
    retryAfterS: z.exactOptional(z.int().check(z.minimum(0), z.maximum(3600))),
    share,
    lengthMs,
  }),
  z.strictObject({ kind: z.literal('down'), target: anywhere, lengthMs }),
  z.strictObject({
    kind: z.literal('loss'),
    target: way,
    way: z.enum(['request', 'response', 'both']),
    share,
    lengthMs,
  }),
  z.strictObject({
    kind: z.literal('latency'),
    target: way,
    meanMs: z.number().check(z.minimum(1), z.maximum(10_000)),
    lengthMs,
  }),
  z.strictObject({ kind: z.literal('partition'), ...sides, lengthMs }).check(apart),
  z.strictObject({ kind: z.literal('clog'), target: way, extraMs: laterMs, lengthMs }),
  z.strictObject({
    kind: z.literal('reset'),
    target: way,
    when: z.enum(['before', 'after']),
    share,
    lengthMs,
  }),
  z.strictObject({ kind: z.literal('duplicate'), target: way, share, withinMs: laterMs, lengthMs }),
  z.strictObject({
    kind: z.literal('store-errors'),
    target: place,
    at: z.enum(['begin', 'commit']),
    error: z.enum(['unavailable', 'aborted', 'quota-exceeded', 'read-only']),
    share,
    lengthMs,
  }),
  z.strictObject({ kind: z.literal('store-slow'), target: place, addMs, share, lengthMs }),
  z.strictObject({
    kind: z.literal('crash-loop'),
    target: place,
    meanUpMs: z.number().check(z.minimum(100), z.maximum(3_600_000)),
    restartAfterMs,
    lengthMs,
  }),
  z
    .strictObject({
      kind: z.literal('crash-at'),
      instance: instanceIdSchema,
      port: z.enum(['network', 'store', 'work', 'handler']),
      operation: z.string().check(z.minLength(1), z.maxLength(200)),
      nth: z.int().check(z.minimum(1), z.maximum(1_000_000)),
      when: z.enum(['before', 'after']),
      restartAfterMs: z.nullable(restartAfterMs),
    })
    .check(({ value: { port, operation }, issues }) => {
      if (port !== 'work' || operation === '*') return;
      const message = 'must be "*" when port is "work": work has no names';
      issues.push({ code: 'custom', path: ['operation'], message, input: operation });
    }),
  z.strictObject({
    kind: z.literal('slow-body'),
    target: anywhere,
    bytesPerSecond: z.number().check(z.minimum(10), z.maximum(1_000_000)),
    share,
    lengthMs,
  }),
  z.strictObject({
    kind: z.literal('corrupt-body'),
    target: anywhere,
    how: z.enum(['cut', 'garble']),
    share,
    lengthMs,
  }),
  z
    .strictObject({
      kind: z.literal('flapping'),
      ...sides,
      meanDownMs: phaseMs,
      meanUpMs: phaseMs,
      lengthMs,
    })
    .check(apart),
  z.strictObject({ kind: z.literal('hang'), target: place, lengthMs }),
  z.strictObject({ kind: z.literal('slow-cpu'), target: place, factor, lengthMs }),
  z.strictObject({
    kind: z.literal('memory-limit'),
    target: place,
    leakKbPerRequest: z.number().check(z.minimum(1), z.maximum(1_048_576)),
    limitMb: z.number().check(z.minimum(1), z.maximum(4096)),
    restartAfterMs,
    lengthMs,
  }),
  z.strictObject({ kind: z.literal('slow-start'), target: place, addMs, lengthMs }),
  z.strictObject({
    kind: z.literal('clock-offset'),
    target: place,
    // A day, either way.
    offsetMs: z.number().check(z.minimum(-86_400_000), z.maximum(86_400_000)),
    lengthMs,
  }),
  z.strictObject({
    kind: z.literal('message-duplicate'),
    target: way,
    share,
    withinMs: laterMs,
    lengthMs,
  }),
  z.strictObject({
    kind: z.literal('message-poison'),
    target: place,
    share,
    messageType: z.nullable(z.string().check(z.minLength(1), z.maxLength(200))),
    lengthMs,
  }),
  z.strictObject({
    kind: z.literal('registry-stale'),
    target: z.strictObject({ kind: z.literal('service'), service: z.literal('registry') }),
    lengthMs,
  }),
  z.strictObject({ kind: z.literal('spike'), target: customers, factor, lengthMs }),
  z.strictObject({
    kind: z.literal('ramp'),
    target: customers,
    factor,
    overMs: z.number().check(z.minimum(1000), z.maximum(3_600_000)),
    lengthMs,
  }),
  z.strictObject({
    kind: z.literal('hot-product'),
    target: customers,
    sku: z.string().check(z.regex(/^[a-z0-9-]{1,40}$/, { error: 'must be a product such as "games-01"' })),
    share,
    lengthMs,
  }),
]) satisfies z.ZodMiniType<Fault>;

/** How a fault comes again. */
export const repeatSchema = z.strictObject({
  count: z.nullable(z.int().check(z.minimum(2), z.maximum(1000))),
  gapMs: z.number().check(z.minimum(100), z.maximum(3_600_000)),
  gapSpread: share,
});

/** A fault with its time; one that comes again must end first. */
export const scheduledFaultSchema: z.ZodMiniType<ScheduledFault> = z
  .strictObject({
    atMs: z.number().check(z.minimum(0), z.maximum(3_600_000)),
    fault: faultSchema,
    repeat: z.exactOptional(repeatSchema),
  })
  .check(endsBeforeItRepeats);

/** For whoever holds a fault and its repetition in other fields. */
export function endsBeforeItRepeats({ value: { fault, repeat }, issues }: RepeatToCheck): void {
  if (repeat === undefined || (fault.kind !== 'crash-at' && fault.lengthMs !== null)) return;
  const message = 'needs a fault with a length: one that comes again must end first';
  issues.push({ code: 'custom', path: ['repeat'], message, input: repeat });
}

interface RepeatToCheck {
  readonly value: { readonly fault: Fault; readonly repeat?: FaultRepeat };
  readonly issues: z.core.$ZodRawIssue[];
}
