import { describe, expect, it } from 'vitest';
import { createRandom, type InstanceId, type RunTimeUs, runTimeUs } from '../kernel/index.ts';
import { delayMs } from './delay-draw.ts';
import {
  type DelayDistribution,
  type Fault,
  nextTime,
  type ScheduledFault,
  type SlowFault,
} from './index.ts';
import { slowMs } from './injection.ts';
import { heard, ORDER, openFaultShop, SHIPPING } from './testing/fault-shop.ts';
import type { FaultWorld } from './testing/fault-world.ts';

// What each kind does, and what it leaves alone. FAULT-1, that each can be felt, is in experiments/.

const service = { kind: 'service', service: 'shipping' } as const;
const edge = { kind: 'edge', from: 'order', to: 'shipping' } as const;

const effects = (world: FaultWorld) => world.of('fault.injected').map(({ effect }) => effect);
const at = (world: FaultWorld, type: 'request.received' | 'response.sent' | 'response.received') =>
  world.of(type).map(({ timeUs, instance }) => `${instance} ${Math.round(timeUs / 1000)}`);

async function ordered(fault: Fault, forMs = 3000): Promise<{ world: FaultWorld; said: unknown }> {
  const world = await openFaultShop();
  world.faults.add(fault);
  const asked = world.ask(ORDER, 'POST', '/orders/1');
  await world.runFor(forMs);
  return { world, said: heard(asked) };
}

describe('slow', () => {
  const shape = (distribution: DelayDistribution, spreadShare: number) => ({
    addMs: 100,
    spreadShare,
    distribution,
  });

  it.each(['uniform', 'normal', 'lognormal', 'pareto'] as const)(
    'FAULT-2 %s: the mean is addMs, and the same draw gives the same delay',
    (distribution) => {
      const random = createRandom(3);
      const draws = Array.from({ length: 20_000 }, (_, index) =>
        delayMs(shape(distribution, 0.3), random.uniform('test', index)),
      );
      const mean = draws.reduce((sum, ms) => sum + ms, 0) / draws.length;
      const deviation = Math.sqrt(draws.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / draws.length);
      expect(mean).toBeGreaterThan(98);
      expect(mean).toBeLessThan(102);
      // Of a uniform draw it is the half-width over √3.
      const expected = distribution === 'uniform' ? 30 / Math.sqrt(3) : 30;
      expect(Math.abs(deviation - expected)).toBeLessThan(distribution === 'pareto' ? 6 : 1.5);
      expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
      expect(delayMs(shape(distribution, 0.3), 0.7)).toBe(delayMs(shape(distribution, 0.3), 0.7));
    },
  );

  it('FAULT-2 no delay is longer than ten times the mean', () => {
    expect(delayMs(shape('pareto', 1), 1 - 1e-12)).toBe(1000);
    expect(delayMs(shape('normal', 1), 0.000_001)).toBe(0);
  });

  it('FAULT-3 of two calls of one second as many agree as the correlation says, whichever came first', () => {
    const random = createRandom(5);
    const fault: SlowFault = {
      kind: 'slow',
      target: edge,
      addMs: 100,
      spreadShare: 0.5,
      correlation: 0.5,
      share: 1,
      lengthMs: null,
    };
    const active = { faultId: 'fault-1' as never, fault, startedUs: runTimeUs(0), endsUs: null };
    const delayOf = (call: number, second: number) =>
      slowMs(random, active, [`call-${call}`], runTimeUs(second * 1_000_000));
    const pairs = 4000;
    let alike = 0;
    for (let pair = 0; pair < pairs; pair += 1)
      if (delayOf(2 * pair, pair) === delayOf(2 * pair + 1, pair)) alike += 1;
    expect(alike / pairs).toBeGreaterThan(0.47);
    expect(alike / pairs).toBeLessThan(0.53);
    expect(delayOf(7, 3)).toBe(delayOf(7, 3));
  });
});

