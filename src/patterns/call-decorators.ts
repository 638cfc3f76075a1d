import {
  assertNever,
  type CallId,
  type Context,
  edgeKey,
  elapsedMs,
  type HttpMethod,
  type InstanceId,
  type Plane,
  plusMs,
  type RejectedBy,
  type RunTimeUs,
  type ServiceName,
} from '../kernel/index.ts';
import type { AttemptOptions, AttemptOutcome } from './attempt.ts';
import { inBulkhead } from './bulkhead.ts';
import type { CallNets } from './call-nets.ts';
import { askForCall } from './circuit-breaker/breaker-registry.ts';
import { takeClientToken } from './client-rate-limit.ts';
import { askThrottle } from './client-throttling.ts';
import { forgetInstance, resolve } from './discovery.ts';
import { counted } from './instance-load.ts';
import { backoffMs } from './retry/backoff.ts';
import { retryAllowed, retryCounts } from './retry/retry-budget.ts';

/** What is called, and how one attempt at it is sent: what stands around it is the same for every kind of call. */
export interface Callee<Answer> {
  readonly to: ServiceName;
  readonly method: HttpMethod;
  /** Of this request, for the log. */
  readonly path: string;
  readonly plane: Plane;
  /** May be sent again without a second effect. */
  readonly repeatable: boolean;
  send(context: Context, options: AttemptOptions): Promise<AttemptOutcome<Answer>>;
}

interface Rejected {
  readonly kind: 'rejected';
  readonly by: RejectedBy;
  readonly detail: string;
}

/** An attempt that did not leave is as unavailable as one without an answer, but its reason decides what follows. */
export type Tried<Answer> = AttemptOutcome<Answer> | Rejected;

/** One logical call on its way. */
export class Flight<Answer> {
  readonly callee: Callee<Answer>;
  readonly nets: CallNets;
  readonly id: CallId;
  readonly randomKey: string;
  /** This one, not any. */
  readonly instance: InstanceId | null;
  /** How many attempts were begun. */
  attempts = 0;
  /** The last one that an attempt went to. */
  chosen: InstanceId | null = null;
  /** An attempt without an answer may have had its effect. */
  mayHaveHappened = false;
  #told: Rejected | null = null;

  constructor(
    callee: Callee<Answer>,
    nets: CallNets,
    id: CallId,
    randomKey: string,
    instance: InstanceId | null,
  ) {
    this.callee = callee;
    this.nets = nets;
    this.id = id;
    this.randomKey = randomKey;
    this.instance = instance;
  }

  nextAttempt(): number {
    this.attempts += 1;
    return this.attempts;
  }

