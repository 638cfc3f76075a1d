import { defineShipping } from './define-shipping.ts';
import { customersHandlers } from './handlers.ts';
import { cancelShipment, dispatchShipment, holdShipment } from './model.ts';
import { shipmentTopic } from './news.ts';
import { orderEvents } from './order-events.ts';
import { shipmentsTable } from './tables.ts';
import { trackingTask } from './tracking.ts';

const changed = [shipmentsTable, ...shipmentTopic.tables];

/** Shipping in TypeScript. The other implementation is in `python/`. */
export const shippingService = defineShipping({
  orderEvents,
  tracking: trackingTask(shipmentTopic),
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
