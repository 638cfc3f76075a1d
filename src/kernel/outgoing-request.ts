import type { LogPlace, Reply, Undo } from './host-ports.ts';
import type { HttpOutcome } from './http-message.ts';
import { type EventId, type SpanId, serviceOf } from './ids.ts';
import type { InstanceCore } from './instance-core.ts';
import type { NetworkRequest } from './ports.ts';
import { PendingCall, type PortCall, type Process, type Settle } from './process.ts';
import { err } from './result.ts';
import { formatTraceparent, type SpanContext } from './trace-context.ts';
import { elapsedMs, type RunTimeUs } from './units.ts';

/** Milliseconds that are left for the whole request, sent with each hop (as gRPC's `grpc-timeout`). */
export const DEADLINE_HEADER = 'x-deadline-ms';

/** The logical call and which attempt of it this is, as proxies say it: a fault at the callee's door draws by them. */
export const REQUEST_ID_HEADER = 'x-request-id';
export const ATTEMPT_HEADER = 'x-request-attempt';

type Failure = 'connection_refused' | 'connection_reset' | 'timeout' | 'deadline_exceeded' | 'cancelled';

/** One attempt at a request, in a span of its own, until its answer, its timeout, the deadline or its cancellation. */
export const sendRequest = (
  core: InstanceCore,
  process: Process,
  request: NetworkRequest,
): PortCall<HttpOutcome> =>
  new PendingCall<HttpOutcome>(process, `network.send ${request.operation}`, (settle) =>
    new OutgoingRequest(core, process, request, settle).send(),
  );

class OutgoingRequest {
  declare private readonly core: InstanceCore;
  declare private readonly process: Process;
  declare private readonly outbound: NetworkRequest;
  declare private readonly settle: Settle<HttpOutcome>;
  declare private readonly startedUs: RunTimeUs;
  declare private readonly span: SpanContext;
  declare private readonly parentSpanId: SpanId | null;
  /** Until the process's deadline; null: it has none. */
  declare private readonly remainingMs: number | null;
  declare private readonly limitMs: number | null;
  declare private readonly sent: EventId;
  declare private over: boolean;
  declare private undoSend: Undo | null;
  declare private undoTimer: Undo | null;

  constructor(core: InstanceCore, process: Process, outbound: NetworkRequest, settle: Settle<HttpOutcome>) {
    const { host } = core;
    this.core = core;
    this.process = process;
    this.outbound = outbound;
    this.settle = settle;
    this.startedUs = host.now();
    this.span = { traceId: process.span?.traceId ?? core.newTraceId(), spanId: core.newSpanId() };
    this.parentSpanId = process.span?.spanId ?? null;
    this.remainingMs = process.deadlineUs === null ? null : elapsedMs(this.startedUs, process.deadlineUs);
    this.limitMs = smallest(outbound.timeoutMs, this.remainingMs);
    const { callId, attempt, plane, to, request } = outbound;
    this.sent = this.core.write(
      {
        type: 'request.sent',
        callId,
        attempt,
        to: serviceOf(to),
        toInstance: to,
        plane,
        method: request.method,
        path: request.path,
        timeoutMs: this.limitMs,
        deadlineUs: process.deadlineUs,
      },
      this.place(process.cause),
    );
    process.cause = this.sent;
    this.over = false;
    this.undoSend = null;
    this.undoTimer = null;
  }

  /** Gives the way to cancel it. */
  send(): Undo {
    const { host, identity } = this.core;
    const outbound = this.outbound;
    const headers: Record<string, string> = {
      ...outbound.request.headers,
      traceparent: formatTraceparent(this.span),
      [REQUEST_ID_HEADER]: outbound.callId,
      [ATTEMPT_HEADER]: String(outbound.attempt),
    };
    if (this.remainingMs !== null) {
      headers[DEADLINE_HEADER] = String(Math.max(0, Math.round(this.remainingMs)));
    }
    if (this.limitMs !== null) {
      this.undoTimer = host.schedule(Math.max(0, this.limitMs), () => this.timeOut(this.limitMs ?? 0));
    }
    const { to, request, operation, callId, attempt, plane, timeoutMs } = outbound;
    this.undoSend = host.send(
      {
        to,
        request: { method: request.method, path: request.path, headers, body: request.body },
        operation,
        callId,
        attempt,
        plane,
        timeoutMs,
        from: identity.instance,
        span: this.span,
        cause: this.sent,
      },
      (reply) => this.answered(reply),
    );
    return () => this.cancel();
  }

  private timeOut(limitMs: number): void {
    if (this.over) return;
    this.undoSend?.();
    const kind = limitMs === this.remainingMs ? 'deadline_exceeded' : 'timeout';
    const detail = `no answer within ${Math.round(Math.max(0, limitMs))} ms`;
    this.fail(err({ kind, detail }), kind, detail, this.sent);
  }

  private answered({ outcome, cause }: Reply): void {
    if (this.over) return;
    if (!outcome.ok) {
      const { kind, detail } = outcome.error;
      this.fail(outcome, kind, detail, cause ?? this.sent);
      return;
    }
    this.over = true;
    this.undoTimer?.();
    const { callId, attempt, plane, to } = this.outbound;
    this.process.cause = this.core.write(
      {
        type: 'response.received',
        callId,
        attempt,
        to: serviceOf(to),
        toInstance: to,
        plane,
        status: outcome.value.status,
        durationMs: elapsedMs(this.startedUs, this.core.host.now()),
      },
      this.place(cause ?? this.sent),
    );
    this.settle.resolve(outcome);
  }

  private fail(outcome: HttpOutcome, error: Failure, detail: string, cause: EventId): void {
    this.over = true;
    this.undoTimer?.();
    this.writeFailure(error, detail, cause);
    this.settle.resolve(outcome);
  }

  private cancel(): void {
    if (this.over) return;
    this.over = true;
    this.undoTimer?.();
    this.undoSend?.();
    this.writeFailure('cancelled', this.process.cancelled?.message ?? 'cancelled', this.sent);
  }

  private writeFailure(error: Failure, detail: string, cause: EventId): void {
    const { callId, attempt, plane, to } = this.outbound;
    this.process.cause = this.core.write(
      {
        type: 'request.failed',
        callId,
        attempt,
        to: serviceOf(to),
        toInstance: to,
        plane,
        error,
        detail,
        durationMs: elapsedMs(this.startedUs, this.core.host.now()),
      },
      this.place(cause),
    );
  }

  private place(cause: EventId | null): LogPlace {
    const { traceId, spanId } = this.span;
    return { traceId, spanId, parentSpanId: this.parentSpanId, cause };
  }
}

const smallest = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b);
