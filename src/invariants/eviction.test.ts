import { describe, expect, it } from 'vitest';
import { instanceId, type Json, type RunSettings } from '../kernel/index.ts';
import { testSettings } from '../kernel/testing/test-settings.ts';
import { eviction } from './eviction.ts';
import { InvariantCheck } from './invariant-check.ts';
import { LogBuilder } from './testing/log-builder.ts';

const settings: RunSettings = testSettings({ registry: { selfPreservation: { renewalShare: 0.85 } } });

const wrongs = ({ events }: LogBuilder, of: RunSettings = settings): string[] => {
  const check = new InvariantCheck({ invariants: [eviction], inTrueOrder: true, settings: of });
  for (const event of events) check.add(event);
  check.end();
  return check.violations.map(({ message }) => message);
};

const instance = (number: number, leaseUntilMs: number, registeredMs = 0): Record<string, Json> => ({
  [`instances/product-${number}`]: {
    instanceId: `product-${number}`,
    registeredAtUs: registeredMs * 1000,
    leaseUntilUs: leaseUntilMs * 1000,
  },
});
const counts = (sinceMs: number, renewals: number, lastRenewals: number): Record<string, Json> => ({
  'renewals/renewals': { name: 'renewals', sinceUs: sinceMs * 1000, renewals, lastRenewals },
});
const gone = (number: number): Record<string, Json> => ({ [`instances/product-${number}`]: null });
const expired = (number: number) =>
  ({ type: 'registry.instance.expired', expired: instanceId('product', number) }) as const;

/** Of four registered instances so many renew in the first window, all at once, and the lease of all ends at 1.5 s. */
function four(renewing: readonly number[]): LogBuilder {
  const log = new LogBuilder().commit('registry', counts(0, 0, 0));
  for (const number of [1, 2, 3, 4]) log.commit('registry', instance(number, 1500));
  renewing.forEach((number, index) => {
    log.commit('registry', { ...instance(number, 1500), ...counts(0, index + 1, 0) });
  });
  return log.at(2500);
}

describe('INV-21 eviction', () => {
  it('holds for one that is overdue, after more renewals than the threshold', () => {
    const log = four([1, 2, 3, 1, 2, 3, 1])
      .commit('registry', { ...counts(2000, 0, 7), ...gone(4) })
      .add('registry', expired(4));
    expect(wrongs(log)).toEqual([]);
  });

  it('finds one that is evicted at the threshold', () => {
    const log = four([1, 2, 3, 1, 2, 3])
      .commit('registry', { ...counts(2000, 0, 6), ...gone(4) })
      .add('registry', expired(4));
    expect(wrongs(log)).toEqual([
      'product-4 was evicted after 6 renewals, with 4 registered: more than 6 are needed',
    ]);
    const never = testSettings({ registry: { selfPreservation: { renewalShare: 0 } } });
    expect(wrongs(log, never)).toEqual([]);
    expect(wrongs(log, testSettings())).toEqual([]);
  });

  it('finds one that is evicted while the registry says that it preserves itself', () => {
    const figures = { renewals: 6, expected: 8, threshold: 6 };
    const log = four([1, 2, 3, 1, 2, 3, 1])
      .add('registry', { type: 'registry.self-preservation.started', ...figures, kept: [] })
      .commit('registry', { ...counts(2000, 0, 7), ...gone(4) })
      .add('registry', expired(4));
    expect(wrongs(log)).toEqual(['product-4 was evicted though the registry preserves itself']);
  });

  it('finds one whose lease is not over, self-preservation or none', () => {
    const log = new LogBuilder()
      .commit('registry', instance(1, 100))
      .at(99)
      .commit('registry', gone(1))
      .at(99)
      .add('registry', expired(1));
    expect(wrongs(log, testSettings())).toEqual(['product-1 was evicted before its lease was over']);
  });

  it('finds more at once than may go', () => {
    const log = four([1, 2, 1, 2, 1, 2, 1])
      .commit('registry', { ...counts(2000, 0, 7), ...gone(3), ...gone(4) })
      .add('registry', expired(3));
    expect(wrongs(log)).toEqual(['2 of 4 were evicted at once, and at most 1 may be']);
  });

  it('finds a registration that is counted as a renewal', () => {
    const log = four([1]).commit('registry', { ...instance(5, 9000), ...counts(2000, 1, 1) });
    expect(wrongs(log)).toEqual(['the registry counts 1 renewals after 1; there were 0 after 1']);
    const again = four([1]).commit('registry', { ...instance(1, 9000, 2000), ...counts(2000, 1, 1) });
    expect(wrongs(again)).toEqual(['the registry counts 1 renewals after 1; there were 0 after 1']);
  });

  it('finds a window that is counted for longer than it was the last one', () => {
    const log = four([1])
      .at(4500)
      .commit('registry', { ...instance(2, 9000), ...counts(4000, 1, 1) });
    expect(wrongs(log)).toEqual(['the registry counts 1 renewals after 1; there were 1 after 0']);
  });

  it('begins anew with the registry', () => {
    const log = four([1])
      .add('registry', {
        type: 'store.committed',
        database: 'registry',
        operation: 'renew leases',
        rows: Object.entries({ ...instance(1, 9000), ...counts(2501, 0, 0) }).map(([name, after]) => ({
          table: name.split('/')[0] ?? '',
          key: name.split('/')[1] ?? '',
          after,
        })),
      })
      .commit('registry', { ...instance(2, 9000), ...counts(2501, 1, 0) });
    expect(wrongs(log)).toEqual([]);
  });
});
