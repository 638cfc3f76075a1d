import {
  assert,
  type Context,
  elapsedMs,
  plusMs,
  type RunTimeUs,
  type SpanContext,
  spreadAround,
  type Transaction,
} from '../../kernel/index.ts';
import {
  type AnyOperation,
  ModelError,
  requestPath,
  type StepOutcome,
  serviceTimeMs,
} from '../../patterns/index.ts';
import {
  cancelPending,
  confirmOrder,
  newestOrders,
  newOrder,
  rejectOrder,
  storeOrder,
} from '../../services/order/model.ts';
import type { OrderBook } from '../../services/order/order-book.ts';
import { authorisePayment, capturePayment, voidAuthorisation } from '../../services/order/payment-steps.ts';
import type { PlaceOrderData } from '../../services/order/place-order.data.ts';
import { type OrderRow, ordersTable } from '../../services/order/tables.ts';
import { productContract } from '../../services/product/contract.ts';
import { commit, pricedLines, release, reserve } from '../../services/product/stock-model.ts';
import { productsTable, stockTables } from '../../services/product/tables.ts';
import { shippingContract, shippingPriceMinor, zoneOf } from '../../services/shipping/contract.ts';
import { cancelShipment, dispatchShipment, holdShipment } from '../../services/shipping/model.ts';
import { shipmentsTable } from '../../services/shipping/tables.ts';
import { orderNews, shipmentNews } from './news.ts';
import {
  type IntentChange,
  type IntentFailure,
  type PaymentIntentRow,
  paymentIntentsTable,
  recordIntent,
  releaseIntent,
  wakeIntents,
  writeIntent,
} from './payment-intents.ts';

// The order as local transactions around the payment; services/order/place-order.saga.ts is the same order
// between services. Only the provider is asked over the network, and only between the transactions:
//
//   tx₁ place-order    the payment intent, with the prices of this moment
//       authorise
//   tx₂ store order    order, stock and shipment together
//       capture        the point of no return
//   tx₃ confirm order  order, stock and shipment together
//
// One that is turned back before the capture gives back what was set aside, then undoes what tx₂ stored
// (order undone), again all of it together. Between them the intent says how far it is, so that a crash at
// any point resumes from there. Its limits are the saga's: settings.saga and settings.compensation.

/** All that belongs to an order, and those who keep a copy of it. */
const orderTables = [
  ordersTable,
  ...stockTables,
  shipmentsTable,
  ...orderNews.tables,
  ...shipmentNews.tables,
];

/** tx₁. What the shop does not have cannot be priced: that order is rejected at once, and no money is asked for. */
async function takeOrder(
  tx: Transaction,
  context: Context,
  data: PlaceOrderData,
  span: SpanContext,
): Promise<OrderRow> {
  const { orderId, customerId, paymentId, address, cardToken } = data;
  const { order, weightG, refusal } = await priced(tx, data);
  if (refusal !== null) await rejectOrder(tx, order, refusal, span, orderNews);
  const startedUs = tx.now();
  await recordIntent(
    tx,
    {
      orderId,
      paymentId,
      customerId,
      cardToken,
      amountMinor: order.totalMinor ?? 0,
      weightG,
      state: refusal === null ? 'authorising' : 'undone',
      ...(refusal === null ? { order, customerPlaced: order.customerPlaced } : { order: null }),
      cancelRequested: null,
      failures: 0,
      mayBeSetAside: false,
      failure: refusal === null ? null : 'business',
      reason: refusal,
      span,
      startedUs,
      giveUpAtUs: plusMs(startedUs, context.settings.saga.giveUpMs),
      endedUs: refusal === null ? null : startedUs,
    },
    refusal === null ? `tx₁, ${order.totalMinor} to be paid for goods to ${address.country}` : refusal,
  );
  return (await tx.get(ordersTable, orderId)) ?? order;
}

