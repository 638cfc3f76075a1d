import * as z from 'zod/mini';
import type { RunTimeUs, SpanContext } from '../../../kernel/index.ts';
import { addressSchema, SHIPMENT_STATUSES, type Zone } from '../contract.ts';
import type { OrderStatusRow, ShipmentRow } from '../tables.ts';

// What Python stores is held to these: JSON has no types, and two implementations share these tables. They also
// put the fields in their order, which Python's dictionaries do not keep.

const status = z.enum(SHIPMENT_STATUSES);
const moment = z.int() as unknown as z.ZodMiniType<RunTimeUs>;

export const spanSchema = z.nullable(
  z.strictObject({ traceId: z.string(), spanId: z.string() }),
) as unknown as z.ZodMiniType<SpanContext | null>;

export const shipmentRowSchema: z.ZodMiniType<ShipmentRow> = z.strictObject({
  orderId: z.string(),
  status,
  parcel: z.nullable(
    z.strictObject({
      shipmentId: z.string(),
      customerId: z.string(),
      address: addressSchema,
      weightG: z.int(),
      zone: z.enum(['domestic', 'europe', 'world'] satisfies Zone[]),
      carrier: z.string(),
      trackingNumber: z.string(),
    }),
  ),
  sequence: z.int(),
  history: z.array(z.strictObject({ status, atUs: moment })),
  span: spanSchema,
  nextAtUs: z.exactOptional(moment),
});

export const orderStatusRowSchema: z.ZodMiniType<OrderStatusRow> = z.strictObject({
  orderId: z.string(),
  status: z.string(),
  at: z.string(),
});
