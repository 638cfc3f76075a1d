import * as z from 'zod/mini';
import { type Subscription, validate } from '../../patterns/index.ts';
import { orderStatusesTable } from './tables.ts';

// Shipping reads of the topic `orders` only what it needs, and lets the rest be (a tolerant reader).
const orderNews = z.object({ orderId: z.string(), status: z.string() });

/** Keeps the status of each order beside its parcel. */
export const orderEvents: Subscription = {
  topic: 'orders',
  group: 'shipping-orders',
  tables: [orderStatusesTable],
  handle: async (tx, event) => {
    const news = validate(orderNews, event.data, 'body');
    if (!news.ok) throw new Error(`the event ${event.id} (${event.type}) cannot be read`);
    const { orderId, status } = news.value;
    await tx.put(orderStatusesTable, { orderId, status, atUs: tx.now() });
  },
};
