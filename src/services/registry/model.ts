import {
  type InstanceId,
  plusMs,
  type RegistrySettings,
  type RunTimeUs,
  type ServiceName,
  type Transaction,
} from '../../kernel/index.ts';
import { evictionLimit, firstWindow, mayEvict, renewalFigures, windowAt } from './self-preservation.ts';
import { type InstanceRow, instancesTable, RENEWALS, type RenewalsRow, renewalsTable } from './tables.ts';

// REG-1 an instance is listed from its first heartbeat until its lease runs out or it is taken out.
// REG-2 each heartbeat renews the lease by its full length. REG-3 registering and expiring are logged once each.
// REG-4 after an outage of the registry each instance has one fresh lease to be heard of again.
// With self-preservation a lease that has run out is listed until the eviction takes it: DISC-11 to DISC-16.

/** One heartbeat: registers the instance, or renews its lease. */
export async function register(
  tx: Transaction,
  instanceId: InstanceId,
  service: ServiceName,
  settings: RegistrySettings,
): Promise<InstanceRow> {
  const { leaseMs, leaseExpiryFactor } = settings;
  const before = await tx.get(instancesTable, instanceId);
  if (before !== undefined && isGone(before, tx.now(), settings))
    tx.emit({ type: 'registry.instance.expired', expired: instanceId });
  const renewed = before !== undefined && !isGone(before, tx.now(), settings);
  const row: InstanceRow = {
    instanceId,
    service,
    registeredAtUs: renewed ? before.registeredAtUs : tx.now(),
    leaseUntilUs: plusMs(tx.now(), renewed ? leaseMs * leaseExpiryFactor : leaseMs),
  };
  await tx.put(instancesTable, row);
  if (renewed) await countRenewal(tx, settings);
  else tx.emit({ type: 'registry.instance.registered', registered: instanceId });
  return row;
}

const isOver = ({ leaseUntilUs }: InstanceRow, nowUs: RunTimeUs): boolean => leaseUntilUs <= nowUs;

/** Self-preservation keeps what is over, until the eviction takes it. */
const isGone = (row: InstanceRow, nowUs: RunTimeUs, { selfPreservation }: RegistrySettings): boolean =>
  selfPreservation === null && isOver(row, nowUs);

/** Who has a lease now. Without self-preservation an expired one is not shown, even before it is cleared away. */
export async function listInstances(
  tx: Transaction,
  settings: RegistrySettings,
  service?: ServiceName,
): Promise<readonly InstanceRow[]> {
  const rows = await tx.list(
    instancesTable,
    service === undefined ? {} : { index: 'service', equals: service },
  );
  return rows.filter((row) => !isGone(row, tx.now(), settings));
}

/** Takes an instance out: it has said goodbye. */
export async function remove(
  tx: Transaction,
  instanceId: InstanceId,
  settings: RegistrySettings,
): Promise<void> {
  const row = await tx.get(instancesTable, instanceId);
  if (row === undefined) return;
  await tx.delete(instancesTable, instanceId);
  tx.emit(
    isGone(row, tx.now(), settings)
      ? { type: 'registry.instance.expired', expired: instanceId }
      : { type: 'registry.instance.removed', removed: instanceId },
  );
}

/** Those whose lease has run out by now. */
const overdue = async (tx: Transaction): Promise<readonly InstanceRow[]> =>
  await tx.list(instancesTable, { index: 'leaseUntilUs', to: tx.now() });

/** While the registry was down nobody could renew a lease: all get one fresh lease, whatever is left of theirs. */
export async function renewAll(
  tx: Transaction,
  { leaseMs, selfPreservation }: RegistrySettings,
): Promise<void> {
  const leaseUntilUs = plusMs(tx.now(), leaseMs);
  for (const row of await tx.list(instancesTable)) await tx.put(instancesTable, { ...row, leaseUntilUs });
  if (selfPreservation === null) return;
  // It cannot know what it did not hear: it begins to count anew, and evicts nobody until it has counted.
  const before = await tx.get(renewalsTable, RENEWALS);
  const { keepingSinceUs } = before ?? { keepingSinceUs: null };
  await tx.put(renewalsTable, { name: RENEWALS, ...firstWindow(tx.now()), keepingSinceUs });
}

/** How it counts now; it begins with the first that it counts. */
async function renewalsNow(tx: Transaction, settings: RegistrySettings): Promise<RenewalsRow> {
  const row = await tx.get(renewalsTable, RENEWALS);
  return row === undefined
    ? { name: RENEWALS, ...firstWindow(tx.now()), keepingSinceUs: null }
    : { ...row, ...windowAt(row, tx.now(), settings) };
}

async function countRenewal(tx: Transaction, settings: RegistrySettings): Promise<void> {
  if (settings.selfPreservation === null) return;
  const row = await renewalsNow(tx, settings);
  await tx.put(renewalsTable, { ...row, renewals: row.renewals + 1 });
}

/** Whether there is anybody to evict, or a self-preservation to end. */
export async function isEvictionDue(tx: Transaction): Promise<boolean> {
  if ((await overdue(tx)).length > 0) return true;
  const row = await tx.get(renewalsTable, RENEWALS);
  return row !== undefined && row.keepingSinceUs !== null;
}

/** Clears away whose lease has run out, and logs each; or keeps them, while too few renewals come in. */
export async function evict(
  tx: Transaction,
  settings: RegistrySettings,
  lotOf: (instanceId: InstanceId) => number,
): Promise<void> {
  const late = await overdue(tx);
  const share = settings.selfPreservation?.renewalShare ?? 0;
  const registered = (await tx.list(instancesTable)).length;
  const row = await renewalsNow(tx, settings);
  const figures = renewalFigures(row, registered, share);
  const keeps = late.length > 0 && !mayEvict(figures, share);
  const changes = keeps !== (row.keepingSinceUs !== null);
  const evicts = late.length > 0 && !keeps;
  // Whoever is evicted, the log says by which window.
  if (changes || (evicts && settings.selfPreservation !== null))
    await tx.put(renewalsTable, { ...row, keepingSinceUs: keeps ? (row.keepingSinceUs ?? tx.now()) : null });
  if (changes) {
    const kept = late.map(({ instanceId }) => instanceId).sort();
    tx.emit(
      keeps
        ? { type: 'registry.self-preservation.started', ...figures, kept }
        : { type: 'registry.self-preservation.ended', ...figures },
    );
  }
  if (!evicts) return;
  for (const { instanceId } of drawn(late, evictionLimit(registered, share), lotOf)) {
    await tx.delete(instancesTable, instanceId);
    tx.emit({ type: 'registry.instance.expired', expired: instanceId });
  }
}

/** At most so many of them, by lot. */
function drawn(
  late: readonly InstanceRow[],
  limit: number,
  lotOf: (instanceId: InstanceId) => number,
): readonly InstanceRow[] {
  if (late.length <= limit) return late;
  return late
    .map((row) => ({ row, lot: lotOf(row.instanceId) }))
    .sort((a, b) => a.lot - b.lot)
    .slice(0, limit)
    .map(({ row }) => row);
}
