import type { RunEvent } from '../kernel/index.ts';
import { defineChecker, type Report } from './invariant.ts';
import { hasEnded, OrderPayments, wasUndone } from './order-status.ts';
import { type Commit, numberOf, type Row, textOf } from './rows.ts';

/**
 * The provider takes the whole amount that it authorised or nothing, never after a void, and never for
 * an order that is being undone. A confirmed order is paid in full by its own payment; once an order is
 * undone no money of it is set aside.
 */
export const moneyConserved = defineChecker('INV-1', 'Money is conserved', (run, report) => {
  const payments = new OrderPayments();
  const captures = new Map<string, Commit>();
  /** By order: what says that it turns back, and how it ended. */
  const turnedBack = new Map<string, RunEvent>();
  const ended = new Map<string, RunEvent>();
  const reported = new Set<string>();

  const mustNotBePaid = (orderId: string, paymentId: string) => {
    const undoing = turnedBack.get(orderId);
    const capture = captures.get(paymentId);
    if (undoing === undefined || capture === undefined || reported.has(orderId)) return;
    reported.add(orderId);
    report(`order ${orderId} is undone, but its payment was taken`, undoing, capture);
  };

  const turnBack = (orderId: string, event: RunEvent) => {
    if (!turnedBack.has(orderId)) turnedBack.set(orderId, event);
    const paymentId = payments.paymentOf(orderId);
    if (paymentId !== undefined) mustNotBePaid(orderId, paymentId);
  };

  const settle = (orderId: string) => {
    const end = ended.get(orderId);
    const order = run.rows.row('orders', orderId);
    if (end === undefined || order === undefined || reported.has(orderId)) return;
    const paymentId = textOf(order, 'paymentId');
    const payment = run.rows.row('authorisations', paymentId);
    if (textOf(order, 'status') === 'CONFIRMED') {
      const paid = numberOf(payment, 'capturedMinor') - numberOf(payment, 'refundedMinor');
      if (paid === order['totalMinor']) return;
      reported.add(orderId);
      report(
        `order ${orderId} is confirmed and costs ${numberOf(order, 'totalMinor')}, but ${paid} was paid`,
        end,
      );
    } else if (textOf(payment, 'status') === 'authorised') {
      reported.add(orderId);
      report(`order ${orderId} was undone, but payment ${paymentId} still sets money aside`, end);
    }
  };

  return {
    rows: {
      authorisations(paymentId, before, now, commit) {
        if (now === undefined) {
          report(`payment ${paymentId} was deleted from the provider's ledger`, commit);
          return;
        }
        checkChange(paymentId, before, now, commit, report);
        if (textOf(now, 'status') === 'captured' && !captures.has(paymentId)) {
          captures.set(paymentId, commit);
          run.later(() => {
            const orderId = payments.orderOf(paymentId);
            if (orderId === undefined) report(`payment ${paymentId} was taken for no order`, commit);
            else mustNotBePaid(orderId, paymentId);
          });
        }
        const orderId = payments.orderOf(paymentId);
        if (orderId !== undefined && ended.has(orderId)) run.later(() => settle(orderId));
      },
      orders(orderId, before, now, commit) {
        payments.note(orderId, before, now);
        const status = textOf(now, 'status');
        if (status === textOf(before, 'status')) return;
        if (status === 'CANCEL_PENDING' || wasUndone(status)) turnBack(orderId, commit);
        if (!hasEnded(status)) return;
        ended.set(orderId, commit);
        run.later(() => settle(orderId));
      },
      'payment-intents'(orderId, before, now, commit) {
        payments.note(orderId, before, now);
        if (textOf(now, 'state') === 'voiding' && textOf(before, 'state') !== 'voiding')
          turnBack(orderId, commit);
      },
    },
    events: {
      'saga.compensating': (event) => turnBack(event.orderId, event),
    },
  };
});

function checkChange(
  paymentId: string,
  before: Row | undefined,
  now: Row,
  commit: Commit,
  report: Report,
): void {
  const amount = numberOf(now, 'amountMinor');
  const captured = numberOf(now, 'capturedMinor');
  const refunded = numberOf(now, 'refundedMinor');
  const was = textOf(before, 'status');
  const is = textOf(now, 'status');
  if (captured !== 0 && captured !== amount)
    report(`payment ${paymentId}: ${captured} taken of ${amount} authorised`, commit);
  if ((captured !== 0) !== (is === 'captured'))
    report(`payment ${paymentId}: ${captured} taken while ${is}`, commit);
  if (refunded > captured)
    report(`payment ${paymentId}: ${refunded} given back of ${captured} taken`, commit);
  if (before === undefined) return;
  if (is === 'captured' && was !== 'captured' && was !== 'authorised')
    report(`payment ${paymentId} was taken after it was ${was}`, commit);
  if (was === 'captured' && (is !== 'captured' || captured !== numberOf(before, 'capturedMinor')))
    report(`payment ${paymentId} was taken, then changed to ${is} with ${captured} taken`, commit);
  if ((was === 'voided' || was === 'declined') && is === 'authorised')
    report(`payment ${paymentId} was ${was}, then authorised`, commit);
  if (was === 'authorised' && amount !== numberOf(before, 'amountMinor')) {
    const first = numberOf(before, 'amountMinor');
    report(`payment ${paymentId}: the amount changed from ${first} to ${amount}`, commit);
  }
}
