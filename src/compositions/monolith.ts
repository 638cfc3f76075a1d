import type { Composition } from './composition.ts';

/** The same shop as one process with one database. Customers reach it directly; the payment provider stays outside. */
export const monolith: Composition = {
  name: 'monolith',
  services: ['payment-provider', 'monolith', 'customers'],
  entry: 'monolith',
  lookUps: [],
};
