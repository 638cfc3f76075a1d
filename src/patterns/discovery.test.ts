import { expect, test } from 'vitest';
import {
  type Balancer,
  type Context,
  type InstanceId,
  instanceId,
  plusMs,
  RUN_START,
  type ServiceDefinition,
  type ServiceName,
} from '../kernel/index.ts';
import { createTestWorld, type TestWorld, testService } from '../kernel/testing/test-host.ts';
import { discoveryTask, forgetInstance, knownInstances, registrationTask, resolve } from './discovery.ts';
import { counted } from './instance-load.ts';
import { fakeRegistry } from './testing/fake-registry.ts';

const registered = (name: ServiceName): ServiceDefinition =>
  testService(name, { background: [registrationTask()] });

const resolveIn = async (world: TestWorld, from: InstanceId, service: ServiceName, times = 1) => {
  const found: (InstanceId | null)[] = [];
  for (let time = 0; time < times; time += 1) {
    found.push(await world.run(from, async (context) => await resolve(context, service)));
  }
  return found;
};

const toRegistry = (world: TestWorld, method: string, from: string) =>
  world
    .eventsOf('request.sent')
    .filter((event) => event.to === 'registry' && event.method === method && event.instance === from);

test('DISC-1 one PUT every heartbeatMs, whatever a heartbeat takes', async () => {
  const world = createTestWorld({ settings: { hop: { meanMs: 250 } } });
  world.add(fakeRegistry());
  world.add(registered('shipping'));
  await world.runFor(5100);
  expect(toRegistry(world, 'PUT', 'shipping-1').map((event) => event.timeUs / 1000)).toEqual([
    0, 1000, 2000, 3000, 4000, 5000,
  ]);
  expect(toRegistry(world, 'PUT', 'shipping-1').every((event) => event.plane === 'control')).toBe(true);
});

test('DISC-3 fixed addresses are never looked up', async () => {
  const world = createTestWorld();
  world.add(fakeRegistry());
  const order = world.add(testService('order'));
  expect(await resolveIn(world, order, 'gateway')).toEqual(['gateway-1']);
  expect(await resolveIn(world, order, 'registry')).toEqual(['registry-1']);
  expect(await resolveIn(world, order, 'payment-provider')).toEqual(['payment-provider-1']);
  expect(toRegistry(world, 'GET', 'order-1')).toEqual([]);
});

test('DISC-4, DISC-5 asked on demand once for all who wait; then in turn', async () => {
  const world = createTestWorld();
  world.add(fakeRegistry());
  for (const number of [1, 2, 10]) world.add(registered('shipping'), number);
  const order = world.add(testService('order'));
  await world.runFor(100);
  const asked = [1, 2, 3, 4].map(() =>
    world.begin(order, async (context) => await resolve(context, 'shipping')),
  );
  await world.runFor(50);
  const found = asked.map(({ outcome }) => (outcome?.ok === true ? outcome.value : outcome));
  expect(new Set(found)).toEqual(new Set(['shipping-1', 'shipping-2', 'shipping-10']));
  expect(await resolveIn(world, order, 'shipping', 3)).toEqual(['shipping-2', 'shipping-10', 'shipping-1']);
  expect(toRegistry(world, 'GET', 'order-1')).toHaveLength(1);
});

test('DISC-4 when the one who asks is cancelled, another of those who wait asks', async () => {
  const world = createTestWorld();
  world.add(fakeRegistry());
  world.add(registered('shipping'));
  const order = world.add(testService('order'));
  await world.runFor(100);
  const first = world.begin(order, async (context) => await resolve(context, 'shipping'));
  const second = world.begin(order, async (context) => await resolve(context, 'shipping'));
  await world.runFor(0.5);
  first.cancel();
  await world.runFor(50);
  expect(second.outcome).toEqual({ ok: true, value: 'shipping-1' });
});

test('DISC-9 nobody known is null, and the registry is not asked more often than every refresh', async () => {
  const world = createTestWorld();
  world.add(fakeRegistry());
  const order = world.add(testService('order'));
  expect(await resolveIn(world, order, 'shipping', 5)).toEqual([null, null, null, null, null]);
  expect(toRegistry(world, 'GET', 'order-1')).toHaveLength(1);
  world.add(registered('shipping'));
  await world.runFor(1000);
  expect(await resolveIn(world, order, 'shipping')).toEqual(['shipping-1']);
});

test('DISC-6 one that refused is passed over until the next refresh, unless it is the only one', async () => {
  const world = createTestWorld();
  world.add(fakeRegistry());
  world.add(registered('shipping'), 1);
  world.add(registered('shipping'), 2);
  const order = world.add(testService('order', { background: [discoveryTask(['shipping'])] }));
  await world.runFor(1100);
  await world.run(order, async (context) => forgetInstance(context, 'shipping-1' as InstanceId));
  expect(await resolveIn(world, order, 'shipping', 3)).toEqual(['shipping-2', 'shipping-2', 'shipping-2']);
  await world.runFor(1000);
  expect(new Set(await resolveIn(world, order, 'shipping', 2))).toEqual(
    new Set(['shipping-1', 'shipping-2']),
  );
  for (const id of ['shipping-1', 'shipping-2']) {
    await world.run(order, async (context) => forgetInstance(context, id as InstanceId));
  }
  expect(new Set(await resolveIn(world, order, 'shipping', 2))).toEqual(
    new Set(['shipping-1', 'shipping-2']),
  );
  await world.run(order, async (context) => forgetInstance(context, 'shipping-1' as InstanceId));
  await world.runFor(1000);
  expect(new Set(await resolveIn(world, order, 'shipping', 2))).toEqual(
    new Set(['shipping-1', 'shipping-2']),
  );
});

