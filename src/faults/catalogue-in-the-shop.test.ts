import { describe, expect, it, vi } from 'vitest';
import { LabRun } from '../hosts/virtual/index.ts';
import type { InstanceId, RunEventOf, RunEventType } from '../kernel/index.ts';
import { classroom, type Setup } from '../setups/index.ts';
import type { Fault, ScheduledFault } from './index.ts';

// What needs the whole shop to be seen: tokens, messages, look-ups and customers.

vi.setConfig({ testTimeout: 120_000 });

const open = (faults: readonly ScheduledFault[], setup: Partial<Setup> = {}) =>
  LabRun.create({
    setup: { ...classroom, ...setup, faults },
    seed: 5,
    turn: (next) => setImmediate(next),
  });

async function runUntil(ms: number, ...faults: readonly Fault[]): Promise<LabRun> {
  const run = await open(faults.map((fault) => ({ atMs: 6000, fault })));
  await run.advanceTo(ms);
  return run;
}

const of = <Type extends RunEventType>(run: LabRun, type: Type): RunEventOf<Type>[] =>
  run.events.filter((event) => event.type === type) as unknown as RunEventOf<Type>[];
const between = <Event extends { readonly timeUs: number }>(
  events: readonly Event[],
  from: number,
  to: number,
) => events.filter(({ timeUs }) => timeUs >= from * 1000 && timeUs < to * 1000);

const at = (service: 'gateway' | 'user' | 'order' | 'shipping') => ({ kind: 'service', service }) as const;
const edge = { kind: 'edge', from: 'order', to: 'shipping' } as const;
const customers = { kind: 'service', service: 'customers' } as const;

describe('corrupt-body', () => {
  it('FAULT-5 CB-20 its caller cannot read it: a failure to the breaker, and the outcome is unknown', async () => {
    const run = await runUntil(20_000, {
      kind: 'corrupt-body',
      target: edge,
      how: 'garble',
      share: 1,
      lengthMs: null,
    });
    const counted = of(run, 'breaker.call.failed').filter(
      ({ to, instance }) => to === 'shipping' && instance === 'order-1',
    );
    expect(counted.length).toBeGreaterThan(5);
    const reasons = of(run, 'retry.scheduled').filter(({ to }) => to === 'shipping');
    expect(reasons[0]?.reason).toMatch(/answered 20\d with a body that is not what its contract says/);
    // It was done all the same: what is undone is cancelled at Shipping.
    expect(of(run, 'saga.step.started').some(({ step }) => step === 'cancelShipment')).toBe(true);
  });
});

describe('slow-body', () => {
  it('FAULT-4 on an edge the callee is done with it, and its caller waits', async () => {
    const run = await runUntil(12_000, {
      kind: 'slow-body',
      target: edge,
      bytesPerSecond: 200,
      share: 1,
      lengthMs: null,
    });
    const trickled = of(run, 'fault.injected');
    expect(trickled.length).toBeGreaterThan(3);
    for (const { effect, delayMs, cause } of trickled) {
      expect(effect).toBe('its body trickled');
      expect(delayMs ?? 0).toBeGreaterThan(100);
      // After it has answered.
      const answered = run.events.find(({ id }) => id === cause);
      expect(answered).toMatchObject({ type: 'response.sent', service: 'shipping' });
    }
  });
});

