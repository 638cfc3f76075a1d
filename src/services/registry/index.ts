import type {
  BackgroundTask,
  Context,
  InstanceId,
  ServiceDefinition,
  ServiceName,
} from '../../kernel/index.ts';
import { defineService, type Problem, problem, sleepOut } from '../../patterns/index.ts';
import { registryContract } from './contract.ts';
import { evict, isEvictionDue, listInstances, register, remove, renewAll } from './model.ts';
import { instancesTable, renewalsTable } from './tables.ts';

export * from './contract.ts';
export * from './tables.ts';

const TABLES = [instancesTable, renewalsTable];

/** Looks for leases that have run out. */
const leaseExpiryTask: BackgroundTask = {
  name: 'lease-expiry',
  run: async (context) => {
    for (;;) {
      const isDue = await context.store.transact(
        'look for expired leases',
        TABLES,
        'readonly',
        isEvictionDue,
      );
      if (isDue)
        await context.store.transact('expire leases', TABLES, 'readwrite', (tx) =>
          evict(tx, context.settings.registry, (instance) =>
            context.random.uniform('eviction', instance, tx.now()),
          ),
        );
      await sleepOut(context, () => context.settings.registry.evictionMs);
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
  tables: TABLES,
  background: [leaseExpiryTask],
  onStart: async (context) => {
    await context.store.transact('renew leases', TABLES, 'readwrite', (tx) =>
      renewAll(tx, context.settings.registry),
    );
  },
  handlers: {
    registerInstance: async ({ params: { instanceId }, body }, context) => {
      const refusal = impostor(context, instanceId, body.service);
      if (refusal !== null) return refusal;
      const { registry } = context.settings;
      const row = await context.store.transact('register', TABLES, 'readwrite', (tx) =>
        register(tx, instanceId, body.service, registry),
      );
      return { status: 200, body: { leaseMs: registry.leaseMs, leaseUntilUs: row.leaseUntilUs } };
    },
    listInstances: async ({ query }, context) => {
      const instances = await context.store.transact('list instances', [instancesTable], 'readonly', (tx) =>
        listInstances(tx, context.settings.registry, query.service),
      );
      return { status: 200, body: { instances } };
    },
    removeInstance: async ({ params: { instanceId } }, context) => {
      const refusal = impostor(context, instanceId);
      if (refusal !== null) return refusal;
      const { registry } = context.settings;
      await context.store.transact('remove', [instancesTable], 'readwrite', (tx) =>
        remove(tx, instanceId, registry),
      );
      return { status: 204 };
    },
  },
});
