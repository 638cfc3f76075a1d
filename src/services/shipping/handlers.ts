import { type HandlersOf, problem, rfc3339, without } from '../../patterns/index.ts';
import { shippingContract, shippingPriceMinor, TARIFF, zoneOf } from './contract.ts';
import { orderStatusesTable, shipmentsTable } from './tables.ts';

/** What customers may ask; the others are Order's. */
export const customersOperations = without(
  shippingContract.operations,
  'createShipment',
  'cancelShipment',
  'dispatchShipment',
);

/** Store operation: `get shipment`. */
export const customersHandlers: HandlersOf<{ readonly operations: typeof customersOperations }> = {
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
};
