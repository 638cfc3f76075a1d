import type * as z from 'zod/mini';
import { type News, outboxTables, publish, wakeRelay } from '../../patterns/index.ts';
import type { shipmentEventSchema } from './contract.ts';

/** What others may know of a parcel. */
export type ShipmentFact = z.output<typeof shipmentEventSchema>;

/** By the topic `shipments`. */
export const shipmentTopic: News<ShipmentFact> = {
  tables: outboxTables,
  tell: async (tx, data, span) => {
    const type = `shipment.${data.status}`;
    await publish(tx, { source: 'shipping', topic: 'shipments', type, key: data.orderId, data, span });
  },
  told: wakeRelay,
};
