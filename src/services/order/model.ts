import type * as z from 'zod/mini';
import type { SpanContext, Transaction } from '../../kernel/index.ts';
import { ModelError, problem, publish, rfc3339 } from '../../patterns/index.ts';
import type { orderEventSchema } from './contract.ts';
import { type Delivery, type OrderLine, type OrderRow, type OrderStatus, ordersTable } from './tables.ts';

// Functions over a transaction that includes ordersTable and the outbox.

const EVENT_OF: Readonly<Partial<Record<OrderStatus, string>>> = {
  APPROVAL_PENDING: 'order.placed',
  CONFIRMED: 'order.confirmed',
  REJECTED: 'order.rejected',
  CANCELLED: 'order.cancelled',
};

async function tell(
  tx: Transaction,
  order: OrderRow,
  reason: string | null,
  span: SpanContext | null,
): Promise<void> {
  const type = EVENT_OF[order.status];
  if (type === undefined) return;
  const { orderId, customerId, status, totalMinor, currency } = order;
  const at = rfc3339(tx.now());
  const data: z.output<typeof orderEventSchema> = {
    orderId,
    customerId,
    status,
    totalMinor,
    currency,
    reason,
    at,
  };
  await publish(tx, {
    source: 'order',
    topic: 'orders',
    type,
    key: orderId,
    data,
    span,
  });
}

/** Stores a new order as `APPROVAL_PENDING` and tells the topic `orders`. */
export async function createOrder(
  tx: Transaction,
  order: Omit<OrderRow, 'status' | 'history' | 'placedUs' | 'customerPlaced' | 'delivery'>,
  span: SpanContext | null,
): Promise<OrderRow> {
  const placedUs = tx.now();
  const history = [{ status: 'APPROVAL_PENDING', atUs: placedUs, reason: null }] as const;
  const customerPlaced = `${order.customerId}/${String(placedUs).padStart(15, '0')}`;
  const row: OrderRow = {
    ...order,
    status: 'APPROVAL_PENDING',
    placedUs,
    customerPlaced,
    history,
    delivery: null,
  };
  await tx.put(ordersTable, row);
  await tell(tx, row, null, span);
  return row;
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

async function become(
  tx: Transaction,
  row: OrderRow,
  status: OrderStatus,
  reason: string | null,
  span: SpanContext | null,
): Promise<OrderRow> {
  const changed: OrderRow = { ...row, status, history: [...row.history, { status, atUs: tx.now(), reason }] };
  await tx.put(ordersTable, changed);
  await tell(tx, changed, reason, span);
  return changed;
}

/** The saga's good end. A second time changes nothing. */
export async function confirmOrder(
  tx: Transaction,
  orderId: string,
  span: SpanContext | null,
): Promise<void> {
  const row = await orderOf(tx, orderId);
  if (row.status === 'APPROVAL_PENDING') await become(tx, row, 'CONFIRMED', null, span);
}

/** The saga's other end: `CANCELLED` when the customer wanted it, else `REJECTED`. A second time changes nothing. */
export async function rejectOrder(
  tx: Transaction,
  orderId: string,
  reason: string,
  span: SpanContext | null,
): Promise<void> {
  const row = await orderOf(tx, orderId);
  if (row.status === 'APPROVAL_PENDING') await become(tx, row, 'REJECTED', reason, span);
  if (row.status === 'CANCEL_PENDING') await become(tx, row, 'CANCELLED', reason, span);
}

/** The semantic lock: until its saga has undone everything, a `CANCEL_PENDING` order takes no other change. */
export async function cancelPending(tx: Transaction, row: OrderRow, reason: string): Promise<OrderRow> {
  return await become(tx, row, 'CANCEL_PENDING', reason, null);
}

/** Copies what Shipping tells; news that is older than what is known changes nothing. */
export async function noteDelivery(
  tx: Transaction,
  orderId: string,
  news: Omit<Delivery, 'history'> & { readonly at: string },
): Promise<void> {
  const row = await orderOf(tx, orderId);
  if (row.delivery !== null && row.delivery.sequence >= news.sequence) return;
  const { at, ...delivery } = news;
  const history = [...(row.delivery?.history ?? []), { status: news.status, at }];
  await tx.put(ordersTable, { ...row, delivery: { ...delivery, history } });
}
