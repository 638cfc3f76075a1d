import * as z from 'zod/mini';
import { call, type SagaData, type SagaDefinition } from '../../patterns/index.ts';
import { shippingPriceMinor, zoneOf } from '../shipping/contract.ts';
import * as others from './expectations.ts';
import { confirmOrder, orderOf, priceOrder, rejectOrder } from './model.ts';
import { orderTopic } from './news.ts';
import { asStep, authorisePayment, capturePayment, voidAuthorisation } from './payment-steps.ts';
import { type PlaceOrderData, placeOrderDataSchema } from './place-order.data.ts';
import { placeOrderMachine } from './place-order.machine.ts';
import { ordersTable } from './tables.ts';

// What the steps of the order saga do. Each call is idempotent by the order's id, so that a step whose
// answer was lost is simply made again.

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

/** What it knows once the stock is reserved: prices and weight are Product's to say. */
type ReservedGoods = z.output<typeof reservedSchema>['reserved'];

const read = (data: SagaData): PlaceOrderData => z.parse(placeOrderDataSchema, data);
const readReserved = (data: SagaData): ReservedGoods => z.parse(reservedSchema, data).reserved;

// The problems by which a service definitely says "no" to a step (see payment-steps.ts).
const RESERVE_REFUSALS = ['out-of-stock', 'unknown-product', 'reservation-released', 'reservation-differs'];
const SHIPMENT_REFUSALS = ['undeliverable', 'shipment-cancelled'];

export const placeOrderSaga: SagaDefinition = {
  name: 'place-order',
  machine: placeOrderMachine,
  doneAtStart: ['createOrder'],
  tables: [ordersTable, ...orderTopic.tables],
  committed: orderTopic.told,
  steps: {
    reserveStock: {
      run: async (context, data) => {
        const { orderId, customerId, lines, address } = read(data);
        const input = { params: { orderId }, body: { lines, customerId } };
        const outcome = await call(context, others.reserve, input, { randomKey: orderId });
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
        const amountMinor = goodsMinor + shippingMinor;
        return await authorisePayment(context, { orderId, paymentId, amountMinor, cardToken });
      },
    },
    createShipment: {
      run: async (context, data) => {
        const { orderId, customerId, address } = read(data);
        const { weightG } = readReserved(data);
        const input = { params: { orderId }, body: { customerId, address, weightG } };
        const outcome = await call(context, others.createShipment, input, { randomKey: orderId });
        return asStep(outcome, SHIPMENT_REFUSALS);
      },
    },
    capturePayment: {
      run: async (context, data) => await capturePayment(context, read(data)),
    },
    commitReservation: {
      run: async (context, data) => {
        const { orderId } = read(data);
        return asStep(await call(context, others.commit, { params: { orderId } }, { randomKey: orderId }));
      },
    },
    dispatchShipment: {
      run: async (context, data) => {
        const { orderId } = read(data);
        return asStep(
          await call(context, others.dispatchShipment, { params: { orderId } }, { randomKey: orderId }),
        );
      },
    },
    confirmOrder: {
      run: async () => ({ kind: 'done' }),
      stored: async (tx, saga) => await confirmOrder(tx, saga.orderId, saga.span, orderTopic),
    },

    cancelShipment: {
      run: async (context, data) => {
        const { orderId } = read(data);
        const options = { policy: 'compensation', randomKey: orderId } as const;
        return asStep(await call(context, others.cancelShipment, { params: { orderId } }, options));
      },
    },
    voidAuthorisation: {
      run: async (context, data) => await voidAuthorisation(context, read(data)),
    },
    releaseStock: {
      run: async (context, data) => {
        const { orderId } = read(data);
        const options = { policy: 'compensation', randomKey: orderId } as const;
        return asStep(await call(context, others.release, { params: { orderId } }, options));
      },
    },
    rejectOrder: {
      run: async () => ({ kind: 'done' }),
      stored: async (tx, { orderId, reason, span }) =>
        await rejectOrder(tx, await orderOf(tx, orderId), reason ?? 'unknown', span, orderTopic),
    },
  },
};
