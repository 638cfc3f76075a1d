import { describe, expect, it } from 'vitest';
import { instanceId, type RunEvent, type RunEventOf, type RunEventType } from '../../kernel/index.ts';
import { applySettingsPatch, classroom, type Setup } from '../../setups/index.ts';
import { LabRun, type ScheduledCommand } from './index.ts';

// Instances that come and go while a run goes on (docs/semantics.md, SCALE-1 …).

const turn = (next: () => void) => setImmediate(next);

function setupWith(patch: object): Setup {
  const settings = applySettingsPatch(classroom.settings, patch);
  if (!settings.ok) throw new Error(settings.error.message);
  return { ...classroom, settings: settings.value };
}

const scale = (atMs: number, service: string, instances: number): ScheduledCommand => ({
  atMs,
  command: { type: 'settings.set', patch: { services: { [service]: { instances } } } },
});

async function ran(
  forMs: number,
  commands: readonly ScheduledCommand[],
  patch: object = {},
): Promise<LabRun> {
  const run = await LabRun.create({ setup: setupWith(patch), seed: 11, turn, commands });
  await run.advanceTo(forMs);
  return run;
}

const of = <Type extends RunEventType>(run: LabRun, type: Type, instance?: string): RunEventOf<Type>[] =>
  run.events.filter(
    (event): event is RunEventOf<Type> =>
      event.type === type && (instance === undefined || event.instance === instance),
  );

const lifecycle = (run: LabRun, instance: string): string[] =>
  run.events
    .filter((event) => event.instance === instance && event.type.startsWith('instance.'))
    .map(({ type, timeUs }) => `${Math.round(timeUs / 1000)} ${type}`);

const atMs = ({ timeUs }: RunEvent): number => timeUs / 1000;

describe('scaling out', () => {
  it('SCALE-1 a new instance starts, becomes ready, registers and is given work', async () => {
    const run = await ran(30_000, [scale(10_000, 'product', 2)]);
    const [started, ready] = lifecycle(run, 'product-2');
    expect([started, ready]).toEqual([
      '10000 instance.started',
      expect.stringMatching(/^100\d\d instance.ready$/),
    ]);
    const registered = of(run, 'registry.instance.registered').find((e) => e.registered === 'product-2');
    expect(atMs(registered as RunEvent)).toBeLessThan(11_000);
    const received = of(run, 'request.received', 'product-2').filter((e) => e.plane === 'data');
    expect(received.length).toBeGreaterThan(10);
  });

  it('SCALE-2 a cold start is waited for, but not by a shop that opens', async () => {
    const cold = { services: { product: { coldStartMs: 4000 } } };
    const run = await ran(20_000, [scale(10_000, 'product', 2)], cold);
    expect(lifecycle(run, 'product-1')[1]).toMatch(/^\d{1,3} instance.ready$/);
    const [, ready] = lifecycle(run, 'product-2');
    expect(ready).toMatch(/^140\d\d instance.ready$/);
    expect(of(run, 'request.received', 'product-2').every((event) => atMs(event) >= 14_000)).toBe(true);
  });
});

it('SCALE-1 scaled out while a fault holds the service down, it starts when the fault ends', async () => {
  const down = {
    type: 'fault.add',
    fault: { kind: 'down', target: { kind: 'service', service: 'product' }, lengthMs: 5000 },
  } as const;
  const run = await ran(20_000, [{ atMs: 9000, command: down }, scale(10_000, 'product', 2)]);
  expect(lifecycle(run, 'product-2')[0]).toBe('14000 instance.started');
});

