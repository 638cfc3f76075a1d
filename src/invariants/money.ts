import type { RunEvent, RunEventOf } from '../kernel/index.ts';
import { defineInvariant } from './invariant.ts';
import { type Commit, LoggedRows, numberOf, type Row, textOf } from './rows.ts';

type SagaEnd = RunEventOf<'saga.completed'> | RunEventOf<'saga.compensated'>;

/**
 * The provider takes money at most once per order, the whole amount that it authorised, and never
 * after a void. In the end a completed order is paid in full and an undone one costs nothing.
 */
export const moneyConserved = defineInvariant(
  'INV-1',
  'Money is conserved; an order is charged at most once',
  (log, report) => {
    const rows = new LoggedRows();
    const captures = new Map<string, Commit>();
    const ends = new Map<string, SagaEnd>();
    for (const event of log) {
      if (event.type === 'saga.completed' || event.type === 'saga.compensated')
        ends.set(event.orderId, event);
      if (event.type !== 'store.committed') continue;
      const payments = rows.table(event.service, 'authorisations');
      for (const { table, key, after } of event.rows) {
        if (table !== 'authorisations') continue;
        const before = payments.get(key);
        const now = after as Row | null;
        if (now === null) {
          report(`payment ${key} was deleted from the provider's ledger`, event);
          continue;
        }
        checkStep(key, before, now, event, report);
        if (textOf(before, 'status') !== 'captured' && textOf(now, 'status') === 'captured')
          captures.set(key, event);
      }
      rows.apply(event);
    }

    const tables = [...rows.tables()];
    const payments = new Map(
      tables.filter(({ table }) => table === 'authorisations').flatMap((found) => [...found.rows]),
    );
    const orders = new Map(
      tables.filter(({ table }) => table === 'orders').flatMap((found) => [...found.rows]),
    );
    const belonging = new Set<string>();
    for (const orderId of new Set([...orders.keys(), ...ends.keys()])) {
      const order = orders.get(orderId);
      // The order's row names its payment; one under the order's own id would be a second.
      const ids = new Set([textOf(order, 'paymentId'), orderId]);
      const own = [...ids].flatMap((paymentId) => {
        const row = payments.get(paymentId);
        return row === undefined ? [] : [[paymentId, row] as const];
      });
      for (const [paymentId] of own) belonging.add(paymentId);
      const captured = own.filter(([, row]) => textOf(row, 'status') === 'captured');
      const proofs = captured.flatMap(([paymentId]) => captures.get(paymentId) ?? []);
      if (captured.length > 1) report(`order ${orderId} was charged ${captured.length} times`, ...proofs);
      const paid = own.reduce(
        (sum, [, row]) => sum + numberOf(row, 'capturedMinor') - numberOf(row, 'refundedMinor'),
        0,
      );
      const end = ends.get(orderId);
      const total = order?.['totalMinor'];
      if (end?.type === 'saga.completed' && typeof total === 'number' && paid !== total) {
        report(`order ${orderId} is completed and costs ${total}, but ${paid} was paid`, end, ...proofs);
      }
      if (end?.type === 'saga.compensated' && paid !== 0) {
        report(`order ${orderId} was undone, but ${paid} stays paid`, end, ...proofs);
      }
      for (const [paymentId, row] of own) {
        if (end !== undefined && textOf(row, 'status') === 'authorised') {
          report(`order ${orderId} has ended, but payment ${paymentId} still sets money aside`, end);
        }
      }
    }
    for (const [paymentId, event] of captures) {
      if (!belonging.has(paymentId)) report(`payment ${paymentId} was taken for no order`, event);
    }
  },
);

function checkStep(
  paymentId: string,
  before: Row | undefined,
  now: Row,
  event: Commit,
  report: (message: string, ...events: readonly RunEvent[]) => void,
): void {
  const amount = numberOf(now, 'amountMinor');
  const captured = numberOf(now, 'capturedMinor');
  const refunded = numberOf(now, 'refundedMinor');
  const was = textOf(before, 'status');
  const is = textOf(now, 'status');
  if (captured !== 0 && captured !== amount)
    report(`payment ${paymentId}: ${captured} taken of ${amount} authorised`, event);
  if ((captured !== 0) !== (is === 'captured'))
    report(`payment ${paymentId}: ${captured} taken while ${is}`, event);
  if (refunded > captured) report(`payment ${paymentId}: ${refunded} given back of ${captured} taken`, event);
  if (before === undefined) return;
  if (is === 'captured' && was !== 'captured' && was !== 'authorised') {
    report(`payment ${paymentId} was taken after it was ${was}`, event);
  }
  if (was === 'captured' && (is !== 'captured' || captured !== numberOf(before, 'capturedMinor'))) {
    report(`payment ${paymentId} was taken, then changed to ${is} with ${captured} taken`, event);
  }
  if (was === 'authorised' && amount !== numberOf(before, 'amountMinor')) {
    report(
      `payment ${paymentId}: the amount changed from ${numberOf(before, 'amountMinor')} to ${amount}`,
      event,
    );
  }
}
