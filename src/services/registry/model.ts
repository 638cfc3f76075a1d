import {
  type InstanceId,
  plusMs,
  type RunTimeUs,
  type ServiceName,
  type Transaction,
} from '../../kernel/index.ts';
import { type InstanceRow, instancesTable } from './tables.ts';

// REG-1 an instance is listed from its first heartbeat until its lease runs out or it is taken out.
// REG-2 each heartbeat renews the lease by its full length. REG-3 registering and expiring are logged once each.
// REG-4 after an outage of the registry each instance has one fresh lease to be heard of again.

/** One heartbeat: registers the instance, or renews its lease. */
export async function register(
  tx: Transaction,
  instanceId: InstanceId,
  service: ServiceName,
  leaseMs: number,
): Promise<InstanceRow> {
  const before = await tx.get(instancesTable, instanceId);
  if (before !== undefined && isOver(before, tx.now()))
    tx.emit({ type: 'registry.instance.expired', expired: instanceId });
  const renewed = before !== undefined && !isOver(before, tx.now());
  const row: InstanceRow = {
    instanceId,
    service,
    registeredAtUs: renewed ? before.registeredAtUs : tx.now(),
    leaseUntilUs: plusMs(tx.now(), leaseMs),
  };
  await tx.put(instancesTable, row);
  if (!renewed) tx.emit({ type: 'registry.instance.registered', registered: instanceId });
  return row;
}

const isOver = ({ leaseUntilUs }: InstanceRow, nowUs: RunTimeUs): boolean => leaseUntilUs <= nowUs;

/** Who has a lease now; an expired one is not shown, even before it is cleared away. */
export async function listInstances(tx: Transaction, service?: ServiceName): Promise<readonly InstanceRow[]> {
  const rows = await tx.list(
    instancesTable,
    service === undefined ? {} : { index: 'service', equals: service },
  );
  return rows.filter((row) => !isOver(row, tx.now()));
}

/** Takes an instance out: it has said goodbye. */
export async function remove(tx: Transaction, instanceId: InstanceId): Promise<void> {
  const row = await tx.get(instancesTable, instanceId);
  if (row === undefined) return;
  await tx.delete(instancesTable, instanceId);
  tx.emit(
    isOver(row, tx.now())
      ? { type: 'registry.instance.expired', expired: instanceId }
      : { type: 'registry.instance.removed', removed: instanceId },
  );
}

/** Those whose lease has run out by now. */
export const overdue = async (tx: Transaction): Promise<readonly InstanceRow[]> =>
  await tx.list(instancesTable, { index: 'leaseUntilUs', to: tx.now() });

/** While the registry was down nobody could renew a lease: all get one fresh lease, whatever is left of theirs. */
export async function renewAll(tx: Transaction, leaseMs: number): Promise<void> {
  const leaseUntilUs = plusMs(tx.now(), leaseMs);
  for (const row of await tx.list(instancesTable)) await tx.put(instancesTable, { ...row, leaseUntilUs });
}

/** Clears away whose lease has run out, and logs each. */
export async function expire(tx: Transaction): Promise<void> {
  for (const { instanceId } of await overdue(tx)) {
    await tx.delete(instancesTable, instanceId);
    tx.emit({ type: 'registry.instance.expired', expired: instanceId });
  }
}
