import * as z from 'zod/mini';
import type { Fault } from '../faults/index.ts';
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
const side = z.array(instanceIdSchema).check(z.minLength(1), z.maxLength(100));

/** What may be asked for; ranges are wide enough to teach with and narrow enough to keep a run alive. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('slow'),
    target: anywhere,
    addMs,
    spreadShare: share,
    share,
    lengthMs,
  }),
  z.strictObject({
    kind: z.literal('errors'),
    target: anywhere,
    status: z.int().check(z.minimum(400), z.maximum(599)),
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
  z
    .strictObject({
      kind: z.literal('partition'),
      instances: side,
      others: z.nullable(side),
      way: z.enum(['both', 'out', 'in']),
      lengthMs,
    })
    .check(({ value: { instances, others }, issues }) => {
      if (others?.some((one) => instances.includes(one)) !== true) return;
      const message = 'must be other instances than those of the first side';
      issues.push({ code: 'custom', path: ['others'], message, input: others });
    }),
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
]) satisfies z.ZodMiniType<Fault>;
