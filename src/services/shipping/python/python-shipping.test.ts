import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type HttpMethod, instanceId, type ServiceDefinition } from '../../../kernel/index.ts';
import { createTestWorld, type TestWorld } from '../../../kernel/testing/test-host.ts';
import { brokerService } from '../../broker/index.ts';
import { registryService } from '../../registry/index.ts';
import { shippingService } from '../index.ts';
import { shipmentsTable } from '../tables.ts';
import { loadPythonShipping } from './index.ts';
import { pythonInterpreter } from './interpreter.ts';

vi.setConfig({ testTimeout: 60_000 });

const ORDER = instanceId('order', 1);
const BROKER = instanceId('broker', 1);
const SHIPPING = instanceId('shipping', 1);
const ADDRESS = { name: 'Ada “Ü” 🚚', street: 'S 1\n\\', postcode: '1', city: 'C', country: 'FR' };
const BODY = { customerId: 'cus_1', address: ADDRESS, weightG: 1200 };

async function worldOf(definition: ServiceDefinition, failureShare = 0): Promise<TestWorld> {
  const world = createTestWorld({ settings: { tracking: { failureShare } } });
  for (const service of [registryService, brokerService, definition]) world.add(service);
  await world.runFor(1500);
  return world;
}

describe('random requests', () => {
  type Ask =
    | { readonly kind: 'wait'; readonly ms: number }
    | { readonly kind: 'crash' }
    | { readonly kind: 'ask'; readonly method: HttpMethod; readonly path: string; readonly body?: unknown }
    | { readonly kind: 'event'; readonly id: string; readonly data: unknown };

  const orderId = fc.constantFrom('o1', 'o2', 'o3', 'a.b-c_d');
  const country = fc.constantFrom('DE', 'FR', 'JP', 'AQ', 'US', 'xx');
  const text = fc.oneof(
    fc.string({ minLength: 1, maxLength: 12 }),
    fc.string({ unit: 'grapheme', maxLength: 8 }),
  );
  const address = fc.record({ name: text, street: text, postcode: text, city: text, country });
  const weightG = fc.oneof(fc.integer({ min: 1, max: 40_000 }), fc.constantFrom(0, 1.5, '7', null));
  const status = fc.constantFrom('APPROVED', 'REJECTED', 'CANCELLED', '', 7);
  const at = fc.constantFrom(
    '2026-01-01T00:00:01.000Z',
    '2026-01-01T00:00:02.000Z',
    '2026-01-01T00:00:01.500Z',
  );
  const ask = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('ask' as const),
        method: fc.constant('PUT' as const),
        path: orderId.map((id) => `/shipments/${id}`),
        body: fc.record({ customerId: fc.constantFrom('cus_1', 'cus_2'), address, weightG }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('ask' as const),
        method: fc.constantFrom('DELETE' as const, 'GET' as const),
        path: orderId.map((id) => `/shipments/${id}`),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('ask' as const),
        method: fc.constant('POST' as const),
        path: orderId.map((id) => `/shipments/${id}/dispatch`),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('ask' as const),
        method: fc.constant('GET' as const),
        path: fc.tuple(country, weightG).map(([c, g]) => `/shipping-quotes?country=${c}&weightG=${g}`),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('event' as const),
        id: fc.constantFrom('1', '2', '3', '4'),
        data: fc.record({ orderId, status, at, more: fc.constant(1) }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 4000 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
  );

  async function play(world: TestWorld, asks: readonly Ask[]) {
    const answers: unknown[] = [];
    for (const each of asks) {
      switch (each.kind) {
        case 'wait':
          await world.runFor(each.ms);
          break;
        case 'crash':
          world.crash(SHIPPING);
          world.restart(SHIPPING);
          await world.runFor(50);
          break;
        case 'ask': {
          const { method, path, body } = each;
          answers.push(
            await world.ask(SHIPPING, { method, path, from: ORDER, ...(body === undefined ? {} : { body }) }),
          );
          break;
        }
        case 'event': {
          const { id, data } = each;
          answers.push(
            await world.ask(SHIPPING, {
              method: 'POST',
              path: '/events?group=shipping-orders',
              headers: { 'content-type': 'application/cloudevents+json' },
              from: BROKER,
              body: {
                specversion: '1.0',
                id,
                source: 'order',
                type: 'order.changed',
                time: '2026-01-01T00:00:00Z',
                datacontenttype: 'application/json',
                partitionkey: 'o1',
                data,
              },
            }),
          );
        }
      }
    }
    await world.runFor(20_000);
    return answers;
  }

  it('get the same answers, rows and log from both', async () => {
    const python = await loadPythonShipping();
    await fc.assert(
      fc.asyncProperty(fc.array(ask, { minLength: 5, maxLength: 25 }), async (asks) => {
        const worlds = [await worldOf(shippingService, 0.5), await worldOf(python, 0.5)] as const;
        const answers = [await play(worlds[0], asks), await play(worlds[1], asks)];
        expect(answers[1]).toEqual(answers[0]);
        expect(worlds[1].tables('shipping')).toEqual(worlds[0].tables('shipping'));
        expect(logOf(worlds[1])).toEqual(logOf(worlds[0]));
      }),
      { numRuns: 40 },
    );
  });
});

/** As text: the order of fields counts. Two things may differ: who the instance is, and what a bug is called. */
const logOf = (world: TestWorld): string[] =>
  world.events.map((event) => {
    if (event.type === 'instance.started') return JSON.stringify({ ...event, implementation: undefined });
    if (event.type === 'process.failed' || event.type === 'store.aborted') {
      if (event.error.includes('cannot be read'))
        return JSON.stringify({ ...event, error: 'cannot be read' });
    }
    return JSON.stringify(event);
  });

describe('python', () => {
  it('says in the log which implementation an instance runs', async () => {
    const started = (world: TestWorld) =>
      world.eventsOf('instance.started').find(({ instance }) => instance === SHIPPING);
    expect(started(await worldOf(await loadPythonShipping()))).toMatchObject({ implementation: 'python' });
    expect(started(await worldOf(shippingService))).not.toHaveProperty('implementation');
  });

  it('that raises what nobody catches is a 500, a failed process with its traceback, and a transaction undone', async () => {
    const world = await worldOf(await loadPythonShipping());
    const put = { method: 'PUT', path: '/shipments/o1', body: BODY, from: ORDER } as const;
    expect(await world.ask(SHIPPING, put)).toMatchObject({ status: 201 });
    // A row that no implementation writes: the model trips over it, inside its transaction.
    const event = {
      specversion: '1.0',
      id: '1',
      source: 'order',
      type: 'order.changed',
      time: '2026-01-01T00:00:00Z',
      datacontenttype: 'application/json',
      partitionkey: 'o1',
      data: { orderId: 'o1' },
    };
    const answer = await world.ask(SHIPPING, {
      method: 'POST',
      path: '/events?group=shipping-orders',
      headers: { 'content-type': 'application/cloudevents+json' },
      from: BROKER,
      body: event,
    });
    expect(answer.status).toBe(500);
    const [failed] = world.eventsOf('process.failed');
    expect(failed?.error).toMatch(/^Traceback \(most recent call last\):\n/);
    expect(failed?.error).toContain('order_events.py", line');
    expect(failed?.error).toContain('ValueError: the event 1 (order.changed) cannot be read');
    expect(world.eventsOf('store.aborted')).toMatchObject([{ operation: 'consume orders' }]);
    expect(world.tables('shipping')['inbox']).toEqual([]);
  });

  it('passes on the very failure of a port: a store that fails is a 503, its transaction undone', async () => {
    const world = await worldOf(await loadPythonShipping());
    const put = { method: 'PUT', path: '/shipments/o1', body: BODY, from: ORDER } as const;
    world.failStore({
      database: 'shipping',
      operation: 'hold shipment',
      kind: 'quota-exceeded',
      at: 'commit',
    });
    expect(await world.ask(SHIPPING, put)).toMatchObject({ status: 503 });
    world.failStore({ database: 'shipping', operation: 'hold shipment', kind: 'unavailable', at: 'begin' });
    expect(await world.ask(SHIPPING, put)).toMatchObject({ status: 503 });
    expect(world.rows('shipping', shipmentsTable)).toEqual([]);
    expect(await world.ask(SHIPPING, put)).toMatchObject({ status: 201 });
  });

  it('that is cancelled ends, and leaves no generator behind', async () => {
    const python = await pythonInterpreter();
    const world = await worldOf(await loadPythonShipping());
    const resting = python.running();
    const pending = world.send(SHIPPING, {
      method: 'POST',
      path: '/shipments/o1/dispatch',
      from: ORDER,
    });
    // Past the hop and into the service time, and not yet at the end.
    await world.runFor(3);
    pending.cancel();
    await world.runFor(1000);
    expect(python.running()).toBe(resting);
    expect(world.eventsOf('process.failed')).toEqual([]);
  });

  it('takes no more memory after many requests than after some', async () => {
    const python = await pythonInterpreter();
    const world = await worldOf(await loadPythonShipping());
    const resting = python.running();
    const ask = async (count: number) => {
      for (let number = 0; number < count; number += 1) {
        await world.ask(SHIPPING, {
          method: 'PUT',
          path: `/shipments/o${number % 5}`,
          body: BODY,
          from: ORDER,
        });
      }
    };
    await ask(300);
    const some = python.liveBytes();
    await ask(1500);
    // A request leaves 1 kB behind if it leaves anything.
    expect(python.liveBytes() - some).toBeLessThan(20_000);
    expect(python.running()).toBe(resting);
  });
});
