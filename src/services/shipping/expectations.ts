import { type Expectation, jwksOperation } from '../../patterns/index.ts';

/** Shipping asks User for its keys, and nobody else: of orders it hears by events. */
export const shippingExpectations: readonly Expectation[] = [
  { consumer: 'shipping', operation: jwksOperation, sends: {} },
];
