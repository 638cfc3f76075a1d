import type { Expectation } from '../../patterns/index.ts';

// What whoever calls the shop needs of the services behind the gateway: only the fields that are read.

const consumer = 'customers';

export const customersOfUser: readonly Expectation[] = [
  { consumer, operation: 'POST /sessions', reads: ['token', 'customer.customerId'] },
];

export const customersOfProduct: readonly Expectation[] = [
  { consumer, operation: 'GET /products', reads: ['items[].sku', 'items[].name', 'items[].priceMinor'] },
  { consumer, operation: 'GET /products/{sku}', reads: ['sku', 'name', 'priceMinor'] },
];

export const customersOfOrder: readonly Expectation[] = [
  { consumer, operation: 'POST /orders', reads: ['orderId', 'status'] },
  { consumer, operation: 'GET /orders/{orderId}', reads: ['status'] },
];

export const customersOfShipping: readonly Expectation[] = [
  { consumer, operation: 'GET /shipments/{orderId}', reads: ['status', 'trackingNumber'] },
];
