import {
  defineService,
  discoveryTask,
  inboxTable,
  keySetTask,
  leaseTable,
  outboxRelayTask,
  outboxTables,
  problem,
  registrationTask,
  rfc3339,
  subscriptionTask,
  wakeRelay,
} from '../../patterns/index.ts';
import { shippingContract, shippingPriceMinor, TARIFF, zoneOf } from './contract.ts';
import { cancelShipment, dispatchShipment, holdShipment } from './model.ts';
import { orderEvents } from './order-events.ts';
import { orderStatusesTable, shipmentsTable } from './tables.ts';
import { trackingTask } from './tracking.ts';

const subscriptions = [orderEvents];
const changed = [shipmentsTable, ...outboxTables];

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
    trackingTask(),
  ],
  handlers: {
    quote: async ({ query: { country, weightG } }) => {
      const zone = zoneOf(country);
      if (zone === null)
        return problem(422, 'undeliverable', 'Undeliverable', `We do not deliver to ${country}.`);
      return {
        status: 200,
        body: {
          country,
          zone,
          weightG,
          priceMinor: shippingPriceMinor(zone, weightG),
          currency: 'EUR',
          days: TARIFF[zone].days,
        },
      };
    },
    createShipment: async ({ params: { orderId }, body }, context) => {
      const { shipment, isNew } = await context.store.transact(
        'hold shipment',
        changed,
        'readwrite',
        async (tx) => holdShipment(tx, { orderId, ...body }, context.span),
      );
      wakeRelay(context);
      const { shipmentId, carrier, trackingNumber } = shipment.parcel;
      return { status: isNew ? 201 : 200, body: { shipmentId, carrier, trackingNumber } };
    },
    cancelShipment: async ({ params: { orderId } }, context) => {
      await context.store.transact('cancel shipment', changed, 'readwrite', async (tx) =>
        cancelShipment(tx, orderId, context.span),
      );
      wakeRelay(context);
      return { status: 200, body: { orderId, status: 'cancelled' } };
    },
    dispatchShipment: async ({ params: { orderId } }, context) => {
      const { settings } = context;
      const shipment = await context.store.transact('dispatch shipment', changed, 'readwrite', async (tx) =>
        dispatchShipment(tx, orderId, settings, context.span),
      );
      wakeRelay(context);
      return { status: 200, body: { shipmentId: shipment.parcel.shipmentId, status: shipment.status } };
    },
    getShipment: async ({ params: { orderId }, principal }, context) => {
      const found = await context.store.transact(
        'get shipment',
        [shipmentsTable, orderStatusesTable],
        'readonly',
        async (tx) => ({
          row: await tx.get(shipmentsTable, orderId),
          order: await tx.get(orderStatusesTable, orderId),
        }),
      );
      const { row, order } = found;
      const mayRead =
        principal !== null &&
        (principal.roles.includes('admin') || row?.parcel?.customerId === principal.customerId);
      // Another customer's parcel answers as if it were not there: whether it exists is not their business.
      if (row === undefined || row.parcel === null || !mayRead) {
        return problem(404, 'no-such-shipment', 'No such shipment', `There is no shipment for ${orderId}.`);
      }
      const { shipmentId, carrier, trackingNumber, zone, weightG, address } = row.parcel;
      return {
        status: 200,
        body: {
          orderId,
          shipmentId,
          status: row.status,
          carrier,
          trackingNumber,
          zone,
          weightG,
          address,
          orderStatus: order?.status ?? null,
          history: row.history.map(({ status, atUs }) => ({ status, at: rfc3339(atUs) })),
        },
      };
    },
  },
});
