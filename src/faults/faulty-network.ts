import {
  type Deliver,
  type EventId,
  err,
  exponential,
  type FaultId,
  type HttpOutcome,
  type HttpRequest,
  type OutboundMessage,
  ok,
  type RandomPort,
  type Reply,
  type RunTimeUs,
  serviceOf,
  type Undo,
} from '../kernel/index.ts';
import { type ActiveFault, hasSides, isOf } from './fault.ts';
import { separates, sitsBetween } from './fault-place.ts';
import {
  hits,
  injected,
  injectedAnswer,
  slowMs,
  spoilt,
  spoiltEffect,
  tricklingMs,
  type WriteEvent,
} from './injection.ts';

export interface FaultyNetworkPorts {
  readonly random: RandomPort;
  now(): RunTimeUs;
  schedule(delayMs: number, wake: () => void): Undo;
  /** Faults that are on now. */
  active(): readonly ActiveFault[];
  /** Calls back when this fault has ended (`FaultSchedule.whenEnded`). */
  whenEnded(faultId: FaultId, wake: () => void): void;
  /** Writes an event of the run itself. */
  readonly write: WriteEvent;
}

/**
 * The network with the faults of its edges. Put the hops' own latency around it, so that an injected
 * answer travels as a real one does. A request, its answer and the news that the caller gave up are
 * one message each:
 * - down (cut), partition, flapping, loss: the message is lost, and stays lost when the fault ends;
 * - clog: it waits for the end of the fault;
 * - slow (requests), latency: it arrives later, even at a callee whose caller has given up meanwhile,
 *   who hears of that as much later;
 * - reset, errors: answered in the callee's place, which has not heard of it, or (reset after) whose
 *   answer is dropped;
 * - slow-body: the answer arrives later, the callee being done with it; corrupt-body: it arrives unreadable;
 * - duplicate, message-duplicate: delivered, and some time later once more. What found nobody listening was not delivered: its
 *   caller knows for certain that nothing has happened, and nothing may happen later.
 */
export function faultyNetwork(deliver: Deliver, ports: FaultyNetworkPorts): Deliver {
  return (message, reply) => {
    const exchange = new Exchange(deliver, ports, message, reply);
    exchange.begin();
    return () => exchange.giveUp();
  };
}

type Leg = 'request' | 'response' | 'cancel';

const WORDS: Readonly<Record<Leg, string>> = {
  request: 'request',
  response: 'answer',
  cancel: 'cancellation',
};

const isCut = isOf('down', 'partition', 'flapping');
const isClog = isOf('clog');
const isLoss = isOf('loss');
const isLatency = isOf('latency');
const isSlow = isOf('slow');
const isReset = isOf('reset');
const isErrors = isOf('errors');
const isDuplicate = isOf('duplicate', 'message-duplicate');
const isSlowBody = isOf('slow-body');
const isCorruptBody = isOf('corrupt-body');
const NONE: readonly ActiveFault[] = [];
/** Where a broker hands a message to its consumer. */
export const DELIVERY = 'POST /events';

/** One request, on its way there and back. */
class Exchange {
  declare private readonly deliver: Deliver;
  declare private readonly ports: FaultyNetworkPorts;
  declare private readonly message: OutboundMessage;
  declare private readonly reply: (reply: Reply) => void;
  /** How long faults held the request. */
  declare private heldMs: number;
  /** Set once the callee has the request. */
  declare private delivery: Undo | null;
  /** The caller has its answer, or waits for none any more. */
  declare private over: boolean;
  /** Nobody is at work on it any more, or ever will be: that the caller gave up is no news to anybody. */
  declare private idle: boolean;
  /** The news that the caller gave up has arrived. */
  declare private cancelled: boolean;
  /** Nobody listened: the request has left no copy anywhere. */
  declare private refused: boolean;
  /** Of the answer. */
  declare private body: string | null;

  constructor(
    deliver: Deliver,
    ports: FaultyNetworkPorts,
    message: OutboundMessage,
    reply: (reply: Reply) => void,
  ) {
    this.deliver = deliver;
    this.ports = ports;
    this.message = message;
    this.reply = reply;
    this.heldMs = 0;
    this.delivery = null;
    this.over = false;
    this.idle = false;
    this.cancelled = false;
    this.refused = false;
    this.body = null;
  }

