import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classroomSettings, withSafetyNets } from '../../setups/index.ts';
import { settlingTime } from './settling-time.ts';
import { stormPlan } from './storm-plan.ts';

const classroom = classroomSettings();
const REST = { orders: 0, messages: 0 };

describe('the settling time', () => {
  it('is what the formula says, for the classroom without faults and orders', () => {
    // Slowest exchange: two hops of 250 ms + 10 %, twice Shipping's 150 ms + 30 %, 10 ms.
    const exchange = 2 * 275 + 2 * 195 + 10;
    const call = 15_000;
    const rejoin = 15_000 + 1000 + 3000 + 1000 + 4 * exchange;
    const breaker = 10_000;
    const pause = 8000 * 1.1;
    const lease = 3000;
    const passing = call + rejoin + 2 * breaker + pause + lease;
    const parcel = 18_000 + 5 * 500 + 3000;
    const { heldMs, passingMs, settlingMs } = settlingTime(classroom, [], REST);
    expect(heldMs).toBe(0);
    expect(passingMs).toBe(Math.ceil(passing));
    expect(settlingMs).toBe(Math.ceil(2 * passing + pause + parcel));
  });

  it('waits longer for production’s breakers, and for what faults hold back', () => {
    const calm = settlingTime(classroom, [], REST);
    const production = settlingTime(withSafetyNets(classroom, 'production'), [], REST);
    expect(production.passingMs - calm.passingMs).toBe(2 * 50_000);
    const target = { kind: 'network' } as const;
    const slow = { kind: 'slow', target, addMs: 4000, spreadShare: 0.5, share: 1, lengthMs: null } as const;
    const clog = { kind: 'clog', target, extraMs: 1000, lengthMs: null } as const;
    const held = settlingTime(
      classroom,
      [
        { atMs: 0, fault: slow },
        { atMs: 0, fault: clog },
      ],
      REST,
    );
    expect(held.heldMs).toBe(8000);
    expect(held.settlingMs - calm.settlingMs).toBe(16_000);
  });

  it('grows with what waits, and is longer than passing', () => {
    const backlog = fc.record({ orders: fc.nat(300), messages: fc.nat(1000) });
    fc.assert(
      fc.property(fc.nat(10_000), backlog, backlog, (seed, few, more) => {
        const { settings, faults } = stormPlan(seed);
        const all = { orders: few.orders + more.orders, messages: few.messages + more.messages };
        const [one, other] = [settlingTime(settings, faults, few), settlingTime(settings, faults, all)];
        expect(other.settlingMs).toBeGreaterThanOrEqual(one.settlingMs);
        expect(one.settlingMs).toBeGreaterThan(2 * one.passingMs);
        expect(one.passingMs).toBeGreaterThan(one.heldMs);
      }),
      { numRuns: 50 },
    );
  });
});
