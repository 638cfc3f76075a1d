import { assert, type Context } from '../../kernel/index.ts';
import {
  type HandlersOf,
  type HttpAnswer,
  ModelError,
  type Principal,
  problem,
  without,
} from '../../patterns/index.ts';
import { orderContract } from './contract.ts';
import { noSuchOrder } from './model.ts';
import type { OrderBook } from './order-book.ts';
import { placeOrderIn } from './place-order.handler.ts';
import { cartsTable, type OrderRow } from './tables.ts';
import { orderView } from './views.ts';

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

async function cancelOrder(
  book: OrderBook,
  orderId: string,
  principal: Principal | null,
  context: Context,
): Promise<HttpAnswer> {
  const order = await context.store.transact(
    'cancel order',
    [...book.tables, ...book.changes],
    'readwrite',
    async (tx) => {
      const row = await book.find(tx, orderId);
      if (!mayRead(row, principal)) throw new ModelError(noSuchOrder(orderId));
      if (row.status === 'CANCEL_PENDING' || row.status === 'CANCELLED') return row;
      const cancelled = await book.cancel(tx, row, CANCELLED_BY_CUSTOMER);
      if (cancelled === null) {
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
      return cancelled;
    },
  );
  book.changed(context);
  return { status: 202, body: orderView(order), headers: { location: `/orders/${orderId}` } };
}

/** What customers do with carts and orders, however those come to their end. */
export const customersOperations = without(
  orderContract.operations,
  'listSagas',
  'retrySaga',
  'retryParkedSagas',
);

/**
 * Store operations: `read cart`, `write cart`, `place-order`, `list orders`, `get order`, `cancel order`.
 */
export const customersHandlers = (
  book: OrderBook,
): HandlersOf<{ readonly operations: typeof customersOperations }> => ({
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
  placeOrder: placeOrderIn(book),
  listOrders: async ({ principal }, context) => {
    const customerId = owner(principal);
    const orders = await context.store.transact('list orders', book.tables, 'readonly', async (tx) =>
      book.newest(tx, customerId, SHOWN_AT_ONCE),
    );
    return { status: 200, body: { orders: orders.map(orderView) } };
  },
  getOrder: async ({ params: { orderId }, principal }, context) => {
    const order = await context.store.transact('get order', book.tables, 'readonly', async (tx) =>
      book.find(tx, orderId),
    );
    return mayRead(order, principal) ? { status: 200, body: orderView(order) } : noSuchOrder(orderId);
  },
  cancelOrder: async ({ params: { orderId }, principal }, context) =>
    await cancelOrder(book, orderId, principal, context),
});