  begin(): void {
    this.travel('request', this.message.cause, (cause) => this.arrive(cause));
  }

  giveUp(): void {
    if (this.over) return;
    this.over = true;
    if (this.idle) return;
    this.travel('cancel', this.message.cause, () => {
      this.cancelled = true;
      // Else it has overtaken its request, which is cancelled as it arrives.
      this.delivery?.();
    });
  }

  /** Takes one message one way; `arrive` hears of what has happened to it last, unless it is lost. */
  private travel(leg: Leg, sent: EventId, arrive: (cause: EventId) => void): void {
    const faults = this.faultsOn(leg);
    if (faults.length === 0 && (leg !== 'cancel' || this.heldMs === 0)) {
      arrive(sent);
      return;
    }
    const lost = faults.find((active) => this.loses(active, leg));
    if (lost !== undefined) {
      this.lose(leg, lost, sent);
      return;
    }
    const clog = faults.find(isClog);
    if (clog !== undefined) {
      const { faultId, fault } = clog;
      const cause = this.note(clog, `${WORDS[leg]} stuck`, null, sent);
      const extraMs = fault.extraMs * this.ports.random.uniform('fault.clog', faultId, ...this.key, leg);
      // By a timer also when it is due at once: the fault may be cleared while the run is paused.
      this.ports.whenEnded(faultId, () => {
        this.ports.schedule(extraMs, () => this.travel(leg, cause, arrive));
      });
      return;
    }
    let cause = sent;
    let delayMs = 0;
    if (leg === 'cancel') delayMs = this.heldMs;
    else {
      for (const active of faults) {
        const ms = this.delayBy(active, leg);
        if (ms === null) continue;
        const effect = leg === 'request' ? 'held on the way' : heldAnswer(active);
        cause = this.note(active, effect, ms, cause);
        delayMs += ms;
      }
    }
    if (leg === 'request') this.heldMs = delayMs;
    if (delayMs === 0) {
      arrive(cause);
      return;
    }
    this.ports.schedule(delayMs, () => {
      const cut = this.faultsOn(leg).find(isCut);
      if (cut === undefined) arrive(cause);
      else this.lose(leg, cut, cause);
    });
  }

  /** The request is at the callee's door. */
  private arrive(cause: EventId): void {
    const faults = this.faultsOn('request');
    if (faults.length === 0) {
      this.hand(cause);
      return;
    }
    const reset = faults.filter(isReset).find((active) => active.fault.when === 'before' && this.hit(active));
    if (reset !== undefined) {
      this.instead(reset, 'connection reset before it was delivered', connectionReset(reset), cause);
      return;
    }
    const error = faults.filter(isErrors).find((active) => this.hit(active));
    if (error !== undefined) {
      this.instead(error, `answered ${error.fault.status}`, ok(injectedAnswer(error)), cause);
      return;
    }
    this.hand(cause);
    const twice = faults
      .filter(isDuplicate)
      .find(({ fault, ...active }) => mayRepeat(fault.kind, this.message) && this.hit({ ...active, fault }));
    if (twice === undefined) return;
    const { faultId, fault } = twice;
    const delayMs = fault.withinMs * this.ports.random.uniform('fault.delay', faultId, ...this.key);
    this.ports.schedule(delayMs, () => {
      if (this.refused) return;
      const cut = this.faultsOn('request').find(isCut);
      if (cut !== undefined) {
        this.note(cut, 'repeated request lost', null, cause);
        return;
      }
      const again = this.note(twice, 'delivered again', delayMs, cause);
      this.deliver({ ...this.message, cause: again }, () => {});
    });
  }

  private hand(cause: EventId): void {
    const message = cause === this.message.cause ? this.message : { ...this.message, cause };
    this.delivery = this.deliver(message, (given) => this.answered(given));
    if (this.cancelled) this.delivery();
  }

  private answered(given: Reply): void {
    this.idle = true;
    this.refused = !given.outcome.ok && given.outcome.error.kind === 'connection_refused';
    if (this.over) return;
    const reset = given.outcome.ok
      ? this.faultsOn('response')
          .filter(isReset)
          .find((active) => active.fault.when === 'after' && this.hit(active))
      : undefined;
    if (reset === undefined) this.back(given);
    else {
      const cause = given.cause ?? this.message.cause;
      this.instead(reset, 'connection reset after it was answered', connectionReset(reset), cause);
    }
  }

