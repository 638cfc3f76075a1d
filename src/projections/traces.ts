import type { FaultId, InstanceId, ServiceName } from '../kernel/index.ts';
import type { CallEnd } from './calls.ts';
import { ChunkedList } from './chunked-list.ts';
import { ChunkedMap } from './chunked-map.ts';
import type { Projection } from './projection.ts';

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
  readonly receivedUs: number | null;
  readonly answeredUs: number | null;
  readonly endedUs: number | null;
  readonly end: CallEnd;
  readonly status: number | null;
  /** The problem's text, the network's error, or why it was refused. */
  readonly detail: string | null;
  readonly rejectedBy: string | null;
  readonly timeoutMs: number | null;
  /** The callee's slots when it took the request. */
  readonly slotsUsed: number | null;
  readonly slots: number | null;
  readonly queued: number | null;
  readonly shed: boolean;
  readonly faults: readonly SpanFault[];
}

export interface TraceView {
  readonly traceId: string;
  readonly firstUs: number;
  readonly lastUs: number;
  /** In order of sending. */
  readonly spanIds: readonly string[];
}

export interface Traces {
  readonly byId: ChunkedMap<string, TraceView>;
  readonly spanById: ChunkedMap<string, SpanView>;
  /** The span that a recent event belongs to, for effects of faults that only name a cause. */
  readonly spanOfEvent: ChunkedMap<string, string>;
  /** Latest failures on each edge and at each service as they were then, newest last. */
  readonly failures: ChunkedList<SpanView>;
}

/** Enough for the orders that the page lists, and for the calls that opened a breaker. */
const TRACES_KEPT = 600;
const FAILURES_KEPT = 200;
/** A fault acts on a call a moment after the event that it names. */
const EVENTS_KEPT = 64;
const EVENTS_CHUNK = 16;
const NO_FAULTS: readonly SpanFault[] = [];

const placedSpan = (state: Traces, spanId: string | null): SpanView | undefined =>
  spanId === null ? undefined : state.spanById.get(spanId);

function remember(state: Traces, eventId: string, spanId: string): void {
  state.spanOfEvent.add(eventId, spanId);
  state.spanOfEvent.keepNewest(EVENTS_KEPT);
}

function add(state: Traces, span: SpanView): void {
  const trace = state.byId.get(span.traceId);
  const traceId = trace?.traceId ?? span.traceId;
  state.byId.set(traceId, {
    traceId,
    firstUs: trace?.firstUs ?? span.sentUs,
    lastUs: Math.max(trace?.lastUs ?? 0, span.sentUs),
    // Not spread: `concat` leaves no room for more, which there are many of.
    spanIds: (trace?.spanIds ?? []).concat(span.spanId),
  });
  // Of an id that stands in many spans one text is kept: each event comes with its own.
  const parentSpanId = trace?.spanIds.findLast((id) => id === span.parentSpanId) ?? span.parentSpanId;
  state.spanById.add(span.spanId, { ...span, traceId, parentSpanId });
  state.byId.keepNewest(TRACES_KEPT, ({ spanIds }) => {
    for (const spanId of spanIds) state.spanById.deleteOld(spanId);
  });
}

function close(state: Traces, span: SpanView, end: CallEnd, timeUs: number): void {
  const closed = { ...span, end, endedUs: timeUs };
  state.spanById.set(span.spanId, closed);
  const trace = state.byId.get(span.traceId);
  if (trace !== undefined && trace.lastUs < timeUs)
    state.byId.set(span.traceId, { ...trace, lastUs: timeUs });
  if (end === 'failed' || end === 'timeout' || end === 'lost') noteFailure(state, closed);
}

function noteFailure(state: Traces, span: SpanView): void {
  state.failures.push(span);
  state.failures.keepNewest(FAILURES_KEPT);
}