describe('slow-body', () => {
  const slowBody = (target: typeof service | typeof edge): Fault => ({
    kind: 'slow-body',
    target,
    bytesPerSecond: 10,
    share: 1,
    lengthMs: null,
  });

  it('FAULT-4 an answer without a body takes no longer', async () => {
    const { world, said } = await ordered(slowBody(edge));
    expect(said).toBe(201);
    expect(effects(world)).toEqual([]);
  });

  it('FAULT-4 on a service the slot is held until the last byte is out', async () => {
    const world = await openFaultShop();
    world.faults.add({ ...slowBody(service), target: { kind: 'service', service: 'order' } } as Fault);
    world.ask(ORDER, 'GET', '/orders');
    await world.runFor(50);
    const asked = world.ask(ORDER, 'GET', '/orders');
    // The body is "0": a tenth of a second.
    await world.runFor(40);
    expect(asked.outcome).toBe(null);
    expect(world.of('request.received').at(-1)?.slotsUsed).toBe(2);
    await world.runFor(100);
    expect(world.of('response.sent').at(-1)?.slotsUsed).toBe(0);
    expect(world.of('fault.injected')[0]).toMatchObject({ effect: 'its body trickled', delayMs: 100 });
  });
});

describe('corrupt-body', () => {
  it.each(['cut', 'garble'] as const)('FAULT-5 %s: what had JSON has none any more', async (how) => {
    const world = await openFaultShop();
    // Its answer is then a text.
    world.crash(SHIPPING, { reason: 'test', faultId: null });
    const target = { kind: 'service', service: 'order' } as const;
    world.faults.add({ kind: 'corrupt-body', target, how, share: 1, lengthMs: null });
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(2000);
    expect(asked.outcome).toMatchObject({ ok: true, value: { status: 200 } });
    const body = asked.outcome?.ok === true ? (asked.outcome.value.body ?? '') : '';
    expect(() => JSON.parse(body) as unknown).toThrow();
    expect(effects(world)).toEqual([how === 'cut' ? 'cut the answer in two' : 'garbled the answer']);
  });
});

describe('flapping', () => {
  it('FAULT-6 begins cut, and comes and goes until it ends', async () => {
    const world = await openFaultShop();
    world.faults.add({
      kind: 'flapping',
      instances: [SHIPPING],
      others: null,
      way: 'both',
      meanDownMs: 300,
      meanUpMs: 300,
      lengthMs: 5000,
    });
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(6000);
    expect(heard(asked)).toBe('timeout');
    const phases = effects(world).filter((effect) => effect.startsWith('the way is'));
    expect(phases.length).toBeGreaterThan(4);
    phases.forEach((effect, index) => {
      expect(effect).toBe(index % 2 === 0 ? 'the way is cut' : 'the way is open');
    });
    expect(effects(world)).toContain('request lost');
    const after = world.ask(ORDER, 'POST', '/orders/2');
    await world.runFor(2000);
    expect(heard(after)).toBe(201);
  });
});

