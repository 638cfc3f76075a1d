import type { Transaction } from '../../kernel/index.ts';
import {
  defineService,
  discoveryTask,
  idempotencyTable,
  inboxTable,
  keySetTask,
  leaseTable,
  ModelError,
  newestSagas,
  outboxRelayTask,
  outboxTables,
  problem,
  registrationTask,
  retryAllParked,
  retryParked,
  sagaHistoryTable,
  sagaTable,
  sagaTables,
  sagaTask,
  subscriptionTask,
  wakeSagas,
} from '../../patterns/index.ts';
import { orderContract } from './contract.ts';
import { customersHandlers } from './handlers.ts';
import { placeOrderSaga } from './place-order.saga.ts';
import { sagaOrders } from './saga-orders.ts';
import { shipmentEvents } from './shipment-events.ts';
import { cartsTable, ordersTable } from './tables.ts';
import { sagaView } from './views.ts';

const subscriptions = [shipmentEvents];
const SHOWN_AT_ONCE = 50;

const historyOf = async (tx: Transaction, sagaId: string) =>
  await tx.list(sagaHistoryTable, { index: 'saga', equals: sagaId });

/**
 * Order: carts, orders and their sagas. Store operations besides the saga's (`place-order`, `saga …`) and
 * the customers' (see handlers.ts): `list sagas`, `retry saga`, `retry sagas`, `consume shipments`.
 */
export const orderService = defineService({
  contract: orderContract,
  tables: [ordersTable, cartsTable, ...sagaTables, idempotencyTable, ...outboxTables, inboxTable, leaseTable],
  subscriptions,
  background: [
    registrationTask(),
    discoveryTask(['product', 'shipping', 'broker', 'user']),
    keySetTask,
    subscriptionTask(subscriptions),
    outboxRelayTask(),
    sagaTask([placeOrderSaga]),
  ],
  handlers: {
    ...customersHandlers(sagaOrders),
    listSagas: async ({ query: { status } }, context) => {
      const sagas = await context.store.transact('list sagas', sagaTables, 'readonly', async (tx) => {
        const views = [];
        for (const row of await newestSagas(tx, status ?? null, SHOWN_AT_ONCE))
          views.push(sagaView(row, await historyOf(tx, row.sagaId)));
        return views;
      });
      return { status: 200, body: { sagas } };
    },
    retrySaga: async ({ params: { sagaId } }, context) => {
      const saga = await context.store.transact('retry saga', sagaTables, 'readwrite', async (tx) => {
        const row = await tx.get(sagaTable, sagaId);
        if (row === undefined) {
          throw new ModelError(problem(404, 'no-such-saga', 'No such saga', `There is no saga ${sagaId}.`));
        }
        if (!(await retryParked(tx, placeOrderSaga, sagaId))) {
          throw new ModelError(
            problem(
              409,
              'saga-not-parked',
              'Saga not parked',
              `The saga ${sagaId} is ${row.status}: there is nothing to retry.`,
            ),
          );
        }
        return sagaView((await tx.get(sagaTable, sagaId)) ?? row, await historyOf(tx, sagaId));
      });
      wakeSagas(context);
      return { status: 202, body: saga };
    },
    retryParkedSagas: async (_, context) => {
      const retried = await context.store.transact('retry sagas', sagaTables, 'readwrite', async (tx) =>
        retryAllParked(tx, placeOrderSaga),
      );
      wakeSagas(context);
      return { status: 202, body: { retried } };
    },
  },
});
