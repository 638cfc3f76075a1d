import type { RunEvent } from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';
import { hasEnded, OrderPayments } from './order-status.ts';
import { type Row, textOf } from './rows.ts';

/**
 * The goods of a confirmed order have left the warehouse and its parcel is on its way; of an order that
 * was undone neither is left. Once all is at rest nothing is held for an order that has not ended: no
 * goods, no parcel, no money.
 */
export const allOrNone = defineChecker(
  'INV-16',
  'An ended order has all of its effects or none',
  (run, report) => {
    const ended = new Map<string, RunEvent>();
    const reported = new Set<string>();
    const payments = new OrderPayments();

    const wrongWith = (orderId: string): string | null => {
      const isConfirmed = textOf(run.rows.row('orders', orderId), 'status') === 'CONFIRMED';
      const goods = textOf(run.rows.row('reservations', orderId), 'state');
      const parcel = textOf(run.rows.row('shipments', orderId), 'status');
      if (isConfirmed) {
        if (goods !== 'committed') return `is confirmed, but its goods are ${goods || 'not there'}`;
        const waits = parcel === '' || parcel === 'held' || parcel === 'cancelled';
        return waits ? `is confirmed, but its parcel is ${parcel || 'not there'}` : null;
      }
      if (goods !== '' && goods !== 'released') return `was undone, but its goods are ${goods}`;
      return parcel !== '' && parcel !== 'cancelled' ? `was undone, but its parcel is ${parcel}` : null;
    };

    const settle = (orderId: string) => {
      const end = ended.get(orderId);
      if (end === undefined || reported.has(orderId)) return;
      const problem = wrongWith(orderId);
      if (problem === null) return;
      reported.add(orderId);
      report(`order ${orderId} ${problem}`, end);
    };
    const changed = (orderId: string) => {
      if (ended.has(orderId)) run.later(() => settle(orderId));
    };

    const mustHaveAnEnd = (table: string, what: string, isHeld: (row: Row) => boolean) => {
      for (const { rows } of run.rows.named(table)) {
        for (const [key, row] of rows) {
          const orderId = payments.orderOf(key) ?? key;
          if (isHeld(row) && !ended.has(orderId)) report(`${what} order ${orderId}, which has not ended`);
        }
      }
    };

    return {
      rows: {
        orders(orderId, before, now, commit) {
          payments.note(orderId, before, now);
          const status = textOf(now, 'status');
          if (status === textOf(before, 'status') || !hasEnded(status)) return;
          ended.set(orderId, commit);
          run.later(() => settle(orderId));
        },
        'payment-intents': (orderId, before, now) => payments.note(orderId, before, now),
        reservations: changed,
        shipments: changed,
      },
      end({ healed }) {
        if (!healed) return;
        mustHaveAnEnd('reservations', 'goods are kept for', (row) => textOf(row, 'state') === 'reserved');
        mustHaveAnEnd('shipments', 'a parcel is held for', (row) => textOf(row, 'status') === 'held');
        mustHaveAnEnd(
          'authorisations',
          'money is set aside for',
          (row) => textOf(row, 'status') === 'authorised',
        );
      },
    };
  },
);