describe('hang', () => {
  const hang = (lengthMs: number | null): Fault => ({ kind: 'hang', target: service, lengthMs });

  it('FAULT-7 nothing comes out, what comes in waits, and all of it happens in its order afterwards', async () => {
    const world = await openFaultShop();
    world.faults.add(hang(5000));
    const first = world.ask(SHIPPING, 'PUT', '/shipments/1');
    await world.runFor(1000);
    const second = world.ask(SHIPPING, 'PUT', '/shipments/2');
    await world.runFor(3900);
    expect([first.outcome, second.outcome]).toEqual([null, null]);
    expect(world.rows('shipping', 'shipments')).toEqual([]);
    expect(world.of('instance.hung').map(({ instance }) => instance)).toEqual([SHIPPING]);
    await world.runFor(600);
    expect(world.rows('shipping', 'shipments')).toHaveLength(2);
    expect([first.outcome?.ok, second.outcome?.ok]).toEqual([true, true]);
    expect(at(world, 'request.received')).toEqual(['shipping-1 5000', 'shipping-1 5000']);
    expect(world.of('instance.resumed')).toHaveLength(1);
    expect(world.chain(world.of('instance.hung')[0])).toEqual(['instance.hung', 'fault.injected']);
  });

  it('FAULT-7 what it was doing goes on where it was', async () => {
    const world = await openFaultShop();
    const asked = world.ask(SHIPPING, 'PUT', '/shipments/1');
    await world.runFor(10);
    world.faults.add(hang(1000));
    // Its work of 20 ms is done meanwhile, and nobody hears of it.
    await world.runFor(900);
    expect(asked.outcome).toBe(null);
    await world.runFor(200);
    expect(asked.outcome?.ok).toBe(true);
    expect(asked.atMs).toBe(1010);
  });

  it('FAULT-7 its caller gives up, and it hears so when it goes on', async () => {
    const { world, said } = await ordered(hang(3000), 2900);
    expect(said).toBe('timeout');
    expect(world.rows('shipping', 'shipments')).toEqual([]);
    await world.runFor(1000);
    // The connection was closed long ago: it takes the request, and stops.
    expect(world.of('response.sent').filter(({ instance }) => instance === SHIPPING)).toEqual([]);
  });

  it('FAULT-7 a process that is started meanwhile is another one, and runs', async () => {
    const world = await openFaultShop();
    world.faults.add(hang(null));
    await world.runFor(100);
    world.crash(SHIPPING, { reason: 'test', faultId: null });
    world.start(SHIPPING);
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(1000);
    expect(heard(asked)).toBe(201);
    expect(world.of('instance.hung')).toHaveLength(1);
  });
});

describe('slow-cpu', () => {
  it('FAULT-8 work takes its factor as long, and says how much longer', async () => {
    const { world, said } = await ordered({ kind: 'slow-cpu', target: service, factor: 10, lengthMs: null });
    expect(said).toBe(201);
    expect(world.of('fault.injected')).toMatchObject([
      { instance: SHIPPING, effect: 'worked slowly', delayMs: 180 },
    ]);
    expect(world.of('response.sent').find(({ instance }) => instance === SHIPPING)?.durationMs).toBe(200);
    // In the span of the request that it worked for.
    expect(world.of('fault.injected')[0]?.spanId).toBe(
      world.of('request.received').find(({ instance }) => instance === SHIPPING)?.spanId,
    );
  });
});

describe('memory-limit', () => {
  const limit: Fault = {
    kind: 'memory-limit',
    target: service,
    leakKbPerRequest: 1024,
    limitMb: 4,
    restartAfterMs: 500,
    lengthMs: 60_000,
  };
  const ship = async (world: FaultWorld, times: number) => {
    const outcomes: unknown[] = [];
    for (let time = 1; time <= times; time += 1) {
      const asked = world.ask(SHIPPING, 'PUT', `/shipments/${time}`);
      await world.runFor(100);
      outcomes.push(asked.outcome?.ok === true ? asked.outcome.value.status : asked.outcome?.error.kind);
    }
    return outcomes;
  };

  it('FAULT-9 kills it when all is used, before it answers; it comes back with nothing used', async () => {
    const world = await openFaultShop();
    world.faults.add(limit);
    expect(await ship(world, 4)).toEqual([201, 201, 201, 'connection_reset']);
    expect(effects(world).at(-1)).toBe('killed: all of its 4 MB were used');
    expect(world.of('instance.crashed')).toMatchObject([
      { reason: 'a fault: out of memory', faultId: 'fault-1' },
    ]);
    expect(world.up(SHIPPING)).toBe(false);
    await world.runFor(600);
    expect(await ship(world, 4)).toEqual([201, 201, 201, 'connection_reset']);
  });

  it('FAULT-9 its end brings back what it has killed', async () => {
    const world = await openFaultShop();
    const id = world.faults.add(limit);
    await ship(world, 4);
    world.faults.clear(id);
    expect(world.up(SHIPPING)).toBe(true);
  });
});

