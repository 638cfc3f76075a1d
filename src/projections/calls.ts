import type { InstanceId, Plane, RejectedBy, ServiceName } from '../kernel/index.ts';
import { ChunkedMap } from './chunked-map.ts';
import type { Projection } from './projection.ts';

export type CallEnd =
  | 'pending'
  /** 2xx or 3xx. */
  | 'ok'
  /** A definite "no" (4xx): an answer, not a failure. */
  | 'refused'
  /** 5xx. */
  | 'failed'
  | 'timeout'
  /** The connection was refused or reset. */
  | 'lost'
  | 'cancelled'
  /** It never left. */
  | 'rejected';

/** One attempt of one call, as it travels: what a token on the diagram needs. Times in µs of run time. */
export interface CallView {
  readonly id: string;
  readonly from: ServiceName;
  readonly fromInstance: InstanceId;
  readonly to: ServiceName;
  readonly plane: Plane;
  readonly traceId: string | null;
  readonly attempt: number;
  readonly path: string;
  /** Sent while the caller's breaker was half-open. */
  readonly probe: boolean;
  readonly sentUs: number;
  readonly receivedUs: number | null;
  readonly answeredUs: number | null;
  readonly endedUs: number | null;
  readonly end: CallEnd;
  readonly status: number | null;
  readonly rejectedBy: RejectedBy | null;
  /** What faults on the edge add to the way out and to the way back. */
  readonly outDelayMs: number;
  readonly backDelayMs: number;
}

export interface Calls {
  /** Under way, or ended a moment ago; oldest first. */
  readonly byId: ChunkedMap<string, CallView>;
  /** When the ended ones ended, in order of ending: to be forgotten. */
  readonly ended: ChunkedMap<string, number>;
  /** `instance->service` of breakers that are half-open. Replaced, never changed. */
  halfOpen: ReadonlySet<string>;
  /** The span of the latest `request.sent` and `response.sent`, for faults that name them as their cause. */
  readonly spanOfEvent: ChunkedMap<string, string>;
}

/** How long an ended call stays: its mark fades in this time. */
export const CALL_AFTERGLOW_US = 1_200_000;
const FORGOTTEN_AFTER_US = 120_000_000;
/** A fault acts on a call a moment after the event that it names. */
const EVENTS_KEPT = 64;
const EVENTS_CHUNK = 16;

function end(state: Calls, call: CallView, how: CallEnd, timeUs: number): void {
  state.byId.set(call.id, { ...call, end: how, endedUs: timeUs });
  state.ended.set(call.id, timeUs);
}

const endOfStatus = (status: number): CallEnd =>
  status >= 500 ? 'failed' : status >= 400 ? 'refused' : 'ok';

function forget(state: Calls, nowUs: number): void {
  for (;;) {
    const [id, endedUs] = state.ended.oldest() ?? [];
    if (id === undefined || endedUs === undefined || endedUs + CALL_AFTERGLOW_US >= nowUs) break;
    state.ended.deleteOld(id);
    state.byId.deleteOld(id);
  }
  for (;;) {
    const [id, call] = state.byId.oldest() ?? [];
    if (id === undefined || call === undefined || call.sentUs + FORGOTTEN_AFTER_US >= nowUs) break;
    state.byId.deleteOld(id);
  }
}

function remember(state: Calls, eventId: string, spanId: string): void {
  state.spanOfEvent.add(eventId, spanId);
  state.spanOfEvent.keepNewest(EVENTS_KEPT);
}

const placed = (state: Calls, spanId: string | null): CallView | undefined =>
  spanId === null ? undefined : state.byId.get(spanId);

