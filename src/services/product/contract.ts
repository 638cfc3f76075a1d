import * as z from 'zod/mini';
import { defineContract, operation } from '../../patterns/index.ts';

export const CATEGORIES = ['kitchen', 'office', 'outdoor', 'games'] as const;
export const CURRENCY = 'EUR';

/** What the shop opens with: `kitchen-01` to `games-06`. */
export const CATALOGUE_SKUS: readonly string[] = CATEGORIES.flatMap((category) =>
  ['01', '02', '03', '04', '05', '06'].map((number) => `${category}-${number}`),
);

export const skuSchema = z.string().check(z.regex(/^[a-z]+-\d{2}$/));
const orderIdSchema = z.string().check(z.minLength(1), z.maxLength(64), z.regex(/^[\w.-]+$/));
const currencySchema = z.literal(CURRENCY);
const priceSchema = z.int().check(z.gte(1), z.lte(100_000_000));

/** Which good, and how many of it. */
export const lineSchema = z.strictObject({
  sku: skuSchema,
  quantity: z.int().check(z.gte(1), z.lte(100)),
});
/** One to twenty lines; two of one good count as their sum. */
export const linesSchema = z.array(lineSchema).check(z.minLength(1), z.maxLength(20));

export const productSchema = z.object({
  sku: z.string(),
  category: z.enum(CATEGORIES),
  name: z.string(),
  description: z.string(),
  priceMinor: z.int(),
  currency: currencySchema,
  weightG: z.int(),
  /** In the warehouse. */
  stock: z.int(),
  /** Free to be sold: what is in the warehouse less what orders and carts hold. */
  available: z.int(),
});

export const reservationSchema = z.object({
  orderId: z.string(),
  state: z.enum(['reserved', 'released', 'committed']),
  /** At the prices of the moment of reserving. */
  lines: z.array(
    z.object({
      sku: z.string(),
      name: z.string(),
      quantity: z.int(),
      unitPriceMinor: z.int(),
      weightG: z.int(),
    }),
  ),
  totalMinor: z.int(),
  currency: currencySchema,
  /** Of all lines together. */
  weightG: z.int(),
});

export const cartHoldSchema = z.object({
  holdId: z.string(),
  lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
  /** RFC 3339, in run time. */
  expiresAt: z.string(),
});

const skuParams = z.strictObject({ sku: skuSchema });
const orderParams = z.strictObject({ orderId: orderIdSchema });
const forOrder = { kind: 'services', services: ['order'] } as const;

export const productContract = defineContract({
  service: 'product',
  title: 'Product service',
  version: '1.0.0',
  operations: {
    listProducts: operation('product', {
      id: 'listProducts',
      method: 'GET',
      path: '/products',
      summary: 'The catalogue, a page at a time, in the order of the sku.',
      access: { kind: 'public' },
      query: z.strictObject({
        category: z.optional(z.enum(CATEGORIES)),
        /** Words that name or description must all contain. */
        q: z.optional(z.string().check(z.minLength(1), z.maxLength(100))),
        limit: z._default(z.coerce.number().check(z.int(), z.gte(1), z.lte(100)), 20),
        offset: z._default(z.coerce.number().check(z.int(), z.gte(0), z.lte(1_000_000)), 0),
      }),
      answers: {
        200: {
          description: 'A page.',
          body: z.object({
            items: z.array(productSchema),
            /** Of all pages. */
            total: z.int(),
            limit: z.int(),
            offset: z.int(),
          }),
        },
      },
    }),
    getProduct: operation('product', {
      id: 'getProduct',
      method: 'GET',
      path: '/products/{sku}',
      summary: 'One good.',
      access: { kind: 'public' },
      params: skuParams,
      answers: { 200: { description: 'It.', body: productSchema } },
    }),
    listPrices: operation('product', {
      id: 'listPrices',
      method: 'GET',
      path: '/products/{sku}/prices',
      summary: 'What a good has cost, oldest first.',
      access: { kind: 'public' },
      params: skuParams,
      answers: {
        200: {
          description: 'Its prices.',
          body: z.object({
            sku: z.string(),
            prices: z.array(z.object({ priceMinor: z.int(), currency: currencySchema, since: z.string() })),
          }),
        },
      },
    }),
    setPrice: operation('product', {
      id: 'setPrice',
      method: 'PUT',
      path: '/products/{sku}/price',
      summary: 'Changes a price from now on.',
      access: { kind: 'admin' },
      params: skuParams,
      body: z.strictObject({ priceMinor: priceSchema, currency: currencySchema }),
      answers: { 200: { description: 'The good at its new price.', body: productSchema } },
    }),
    setStock: operation('product', {
      id: 'setStock',
      method: 'PUT',
      path: '/products/{sku}/stock',
      summary: 'Sets what is in the warehouse; never below what orders and carts hold.',
      access: { kind: 'admin' },
      params: skuParams,
      body: z.strictObject({ stock: z.int().check(z.gte(0), z.lte(1_000_000)) }),
      answers: { 200: { description: 'The good with its new stock.', body: productSchema } },
    }),
    holdCart: operation('product', {
      id: 'holdCart',
      method: 'POST',
      path: '/cart-holds',
      summary: "Keeps a cart's goods for its customer for some minutes, in place of the cart kept before.",
      access: { kind: 'customer' },
      body: z.strictObject({ lines: linesSchema }),
      answers: { 201: { description: 'Kept.', body: cartHoldSchema } },
      // The same cart again replaces itself.
      repeatable: true,
    }),
    reserve: operation('product', {
      id: 'reserve',
      method: 'PUT',
      path: '/reservations/{orderId}',
      summary: 'Reserves all lines of an order, or none.',
      access: forOrder,
      params: orderParams,
      body: z.strictObject({
        lines: linesSchema,
        /** Whose cart hold becomes part of this reservation. */
        customerId: z.optional(z.string().check(z.maxLength(64))),
      }),
      answers: { 200: { description: 'Reserved, now or before.', body: reservationSchema } },
    }),
    release: operation('product', {
      id: 'release',
      method: 'DELETE',
      path: '/reservations/{orderId}',
      summary:
        'Gives the stock back. Harmless when there is nothing; a reservation that comes later is refused.',
      access: forOrder,
      params: orderParams,
      answers: { 200: { description: 'Released, now or before.', body: reservationSchema } },
    }),
    commit: operation('product', {
      id: 'commit',
      method: 'POST',
      path: '/reservations/{orderId}/commit',
      summary: 'The goods leave: the reserved quantity is taken off the stock.',
      access: forOrder,
      params: orderParams,
      answers: { 200: { description: 'Committed, now or before.', body: reservationSchema } },
      repeatable: true,
    }),
  },
});
