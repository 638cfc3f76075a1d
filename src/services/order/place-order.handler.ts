import { assert, type Context, type SpanContext, type Transaction } from '../../kernel/index.ts';
import {
  fingerprintOf,
  type HandlerInput,
  type HttpAnswer,
  idempotencyTable,
  idempotently,
  ModelError,
  outboxTables,
  problem,
  sagaTables,
  startSaga,
  wakeRelay,
  wakeSagas,
} from '../../patterns/index.ts';
import { createOrder } from './model.ts';
import { type PlaceOrderData, placeOrderSaga } from './place-order.saga.ts';
import { type Address, cartsTable, ordersTable } from './tables.ts';
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
 * `POST /orders`: stores order, saga, event and answer in one transaction, and asks nobody: whether the
 * goods exist and what they cost is Product's answer, in the saga. Store operation: `place-order`.
 */
export async function placeOrder(
  input: HandlerInput<unknown, unknown, PlaceOrderBody>,
  context: Context,
): Promise<HttpAnswer> {
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

  // The saga's own span, under this request's: `saga.started` and all that follows are in it.
  const answer = await context.scope({ name: 'saga place-order', span: 'child' }, async (own) =>
    own.store.transact(
      'place-order',
      [ordersTable, cartsTable, ...sagaTables, idempotencyTable, ...outboxTables],
      'readwrite',
      async (tx) =>
        idempotently(tx, idempotent, async () => {
          assert(own.span !== null, 'the saga has a span of its own');
          return await store(tx, own, { orderId, customerId, body }, own.span);
        }),
    ),
  );
  wakeSagas(context);
  wakeRelay(context);
  return answer;
}

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

interface NewOrder {
  readonly orderId: string;
  readonly customerId: string;
  readonly body: PlaceOrderBody;
}

async function store(tx: Transaction, context: Context, order: NewOrder, span: SpanContext) {
  const { orderId, customerId, body } = order;
  const { address, cardToken } = body;
  if ((await tx.get(ordersTable, orderId)) !== undefined) {
    throw new ModelError(
      problem(409, 'order-exists', 'Order exists', `The order ${orderId} exists already.`),
    );
  }
  const lines = merged(body.lines ?? (await tx.get(cartsTable, customerId))?.lines ?? []);
  if (lines.length === 0) {
    throw new ModelError(
      problem(422, 'cart-empty', 'Cart empty', 'The order has no lines, and the cart is empty.', {
        errors: [{ field: 'lines', message: 'is missing, and the cart is empty' }],
      }),
    );
  }
  const sagaId = `saga-${orderId}`;
  const paymentId = `pay-${orderId}`;
  const row = await createOrder(
    tx,
    {
      orderId,
      customerId,
      sagaId,
      paymentId,
      lines: lines.map((line) => ({ ...line, name: null, unitPriceMinor: null })),
      goodsMinor: null,
      shippingMinor: null,
      totalMinor: null,
      currency: 'EUR',
      address,
      cardToken,
    },
    span,
  );
  const data: PlaceOrderData = { orderId, customerId, paymentId, lines, address, cardToken };
  const { giveUpMs } = context.settings.saga;
  await startSaga(tx, placeOrderSaga, { sagaId, orderId, data: { ...data }, span, giveUpMs });
  if (body.lines === undefined) await tx.put(cartsTable, { customerId, lines: [] });
  return { status: 202, body: orderView(row), headers: { location: `/orders/${orderId}` } };
}