  private instead(by: ActiveFault, effect: string, outcome: HttpOutcome, because: EventId): void {
    this.idle = true;
    this.back({ outcome, cause: this.note(by, effect, null, because) });
  }

  private back(answer: Reply): void {
    const given = this.spoiltBy(answer);
    const sent = given.cause ?? this.message.cause;
    this.body = given.outcome.ok ? given.outcome.value.body : null;
    this.travel('response', sent, (cause) => {
      if (this.over) return;
      this.over = true;
      this.reply(cause === sent ? given : { ...given, cause });
    });
  }

  private spoiltBy(given: Reply): Reply {
    if (!given.outcome.ok) return given;
    for (const corrupt of this.faultsOn('response').filter(isCorruptBody)) {
      const value = spoilt(this.ports.random, corrupt, given.outcome.value, this.key);
      if (value === null) continue;
      const cause = this.note(corrupt, spoiltEffect(corrupt), null, given.cause ?? this.message.cause);
      return { ...given, outcome: ok(value), cause };
    }
    return given;
  }

  private lose(leg: Leg, by: ActiveFault, cause: EventId): void {
    if (leg === 'request') this.idle = true;
    this.note(by, `${WORDS[leg]} lost`, null, cause);
  }

  private loses(active: ActiveFault, leg: Leg): boolean {
    if (isCut(active)) return true;
    if (!isLoss(active)) return false;
    const { way } = active.fault;
    if (way !== 'both' && (way === 'response') !== (leg === 'response')) return false;
    return hits(this.ports.random, active, [...this.key, leg]);
  }

  private delayBy(active: ActiveFault, leg: 'request' | 'response'): number | null {
    const { random } = this.ports;
    if (isLatency(active)) {
      const draw = random.uniform('fault.delay', active.faultId, ...this.key, leg);
      return exponential(active.fault.meanMs, draw);
    }
    if (leg === 'response')
      return isSlowBody(active) ? tricklingMs(random, active, this.body, this.key) : null;
    return isSlow(active) ? slowMs(random, active, this.key, this.ports.now()) : null;
  }

  /** The faults that a message meets on its way. */
  private faultsOn(leg: Leg): readonly ActiveFault[] {
    const active = this.ports.active();
    if (active.length === 0) return NONE;
    const { from, to } = this.message;
    const caller = serviceOf(from);
    const callee = serviceOf(to);
    const sender = leg === 'response' ? to : from;
    const receiver = leg === 'response' ? from : to;
    let met = NONE;
    for (const each of active) {
      const { fault } = each;
      if (fault.kind === 'crash-at') continue;
      const isMet = hasSides(fault)
        ? each.resting !== true && separates(fault, sender, receiver)
        : sitsBetween(fault.target, caller, callee);
      if (isMet) met = [...met, each];
    }
    return met;
  }

  private hit(active: ActiveFault & { readonly fault: { readonly share: number } }): boolean {
    return hits(this.ports.random, active, this.key);
  }

  private get key(): readonly [string, number] {
    return [this.message.callId, this.message.attempt];
  }

  private note(by: ActiveFault, effect: string, delayMs: number | null, cause: EventId): EventId {
    const { traceId, spanId } = this.message.span;
    return this.ports.write(injected(by, effect, delayMs), { traceId, spanId, cause });
  }
}

const IDEMPOTENT_METHODS: readonly HttpRequest['method'][] = ['GET', 'PUT', 'DELETE'];

/** What something between caller and callee may send again unasked. */
const mayBeRepeated = ({ method, headers }: HttpRequest): boolean =>
  IDEMPOTENT_METHODS.includes(method) || headers['idempotency-key'] !== undefined;

/** A broker delivers at least once, and so may deliver again what was a POST to its receiver. */
const mayRepeat = (
  kind: 'duplicate' | 'message-duplicate',
  { request, operation }: OutboundMessage,
): boolean => (kind === 'duplicate' ? mayBeRepeated(request) : operation === DELIVERY);

const heldAnswer = (active: ActiveFault): string =>
  isSlowBody(active) ? 'its body trickled' : 'answer held on the way';

const connectionReset = ({ faultId }: ActiveFault): HttpOutcome =>
  err({ kind: 'connection_reset', detail: `a fault (${faultId}) broke the connection` });