describe('clock-offset', () => {
  it('FAULT-11 good tokens are too old for who is ahead; its timers and the log are not', async () => {
    const run = await runUntil(12_000, {
      kind: 'clock-offset',
      target: at('gateway'),
      offsetMs: 7_200_000,
      lengthMs: 3000,
    });
    const refused = of(run, 'response.sent').filter(
      ({ status, service }) => status === 401 && service === 'gateway',
    );
    expect(refused.length).toBeGreaterThan(0);
    expect(between(refused, 6000, 9200)).toEqual(refused);
    expect(refused[0]?.problem).toContain('it has expired');
    const times = run.events.map(({ timeUs }) => timeUs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(of(run, 'fault.injected')[0]).toMatchObject({
      instance: 'gateway-1',
      effect: 'its clock is 7200 s ahead',
    });
  });

  it('FAULT-11 User ahead issues tokens that last longer: nobody is refused', async () => {
    const fault = { kind: 'clock-offset', target: at('user'), offsetMs: 7_200_000, lengthMs: null } as const;
    const run = await runUntil(15_000, fault);
    expect(of(run, 'response.sent').filter(({ status }) => status === 401)).toEqual([]);
  });
});

describe('messages', () => {
  it('FAULT-12 delivered twice though acknowledged: the inbox drops the second', async () => {
    const run = await runUntil(20_000, {
      kind: 'message-duplicate',
      target: { kind: 'edge', from: 'broker', to: 'shipping' },
      share: 1,
      withinMs: 500,
      lengthMs: 8000,
    });
    const again = of(run, 'fault.injected').filter(({ effect }) => effect === 'delivered again');
    expect(again.length).toBeGreaterThan(2);
    const consumed = of(run, 'message.consumed').filter(({ group }) => group === 'shipping-orders');
    const duplicates = consumed.filter(({ duplicate }) => duplicate);
    expect(duplicates).toHaveLength(again.length);
    const first = consumed.filter(({ duplicate }) => !duplicate).map(({ messageId }) => messageId);
    expect(new Set(first).size).toBe(first.length);
  });

  it('FAULT-13 a poisoned message fails each time, becomes a dead letter, and holds up only its own partition', async () => {
    const run = await runUntil(40_000, {
      kind: 'message-poison',
      target: at('shipping'),
      share: 0.4,
      messageType: null,
      lengthMs: null,
    });
    const letters = of(run, 'message.dead-lettered');
    expect(letters.length).toBeGreaterThan(0);
    const { maxDeliveries } = classroom.settings.messaging;
    for (const { messageId, deliveries, reason } of letters) {
      expect(deliveries).toBe(maxDeliveries);
      expect(reason).toContain('Poisoned message');
      const tries = of(run, 'fault.injected').filter(({ effect }) => effect.endsWith(messageId));
      expect(tries).toHaveLength(maxDeliveries);
    }
    const poisoned = new Set(letters.map(({ messageId }) => messageId));
    const handled = of(run, 'message.consumed').filter(({ group }) => group === 'shipping-orders');
    expect(handled.some(({ messageId }) => poisoned.has(messageId))).toBe(false);
    expect(handled.length).toBeGreaterThan(0);
  });

  it('FAULT-13 only messages of the type that is asked for', async () => {
    const run = await runUntil(20_000, {
      kind: 'message-poison',
      target: at('shipping'),
      share: 1,
      messageType: 'nothing.of.the.kind',
      lengthMs: null,
    });
    expect(of(run, 'fault.injected')).toEqual([]);
  });
});

describe('registry-stale', () => {
  it('FAULT-14 who has gone is still in the list, until the fault ends', async () => {
    const { settings } = classroom;
    const two = { ...settings.services.shipping, instances: 2 };
    const run = await open(
      [
        {
          atMs: 6000,
          fault: {
            kind: 'registry-stale',
            target: { kind: 'service', service: 'registry' },
            lengthMs: 14_000,
          },
        },
      ],
      { settings: { ...settings, services: { ...settings.services, shipping: two } } },
    );
    const known = () =>
      of(run, 'discovery.refreshed').findLast(({ instance }) => instance === 'order-1')?.known['shipping'] ??
      [];
    await run.advanceTo(10_000);
    await run.command({ type: 'instance.crash', instance: 'shipping-2' as InstanceId });
    await run.advanceTo(19_000);
    expect(of(run, 'registry.instance.expired').map(({ expired }) => expired)).toEqual(['shipping-2']);
    expect(known()).toEqual(['shipping-1', 'shipping-2']);
    await run.advanceTo(26_000);
    expect(known()).toEqual(['shipping-1']);
  });
});

describe('load', () => {
  const orders = (run: LabRun, from: number, to: number) =>
    between(of(run, 'intent.started'), from, to).filter(({ kind }) => kind === 'order').length;

  it('FAULT-15 a spike brings its factor as many, and ends', async () => {
    const run = await runUntil(30_000, { kind: 'spike', target: customers, factor: 10, lengthMs: 10_000 });
    const calm = orders(run, 16_500, 26_500);
    expect(orders(run, 6000, 16_000) / calm).toBeGreaterThan(7);
    expect(orders(run, 6000, 16_000) / calm).toBeLessThan(13);
  });

  it('FAULT-15 a ramp brings more and more', async () => {
    const run = await runUntil(26_000, {
      kind: 'ramp',
      target: customers,
      factor: 10,
      overMs: 10_000,
      lengthMs: 20_000,
    });
    const [first, middle, last] = [
      orders(run, 6000, 9000),
      orders(run, 10_000, 13_000),
      orders(run, 20_000, 23_000),
    ];
    expect(middle).toBeGreaterThan(first);
    expect(last).toBeGreaterThan(middle);
  });

  it('FAULT-15 a hot product is what its share of the customers wants', async () => {
    const run = await runUntil(26_000, {
      kind: 'hot-product',
      target: customers,
      sku: 'games-05',
      share: 1,
      lengthMs: 10_000,
    });
    const wanted = (from: number, to: number) =>
      between(of(run, 'intent.started'), from, to).flatMap(({ lines }) => lines?.map(({ sku }) => sku) ?? []);
    expect(new Set(wanted(6500, 16_000))).toEqual(new Set(['games-05']));
    expect(wanted(16_500, 26_000)).not.toContain('games-05');
  });
});

describe('a fault that comes again', () => {
  const again: ScheduledFault = {
    atMs: 7000,
    fault: { kind: 'hang', target: at('shipping'), lengthMs: 1000 },
    repeat: { count: null, gapMs: 3000, gapSpread: 0.8 },
  };

  it('FAULT-16 the same setup and seed give the same log, its script and all', async () => {
    const hash = async (seed: number) => {
      const run = await LabRun.create({
        setup: { ...classroom, faults: [again] },
        seed,
        turn: (next) => setImmediate(next),
      });
      await run.advanceTo(30_000);
      expect(of(run, 'fault.started').length).toBeGreaterThan(3);
      return { hash: run.logHash(), starts: of(run, 'fault.started').map(({ timeUs }) => timeUs) };
    };
    const first = await hash(5);
    expect(await hash(5)).toEqual(first);
    expect((await hash(6)).starts).not.toEqual(first.starts);
  });

  it('FAULT-16 what was planned by hand comes again in a replay at its very moments', async () => {
    const run = await open([]);
    await run.advanceTo(8000.123);
    await run.command({ type: 'fault.schedule', ...again, atMs: 9000 });
    await run.advanceTo(18_000);
    await run.command({ type: 'fault.clear-all' });
    await run.advanceTo(30_000);
    const replay = await LabRun.create({
      setup: classroom,
      seed: 5,
      turn: (next) => setImmediate(next),
      commands: run.commands,
    });
    await replay.advanceTo(30_000);
    expect(replay.logHash()).toBe(run.logHash());
    expect(of(run, 'fault.started').length).toBeGreaterThan(1);
    // Cleared, and no more of it.
    expect(of(run, 'fault.started').filter(({ timeUs }) => timeUs > 18_000_000)).toEqual([]);
    expect(of(run, 'fault.planned').length).toBe(of(run, 'fault.started').length + 1);
  });
});
