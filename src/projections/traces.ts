import type { FaultId, InstanceId, Plane, ServiceName } from '../kernel/index.ts';
import type { CallEnd } from './calls.ts';
import { keepNewest, type Projection } from './projection.ts';

export interface SpanFault {
  readonly faultId: FaultId;
  readonly kind: string;
  readonly effect: string;
  readonly delayMs: number | null;
}

/** One attempt of one call, with both its ends. A refused call is a span without length. */
export interface SpanView {
  readonly spanId: string;
  readonly traceId: string;
  readonly parentSpanId: string | null;
  readonly callId: string;
  readonly from: ServiceName;
  readonly fromInstance: InstanceId;
  readonly to: ServiceName;
  readonly toInstance: InstanceId | null;
  readonly method: string;
  readonly path: string;
  readonly attempt: number;
  readonly sentUs: number;
  receivedUs: number | null;
  answeredUs: number | null;
  endedUs: number | null;
  end: CallEnd;
  status: number | null;
  /** The problem's text, the network's error, or why it was refused. */
  detail: string | null;
  rejectedBy: string | null;
  timeoutMs: number | null;
  /** The callee's slots when it took the request. */
  slotsUsed: number | null;
  slots: number | null;
  queued: number | null;
  shed: boolean;
  readonly faults: SpanFault[];
}

export interface TraceView {
  readonly traceId: string;
  readonly firstUs: number;
  lastUs: number;
  /** In order of sending. */
  readonly spans: Map<string, SpanView>;
}

export interface Traces {
  readonly byId: Map<string, TraceView>;
  readonly spanById: Map<string, SpanView>;
  /** The span that an event belongs to, for effects of faults that only name a cause. */
  readonly spanOfEvent: Map<string, string>;
  /** Latest failures on each edge and at each service, newest last. */
  readonly failures: SpanView[];
}

const TRACES_KEPT = 1500;
const FAILURES_KEPT = 200;

const placedSpan = (state: Traces, spanId: string | null): SpanView | undefined =>
  spanId === null ? undefined : state.spanById.get(spanId);

function traceOf(state: Traces, traceId: string, timeUs: number): TraceView {
  let trace = state.byId.get(traceId);
  if (trace === undefined) {
    trace = { traceId, firstUs: timeUs, lastUs: timeUs, spans: new Map() };
    state.byId.set(traceId, trace);
    keepNewest(state.byId, TRACES_KEPT, (gone) => {
      for (const spanId of gone.spans.keys()) state.spanById.delete(spanId);
    });
  }
  return trace;
}

function failed(state: Traces, span: SpanView): void {
  state.failures.push(span);
  if (state.failures.length > FAILURES_KEPT * 1.25)
    state.failures.splice(0, state.failures.length - FAILURES_KEPT);
}

function add(state: Traces, span: SpanView): void {
  const trace = traceOf(state, span.traceId, span.sentUs);
  trace.spans.set(span.spanId, span);
  trace.lastUs = Math.max(trace.lastUs, span.sentUs);
  state.spanById.set(span.spanId, span);
}

function close(state: Traces, span: SpanView, end: CallEnd, timeUs: number): void {
  span.end = end;
  span.endedUs = timeUs;
  const trace = state.byId.get(span.traceId);
  if (trace !== undefined) trace.lastUs = Math.max(trace.lastUs, timeUs);
  if (end === 'failed' || end === 'timeout' || end === 'lost') failed(state, span);
}

