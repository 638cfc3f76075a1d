import { describe, expect, it, vi } from 'vitest';
import { LabRun, type Pump } from '../hosts/virtual/index.ts';
import type { InstanceId, Json } from '../kernel/index.ts';
import { classroom, type Setup } from '../setups/index.ts';
import type { Fault, ScheduledFault } from './index.ts';

// The whole shop in the Lab, under every kind of fault, and made whole again.

// Minutes of a whole shop: seconds of real time, more when the machine is busy.
vi.setConfig({ testTimeout: 120_000 });

const turn = (next: () => void) => setImmediate(next);
const SHIPPING = 'shipping-1' as InstanceId;
const network = { kind: 'network' } as const;
const way = (from: 'order' | 'broker' | 'gateway', to: 'product' | 'shipping' | 'order') =>
  ({ kind: 'edge', from, to }) as const;
const CUSTOMERS = { kind: 'service', service: 'customers' } as const;
const at = (service: 'order' | 'shipping' | 'broker') => ({ kind: 'service', service }) as const;

const weather: readonly Fault[] = [
  { kind: 'loss', target: network, way: 'both', share: 0.1, lengthMs: 15_000 },
  { kind: 'latency', target: network, meanMs: 50, lengthMs: 20_000 },
  { kind: 'partition', instances: [SHIPPING], others: null, way: 'out', lengthMs: 3000 },
  { kind: 'clog', target: way('order', 'product'), extraMs: 500, lengthMs: 4000 },
  { kind: 'reset', target: network, when: 'after', share: 0.1, lengthMs: 15_000 },
  { kind: 'duplicate', target: network, share: 0.2, withinMs: 3000, lengthMs: 15_000 },
  { kind: 'store-errors', target: at('order'), at: 'commit', error: 'aborted', share: 0.1, lengthMs: 10_000 },
  {
    kind: 'store-errors',
    target: at('broker'),
    at: 'begin',
    error: 'read-only',
    share: 0.1,
    lengthMs: 10_000,
  },
  { kind: 'store-slow', target: at('shipping'), addMs: 100, share: 0.5, lengthMs: 10_000 },
  { kind: 'crash-loop', target: at('order'), meanUpMs: 4000, restartAfterMs: 700, lengthMs: 15_000 },
  { kind: 'slow-body', target: way('gateway', 'order'), bytesPerSecond: 500, share: 0.5, lengthMs: 10_000 },
  { kind: 'corrupt-body', target: network, how: 'garble', share: 0.1, lengthMs: 10_000 },
  {
    kind: 'flapping',
    instances: [SHIPPING],
    others: null,
    way: 'in',
    meanDownMs: 500,
    meanUpMs: 500,
    lengthMs: 4000,
  },
  { kind: 'hang', target: at('shipping'), lengthMs: 2000 },
  { kind: 'slow-cpu', target: at('shipping'), factor: 5, lengthMs: 5000 },
  {
    kind: 'memory-limit',
    target: at('shipping'),
    leakKbPerRequest: 1024,
    limitMb: 10,
    restartAfterMs: 500,
    lengthMs: 10_000,
  },
  { kind: 'slow-start', target: at('order'), addMs: 300, lengthMs: 15_000 },
  { kind: 'clock-offset', target: at('order'), offsetMs: 7_200_000, lengthMs: 3000 },
  { kind: 'message-duplicate', target: network, share: 0.5, withinMs: 3000, lengthMs: 10_000 },
  { kind: 'message-poison', target: at('shipping'), share: 0.5, messageType: null, lengthMs: 10_000 },
  { kind: 'registry-stale', target: { kind: 'service', service: 'registry' }, lengthMs: 8000 },
  { kind: 'spike', target: CUSTOMERS, factor: 3, lengthMs: 3000 },
  { kind: 'ramp', target: CUSTOMERS, factor: 2, overMs: 1000, lengthMs: 3000 },
  { kind: 'hot-product', target: CUSTOMERS, sku: 'games-01', share: 0.5, lengthMs: 3000 },
];

const open = (faults: readonly Fault[], more: { pump?: Pump; setup?: Partial<Setup> } = {}) =>
  LabRun.create({
    setup: {
      ...classroom,
      ...more.setup,
      faults: faults.map((fault, index): ScheduledFault => ({ atMs: 6000 + index * 500, fault })),
    },
    seed: 5,
    pump: more.pump ?? 'counting',
    turn,
  });

