import { err, ok, type Result, type RunEvent, type RunEventType, SERVICE_NAMES } from '../kernel/index.ts';
import { splitEventId } from './known-events.ts';

/** Raised when the meaning of a line changes; a reader refuses versions that it does not know (RLOG-11). */
export const RUN_LOG_VERSION = 1;
const FORMAT = 'bulkhead-run-log';

export interface RunLogHeader {
  readonly run: string;
  readonly setup: string;
  readonly seed: number;
  readonly composition: string;
  readonly host: string;
}

export interface DecodedRunLog {
  readonly header: RunLogHeader;
  readonly events: readonly RunEvent[];
}

/** Where a log cannot be read, and why. Lines count from 1. */
export interface RunLogFault {
  readonly line: number;
  readonly message: string;
}

// Typed so that a new type of event does not compile until it stands here.
const KNOWN_TYPES: Readonly<Record<RunEventType, true>> = {
  'run.started': true,
  'run.settings.changed': true,
  'run.paused': true,
  'run.resumed': true,
  'run.speed.changed': true,
  'run.commanded': true,
  'instance.started': true,
  'instance.ready': true,
  'instance.draining': true,
  'instance.hung': true,
  'instance.load': true,
  'instance.resumed': true,
  'instance.stopped': true,
  'instance.crashed': true,
  'autoscaler.decided': true,
  'process.failed': true,
  'intent.started': true,
  'intent.answered': true,
  'request.sent': true,
  'request.received': true,
  'request.shed': true,
  'response.sent': true,
  'response.received': true,
  'request.failed': true,
  'response.unreadable': true,
  'call.rejected': true,
  'retry.scheduled': true,
  'hedge.started': true,
  'fallback.used': true,
  'breaker.call.succeeded': true,
  'breaker.call.failed': true,
  'breaker.call.ignored': true,
  'breaker.call.not-permitted': true,
  'breaker.failure-rate.exceeded': true,
  'breaker.slow-call-rate.exceeded': true,
  'breaker.state.changed': true,
  'breaker.reset': true,
  'store.committed': true,
  'store.aborted': true,
  'saga.started': true,
  'saga.resumed': true,
  'saga.step.started': true,
  'saga.step.completed': true,
  'saga.step.retried': true,
  'saga.step.failed': true,
  'saga.compensating': true,
  'saga.completed': true,
  'saga.compensated': true,
  'saga.parked': true,
  'message.published': true,
  'message.accepted': true,
  'message.sent': true,
  'message.consumed': true,
  'message.acknowledged': true,
  'message.redelivery.scheduled': true,
  'message.dead-lettered': true,
  'registry.instance.registered': true,
  'registry.instance.expired': true,
  'registry.instance.removed': true,
  'registry.self-preservation.started': true,
  'registry.self-preservation.ended': true,
  'discovery.refreshed': true,
  'release.requested': true,
  'release.stage.started': true,
  'release.stage.ended': true,
  'release.traffic.shifted': true,
  'release.analysed': true,
  'release.completed': true,
  'release.aborted': true,
  'release.rolled-back': true,
  'fault.started': true,
  'fault.planned': true,
  'fault.ended': true,
  'fault.injected': true,
  'service.logged': true,
};

export const encodeHeader = (header: RunLogHeader): string =>
  JSON.stringify({ format: FORMAT, version: RUN_LOG_VERSION, ...header });

export const encodeEvent = (event: RunEvent): string => JSON.stringify(event);

/** A whole log as JSON lines: a header, then one event a line, with a line feed after each. */
export function encodeRunLog(header: RunLogHeader, events: readonly RunEvent[]): string {
  return `${[encodeHeader(header), ...events.map(encodeEvent)].join('\n')}\n`;
}

