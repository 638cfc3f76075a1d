import type * as z from 'zod/mini';
import { type News, outboxTables, publish, wakeRelay } from '../../patterns/index.ts';
import type { orderEventSchema } from './contract.ts';
import type { OrderStatus } from './tables.ts';

/** What others may know of an order. */
export type OrderFact = z.output<typeof orderEventSchema>;

const EVENT_OF: Readonly<Record<OrderStatus, string | null>> = {
  APPROVAL_PENDING: 'order.placed',
  CONFIRMED: 'order.confirmed',
  REJECTED: 'order.rejected',
  CANCELLED: 'order.cancelled',
  CANCEL_PENDING: null,
};

/** By the topic `orders`. */
export const orderTopic: News<OrderFact> = {
  tables: outboxTables,
  tell: async (tx, data, span) => {
    const type = EVENT_OF[data.status];
    if (type === null) return;
    await publish(tx, { source: 'order', topic: 'orders', type, key: data.orderId, data, span });
  },
  told: wakeRelay,
};
