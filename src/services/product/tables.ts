import { defineTable, type RunTimeUs } from '../../kernel/index.ts';
import type { Problem } from '../../patterns/index.ts';
import type { CATEGORIES } from './contract.ts';

export type Category = (typeof CATEGORIES)[number];

export interface ProductRow {
  readonly sku: string;
  readonly category: Category;
  readonly name: string;
  readonly description: string;
  readonly priceMinor: number;
  readonly currency: 'EUR';
  readonly weightG: number;
  /** In the warehouse. */
  readonly stock: number;
  /** Of it, for orders that are under way: the sum over the reservations that are `reserved`. */
  readonly reserved: number;
  /** Of it, for carts: the sum over the cart holds. */
  readonly held: number;
}

export interface PriceChangeRow {
  /** `<sku>/<number>`, numbered with four digits so that the key sorts by time. */
  readonly id: string;
  readonly sku: string;
  readonly priceMinor: number;
  readonly currency: 'EUR';
  readonly sinceUs: RunTimeUs;
}

export interface Line {
  readonly sku: string;
  readonly quantity: number;
}

export interface ReservedLine extends Line {
  readonly name: string;
  readonly unitPriceMinor: number;
  /** Of one. */
  readonly weightG: number;
}

export interface ReservationRow {
  readonly orderId: string;
  /** `released` stays as a tombstone: a reservation that arrives after its release is refused. */
  readonly state: 'reserved' | 'released' | 'committed';
  readonly lines: readonly ReservedLine[];
  /** What a reservation was refused with for want of stock: it never held anything, and never will. */
  readonly refusal?: Problem;
  readonly changedUs: RunTimeUs;
}

export interface CartHoldRow {
  readonly holdId: string;
  readonly customerId: string;
  readonly lines: readonly Line[];
  readonly expiresUs: RunTimeUs;
}

export const productsTable = defineTable<ProductRow>('products', 'sku', { category: 'category' });
export const priceChangesTable = defineTable<PriceChangeRow>('price_changes', 'id', { sku: 'sku' });
export const reservationsTable = defineTable<ReservationRow>('reservations', 'orderId', { state: 'state' });
export const cartHoldsTable = defineTable<CartHoldRow>('cart_holds', 'holdId', { expiresUs: 'expiresUs' });

export const productTables = [productsTable, priceChangesTable, reservationsTable, cartHoldsTable] as const;

/** What reserving and holding change. */
export const stockTables = [productsTable, reservationsTable, cartHoldsTable] as const;
