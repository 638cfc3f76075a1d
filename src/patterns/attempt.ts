import * as z from 'zod/mini';
import {
  type CallId,
  type Context,
  callId,
  defineLocal,
  type HttpOutcome,
  type HttpResponse,
  type InstanceId,
  type ProblemDetails,
  parseJsonBody,
} from '../kernel/index.ts';
import {
  type CallFailure,
  type CallSuccess,
  type Operation,
  type OperationInput,
  operationName,
} from './contract.ts';
import { requestPath } from './define-contract.ts';
import { retryAfterMs } from './retry/backoff.ts';

const callNumbers = defineLocal('call-numbers', () => ({ last: 0 }));

/** A name for one logical call: its attempts share it, a replay gives it again. */
export function nextCallId(context: Context): CallId {
  const numbers = context.local(callNumbers);
  numbers.last += 1;
  return callId(`${context.instance}.${context.incarnation}.c${numbers.last}`);
}

/** How one attempt ended. `counts`: what a circuit breaker makes of it. */
export type AttemptOutcome<Answer> =
  | { readonly kind: 'answered'; readonly success: CallSuccess<Answer> }
  | { readonly kind: 'refused'; readonly failure: Extract<CallFailure, { kind: 'refused' }> }
  | {
      readonly kind: 'unavailable';
      readonly reason: string;
      readonly mayHaveHappened: boolean;
      readonly status: number | null;
      /** What the callee asks to wait for. */
      readonly retryAfterMs: number | null;
      readonly countsAsFailure: boolean;
      /** Nobody listens there: choose another instance. */
      readonly connectionRefused: boolean;
    };

export interface AttemptOptions {
  readonly instance: InstanceId;
  readonly callId: CallId;
  readonly attempt: number;
  readonly timeoutMs: number | null;
}

/** Sends one request to one instance and makes sense of what comes back. `path`: the input's, where it is known already. */
export async function sendAttempt<Params, Query, Body, Answer>(
  context: Context,
  operation: Operation<Params, Query, Body, Answer>,
  input: OperationInput<Params, Query, Body>,
  options: AttemptOptions,
  path = requestPath(operation, input),
): Promise<AttemptOutcome<Answer>> {
  const headers: Record<string, string> = { accept: 'application/json' };
  let body: string | null = null;
  if (operation.body !== null) {
    body = JSON.stringify(input.body);
    headers['content-type'] = operation.contentType ?? 'application/json';
  }
  if (input.bearer !== undefined) headers['authorization'] = `Bearer ${input.bearer}`;
  if (input.idempotencyKey !== undefined) headers['idempotency-key'] = input.idempotencyKey;
  const outcome = await context.network.send({
    to: options.instance,
    request: { method: operation.method, path, headers, body },
    operation: operationName(operation),
    callId: options.callId,
    attempt: options.attempt,
    plane: operation.plane,
    timeoutMs: options.timeoutMs,
  });
  return understand(operation, outcome, options.instance, (status, detail) =>
    context.log.emit({
      type: 'response.unreadable',
      callId: options.callId,
      attempt: options.attempt,
      to: operation.service,
      toInstance: options.instance,
      status,
      detail,
      plane: operation.plane,
    }),
  );
}

// 4xx that are about the moment or the way there, not about the request: worth another try.
const PASSING = new Set([408, 425, 429]);

function understand<Params, Query, Body, Answer>(
  operation: Operation<Params, Query, Body, Answer>,
  outcome: HttpOutcome,
  instance: InstanceId,
  unreadable: (status: number, detail: string) => void,
): AttemptOutcome<Answer> {
  const unavailable = (
    reason: string,
    more: Partial<Omit<Extract<AttemptOutcome<Answer>, { kind: 'unavailable' }>, 'kind' | 'reason'>>,
  ): AttemptOutcome<Answer> => ({
    kind: 'unavailable',
    reason,
    mayHaveHappened: true,
    status: null,
    retryAfterMs: null,
    countsAsFailure: true,
    connectionRefused: false,
    ...more,
  });

  if (!outcome.ok) {
    const { kind, detail } = outcome.error;
    const refused = kind === 'connection_refused';
    return unavailable(`${kind}: ${detail}`, { mayHaveHappened: !refused, connectionRefused: refused });
  }
  const response = outcome.value;
  const { status } = response;
  const askedToWaitMs = retryAfterMs(response.headers['retry-after']);
  if (status >= 200 && status < 300) {
    const parsed = readAnswer(operation, response);
    if (parsed.success)
      return { kind: 'answered', success: { status, value: parsed.data, headers: response.headers } };
    unreadable(status, parsed.error);
    return unavailable(
      `${instance} answered ${status} with a body that is not what its contract says: ${parsed.error}`,
      { status },
    );
  }
  const problem = problemOf(response);
  if (status >= 400 && status < 500) {
    // A wrong host knows nothing of this path: that is no answer to the question asked.
    const wrongHost = status === 404 && problem.type.endsWith('/no-such-path');
    if (PASSING.has(status) || wrongHost) {
      return unavailable(describe(instance, problem), {
        status,
        retryAfterMs: askedToWaitMs,
        countsAsFailure: false,
      });
    }
    return { kind: 'refused', failure: { kind: 'refused', status, problem, headers: response.headers } };
  }
  return unavailable(describe(instance, problem), { status, retryAfterMs: askedToWaitMs });
}

function readAnswer<Params, Query, Body, Answer>(
  operation: Operation<Params, Query, Body, Answer>,
  response: HttpResponse,
): { success: true; data: Answer } | { success: false; error: string } {
  const definition = operation.answers[response.status];
  const schema = definition === undefined ? operation.answer : definition.body;
  // The type names the lowest status's answer; one without a body gives null.
  if (schema === null) return { success: true, data: null as Answer };
  const body = parseJsonBody(response.body);
  if (!body.ok) return { success: false, error: body.error };
  const parsed = z.safeParse(schema, body.value);
  if (parsed.success) return { success: true, data: parsed.data as Answer };
  const [issue] = parsed.error.issues;
  return { success: false, error: `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'wrong'}` };
}

const problemSchema = z.looseObject({
  type: z.optional(z.string()),
  title: z.optional(z.string()),
  detail: z.optional(z.string()),
});

function problemOf({ status, body }: HttpResponse): ProblemDetails {
  const json = parseJsonBody(body);
  const parsed = json.ok ? z.safeParse(problemSchema, json.value) : null;
  if (parsed?.success !== true) return { type: 'about:blank', title: `HTTP ${status}`, status };
  return {
    ...parsed.data,
    type: parsed.data.type ?? 'about:blank',
    title: parsed.data.title ?? `HTTP ${status}`,
    status,
  } as ProblemDetails;
}

const describe = (instance: InstanceId, problem: ProblemDetails): string =>
  `${instance} answered ${problem.status} ${problem.title}${problem.detail === undefined ? '' : `: ${problem.detail}`}`;
