import {
  type BulkheadSettings,
  type CallId,
  type Context,
  type EdgePolicy,
  edgeKey,
  elapsedMs,
  err,
  type HttpMethod,
  type InstanceId,
  ok,
  type Plane,
  plusMs,
  type RateLimitSettings,
  type RejectedBy,
  type RetrySettings,
  type ServiceName,
  type ThrottleSettings,
} from '../kernel/index.ts';
import { type AttemptOptions, type AttemptOutcome, nextCallId, sendAttempt } from './attempt.ts';
import { inBulkhead } from './bulkhead.ts';
import { askForCall } from './circuit-breaker/breaker-registry.ts';
import { takeClientToken } from './client-rate-limit.ts';
import { askThrottle } from './client-throttling.ts';
import type { CallFailure, CallOutcome, Operation, OperationInput } from './contract.ts';
import { requestPath } from './define-contract.ts';
import { forgetInstance, resolve } from './discovery.ts';
import { counted } from './instance-load.ts';
import { backoffMs } from './retry/backoff.ts';
import { retryAllowed, retryCounts } from './retry/retry-budget.ts';

/**
 * - `edge`: with all that the run's settings put on this edge (default).
 * - `compensation`: past the breaker, in a bulkhead and with a timeout of its own, without retries.
 * - `none`: one bare attempt.
 */
export type CallPolicy = 'edge' | 'compensation' | 'none';

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

interface Nets {
  readonly timeoutMs: number | null;
  readonly retry: RetrySettings | null;
  readonly breaker: boolean;
  readonly bulkhead: { readonly name: string; readonly settings: BulkheadSettings } | null;
  readonly rateLimit: RateLimitSettings | null;
  readonly throttle: ThrottleSettings | null;
}

const NO_LIMITS = { rateLimit: null, throttle: null } as const;

/** What is called, and how one attempt at it is sent: the nets around it are the same for every kind of call. */
export interface Callee<Answer> {
  readonly to: ServiceName;
  readonly method: HttpMethod;
  /** Of this request, for the log. */
  readonly path: string;
  readonly plane: Plane;
  /** May be sent again without a second effect. */
  readonly repeatable: boolean;
  send(options: AttemptOptions): Promise<AttemptOutcome<Answer>>;
}

/** An attempt that did not leave is as unavailable as one without an answer, but its reason decides what follows. */
type Tried<Answer> =
  | AttemptOutcome<Answer>
  | { readonly kind: 'rejected'; readonly by: RejectedBy; readonly detail: string };