test('DISC-2, DISC-8 the copy is stale until the lease is over; each change is told once', async () => {
  const world = createTestWorld();
  world.add(fakeRegistry());
  const shipping = world.add(registered('shipping'));
  world.add(registered('user'));
  const order = world.add(testService('order', { background: [discoveryTask(['shipping', 'gateway'])] }));
  await world.runFor(1500);
  world.crash(shipping);
  await world.runFor(1000);
  expect(await resolveIn(world, order, 'shipping')).toEqual(['shipping-1']);
  await world.runFor(3000);
  expect(await resolveIn(world, order, 'shipping')).toEqual([null]);
  world.restart(shipping);
  await world.runFor(1500);
  expect(world.eventsOf('discovery.refreshed').map((event) => event.known)).toEqual([
    { shipping: ['shipping-1'] },
    { shipping: [] },
    { shipping: ['shipping-1'] },
  ]);
});

test('DISC-7 a registry that is down leaves the copy as it is', async () => {
  const world = createTestWorld();
  const registry = world.add(fakeRegistry());
  world.add(registered('shipping'));
  const order = world.add(testService('order', { background: [discoveryTask(['shipping'])] }));
  await world.runFor(1500);
  world.crash(registry);
  await world.runFor(20_000);
  expect(await resolveIn(world, order, 'shipping')).toEqual(['shipping-1']);
  expect(await world.run(order, async (context) => knownInstances(context, 'shipping'))).toEqual([
    'shipping-1',
  ]);
});

test('DISC-7 a registry that never answers delays nobody longer than the given time', async () => {
  const world = createTestWorld();
  const order = world.add(testService('order'));
  world.onSend(() => ({ kind: 'blackhole' }));
  const startMs = world.nowMs;
  await world.run(order, async (context) => await resolve(context, 'shipping', { timeoutMs: 200 }));
  expect(world.nowMs - startMs).toBe(200);
});

test('DISC-4 who waits for another’s question waits no longer than its own time', async () => {
  const world = createTestWorld();
  world.add(fakeRegistry());
  world.add(registered('shipping'));
  const order = world.add(testService('order'));
  await world.runFor(100);
  world.onSend(({ operation }) => (operation === 'GET /instances' ? { kind: 'delay', delayMs: 1000 } : null));
  const patient = world.begin(order, async (context) => await resolve(context, 'shipping'));
  const startMs = world.nowMs;
  const hurried = async (context: Context) => await resolve(context, 'shipping', { timeoutMs: 200 });
  expect(await world.run(order, hurried)).toBeNull();
  expect(world.nowMs - startMs).toBe(200);
  await world.runFor(1000);
  expect(patient.outcome).toEqual({ ok: true, value: 'shipping-1' });
});

test('DISC-4 who asks in the place of one that was cancelled does so in the time that is left', async () => {
  const world = createTestWorld();
  const order = world.add(testService('order'));
  world.onSend(() => ({ kind: 'blackhole' }));
  const startMs = world.nowMs;
  const first = world.begin(order, async (context) => await resolve(context, 'shipping'));
  const second = world.begin(order, async (context) => {
    await resolve(context, 'shipping', { timeoutMs: 200 });
    return context.clock.now();
  });
  await world.runFor(150);
  first.cancel();
  await world.runFor(500);
  expect(second.outcome).toEqual({ ok: true, value: plusMs(RUN_START, startMs + 200) });
});

/** An order service that knows so many shippings, chosen by `balancer`. */
async function balanced(balancer: Balancer, count: number) {
  const world = createTestWorld({ settings: { balancer } });
  world.add(fakeRegistry());
  for (let number = 1; number <= count; number += 1) world.add(registered('shipping'), number);
  const order = world.add(testService('order'));
  await world.runFor(100);
  return { world, order };
}

test('BAL-3 two choices: who is busy is passed over', async () => {
  const { world, order } = await balanced('two-choices', 2);
  const [busy] = await resolveIn(world, order, 'shipping');
  const other = busy === 'shipping-1' ? 'shipping-2' : 'shipping-1';
  world.begin(order, async (context) => {
    if (busy != null) await counted(context, busy, async () => await context.clock.sleep(1000));
  });
  expect(new Set(await resolveIn(world, order, 'shipping', 20))).toEqual(new Set([other]));
  await world.runFor(1000);
  expect(new Set(await resolveIn(world, order, 'shipping', 20))).toEqual(new Set([busy, other]));
});

test('BAL-4 Peak EWMA: who answered slowly is passed over', async () => {
  const { world, order } = await balanced('peak-ewma', 2);
  for (const [instance, ms] of [
    [instanceId('shipping', 1), 500],
    [instanceId('shipping', 2), 20],
  ] as const) {
    world.begin(order, async (context) => {
      await counted(context, instance, async () => await context.clock.sleep(ms));
    });
  }
  await world.runFor(600);
  expect(new Set(await resolveIn(world, order, 'shipping', 20))).toEqual(new Set(['shipping-2']));
});

test('BAL-2, BAL-5 random: the same draw gives the same instance, however many were chosen before', async () => {
  const { world, order } = await balanced('random', 3);
  const drawn = async (key: string, attempt: number) =>
    await world.run(order, async (context) => await resolve(context, 'shipping', { draw: [key, attempt] }));
  const first = [await drawn('a', 1), await drawn('b', 1), await drawn('c', 1), await drawn('c', 2)];
  const again = [await drawn('a', 1), await drawn('b', 1), await drawn('c', 1), await drawn('c', 2)];
  expect(again).toEqual(first);
  expect(new Set(await resolveIn(world, order, 'shipping', 40)).size).toBe(3);
});