async function priced(
  tx: Transaction,
  { orderId, customerId, paymentId, lines, address, cardToken }: PlaceOrderData,
): Promise<{ readonly order: OrderRow; readonly weightG: number; readonly refusal: string | null }> {
  const about = {
    orderId,
    customerId,
    sagaId: null,
    paymentId,
    currency: 'EUR',
    address,
    cardToken,
  } as const;
  try {
    const goods = await pricedLines(tx, lines);
    const weightG = goods.reduce((sum, line) => sum + line.quantity * line.weightG, 0);
    const goodsMinor = goods.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
    // Whether a country can be delivered to is said by tx₂; the price list is public.
    const shippingMinor = shippingPriceMinor(zoneOf(address.country) ?? 'world', weightG);
    const totalMinor = goodsMinor + shippingMinor;
    const shown = goods.map(({ weightG: _, ...line }) => line);
    const order = newOrder(tx, { ...about, lines: shown, goodsMinor, shippingMinor, totalMinor });
    return { order, weightG, refusal: null };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const unpriced = lines.map((line) => ({ ...line, name: null, unitPriceMinor: null }));
    const sums = { goodsMinor: null, shippingMinor: null, totalMinor: null };
    return {
      order: newOrder(tx, { ...about, lines: unpriced, ...sums }),
      weightG: 0,
      refusal: error.message,
    };
  }
}

/** tx₂: all three, or (a `ModelError`) none. */
async function storeAll(
  tx: Transaction,
  context: Context,
  { orderId, customerId, order, weightG, span }: PaymentIntentRow,
): Promise<void> {
  assert(order !== null, 'an order is stored once');
  await storeOrder(tx, order, span, orderNews);
  await reserve(tx, { orderId, lines: order.lines, customerId });
  await holdShipment(
    tx,
    { orderId, customerId, address: order.address, weightG },
    context.span,
    shipmentNews,
  );
}

/** tx₃. */
async function confirmAll(tx: Transaction, context: Context, orderId: string): Promise<void> {
  await commit(tx, orderId);
  await dispatchShipment(tx, orderId, context.settings, context.span, shipmentNews);
  await confirmOrder(tx, orderId, context.span, orderNews);
}

/** The way back's last transaction: what tx₂ stored, if it did, goes as one; then the order has ended. */
async function undoAll(tx: Transaction, row: PaymentIntentRow): Promise<IntentChange> {
  const { orderId, span, reason } = row;
  if (row.order === null) {
    await release(tx, orderId);
    await cancelShipment(tx, orderId, span, shipmentNews);
  }
  // After the shipment's news, which are on the order.
  const order = row.order ?? (await tx.get(ordersTable, orderId));
  assert(order !== undefined, 'what was stored is there');
  await rejectOrder(tx, order, reason ?? 'unknown', span, orderNews);
  return { row: ended(tx, row, 'undone'), note: `undone: ${reason ?? 'unknown'}` };
}

const ended = (tx: Transaction, row: PaymentIntentRow, state: 'completed' | 'undone'): PaymentIntentRow => {
  const { customerPlaced: _, ...rest } = row;
  return { ...rest, state, order: null, failures: 0, endedUs: tx.now() };
};

/** Brings an order on until it ends or has to wait; then nobody holds it, and it uses nothing. */
export async function bringOn(context: Context, claimed: PaymentIntentRow): Promise<void> {
  let intent = claimed;
  while (intent.leaseHolder !== null) {
    if (context.draining) return await releaseIntent(context, intent);
    intent = await nextStep(context, intent);
  }
}

async function nextStep(context: Context, intent: PaymentIntentRow): Promise<PaymentIntentRow> {
  switch (intent.state) {
    // Up to the capture it stands in for the request that began it, and holds a request slot as that would.
    case 'authorising':
      return await context.withSlot(async (own) => await payAndStore(own, intent));
    case 'capturing':
      return await captureAndConfirm(context, intent);
    default:
      return await voidAndUndo(context, intent);
  }
}

