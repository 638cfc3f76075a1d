import * as z from 'zod/mini';
import type { Transaction } from '../../kernel/index.ts';
import { type Subscription, validate } from '../../patterns/index.ts';
import { type OrderStatusRow, orderStatusesTable } from './tables.ts';

// Shipping reads of the topic `orders` only what it needs, and lets the rest be (a tolerant reader).
const orderNews = z.object({ orderId: z.string(), status: z.string(), at: z.string() });

/** Keeps the status of an order beside its parcel; news that is older than what is known changes nothing. */
export async function noteOrderStatus(tx: Transaction, news: OrderStatusRow): Promise<void> {
  const { orderId, status, at } = news;
  const known = await tx.get(orderStatusesTable, orderId);
  // RFC 3339 with milliseconds in UTC sorts by time.
  if (known !== undefined && at < known.at) return;
  await tx.put(orderStatusesTable, { orderId, status, at });
}

export const orderEvents: Subscription = {
  topic: 'orders',
  group: 'shipping-orders',
  tables: [orderStatusesTable],
  handle: async (tx, event) => {
    const news = validate(orderNews, event.data, 'body');
    if (!news.ok) throw new Error(`the event ${event.id} (${event.type}) cannot be read`);
    await noteOrderStatus(tx, news.value);
  },
};
