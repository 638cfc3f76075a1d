import {
  defineService,
  discoveryTask,
  inboxTable,
  keySetTask,
  leaseTable,
  outboxRelayTask,
  outboxTables,
  registrationTask,
  subscriptionTask,
} from '../../patterns/index.ts';
import { shippingContract } from './contract.ts';
import { customersHandlers } from './handlers.ts';
import { cancelShipment, dispatchShipment, holdShipment } from './model.ts';
import { shipmentTopic } from './news.ts';
import { orderEvents } from './order-events.ts';
import { orderStatusesTable, shipmentsTable } from './tables.ts';
import { trackingTask } from './tracking.ts';

const subscriptions = [orderEvents];
const changed = [shipmentsTable, ...shipmentTopic.tables];

/**
 * Shipping: quotes, parcels and their way. Store operations: `hold shipment`, `cancel shipment`,
 * `dispatch shipment`, `get shipment`, `tracking look`, `tracking advanced`, `consume orders`.
 */
export const shippingService = defineService({
  contract: shippingContract,
  tables: [shipmentsTable, orderStatusesTable, ...outboxTables, inboxTable, leaseTable],
  subscriptions,
  background: [
    registrationTask(),
    discoveryTask(['order', 'broker', 'user']),
    keySetTask,
    subscriptionTask(subscriptions),
    outboxRelayTask(),
    trackingTask(shipmentTopic),
  ],
  handlers: {
    ...customersHandlers,
    createShipment: async ({ params: { orderId }, body }, context) => {
      const { shipment, isNew } = await context.store.transact(
        'hold shipment',
        changed,
        'readwrite',
        async (tx) => holdShipment(tx, { orderId, ...body }, context.span, shipmentTopic),
      );
      shipmentTopic.told(context);
      const { shipmentId, carrier, trackingNumber } = shipment.parcel;
      return { status: isNew ? 201 : 200, body: { shipmentId, carrier, trackingNumber } };
    },
    cancelShipment: async ({ params: { orderId } }, context) => {
      await context.store.transact('cancel shipment', changed, 'readwrite', async (tx) =>
        cancelShipment(tx, orderId, context.span, shipmentTopic),
      );
      shipmentTopic.told(context);
      return { status: 200, body: { orderId, status: 'cancelled' } };
    },
    dispatchShipment: async ({ params: { orderId } }, context) => {
      const { settings } = context;
      const shipment = await context.store.transact('dispatch shipment', changed, 'readwrite', async (tx) =>
        dispatchShipment(tx, orderId, settings, context.span, shipmentTopic),
      );
      shipmentTopic.told(context);
      return { status: 200, body: { shipmentId: shipment.parcel.shipmentId, status: shipment.status } };
    },
  },
});
