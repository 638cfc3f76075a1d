import * as z from 'zod/mini';
import { defineContract, operation } from '../../patterns/index.ts';
import { cardTokenSchema } from '../payment-provider/contract.ts';
import { linesSchema } from '../product/contract.ts';
import { addressSchema } from '../shipping/contract.ts';

export const ORDER_STATUSES = [
  'APPROVAL_PENDING',
  'CONFIRMED',
  'REJECTED',
  'CANCEL_PENDING',
  'CANCELLED',
] as const;

const orderId = z.string().check(z.minLength(1), z.maxLength(64), z.regex(/^[\w.-]+$/));
const params = z.strictObject({ orderId });

/** The topic `orders`: `order.placed`, `order.confirmed`, `order.rejected`, `order.cancelled`. */
export const orderEventSchema = z.strictObject({
  orderId,
  customerId: z.string(),
  status: z.enum(ORDER_STATUSES),
  totalMinor: z.nullable(z.int()),
  currency: z.literal('EUR'),
  reason: z.nullable(z.string()),
  at: z.string(),
});

const orderLine = z.strictObject({
  sku: z.string(),
  quantity: z.int(),
  /** As of the moment the stock was reserved; null before. */
  name: z.nullable(z.string()),
  unitPriceMinor: z.nullable(z.int()),
});

const delivery = z.strictObject({
  status: z.string(),
  carrier: z.string(),
  trackingNumber: z.string(),
  history: z.array(z.strictObject({ status: z.string(), at: z.string() })),
});

export const orderSchema = z.strictObject({
  orderId: z.string(),
  customerId: z.string(),
  status: z.enum(ORDER_STATUSES),
  lines: z.array(orderLine),
  /** Null until the stock is reserved: only Product knows the prices. */
  goodsMinor: z.nullable(z.int()),
  shippingMinor: z.nullable(z.int()),
  totalMinor: z.nullable(z.int()),
  currency: z.literal('EUR'),
  address: addressSchema,
  placedAt: z.string(),
  history: z.array(
    z.strictObject({ status: z.enum(ORDER_STATUSES), at: z.string(), reason: z.nullable(z.string()) }),
  ),
  /** What Shipping tells of the parcel by its events; null before the first. */
  delivery: z.nullable(delivery),
});

const cartSchema = z.strictObject({ lines: z.array(z.strictObject({ sku: z.string(), quantity: z.int() })) });

const sagaSchema = z.strictObject({
  sagaId: z.string(),
  saga: z.string(),
  orderId: z.string(),
  status: z.enum(['running', 'compensating', 'parked', 'completed', 'compensated']),
  state: z.string(),
  reason: z.nullable(z.string()),
  startedAt: z.string(),
  history: z.array(
    z.strictObject({
      step: z.string(),
      lane: z.enum(['forward', 'compensation']),
      what: z.enum(['started', 'completed', 'retried', 'failed']),
      attempt: z.int(),
      at: z.string(),
      reason: z.nullable(z.string()),
    }),
  ),
});

export const orderContract = defineContract({
  service: 'order',
  title: 'Order service',
  version: '1.0.0',
  operations: {
    getCart: operation('order', {
      id: 'getCart',
      method: 'GET',
      path: '/cart',
      summary: "The customer's cart.",
      access: { kind: 'customer' },
      answers: { 200: { description: 'The cart; without lines when it is empty.', body: cartSchema } },
    }),
    putCart: operation('order', {
      id: 'putCart',
      method: 'PUT',
      path: '/cart',
      summary: "Puts these lines in place of the customer's cart.",
      access: { kind: 'customer' },
      body: z.strictObject({ lines: z.union([linesSchema, z.array(z.never()).check(z.maxLength(0))]) }),
      answers: { 200: { description: 'The cart.', body: cartSchema } },
    }),
    placeOrder: operation('order', {
      id: 'placeOrder',
      method: 'POST',
      path: '/orders',
      summary: 'Takes an order and starts its saga. It is not confirmed yet: look at its location.',
      access: { kind: 'customer' },
      idempotencyKey: 'required',
      body: z.strictObject({
        /** Without: the cart, which is emptied. */
        lines: z.optional(linesSchema),
        address: addressSchema,
        cardToken: cardTokenSchema,
      }),
      answers: { 202: { description: 'Stored; its saga runs.', body: orderSchema } },
    }),
    listOrders: operation('order', {
      id: 'listOrders',
      method: 'GET',
      path: '/orders',
      summary: "The customer's own orders, the latest first, at most 50.",
      access: { kind: 'customer' },
      answers: { 200: { description: 'Orders.', body: z.strictObject({ orders: z.array(orderSchema) }) } },
    }),
    getOrder: operation('order', {
      id: 'getOrder',
      method: 'GET',
      path: '/orders/{orderId}',
      summary: 'An order, with its history.',
      access: { kind: 'customer' },
      params,
      answers: { 200: { description: 'It.', body: orderSchema } },
    }),
    cancelOrder: operation('order', {
      id: 'cancelOrder',
      method: 'POST',
      path: '/orders/{orderId}/cancellation',
      summary: 'Asks to cancel an order. 409 once its payment was sent to be captured.',
      access: { kind: 'customer' },
      params,
      answers: { 202: { description: 'Being cancelled, or cancelled already.', body: orderSchema } },
      repeatable: true,
    }),
    listSagas: operation('order', {
      id: 'listSagas',
      method: 'GET',
      path: '/sagas',
      summary: 'Sagas, the parked ones when asked for, the latest first, at most 50.',
      access: { kind: 'admin' },
      query: z.strictObject({
        status: z.optional(z.enum(['running', 'compensating', 'parked', 'completed', 'compensated'])),
      }),
      answers: { 200: { description: 'Sagas.', body: z.strictObject({ sagas: z.array(sagaSchema) }) } },
    }),
    retrySaga: operation('order', {
      id: 'retrySaga',
      method: 'POST',
      path: '/sagas/{sagaId}/retry',
      summary: 'Lets a parked saga go on. 409 when it is not parked.',
      access: { kind: 'admin' },
      params: z.strictObject({
        sagaId: z.string().check(z.minLength(1), z.maxLength(80), z.regex(/^[\w.-]+$/)),
      }),
      answers: { 202: { description: 'It goes on.', body: sagaSchema } },
    }),
    retryParkedSagas: operation('order', {
      id: 'retryParkedSagas',
      method: 'POST',
      path: '/sagas/retry',
      summary: 'Lets all parked sagas go on.',
      access: { kind: 'admin' },
      answers: {
        202: { description: 'So many go on.', body: z.strictObject({ retried: z.int() }) },
      },
      repeatable: true,
    }),
  },
});
