import type { AnyTable, Context, SpanContext, Transaction } from '../../kernel/index.ts';
import type { PlaceOrderData } from './place-order.data.ts';
import type { OrderRow } from './tables.ts';

/**
 * How orders are taken and brought to their end: by a saga where the services are apart, by local
 * transactions where they share a database. The operations that customers see are the same.
 */
export interface OrderBook {
  /** Used by `find` and `newest`. */
  readonly tables: readonly AnyTable[];
  /** Used by `take` and `cancel`, besides those. */
  readonly changes: readonly AnyTable[];
  find(tx: Transaction, orderId: string): Promise<OrderRow | undefined>;
  /** A customer's, the newest first. */
  newest(tx: Transaction, customerId: string, limit: number): Promise<OrderRow[]>;
  /** Stores an order that is new, in the span of all that will be done for it. Afterwards it goes on by itself. */
  take(tx: Transaction, context: Context, order: PlaceOrderData, span: SpanContext): Promise<OrderRow>;
  /** Notes that the customer wants it no more; null when it is too late. */
  cancel(tx: Transaction, order: OrderRow, reason: string): Promise<OrderRow | null>;
  /** After a commit that took or cancelled an order. */
  changed(context: Context): void;
}