describe('scaling in', () => {
  it('SCALE-3 the newest drains: it says goodbye, is served out, refuses after its grace, and stops', async () => {
    const run = await ran(40_000, [scale(20_000, 'product', 1)], {
      services: { product: { instances: 2 } },
      load: { browsesPerSecond: 8, ordersPerSecond: 2 },
    });
    const [, , draining, stopped] = lifecycle(run, 'product-2');
    expect(draining).toBe('20000 instance.draining');
    expect(stopped).toMatch(/^22\d{3} instance.stopped$/);
    const [leaves] = of(run, 'instance.draining', 'product-2');
    expect(of(run, 'instance.stopped', 'product-2')[0]?.cause).toBe(leaves?.id);
    const removed = of(run, 'registry.instance.removed');
    expect(removed.map((event) => event.removed)).toEqual(['product-2']);
    expect(atMs(removed[0] as RunEvent)).toBeLessThan(20_600);
    // In its grace it still serves those who have not heard; afterwards nobody is let in, and nobody is cut off.
    const served = of(run, 'request.received', 'product-2')
      .filter((e) => e.plane === 'data')
      .map(atMs);
    expect(served.some((ms) => ms > 20_000)).toBe(true);
    expect(served.every((ms) => ms < 22_000)).toBe(true);
    const failed = of(run, 'request.failed').filter((e) => e.toInstance === 'product-2' && atMs(e) > 20_000);
    expect(failed.filter((e) => e.error === 'connection_reset')).toEqual([]);
    expect(lifecycle(run, 'product-1')).toHaveLength(2);
  });

  it('SCALE-4 without a grace, a caller that has not heard is refused a connection', async () => {
    const run = await ran(24_000, [scale(20_000, 'product', 1)], {
      services: { product: { instances: 2, serviceTimeMs: 350 } },
      load: { browsesPerSecond: 8 },
      drain: { graceMs: 0, limitMs: 15_000 },
      registry: { fetchMs: 3000 },
    });
    const refused = of(run, 'request.failed').filter(
      (event) => event.toInstance === 'product-2' && event.error === 'connection_refused',
    );
    expect(refused.length).toBeGreaterThan(0);
    const [leaves] = of(run, 'instance.draining', 'product-2');
    const [stopped] = of(run, 'instance.stopped', 'product-2');
    expect(refused.map((event) => event.cause)).toContain(leaves?.id);
    expect(
      of(run, 'response.sent', 'product-2').filter((event) => event.status === 503 && event.plane === 'data'),
    ).toEqual([]);
    // What was under way is answered first.
    const answers = of(run, 'response.sent', 'product-2')
      .filter((e) => e.plane === 'data')
      .map(atMs);
    expect(Math.max(...answers)).toBeGreaterThan(20_100);
    expect(atMs(stopped as RunEvent)).toBeGreaterThan(Math.max(...answers));
    expect(atMs(stopped as RunEvent)).toBeLessThan(21_000);
  });

  it('SCALE-5 at the limit what is still under way is cut off', async () => {
    const run = await ran(26_000, [scale(20_000, 'product', 1)], {
      services: { product: { instances: 2, serviceTimeMs: 30_000, serviceTimeSpread: 0 } },
      load: { browsesPerSecond: 4 },
      drain: { graceMs: 1000, limitMs: 3000 },
    });
    expect(lifecycle(run, 'product-2').slice(2)).toEqual([
      '20000 instance.draining',
      '23000 instance.stopped',
    ]);
  });

  it('SCALE-6 scaled out again meanwhile, it ends first and then starts anew', async () => {
    const run = await ran(30_000, [scale(20_000, 'product', 1), scale(20_500, 'product', 2)], {
      services: { product: { instances: 2 } },
    });
    const [, , draining, stopped, again, ready] = lifecycle(run, 'product-2');
    expect([draining, stopped, again, ready].map((line) => line?.split(' ')[1])).toEqual([
      'instance.draining',
      'instance.stopped',
      'instance.started',
      'instance.ready',
    ]);
    expect(run.draining).toEqual([]);
  });

  it('SCALE-7 one that is starting is stopped at once; one that is down is said to be gone', async () => {
    const cold = { services: { product: { coldStartMs: 5000 }, shipping: { instances: 2 } } };
    const run = await ran(
      20_000,
      [
        scale(10_000, 'product', 2),
        scale(11_000, 'product', 1),
        { atMs: 12_000, command: { type: 'instance.crash', instance: instanceId('shipping', 2) } },
        scale(13_000, 'shipping', 1),
      ],
      cold,
    );
    expect(lifecycle(run, 'product-2')).toEqual(['10000 instance.started', '11000 instance.stopped']);
    expect(lifecycle(run, 'shipping-2').slice(2)).toEqual([
      '12000 instance.crashed',
      '13000 instance.stopped',
    ]);
  });

  it('SCALE-8 a crash while it drains ends it for good, and a fault finds it there', async () => {
    const run = await ran(
      30_000,
      [
        scale(20_000, 'product', 1),
        {
          atMs: 20_500,
          command: {
            type: 'fault.add',
            fault: { kind: 'down', target: { kind: 'service', service: 'product' }, lengthMs: 3000 },
          },
        },
      ],
      { services: { product: { instances: 2 } } },
    );
    expect(lifecycle(run, 'product-2').slice(2)).toEqual([
      '20000 instance.draining',
      '20500 instance.crashed',
    ]);
    expect(run.isUp(instanceId('product', 1))).toBe(true);
    expect(run.isUp(instanceId('product', 2))).toBe(false);
  });

  it('SCALE-9 sagas of one that drains are handed over at once, between two steps', async () => {
    const run = await ran(60_000, [scale(20_000, 'order', 1)], {
      services: { order: { instances: 3 } },
      load: { ordersPerSecond: 4 },
      saga: { leaseMs: 60_000 },
    });
    expect(run.events.filter(({ type }) => type === 'instance.stopped')).toHaveLength(2);
    // Nobody waited for the end of a lease: none had to be resumed.
    expect(of(run, 'saga.resumed')).toEqual([]);
    const begun = of(run, 'saga.started').filter((event) => atMs(event) < 40_000);
    const ended = new Set(
      [...of(run, 'saga.completed'), ...of(run, 'saga.compensated')].map((e) => e.sagaId),
    );
    expect(begun.filter((event) => !ended.has(event.sagaId))).toEqual([]);
  });

  it('SCALE-10 with nobody left, orders wait, and go on when somebody is back', async () => {
    const run = await ran(60_000, [scale(20_000, 'order', 0), scale(40_000, 'order', 1)], {
      load: { ordersPerSecond: 3 },
    });
    expect(lifecycle(run, 'order-1')).toHaveLength(6);
    const before = of(run, 'saga.started').filter((event) => atMs(event) < 22_500);
    const ended = new Set(
      [...of(run, 'saga.completed'), ...of(run, 'saga.compensated')].map((e) => e.sagaId),
    );
    expect(before.length).toBeGreaterThan(20);
    expect(before.filter((event) => !ended.has(event.sagaId))).toEqual([]);
  });
});

