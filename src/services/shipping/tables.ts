import type * as z from 'zod/mini';
import { defineTable, type RunTimeUs, type SpanContext } from '../../kernel/index.ts';
import type { addressSchema, SHIPMENT_STATUSES, Zone } from './contract.ts';

export type Address = z.output<typeof addressSchema>;
export type ShipmentStatus = (typeof SHIPMENT_STATUSES)[number];

export interface Parcel {
  readonly shipmentId: string;
  readonly customerId: string;
  readonly address: Address;
  readonly weightG: number;
  readonly zone: Zone;
  readonly carrier: string;
  readonly trackingNumber: string;
}

export interface ShipmentRow {
  readonly orderId: string;
  readonly status: ShipmentStatus;
  /** null: the tombstone of a parcel that was cancelled before it came. */
  readonly parcel: Parcel | null;
  /** Counts the changes. */
  readonly sequence: number;
  readonly history: readonly { readonly status: ShipmentStatus; readonly atUs: RunTimeUs }[];
  /** Of the request that made it: what happens to it later stays in the order's trace. */
  readonly span: SpanContext | null;
  /** When it moves on by itself; absent: it does not. */
  readonly nextAtUs?: RunTimeUs;
}

export const shipmentsTable = defineTable<ShipmentRow>('shipments', 'orderId', {
  nextAt: 'nextAtUs',
  status: 'status',
});

/** What Order said of an order: the same fact in two services, a moment later. */
export interface OrderStatusRow {
  readonly orderId: string;
  readonly status: string;
  /** When it became so, by Order's clock (RFC 3339). */
  readonly at: string;
}

export const orderStatusesTable = defineTable<OrderStatusRow>('order-statuses', 'orderId');
