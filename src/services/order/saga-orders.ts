import { assert } from '../../kernel/index.ts';
import {
  outboxTables,
  requestCancel,
  sagaTables,
  startSaga,
  wakeRelay,
  wakeSagas,
} from '../../patterns/index.ts';
import { cancelPending, newestOrders, newOrder, storeOrder } from './model.ts';
import { orderTopic } from './news.ts';
import type { OrderBook } from './order-book.ts';
import { placeOrderSaga } from './place-order.saga.ts';
import { ordersTable } from './tables.ts';

/** Orders that a saga brings to their end. */
export const sagaOrders: OrderBook = {
  tables: [ordersTable],
  changes: [...sagaTables, ...outboxTables],
  find: async (tx, orderId) => await tx.get(ordersTable, orderId),
  newest: newestOrders,
  take: async (tx, context, data, span) => {
    const { orderId, customerId, paymentId, lines, address, cardToken } = data;
    const sagaId = `saga-${orderId}`;
    const row = newOrder(tx, {
      orderId,
      customerId,
      sagaId,
      paymentId,
      // Name and price are Product's to say, when the stock is reserved.
      lines: lines.map((line) => ({ ...line, name: null, unitPriceMinor: null })),
      goodsMinor: null,
      shippingMinor: null,
      totalMinor: null,
      currency: 'EUR',
      address,
      cardToken,
    });
    await storeOrder(tx, row, span, orderTopic);
    const { giveUpMs } = context.settings.saga;
    await startSaga(tx, placeOrderSaga, { sagaId, orderId, data: { ...data }, span, giveUpMs });
    return row;
  },
  cancel: async (tx, order, reason) => {
    assert(order.sagaId !== null, 'each order of this book has a saga');
    if (!(await requestCancel(tx, placeOrderSaga, order.sagaId, reason))) return null;
    const cancelled = cancelPending(tx, order, reason);
    await tx.put(ordersTable, cancelled);
    return cancelled;
  },
  changed: (context) => {
    wakeSagas(context);
    wakeRelay(context);
  },
};
