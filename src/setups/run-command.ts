import * as z from 'zod/mini';
import {
  DEPLOYABLE_SERVICES,
  err,
  type FaultId,
  type Json,
  type Result,
  SERVICE_NAMES,
} from '../kernel/index.ts';
import {
  edgeSchema,
  endsBeforeItRepeats,
  faultSchema,
  instanceIdSchema,
  repeatSchema,
} from './fault-schema.ts';
import { SAFETY_NET_PRESETS, type SafetyNetPreset } from './presets.ts';
import { parseWith, type Refusal } from './schema-message.ts';

const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));
const rate = z.number().check(z.minimum(0), z.maximum(50));

const address = z.strictObject({
  name: text(80),
  street: text(120),
  postcode: text(20),
  city: text(80),
  country: text(40),
});

/** JSON as the log and the wire can carry it. Checked without recursion: input may be deep, or contain itself. */
const json = z.custom<Json>(isJson, { error: 'must be JSON of at most 10,000 values' });

const faultIdSchema = z.custom<FaultId>(
  (value) => typeof value === 'string' && value !== '' && value.length <= 100,
  {
    error: 'must be the id of a fault',
  },
);

/** What an HTTP request can carry (RFC 9110 §5); the browser would not send anything else. */
const headerName = z
  .string()
  .check(z.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/, { error: 'is not a name that a header may have' }));
const headerValue = z
  .string()
  .check(z.regex(/^[\t\x20-\x7e\xa0-\xff]{0,8000}$/, { error: 'must be printable Latin-1 text' }));

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** One schema per type of command: what a page, a script or an embedding page may ask of a run. */
export const runCommandSchemas = {
  /** Signs a customer in; later commands act as this customer. Value: `{status, customerId | null, problem | null}`. */
  'customer.sign-in': z.strictObject({
    type: z.literal('customer.sign-in'),
    email: text(200),
    password: text(200),
  }),
  /** Places one order. Value: `{intentId, status, orderId | null, problem | null}` once it is answered. */
  'order.place': z.strictObject({
    type: z.literal('order.place'),
    /** E-mail of a demo customer; without it, who is signed in. */
    customer: z.exactOptional(text(200)),
    lines: z.exactOptional(
      z
        .array(z.strictObject({ sku: text(40), quantity: z.int().check(z.minimum(1), z.maximum(99)) }))
        .check(z.minLength(1), z.maxLength(20)),
    ),
    cardToken: z.exactOptional(text(80)),
    address: z.exactOptional(address),
    // It travels in a header.
    idempotencyKey: z.exactOptional(
      text(200).check(z.regex(/^[\x20-\x7e]*$/, { error: 'must be printable ASCII text' })),
    ),
  }),
  /** Sends any request to the gateway. Value: `{status, headers, body}`. */
  'request.send': z.strictObject({
    type: z.literal('request.send'),
    method: z.enum(METHODS),
    path: z.string().check(z.regex(/^\/\S{0,1999}$/, { error: 'must begin with / and have no spaces' })),
    headers: z.exactOptional(z.record(headerName, headerValue)),
    body: z.exactOptional(json),
    as: z.exactOptional(z.enum(['customer', 'admin', 'anonymous'])),
  }),
  /** Value: `{faultId}`. */
  'fault.add': z.strictObject({ type: z.literal('fault.add'), fault: faultSchema }),
  /**
   * A fault at a moment to come, once or again and again. Value: `{faultId}` of the first time; clearing it clears
   * those to come.
   */
  'fault.schedule': z
    .strictObject({
      type: z.literal('fault.schedule'),
      atMs: z.number().check(z.minimum(0), z.maximum(36_000_000)),
      fault: faultSchema,
      repeat: z.exactOptional(repeatSchema),
    })
    .check(endsBeforeItRepeats),
  'fault.clear': z.strictObject({ type: z.literal('fault.clear'), faultId: faultIdSchema }),
  'fault.clear-all': z.strictObject({ type: z.literal('fault.clear-all') }),
  /** Changes what customers do; what is not named stays. */
  'load.set': z.strictObject({
    type: z.literal('load.set'),
    running: z.exactOptional(z.boolean()),
    ordersPerSecond: z.exactOptional(rate),
    browsesPerSecond: z.exactOptional(rate),
    statusesPerSecond: z.exactOptional(rate),
    floodPerSecond: z.exactOptional(rate),
    arrivals: z.exactOptional(z.enum(['even', 'poisson'])),
  }),
  /** On every edge, or on one. */
  'safety-nets.set': z.strictObject({
    type: z.literal('safety-nets.set'),
    preset: z.enum(SAFETY_NET_PRESETS as [SafetyNetPreset, ...SafetyNetPreset[]]),
    edge: z.exactOptional(edgeSchema),
  }),
  /** Any settings, laid over those of now; validated as a whole by `applySettingsPatch`. */
  'settings.set': z.strictObject({
    type: z.literal('settings.set'),
    patch: z.record(z.string(), json),
  }),
  'instance.crash': z.strictObject({ type: z.literal('instance.crash'), instance: instanceIdSchema }),
  'instance.restart': z.strictObject({ type: z.literal('instance.restart'), instance: instanceIdSchema }),
  /** Moves one breaker, of a caller instance to a callee, by hand. Value: `{before, after}`. */
  'breaker.set-state': z.strictObject({
    type: z.literal('breaker.set-state'),
    instance: instanceIdSchema,
    to: z.enum(SERVICE_NAMES),
    state: z.enum(['CLOSED', 'OPEN', 'HALF_OPEN', 'DISABLED', 'FORCED_OPEN', 'METRICS_ONLY']),
  }),
  /** CLOSED with nothing counted, whatever it was. Value: `{before, after}`. */
  'breaker.reset': z.strictObject({
    type: z.literal('breaker.reset'),
    instance: instanceIdSchema,
    to: z.enum(SERVICE_NAMES),
  }),
  /**
   * Brings another version of a service into the shop: its pipeline, then its deployment; in the monolith with
   * the next train. Value: `{releaseId}`.
   */
  'release.start': z.strictObject({
    type: z.literal('release.start'),
    service: z.enum(DEPLOYABLE_SERVICES),
    version: z.string().check(z.regex(/^v\d{1,2}$/, { error: 'must be a version such as v2' })),
    strategy: z.enum(['recreate', 'rolling', 'blue-green', 'canary']),
    skipContractCheck: z.exactOptional(z.boolean()),
  }),
  /** Stops a release that is under way and brings the old version back. */
  'release.abort': z.strictObject({
    type: z.literal('release.abort'),
    service: z.enum(DEPLOYABLE_SERVICES),
  }),
  'run.pause': z.strictObject({ type: z.literal('run.pause') }),
  'run.resume': z.strictObject({ type: z.literal('run.resume') }),
  /** 1 is real time. */
  'run.speed': z.strictObject({
    type: z.literal('run.speed'),
    speed: z.number().check(z.minimum(0.1), z.maximum(10)),
  }),
  /** Begins the setup again. */
  'run.reset': z.strictObject({ type: z.literal('run.reset') }),
} as const;