async function payAndStore(context: Context, intent: PaymentIntentRow): Promise<PaymentIntentRow> {
  const late = context.clock.now() >= intent.giveUpAtUs;
  // Only what has failed is given up (or what a crash has hidden): one that is late but does its work goes on.
  if (late && (intent.failures > 0 || intent.mayBeSetAside)) {
    return await turnBack(
      context,
      intent,
      'gave-up',
      tooLate(intent, intent.reason ?? 'its outcome is unknown'),
    );
  }
  if (intent.cancelRequested !== null) {
    return await turnBack(context, intent, 'cancelled', intent.cancelRequested);
  }
  const outcome = await withinDeadline(context, async (own) => await authorisePayment(own, intent));
  if (outcome.kind === 'business-failure') {
    const asked = {
      ...intent,
      mayBeSetAside: intent.mayBeSetAside || outcome.earlierMayHaveHappened === true,
    };
    return await turnBack(context, asked, 'business', outcome.reason);
  }
  if (outcome.kind === 'technical-failure') {
    const mayBeSetAside = intent.mayBeSetAside || outcome.mayHaveHappened;
    if (context.clock.now() < intent.giveUpAtUs) {
      return await again(context, { ...intent, mayBeSetAside }, 'authorisePayment', outcome.reason);
    }
    return await turnBack(context, { ...intent, mayBeSetAside }, 'gave-up', tooLate(intent, outcome.reason));
  }

  const paid = { ...intent, mayBeSetAside: true };
  await workAs(
    context,
    intent,
    productContract.operations.reserve,
    shippingContract.operations.createShipment,
  );
  try {
    return await writeIntent(context, paid, 'store order', orderTables, async (tx, row) => {
      if (row.cancelRequested !== null) {
        const back = {
          ...row,
          mayBeSetAside: true,
          failure: 'cancelled',
          reason: row.cancelRequested,
        } as const;
        return { row: { ...back, state: 'voiding', failures: 0 }, note: 'cancelled before tx₂' };
      }
      await storeAll(tx, context, row);
      const { customerPlaced: _, ...stored } = row;
      return {
        row: { ...stored, state: 'capturing', order: null, failures: 0, reason: null, mayBeSetAside: true },
        note: 'tx₂, order, stock and shipment are stored',
      };
    });
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return await turnBack(context, paid, 'business', error.message);
  }
}

async function captureAndConfirm(context: Context, intent: PaymentIntentRow): Promise<PaymentIntentRow> {
  const outcome = await context.withSlot(
    async (own) => await withinDeadline(own, async (at) => await capturePayment(at, intent)),
  );
  if (outcome.kind === 'technical-failure')
    return await again(context, intent, 'capturePayment', outcome.reason);
  if (outcome.kind === 'business-failure') return await turnBack(context, intent, 'business', outcome.reason);
  const { operations: product } = productContract;
  await workAs(context, intent, product.commit, shippingContract.operations.dispatchShipment);
  return await writeIntent(context, intent, 'confirm order', orderTables, async (tx, row) => {
    await confirmAll(tx, context, row.orderId);
    return { row: { ...ended(tx, row, 'completed'), reason: null }, note: 'tx₃, confirmed' };
  });
}

async function voidAndUndo(context: Context, intent: PaymentIntentRow): Promise<PaymentIntentRow> {
  const outcome = await voidAuthorisation(context, intent);
  if (outcome.kind !== 'done') return await again(context, intent, 'voidAuthorisation', outcome.reason);
  if (intent.order === null) {
    const { operations: product } = productContract;
    await workAs(context, intent, product.release, shippingContract.operations.cancelShipment);
  }
  return await writeIntent(context, intent, 'order undone', orderTables, undoAll);
}

/** Turns an order back: at once where nothing can have been set aside and nothing was stored. */
async function turnBack(
  context: Context,
  { mayBeSetAside, ...intent }: PaymentIntentRow,
  failure: IntentFailure,
  reason: string,
): Promise<PaymentIntentRow> {
  const mine = { ...intent, mayBeSetAside };
  return await writeIntent(context, mine, 'order turned back', orderTables, async (tx, row) => {
    const back: PaymentIntentRow = { ...row, state: 'voiding', failures: 0, mayBeSetAside, failure, reason };
    return mayBeSetAside ? { row: back, note: `turned back: ${reason}` } : await undoAll(tx, back);
  });
}

type ProviderStep = 'authorisePayment' | 'capturePayment' | 'voidAuthorisation';

