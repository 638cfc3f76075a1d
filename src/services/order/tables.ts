import type * as z from 'zod/mini';
import { defineTable, type RunTimeUs } from '../../kernel/index.ts';
import type { addressSchema } from '../shipping/contract.ts';
import type { ORDER_STATUSES } from './contract.ts';

export type OrderStatus = (typeof ORDER_STATUSES)[number];
export type Address = z.output<typeof addressSchema>;

/** Name and price are Product's to say: null until the stock is reserved, then those of that moment. */
export interface OrderLine {
  readonly sku: string;
  readonly quantity: number;
  readonly name: string | null;
  readonly unitPriceMinor: number | null;
}

/** What Shipping's events have told. */
export interface Delivery {
  readonly status: string;
  readonly carrier: string;
  readonly trackingNumber: string;
  readonly sequence: number;
  /** In the order in which it happened, whatever the order in which it was told. */
  readonly history: readonly { readonly sequence: number; readonly status: string; readonly at: string }[];
}

export interface OrderRow {
  readonly orderId: string;
  readonly customerId: string;
  /** `<customerId>/<placedUs>`: sorts a customer's orders by time. */
  readonly customerPlaced: string;
  /** null: no saga, but local transactions. */
  readonly sagaId: string | null;
  readonly paymentId: string;
  readonly status: OrderStatus;
  readonly lines: readonly OrderLine[];
  /** Sums in minor units: null until the stock is reserved. */
  readonly goodsMinor: number | null;
  readonly shippingMinor: number | null;
  readonly totalMinor: number | null;
  readonly currency: 'EUR';
  readonly address: Address;
  /** A token of the provider's, never a card number. */
  readonly cardToken: string;
  readonly placedUs: RunTimeUs;
  readonly history: readonly {
    readonly status: OrderStatus;
    readonly atUs: RunTimeUs;
    readonly reason: string | null;
  }[];
  readonly delivery: Delivery | null;
}

export const ordersTable = defineTable<OrderRow>('orders', 'orderId', {
  customer: 'customerPlaced',
  status: 'status',
});

export interface CartRow {
  readonly customerId: string;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
}

export const cartsTable = defineTable<CartRow>('carts', 'customerId');
