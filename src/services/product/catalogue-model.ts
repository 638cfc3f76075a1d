import type { Transaction } from '../../kernel/index.ts';
import { ModelError, problem, rfc3339 } from '../../patterns/index.ts';
import { CATALOGUE } from './catalogue.ts';
import {
  type Category,
  type PriceChangeRow,
  type ProductRow,
  priceChangesTable,
  productsTable,
} from './tables.ts';

/** What nobody has reserved or holds in a cart. */
export const available = (row: ProductRow): number => row.stock - row.reserved - row.held;

export const toProduct = ({ reserved, held, ...row }: ProductRow) => ({
  ...row,
  available: row.stock - reserved - held,
});

/** Fills an empty shop with its goods; does nothing where there are some. */
export async function seedCatalogue(tx: Transaction): Promise<void> {
  const [any] = await tx.list(productsTable, { limit: 1 });
  if (any !== undefined) return;
  for (const row of CATALOGUE) {
    await tx.put(productsTable, row);
    await tx.put(priceChangesTable, firstPrice(row, tx));
  }
}

const priceChangeId = (sku: string, number: number): string => `${sku}/${String(number).padStart(4, '0')}`;

const firstPrice = (row: ProductRow, tx: Transaction): PriceChangeRow => ({
  id: priceChangeId(row.sku, 1),
  sku: row.sku,
  priceMinor: row.priceMinor,
  currency: row.currency,
  sinceUs: tx.now(),
});

export interface CatalogueQuery {
  readonly category?: Category | undefined;
  /** Words that name or description must all contain, in any case. */
  readonly q?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** A page of the catalogue in the order of the sku, and how many goods there are on all pages. */
export async function listProducts(
  tx: Transaction,
  { category, q, limit, offset }: CatalogueQuery,
): Promise<{ readonly items: readonly ProductRow[]; readonly total: number }> {
  const rows = await tx.list(
    productsTable,
    category === undefined ? {} : { index: 'category', equals: category },
  );
  const words = (q ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const found = rows.filter((row) => {
    const text = `${row.name} ${row.description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return { items: found.slice(offset, offset + limit), total: found.length };
}

/** One good; 404 when there is none. */
export async function getProduct(tx: Transaction, sku: string): Promise<ProductRow> {
  const row = await tx.get(productsTable, sku);
  if (row === undefined) {
    throw new ModelError(
      problem(404, 'unknown-product', 'Unknown product', `The shop has nothing under '${sku}'.`, { sku }),
    );
  }
  return row;
}

export async function listPrices(tx: Transaction, sku: string) {
  await getProduct(tx, sku);
  const changes = await tx.list(priceChangesTable, { index: 'sku', equals: sku });
  return changes.map(({ priceMinor, currency, sinceUs }) => ({
    priceMinor,
    currency,
    since: rfc3339(sinceUs),
  }));
}

/** A new price from now on. The same price again changes nothing. */
export async function setPrice(tx: Transaction, sku: string, priceMinor: number): Promise<ProductRow> {
  const row = await getProduct(tx, sku);
  if (row.priceMinor === priceMinor) return row;
  const changes = await tx.list(priceChangesTable, { index: 'sku', equals: sku });
  const changed = { ...row, priceMinor };
  await tx.put(productsTable, changed);
  await tx.put(priceChangesTable, {
    id: priceChangeId(sku, changes.length + 1),
    sku,
    priceMinor,
    currency: row.currency,
    sinceUs: tx.now(),
  });
  return changed;
}

/** Sets the stock; 409 below what orders and carts hold already. */
export async function setStock(tx: Transaction, sku: string, stock: number): Promise<ProductRow> {
  const row = await getProduct(tx, sku);
  const taken = row.reserved + row.held;
  if (stock < taken) {
    throw new ModelError(
      problem(
        409,
        'stock-below-reserved',
        'Stock is promised already',
        `${taken} of '${row.name}' are promised to orders and carts, so the stock cannot be set to ${stock}.`,
        { sku, reserved: row.reserved, held: row.held },
      ),
    );
  }
  if (stock === row.stock) return row;
  const changed = { ...row, stock };
  await tx.put(productsTable, changed);
  return changed;
}
