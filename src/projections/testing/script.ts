import type {
  CircuitFigures,
  EventDraft,
  EventId,
  InstanceId,
  RunEvent,
  RunTimeUs,
  ServiceName,
  SpanId,
  TraceId,
} from '../../kernel/index.ts';
import { serviceOf } from '../../kernel/index.ts';
import { type RunProjections, runProjections } from '../projections.ts';

interface Place {
  readonly at: number;
  readonly by: string;
  readonly trace?: string;
  readonly span?: string;
  readonly parent?: string;
  readonly cause?: EventId;
}

/** Writes events by hand, in order, and folds them: `at` is in seconds of run time. */
export class Script {
  readonly events: RunEvent[] = [];
  readonly projections: RunProjections = runProjections.initial();

  write(place: Place, draft: EventDraft): EventId {
    const instance = place.by as InstanceId;
    const id = `${instance}.1.${this.events.length + 1}` as EventId;
    const event = {
      id,
      seq: this.events.length,
      timeUs: Math.round(place.at * 1_000_000) as RunTimeUs,
      instance,
      service: serviceOf(instance),
      traceId: (place.trace ?? null) as TraceId | null,
      spanId: (place.span ?? null) as SpanId | null,
      parentSpanId: (place.parent ?? null) as SpanId | null,
      cause: place.cause ?? null,
      ...draft,
    } as RunEvent;
    this.events.push(event);
    runProjections.apply(this.projections, event);
    return id;
  }

  /** A request leaves; the rest of its story is up to the caller. */
  sent(
    at: number,
    by: string,
    to: string,
    span: string,
    more: Partial<Record<'trace' | 'parent' | 'path' | 'method' | 'call', string>> & {
      attempt?: number;
      plane?: 'data' | 'control';
    } = {},
  ): EventId {
    return this.write(
      {
        at,
        by,
        span,
        trace: more.trace ?? 't1',
        ...(more.parent === undefined ? {} : { parent: more.parent }),
      },
      {
        type: 'request.sent',
        callId: (more.call ?? span) as never,
        attempt: more.attempt ?? 1,
        to: serviceOf(to as InstanceId),
        toInstance: to as InstanceId,
        method: (more.method ?? 'GET') as never,
        path: more.path ?? '/',
        plane: more.plane ?? 'data',
        timeoutMs: 1000,
        deadlineUs: null,
      },
    );
  }

  received(
    at: number,
    by: string,
    span: string,
    more: { slotsUsed?: number; slots?: number; queued?: number; trace?: string; from?: ServiceName } = {},
  ): EventId {
    return this.write(
      { at, by, span, trace: more.trace ?? 't1' },
      {
        type: 'request.received',
        from: more.from ?? 'order',
        fromInstance: null,
        operation: 'GET /',
        plane: 'data',
        slotsUsed: more.slotsUsed ?? 1,
        slots: more.slots ?? 4,
        queued: more.queued ?? 0,
      },
    );
  }

  answered(
    at: number,
    by: string,
    span: string,
    status = 200,
    more: { trace?: string; problem?: string; slotsUsed?: number } = {},
  ): EventId {
    return this.write(
      { at, by, span, trace: more.trace ?? 't1' },
      {
        type: 'response.sent',
        operation: 'GET /',
        status,
        durationMs: 0,
        plane: 'data',
        slotsUsed: more.slotsUsed ?? 0,
        queued: 0,
        problem: more.problem ?? null,
      },
    );
  }

  got(
    at: number,
    by: string,
    to: string,
    span: string,
    status = 200,
    more: { trace?: string } = {},
  ): EventId {
    return this.write(
      { at, by, span, trace: more.trace ?? 't1' },
      {
        type: 'response.received',
        callId: span as never,
        attempt: 1,
        to: serviceOf(to as InstanceId),
        toInstance: to as InstanceId,
        status,
        durationMs: 0,
        plane: 'data',
      },
    );
  }

  failed(
    at: number,
    by: string,
    to: string,
    span: string,
    error: 'timeout' | 'connection_refused' | 'cancelled' = 'timeout',
    more: { trace?: string } = {},
  ): EventId {
    return this.write(
      { at, by, span, trace: more.trace ?? 't1' },
      {
        type: 'request.failed',
        callId: span as never,
        attempt: 1,
        to: serviceOf(to as InstanceId),
        toInstance: to as InstanceId,
        error,
        detail: error === 'timeout' ? 'no answer within 1000 ms' : 'the connection was refused',
        durationMs: 1000,
        plane: 'data',
      },
    );
  }