  /** Writes down that an attempt did not leave; once, however many decorators hear of it. */
  tell(context: Context, rejected: Rejected): void {
    if (this.#told === rejected) return;
    this.#told = rejected;
    const { to, method, path, plane } = this.callee;
    const { by, detail } = rejected;
    context.log.emit({ type: 'call.rejected', callId: this.id, to, method, path, plane, by, detail });
  }
}

/** One way through the decorators. */
interface Turn {
  /** From 1. A decorator's draws depend on it. */
  readonly attempt: number;
  /** When the nearest timeout around it is over. */
  readonly untilUs: RunTimeUs | null;
  /** A hedge goes elsewhere, where there is another one. */
  readonly besides: InstanceId | null;
}

const rejected = (by: RejectedBy, detail: string): Rejected => ({ kind: 'rejected', by, detail });

const isTooLate = ({ clock, deadlineUs }: Context): boolean =>
  deadlineUs !== null && clock.now() >= deadlineUs;

const tooLate = (): Rejected => rejected('deadline', 'the deadline is over');

const leftMs = (context: Context, { untilUs }: Turn): number | null =>
  untilUs === null ? null : Math.max(0, elapsedMs(context.clock.now(), untilUs));

/** Takes a call through all its decorators. */
export async function fly<Answer>(context: Context, flight: Flight<Answer>): Promise<Tried<Answer>> {
  if (isTooLate(context)) return tooLate();
  return await through(context, flight, 0, { attempt: flight.nextAttempt(), untilUs: null, besides: null });
}

function through<Answer>(
  context: Context,
  flight: Flight<Answer>,
  depth: number,
  turn: Turn,
): Promise<Tried<Answer>> {
  const decorator = flight.nets.decorators[depth];
  const inner = depth + 1;
  switch (decorator) {
    case undefined:
      return sendNow(context, flight, turn);
    case 'retry':
      return retried(context, flight, inner, turn);
    case 'hedge':
      return hedged(context, flight, inner, turn);
    case 'throttle':
      return throttled(context, flight, inner, turn);
    case 'breaker':
      return broken(context, flight, inner, turn);
    case 'rate-limiter':
      return limited(context, flight, inner, turn);
    case 'timeout':
      return timed(context, flight, inner, turn);
    case 'bulkhead':
      return partitioned(context, flight, inner, turn);
    default:
      return assertNever(decorator);
  }
}

/** Who refuses an attempt for good: open means "leave it alone", as throttling does, and what is too late stays so. */
const FINAL: ReadonlySet<RejectedBy> = new Set(['circuit-breaker', 'client-throttling', 'deadline']);

async function retried<Answer>(
  context: Context,
  flight: Flight<Answer>,
  inner: number,
  first: Turn,
): Promise<Tried<Answer>> {
  const { callee, nets, randomKey } = flight;
  const { to } = callee;
  const { retry } = nets;
  if (retry === null) return await through(context, flight, inner, first);
  const counts = retryCounts(context, to);
  let turn = first;
  let retrying = false;
  let waitedMs: number | null = null;
  try {
    for (let tries = 1; ; tries += 1) {
      const tried = isTooLate(context) ? tooLate() : await through(context, flight, inner, turn);
      if (tried.kind === 'answered' || tried.kind === 'refused') return tried;
      if (tried.kind === 'rejected') flight.tell(context, tried);
      if (tries >= retry.maxAttempts || !callee.repeatable) return tried;
      if (tried.kind === 'rejected' && FINAL.has(tried.by)) return tried;

      const edge = edgeKey({ from: context.service, to });
      waitedMs = backoffMs(
        retry,
        tries,
        waitedMs,
        context.random.uniform('retry', edge, randomKey, turn.attempt),
      );
      const askedMs = tried.kind === 'unavailable' ? (tried.retryAfterMs ?? 0) : 0;
      const delayMs = Math.max(waitedMs, askedMs);
      const nextAttempt = flight.attempts + 1;
      const over = isOverAt(context, turn, plusMs(context.clock.now(), delayMs));
      if (over !== null) {
        const when = `before attempt ${nextAttempt} in ${Math.round(delayMs)} ms`;
        flight.tell(context, rejected('deadline', `${over} is over ${when}`));
        return tried;
      }
      // Each retry is asked for anew: other calls may have ended meanwhile, and their share with them.
      if (retrying) counts.retrying -= 1;
      retrying = false;
      if (!retryAllowed(counts, retry)) {
        const detail = `${counts.retrying} of ${counts.active} calls to ${to} are being retried already`;
        flight.tell(context, rejected('retry-budget', detail));
        return tried;
      }
      retrying = true;
      counts.retrying += 1;
      const { active } = counts;
      const reason = tried.kind === 'rejected' ? tried.detail : tried.reason;
      context.log.emit({
        type: 'retry.scheduled',
        callId: flight.id,
        to,
        nextAttempt,
        delayMs,
        reason,
        active,
        retrying: counts.retrying,
      });
      await context.clock.sleep(delayMs);
      turn = { ...first, attempt: flight.nextAttempt() };
    }
  } finally {
    if (retrying) counts.retrying -= 1;
  }
}

/** Which limit a moment lies past; null: none. */
function isOverAt({ deadlineUs }: Context, { untilUs }: Turn, atUs: RunTimeUs): string | null {
  if (deadlineUs !== null && atUs >= deadlineUs) return 'the deadline';
  return untilUs !== null && atUs >= untilUs ? 'the time for all attempts' : null;
}

/**
 * A second attempt beside the first when that one takes long; the first answer of the two counts, and the other
 * attempt is cancelled. Dean and Barroso, "The Tail at Scale" (2013).
 */
async function hedged<Answer>(
  context: Context,
  flight: Flight<Answer>,
  inner: number,
  turn: Turn,
): Promise<Tried<Answer>> {
  const { callee, nets, id } = flight;
  const { to } = callee;
  const { hedge, retry } = nets;
  if (hedge === null || !callee.repeatable) return await through(context, flight, inner, turn);
  const { delayMs } = hedge;
  const counts = retryCounts(context, to);
  let underWay = 1;
  const run = async (own: Context, ofIt: Turn): Promise<Tried<Answer>> => {
    const tried = await through(own, flight, inner, ofIt);
    underWay -= 1;
    const isAnswer = tried.kind === 'answered' || tried.kind === 'refused';
    return isAnswer || underWay === 0 ? tried : await forTheOther(own);
  };
  return await context.race<Tried<Answer>>([
    async (own) => await run(own, turn),
    async (own) => {
      await own.clock.sleep(delayMs);
      // A hedge is a retry that did not wait for the failure: it has no budget of its own.
      if (retry !== null && !retryAllowed(counts, retry)) return await forTheOther(own);
      underWay += 1;
      counts.retrying += 1;
      try {
        const attempt = flight.nextAttempt();
        const { active, retrying } = counts;
        own.log.emit({
          type: 'hedge.started',
          callId: id,
          to,
          attempt,
          afterMs: delayMs,
          active,
          retrying,
        });
        return await run(own, { ...turn, attempt, besides: flight.chosen });
      } finally {
        counts.retrying -= 1;
      }
    },
  ]);
}

/** Until this branch is cancelled. */
const forTheOther = (context: Context) => context.portCall<never>('hedge.other', () => undefined);

async function throttled<Answer>(
  context: Context,
  flight: Flight<Answer>,
  inner: number,
  turn: Turn,
): Promise<Tried<Answer>> {
  const { to } = flight.callee;
  const { throttle } = flight.nets;
  if (throttle === null) return await through(context, flight, inner, turn);
  const asked = askThrottle(context, to, throttle, drawOf(flight, turn));
  if (!asked.admitted) return rejected('client-throttling', asked.detail);
  const tried = await through(context, flight, inner, turn);
  const accepted = wasAccepted(tried);
  if (accepted !== null) asked.record(accepted);
  return tried;
}

// By the call and not by `randomKey`: who asks again for the same order must not meet the same fate for ever.
const drawOf = <Answer>({ id }: Flight<Answer>, { attempt }: Turn) => [id, attempt] as const;

async function broken<Answer>(
  context: Context,
  flight: Flight<Answer>,
  inner: number,
  turn: Turn,
): Promise<Tried<Answer>> {
  const admission = askForCall(context, flight.callee.to);
  if (!admission.admitted) return rejected('circuit-breaker', admission.detail);
  let result: 'succeeded' | 'failed' | 'ignored' = 'ignored';
  try {
    const tried = await through(context, flight, inner, turn);
    result = verdictOf(tried);
    return tried;
  } finally {
    admission.record(result);
  }
}

async function limited<Answer>(
  context: Context,
  flight: Flight<Answer>,
  inner: number,
  turn: Turn,
): Promise<Tried<Answer>> {
  const { to } = flight.callee;
  const { rateLimit } = flight.nets;
  if (rateLimit !== null && !takeClientToken(context, to, rateLimit).allowed) {
    return rejected('rate-limiter', `more than ${rateLimit.perSecond} requests a second to ${to}`);
  }
  return await through(context, flight, inner, turn);
}

/** Nothing waits here: whoever waits further in looks at the clock. */
function timed<Answer>(
  context: Context,
  flight: Flight<Answer>,
  inner: number,
  turn: Turn,
): Promise<Tried<Answer>> {
  const { timeoutMs } = flight.nets;
  if (timeoutMs === null) return through(context, flight, inner, turn);
  const untilUs = plusMs(context.clock.now(), timeoutMs);
  return through(context, flight, inner, { ...turn, untilUs });
}

async function partitioned<Answer>(
  context: Context,
  flight: Flight<Answer>,
  inner: number,
  turn: Turn,
): Promise<Tried<Answer>> {
  const { bulkhead } = flight.nets;
  if (bulkhead === null) return await through(context, flight, inner, turn);
  const { name, settings } = bulkhead;
  // Nobody waits for a place longer than for an answer.
  const maxWaitMs = Math.min(settings.maxWaitMs, leftMs(context, turn) ?? Number.POSITIVE_INFINITY);
  const entered = await inBulkhead(context, name, { ...settings, maxWaitMs }, () =>
    through(context, flight, inner, turn),
  );
  return entered.entered ? entered.value : rejected('bulkhead', entered.detail);
}

/** Chooses an instance, and sends. */
async function sendNow<Answer>(context: Context, flight: Flight<Answer>, turn: Turn): Promise<Tried<Answer>> {
  const { callee, id } = flight;
  const { to } = callee;
  const { attempt, besides } = turn;
  if (isTooLate(context)) return tooLate();
  const draw = drawOf(flight, turn);
  const instance =
    flight.instance ?? (await resolve(context, to, { timeoutMs: leftMs(context, turn), draw, besides }));
  // The look-up may have taken all that was left: that nobody is known then says nothing (CB-20).
  if (isTooLate(context)) return tooLate();
  if (instance === null) return rejected('no-instance', `no instance of ${to} is known`);
  flight.chosen = instance;
  let sent: AttemptOutcome<Answer> | null = null;
  try {
    sent = await counted(context, instance, () =>
      callee.send(context, { instance, callId: id, attempt, timeoutMs: leftMs(context, turn) }),
    );
  } finally {
    // Cancelled: nobody knows how far it came.
    flight.mayHaveHappened ||= sent === null || (sent.kind === 'unavailable' && sent.mayHaveHappened);
  }
  if (sent.kind === 'unavailable' && sent.connectionRefused) forgetInstance(context, instance);
  return sent;
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
