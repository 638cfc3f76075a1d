import type { ServiceName } from '../kernel/index.ts';
import { type Breakers, type BreakerView } from './breakers.ts';
import type { Discovery, StaleCall } from './discovery.ts';
import { type Faults, type FaultView, faultAt } from './faults.ts';
import type { IntentView } from './orders.ts';
import { type Sagas, stepService, stepTitle, undoneWords } from './sagas.ts';
import type { SpanView, Traces } from './traces.ts';
import { childSpans, spansOf } from './traces.ts';
import {
  faultWord,
  formatDuration,
  formatRunTime,
  formatSize,
  possessive,
  serviceTitle,
  targetWord,
} from './words.ts';

export interface WhyLine {
  readonly text: string;
  readonly timeUs: number | null;
  /** What to select to see more. */
  readonly faultId: string | null;
  readonly spanId: string | null;
}

/** A chain of causes, from what the customer felt back to what did it. */
export interface WhyChain {
  readonly headline: string;
  readonly lines: readonly WhyLine[];
  readonly fault: FaultView | null;
}

/** The projections that a chain of causes is read from. */
export interface WhySources {
  readonly traces: Traces;
  readonly breakers: Breakers;
  readonly sagas: Sagas;
  readonly faults: Faults;
  readonly discovery: Discovery;
}

const line = (
  text: string,
  timeUs: number | null = null,
  more: { faultId?: string; spanId?: string } = {},
): WhyLine => ({
  text,
  timeUs,
  faultId: more.faultId ?? null,
  spanId: more.spanId ?? null,
});

/** Answered, but its caller could make nothing of it. */
export const isUnreadable = (span: SpanView): boolean =>
  span.end === 'ok' && span.faults.some(({ kind }) => kind === 'corrupt-body');

const isFailure = (span: SpanView): boolean =>
  isUnreadable(span) ||
  span.end === 'failed' ||
  span.end === 'timeout' ||
  span.end === 'lost' ||
  span.end === 'rejected' ||
  span.end === 'cancelled';

/** The fault that touched a span: named by its own effect, or else at work where it went. */
function faultOf(sources: WhySources, span: SpanView): FaultView | null {
  for (let index = span.faults.length - 1; index >= 0; index -= 1) {
    const effect = span.faults[index];
    const fault = effect === undefined ? undefined : sources.faults.byId.get(effect.faultId);
    if (fault !== undefined) return fault;
  }
  return faultAt(sources.faults, span.to, span.from, span.endedUs ?? span.sentUs);
}

function faultLine(fault: FaultView, consequence: string): WhyLine {
  const where = targetWord(fault.description.target);
  const since = formatRunTime(fault.startedUs);
  return line(
    `Your fault ${faultWord(fault.description)} on ${where} (since ${since}) ${consequence}`,
    fault.startedUs,
    { faultId: fault.faultId },
  );
}

const siblings = (sources: WhySources, span: SpanView): SpanView[] =>
  spansOf(sources.traces, span.traceId).filter(
    (other) => other.callId === span.callId && other.end === span.end,
  );

const times = (count: number): string => (count <= 1 ? '' : count === 2 ? ', twice' : `, ${count} times`);

type Consequences = Readonly<Record<string, (callee: string) => string>>;
const WHY_LOST: Consequences = {
  down: (callee) => `took ${callee} away.`,
  'crash-loop': (callee) => `took ${callee} away.`,
  reset: () => 'broke the connection.',
  'memory-limit': (callee) => `let ${callee} be killed for its memory.`,
  'registry-stale': (callee) => `sent it to an instance of ${callee} that is gone.`,
};
const WHY_FAILED: Consequences = {
  errors: () => 'answered in its place.',
  'store-errors': (callee) => `failed ${possessive(callee)} transaction.`,
  'corrupt-body': (callee) => `made ${possessive(callee)} answer unreadable.`,
  'message-poison': (callee) => `made the message impossible to handle for ${callee}.`,
};
/** A "no" that a fault gave, not the service. */
const WHY_REFUSED: Consequences = {
  errors: () => 'answered in its place.',
  'clock-offset': (callee) => `set ${possessive(callee)} clock wrong: it took the token to be too old.`,
  'corrupt-body': (callee) => `made ${possessive(callee)} answer unreadable.`,
};

