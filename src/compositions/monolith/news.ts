import type { News } from '../../patterns/index.ts';
import { noteDelivery } from '../../services/order/model.ts';
import type { OrderFact } from '../../services/order/news.ts';
import { ordersTable } from '../../services/order/tables.ts';
import type { ShipmentFact } from '../../services/shipping/news.ts';
import { noteOrderStatus } from '../../services/shipping/order-events.ts';
import { orderStatusesTable } from '../../services/shipping/tables.ts';

// In one database the copies change with what they copy: there is nothing to relay, and nobody is behind.

/** Beside the order's parcel. */
export const orderNews: News<OrderFact> = {
  tables: [orderStatusesTable],
  tell: async (tx, { orderId, status, at }) => await noteOrderStatus(tx, { orderId, status, at }),
  told: () => {},
};

/** On the parcel's order. */
export const shipmentNews: News<ShipmentFact> = {
  tables: [ordersTable],
  tell: async (tx, { orderId, status, carrier, trackingNumber, sequence, at }) =>
    await noteDelivery(tx, orderId, { status, carrier, trackingNumber, sequence, at }),
  told: () => {},
};
