import * as z from 'zod/mini';
import { type Subscription, validate } from '../../patterns/index.ts';
import { orderStatusesTable } from './tables.ts';

// Shipping reads of the topic `orders` only what it needs, and lets the rest be (a tolerant reader).
const orderNews = z.object({ orderId: z.string(), status: z.string(), at: z.string() });

/** Keeps the status of each order beside its parcel; news that is older than what is known changes nothing. */
export const orderEvents: Subscription = {
  topic: 'orders',
  group: 'shipping-orders',
  tables: [orderStatusesTable],
  handle: async (tx, event) => {
    const news = validate(orderNews, event.data, 'body');
    if (!news.ok) throw new Error(`the event ${event.id} (${event.type}) cannot be read`);
    const { orderId, status, at } = news.value;
    const known = await tx.get(orderStatusesTable, orderId);
    // RFC 3339 with milliseconds in UTC sorts by time.
    if (known !== undefined && at < known.at) return;
    await tx.put(orderStatusesTable, { orderId, status, at });
  },
};
