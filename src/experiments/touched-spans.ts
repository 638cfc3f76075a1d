import type {
  InstanceId,
  Plane,
  RunEvent,
  RunEventOf,
  ServiceName,
  SpanId,
  TraceId,
} from '../kernel/index.ts';

/** An attempt of a call that is under way. */
export interface OpenSpan {
  readonly traceId: TraceId;
  readonly parentId: SpanId | null;
  readonly from: InstanceId;
  readonly to: ServiceName;
  readonly toInstance: InstanceId;
  readonly plane: Plane;
  readonly deadlineUs: number | null;
  /** The chain of its causes reaches the fault. */
  touched: boolean;
  /** It had or has one of its callee's slots. */
  admitted: boolean;
}

interface OpenTrace {
  readonly spans: Map<SpanId, OpenSpan>;
  /** Parts of a request's work that have spans of their own, and what they are part of. */
  readonly parts: Map<SpanId, SpanId>;
  touched: boolean;
  /** A customer still waits for how it ends. */
  awaited: boolean;
}

/** Intents that never end are forgotten one day. */
const TRACES_KEPT = 4000;

/** Sets of spans by a place; an empty one is forgotten. */
class SpansBy {
  readonly #sets = new Map<string, Set<OpenSpan>>();

  add(place: string, span: OpenSpan): void {
    const set = this.#sets.get(place) ?? new Set();
    set.add(span);
    this.#sets.set(place, set);
  }

  delete(place: string, span: OpenSpan): void {
    const set = this.#sets.get(place);
    if (set?.delete(span) && set.size === 0) this.#sets.delete(place);
  }

  someTouched(place: string): boolean {
    for (const { touched } of this.#sets.get(place) ?? []) if (touched) return true;
    return false;
  }
}

const edgeOf = (from: InstanceId, to: ServiceName): string => `${from}->${to}`;

/** The calls under way, and which of them a fault has touched. A span is forgotten when it ends for its caller. */
export class TouchedSpans {
  readonly #traces = new Map<TraceId, OpenTrace>();
  readonly #served = new SpansBy();
  readonly #made = new SpansBy();

  /** Nothing is touched any more: another fault begins. */
  clear(): void {
    for (const trace of this.#traces.values()) {
      trace.touched = false;
      for (const span of trace.spans.values()) span.touched = false;
    }
  }

  open(event: RunEventOf<'request.sent'>): OpenSpan | null {
    if (event.traceId === null || event.spanId === null) return null;
    const span: OpenSpan = {
      traceId: event.traceId,
      parentId: event.parentSpanId,
      from: event.instance,
      to: event.to,
      toInstance: event.toInstance,
      plane: event.plane,
      deadlineUs: event.deadlineUs,
      touched: false,
      admitted: false,
    };
    this.#trace(event.traceId).spans.set(event.spanId, span);
    this.#made.add(edgeOf(span.from, span.to), span);
    return span;
  }

  find({ traceId, spanId }: RunEvent): OpenSpan | undefined {
    if (traceId === null || spanId === null) return undefined;
    return this.#traces.get(traceId)?.spans.get(spanId);
  }

  /** Notes whose part a span is that sent no request of its own. */
  notePart({ traceId, spanId, parentSpanId }: RunEvent): void {
    if (traceId === null || spanId === null || parentSpanId === null) return;
    const trace = this.#traces.get(traceId);
    if (trace !== undefined && !trace.spans.has(spanId)) trace.parts.set(spanId, parentSpanId);
  }

  /** It holds a slot of its callee from now on. */
  admit(span: OpenSpan): void {
    span.admitted = true;
    this.#served.add(span.toInstance, span);
  }

  release(span: OpenSpan): void {
    this.#served.delete(span.toInstance, span);
  }

  close(event: RunEvent, span: OpenSpan): void {
    const { traceId, spanId } = event;
    const trace = this.#traces.get(span.traceId);
    this.release(span);
    this.#made.delete(edgeOf(span.from, span.to), span);
    if (trace === undefined || traceId === null || spanId === null) return;
    trace.spans.delete(spanId);
    this.#tidy(traceId, trace);
  }

  /** A trace is kept until its intent has ended, so that it is known then whether a fault touched it. */
  await(traceId: TraceId, touched = false): void {
    const awaited = this.#trace(traceId);
    awaited.awaited = true;
    if (touched) awaited.touched = true;
    for (const [oldest, trace] of this.#traces) {
      if (this.#traces.size <= TRACES_KEPT) break;
      if (trace.spans.size === 0) this.#traces.delete(oldest);
      else break;
    }
  }

  settle(traceId: TraceId): void {
    const trace = this.#traces.get(traceId);
    if (trace === undefined) return;
    trace.awaited = false;
    this.#tidy(traceId, trace);
  }

  /** The span of an event, or the part of one, and all that wait for it. */
  touch({ traceId, spanId }: Pick<RunEvent, 'traceId' | 'spanId'>): void {
    if (traceId === null || spanId === null) return;
    const trace = this.#traces.get(traceId);
    if (trace === undefined) return;
    trace.touched = true;
    let next: SpanId | null = spanId;
    while (next !== null) {
      const span = trace.spans.get(next);
      if (span !== undefined) span.touched = true;
      next = span === undefined ? (trace.parts.get(next) ?? null) : span.parentId;
    }
  }

  /** Every call to an instance that is gone. */
  touchCallsTo(instance: InstanceId): void {
    for (const [traceId, trace] of this.#traces) {
      for (const [spanId, span] of trace.spans) {
        if (span.toInstance === instance) this.touch({ traceId, spanId });
      }
    }
  }

  isTouched(traceId: string): boolean {
    return this.#traces.get(traceId as TraceId)?.touched ?? false;
  }

  /** A touched call holds one of this instance's slots. */
  touchedHold(instance: InstanceId): boolean {
    return this.#served.someTouched(instance);
  }

  /** A touched call of this caller to that callee is under way. */
  touchedCalls(from: InstanceId, to: ServiceName): boolean {
    return this.#made.someTouched(edgeOf(from, to));
  }

  #trace(traceId: TraceId): OpenTrace {
    const known = this.#traces.get(traceId);
    if (known !== undefined) return known;
    const trace: OpenTrace = { spans: new Map(), parts: new Map(), touched: false, awaited: false };
    this.#traces.set(traceId, trace);
    return trace;
  }

  #tidy(traceId: TraceId, trace: OpenTrace): void {
    if (trace.spans.size > 0) return;
    trace.parts.clear();
    if (!trace.awaited) this.#traces.delete(traceId);
  }
}
