import { defineChecker } from './invariant.ts';
import { OrderPayments } from './order-status.ts';
import { type Commit, numberOf, textOf } from './rows.ts';

/** Over all payments of an order, money is taken at most once, whatever is given back later. */
export const oneCapture = defineChecker('INV-15', 'An order is charged at most once', (run, report) => {
  const payments = new OrderPayments();
  const captures = new Map<string, Commit[]>();
  return {
    rows: {
      orders: (orderId, before, now) => payments.note(orderId, before, now),
      'payment-intents': (orderId, before, now) => payments.note(orderId, before, now),
      authorisations(paymentId, before, now, commit) {
        const taken = numberOf(now, 'capturedMinor') > numberOf(before, 'capturedMinor');
        const became = textOf(now, 'status') === 'captured' && textOf(before, 'status') !== 'captured';
        if (!taken && !became) return;
        run.later(() => {
          const orderId = payments.orderOf(paymentId) ?? paymentId;
          const all = captures.get(orderId) ?? [];
          captures.set(orderId, all);
          all.push(commit);
          if (all.length > 1) report(`order ${orderId} was charged ${all.length} times`, ...all);
        });
      },
    },
  };
});