/** Calls in flight: sent → received → answered → received, with their outcomes. */
export const calls: Projection<Calls> = {
  initial: () => ({
    byId: new ChunkedMap(),
    ended: new ChunkedMap(),
    halfOpen: new Set(),
    spanOfEvent: new ChunkedMap(EVENTS_CHUNK),
  }),
  apply(state, event) {
    switch (event.type) {
      case 'request.sent': {
        if (event.spanId === null) break;
        remember(state, event.id, event.spanId);
        state.byId.add(event.spanId, {
          id: event.spanId,
          from: event.service,
          fromInstance: event.instance,
          to: event.to,
          plane: event.plane,
          traceId: event.traceId,
          attempt: event.attempt,
          path: event.path,
          probe: state.halfOpen.size > 0 && state.halfOpen.has(`${event.instance}->${event.to}`),
          sentUs: event.timeUs,
          receivedUs: null,
          answeredUs: null,
          endedUs: null,
          end: 'pending',
          status: null,
          rejectedBy: null,
          outDelayMs: 0,
          backDelayMs: 0,
        });
        forget(state, event.timeUs);
        break;
      }
      case 'request.received': {
        const call = placed(state, event.spanId);
        if (call !== undefined) state.byId.set(call.id, { ...call, receivedUs: event.timeUs });
        break;
      }
      case 'response.sent': {
        const call = placed(state, event.spanId);
        if (call === undefined) break;
        remember(state, event.id, call.id);
        state.byId.set(call.id, { ...call, answeredUs: event.timeUs, status: event.status });
        break;
      }
      case 'response.received': {
        const call = placed(state, event.spanId);
        if (call === undefined) break;
        const answered = { ...call, status: event.status, answeredUs: call.answeredUs ?? event.timeUs };
        end(state, answered, endOfStatus(event.status), event.timeUs);
        break;
      }
      case 'request.failed': {
        const call = placed(state, event.spanId);
        if (call === undefined) break;
        const how =
          event.error === 'timeout' || event.error === 'deadline_exceeded'
            ? 'timeout'
            : event.error === 'cancelled'
              ? 'cancelled'
              : 'lost';
        end(state, call, how, event.timeUs);
        break;
      }
      case 'call.rejected': {
        const call: CallView = {
          id: event.id,
          from: event.service,
          fromInstance: event.instance,
          to: event.to,
          plane: event.plane,
          traceId: event.traceId,
          attempt: 1,
          path: event.path,
          probe: false,
          sentUs: event.timeUs,
          receivedUs: null,
          answeredUs: null,
          endedUs: null,
          end: 'pending',
          status: null,
          rejectedBy: event.by,
          outDelayMs: 0,
          backDelayMs: 0,
        };
        end(state, call, 'rejected', event.timeUs);
        break;
      }
      case 'fault.injected': {
        if (event.delayMs === null || !event.target.includes('->')) break;
        const spanId =
          event.spanId ?? (event.cause === null ? null : (state.spanOfEvent.get(event.cause) ?? null));
        const call = placed(state, spanId);
        if (call === undefined) break;
        const delayed =
          call.answeredUs === null
            ? { ...call, outDelayMs: call.outDelayMs + event.delayMs }
            : { ...call, backDelayMs: call.backDelayMs + event.delayMs };
        state.byId.set(call.id, delayed);
        break;
      }
      case 'instance.crashed': {
        for (const call of [...state.byId.values()]) {
          if (call.endedUs === null && call.fromInstance === event.instance)
            end(state, call, 'lost', event.timeUs);
        }
        break;
      }
      case 'breaker.state.changed': {
        const halfOpen = new Set(state.halfOpen);
        const key = `${event.instance}->${event.to}`;
        if (event.after === 'HALF_OPEN') halfOpen.add(key);
        else halfOpen.delete(key);
        state.halfOpen = halfOpen;
        break;
      }
      default:
    }
    return state;
  },
  fork: ({ byId, ended, halfOpen, spanOfEvent }) => ({
    byId: byId.fork(),
    ended: ended.fork(),
    halfOpen,
    spanOfEvent: spanOfEvent.fork(),
  }),
};
