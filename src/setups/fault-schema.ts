import * as z from 'zod/mini';
import type { Fault, FaultTarget } from '../faults/index.ts';
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

export const faultTargetSchema: z.ZodMiniType<FaultTarget> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('service'), service: serviceSchema }),
  z.strictObject({ kind: z.literal('instance'), instance: instanceIdSchema }),
  z.strictObject({ kind: z.literal('edge'), from: callerSchema, to: serviceSchema }),
]);

const share = z.number().check(z.minimum(0), z.maximum(1));
const lengthMs = z.nullable(z.number().check(z.minimum(100), z.maximum(3_600_000)));

/** What may be asked for; ranges are wide enough to teach with and narrow enough to keep a run alive. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('slow'),
    target: faultTargetSchema,
    addMs: z.number().check(z.minimum(1), z.maximum(60_000)),
    spreadShare: share,
    share,
    lengthMs,
  }),
  z.strictObject({
    kind: z.literal('errors'),
    target: faultTargetSchema,
    status: z.int().check(z.minimum(400), z.maximum(599)),
    share,
    lengthMs,
  }),
  z.strictObject({ kind: z.literal('down'), target: faultTargetSchema, lengthMs }),
  z
    .strictObject({
      kind: z.literal('crash-at'),
      instance: instanceIdSchema,
      port: z.enum(['network', 'store', 'work', 'handler']),
      operation: z.string().check(z.minLength(1), z.maxLength(200)),
      nth: z.int().check(z.minimum(1), z.maximum(1_000_000)),
      when: z.enum(['before', 'after']),
      restartAfterMs: z.nullable(z.number().check(z.minimum(0), z.maximum(3_600_000))),
    })
    .check(
      z.refine((fault) => fault.port !== 'work' || fault.operation === '*', {
        path: ['operation'],
        error: 'must be "*" when port is "work": work has no names',
      }),
    ),
]) satisfies z.ZodMiniType<Fault>;
