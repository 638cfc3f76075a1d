import type { BackgroundTask, Context } from '../../kernel/index.ts';
import { type HandlersOf, rfc3339, without } from '../../patterns/index.ts';
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
import { anyHoldExpired, expireHolds, holdCart } from './stock-model.ts';
import { cartHoldsTable, priceChangesTable, productsTable, stockTables } from './tables.ts';

const HOLD_EXPIRY_POLL_MS = 500;

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

/** The goods of a new shop. */
export async function seedProduct(context: Context): Promise<void> {
  await context.store.transact(
    'seed catalogue',
    [productsTable, priceChangesTable],
    'readwrite',
    seedCatalogue,
  );
}

/** What customers and administrators may ask; the others are Order's. */
export const customersOperations = without(productContract.operations, 'reserve', 'release', 'commit');

export const customersHandlers: HandlersOf<{ readonly operations: typeof customersOperations }> = {
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
};
