import type { RunEventOf } from '../kernel/index.ts';
import { defineInvariant } from './invariant.ts';
import { LoggedRows, textOf } from './rows.ts';

/**
 * Given a log that goes on long enough after the last fault: every order that was accepted has ended.
 * A parked saga has not: it waits for a person.
 */
export const ordersEnd = defineInvariant('INV-3', 'Every order ends once all is healed', (log, report) => {
  const started = new Map<string, RunEventOf<'saga.started'>>();
  const ended = new Map<string, RunEventOf<'saga.completed'> | RunEventOf<'saga.compensated'>>();
  const parked = new Map<string, RunEventOf<'saga.parked'>>();
  const rows = new LoggedRows();
  for (const event of log) {
    switch (event.type) {
      case 'saga.started':
        started.set(event.sagaId, event);
        break;
      case 'saga.completed':
      case 'saga.compensated': {
        const before = ended.get(event.sagaId);
        if (before !== undefined) report(`the saga of order ${event.orderId} ended twice`, before, event);
        if (!started.has(event.sagaId))
          report(`the saga of order ${event.orderId} ended, but never began`, event);
        ended.set(event.sagaId, event);
        break;
      }
      case 'saga.parked':
        parked.set(event.sagaId, event);
        break;
      case 'store.committed':
        rows.apply(event);
        break;
    }
  }
  for (const [sagaId, event] of started) {
    if (ended.has(sagaId)) continue;
    const waits = parked.get(sagaId);
    if (waits === undefined) report(`order ${event.orderId} has not ended`, event);
    else report(`order ${event.orderId} is parked at ${waits.step}`, event, waits);
  }
  for (const { table, rows: orders } of rows.tables()) {
    if (table !== 'orders') continue;
    for (const [orderId, order] of orders) {
      const status = textOf(order, 'status');
      if (status.endsWith('_PENDING')) report(`order ${orderId} is still ${status}`);
    }
  }
});
