import { describe, expect, test } from 'vitest';
import {
  type InstanceId,
  instanceId,
  type RegistrySettings,
  RUN_START,
  runTimeUs,
  serviceOf,
} from '../../kernel/index.ts';
import { createTestWorld, testService } from '../../kernel/testing/test-host.ts';
import { registrationTask } from '../../patterns/index.ts';
import { registryService } from './index.ts';
import { evictionLimit, mayEvict, renewalFigures, windowAt } from './self-preservation.ts';
import { instancesTable, RENEWALS, renewalsTable } from './tables.ts';

const registry = instanceId('registry', 1);
const [p1, p2, p3, p4] = [1, 2, 3, 4].map((number) => instanceId('product', number)) as [
  InstanceId,
  InstanceId,
  InstanceId,
  InstanceId,
];

/** A registry whose window is 2 s; a renewal is good for 6 s. */
async function world(settings: Partial<RegistrySettings> = {}) {
  const own = createTestWorld({
    settings: { registry: { leaseExpiryFactor: 2, selfPreservation: { renewalShare: 0.85 }, ...settings } },
  });
  own.add(registryService);
  await own.runFor(10);
  const beat = async (...instances: InstanceId[]) => {
    for (const from of instances) {
      const { status } = await own.ask(registry, {
        method: 'PUT',
        path: `/instances/${from}`,
        plane: 'control',
        from,
        body: { service: serviceOf(from) },
      });
      expect(status).toBe(200);
    }
  };
  const until = async (atMs: number) => await own.runFor(atMs - own.nowMs);
  /** A heartbeat of each a second, 100 ms after it, from `fromS` up to and without `toS`. */
  const beats = async (fromS: number, toS: number, ...instances: InstanceId[]) => {
    for (let second = fromS; second < toS; second += 1) {
      await until(second * 1000 + 100);
      await beat(...instances);
    }
    await until(toS * 1000);
  };
  const list = async () => {
    const { body } = await own.ask(registry, {
      method: 'GET',
      path: '/instances',
      plane: 'control',
      from: instanceId('order', 1),
    });
    return (body as { instances: { instanceId: string }[] }).instances.map((each) => each.instanceId);
  };
  const row = (of: InstanceId) =>
    own.rows('registry', instancesTable).find(({ instanceId: id }) => id === of);
  /** When the eviction took out whom. */
  const evicted = () =>
    own.eventsOf('registry.instance.expired').map(({ expired, timeUs }) => [expired, timeUs / 1000]);
  const told = () =>
    own.events.flatMap((event) =>
      event.type === 'registry.self-preservation.started' || event.type === 'registry.self-preservation.ended'
        ? [
            {
              what: event.type.slice('registry.self-preservation.'.length),
              figures: [event.renewals, event.expected, event.threshold],
            },
          ]
        : [],
    );
  return { own, beat, beats, until, list, row, evicted, told };
}

describe('DISC-11 a registration is good for one lease, a renewal for leaseExpiryFactor of them', () => {
  test.each([
    [1, 3000],
    [2, 6000],
    [1.5, 4500],
  ])('factor %d: %d ms', async (leaseExpiryFactor, renewedMs) => {
    const { own, beat, row } = await world({ leaseExpiryFactor });
    const lengthMs = () => {
      const commit = own.eventsOf('store.committed').findLast(({ operation }) => operation === 'register');
      return ((row(p1)?.leaseUntilUs ?? 0) - (commit?.timeUs ?? 0)) / 1000;
    };
    await beat(p1);
    expect(lengthMs()).toBe(3000);
    await beat(p1);
    expect(lengthMs()).toBe(renewedMs);
  });
});