/**
 * The resilient client: Fallback(Retry(CircuitBreaker(RateLimiter(Timeout(Bulkhead(call)))))), resilience4j's
 * order, and around each attempt client-side throttling, which resilience4j lacks. Every attempt picks an instance. Never throws for what
 * the other side does; rethrows `Cancelled`.
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
    send: async (attempt) => await sendAttempt(context, operation, input, attempt, path),
  };
  const outcome = await callThrough(context, callee, options, id);
  if (outcome.ok || options.fallback === undefined || outcome.error.kind !== 'unavailable') return outcome;
  const value = options.fallback(outcome.error);
  if (value === null) return outcome;
  const { reason } = outcome.error;
  context.log.emit({ type: 'fallback.used', callId: id, to: operation.service, reason });
  return ok({ status: 200, value, headers: { [FALLBACK_HEADER]: reason } });
}

/** Retry(Throttle(CircuitBreaker(RateLimiter(Timeout(Bulkhead(callee.send)))))). */
export async function callThrough<Answer>(
  context: Context,
  callee: Callee<Answer>,
  options: Omit<CallOptions, 'fallback'>,
  id: CallId,
): Promise<CallOutcome<Answer>> {
  const { to, method, path, plane } = callee;
  const nets = netsOf(context, to, options);
  const { retry } = nets;
  const counts = retryCounts(context, to);
  let retrying = false;
  let mayHaveHappened = false;
  let waitedMs: number | null = null;
  counts.active += 1;
  try {
    for (let attempt = 1; ; attempt += 1) {
      const tried = await oneAttempt(context, callee, options, nets, id, attempt);
      if (tried.kind === 'answered') return ok(tried.success);
      if (tried.kind === 'refused') return err({ ...tried.failure, earlierMayHaveHappened: mayHaveHappened });
      const reject = (by: RejectedBy, detail: string) => {
        context.log.emit({ type: 'call.rejected', callId: id, to, method, path, plane, by, detail });
      };
      if (tried.kind === 'rejected') reject(tried.by, tried.detail);
      else mayHaveHappened ||= tried.mayHaveHappened;

      const failure = (): CallOutcome<Answer> =>
        err({
          kind: 'unavailable',
          reason: tried.kind === 'rejected' ? `not sent (${tried.by}): ${tried.detail}` : tried.reason,
          mayHaveHappened,
          status: tried.kind === 'rejected' ? null : tried.status,
          ...(tried.kind === 'rejected' ? { rejectedBy: tried.by } : {}),
        });
      if (retry === null || attempt >= retry.maxAttempts || !callee.repeatable) return failure();
      // Open means "leave it alone", as throttling does, and a deadline that is over stays over.
      if (tried.kind === 'rejected' && FINAL.has(tried.by)) return failure();

      const uniform = context.random.uniform(
        'retry',
        edgeKey({ from: context.service, to }),
        options.randomKey ?? id,
        attempt,
      );
      waitedMs = backoffMs(retry, attempt, waitedMs, uniform);
      const askedMs = tried.kind === 'unavailable' ? (tried.retryAfterMs ?? 0) : 0;
      const delayMs = Math.max(waitedMs, askedMs);
      const { deadlineUs } = context;
      if (deadlineUs !== null && plusMs(context.clock.now(), delayMs) >= deadlineUs) {
        reject('deadline', `the deadline is over before attempt ${attempt + 1} in ${Math.round(delayMs)} ms`);
        return failure();
      }
      // Each retry is asked for anew: other calls may have ended meanwhile, and their share with them.
      if (retrying) counts.retrying -= 1;
      retrying = false;
      if (!retryAllowed(counts, retry)) {
        reject(
          'retry-budget',
          `${counts.retrying} of ${counts.active} calls to ${to} are being retried already`,
        );
        return failure();
      }
      retrying = true;
      counts.retrying += 1;
      const reason = tried.kind === 'rejected' ? tried.detail : tried.reason;
      context.log.emit({
        type: 'retry.scheduled',
        callId: id,
        to,
        nextAttempt: attempt + 1,
        delayMs,
        reason,
        active: counts.active,
        retrying: counts.retrying,
      });
      await context.clock.sleep(delayMs);
    }
  } finally {
    counts.active -= 1;
    if (retrying) counts.retrying -= 1;
  }
}

function netsOf(context: Context, to: ServiceName, options: Omit<CallOptions, 'fallback'>): Nets {
  const { settings } = context;
  switch (options.policy ?? 'edge') {
    case 'none':
      return {
        timeoutMs: options.timeoutMs ?? null,
        retry: null,
        breaker: false,
        bulkhead: null,
        ...NO_LIMITS,
      };
    case 'compensation': {
      const { maxConcurrent, timeoutMs } = settings.compensation;
      return {
        timeoutMs: options.timeoutMs ?? timeoutMs,
        retry: null,
        breaker: false,
        bulkhead: {
          name: `compensation ${to}`,
          settings: { maxConcurrentCalls: maxConcurrent, maxWaitMs: 0, queueLimit: 0 },
        },
        ...NO_LIMITS,
      };
    }
    case 'edge': {
      const policy: EdgePolicy = settings.edges[edgeKey({ from: context.service, to })] ?? settings.edge;
      return {
        timeoutMs: options.timeoutMs ?? policy.timeoutMs,
        retry: policy.retry,
        breaker: true,
        bulkhead: policy.bulkhead === null ? null : { name: to, settings: policy.bulkhead },
        rateLimit: policy.rateLimit,
        throttle: policy.throttle,
      };
    }
  }
}

const FINAL: ReadonlySet<RejectedBy> = new Set(['circuit-breaker', 'client-throttling', 'deadline']);

const TOO_LATE = { kind: 'rejected', by: 'deadline', detail: 'the deadline is over' } as const;

const isTooLate = ({ clock, deadlineUs }: Context): boolean =>
  deadlineUs !== null && clock.now() >= deadlineUs;

