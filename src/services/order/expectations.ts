import type { Expectation } from '../../patterns/index.ts';

const consumer = 'order';
const reads = 'built-against';

/** What Order's saga needs of Product: it reads answers by the contract it was built against. */
export const orderOfProduct: readonly Expectation[] = [
  { consumer, reads, operation: 'PUT /reservations/{orderId}' },
  { consumer, reads, operation: 'DELETE /reservations/{orderId}' },
  { consumer, reads, operation: 'POST /reservations/{orderId}/commit' },
];

/** … and of Shipping. */
export const orderOfShipping: readonly Expectation[] = [
  { consumer, reads, operation: 'PUT /shipments/{orderId}' },
  { consumer, reads, operation: 'DELETE /shipments/{orderId}' },
  { consumer, reads, operation: 'POST /shipments/{orderId}/dispatch' },
];