describe('DISC-12 whose lease has run out', () => {
  test('is not shown from that moment on without self-preservation, though nobody has cleared it away', async () => {
    const { own, beat, row, list, evicted } = await world({ selfPreservation: null, evictionMs: 10_000 });
    await beat(p1);
    // The request arrives 1 ms after it was sent, and takes 5 ms.
    await own.runFor(3000 - 20);
    expect(await list()).toEqual([p1]);
    await own.runFor(20);
    expect(await list()).toEqual([]);
    expect(row(p1)).toBeDefined();
    expect(evicted()).toEqual([]);
  });

  test('and says goodbye, is removed where it was listed until then, and not evicted', async () => {
    const goodbye = async (selfPreservation: RegistrySettings['selfPreservation']) => {
      const { own, beat, until, evicted } = await world({ selfPreservation, evictionMs: 10_000 });
      await beat(p1);
      await until(5000);
      await own.ask(registry, { method: 'DELETE', path: `/instances/${p1}`, plane: 'control', from: p1 });
      return [own.eventsOf('registry.instance.removed').length, evicted().length];
    };
    expect(await goodbye({ renewalShare: 0.85 })).toEqual([1, 0]);
    expect(await goodbye(null)).toEqual([0, 1]);
  });

  test('is shown with self-preservation until the eviction takes it, which comes every evictionMs', async () => {
    const { beat, until, list, evicted } = await world({
      selfPreservation: { renewalShare: 0 },
      evictionMs: 5000,
    });
    await beat(p1);
    await until(4990);
    expect(await list()).toEqual([p1]);
    await until(5010);
    expect(await list()).toEqual([]);
    expect(evicted()).toEqual([[p1, 5000]]);
  });

  test('is taken at the very microsecond in which the lease is over, and not one before', async () => {
    for (const [evictionMs, taken] of [
      [3016, true],
      [3015.999, false],
    ] as const) {
      const { beat, until, row, evicted } = await world({
        selfPreservation: { renewalShare: 0 },
        evictionMs,
      });
      await beat(p1);
      expect(row(p1)?.leaseUntilUs).toBe(3_016_000);
      await until(3100);
      expect(evicted().length, `${evictionMs}`).toBe(taken ? 1 : 0);
    }
  });

  test('renews like any other while it is kept, and registers anew once it was evicted', async () => {
    const { own, beat, until, row, list, evicted } = await world();
    await beat(p1);
    const since = row(p1)?.registeredAtUs;
    await until(20_000);
    expect(await list()).toEqual([p1]);
    await beat(p1);
    expect(row(p1)?.registeredAtUs).toBe(since);
    expect(own.eventsOf('registry.instance.registered')).toHaveLength(1);
    own.changeSettings({ registry: { selfPreservation: null } });
    await until(30_000);
    expect(evicted().map(([who]) => who)).toEqual([p1]);
    await beat(p1);
    expect(own.eventsOf('registry.instance.registered')).toHaveLength(2);
  });
});

describe('DISC-13 renewals are counted in windows of two heartbeats, one after the other', () => {
  const at = (ms: number) => runTimeUs(ms * 1000);
  const window = { sinceUs: RUN_START, renewals: 5, lastRenewals: 3 };
  const heartbeats = { heartbeatMs: 30_000 };

  test('a window is over at its very end', () => {
    expect(windowAt(window, at(59_999.999), heartbeats)).toBe(window);
    expect(windowAt(window, at(60_000), heartbeats)).toEqual({
      sinceUs: at(60_000),
      renewals: 0,
      lastRenewals: 5,
    });
  });

  test('of a window in which nobody renewed nothing is left for the next', () => {
    expect(windowAt(window, at(119_999.999), heartbeats).lastRenewals).toBe(5);
    expect(windowAt(window, at(120_000), heartbeats)).toEqual({
      sinceUs: at(120_000),
      renewals: 0,
      lastRenewals: 0,
    });
  });

  test('a renewal counts, a registration does not', async () => {
    const { own, beat } = await world();
    const counted = () => own.rows('registry', renewalsTable).find(({ name }) => name === RENEWALS)?.renewals;
    await beat(p1, p2);
    expect(counted()).toBe(0);
    await beat(p1, p2, p1);
    expect(counted()).toBe(3);
  });

  test('without self-preservation nothing is counted', async () => {
    const { own, beat } = await world({ selfPreservation: null });
    await beat(p1, p1, p1);
    expect(own.rows('registry', renewalsTable)).toEqual([]);
  });
});