/** Traces of data-plane calls. */
export const traces: Projection<Traces> = {
  initial: () => ({ byId: new Map(), spanById: new Map(), spanOfEvent: new Map(), failures: [] }),
  apply(state, event) {
    switch (event.type) {
      case 'request.sent': {
        const plane: Plane = event.plane;
        if (plane !== 'data' || event.spanId === null || event.traceId === null) break;
        state.spanOfEvent.set(event.id, event.spanId);
        keepNewest(state.spanOfEvent, 20_000);
        add(state, {
          spanId: event.spanId,
          traceId: event.traceId,
          parentSpanId: event.parentSpanId,
          callId: event.callId,
          from: event.service,
          fromInstance: event.instance,
          to: event.to,
          toInstance: event.toInstance,
          method: event.method,
          path: event.path,
          attempt: event.attempt,
          sentUs: event.timeUs,
          receivedUs: null,
          answeredUs: null,
          endedUs: null,
          end: 'pending',
          status: null,
          detail: null,
          rejectedBy: null,
          timeoutMs: event.timeoutMs,
          slotsUsed: null,
          slots: null,
          queued: null,
          shed: false,
          faults: [],
        });
        break;
      }
      case 'call.rejected': {
        if (event.plane !== 'data' || event.traceId === null) break;
        const span: SpanView = {
          spanId: event.id,
          traceId: event.traceId,
          parentSpanId: event.spanId,
          callId: event.callId,
          from: event.service,
          fromInstance: event.instance,
          to: event.to,
          toInstance: null,
          method: event.method,
          path: event.path,
          attempt: 1,
          sentUs: event.timeUs,
          receivedUs: null,
          answeredUs: null,
          endedUs: event.timeUs,
          end: 'rejected',
          status: null,
          detail: event.detail,
          rejectedBy: event.by,
          timeoutMs: null,
          slotsUsed: null,
          slots: null,
          queued: null,
          shed: false,
          faults: [],
        };
        add(state, span);
        failed(state, span);
        break;
      }
      case 'request.received': {
        const span = placedSpan(state, event.spanId);
        if (span === undefined) break;
        state.spanOfEvent.set(event.id, span.spanId);
        span.receivedUs = event.timeUs;
        span.slotsUsed = event.slotsUsed;
        span.slots = event.slots;
        span.queued = event.queued;
        break;
      }
      case 'request.shed': {
        const span = placedSpan(state, event.spanId);
        if (span === undefined) break;
        span.shed = true;
        span.slots = event.slots;
        span.queued = event.queued;
        break;
      }
      case 'response.sent': {
        const span = placedSpan(state, event.spanId);
        if (span === undefined) break;
        state.spanOfEvent.set(event.id, span.spanId);
        span.answeredUs = event.timeUs;
        if (event.problem !== null) span.detail = event.problem;
        // Known even when the answer never reaches the caller.
        span.status ??= event.status;
        break;
      }
      case 'response.received': {
        const span = placedSpan(state, event.spanId);
        if (span === undefined || span.endedUs !== null) break;
        span.status = event.status;
        close(
          state,
          span,
          event.status >= 500 ? 'failed' : event.status >= 400 ? 'refused' : 'ok',
          event.timeUs,
        );
        break;
      }
      case 'request.failed': {
        const span = placedSpan(state, event.spanId);
        if (span === undefined || span.endedUs !== null) break;
        span.status = null;
        span.detail = event.detail;
        const end =
          event.error === 'timeout' || event.error === 'deadline_exceeded'
            ? 'timeout'
            : event.error === 'cancelled'
              ? 'cancelled'
              : 'lost';
        close(state, span, end, event.timeUs);
        break;
      }
      case 'fault.injected': {
        const spanId =
          event.spanId ?? (event.cause === null ? null : (state.spanOfEvent.get(event.cause) ?? null));
        const span = placedSpan(state, spanId);
        span?.faults.push({
          faultId: event.faultId,
          kind: event.kind,
          effect: event.effect,
          delayMs: event.delayMs,
        });
        break;
      }
      default:
    }
    return state;
  },
};

export interface WaterfallRow {
  readonly span: SpanView;
  readonly depth: number;
}

/** A trace's spans, parents before their children, each level in order of sending. */
export function waterfall(trace: TraceView): WaterfallRow[] {
  const children = new Map<string | null, SpanView[]>();
  for (const span of trace.spans.values()) {
    // A parent that sent no request of its own (a saga's scope) is no row.
    const parent =
      span.parentSpanId !== null && trace.spans.has(span.parentSpanId) ? span.parentSpanId : null;
    const list = children.get(parent);
    if (list === undefined) children.set(parent, [span]);
    else list.push(span);
  }
  const rows: WaterfallRow[] = [];
  const visit = (parent: string | null, depth: number) => {
    for (const span of children.get(parent) ?? []) {
      rows.push({ span, depth });
      visit(span.spanId, depth + 1);
    }
  };
  visit(null, 0);
  return rows;
}

export const childSpans = (state: Traces, span: SpanView): SpanView[] =>
  [...(state.byId.get(span.traceId)?.spans.values() ?? [])].filter(
    (child) => child.parentSpanId === span.spanId,
  );

/** The latest failures that a service took part in, newest first. */
export function latestFailures(
  state: Traces,
  matches: (span: SpanView) => boolean,
  limit: number,
): SpanView[] {
  const found: SpanView[] = [];
  for (let index = state.failures.length - 1; index >= 0 && found.length < limit; index -= 1) {
    const span = state.failures[index];
    if (span !== undefined && matches(span)) found.push(span);
  }
  return found;
}
