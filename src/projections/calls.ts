import type { InstanceId, Plane, RejectedBy, ServiceName } from '../kernel/index.ts';
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
  receivedUs: number | null;
  answeredUs: number | null;
  endedUs: number | null;
  end: CallEnd;
  status: number | null;
  rejectedBy: RejectedBy | null;
  /** What faults on the edge add to the way out and to the way back. */
  outDelayMs: number;
  backDelayMs: number;
}

export interface Calls {
  /** Under way, or ended a moment ago; oldest first. */
  readonly byId: Map<string, CallView>;
  /** Ended ones, in order of ending, to be forgotten. */
  readonly ended: CallView[];
  /** `instance->service` of breakers that are half-open. */
  readonly halfOpen: Set<string>;
  /** The span of each `request.sent` and `response.sent`, for faults that name them as their cause. */
  readonly spanOfEvent: Map<string, string>;
}

/** How long an ended call stays: its mark fades in this time. */
export const CALL_AFTERGLOW_US = 1_200_000;
const FORGOTTEN_AFTER_US = 120_000_000;

function end(state: Calls, call: CallView, how: CallEnd, timeUs: number): void {
  call.end = how;
  call.endedUs = timeUs;
  state.ended.push(call);
}

const endOfStatus = (status: number): CallEnd =>
  status >= 500 ? 'failed' : status >= 400 ? 'refused' : 'ok';

function forget(state: Calls, nowUs: number): void {
  let gone = 0;
  for (const call of state.ended) {
    if ((call.endedUs ?? 0) + CALL_AFTERGLOW_US >= nowUs) break;
    if (state.byId.get(call.id) === call) state.byId.delete(call.id);
    gone += 1;
  }
  if (gone > 0) state.ended.splice(0, gone);
  for (const [id, call] of state.byId) {
    if (call.sentUs + FORGOTTEN_AFTER_US >= nowUs) break;
    state.byId.delete(id);
  }
  for (const id of state.spanOfEvent.keys()) {
    if (state.spanOfEvent.size <= 4000) break;
    state.spanOfEvent.delete(id);
  }
}

/** Calls in flight: sent → received → answered → received, with their outcomes. */
export const calls: Projection<Calls> = {
  initial: () => ({ byId: new Map(), ended: [], halfOpen: new Set(), spanOfEvent: new Map() }),
  apply(state, event) {
    switch (event.type) {
      case 'request.sent': {
        if (event.spanId === null) break;
        state.spanOfEvent.set(event.id, event.spanId);
        state.byId.set(event.spanId, {
          id: event.spanId,
          from: event.service,
          fromInstance: event.instance,
          to: event.to,
          plane: event.plane,
          traceId: event.traceId,
          attempt: event.attempt,
          path: event.path,
          probe: state.halfOpen.has(`${event.instance}->${event.to}`),
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
        const call = event.spanId === null ? undefined : state.byId.get(event.spanId);
        if (call !== undefined) call.receivedUs = event.timeUs;
        break;
      }
      case 'response.sent': {
        const call = event.spanId === null ? undefined : state.byId.get(event.spanId);
        if (call === undefined) break;
        state.spanOfEvent.set(event.id, call.id);
        call.answeredUs = event.timeUs;
        call.status = event.status;
        break;
      }
      case 'response.received': {
        const call = event.spanId === null ? undefined : state.byId.get(event.spanId);
        if (call === undefined) break;
        call.status = event.status;
        call.answeredUs ??= event.timeUs;
        end(state, call, endOfStatus(event.status), event.timeUs);
        break;
      }
      case 'request.failed': {
        const call = event.spanId === null ? undefined : state.byId.get(event.spanId);
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
        state.byId.set(event.id, call);
        end(state, call, 'rejected', event.timeUs);
        break;
      }
      case 'fault.injected': {
        if (event.delayMs === null || !event.target.includes('->')) break;
        const span = event.spanId ?? (event.cause === null ? undefined : state.spanOfEvent.get(event.cause));
        const call = span === undefined ? undefined : state.byId.get(span);
        if (call === undefined) break;
        if (call.answeredUs === null) call.outDelayMs += event.delayMs;
        else call.backDelayMs += event.delayMs;
        break;
      }
      case 'instance.crashed': {
        for (const call of state.byId.values()) {
          if (call.endedUs === null && call.fromInstance === event.instance)
            end(state, call, 'lost', event.timeUs);
        }
        break;
      }
      case 'breaker.state.changed': {
        const key = `${event.instance}->${event.to}`;
        if (event.after === 'HALF_OPEN') state.halfOpen.add(key);
        else state.halfOpen.delete(key);
        break;
      }
      default:
    }
    return state;
  },
};