describe('DISC-14 it evicts only when more renewals came than the threshold', () => {
  const figures = (lastRenewals: number, registered: number, share: number) =>
    renewalFigures({ sinceUs: RUN_START, renewals: 0, lastRenewals }, registered, share);

  test('the threshold is the whole part of the share of two renewals of each', () => {
    expect(figures(6, 4, 0.85)).toEqual({ renewals: 6, expected: 8, threshold: 6 });
    expect(figures(0, 10, 0.85).threshold).toBe(17);
    expect(figures(0, 0, 0.85).threshold).toBe(0);
  });

  test.each([
    [6, 0.85, false],
    [7, 0.85, true],
    [0, 0.85, false],
    [0, 0, true],
  ])('%d renewals of 8, share %d: %s', (renewals, share, may) => {
    expect(mayEvict(figures(renewals, 4, share), share)).toBe(may);
  });

  test('of four with one dead nobody is ever evicted', async () => {
    const { beats, list, evicted, told } = await world();
    await beats(1, 5, p1, p2, p3, p4);
    await beats(5, 65, p1, p2, p3);
    expect(await list()).toEqual([p1, p2, p3, p4]);
    expect(evicted()).toEqual([]);
    expect(told()).toEqual([{ what: 'started', figures: [6, 8, 6] }]);
  });

  test('one renewal less in the threshold and the dead one goes', async () => {
    // 8 × 0.75 = 6 renewals are too few, 8 × 0.74 = 5.92 asks for more than 5.
    for (const [renewalShare, listed] of [
      [0.75, 4],
      [0.74, 3],
      [0, 3],
    ] as const) {
      const { beats, list } = await world({ selfPreservation: { renewalShare } });
      await beats(1, 5, p1, p2, p3, p4);
      await beats(5, 24, p1, p2, p3);
      expect((await list()).length, `share ${renewalShare}`).toBe(listed);
    }
  });

  test('who is overdue is expected like the others', async () => {
    const { beats, told } = await world();
    await beats(1, 5, p1, p2, p3, p4);
    await beats(5, 13, p1, p2);
    expect(told()).toEqual([{ what: 'started', figures: [4, 8, 6] }]);
  });
});

describe('DISC-15 whoever begins to count evicts nobody yet', () => {
  test('not in the first window, nor in the second: what came in the first was registrations', async () => {
    // The lease is shorter than a window, so that there is somebody to evict.
    const { beats, beat, until, evicted } = await world({ leaseMs: 500 });
    await beats(0, 1, p1, p2, p3);
    await until(1100);
    await beat(p1, p2);
    await until(1900);
    // In the first window there is no window before.
    expect(evicted()).toEqual([]);
    await until(3900);
    // 2 renewals of 6 came in the first.
    expect(evicted()).toEqual([]);
  });

  test('an instance that is new is expected at once', async () => {
    const { own, beats, beat, told, evicted } = await world({ evictionMs: 500 });
    await beats(1, 6, p1, p2, p3);
    await own.runFor(100);
    await beat(p1, p2);
    for (const number of [5, 6, 7]) await beat(instanceId('product', number));
    // 6 renewals were enough for 3 (threshold 5), and are not for 6 (threshold 10).
    await own.runFor(3500 - 120);
    expect(told()[0]?.figures.slice(1)).toEqual([12, 10]);
    expect(evicted()).toEqual([]);
  });

  test('DISC-10 a registry that comes back keeps its list, and begins to count anew', async () => {
    const { own, beats, until, list, evicted } = await world();
    await beats(1, 7, p1, p2, p3, p4);
    own.crash(registry);
    own.restart(registry);
    await own.runFor(5);
    expect(own.rows('registry', renewalsTable)).toMatchObject([
      { renewals: 0, lastRenewals: 0, sinceUs: own.eventsOf('instance.started').at(-1)?.timeUs },
    ]);
    await until(60_000);
    expect(await list()).toEqual([p1, p2, p3, p4]);
    expect(evicted()).toEqual([]);
  });
});

describe('DISC-16 at most so many at once', () => {
  test('all but the whole part of the share of those that are registered', () => {
    expect([1, 4, 7, 20].map((registered) => evictionLimit(registered, 0.85))).toEqual([1, 1, 2, 3]);
    expect(evictionLimit(4, 0)).toBe(4);
    expect(evictionLimit(4, 1)).toBe(0);
  });

  test('the others go the next times, each drawn by lot', async () => {
    const { beats, evicted } = await world({ selfPreservation: { renewalShare: 0.5 }, evictionMs: 1000 });
    const ten = Array.from({ length: 10 }, (_, index) => instanceId('product', index + 1));
    await beats(1, 5, ...ten);
    await beats(5, 24, ...ten.slice(0, 4));
    // 8 renewals of 20, threshold 10: they are kept.
    expect(evicted()).toEqual([]);

    const other = await world({ selfPreservation: { renewalShare: 0.3 }, evictionMs: 1000 });
    const seven = ten.slice(0, 7);
    await other.beats(1, 5, ...seven);
    await other.beats(5, 16, ...seven.slice(0, 1), ...seven.slice(0, 1), ...seven.slice(0, 1));
    // 6 renewals of 14, threshold 4. Of 7 at most 5 at once, of the 2 that are left 2.
    expect(other.evicted().map(([, atMs]) => atMs)).toEqual([11_000, 11_000, 11_000, 11_000, 11_000, 12_000]);
  });
});