function whyLate({ description: { kind, addMs } }: FaultView, span: SpanView, callee: string): string {
  switch (kind) {
    case 'slow': {
      const needed = neededMs(span);
      return needed === null
        ? `made ${callee} need ${formatSize(addMs ?? 0)} more.`
        : `made ${callee} need ${formatDuration(needed)}.`;
    }
    case 'slow-cpu':
      return `made ${callee} work longer.`;
    case 'hang':
      return `let ${callee} stand still.`;
    case 'slow-body':
      return 'let the answer trickle.';
    case 'spike':
    case 'ramp':
      return 'brought more customers than there were slots for.';
    case 'down':
    case 'partition':
    case 'flapping':
      return `let nothing through to ${callee}.`;
    case 'loss':
      return 'lost the request, or its answer.';
    case 'clog':
      return 'held it on the way.';
    default:
      return 'is why.';
  }
}

/** How long the callee needed for this request, when it is known. */
function neededMs(span: SpanView): number | null {
  if (span.receivedUs === null || span.answeredUs === null) return null;
  return (span.answeredUs - span.receivedUs) / 1000;
}

/** The child that made this span late or failed: the last failed one, else the one that took longest. */
function blamedChild(sources: WhySources, span: SpanView): SpanView | null {
  const children = childSpans(sources.traces, span).filter(
    (child) => child.sentUs <= (span.endedUs ?? Number.MAX_SAFE_INTEGER),
  );
  const failing = children.filter(isFailure);
  return (
    failing.at(-1) ??
    (span.end === 'timeout' ? (children.find((child) => child.end === 'pending') ?? null) : null)
  );
}

/** The call that took most of a span's time, if one took a third of it. */
function longestChild(
  sources: WhySources,
  span: SpanView,
): { readonly span: SpanView; readonly ms: number } | null {
  const endUs = span.endedUs ?? span.sentUs;
  let longest: { span: SpanView; ms: number } | null = null;
  for (const child of childSpans(sources.traces, span)) {
    const ms = (Math.min(child.endedUs ?? endUs, endUs) - child.sentUs) / 1000;
    if (ms * 3000 >= endUs - span.sentUs && (longest === null || ms > longest.ms))
      longest = { span: child, ms };
  }
  return longest;
}

function breakerOf(sources: WhySources, span: SpanView): BreakerView | undefined {
  return sources.breakers.byKey.get(`${span.fromInstance}->${span.to}`);
}

/** The last call that failed before the breaker opened, as its trace tells it. */
function countedCall(
  sources: WhySources,
  refused: SpanView,
  breaker: BreakerView | undefined,
  openedUs: number,
): SpanView | null {
  for (const { traceId, timeUs } of [...(breaker?.counted ?? [])].reverse()) {
    if (timeUs > openedUs) continue;
    for (const span of spansOf(sources.traces, traceId)) {
      if (
        span.to !== refused.to ||
        span.fromInstance !== refused.fromInstance ||
        span.end === 'rejected' ||
        !isFailure(span)
      )
        continue;
      if (span.endedUs !== null && span.endedUs <= timeUs) return span;
    }
  }
  return null;
}

