import { describe, expect, it } from 'vitest';
import type { InstanceId } from '../kernel/index.ts';
import type { FaultOf } from './index.ts';
import { heard, ORDER, openFaultShop, SHIPPING, shipping } from './testing/fault-shop.ts';

const loop = (more: Partial<FaultOf<'crash-loop'>> = {}): FaultOf<'crash-loop'> => ({
  kind: 'crash-loop',
  target: { kind: 'service', service: 'shipping' },
  meanUpMs: 2000,
  restartAfterMs: 500,
  lengthMs: null,
  ...more,
});

describe('crash-loop', () => {
  it('crashes again and again, at times of its own, and comes back each time', async () => {
    const world = await openFaultShop();
    world.add(shipping, 2);
    world.faults.add(loop());
    await world.runFor(300_000);
    const [one = [], two = []] = [SHIPPING, 'shipping-2'].map((id) =>
      world
        .of('instance.crashed')
        .filter(({ instance }) => instance === id)
        .map(({ timeUs }) => timeUs / 1000),
    );
    // 300 s in rounds of 2.5 s: 120 ± 3σ (one round's deviation is 2 s).
    expect(Math.abs(one.length - 120)).toBeLessThan(30);
    expect(one).not.toEqual(two);
    for (const [index, at] of one.slice(1).entries()) expect(at - (one[index] ?? 0)).toBeGreaterThan(500);
    expect(world.of('instance.crashed')).toHaveLength(world.of('fault.injected').length);
    for (const { faultId, reason } of world.of('instance.crashed'))
      expect([faultId, reason]).toEqual(['fault-1', 'a fault: crash loop']);
    expect(world.of('fault.injected')[0]).toMatchObject({
      kind: 'crash-loop',
      target: 'shipping',
      effect: expect.stringMatching(/^crashed shipping-[12]$/) as string,
    });
    expect(world.up(ORDER)).toBe(true);
  });

  it('draws its times from the seed', async () => {
    const times = async () => {
      const world = await openFaultShop();
      world.faults.add(loop());
      await world.runFor(30_000);
      return world.of('instance.crashed').map(({ timeUs }) => timeUs);
    };
    expect(await times()).toEqual(await times());
  });

  it.each([
    ['its length is over', 10_000],
    ['it is cleared', null],
  ])('is over when %s: what it has crashed is up at once', async (_, lengthMs) => {
    const world = await openFaultShop();
    const id = world.faults.add(loop({ meanUpMs: 100, restartAfterMs: 3_600_000, lengthMs }));
    await world.runFor(9999);
    expect(world.up(SHIPPING)).toBe(false);
    if (lengthMs === null) world.faults.clear(id);
    else await world.runFor(1);
    expect(world.up(SHIPPING)).toBe(true);
    await world.runFor(100_000);
    expect(world.of('instance.crashed')).toHaveLength(1);
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(500);
    expect(heard(asked)).toBe(201);
  });

  it('an instance may be restarted by hand meanwhile', async () => {
    const world = await openFaultShop();
    world.faults.add(loop({ meanUpMs: 100, restartAfterMs: 60_000 }));
    await world.runFor(5000);
    expect(world.faults.heldDownBy(SHIPPING)).toBeNull();
    world.start(SHIPPING);
    await world.runFor(1000);
    expect(world.up(SHIPPING)).toBe(true);
  });

  it('does not bring back what a `down` holds, nor what somebody else has crashed', async () => {
    const world = await openFaultShop();
    world.faults.add(loop({ meanUpMs: 100, restartAfterMs: 5000 }));
    await world.runFor(2000);
    expect(world.up(SHIPPING)).toBe(false);
    const held = world.faults.add({
      kind: 'down',
      target: { kind: 'instance', instance: SHIPPING },
      lengthMs: null,
    });
    await world.runFor(60_000);
    expect(world.up(SHIPPING)).toBe(false);
    world.faults.clear(held);
    expect(world.up(SHIPPING)).toBe(true);

    const other = await openFaultShop();
    other.crash(SHIPPING, { reason: 'by hand', faultId: null });
    const id = other.faults.add(loop());
    await other.runFor(60_000);
    other.faults.clear(id);
    expect(other.up(SHIPPING)).toBe(false);
    expect(other.of('fault.injected')).toEqual([]);
  });

  it('on one instance leaves the others of its service alone', async () => {
    const world = await openFaultShop();
    world.add(shipping, 2);
    world.faults.add(loop({ target: { kind: 'instance', instance: 'shipping-2' as InstanceId } }));
    await world.runFor(20_000);
    expect(new Set(world.of('instance.crashed').map(({ instance }) => instance))).toEqual(
      new Set(['shipping-2']),
    );
  });
});