/** Deadline, then Throttle(CircuitBreaker(RateLimiter(Timeout(Bulkhead(choose an instance, send))))). */
async function oneAttempt<Answer>(
  context: Context,
  callee: Callee<Answer>,
  options: Omit<CallOptions, 'fallback'>,
  nets: Nets,
  id: CallId,
  attempt: number,
): Promise<Tried<Answer>> {
  const startedUs = context.clock.now();
  if (isTooLate(context)) return TOO_LATE;
  // By the call and not by `randomKey`: who asks again for the same order must not meet the same fate for ever.
  const draw = [id, attempt] as const;
  const throttle = nets.throttle === null ? null : askThrottle(context, callee.to, nets.throttle, draw);
  if (throttle?.admitted === false)
    return { kind: 'rejected', by: 'client-throttling', detail: throttle.detail };
  const admission = nets.breaker ? askForCall(context, callee.to) : null;
  if (admission?.admitted === false)
    return { kind: 'rejected', by: 'circuit-breaker', detail: admission.detail };
  let result: 'succeeded' | 'failed' | 'ignored' = 'ignored';
  try {
    const { bulkhead, rateLimit } = nets;
    if (rateLimit !== null && !takeClientToken(context, callee.to, rateLimit).allowed) {
      const detail = `more than ${rateLimit.perSecond} requests a second to ${callee.to}`;
      return { kind: 'rejected', by: 'rate-limiter', detail };
    }
    const limited = limitedBy(bulkhead, nets.timeoutMs);
    const send = async (): Promise<Tried<Answer>> => {
      if (isTooLate(context)) return TOO_LATE;
      const leftMs = (): number | null =>
        nets.timeoutMs === null
          ? null
          : Math.max(0, nets.timeoutMs - elapsedMs(startedUs, context.clock.now()));
      const instance = options.instance ?? (await resolve(context, callee.to, { timeoutMs: leftMs(), draw }));
      // The look-up may have taken all that was left: that nobody is known then says nothing (CB-20).
      if (isTooLate(context)) return TOO_LATE;
      if (instance === null) {
        return { kind: 'rejected', by: 'no-instance', detail: `no instance of ${callee.to} is known` };
      }
      const sent = await counted(
        context,
        instance,
        async () => await callee.send({ instance, callId: id, attempt, timeoutMs: leftMs() }),
      );
      if (sent.kind === 'unavailable' && sent.connectionRefused) forgetInstance(context, instance);
      return sent;
    };
    const entered =
      bulkhead === null || limited === null
        ? ({ entered: true, value: await send() } as const)
        : await inBulkhead(context, bulkhead.name, limited, send);
    const tried: Tried<Answer> = entered.entered
      ? entered.value
      : { kind: 'rejected', by: 'bulkhead', detail: entered.detail };
    result = verdictOf(tried);
    const accepted = wasAccepted(tried);
    if (throttle !== null && accepted !== null) throttle.record(accepted);
    return tried;
  } finally {
    if (admission !== null) admission.record(result);
  }
}

/** The timeout stands around the bulkhead: nobody waits for a place longer than for an answer. */
function limitedBy(bulkhead: Nets['bulkhead'], timeoutMs: number | null): BulkheadSettings | null {
  if (bulkhead === null || timeoutMs === null) return bulkhead?.settings ?? null;
  return { ...bulkhead.settings, maxWaitMs: Math.min(bulkhead.settings.maxWaitMs, timeoutMs) };
}

/** Did the callee take the request? Null: it never came so far. What is answered at all is taken, but for 429 and 503. */
function wasAccepted<Answer>(tried: Tried<Answer>): boolean | null {
  switch (tried.kind) {
    case 'answered':
    case 'refused':
      return true;
    case 'unavailable':
      return tried.status !== null && tried.status !== 429 && tried.status !== 503;
    case 'rejected':
      return tried.by === 'no-instance' ? false : null;
  }
}

/** What the breaker counts: 5xx, timeouts and connection errors are failures; a "no" is an answer. */
function verdictOf<Answer>(tried: Tried<Answer>): 'succeeded' | 'failed' | 'ignored' {
  switch (tried.kind) {
    case 'answered':
    case 'refused':
      return 'succeeded';
    case 'unavailable':
      return tried.countsAsFailure ? 'failed' : 'succeeded';
    case 'rejected':
      // Nobody there is a connection that failed; a full bulkhead or our own deadline says nothing of the callee.
      return tried.by === 'no-instance' ? 'failed' : 'ignored';
  }
}
