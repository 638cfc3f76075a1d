import type {
  Context,
  HttpOutcome,
  HttpRequest,
  HttpResponse,
  NetworkErrorKind,
  Plane,
  RejectedBy,
  ServiceName,
} from '../kernel/index.ts';
import { type AttemptOptions, type AttemptOutcome, nextCallId } from './attempt.ts';
import { type CallOptions, callThrough } from './call.ts';
import { retryAfterMs } from './retry/backoff.ts';

export interface RawCall {
  readonly service: ServiceName;
  /** With parameters as templates: `GET /orders/{orderId}`. */
  readonly operationName: string;
  readonly request: HttpRequest;
  /** May be sent again without a second effect. */
  readonly repeatable: boolean;
  readonly plane: Plane;
}

/** An answer as it came, whatever its status; else why there is none. */
export type RawOutcome =
  | { readonly kind: 'response'; readonly response: HttpResponse }
  | {
      readonly kind: 'rejected';
      readonly by: RejectedBy;
      readonly reason: string;
      /** The last attempt never left, but an earlier one did, and may have had its effect. */
      readonly mayHaveHappened: boolean;
    }
  | { readonly kind: 'failed'; readonly error: NetworkErrorKind; readonly reason: string };

/**
 * As `call`, for who passes an answer on unread (the gateway): status, headers and body are kept.
 * A 5xx is retried like a failure; when no attempt is better, the last one's answer is given.
 */
export async function callRaw(
  context: Context,
  { service, operationName, request, repeatable, plane }: RawCall,
  options: Omit<CallOptions, 'fallback'> = {},
): Promise<RawOutcome> {
  let last: HttpOutcome | null = null;
  const send = async (own: Context, attempt: AttemptOptions): Promise<AttemptOutcome<HttpResponse>> => {
    last = null;
    const outcome = await own.network.send({
      to: attempt.instance,
      request,
      operation: operationName,
      callId: attempt.callId,
      attempt: attempt.attempt,
      plane,
      timeoutMs: attempt.timeoutMs,
    });
    last = outcome;
    return understandRaw(outcome);
  };
  const { method, path } = request;
  const outcome = await callThrough(
    context,
    { to: service, method, path, plane, repeatable, send },
    options,
    nextCallId(context),
  );
  if (outcome.ok) return { kind: 'response', response: outcome.value.value };
  const ended = last as HttpOutcome | null;
  if (outcome.error.kind === 'unavailable' && outcome.error.rejectedBy !== undefined) {
    const { rejectedBy: by, reason, mayHaveHappened } = outcome.error;
    return { kind: 'rejected', by, reason, mayHaveHappened };
  }
  if (ended?.ok === true) return { kind: 'response', response: ended.value };
  const error = ended === null ? 'connection_refused' : ended.error.kind;
  return { kind: 'failed', error, reason: ended === null ? 'no attempt was made' : ended.error.detail };
}

function understandRaw(outcome: HttpOutcome): AttemptOutcome<HttpResponse> {
  if (!outcome.ok) {
    const { kind, detail } = outcome.error;
    const refused = kind === 'connection_refused';
    return {
      kind: 'unavailable',
      reason: `${kind}: ${detail}`,
      mayHaveHappened: !refused,
      status: null,
      retryAfterMs: null,
      countsAsFailure: true,
      connectionRefused: refused,
    };
  }
  const { status, headers } = outcome.value;
  if (status < 500) return { kind: 'answered', success: { status, value: outcome.value, headers } };
  return {
    kind: 'unavailable',
    reason: `HTTP ${status}`,
    mayHaveHappened: true,
    status,
    retryAfterMs: retryAfterMs(headers['retry-after']),
    countsAsFailure: true,
    connectionRefused: false,
  };
}
