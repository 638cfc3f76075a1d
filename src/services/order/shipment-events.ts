import { type Subscription, validate } from '../../patterns/index.ts';
import { shipmentEventSchema } from '../shipping/contract.ts';
import { noteDelivery } from './model.ts';
import { ordersTable } from './tables.ts';

/** Keeps what Shipping tells of an order's parcel on the order. */
export const shipmentEvents: Subscription = {
  topic: 'shipments',
  group: 'order-shipments',
  tables: [ordersTable],
  handle: async (tx, event) => {
    const news = validate(shipmentEventSchema, event.data, 'body');
    if (!news.ok) throw new Error(`the event ${event.id} (${event.type}) cannot be read`);
    const { orderId, status, carrier, trackingNumber, sequence, at } = news.value;
    await noteDelivery(tx, orderId, { status, carrier, trackingNumber, sequence, at });
  },
};