/** The provider gave no usable answer: the intent sleeps until the next attempt. */
async function again(
  context: Context,
  { mayBeSetAside, ...intent }: PaymentIntentRow,
  step: ProviderStep,
  why: string,
): Promise<PaymentIntentRow> {
  const mine = { ...intent, mayBeSetAside };
  return await writeIntent(context, mine, 'order again', [], async (tx, row) => {
    const failures = row.failures + 1;
    const againAtUs = whenAgain(context, row, step, failures, tx.now());
    const reason = step === 'voidAuthorisation' ? row.reason : why;
    return { row: { ...row, failures, mayBeSetAside, reason }, note: `${step} again: ${why}`, againAtUs };
  });
}

/** As the saga's steps are tried again, and by the same draws. */
function whenAgain(
  context: Context,
  row: PaymentIntentRow,
  step: ProviderStep,
  failures: number,
  nowUs: RunTimeUs,
): RunTimeUs {
  const { stepAgainMs, stepAgainSpread } = context.settings.saga;
  const { backoffBaseMs, backoffCapMs } = context.settings.compensation;
  const isVoid = step === 'voidAuthorisation';
  const meanMs = isVoid ? Math.min(backoffCapMs, backoffBaseMs * 2 ** (failures - 1)) : stepAgainMs;
  const draw = context.random.uniform('saga-step-again', `saga-${row.orderId}`, step, failures);
  const againAtUs = plusMs(nowUs, spreadAround(meanMs, stepAgainSpread, draw));
  // It is not tried past the give-up time: then it wakes to give up.
  return step === 'authorisePayment' && againAtUs > row.giveUpAtUs ? row.giveUpAtUs : againAtUs;
}

function tooLate({ startedUs, giveUpAtUs }: PaymentIntentRow, why: string): string {
  const seconds = Math.round(elapsedMs(startedUs, giveUpAtUs) / 100) / 10;
  return `authorisePayment was not done within ${seconds} s: ${why}`;
}

/** Where the edge has no safety nets, a lost message would else keep the order, and its slot, for ever. */
async function withinDeadline(
  context: Context,
  ask: (own: Context) => Promise<StepOutcome>,
): Promise<StepOutcome> {
  const deadlineUs = plusMs(context.clock.now(), context.settings.deadlines.orderMs);
  return await context.scope({ name: 'ask the provider', deadlineUs }, ask);
}

/** Takes the time that the services would have needed for these operations, one after the other. */
async function workAs(
  context: Context,
  { orderId }: PaymentIntentRow,
  ...operations: readonly AnyOperation[]
): Promise<void> {
  for (const operation of operations) {
    const path = requestPath(operation, { params: { orderId } });
    await context.work(serviceTimeMs(context, operation, { path, headers: {} }));
  }
}

/** Orders that local transactions bring to their end. */
export const transactionOrders: OrderBook = {
  tables: [ordersTable, paymentIntentsTable],
  changes: [productsTable, ...orderNews.tables],
  find: async (tx, orderId) =>
    (await tx.get(ordersTable, orderId)) ?? (await tx.get(paymentIntentsTable, orderId))?.order ?? undefined,
  newest: async (tx, customerId, limit) => {
    const [from, to] = [`${customerId}/`, `${customerId}/~`];
    const which = { index: 'customer', from, to, reverse: true, limit };
    const pending = (await tx.list(paymentIntentsTable, which)).flatMap(({ order }) => order ?? []);
    return [...pending, ...(await newestOrders(tx, customerId, limit))]
      .sort((a, b) => (a.customerPlaced > b.customerPlaced ? -1 : 1))
      .slice(0, limit);
  },
  take: takeOrder,
  cancel: async (tx, order, reason) => {
    const intent = await tx.get(paymentIntentsTable, order.orderId);
    if (intent?.state !== 'authorising') return null;
    const cancelled = cancelPending(tx, order, reason);
    const sleeps = intent.leaseHolder === null ? { dueUs: tx.now() } : {};
    await tx.put(paymentIntentsTable, { ...intent, order: cancelled, cancelRequested: reason, ...sleeps });
    return cancelled;
  },
  changed: wakeIntents,
};
