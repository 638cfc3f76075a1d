import * as z from 'zod/mini';
import { type Expectation, reads } from '../../patterns/index.ts';
import { orderContract } from '../order/contract.ts';
import { CATEGORIES, productContract } from '../product/contract.ts';
import { addressSchema } from '../shipping/contract.ts';
import { userContract } from '../user/contract.ts';

// What customers need of the services behind the shop's door. They read what they get by these very schemas.

export const signedInSchema = z.object({ token: z.string() });
export const placedSchema = z.object({ orderId: z.string() });
/** They look at it, whatever it is. */
const shown = z.unknown();

const consumer = 'customers';

export const customersExpectations: readonly Expectation[] = [
  {
    consumer,
    operation: reads(userContract.operations.signIn, signedInSchema),
    sends: { body: z.object({ email: z.string(), password: z.string() }) },
  },
  {
    consumer,
    operation: reads(productContract.operations.listProducts, shown),
    sends: { query: z.object({ category: z.enum(CATEGORIES), limit: z.int() }) },
  },
  { consumer, operation: reads(productContract.operations.getProduct, shown), sends: {} },
  {
    consumer,
    operation: reads(orderContract.operations.placeOrder, placedSchema),
    sends: {
      body: z.object({
        lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
        address: addressSchema,
        cardToken: z.string(),
      }),
      idempotencyKey: true,
    },
  },
  { consumer, operation: reads(orderContract.operations.getOrder, shown), sends: {} },
];
