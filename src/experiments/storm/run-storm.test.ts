import { describe, expect, it, vi } from 'vitest';
import { runStorm } from './run-storm.ts';
import { type StormPlan, shortened, stormPlan } from './storm-plan.ts';

// Ten minutes of a whole shop each.
vi.setConfig({ testTimeout: 180_000 });

const turn = (next: () => void) => void setImmediate(next);

/** A storm of one minute, for what need not be as long as the real ones. */
const short = (seed: number): StormPlan => ({ ...shortened(stormPlan(seed), 60_000), leastOrders: 0 });

describe('a storm', () => {
  it.each([1, 2])('of seed %i: the shop keeps its rules, heals and settles', async (seed) => {
    const report = await runStorm(stormPlan(seed), { turn });
    expect(report?.violations).toEqual([]);
    expect(report?.orders).toBeGreaterThanOrEqual(200);
    expect(report?.stormMs).toBeGreaterThanOrEqual(600_000);
    expect(report?.settledMs).toBeLessThanOrEqual(report?.settlingMs ?? 0);
    expect((report?.completed ?? 0) + (report?.undone ?? 0)).toBe(report?.orders);
  });

  it('gives the same report each time', async () => {
    expect(await runStorm(short(3), { turn })).toEqual(await runStorm(short(3), { turn }));
  });

  it('finds what unsound settings break, and ends at the first violation when asked to', async () => {
    const plan = short(4);
    const broken: StormPlan = {
      ...plan,
      settings: { ...plan.settings, messaging: { ...plan.settings.messaging, inboxWindowMs: 0 } },
      faults: [
        {
          atMs: 10_000,
          fault: { kind: 'loss', target: { kind: 'network' }, way: 'response', share: 0.3, lengthMs: null },
        },
      ],
    };
    const report = await runStorm(broken, { turn, stopAtFirst: true });
    expect(report?.violations.length).toBeGreaterThan(0);
    expect(report?.stormMs).toBeLessThan(plan.stormMs);
  });

  it('gives no report when it is stopped', async () => {
    expect(await runStorm(short(4), { turn, signal: { aborted: true } })).toBeNull();
  });

  it('tells when the shop does not come to rest: no broker, and no heal brings one', async () => {
    const plan = short(6);
    const { services } = plan.settings;
    const broken = { ...services, broker: { ...services.broker, instances: 0 } };
    const report = await runStorm(
      {
        ...plan,
        stormMs: 30_000,
        settings: { ...plan.settings, services: broken },
        faults: [],
        commands: [],
        cancellations: [],
      },
      { turn },
    );
    expect(report?.settledMs).toBeNull();
    expect(report?.violations[0]).toMatchObject({
      invariant: 'STORM-1',
      message: expect.stringContaining('message(s) have not left their outbox'),
    });
  });
});