type Schemas = typeof runCommandSchemas;
export type RunCommandType = keyof Schemas;
export type RunCommandOf<Type extends RunCommandType> = z.output<Schemas[Type]>;
export type RunCommand = RunCommandOf<RunCommandType>;

export const RUN_COMMAND_TYPES = Object.keys(runCommandSchemas) as readonly RunCommandType[];

/** Reads a command from outside. A refusal is one sentence: which field, what is wrong, what is allowed. */
export function parseRunCommand(input: unknown): Result<RunCommand, Refusal> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return err({ field: '', message: 'A command must be an object with a field "type".' });
  }
  const type: unknown = Object.hasOwn(input, 'type') ? (input as { type: unknown }).type : undefined;
  if (typeof type !== 'string' || !Object.hasOwn(runCommandSchemas, type)) {
    const wrong =
      type === undefined
        ? 'type is missing'
        : typeof type === 'string'
          ? `type ${quoted(type)} is unknown`
          : 'type must be text';
    return err({ field: 'type', message: `${wrong}. Known types: ${RUN_COMMAND_TYPES.join(', ')}.` });
  }
  const schema: z.ZodMiniType<RunCommand> = runCommandSchemas[type as RunCommandType];
  return parseWith(schema, input, `the command ${type}`);
}

const quoted = (value: string): string =>
  JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);

const MOST_JSON_VALUES = 10_000;

function isJson(value: unknown): value is Json {
  const left: unknown[] = [value];
  // Counted, so that an object that contains itself ends too.
  for (let seen = 0; left.length > 0; seen += 1) {
    const next = left.pop();
    if (seen > MOST_JSON_VALUES) return false;
    if (next === null || typeof next === 'string' || typeof next === 'boolean') continue;
    if (typeof next === 'number' && Number.isFinite(next)) continue;
    // By its tag, not its prototype: an embedding page's objects have prototypes of their own.
    const tag = Object.prototype.toString.call(next);
    if (tag !== '[object Object]' && tag !== '[object Array]') return false;
    for (const inner of Object.values(next as object)) left.push(inner);
  }
  return true;
}
