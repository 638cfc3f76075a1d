import { assert, type Context } from '../../kernel/index.ts';
import {
  fingerprintOf,
  type HandlerInput,
  type HttpAnswer,
  idempotencyTable,
  idempotently,
  ModelError,
  problem,
} from '../../patterns/index.ts';
import type { OrderBook } from './order-book.ts';
import { type Address, cartsTable } from './tables.ts';
import { orderView } from './views.ts';

interface WantedLine {
  readonly sku: string;
  readonly quantity: number;
}

interface PlaceOrderBody {
  readonly lines?: readonly WantedLine[] | undefined;
  readonly address: Address;
  readonly cardToken: string;
}

/**
 * `POST /orders`: the order, what it needs to go on, and the answer are stored in one transaction, and no
 * other service is asked. Store operation: `place-order`.
 */
export const placeOrderIn =
  (book: OrderBook) =>
  async (input: HandlerInput<unknown, unknown, PlaceOrderBody>, context: Context): Promise<HttpAnswer> => {
    const { body, principal, request } = input;
    const key = input.idempotencyKey ?? '';
    assert(principal !== null, 'the shell lets nobody in without a token');
    const { customerId } = principal;
    const idempotent = {
      scope: `POST /orders ${customerId}`,
      key,
      fingerprint: fingerprintOf(context, request, body),
    };
    const orderId = orderIdFor(context, customerId, key);

    // The order's own span, under this request's: all that is done for it is in that one.
    const answer = await context.scope({ name: 'place-order', span: 'child' }, async (own) =>
      own.store.transact(
        'place-order',
        [...book.tables, ...book.changes, cartsTable, idempotencyTable],
        'readwrite',
        async (tx) =>
          idempotently(tx, idempotent, async () => {
            const { span } = own;
            assert(span !== null, 'the order has a span of its own');
            if ((await book.find(tx, orderId)) !== undefined) throw new ModelError(orderExists(orderId));
            const lines = merged(body.lines ?? (await tx.get(cartsTable, customerId))?.lines ?? []);
            if (lines.length === 0) throw new ModelError(cartEmpty());
            const { address, cardToken } = body;
            const data = { orderId, customerId, paymentId: `pay-${orderId}`, lines, address, cardToken };
            const row = await book.take(tx, own, data, span);
            if (body.lines === undefined) await tx.put(cartsTable, { customerId, lines: [] });
            return { status: 202, body: orderView(row), headers: { location: `/orders/${orderId}` } };
          }),
      ),
    );
    book.changed(context);
    return answer;
  };

const orderExists = (orderId: string) =>
  problem(409, 'order-exists', 'Order exists', `The order ${orderId} exists already.`);

const cartEmpty = () =>
  problem(422, 'cart-empty', 'Cart empty', 'The order has no lines, and the cart is empty.', {
    errors: [{ field: 'lines', message: 'is missing, and the cart is empty' }],
  });

/** The same intent gets the same id, however many others came before it. */
function orderIdFor(context: Context, customerId: string, key: string): string {
  const bytes = context.random.bytes(6, 'order-id', customerId, key);
  return `ord-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** Two lines of one good are one line with their sum. */
function merged(lines: readonly WantedLine[]): WantedLine[] {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return [...quantities].map(([sku, quantity]) => ({ sku, quantity }));
}
