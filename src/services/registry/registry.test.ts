import { describe, expect, test } from 'vitest';
import { type InstanceId, instanceId, serviceOf } from '../../kernel/index.ts';
import { createTestWorld, type TestRequest } from '../../kernel/testing/test-host.ts';
import { productService } from '../product/index.ts';
import { registryService } from './index.ts';
import { instancesTable } from './tables.ts';

const registry = instanceId('registry', 1);
const [p1, p2, o1] = [instanceId('product', 1), instanceId('product', 2), instanceId('order', 1)];

async function world() {
  const own = createTestWorld({ settings: { registry: { leaseMs: 3000 } } });
  own.add(registryService);
  await own.runFor(10);
  const beat = async (
    instance: InstanceId,
    from: InstanceId | undefined = instance,
    service: string = serviceOf(instance),
  ) => await own.ask(registry, request('PUT', `/instances/${instance}`, from, { service }));
  const request = (
    method: 'GET' | 'PUT' | 'DELETE',
    path: string,
    from: InstanceId | undefined,
    body?: unknown,
  ): TestRequest => ({
    method,
    path,
    plane: 'control',
    ...(body === undefined ? {} : { body }),
    ...(from === undefined ? {} : { from }),
  });
  const list = async (query = '') => {
    const { body } = await own.ask(registry, request('GET', `/instances${query}`, o1));
    return (body as { instances: { instanceId: string }[] }).instances.map((each) => each.instanceId);
  };
  const remove = async (instance: InstanceId, from: InstanceId | undefined = instance) =>
    await own.ask(registry, request('DELETE', `/instances/${instance}`, from));
  return { own, beat, list, remove };
}

describe('registry', () => {
  test('REG-1 lists who has a lease, all or of one service', async () => {
    const { beat, list } = await world();
    expect(await list()).toEqual([]);
    expect(await beat(p1)).toMatchObject({ status: 200, body: { leaseMs: 3000 } });
    await beat(p2);
    await beat(o1);
    expect(await list()).toEqual([o1, p1, p2]);
    expect(await list('?service=product')).toEqual([p1, p2]);
  });

  test('REG-2 REG-3 a heartbeat renews the whole lease; without one it ends, and each is logged once', async () => {
    const { own, beat, list } = await world();
    await beat(p1);
    await beat(p2);
    for (let second = 0; second < 5; second += 1) {
      await own.runFor(1000);
      await beat(p1);
    }
    expect(await list()).toEqual([p1]);
    expect(own.rows('registry', instancesTable)).toHaveLength(1);
    expect(own.eventsOf('registry.instance.registered').map(({ registered }) => registered)).toEqual([
      p1,
      p2,
    ]);
    expect(own.eventsOf('registry.instance.expired').map(({ expired }) => expired)).toEqual([p2]);
    await beat(p2);
    expect(own.eventsOf('registry.instance.registered').map(({ registered }) => registered)).toEqual([
      p1,
      p2,
      p2,
    ]);
  });

  test('REG-1 a lease that is over is not shown, even before it is cleared away', async () => {
    const { own, beat, list } = await world();
    await beat(p1);
    await own.runFor(2990);
    expect(await list()).toEqual([p1]);
    await own.runFor(10);
    expect(await list()).toEqual([]);
  });

  test('REG-1 an instance takes itself out; saying so twice does no harm', async () => {
    const { beat, list, remove } = await world();
    await beat(p1);
    expect((await remove(p1)).status).toBe(204);
    expect((await remove(p1)).status).toBe(204);
    expect(await list()).toEqual([]);
  });

  test('nobody speaks for another, and nobody outside at all', async () => {
    const { own, beat, list, remove } = await world();
    await beat(p1);
    expect((await beat(p2, p1)).status).toBe(403);
    expect((await beat(p2, p2, 'order')).status).toBe(403);
    expect((await remove(p1, p2)).status).toBe(403);
    const outside = await own.ask(registry, { method: 'GET', path: '/instances', plane: 'control' });
    expect(outside.status).toBe(403);
    expect(await list()).toEqual([p1]);
  });

  test('DISC-10 REG-4 a registry that was down gives each instance one lease to be heard of again', async () => {
    const { own, beat, list } = await world();
    await beat(p1);
    await beat(p2);
    own.crash(registry);
    await own.runFor(60_000);
    own.restart(registry);
    await own.runFor(1000);
    expect(await list()).toEqual([p1, p2]);
    await beat(p1);
    await own.runFor(2500);
    expect(await list()).toEqual([p1]);
    expect(own.eventsOf('registry.instance.expired').map(({ expired }) => expired)).toEqual([p2]);
    expect(own.eventsOf('registry.instance.registered')).toHaveLength(2);
  });

  test('a service registers itself, is gone a lease after its crash, and is back after its restart', async () => {
    const { own, list } = await world();
    own.add(productService);
    await own.runFor(1000);
    expect(await list()).toEqual([p1]);
    own.crash(p1);
    await own.runFor(2000);
    expect(await list()).toEqual([p1]); // stale entries are real
    await own.runFor(1300);
    expect(await list()).toEqual([]);
    own.restart(p1);
    await own.runFor(1000);
    expect(await list()).toEqual([p1]);
  });
});
