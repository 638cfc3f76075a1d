import type { Composition } from './composition.ts';

/** The shop as services that call each other, each with a database of its own. What others lean on starts first. */
export const microservices: Composition = {
  name: 'microservices',
  services: [
    'registry',
    'payment-provider',
    'broker',
    'user',
    'product',
    'shipping',
    'order',
    'gateway',
    'customers',
  ],
  entry: 'gateway',
  lookUps: ['gateway', 'order', 'shipping', 'broker'],
};
