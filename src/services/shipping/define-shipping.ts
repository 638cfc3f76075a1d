import type { BackgroundTask, Implementation, ServiceDefinition } from '../../kernel/index.ts';
import {
  defineService,
  discoveryTask,
  type HandlersOf,
  inboxTable,
  keySetTask,
  leaseTable,
  outboxRelayTask,
  outboxTables,
  registrationTask,
  type Subscription,
  subscriptionTask,
} from '../../patterns/index.ts';
import { shippingContract } from './contract.ts';
import { orderStatusesTable, shipmentsTable } from './tables.ts';

/** What Shipping decides, in whatever language. */
export interface ShippingImplementation {
  readonly implementation?: Implementation;
  readonly handlers: HandlersOf<typeof shippingContract>;
  readonly orderEvents: Subscription;
  readonly tracking: BackgroundTask;
}

/**
 * Shipping: quotes, parcels and their way. Around what an implementation decides stands what is the same for
 * each: its contract and tables, the door (routes, schemas, who may ask), and the client libraries of registry
 * and broker. Store operations: `hold shipment`, `cancel shipment`, `dispatch shipment`, `get shipment`,
 * `tracking look`, `tracking advanced`, `consume orders`.
 */
export function defineShipping({
  implementation,
  handlers,
  orderEvents,
  tracking,
}: ShippingImplementation): ServiceDefinition {
  const subscriptions = [orderEvents];
  const service = defineService({
    contract: shippingContract,
    tables: [shipmentsTable, orderStatusesTable, ...outboxTables, inboxTable, leaseTable],
    subscriptions,
    background: [
      registrationTask(),
      discoveryTask(['order', 'broker', 'user']),
      keySetTask,
      subscriptionTask(subscriptions),
      outboxRelayTask(),
      tracking,
    ],
    handlers,
  });
  return implementation === undefined ? service : { ...service, implementation };
}