/** An administrator's request, until it is answered. */
async function asAdmin(run: LabRun, method: 'GET' | 'POST', path: string): Promise<Json> {
  for (let tries = 0; tries < 20; tries += 1) {
    const result = await run.command({ type: 'request.send', method, path, as: 'admin' });
    const value = result.ok ? (result.value as { status: number | null; body: Json }) : null;
    if (value?.status === 202 || value?.status === 200) return value.body;
    await run.advanceTo(run.nowMs + 1000);
  }
  throw new Error(`${path} is not answered`);
}

const ids = (run: LabRun, ...types: readonly string[]) =>
  new Set(
    run.events.flatMap((event) => (types.includes(event.type) && 'sagaId' in event ? [event.sagaId] : [])),
  );

describe('every kind of fault on the whole shop', () => {
  it('is felt, is in the log, and gives the same log on the engine and the oracle', async () => {
    const hash = async (pump: Pump) => {
      const run = await open(weather, { pump });
      await run.advanceTo(35_000);
      const felt = run.events.flatMap((event) => (event.type === 'fault.injected' ? [event.kind] : []));
      expect(new Set(felt)).toEqual(new Set(weather.map(({ kind }) => kind)));
      return run.logHash();
    };
    expect(await hash('counting')).toBe(await hash('exact'));
  });

  it('once it is over, every order comes to its end', async () => {
    const { settings } = classroom;
    const load = { ...settings.load, ordersPerSecond: 3 };
    const run = await open(weather, { setup: { settings: { ...settings, load } } });
    await run.advanceTo(25_000);
    await run.command({ type: 'fault.clear-all' });
    await run.command({ type: 'load.set', running: false });
    await run.advanceTo(30_000);
    await asAdmin(run, 'POST', '/sagas/retry');
    await asAdmin(run, 'POST', '/dead-letters/redrive');
    await run.advanceTo(90_000);
    expect(ids(run, 'saga.started').size).toBeGreaterThan(20);
    expect(ids(run, 'saga.completed', 'saga.compensated')).toEqual(ids(run, 'saga.started'));
  });
});

describe('after the storm', () => {
  it('an administrator lets parked sagas go on and dead letters be delivered, by request.send', async () => {
    const { settings } = classroom;
    const run = await open(
      [
        { kind: 'errors', target: way('broker', 'shipping'), status: 500, share: 1, lengthMs: null },
        // What answers the commit of a reservation is lost: it was done, and nobody knows.
        { kind: 'loss', target: way('order', 'product'), way: 'response', share: 0.5, lengthMs: null },
      ],
      {
        setup: {
          settings: {
            ...settings,
            saga: { ...settings.saga, parkAfterMs: 1000 },
            messaging: { ...settings.messaging, maxDeliveries: 2 },
          },
        },
      },
    );
    const count = (type: string) => run.events.filter((event) => event.type === type).length;
    await run.advanceUntil(() => count('saga.parked') > 1 && count('message.dead-lettered') > 1, 120_000);
    await run.command({ type: 'load.set', running: false });
    await run.command({ type: 'fault.clear-all' });
    await run.advanceTo(run.nowMs + 30_000);
    const parked = count('saga.parked');
    expect(await asAdmin(run, 'GET', '/sagas?status=parked')).not.toEqual({ sagas: [] });
    expect(await asAdmin(run, 'GET', '/dead-letters')).not.toEqual({ deadLetters: [] });
    await asAdmin(run, 'POST', '/sagas/retry');
    await asAdmin(run, 'POST', '/dead-letters/redrive');
    await run.advanceTo(run.nowMs + 30_000);
    expect(await asAdmin(run, 'GET', '/sagas?status=parked')).toEqual({ sagas: [] });
    expect(await asAdmin(run, 'GET', '/dead-letters')).toEqual({ deadLetters: [] });
    expect(count('saga.parked')).toBe(parked);
    expect(ids(run, 'saga.completed', 'saga.compensated')).toEqual(ids(run, 'saga.started'));
    const letters = new Set(
      run.events.flatMap((event) => (event.type === 'message.dead-lettered' ? [event.messageId] : [])),
    );
    const consumed = new Set(
      run.events.flatMap((event) =>
        event.type === 'message.consumed' && event.group === 'shipping-orders' ? [event.messageId] : [],
      ),
    );
    expect([...letters].filter((id) => !consumed.has(id))).toEqual([]);
  });
});
