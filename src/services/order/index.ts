import { assert, type Context, type Transaction } from '../../kernel/index.ts';
import {
  defineService,
  discoveryTask,
  type HttpAnswer,
  idempotencyTable,
  inboxTable,
  keySetTask,
  leaseTable,
  ModelError,
  newestSagas,
  outboxRelayTask,
  outboxTables,
  type Principal,
  problem,
  registrationTask,
  requestCancel,
  retryParked,
  sagaHistoryTable,
  sagaTable,
  sagaTables,
  sagaTask,
  subscriptionTask,
  wakeSagas,
} from '../../patterns/index.ts';
import { orderContract } from './contract.ts';
import { cancelPending, newestOrders, noSuchOrder } from './model.ts';
import { placeOrder } from './place-order.handler.ts';
import { placeOrderSaga } from './place-order.saga.ts';
import { shipmentEvents } from './shipment-events.ts';
import { cartsTable, type OrderRow, ordersTable } from './tables.ts';
import { orderView, sagaView } from './views.ts';

const subscriptions = [shipmentEvents];
const SHOWN_AT_ONCE = 50;
const CANCELLED_BY_CUSTOMER = 'cancelled by the customer';

const owner = (principal: Principal | null): string => {
  assert(principal !== null, 'the shell lets nobody in without a token');
  return principal.customerId;
};

/** Another customer's order answers as if it were not there (404, not 403): whether it exists is not their business. */
const mayRead = (order: OrderRow | undefined, principal: Principal | null): order is OrderRow =>
  order !== undefined &&
  principal !== null &&
  (principal.roles.includes('admin') || order.customerId === principal.customerId);

const historyOf = async (tx: Transaction, sagaId: string) =>
  await tx.list(sagaHistoryTable, { index: 'saga', equals: sagaId });

async function cancelOrder(
  orderId: string,
  principal: Principal | null,
  context: Context,
): Promise<HttpAnswer> {
  const order = await context.store.transact(
    'cancel order',
    [ordersTable, sagaTable, ...outboxTables],
    'readwrite',
    async (tx) => {
      const row = await tx.get(ordersTable, orderId);
      if (!mayRead(row, principal)) throw new ModelError(noSuchOrder(orderId));
      if (row.status === 'CANCEL_PENDING' || row.status === 'CANCELLED') return row;
      if (!(await requestCancel(tx, placeOrderSaga, row.sagaId, CANCELLED_BY_CUSTOMER))) {
        throw new ModelError(
          problem(
            409,
            'too-late-to-cancel',
            'Too late to cancel',
            row.status === 'REJECTED'
              ? `The order ${orderId} was rejected already.`
              : `The order ${orderId} is past the point of no return: its payment is being taken, or was, or it is being undone already.`,
          ),
        );
      }
      return await cancelPending(tx, row, CANCELLED_BY_CUSTOMER);
    },
  );
  wakeSagas(context);
  return { status: 202, body: orderView(order), headers: { location: `/orders/${orderId}` } };
}

/**
 * Order: carts, orders and their sagas. Store operations besides the saga's (`place-order`, `saga …`):
 * `read cart`, `write cart`, `list orders`, `get order`, `cancel order`, `list sagas`,
 * `retry saga`, `consume shipments`.
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
    getCart: async ({ principal }, context) => {
      const customerId = owner(principal);
      const cart = await context.store.transact('read cart', [cartsTable], 'readonly', async (tx) =>
        tx.get(cartsTable, customerId),
      );
      return { status: 200, body: { lines: cart?.lines ?? [] } };
    },
    putCart: async ({ principal, body: { lines } }, context) => {
      const customerId = owner(principal);
      await context.store.transact('write cart', [cartsTable], 'readwrite', async (tx) =>
        tx.put(cartsTable, { customerId, lines }),
      );
      return { status: 200, body: { lines } };
    },
    placeOrder,
    listOrders: async ({ principal }, context) => {
      const customerId = owner(principal);
      const orders = await context.store.transact('list orders', [ordersTable], 'readonly', async (tx) =>
        newestOrders(tx, customerId, SHOWN_AT_ONCE),
      );
      return { status: 200, body: { orders: orders.map(orderView) } };
    },
    getOrder: async ({ params: { orderId }, principal }, context) => {
      const order = await context.store.transact('get order', [ordersTable], 'readonly', async (tx) =>
        tx.get(ordersTable, orderId),
      );
      return mayRead(order, principal) ? { status: 200, body: orderView(order) } : noSuchOrder(orderId);
    },
    cancelOrder: async ({ params: { orderId }, principal }, context) =>
      await cancelOrder(orderId, principal, context),
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
  },
});
