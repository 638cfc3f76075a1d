import type { Context, ServiceDefinition } from '../../kernel/index.ts';
import { type AnyContract, defineService, idempotencyTable, leaseTable } from '../../patterns/index.ts';
import { shopDoor } from '../../services/gateway/door.ts';
import * as order from '../../services/order/handlers.ts';
import { cartsTable, ordersTable } from '../../services/order/tables.ts';
import * as product from '../../services/product/handlers.ts';
import { productTables } from '../../services/product/tables.ts';
import * as shipping from '../../services/shipping/handlers.ts';
import { orderStatusesTable, shipmentsTable } from '../../services/shipping/tables.ts';
import { trackingTask } from '../../services/shipping/tracking.ts';
import { userContract } from '../../services/user/contract.ts';
import { authoriseByOwnKeys, seedUser, userHandlers } from '../../services/user/handlers.ts';
import { signingKeysTable, usersTable } from '../../services/user/tables.ts';
import { shipmentNews } from './news.ts';
import { intentsTask, paymentIntentsTable } from './payment-intents.ts';
import { bringOn, transactionOrders } from './place-order.transaction.ts';

/** All that the gateway lets through to the four services. Each operation costs what its service would need for it. */
export const monolithContract = {
  service: 'monolith',
  title: 'Bulkhead shop, in one process',
  version: '1.0.0',
  operations: {
    ...userContract.operations,
    ...product.customersOperations,
    ...order.customersOperations,
    ...shipping.customersOperations,
  },
} as const satisfies AnyContract;

async function seedShop(context: Context): Promise<void> {
  await seedUser(context);
  await seedProduct(context);
}
const { seedProduct, holdExpiryTask } = product;

/** User, Product, Order and Shipping in one process over one database, behind the gateway's door. */
export const monolithService: ServiceDefinition = defineService({
  contract: monolithContract,
  tables: [
    usersTable,
    signingKeysTable,
    ...productTables,
    ordersTable,
    cartsTable,
    idempotencyTable,
    paymentIntentsTable,
    shipmentsTable,
    orderStatusesTable,
    leaseTable,
  ],
  door: shopDoor(authoriseByOwnKeys),
  onStart: seedShop,
  background: [intentsTask(bringOn), trackingTask(shipmentNews), holdExpiryTask],
  handlers: {
    ...userHandlers,
    ...product.customersHandlers,
    ...order.customersHandlers(transactionOrders),
    ...shipping.customersHandlers,
  },
});
