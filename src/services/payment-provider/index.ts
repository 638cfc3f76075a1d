import type { ServiceDefinition } from '../../kernel/index.ts';
import { defineService } from '../../patterns/index.ts';
import { paymentProviderContract } from './contract.ts';
import { authorise, capture, getAuthorisation, toAuthorisation, voidAuthorisation } from './model.ts';
import { authorisationsTable } from './tables.ts';

export * from './contract.ts';
export * from './tables.ts';

/** Outside the shop: it has a fixed address, is in no registry and in no transaction of ours. */
export const paymentProviderService: ServiceDefinition = defineService({
  contract: paymentProviderContract,
  tables: [authorisationsTable],
  handlers: {
    authorise: async ({ params: { paymentId }, body }, context) => {
      const unlucky = context.random.uniform('decline', paymentId) < context.settings.payment.declineShare;
      const outcome = await context.store.transact('authorise', [authorisationsTable], 'readwrite', (tx) =>
        authorise(tx, { ...body, paymentId, unlucky }),
      );
      if ('problem' in outcome) return outcome;
      return { status: outcome.isNew ? 201 : 200, body: toAuthorisation(outcome.row) };
    },
    void: async ({ params: { paymentId } }, context) => {
      const row = await context.store.transact('void', [authorisationsTable], 'readwrite', (tx) =>
        voidAuthorisation(tx, paymentId),
      );
      return { status: 200, body: toAuthorisation(row) };
    },
    capture: async ({ params: { paymentId } }, context) => {
      const outcome = await context.store.transact('capture', [authorisationsTable], 'readwrite', (tx) =>
        capture(tx, paymentId),
      );
      return 'problem' in outcome ? outcome : { status: 200, body: toAuthorisation(outcome) };
    },
    getAuthorisation: async ({ params: { paymentId } }, context) => {
      const row = await context.store.transact('get authorisation', [authorisationsTable], 'readonly', (tx) =>
        getAuthorisation(tx, paymentId),
      );
      return { status: 200, body: toAuthorisation(row) };
    },
  },
});
