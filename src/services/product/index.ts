import type { ServiceDefinition } from '../../kernel/index.ts';
import { defineService, registrationTask } from '../../patterns/index.ts';
import { productContract } from './contract.ts';
import { customersHandlers, holdExpiryTask, seedProduct } from './handlers.ts';
import { commit, release, reserveForGood, toReservation } from './stock-model.ts';
import { productTables, stockTables } from './tables.ts';

export { CATALOGUE } from './catalogue.ts';
export * from './catalogue-model.ts';
export * from './contract.ts';
export { holdExpiryTask } from './handlers.ts';
export * from './stock-model.ts';
export * from './tables.ts';

export const productService: ServiceDefinition = defineService({
  contract: productContract,
  tables: productTables,
  background: [registrationTask(), holdExpiryTask],
  onStart: seedProduct,
  handlers: {
    ...customersHandlers,
    reserve: async ({ params, body }, context) => {
      const outcome = await context.store.transact('reserve', stockTables, 'readwrite', (tx) =>
        reserveForGood(tx, { orderId: params.orderId, lines: body.lines, customerId: body.customerId }),
      );
      return 'problem' in outcome ? outcome : { status: 200, body: toReservation(outcome) };
    },
    release: async ({ params }, context) => {
      const row = await context.store.transact('release', stockTables, 'readwrite', (tx) =>
        release(tx, params.orderId),
      );
      return { status: 200, body: toReservation(row) };
    },
    commit: async ({ params }, context) => {
      const row = await context.store.transact('commit', stockTables, 'readwrite', (tx) =>
        commit(tx, params.orderId),
      );
      return { status: 200, body: toReservation(row) };
    },
  },
});