function explainInto(sources: WhySources, span: SpanView, lines: WhyLine[], depth: number): FaultView | null {
  const caller = serviceTitle(span.from);
  const callee = serviceTitle(span.to);
  const deeper = (): FaultView | null => {
    const child = depth < 6 ? blamedChild(sources, span) : null;
    return child === null ? null : explainInto(sources, child, lines, depth + 1);
  };

  if (span.end === 'rejected') {
    if (span.rejectedBy !== 'circuit-breaker') {
      lines.push(line(`Not sent. ${refusedBy(span, caller, callee)}`, span.sentUs, { spanId: span.spanId }));
      const fault = faultAt(sources.faults, span.to, span.from, span.sentUs);
      if (fault !== null) lines.push(faultLine(fault, 'is why.'));
      return fault;
    }
    const breaker = breakerOf(sources, span);
    const opened = breaker?.history
      .filter((change) => change.after === 'OPEN' && change.timeUs <= span.sentUs)
      .at(-1);
    const figures = opened?.figures;
    const because =
      figures === undefined || figures.calls === 0
        ? ''
        : `: ${figures.failures} of its last ${figures.calls} calls failed`;
    const until = opened?.untilUs ?? null;
    const probes =
      until !== null && until > span.sentUs
        ? ` ${formatDuration((until - span.sentUs) / 1000)} later, at ${formatRunTime(until)}, it lets probes through.`
        : '';
    lines.push(
      line(`Not sent. ${possessive(caller)} breaker to ${callee} was open${because}.${probes}`, span.sentUs, {
        spanId: span.spanId,
      }),
    );
    const counted = depth < 6 ? countedCall(sources, span, breaker, opened?.timeUs ?? span.sentUs) : null;
    if (counted !== null) {
      lines.push(line('One of the calls that opened it:', null, { spanId: counted.spanId }));
      return explainInto(sources, counted, lines, depth + 1);
    }
    const fault = faultAt(sources.faults, span.to, span.from, span.sentUs);
    if (fault !== null) lines.push(faultLine(fault, 'made them fail.'));
    return fault;
  }

  const fault = faultOf(sources, span);
  if (isUnreadable(span)) {
    const answered = `${callee} answered ${span.status ?? 200}, but ${caller} could not read the answer.`;
    lines.push(line(answered, span.endedUs, { spanId: span.spanId }));
    if (fault !== null) lines.push(faultLine(fault, `made ${possessive(callee)} answer unreadable.`));
    return fault;
  }
  if (span.end === 'timeout') {
    const waited = formatDuration(((span.endedUs ?? span.sentUs) - span.sentUs) / 1000);
    const tries = siblings(sources, span).length;
    lines.push(
      line(`${caller} waited ${waited} for ${callee} and gave up${times(tries)} (timeout).`, span.endedUs, {
        spanId: span.spanId,
      }),
    );
    if (fault !== null) {
      lines.push(faultLine(fault, whyLate(fault, span, callee)));
      if (span.receivedUs !== null) lines.push(line(`${callee} may still have done it: outcome unknown.`));
      return fault;
    }
    const below = deeper();
    if (below !== null) return below;
    const held = longestChild(sources, span);
    if (held !== null)
      lines.push(
        line(
          `${callee} itself waited ${formatDuration(held.ms)} for ${serviceTitle(held.span.to)}.`,
          held.span.sentUs,
          { spanId: held.span.spanId },
        ),
      );
    if (span.slots !== null && span.slotsUsed !== null && span.slotsUsed >= span.slots)
      lines.push(
        line(
          `${callee} was full: all ${span.slots} request slots taken, ${span.queued ?? 0} waiting.`,
          span.receivedUs,
        ),
      );
    else if (span.receivedUs === null)
      lines.push(
        line(`${callee} never took the request: it waited for a free slot, or was lost on the way.`),
      );
    else lines.push(line(`${callee} may still have done it: outcome unknown.`));
    return null;
  }

  if (span.end === 'lost') {
    lines.push(
      line(
        `${caller} could not reach ${callee}: ${span.detail ?? 'the connection was refused'}.`,
        span.endedUs,
        { spanId: span.spanId },
      ),
    );
    const stale = sources.discovery.staleCalls.get(span.spanId);
    if (stale !== undefined) lines.push(line(whyStillCalled(stale, caller, span)));
    if (fault !== null) {
      lines.push(faultLine(fault, WHY_LOST[fault.description.kind]?.(callee) ?? 'is why.'));
    }
    return fault;
  }

  if (span.end === 'cancelled') {
    lines.push(
      line(`${caller} stopped waiting for ${callee}: ${span.detail ?? 'cancelled'}.`, span.endedUs, {
        spanId: span.spanId,
      }),
    );
    return deeper() ?? fault;
  }

  if (span.end === 'failed') {
    lines.push(
      line(
        `${callee} answered ${span.status ?? 500} to ${caller}${span.detail === null ? '' : `: ${span.detail}`}`,
        span.endedUs,
        {
          spanId: span.spanId,
        },
      ),
    );
    if (span.faults.length > 0 && fault !== null) {
      lines.push(faultLine(fault, WHY_FAILED[fault.description.kind]?.(callee) ?? 'is why.'));
      return fault;
    }
    if (span.shed) {
      lines.push(
        line(`It turned the request away: all ${span.slots ?? 0} slots were taken and its queue was full.`),
      );
      const slow = faultAt(sources.faults, span.to, null, span.sentUs);
      if (slow !== null) lines.push(faultLine(slow, `kept ${possessive(callee)} slots taken.`));
      return slow;
    }
    const below = deeper();
    if (below !== null) return below;
    if (fault !== null) lines.push(faultLine(fault, 'is why.'));
    return fault;
  }

  if (span.end === 'refused') {
    const injected = fault === null ? undefined : WHY_REFUSED[fault.description.kind];
    if (span.faults.length > 0 && fault !== null && injected !== undefined) {
      lines.push(
        line(`${callee} said no to ${caller} (${span.status ?? 400}).`, span.endedUs, {
          spanId: span.spanId,
        }),
      );
      lines.push(faultLine(fault, injected(callee)));
      return fault;
    }
    if (span.status === 402) lines.push(line(DECLINED, span.endedUs, { spanId: span.spanId }));
    else
      lines.push(
        line(
          `${callee} said no (${span.status ?? 400})${span.detail === null ? '' : `: ${span.detail}`}. That is an answer, not a fault.`,
          span.endedUs,
          {
            spanId: span.spanId,
          },
        ),
      );
    return null;
  }
  if (span.end === 'pending') {
    lines.push(
      line(`${caller} is still waiting for ${callee}, since ${formatRunTime(span.sentUs)}.`, span.sentUs, {
        spanId: span.spanId,
      }),
    );
    if (fault !== null) lines.push(faultLine(fault, `makes ${callee} slow to answer.`));
    return fault ?? deeper();
  }
  return deeper();
}

