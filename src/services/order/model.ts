import type { SpanContext, Transaction } from '../../kernel/index.ts';
import { ModelError, type News, problem, rfc3339 } from '../../patterns/index.ts';
import type { OrderFact } from './news.ts';
import { type Delivery, type OrderLine, type OrderRow, type OrderStatus, ordersTable } from './tables.ts';

// Functions over a transaction that includes ordersTable and the tables of its news.

export type NewOrder = Omit<OrderRow, 'status' | 'history' | 'placedUs' | 'customerPlaced' | 'delivery'>;

async function tell(
  tx: Transaction,
  order: OrderRow,
  reason: string | null,
  span: SpanContext | null,
  news: News<OrderFact>,
): Promise<void> {
  const { orderId, customerId, status, totalMinor, currency } = order;
  const at = rfc3339(tx.now());
  await news.tell(tx, { orderId, customerId, status, totalMinor, currency, reason, at }, span);
}

/** An order placed at this moment; nothing is stored. */
export function newOrder(tx: Transaction, order: NewOrder): OrderRow {
  const placedUs = tx.now();
  return {
    ...order,
    status: 'APPROVAL_PENDING',
    placedUs,
    customerPlaced: `${order.customerId}/${String(placedUs).padStart(15, '0')}`,
    history: [{ status: 'APPROVAL_PENDING', atUs: placedUs, reason: null }],
    delivery: null,
  };
}

/** Stores an order that is pending, and tells so. */
export async function storeOrder(
  tx: Transaction,
  row: OrderRow,
  span: SpanContext | null,
  news: News<OrderFact>,
): Promise<void> {
  await tx.put(ordersTable, row);
  await tell(tx, row, null, span, news);
}

/** A customer's newest orders, the newest first. */
export async function newestOrders(tx: Transaction, customerId: string, limit: number): Promise<OrderRow[]> {
  const [from, to] = [`${customerId}/`, `${customerId}/~`];
  return await tx.list(ordersTable, { index: 'customer', from, to, reverse: true, limit });
}

/** An order that must be there. */
export async function orderOf(tx: Transaction, orderId: string): Promise<OrderRow> {
  const row = await tx.get(ordersTable, orderId);
  if (row === undefined) throw new ModelError(noSuchOrder(orderId));
  return row;
}

export const noSuchOrder = (orderId: string) =>
  problem(404, 'no-such-order', 'No such order', `There is no order ${orderId}.`);

/** Notes what Product said as it reserved the goods. */
export async function priceOrder(
  tx: Transaction,
  orderId: string,
  reserved: {
    readonly lines: readonly OrderLine[];
    readonly goodsMinor: number;
    readonly shippingMinor: number;
  },
): Promise<void> {
  const row = await orderOf(tx, orderId);
  const { lines, goodsMinor, shippingMinor } = reserved;
  await tx.put(ordersTable, {
    ...row,
    lines,
    goodsMinor,
    shippingMinor,
    totalMinor: goodsMinor + shippingMinor,
  });
}

const become = (tx: Transaction, row: OrderRow, status: OrderStatus, reason: string | null): OrderRow => ({
  ...row,
  status,
  history: [...row.history, { status, atUs: tx.now(), reason }],
});

/** The good end. A second time changes nothing. */
export async function confirmOrder(
  tx: Transaction,
  orderId: string,
  span: SpanContext | null,
  news: News<OrderFact>,
): Promise<void> {
  const row = await orderOf(tx, orderId);
  if (row.status !== 'APPROVAL_PENDING') return;
  const confirmed = become(tx, row, 'CONFIRMED', null);
  await tx.put(ordersTable, confirmed);
  await tell(tx, confirmed, null, span, news);
}

/** The other end: `CANCELLED` when the customer wanted it, else `REJECTED`. A second time changes nothing. */
export async function rejectOrder(
  tx: Transaction,
  row: OrderRow,
  reason: string,
  span: SpanContext | null,
  news: News<OrderFact>,
): Promise<void> {
  if (row.status !== 'APPROVAL_PENDING' && row.status !== 'CANCEL_PENDING') return;
  const ended = become(tx, row, row.status === 'CANCEL_PENDING' ? 'CANCELLED' : 'REJECTED', reason);
  await tx.put(ordersTable, ended);
  await tell(tx, ended, reason, span, news);
}

/** The semantic lock: until all is undone, a `CANCEL_PENDING` order takes no other change. */
export const cancelPending = (tx: Transaction, row: OrderRow, reason: string): OrderRow =>
  become(tx, row, 'CANCEL_PENDING', reason);

/**
 * Copies what Shipping tells, once. News that is older than what is known (a dead letter that was sent again)
 * fills its gap in the history and changes nothing else.
 */
export async function noteDelivery(
  tx: Transaction,
  orderId: string,
  news: Omit<Delivery, 'history'> & { readonly at: string },
): Promise<void> {
  const row = await orderOf(tx, orderId);
  const { at, ...told } = news;
  const { sequence, status } = told;
  const known = row.delivery?.history ?? [];
  if (known.some((entry) => entry.sequence === sequence)) return;
  const history = [...known, { sequence, status, at }].sort((a, b) => a.sequence - b.sequence);
  const delivery = row.delivery !== null && row.delivery.sequence > sequence ? row.delivery : told;
  await tx.put(ordersTable, { ...row, delivery: { ...delivery, history } });
}
