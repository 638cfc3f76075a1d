import type { Expectation } from '../../patterns/index.ts';

/** Whoever checks tokens by User's keys: the gateway first of all, and each service again. */
export const keysOfUser: readonly Expectation[] = [
  { consumer: 'gateway', operation: 'GET /.well-known/jwks.json', reads: 'built-against' },
];