describe('slow-start', () => {
  it('FAULT-10 who is up is not touched; who starts is ready so much later', async () => {
    const world = await openFaultShop();
    world.faults.add({ kind: 'slow-start', target: service, addMs: 700, lengthMs: null });
    const before = world.of('instance.ready').length;
    world.crash(SHIPPING, { reason: 'test', faultId: null });
    world.start(SHIPPING);
    await world.runFor(690);
    expect(world.of('instance.ready')).toHaveLength(before);
    await world.runFor(20);
    expect(world.of('instance.ready').at(-1)).toMatchObject({ instance: SHIPPING, timeUs: 700_000 });
    expect(effects(world)).toEqual(['slow to start']);
  });
});

describe('a fault that comes again', () => {
  const hang: Fault = { kind: 'hang', target: service, lengthMs: 1000 };
  const scheduled: ScheduledFault = {
    atMs: 2000,
    fault: hang,
    repeat: { count: 3, gapMs: 4000, gapSpread: 0.5 },
  };
  const plan = (seed: number, from: ScheduledFault): number[] => {
    const times: number[] = [];
    for (let next: ScheduledFault | null = from; next !== null; next = nextTime(next, createRandom(seed)))
      times.push(next.atMs);
    return times;
  };
  const starts = (world: FaultWorld): RunTimeUs[] => world.of('fault.started').map(({ timeUs }) => timeUs);

  it('FAULT-16 so often, at gaps after its end that the seed decides, to the microsecond', async () => {
    const world = await openFaultShop();
    world.faults.arm([scheduled]);
    await world.runFor(60_000);
    const planned = plan(7, scheduled);
    expect(planned).toHaveLength(3);
    expect(starts(world)).toEqual(planned.map((ms) => runTimeUs(Math.round(ms * 1000))));
    const [first = 0, second = 0] = planned;
    expect(second - first).toBeGreaterThanOrEqual(1000 + 2000);
    expect(second - first).toBeLessThanOrEqual(1000 + 6000);
    expect(plan(8, scheduled)).not.toEqual(planned);
  });

  it('FAULT-16 what is still to come says all that a reload needs', async () => {
    const world = await openFaultShop();
    world.faults.arm([scheduled]);
    await world.runFor(2500);
    const [next] = world.faults.toCome();
    expect(world.faults.toCome()).toHaveLength(1);
    expect(plan(7, next as ScheduledFault)).toEqual(plan(7, scheduled).slice(1));
  });

  it('FAULT-16 clearing one clears those to come; one that is late keeps its plan', async () => {
    const world = await openFaultShop();
    await world.runFor(2300);
    const id = world.faults.schedule({ ...scheduled, repeat: { count: null, gapMs: 4000, gapSpread: 0.5 } });
    await world.runFor(20_000);
    const [first = 0, ...later] = starts(world);
    expect(first).toBe(2_300_000);
    expect(later).toEqual(
      plan(7, { ...scheduled, repeat: { count: later.length + 1, gapMs: 4000, gapSpread: 0.5 } })
        .slice(1)
        .map((ms) => Math.round(ms * 1000)),
    );
    expect(id).toBe('fault-1');
    const [on] = world.faults.active();
    if (on === undefined) world.faults.clearAll();
    else world.faults.clear(on.faultId);
    expect(world.faults.toCome()).toEqual([]);
    const begun = starts(world).length;
    await world.runFor(60_000);
    expect(starts(world)).toHaveLength(begun);
  });
});

it('a fault of nobody who is asked does nothing', async () => {
  const other = { kind: 'instance', instance: 'shipping-2' as InstanceId } as const;
  const world = await openFaultShop();
  world.faults.add({ kind: 'hang', target: other, lengthMs: null });
  world.faults.add({ kind: 'slow-cpu', target: other, factor: 10, lengthMs: null });
  const asked = world.ask(ORDER, 'POST', '/orders/1');
  await world.runFor(1000);
  expect(heard(asked)).toBe(201);
  expect(effects(world)).toEqual([]);
});
