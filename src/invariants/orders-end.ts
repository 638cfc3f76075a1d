import type { RunEvent, RunEventOf } from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';
import { hasEnded, wasUndone } from './order-status.ts';
import { textOf } from './rows.ts';

type SagaEnd = RunEventOf<'saga.completed'> | RunEventOf<'saga.compensated'>;

/**
 * An order ends once and stays as it ended; what waits to be cancelled ends cancelled; its saga (or its
 * payment intent) and its row end alike. Once all is healed and at rest every order that was accepted has ended. A parked
 * saga has not: it waits for a person.
 */
export const ordersEnd = defineChecker('INV-3', 'Every order ends, once', (run, report) => {
  const started = new Map<string, RunEventOf<'saga.started'>>();
  const ended = new Map<string, SagaEnd>();
  const parked = new Map<string, RunEventOf<'saga.parked'>>();

  const end = (event: SagaEnd) => {
    const { sagaId, orderId } = event;
    const before = ended.get(sagaId);
    if (before !== undefined) report(`the saga of order ${orderId} ended twice`, before, event);
    if (!started.has(sagaId)) report(`the saga of order ${orderId} ended, but never began`, event);
    ended.set(sagaId, event);
    mustFit(orderId, event.type === 'saga.completed', event);
  };
  const mustFit = (orderId: string, isCompleted: boolean, event: RunEvent) => {
    run.later(() => {
      const status = textOf(run.rows.row('orders', orderId), 'status');
      if (isCompleted ? status === 'CONFIRMED' : wasUndone(status)) return;
      report(
        `order ${orderId} is ${status || 'not there'}, but was ${isCompleted ? 'completed' : 'undone'}`,
        event,
      );
    });
  };

  return {
    rows: {
      orders(orderId, before, now, commit) {
        if (before === undefined) return;
        const was = textOf(before, 'status');
        const is = now === undefined ? 'deleted' : textOf(now, 'status');
        if (is === was) return;
        if (hasEnded(was) || is === 'deleted' || (was === 'CANCEL_PENDING' && is !== 'CANCELLED'))
          report(`order ${orderId} was ${was}, then ${is}`, commit);
      },
      'payment-intents'(orderId, before, now, commit) {
        const state = textOf(now, 'state');
        if (state === textOf(before, 'state') || (state !== 'completed' && state !== 'undone')) return;
        mustFit(orderId, state === 'completed', commit);
      },
    },
    events: {
      'saga.started': (event) => {
        started.set(event.sagaId, event);
      },
      'saga.parked': (event) => {
        parked.set(event.sagaId, event);
      },
      'saga.completed': end,
      'saga.compensated': end,
    },
    end({ healed }) {
      if (!healed) return;
      for (const [sagaId, event] of started) {
        if (ended.has(sagaId)) continue;
        const waits = parked.get(sagaId);
        if (waits === undefined) report(`order ${event.orderId} has not ended`, event);
        else report(`order ${event.orderId} is parked at ${waits.step}`, event, waits);
      }
      for (const { rows } of run.rows.named('orders')) {
        for (const [orderId, order] of rows) {
          const status = textOf(order, 'status');
          if (!hasEnded(status)) report(`order ${orderId} is still ${status}`);
        }
      }
      for (const { rows } of run.rows.named('payment-intents')) {
        for (const [orderId, intent] of rows)
          if (intent['endedUs'] === null) report(`order ${orderId} is still ${textOf(intent, 'state')}`);
      }
    },
  };
});
