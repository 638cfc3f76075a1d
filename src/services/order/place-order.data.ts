import * as z from 'zod/mini';
import { addressSchema } from '../shipping/contract.ts';

export const placeOrderDataSchema = z.object({
  orderId: z.string(),
  customerId: z.string(),
  paymentId: z.string(),
  lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
  address: addressSchema,
  cardToken: z.string(),
});

/** What is known of an order when it is taken: goods without prices, where to, and a card. */
export type PlaceOrderData = z.output<typeof placeOrderDataSchema>;
