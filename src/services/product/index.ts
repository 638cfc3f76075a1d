import type { BackgroundTask, ServiceDefinition } from '../../kernel/index.ts';
import { defineService, registrationTask, rfc3339 } from '../../patterns/index.ts';
import {
  getProduct,
  listPrices,
  listProducts,
  seedCatalogue,
  setPrice,
  setStock,
  toProduct,
} from './catalogue-model.ts';
import { productContract } from './contract.ts';
import {
  anyHoldExpired,
  commit,
  expireHolds,
  holdCart,
  release,
  reserve,
  toReservation,
} from './stock-model.ts';
import {
  cartHoldsTable,
  priceChangesTable,
  productsTable,
  productTables,
  reservationsTable,
} from './tables.ts';

export { CATALOGUE } from './catalogue.ts';
export * from './catalogue-model.ts';
export * from './contract.ts';
export * from './stock-model.ts';
export * from './tables.ts';

const HOLD_EXPIRY_POLL_MS = 500;
const stockTables = [productsTable, reservationsTable, cartHoldsTable] as const;

/** Looks whether a cart hold has run out, and ends it. Every instance may: ending twice is ending once. */
export const holdExpiryTask: BackgroundTask = {
  name: 'cart-hold-expiry',
  run: async (context) => {
    for (;;) {
      const due = await context.store.transact(
        'look for expired cart holds',
        [cartHoldsTable],
        'readonly',
        (tx) => anyHoldExpired(tx, tx.now()),
      );
      if (due) {
        await context.store.transact(
          'expire cart holds',
          [productsTable, cartHoldsTable],
          'readwrite',
          expireHolds,
        );
      }
      await context.clock.sleep(HOLD_EXPIRY_POLL_MS);
    }
  },
};

export const productService: ServiceDefinition = defineService({
  contract: productContract,
  tables: productTables,
  background: [registrationTask(), holdExpiryTask],
  onStart: async (context) => {
    await context.store.transact(
      'seed catalogue',
      [productsTable, priceChangesTable],
      'readwrite',
      seedCatalogue,
    );
  },
  handlers: {
    listProducts: async ({ query }, context) => {
      const { items, total } = await context.store.transact(
        'list products',
        [productsTable],
        'readonly',
        (tx) => listProducts(tx, query),
      );
      return {
        status: 200,
        body: { items: items.map(toProduct), total, limit: query.limit, offset: query.offset },
      };
    },
    getProduct: async ({ params }, context) => {
      const row = await context.store.transact('get product', [productsTable], 'readonly', (tx) =>
        getProduct(tx, params.sku),
      );
      return { status: 200, body: toProduct(row) };
    },
    listPrices: async ({ params }, context) => {
      const prices = await context.store.transact(
        'list prices',
        [productsTable, priceChangesTable],
        'readonly',
        (tx) => listPrices(tx, params.sku),
      );
      return { status: 200, body: { sku: params.sku, prices } };
    },
    setPrice: async ({ params, body }, context) => {
      const row = await context.store.transact(
        'set price',
        [productsTable, priceChangesTable],
        'readwrite',
        (tx) => setPrice(tx, params.sku, body.priceMinor),
      );
      return { status: 200, body: toProduct(row) };
    },
    setStock: async ({ params, body }, context) => {
      const row = await context.store.transact('set stock', [productsTable], 'readwrite', (tx) =>
        setStock(tx, params.sku, body.stock),
      );
      return { status: 200, body: toProduct(row) };
    },
    holdCart: async ({ body, principal }, context) => {
      const hold = await context.store.transact('hold cart', stockTables, 'readwrite', (tx) =>
        holdCart(tx, principal?.customerId ?? '', body.lines, context.settings.cartHoldMs),
      );
      return {
        status: 201,
        body: { holdId: hold.holdId, lines: hold.lines, expiresAt: rfc3339(hold.expiresUs) },
      };
    },
    reserve: async ({ params, body }, context) => {
      const row = await context.store.transact('reserve', stockTables, 'readwrite', (tx) =>
        reserve(tx, { orderId: params.orderId, lines: body.lines, customerId: body.customerId }),
      );
      return { status: 200, body: toReservation(row) };
    },
    release: async ({ params }, context) => {
      const row = await context.store.transact('release', stockTables, 'readwrite', (tx) =>
        release(tx, params.orderId),
      );
      return { status: 200, body: toReservation(row) };
    },
    commit: async ({ params }, context) => {
      const row = await context.store.transact('commit', stockTables, 'readwrite', (tx) =>
        commit(tx, params.orderId),
      );
      return { status: 200, body: toReservation(row) };
    },
  },
});
