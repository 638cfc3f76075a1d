import type {
  BackgroundTask,
  Context,
  InstanceId,
  ServiceDefinition,
  ServiceName,
} from '../../kernel/index.ts';
import { defineService, type Problem, problem } from '../../patterns/index.ts';
import { registryContract } from './contract.ts';
import { expire, listInstances, overdue, register, remove, renewAll } from './model.ts';
import { instancesTable } from './tables.ts';

export * from './contract.ts';
export * from './tables.ts';

const EXPIRY_POLL_MS = 250;

/** Looks for leases that have run out. */
const leaseExpiryTask: BackgroundTask = {
  name: 'lease-expiry',
  run: async (context) => {
    for (;;) {
      const due = await context.store.transact(
        'look for expired leases',
        [instancesTable],
        'readonly',
        overdue,
      );
      if (due.length > 0)
        await context.store.transact('expire leases', [instancesTable], 'readwrite', expire);
      await context.clock.sleep(EXPIRY_POLL_MS);
    }
  },
};

/** An instance speaks for itself only: else one could take another out of the list. */
function impostor({ caller }: Context, instanceId: InstanceId, service?: ServiceName): Problem | null {
  if (caller?.instance === instanceId && (service === undefined || caller.service === service)) return null;
  return problem(
    403,
    'not-yourself',
    'Not yourself',
    `${caller?.instance ?? 'Somebody outside'} cannot speak for ${instanceId}${service === undefined ? '' : ` of ${service}`}.`,
  );
}

export const registryService: ServiceDefinition = defineService({
  contract: registryContract,
  tables: [instancesTable],
  background: [leaseExpiryTask],
  onStart: async (context) => {
    const { leaseMs } = context.settings.registry;
    await context.store.transact('renew leases', [instancesTable], 'readwrite', (tx) =>
      renewAll(tx, leaseMs),
    );
  },
  handlers: {
    registerInstance: async ({ params: { instanceId }, body }, context) => {
      const refusal = impostor(context, instanceId, body.service);
      if (refusal !== null) return refusal;
      const { leaseMs } = context.settings.registry;
      const row = await context.store.transact('register', [instancesTable], 'readwrite', (tx) =>
        register(tx, instanceId, body.service, leaseMs),
      );
      return { status: 200, body: { leaseMs, leaseUntilUs: row.leaseUntilUs } };
    },
    listInstances: async ({ query }, context) => {
      const instances = await context.store.transact('list instances', [instancesTable], 'readonly', (tx) =>
        listInstances(tx, query.service),
      );
      return { status: 200, body: { instances } };
    },
    removeInstance: async ({ params: { instanceId } }, context) => {
      const refusal = impostor(context, instanceId);
      if (refusal !== null) return refusal;
      await context.store.transact('remove', [instancesTable], 'readwrite', (tx) => remove(tx, instanceId));
      return { status: 204 };
    },
  },
});