/** Why somebody was called who is not there. */
function whyStillCalled(
  { instance, listed, fetchedUs, keeping }: StaleCall,
  caller: string,
  { sentUs }: SpanView,
): string {
  if (listed === null) {
    const age = fetchedUs === null ? '' : `, ${formatDuration((sentUs - fetchedUs) / 1000)} old,`;
    return `${possessive(caller)} copy of the registry${age} still held ${instance}. The registry had dropped it.`;
  }
  if (keeping !== null && listed.leaseUntilUs <= sentUs)
    return `The registry still listed ${instance}, though its lease was over at ${formatRunTime(listed.leaseUntilUs)}: with ${keeping.renewals} of ${keeping.expected} renewals it preserves itself, and evicts nobody.`;
  const lease = listed.leaseUntilUs > sentUs ? 'runs until' : 'was over at';
  return `The registry still listed ${instance}: last heard of at ${formatRunTime(listed.heardUs)}, its lease ${lease} ${formatRunTime(listed.leaseUntilUs)}.`;
}

const DECLINED =
  'The bank refused the card. That is an answer, not a fault: no retry, and the breaker does not count it.';

function refusedBy(span: SpanView, caller: string, callee: string): string {
  switch (span.rejectedBy) {
    case 'bulkhead':
      return `${possessive(caller)} bulkhead for ${callee} was full: no more calls at once.`;
    case 'rate-limiter':
      return `${possessive(caller)} rate limit for ${callee} was used up.`;
    case 'deadline':
      return `No time was left: the request's deadline had passed.`;
    case 'retry-budget':
      return `${possessive(caller)} retry budget was spent: too many of its calls were retries already.`;
    case 'client-throttling':
      return `${caller} sent only some of its requests: ${span.detail ?? `${callee} takes too few of them`}.`;
    case 'no-instance':
      return `The registry knew no instance of ${callee} that was ready.`;
    default:
      return span.detail ?? 'It was refused.';
  }
}

/** Why did this call fail? */
export function whySpan(sources: WhySources, span: SpanView): WhyChain {
  const lines: WhyLine[] = [];
  const fault = explainInto(sources, span, lines, 0);
  return {
    headline: `${serviceTitle(span.from)} → ${serviceTitle(span.to)}: ${spanEndWord(span)}`,
    lines,
    fault,
  };
}

/** "timeout", "answered 503", "not sent (breaker open)". */
export function spanEndWord(span: SpanView): string {
  switch (span.end) {
    case 'ok':
      return `answered ${span.status ?? 200}${isUnreadable(span) ? ', unreadable' : ''}`;
    case 'refused':
    case 'failed':
      return `answered ${span.status ?? '–'}`;
    case 'timeout':
      return 'timeout';
    case 'lost':
      return 'no connection';
    case 'cancelled':
      return 'cancelled';
    case 'rejected':
      return span.rejectedBy === 'circuit-breaker'
        ? 'not sent (breaker open)'
        : `not sent (${(span.rejectedBy ?? 'refused').replaceAll('-', ' ')})`;
    default:
      return 'under way';
  }
}