describe('DISC-17 what the log tells', () => {
  test('that it began to keep somebody, whom, and that it ended, because enough renew', async () => {
    const { own, beats, told, evicted } = await world();
    await beats(1, 5, p1, p2, p3, p4);
    await beats(5, 16, p1, p2, p3);
    expect(own.eventsOf('registry.self-preservation.started').map(({ kept }) => kept)).toEqual([[p4]]);
    own.changeSettings({ registry: { selfPreservation: { renewalShare: 0.5 } } });
    await beats(16, 18, p1, p2, p3);
    expect(told()).toEqual([
      { what: 'started', figures: [6, 8, 6] },
      { what: 'ended', figures: [6, 8, 4] },
    ]);
    expect(evicted().map(([who]) => who)).toEqual([p4]);
  });

  test('that it ended, because nobody is overdue any more', async () => {
    const { beats, told, evicted } = await world();
    await beats(1, 5, p1, p2, p3, p4);
    await beats(5, 16, p1, p2, p3);
    await beats(16, 17, p1, p2, p3, p4);
    expect(told().map(({ what }) => what)).toEqual(['started', 'ended']);
    expect(evicted()).toEqual([]);
  });

  test('nothing while all renew, though registrations are no renewals', async () => {
    const { beats, told } = await world();
    await beats(1, 20, p1, p2, p3, p4);
    expect(told()).toEqual([]);
  });

  test('that it ended, when it is switched off', async () => {
    const { own, beats, told, evicted } = await world();
    await beats(1, 5, p1, p2, p3, p4);
    await beats(5, 16, p1, p2, p3);
    own.changeSettings({ registry: { selfPreservation: null } });
    await beats(16, 18, p1, p2, p3);
    expect(told().map(({ what }) => what)).toEqual(['started', 'ended']);
    expect(evicted().map(([who]) => who)).toEqual([p4]);
  });
});

describe('DISC-18 only who is ready is registered', () => {
  test('one that starts answers 503 and is in no list', async () => {
    const { own, list } = await world({ selfPreservation: null });
    const product = testService('product', {
      background: [registrationTask()],
      onStart: async (context) => await context.clock.sleep(2000),
    });
    own.add(product, 1);
    await own.runFor(1990);
    expect(await list()).toEqual([]);
    const health = await own.ask(p1, { method: 'GET', path: '/health', plane: 'control' });
    expect(health.status).toBe(503);
    await own.runFor(50);
    expect(await list()).toEqual([p1]);
    expect(own.eventsOf('registry.instance.registered')).toHaveLength(1);
    const [ready] = own.eventsOf('instance.ready').filter(({ instance }) => instance === p1);
    expect(own.eventsOf('registry.instance.registered')[0]?.timeUs).toBeGreaterThan(ready?.timeUs ?? 0);
  });

  test('a real service says so at /health', async () => {
    const { own } = await world();
    const { status, body } = await own.ask(registry, { method: 'GET', path: '/health', plane: 'control' });
    expect([status, body]).toEqual([200, { status: 'up', service: 'registry', instance: 'registry-1' }]);
  });
});

describe('DISC-19 a changed period is noticed within a second', () => {
  test('a heartbeat, and an eviction, follow at once', async () => {
    const { own } = await world({ heartbeatMs: 30_000, leaseMs: 90_000, evictionMs: 60_000 });
    own.add(testService('product', { background: [registrationTask()] }), 1);
    await own.runFor(5500);
    const beats = () => own.eventsOf('request.sent').filter(({ method }) => method === 'PUT').length;
    expect(beats()).toBe(1);
    own.changeSettings({ registry: { heartbeatMs: 1000, leaseMs: 3000, evictionMs: 250 } });
    await own.runFor(1000);
    expect(beats()).toBe(2);
    // What the dead one was given stays, 6 s; without the change an eviction would come at 1:00.
    own.crash(p1);
    own.changeSettings({ registry: { selfPreservation: null, leaseExpiryFactor: 1 } });
    const leaseUntilUs = own.rows('registry', instancesTable)[0]?.leaseUntilUs ?? 0;
    await own.runFor(10_000);
    const [expired] = own.eventsOf('registry.instance.expired');
    expect(expired?.timeUs).toBeGreaterThanOrEqual(leaseUntilUs);
    expect(expired?.timeUs).toBeLessThanOrEqual(leaseUntilUs + 250_000);
  });
});
