import {
  type Deliver,
  type EventId,
  type OutboundMessage,
  ok,
  type RandomPort,
  type Reply,
  serviceOf,
  type Undo,
} from '../kernel/index.ts';
import type { ActiveFault } from './fault.ts';
import { effectsOn, injected, injectedAnswer, type WriteEvent } from './injection.ts';

export interface FaultyNetworkPorts {
  readonly random: RandomPort;
  schedule(delayMs: number, wake: () => void): Undo;
  /** Faults that are on now. */
  active(): readonly ActiveFault[];
  /** Writes an event of the run itself. */
  readonly write: WriteEvent;
}

/**
 * The network with the faults of its edges. Put the hops' own latency around it, so that an injected
 * answer travels as a real one does.
 * - slow: the message is delivered later, even to a callee whose caller has given up meanwhile, who
 *   hears of that as much later;
 * - errors: answered with a problem, never delivered;
 * - down (cut): the request is lost, or the answer of one that was under way, or the news that the
 *   caller gave up. What is lost stays lost when the cut ends.
 */
export function faultyNetwork(deliver: Deliver, ports: FaultyNetworkPorts): Deliver {
  return (message, reply) => {
    const from = serviceOf(message.from);
    const to = serviceOf(message.to);
    const faults = () =>
      ports.active().filter(({ fault }) => {
        if (fault.kind === 'crash-at' || fault.target.kind !== 'edge') return false;
        return fault.target.from === from && fault.target.to === to;
      });
    const cut = () => faults().find(({ fault }) => fault.kind === 'down');
    const { traceId, spanId } = message.span;
    let cause: EventId = message.cause;
    const note = (by: ActiveFault, effect: string, delayMs: number | null, because: EventId | null) =>
      ports.write(injected(by, effect, delayMs), { traceId, spanId, cause: because });

    const cutNow = cut();
    if (cutNow !== undefined) {
      note(cutNow, 'request lost', null, cause);
      return () => {};
    }

    let over = false;
    let undoDelivery: Undo | null = null;
    const answer = (given: Reply) => {
      if (over) return;
      over = true;
      reply(given);
    };
    const { delays, error } = effectsOn(
      faults(),
      { call: message.callId, attempt: message.attempt },
      ports.random,
    );
    const pass = () => {
      const cutMeanwhile = cut();
      if (cutMeanwhile !== undefined) {
        note(cutMeanwhile, 'request lost', null, cause);
        return;
      }
      if (error !== null) {
        cause = note(error, `answered ${error.fault.status}`, null, cause);
        answer({ outcome: ok(injectedAnswer(error)), cause });
        return;
      }
      undoDelivery = deliver({ ...message, cause }, (given) => {
        if (over) return;
        const cutOnTheWayBack = cut();
        if (cutOnTheWayBack === undefined) answer(given);
        else note(cutOnTheWayBack, 'answer lost', null, given.cause ?? cause);
      });
    };

    let delayMs = 0;
    for (const delay of delays) {
      cause = note(delay.by, 'held on the way', delay.delayMs, cause);
      delayMs += delay.delayMs;
    }
    const late = (what: () => void) => {
      if (delayMs > 0) ports.schedule(delayMs, what);
      else what();
    };
    late(pass);
    return () => {
      if (over) return;
      over = true;
      // The message is on its way and arrives all the same; the news travels as slowly behind it.
      late(() => {
        if (cut() === undefined) undoDelivery?.();
      });
    };
  };
}