/** Reads what `encodeRunLog` wrote. Never throws; the first bad line is named. */
export function decodeRunLog(text: string): Result<DecodedRunLog, RunLogFault> {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const [first, ...rest] = lines;
  if (first === undefined) return err({ line: 1, message: 'the file is empty' });
  const header = decodeHeader(first);
  if (!header.ok) return err({ line: 1, message: header.error });
  const events: RunEvent[] = [];
  for (const [index, line] of rest.entries()) {
    const event = decodeEvent(line);
    if (!event.ok) return err({ line: index + 2, message: event.error });
    const previous = events.at(-1);
    if (previous !== undefined && event.value.seq !== previous.seq + 1) {
      return err({
        line: index + 2,
        message: `event ${event.value.seq} follows event ${previous.seq}: lines are missing or out of order`,
      });
    }
    events.push(event.value);
  }
  return ok({ header: header.value, events });
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(line: string): Result<Fields, string> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return ok(value as Fields);
    return err('the line is not a JSON object');
  } catch {
    return err('the line is not JSON (is the file cut off?)');
  }
}

function decodeHeader(line: string): Result<RunLogHeader, string> {
  const parsed = parseObject(line);
  if (!parsed.ok) return parsed;
  const { format, version, run, setup, seed, composition, host } = parsed.value;
  if (format !== FORMAT) return err('this is no run log of Bulkhead: its first line does not say so');
  if (version !== RUN_LOG_VERSION) {
    return err(`the log has version ${String(version)}; this program reads version ${RUN_LOG_VERSION}`);
  }
  if (
    typeof run !== 'string' ||
    typeof setup !== 'string' ||
    typeof composition !== 'string' ||
    typeof host !== 'string'
  ) {
    return err('the header must name run, setup, composition and host');
  }
  if (!Number.isSafeInteger(seed)) return err('the header must have a whole number as its seed');
  return ok({ run, setup, seed: seed as number, composition, host });
}

const TRACE_ID = /^[0-9a-f]{32}$/;
const SPAN_ID = /^[0-9a-f]{16}$/;
const INSTANCE = /^[a-z][a-z-]*-\d+$/;

/** Checks the head of an event; its payload is taken as its type says. */
export function decodeEvent(line: string): Result<RunEvent, string> {
  const parsed = parseObject(line);
  if (!parsed.ok) return parsed;
  const { id, seq, timeUs, instance, service, traceId, spanId, parentSpanId, cause, type } = parsed.value;
  if (typeof id !== 'string' || splitEventId(id) === null)
    return err(`id must be <instance>.<life>.<number>, not ${show(id)}`);
  if (!isCount(seq)) return err(`seq must be a whole number of at least 0, not ${show(seq)}`);
  if (!isCount(timeUs)) return err(`timeUs must be a whole number of at least 0, not ${show(timeUs)}`);
  if (typeof instance !== 'string' || !INSTANCE.test(instance))
    return err(`instance is not one: ${show(instance)}`);
  if (!(SERVICE_NAMES as readonly unknown[]).includes(service))
    return err(`service is unknown: ${show(service)}`);
  if (traceId !== null && !matches(TRACE_ID, traceId))
    return err(`traceId must be 32 hex digits or null, not ${show(traceId)}`);
  if (spanId !== null && !matches(SPAN_ID, spanId))
    return err(`spanId must be 16 hex digits or null, not ${show(spanId)}`);
  if (parentSpanId !== null && !matches(SPAN_ID, parentSpanId)) {
    return err(`parentSpanId must be 16 hex digits or null, not ${show(parentSpanId)}`);
  }
  if (cause !== null && (typeof cause !== 'string' || splitEventId(cause) === null)) {
    return err(`cause must be an event id or null, not ${show(cause)}`);
  }
  if (typeof type !== 'string' || !Object.hasOwn(KNOWN_TYPES, type))
    return err(`type is unknown: ${show(type)}`);
  return ok(parsed.value as unknown as RunEvent);
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const matches = (pattern: RegExp, value: unknown): boolean =>
  typeof value === 'string' && pattern.test(value);

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