describe('who answers customers', () => {
  it('SCALE-12 an entry of several is balanced by health: new ones join, drained and dead ones are left out', async () => {
    const run = await ran(
      40_000,
      [
        scale(10_000, 'gateway', 3),
        { atMs: 20_000, command: { type: 'instance.crash', instance: instanceId('gateway', 1) } },
        scale(30_000, 'gateway', 2),
      ],
      { load: { browsesPerSecond: 6 } },
    );
    const asked = (fromMs: number, untilMs: number) =>
      of(run, 'request.received').filter(
        (e) => e.service === 'gateway' && e.plane === 'data' && atMs(e) > fromMs && atMs(e) < untilMs,
      );
    expect([...new Set(asked(0, 10_000).map((e) => e.instance))]).toEqual(['gateway-1']);
    expect(new Set(asked(12_000, 20_000).map((e) => e.instance)).size).toBe(3);
    expect([...new Set(asked(22_000, 29_000).map((e) => e.instance))].sort()).toEqual([
      'gateway-2',
      'gateway-3',
    ]);
    expect([...new Set(asked(33_000, 40_000).map((e) => e.instance))]).toEqual(['gateway-2']);
    // Of three, one ended in the middle of its work: only what it had begun is lost.
    const lost = of(run, 'intent.answered').filter((e) => e.outcome === 'failed');
    expect(lost.length).toBeLessThan(8);
    expect(lost.every((event) => atMs(event) > 20_000 && atMs(event) < 21_000)).toBe(true);
  });

  it('SCALE-12 the monolith scales whole', async () => {
    const setup = setupWith({ load: { browsesPerSecond: 6, ordersPerSecond: 2 } });
    const run = await LabRun.create({
      setup,
      composition: 'monolith',
      seed: 11,
      turn,
      commands: [scale(10_000, 'monolith', 3), scale(25_000, 'monolith', 1)],
    });
    await run.advanceTo(60_000);
    const busy = (fromMs: number, untilMs: number) =>
      new Set(
        of(run, 'request.received')
          .filter(
            (e) => e.plane === 'data' && e.service === 'monolith' && atMs(e) > fromMs && atMs(e) < untilMs,
          )
          .map((e) => e.instance),
      ).size;
    expect([busy(0, 10_000), busy(12_000, 25_000), busy(29_000, 60_000)]).toEqual([1, 3, 1]);
    expect(of(run, 'intent.answered').filter((e) => e.outcome === 'failed')).toEqual([]);
    expect(
      lifecycle(run, 'monolith-3')
        .slice(2)
        .map((line) => line.split(' ')[1]),
    ).toEqual(['instance.draining', 'instance.stopped']);
  });
});

