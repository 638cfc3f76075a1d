import type { EventId, Json, TraceId } from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';
import { type Commit, isRow, linesOf, numberOf, type RowListener, textOf } from './rows.ts';

/** A definite "no" to `POST /orders`. */
const NO = new Set([409, 422]);

/**
 * What a customer wants once is ordered at most once, however often its request was repeated on the way
 * (one trace); who is told "no" has not ordered; and who is told of an order wanted what it holds, also
 * where a key was used before (IDEM-1). What a fault says in the service's place is not the service's word:
 * it answers a repetition without looking whether the order is there.
 */
export const oneOrderPerIntent = defineChecker(
  'INV-17',
  'One intent makes at most one order',
  (run, report) => {
    const wanted = new Map<string, string>();
    const orders = new Map<TraceId, { readonly orderId: string; readonly commit: Commit }>();
    /** Errors that a fault puts in an answer's place; the answer has it as its cause. */
    const injected = new Set<EventId>();
    const taken: RowListener = (orderId, before, _now, commit) => {
      if (before !== undefined || commit.traceId === null) return;
      const first = orders.get(commit.traceId);
      if (first === undefined) orders.set(commit.traceId, { orderId, commit });
      else if (first.orderId !== orderId)
        report(`one intent made the orders ${first.orderId} and ${orderId}`, first.commit, commit);
    };
    return {
      rows: { orders: taken, 'payment-intents': taken },
      events: {
        'intent.started': ({ intentId, lines }) => {
          if (lines !== undefined) wanted.set(intentId, inAll(lines));
        },
        'intent.answered': (event) => {
          const { intentId, orderId } = event;
          const lines = wanted.get(intentId);
          wanted.delete(intentId);
          if (lines === undefined || orderId === null) return;
          run.later(() => {
            // In the monolith an order is in its payment intent at first.
            const row =
              run.rows.row('orders', orderId) ?? run.rows.row('payment-intents', orderId)?.['order'];
            if (isRow(row) && inAll(linesOf(row)) !== lines)
              report(
                `${intentId} wanted ${lines} and was told of order ${orderId} of ${inAll(linesOf(row))}`,
                event,
              );
          });
        },
        'fault.injected': ({ id, kind }) => {
          if (kind === 'errors') injected.add(id);
        },
        'response.sent': (event) => {
          if (event.cause !== null && injected.delete(event.cause)) return;
          if (event.operation !== 'POST /orders' || event.service === 'gateway') return;
          if (!NO.has(event.status) || event.traceId === null) return;
          const order = orders.get(event.traceId);
          if (order === undefined) return;
          report(`order ${order.orderId} was taken, then answered ${event.status}`, order.commit, event);
        },
      },
    };
  },
);

/** `2 TEA, 1 MUG`, by name; two lines of one good are their sum. */
function inAll(lines: readonly Json[]): string {
  const quantities = new Map<string, number>();
  for (const line of lines) {
    if (!isRow(line)) continue;
    const sku = textOf(line, 'sku');
    quantities.set(sku, (quantities.get(sku) ?? 0) + numberOf(line, 'quantity'));
  }
  return [...quantities]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([sku, quantity]) => `${quantity} ${sku}`)
    .join(', ');
}
