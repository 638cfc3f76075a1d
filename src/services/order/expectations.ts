import * as z from 'zod/mini';
import { type Expectation, jwksOperation, reads } from '../../patterns/index.ts';
import { productContract } from '../product/contract.ts';
import { addressSchema, shippingContract } from '../shipping/contract.ts';

// What Order needs of others. The saga calls by these operations, so that it relies on no more than stands here.

const product = productContract.operations;
const shipping = shippingContract.operations;

/** That it worked is all that matters. */
const nothingOfIt = z.object({});

export const reserve = reads(
  product.reserve,
  z.object({
    lines: z.array(
      z.object({ sku: z.string(), name: z.string(), quantity: z.int(), unitPriceMinor: z.int() }),
    ),
    totalMinor: z.int(),
    weightG: z.int(),
  }),
);
export const commit = reads(product.commit, nothingOfIt);
export const release = reads(product.release, nothingOfIt);
export const createShipment = reads(shipping.createShipment, nothingOfIt);
export const dispatchShipment = reads(shipping.dispatchShipment, nothingOfIt);
export const cancelShipment = reads(shipping.cancelShipment, nothingOfIt);

const consumer = 'order';

export const orderExpectations: readonly Expectation[] = [
  {
    consumer,
    operation: reserve,
    sends: {
      body: z.object({
        lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
        customerId: z.string(),
      }),
    },
  },
  { consumer, operation: commit, sends: {} },
  { consumer, operation: release, sends: {} },
  {
    consumer,
    operation: createShipment,
    sends: { body: z.object({ customerId: z.string(), address: addressSchema, weightG: z.int() }) },
  },
  { consumer, operation: dispatchShipment, sends: {} },
  { consumer, operation: cancelShipment, sends: {} },
  { consumer, operation: jwksOperation, sends: {} },
];