const AUTOSCALED = {
  autoscaler: {
    everyMs: 3000,
    windowMs: 6000,
    tolerance: 0.1,
    scaleUpDelayMs: 0,
    scaleDownDelayMs: 20_000,
    services: { product: { utilisation: 0.5, minInstances: 1, maxInstances: 4 } },
  },
};

describe('the autoscaler', () => {
  it('AS-9 AS-10 hears how busy instances say they are, scales out under load and in afterwards, and tells why', async () => {
    const run = await ran(
      120_000,
      [
        { atMs: 10_000, command: { type: 'load.set', browsesPerSecond: 40 } },
        { atMs: 60_000, command: { type: 'load.set', browsesPerSecond: 1 } },
      ],
      { ...AUTOSCALED, rateLimit: { perSecond: 1000, burst: 1000 } },
    );
    const scaled = of(run, 'autoscaler.decided').filter((event) => event.desired !== event.current);
    expect(scaled[0]).toMatchObject({ of: 'product', current: 1, reason: 'above-target' });
    expect(atMs(scaled[0] as RunEvent)).toBeGreaterThan(10_000);
    expect(atMs(scaled[0] as RunEvent)).toBeLessThan(25_000);
    expect(scaled.at(-1)).toMatchObject({ desired: 1, reason: 'below-target' });
    expect(atMs(scaled.at(-1) as RunEvent)).toBeGreaterThan(80_000);
    // Each decision is the cause of the change.
    const changes = of(run, 'run.settings.changed').filter((event) => event.cause !== null);
    expect(changes.map((event) => event.cause)).toEqual(scaled.map((event) => event.id));
    // What an instance says of itself is what its requests say.
    const loads = of(run, 'instance.load').filter(
      (event) => event.service === 'product' && atMs(event) > 40_000 && atMs(event) < 60_000,
    );
    const mean = loads.reduce((sum, event) => sum + event.busySlots / event.slots, 0) / loads.length;
    expect(mean).toBeGreaterThan(0.25);
    expect(mean).toBeLessThan(0.6);
  });

  it('AS-11 off, nothing of it is in the log', async () => {
    const run = await ran(20_000, []);
    expect([...of(run, 'instance.load'), ...of(run, 'autoscaler.decided')]).toEqual([]);
  });

  it('AS-11 switched off it is silent again', async () => {
    const run = await ran(
      30_000,
      [{ atMs: 15_000, command: { type: 'settings.set', patch: { autoscaler: null } } }],
      AUTOSCALED,
    );
    const told = [...of(run, 'instance.load'), ...of(run, 'autoscaler.decided')];
    expect(told.length).toBeGreaterThan(0);
    expect(told.every((event) => atMs(event) <= 15_000)).toBe(true);
  });
});

describe('who cannot be scaled', () => {
  it.each(['registry', 'customers', 'payment-provider'])(
    'SCALE-11 %s is refused, and nothing changes',
    async (service) => {
      const run = await ran(3000, []);
      const result = await run.command({
        type: 'settings.set',
        patch: { services: { [service]: { instances: 2 } } },
      });
      expect(result).toMatchObject({
        ok: false,
        error: {
          field: `patch.services.${service}.instances`,
          message: expect.stringContaining('cannot be scaled'),
        },
      });
      expect(run.settings.services[service as 'registry'].instances).toBe(1);
    },
  );
});

it.each(['counting', 'exact'] as const)('a run that scales is the same on the %s pump', async (pump) => {
  const hash = async (which: 'counting' | 'exact') => {
    const run = await LabRun.create({
      setup: setupWith({
        services: { order: { instances: 2, coldStartMs: 700 } },
        load: { ordersPerSecond: 3 },
      }),
      seed: 4,
      turn,
      pump: which,
      commands: [
        scale(8000, 'order', 1),
        scale(9000, 'product', 3),
        scale(12_000, 'order', 3),
        scale(14_000, 'product', 1),
      ],
    });
    await run.advanceTo(22_000);
    return run.logHash();
  };
  expect(await hash(pump)).toBe(await hash('counting'));
});