/** Traces of data-plane calls. */
export const traces: Projection<Traces> = {
  initial: () => ({
    byId: new ChunkedMap(),
    spanById: new ChunkedMap(),
    spanOfEvent: new ChunkedMap(EVENTS_CHUNK),
    failures: new ChunkedList(),
  }),
  apply(state, event) {
    switch (event.type) {
      case 'request.sent': {
        if (event.plane !== 'data' || event.spanId === null || event.traceId === null) break;
        remember(state, event.id, event.spanId);
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
          faults: NO_FAULTS,
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
          faults: NO_FAULTS,
        };
        add(state, span);
        noteFailure(state, span);
        break;
      }
      case 'request.received': {
        const span = event.plane === 'data' ? placedSpan(state, event.spanId) : undefined;
        if (span === undefined) break;
        remember(state, event.id, span.spanId);
        state.spanById.set(span.spanId, {
          ...span,
          receivedUs: event.timeUs,
          slotsUsed: event.slotsUsed,
          slots: event.slots,
          queued: event.queued,
        });
        break;
      }
      case 'request.shed': {
        const span = placedSpan(state, event.spanId);
        if (span === undefined) break;
        state.spanById.set(span.spanId, { ...span, shed: true, slots: event.slots, queued: event.queued });
        break;
      }
      case 'response.sent': {
        const span = event.plane === 'data' ? placedSpan(state, event.spanId) : undefined;
        if (span === undefined) break;
        remember(state, event.id, span.spanId);
        state.spanById.set(span.spanId, {
          ...span,
          answeredUs: event.timeUs,
          detail: event.problem ?? span.detail,
          // Known even when the answer never reaches the caller.
          status: span.status ?? event.status,
        });
        break;
      }
      case 'response.received': {
        const span = event.plane === 'data' ? placedSpan(state, event.spanId) : undefined;
        if (span === undefined || span.endedUs !== null) break;
        close(
          state,
          { ...span, status: event.status },
          event.status >= 500 ? 'failed' : event.status >= 400 ? 'refused' : 'ok',
          event.timeUs,
        );
        break;
      }
      case 'request.failed': {
        const span = event.plane === 'data' ? placedSpan(state, event.spanId) : undefined;
        if (span === undefined || span.endedUs !== null) break;
        const end =
          event.error === 'timeout' || event.error === 'deadline_exceeded'
            ? 'timeout'
            : event.error === 'cancelled'
              ? 'cancelled'
              : 'lost';
        close(state, { ...span, status: null, detail: event.detail }, end, event.timeUs);
        break;
      }
      case 'fault.injected': {
        const spanId =
          event.spanId ?? (event.cause === null ? null : (state.spanOfEvent.get(event.cause) ?? null));
        const span = placedSpan(state, spanId);
        if (span === undefined) break;
        const { faultId, kind, effect, delayMs } = event;
        state.spanById.set(span.spanId, {
          ...span,
          faults: [...span.faults, { faultId, kind, effect, delayMs }],
        });
        break;
      }
      default:
    }
    return state;
  },
  fork: ({ byId, spanById, spanOfEvent, failures }) => ({
    byId: byId.fork(),
    spanById: spanById.fork(),
    spanOfEvent: spanOfEvent.fork(),
    failures: failures.fork(),
  }),
};

export interface WaterfallRow {
  readonly span: SpanView;
  readonly depth: number;
}

/** A trace's spans in order of sending. */
export const spansOf = (state: Traces, traceId: string): SpanView[] =>
  (state.byId.get(traceId)?.spanIds ?? []).flatMap((spanId) => state.spanById.get(spanId) ?? []);

/** A trace's spans, parents before their children, each level in order of sending. */
export function waterfall(state: Traces, { traceId }: TraceView): WaterfallRow[] {
  const spans = spansOf(state, traceId);
  const known = new Set(spans.map(({ spanId }) => spanId));
  const children = new Map<string | null, SpanView[]>();
  for (const span of spans) {
    // A parent that sent no request of its own (a saga's scope) is no row.
    const parent = span.parentSpanId !== null && known.has(span.parentSpanId) ? span.parentSpanId : null;
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
  spansOf(state, span.traceId).filter((child) => child.parentSpanId === span.spanId);

/** The latest failures that a service took part in, newest first. */
export function latestFailures(
  state: Traces,
  matches: (span: SpanView) => boolean,
  limit: number,
): SpanView[] {
  const found: SpanView[] = [];
  for (const failure of state.failures.backwards()) {
    if (found.length >= limit) break;
    // What was heard of it since, unless its trace has been let go.
    const span = state.spanById.get(failure.spanId) ?? failure;
    if (matches(span)) found.push(span);
  }
  return found;
}