/** The call of an order that best tells why a step failed: the last failed one to the step's service. */
function failedCallOf(
  sources: WhySources,
  traceIds: readonly string[],
  service: ServiceName | null,
): SpanView | null {
  let found: SpanView | null = null;
  for (const traceId of traceIds) {
    for (const span of spansOf(sources.traces, traceId)) {
      if (!isFailure(span) && span.end !== 'refused') continue;
      if (service !== null && span.to !== service) continue;
      if (service === null && span.end === 'refused' && found !== null) continue;
      // A refused call says less than the failures before it.
      if (found === null || span.sentUs >= found.sentUs) found = span;
    }
  }
  return found;
}

const joinWords = (parts: readonly string[]): string =>
  parts.length <= 1 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', then ')}, then ${parts.at(-1) ?? ''}`;

/** Why did this order (or other action of a customer) end, or not end yet, as it did? */
export function whyIntent(sources: WhySources, intent: IntentView): WhyChain {
  const lines: WhyLine[] = [];
  const saga = intent.orderId === null ? undefined : sources.sagas.byOrder.get(intent.orderId);
  const traceIds =
    saga?.traceId != null && !intent.traceIds.includes(saga.traceId)
      ? [...intent.traceIds, saga.traceId]
      : intent.traceIds;
  const name = intent.orderId === null ? 'This request' : 'This order';

  if (saga === undefined && intent.kind === 'order' && intent.orderId !== null)
    return whyTransactions(sources, intent, traceIds);
  if (saga === undefined) {
    const span = failedCallOf(sources, traceIds, null);
    const first = span === null ? null : outermost(sources, span);
    if (first === null) {
      if (intent.reason !== null) lines.push(line(intent.reason, intent.answeredUs));
      return {
        headline: intent.end === 'good' ? `${name} ended well` : `${name} was not answered well`,
        lines,
        fault: null,
      };
    }
    const fault = explainInto(sources, first, lines, 0);
    return { headline: `${name} failed`, lines, fault };
  }

  const step = saga.steps.find((candidate) => candidate.step === saga.failedStep);
  if (saga.failure === 'business') {
    const declined = saga.failedStep === 'authorisePayment' || saga.failedStep === 'capturePayment';
    lines.push(
      declined
        ? line(DECLINED, saga.compensatingUs)
        : line(
            `${step?.forward.reason ?? saga.reason ?? 'The shop said no'}. That is an answer, not a fault.`,
            saga.compensatingUs,
          ),
    );
    const undone = saga.steps
      .filter((candidate) => candidate.compensation !== null && candidate.step !== 'createOrder')
      .reverse();
    if (undone.length > 0)
      lines.push(
        line(`So ${joinWords(undone.map((candidate) => undoneWords(candidate.step)))}. Nothing was charged.`),
      );
    return {
      headline: declined ? 'The card was declined' : `${stepTitle(saga.failedStep ?? '')}: refused`,
      lines,
      fault: null,
    };
  }

  if (saga.state === 'compensated' || saga.state === 'compensating') {
    const withinMs = (saga.giveUpAtUs - saga.startedUs) / 1000;
    const action =
      saga.failedStep === 'createShipment'
        ? 'ship'
        : `finish “${stepTitle(saga.failedStep ?? '').toLowerCase()}”`;
    const undone = saga.steps
      .filter((candidate) => candidate.compensation !== null && candidate.step !== 'createOrder')
      .reverse()
      .map((candidate) => undoneWords(candidate.step));
    const verb = saga.state === 'compensated' ? `, so ${joinWords(undone)}` : ', so it is being undone';
    lines.push(
      line(
        `We could not ${action} within ${formatSize(withinMs)}${undone.length > 0 || saga.state === 'compensating' ? verb : ''}. Nothing was charged.`,
        saga.compensatingUs,
      ),
    );
    const span = failedCallOf(
      sources,
      traceIds,
      saga.failedStep === null ? null : stepService(saga.failedStep),
    );
    const fault = span === null ? null : explainInto(sources, span, lines, 0);
    const open = saga.steps.filter(
      (candidate) => candidate.compensation !== null && candidate.compensation.status !== 'done',
    );
    for (const waiting of open.filter((candidate) => candidate.compensation?.status === 'waiting')) {
      const service = serviceTitle(stepService(waiting.step));
      lines.push(
        line(
          `${service} has not answered the undoing yet; whatever it holds is released as soon as it answers.`,
        ),
      );
    }
    return {
      headline: saga.state === 'compensated' ? 'This order was undone' : 'This order is being undone',
      lines,
      fault,
    };
  }

  if (saga.state === 'parked') {
    lines.push(
      line(
        `“${stepTitle(saga.failedStep ?? saga.steps.find((s) => s.forward.status === 'stuck')?.step ?? '')}” cannot be finished and cannot be undone (it is past the point of no return). It waits for a person.`,
        saga.endedUs,
      ),
    );
    if (saga.reason !== null) lines.push(line(saga.reason));
    return { headline: 'This order is stuck', lines, fault: null };
  }

  const waiting = saga.steps.find(
    (candidate) => candidate.forward.status === 'waiting' || candidate.forward.status === 'running',
  );
  if (saga.state === 'running' && waiting !== undefined) {
    const service = stepService(waiting.step);
    if (waiting.forward.attempts.length > 1 || waiting.forward.status === 'waiting') {
      lines.push(
        line(
          `“${stepTitle(waiting.step)}” failed ${waiting.forward.attempts.filter((attempt) => attempt.outcome === 'again').length}× and is tried again.`,
          waiting.forward.attempts.at(-1)?.startedUs ?? null,
        ),
      );
      const span = failedCallOf(sources, traceIds, service);
      const fault = span === null ? null : explainInto(sources, span, lines, 0);
      return { headline: `This order waits for ${serviceTitle(service)}`, lines, fault };
    }
    lines.push(line(`It is at “${stepTitle(waiting.step)}”; nothing has failed.`, saga.startedUs));
    return { headline: 'This order is under way', lines, fault: null };
  }
  lines.push(line('Every step was done.', saga.endedUs));
  return { headline: 'This order is confirmed', lines, fault: null };
}

/** An order without a saga: the monolith's, in local transactions around the payment. */
function whyTransactions(sources: WhySources, intent: IntentView, traceIds: readonly string[]): WhyChain {
  const lines: WhyLine[] = [];
  const span = failedCallOf(sources, traceIds, 'payment-provider');
  const reason = intent.reason ?? 'The shop said no';
  switch (intent.end) {
    case 'good':
      lines.push(
        line('Order, stock and shipment were stored together, and the payment was taken.', intent.endedUs),
      );
      return { headline: 'This order is confirmed', lines, fault: null };
    case 'cancelled':
      lines.push(line('Its customer took it back in time. Nothing was charged.', intent.endedUs));
      return { headline: 'This order was cancelled', lines, fault: null };
    case 'declined': {
      const declined = span?.end === 'refused' && span.status === 402;
      lines.push(
        declined
          ? line(DECLINED, intent.endedUs)
          : line(`${reason}. That is an answer, not a fault.`, intent.endedUs),
      );
      lines.push(line('Order, stock and shipment are stored together or not at all. Nothing was charged.'));
      return {
        headline: declined ? 'The card was declined' : 'This order was refused',
        lines,
        fault: null,
      };
    }
    case 'failed': {
      lines.push(
        line(
          'The payment was not authorised in time, so nothing was stored. Nothing was charged.',
          intent.endedUs,
        ),
      );
      const fault = span === null ? null : explainInto(sources, span, lines, 0);
      return { headline: 'This order was undone', lines, fault };
    }
    case null: {
      if (span === null) {
        lines.push(line('Its payment is under way; nothing has failed.', intent.startedUs));
        return { headline: 'This order is under way', lines, fault: null };
      }
      lines.push(line('The payment failed and is tried again.', span.endedUs));
      const fault = explainInto(sources, span, lines, 0);
      return { headline: `This order waits for ${serviceTitle('payment-provider')}`, lines, fault };
    }
  }
}

/** The failed call nearest to the customer, from which the chain is followed inwards. */
function outermost(sources: WhySources, span: SpanView): SpanView {
  let outer = span;
  for (let steps = 0; steps < 10; steps += 1) {
    const parent = outer.parentSpanId === null ? undefined : sources.traces.spanById.get(outer.parentSpanId);
    if (parent === undefined || !isFailure(parent)) return outer;
    outer = parent;
  }
  return outer;
}
