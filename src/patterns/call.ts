import { type CallId, type Context, err, type InstanceId, ok, type RejectedBy } from '../kernel/index.ts';
import { type AttemptOutcome, nextCallId, sendAttempt } from './attempt.ts';
import { type Callee, Flight, fly, type Tried } from './call-decorators.ts';
import { type CallPolicy, netsOf } from './call-nets.ts';
import type { CallFailure, CallOutcome, Operation, OperationInput } from './contract.ts';
import { requestPath } from './define-contract.ts';
import { retryCounts } from './retry/retry-budget.ts';

export interface CallOptions<Answer = unknown> {
  readonly policy?: CallPolicy;
  /** Per attempt; instead of the policy's. */
  readonly timeoutMs?: number;
  /** This one, not any. */
  readonly instance?: InstanceId;
  /** What retries draw their jitter by; default the call's own id. Give what both compositions share: the order's id. */
  readonly randomKey?: string;
  /** A stale or default answer for when none comes; null: there is none. The answer's headers then hold `x-fallback`. */
  readonly fallback?: (failure: CallFailure) => Answer | null;
}

/** The name of the header that marks an answer as a fallback's. */
export const FALLBACK_HEADER = 'x-fallback';

/**
 * The resilient client: a fallback around the edge's decorators in their order, around the request. Every attempt
 * picks an instance. Never throws for what the other side does; rethrows `Cancelled`.
 */
export async function call<Params, Query, Body, Answer>(
  context: Context,
  operation: Operation<Params, Query, Body, Answer>,
  input: OperationInput<Params, Query, Body>,
  options: CallOptions<Answer> = {},
): Promise<CallOutcome<Answer>> {
  const id = nextCallId(context);
  const path = requestPath(operation, input);
  const callee: Callee<Answer> = {
    to: operation.service,
    method: operation.method,
    path,
    plane: operation.plane,
    repeatable: operation.repeatable,
    send: (own, attempt): Promise<AttemptOutcome<Answer>> =>
      sendAttempt(own, operation, input, attempt, path),
  };
  const outcome = await callThrough(context, callee, options, id);
  if (outcome.ok || options.fallback === undefined || outcome.error.kind !== 'unavailable') return outcome;
  const value = options.fallback(outcome.error);
  if (value === null) return outcome;
  const { reason } = outcome.error;
  context.log.emit({ type: 'fallback.used', callId: id, to: operation.service, reason });
  return ok({ status: 200, value, headers: { [FALLBACK_HEADER]: reason } });
}

/** All but the fallback. */
export async function callThrough<Answer>(
  context: Context,
  callee: Callee<Answer>,
  options: Omit<CallOptions, 'fallback'>,
  id: CallId,
): Promise<CallOutcome<Answer>> {
  const nets = netsOf(context, callee.to, options.policy ?? 'edge', options.timeoutMs);
  const flight = new Flight(callee, nets, id, options.randomKey ?? id, options.instance ?? null);
  const counts = retryCounts(context, callee.to);
  counts.active += 1;
  try {
    return outcomeOf(context, flight, await fly(context, flight));
  } finally {
    counts.active -= 1;
  }
}

function outcomeOf<Answer>(
  context: Context,
  flight: Flight<Answer>,
  tried: Tried<Answer>,
): CallOutcome<Answer> {
  const { mayHaveHappened } = flight;
  switch (tried.kind) {
    case 'answered':
      return ok(tried.success);
    case 'refused':
      return err({ ...tried.failure, earlierMayHaveHappened: mayHaveHappened });
    case 'unavailable': {
      const { reason, status } = tried;
      return err({ kind: 'unavailable', reason, mayHaveHappened, status });
    }
    case 'rejected': {
      flight.tell(context, tried);
      const { by, detail } = tried;
      const reason = `not sent (${by satisfies RejectedBy}): ${detail}`;
      return err({ kind: 'unavailable', reason, mayHaveHappened, status: null, rejectedBy: by });
    }
  }
}
