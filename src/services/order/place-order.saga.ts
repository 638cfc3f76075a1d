import * as z from 'zod/mini';
import {
  type CallOutcome,
  call,
  outboxTables,
  PROBLEM_BASE,
  type SagaData,
  type SagaDefinition,
  type StepOutcome,
  wakeRelay,
} from '../../patterns/index.ts';
import { paymentProviderContract } from '../payment-provider/contract.ts';
import { productContract } from '../product/contract.ts';
import { addressSchema, shippingContract, shippingPriceMinor, zoneOf } from '../shipping/contract.ts';
import { confirmOrder, priceOrder, rejectOrder } from './model.ts';
import { placeOrderMachine } from './place-order.machine.ts';
import { ordersTable } from './tables.ts';

// What the steps of the order saga do. Each call is idempotent by the order's id, so that a step whose
// answer was lost is simply made again.

const dataSchema = z.object({
  orderId: z.string(),
  customerId: z.string(),
  paymentId: z.string(),
  lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
  address: addressSchema,
  cardToken: z.string(),
});

const reservedSchema = z.object({
  reserved: z.object({
    lines: z.array(
      z.object({ sku: z.string(), name: z.string(), quantity: z.int(), unitPriceMinor: z.int() }),
    ),
    goodsMinor: z.int(),
    shippingMinor: z.int(),
    weightG: z.int(),
  }),
});

/** What the saga needs to know of its order, from the start. */
export type PlaceOrderData = z.output<typeof dataSchema>;
/** What it knows once the stock is reserved: prices and weight are Product's to say. */
type ReservedGoods = z.output<typeof reservedSchema>['reserved'];

const read = (data: SagaData): PlaceOrderData => z.parse(dataSchema, data);
const readReserved = (data: SagaData): ReservedGoods => z.parse(reservedSchema, data).reserved;

// The problems by which a service definitely says "no" to a step. Any other 4xx (a proxy's, a fault's) is no
// answer of the service: what it did is unknown.
const RESERVE_REFUSALS = ['out-of-stock', 'unknown-product', 'reservation-released', 'reservation-differs'];
const AUTHORISE_REFUSALS = ['card-declined', 'authorisation-voided', 'payment-differs'];
const SHIPMENT_REFUSALS = ['undeliverable', 'shipment-cancelled'];
const CAPTURE_REFUSALS = ['card-declined'];

/** One of the step's own refusals is an answer; anything else may or may not have happened. */
function asStep(outcome: CallOutcome<unknown>, refusals: readonly string[] = []): StepOutcome {
  if (outcome.ok) return { kind: 'done' };
  const { error } = outcome;
  if (error.kind === 'unavailable') {
    const { reason, mayHaveHappened } = error;
    return { kind: 'technical-failure', reason, mayHaveHappened };
  }
  const { type, title, detail } = error.problem;
  const reason = detail ?? title;
  if (!refusals.some((slug) => type === `${PROBLEM_BASE}${slug}`)) {
    return { kind: 'technical-failure', reason: `${error.status} ${reason}`, mayHaveHappened: true };
  }
  return {
    kind: 'business-failure',
    reason,
    earlierMayHaveHappened: error.earlierMayHaveHappened === true,
  };
}

const product = productContract.operations;
const payment = paymentProviderContract.operations;
const shipping = shippingContract.operations;

export const placeOrderSaga: SagaDefinition = {
  name: 'place-order',
  machine: placeOrderMachine,
  doneAtStart: ['createOrder'],
  tables: [ordersTable, ...outboxTables],
  committed: wakeRelay,
  steps: {
    reserveStock: {
      run: async (context, data) => {
        const { orderId, customerId, lines, address } = read(data);
        const input = { params: { orderId }, body: { lines, customerId } };
        const outcome = await call(context, product.reserve, input, { randomKey: orderId });
        if (!outcome.ok) return asStep(outcome, RESERVE_REFUSALS);
        const { lines: priced, totalMinor: goodsMinor, weightG } = outcome.value.value;
        // Whether a country can be delivered to is Shipping's answer, later; its price list is public.
        const shippingMinor = shippingPriceMinor(zoneOf(address.country) ?? 'world', weightG);
        const reserved: ReservedGoods = {
          lines: priced.map(({ sku, name, quantity, unitPriceMinor }) => ({
            sku,
            name,
            quantity,
            unitPriceMinor,
          })),
          goodsMinor,
          shippingMinor,
          weightG,
        };
        return { kind: 'done', data: { reserved } };
      },
      stored: async (tx, saga) => {
        await priceOrder(tx, saga.orderId, readReserved(saga.data));
      },
    },
    authorisePayment: {
      run: async (context, data) => {
        const { orderId, paymentId, cardToken } = read(data);
        const { goodsMinor, shippingMinor } = readReserved(data);
        const input = {
          params: { paymentId },
          body: { amountMinor: goodsMinor + shippingMinor, currency: 'EUR', cardToken },
        } as const;
        const outcome = await call(context, payment.authorise, input, { randomKey: orderId });
        return asStep(outcome, AUTHORISE_REFUSALS);
      },
    },
    createShipment: {
      run: async (context, data) => {
        const { orderId, customerId, address } = read(data);
        const { weightG } = readReserved(data);
        const input = { params: { orderId }, body: { customerId, address, weightG } };
        const outcome = await call(context, shipping.createShipment, input, { randomKey: orderId });
        return asStep(outcome, SHIPMENT_REFUSALS);
      },
    },
    capturePayment: {
      run: async (context, data) => {
        const { orderId, paymentId } = read(data);
        const input = { params: { paymentId } };
        const outcome = await call(context, payment.capture, input, { randomKey: orderId });
        return asStep(outcome, CAPTURE_REFUSALS);
      },
    },
    commitReservation: {
      run: async (context, data) => {
        const { orderId } = read(data);
        return asStep(await call(context, product.commit, { params: { orderId } }, { randomKey: orderId }));
      },
    },
    dispatchShipment: {
      run: async (context, data) => {
        const { orderId } = read(data);
        return asStep(
          await call(context, shipping.dispatchShipment, { params: { orderId } }, { randomKey: orderId }),
        );
      },
    },
    confirmOrder: {
      run: async () => ({ kind: 'done' }),
      stored: async (tx, saga) => await confirmOrder(tx, saga.orderId, saga.span),
    },

    cancelShipment: {
      run: async (context, data) => {
        const { orderId } = read(data);
        const options = { policy: 'compensation', randomKey: orderId } as const;
        return asStep(await call(context, shipping.cancelShipment, { params: { orderId } }, options));
      },
    },
    voidAuthorisation: {
      run: async (context, data) => {
        const { orderId, paymentId } = read(data);
        const options = { policy: 'compensation', randomKey: orderId } as const;
        return asStep(await call(context, payment.void, { params: { paymentId } }, options));
      },
    },
    releaseStock: {
      run: async (context, data) => {
        const { orderId } = read(data);
        const options = { policy: 'compensation', randomKey: orderId } as const;
        return asStep(await call(context, product.release, { params: { orderId } }, options));
      },
    },
    rejectOrder: {
      run: async () => ({ kind: 'done' }),
      stored: async (tx, saga) => await rejectOrder(tx, saga.orderId, saga.reason ?? 'unknown', saga.span),
    },
  },
};