  intent(
    at: number,
    intentId: string,
    kind: 'order' | 'browse' | 'status' = 'order',
    trace = `trace-${intentId}`,
  ): void {
    this.write(
      { at, by: 'customers-1', trace },
      { type: 'intent.started', intentId, kind, customer: 'ada@example.com' },
    );
  }

  answer(
    at: number,
    intentId: string,
    kind: 'order' | 'browse' | 'status',
    outcome: 'ok' | 'rejected' | 'failed' = 'ok',
    more: { orderId?: string; status?: number; reason?: string } = {},
  ): void {
    this.write(
      { at, by: 'customers-1', trace: `trace-${intentId}` },
      {
        type: 'intent.answered',
        intentId,
        kind,
        outcome,
        status: more.status ?? (outcome === 'ok' ? 200 : outcome === 'rejected' ? 422 : 503),
        orderId: more.orderId ?? null,
        reason: more.reason ?? null,
      },
    );
  }

  row(
    at: number,
    by: string,
    table: string,
    key: string,
    after: Record<string, string | number | null>,
    trace = 't1',
  ): EventId {
    return this.write(
      { at, by, trace },
      {
        type: 'store.committed',
        database: `bulkhead/run/microservices/${serviceOf(by as InstanceId)}`,
        operation: `${table}.put`,
        rows: [{ table, key, after }],
      },
    );
  }

  /** An order, taken and stored; its saga begins. */
  order(at: number, orderId: string, giveUpAfterS = 6): void {
    this.intent(at, `intent-${orderId}`);
    this.row(at, 'order-1', 'orders', orderId, {
      orderId,
      status: 'APPROVAL_PENDING',
      paymentId: `pay-${orderId}`,
    });
    this.write(
      { at, by: 'order-1', trace: `trace-intent-${orderId}` },
      {
        type: 'saga.started',
        sagaId: `saga-${orderId}`,
        saga: 'place-order',
        orderId,
        giveUpAtUs: Math.round((at + giveUpAfterS) * 1_000_000) as RunTimeUs,
        steps: [
          'createOrder',
          'reserveStock',
          'authorisePayment',
          'createShipment',
          'capturePayment',
          'commitReservation',
          'dispatchShipment',
          'confirmOrder',
        ],
      },
    );
    this.answer(at, `intent-${orderId}`, 'order', 'ok', { orderId, status: 202 });
  }

  step(
    at: number,
    orderId: string,
    step: string,
    what: 'started' | 'completed' | 'retried' | 'failed',
    more: {
      lane?: 'forward' | 'compensation';
      attempt?: number;
      reason?: string;
      kind?: 'business' | 'gave-up';
    } = {},
  ): void {
    const about = {
      sagaId: `saga-${orderId}`,
      orderId,
      step,
      lane: more.lane ?? ('forward' as const),
      attempt: more.attempt ?? 1,
    };
    const reason = more.reason ?? 'no answer';
    const place = { at, by: 'order-1', trace: `trace-intent-${orderId}` };
    if (what === 'retried')
      this.write(place, {
        type: 'saga.step.retried',
        ...about,
        reason,
        againAtUs: Math.round((at + 2) * 1_000_000) as RunTimeUs,
      });
    else if (what === 'failed')
      this.write(place, { type: 'saga.step.failed', ...about, reason, kind: more.kind ?? 'gave-up' });
    else this.write(place, { type: `saga.step.${what}`, ...about });
  }

  fault(at: number, faultId: string, fault: Record<string, unknown>): EventId {
    return this.write(
      { at, by: 'run-1' },
      { type: 'fault.started', faultId: faultId as never, fault: fault as never },
    );
  }

  breaker(
    at: number,
    by: string,
    to: ServiceName,
    before: CircuitFigures['state'],
    after: CircuitFigures['state'],
    figures: Partial<CircuitFigures> = {},
    untilS: number | null = null,
  ): void {
    this.write(
      { at, by },
      {
        type: 'breaker.state.changed',
        to,
        before,
        after,
        untilUs: untilS === null ? null : (Math.round(untilS * 1_000_000) as RunTimeUs),
        permits: after === 'HALF_OPEN' ? 3 : 0,
        figures: circuitFigures({ state: after, ...figures }),
      },
    );
  }
}

export const circuitFigures = (figures: Partial<CircuitFigures> = {}): CircuitFigures => ({
  state: 'CLOSED',
  failureRate: -1,
  slowCallRate: -1,
  calls: 0,
  failures: 0,
  slowCalls: 0,
  windowSize: 20,
  notPermitted: 0,
  ...figures,
});
