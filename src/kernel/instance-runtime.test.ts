import { describe, expect, test } from 'vitest';
import type { Context } from './context.ts';
import { jsonResponse } from './http-message.ts';
import { callId, type InstanceId, instanceId } from './ids.ts';
import { DEADLINE_HEADER } from './outgoing-request.ts';
import { StoreError, type Transaction } from './ports.ts';
import { Cancelled } from './process.ts';
import { defineTable } from './table.ts';
import { createTestWorld, type TestWorld, testService } from './testing/test-host.ts';
import { plusMs, RUN_START } from './units.ts';

interface Thing {
  readonly id: string;
  readonly n: number;
  readonly group?: string;
}
const things = defineTable<Thing>('things', 'id', { byGroup: 'group', byN: 'n' });
const answer = (value: unknown = {}) => jsonResponse(200, value);
const get = { method: 'GET', path: '/x' } as const;
const product1 = instanceId('product', 1);

let calls = 0;
const send = async (context: Context, to: InstanceId, timeoutMs: number | null = null) => {
  calls += 1;
  return await context.network.send({
    to,
    request: { method: 'GET', path: '/x', headers: {}, body: null },
    operation: 'GET /x',
    callId: callId(`c${calls}`),
    attempt: 1,
    plane: 'data',
    timeoutMs,
  });
};

/** Adds n to the row `a`, which begins at 0. */
const add = async (tx: Transaction, n: number): Promise<number> => {
  const row = await tx.get(things, 'a');
  await tx.put(things, { id: 'a', n: (row?.n ?? 0) + n });
  return (row?.n ?? 0) + n;
};

describe('store', () => {
  const setUp = () => {
    const world = createTestWorld();
    const product = world.add(testService('product', { tables: [things] }));
    return { world, product };
  };

  test('K-15 committed as a whole, with every row and the events that came with it', async () => {
    const { world, product } = setUp();
    await world.run(
      product,
      async (context) =>
        await context.store.transact('fill', [things], 'readwrite', async (tx) => {
          await tx.put(things, { id: 'a', n: 1 });
          await tx.put(things, { id: 'b', n: 2 });
          await tx.delete(things, 'a');
          tx.emit({ type: 'service.logged', level: 'info', message: 'filled', data: null });
        }),
    );
    expect(world.rows('product', things)).toEqual([{ id: 'b', n: 2 }]);
    const [committed, logged] = world.events.slice(-2);
    expect(committed).toMatchObject({
      type: 'store.committed',
      database: 'product',
      operation: 'fill',
      rows: [
        { table: 'things', key: 'a', after: { id: 'a', n: 1 } },
        { table: 'things', key: 'b', after: { id: 'b', n: 2 } },
        { table: 'things', key: 'a', after: null },
      ],
    });
    expect(logged).toMatchObject({ type: 'service.logged', cause: committed?.id });
  });

  test('K-15, K-17 a throw aborts: no rows, no events, and it is rethrown', async () => {
    const { world, product } = setUp();
    await world.run(
      product,
      async (context) =>
        await context.store.transact('one', [things], 'readwrite', async (tx) => await add(tx, 1)),
    );
    await expect(
      world.run(
        product,
        async (context) =>
          await context.store.transact('two', [things], 'readwrite', async (tx) => {
            await add(tx, 1);
            tx.emit({ type: 'service.logged', level: 'info', message: 'never', data: null });
            throw new Error('no');
          }),
      ),
    ).rejects.toThrow('no');
    expect(world.rows('product', things)).toEqual([{ id: 'a', n: 1 }]);
    expect(world.eventsOf('service.logged')).toEqual([]);
    expect(world.events.at(-1)).toMatchObject({ type: 'store.aborted', operation: 'two', error: 'no' });
  });

  test('K-15 writers run one after the other: no update is lost', async () => {
    const { world, product } = setUp();
    const pending = Array.from({ length: 20 }, () =>
      world.begin(
        product,
        async (context) =>
          await context.store.transact('add', [things], 'readwrite', async (tx) => await add(tx, 1)),
      ),
    );
    await world.runFor(10);
    expect(pending.every(({ outcome }) => outcome?.ok)).toBe(true);
    expect(world.rows('product', things)).toEqual([{ id: 'a', n: 20 }]);
  });

  test.each([
    ['clock.sleep', async (context: Context) => await context.clock.sleep(1)],
    ['network.send GET /x', async (context: Context) => await send(context, product1)],
    ['work', async (context: Context) => await context.work(1)],
    ['all', async (context: Context) => await context.all([async () => 1])],
    [
      'store.transact inner',
      async (context: Context) => await context.store.transact('inner', [things], 'readonly', async () => 1),
    ],
  ])('K-16 %s inside a transaction is refused by name and has no effect', async (name, inside) => {
    const { world, product } = setUp();
    await expect(
      world.run(
        product,
        async (context) =>
          await context.store.transact('outer', [things], 'readwrite', async (tx) => {
            await add(tx, 1);
            await inside(context);
          }),
      ),
    ).rejects.toThrow(`'${name}' was called inside the transaction of 'outer'`);
    expect(world.rows('product', things)).toEqual([]);
    expect(world.eventsOf('request.sent')).toEqual([]);
    // Afterwards the process may call again.
    await world.run(product, async (context) => {
      await context.store.transact('later', [things], 'readwrite', async (tx) => await add(tx, 1));
      await context.clock.sleep(1);
    });
  });

  test('K-16 a write in a read-only transaction is refused', async () => {
    const { world, product } = setUp();
    await expect(
      world.run(
        product,
        async (context) =>
          await context.store.transact('look', [things], 'readonly', async (tx) => await add(tx, 1)),
      ),
    ).rejects.toThrow("'things.put' in a read-only transaction");
  });

  test('rows that come back cannot change what is stored; lists by key, by index, between bounds, limited, reversed', async () => {
    const { world, product } = setUp();
    const list = async (options?: Parameters<Transaction['list']>[1]) =>
      (
        await world.run(
          product,
          async (context) =>
            await context.store.transact(
              'list',
              [things],
              'readonly',
              async (tx) => await tx.list(things, options),
            ),
        )
      ).map(({ id }) => id);
    await world.run(
      product,
      async (context) =>
        await context.store.transact('fill', [things], 'readwrite', async (tx) => {
          for (const row of [
            { id: 'c', n: 1, group: 'x' },
            { id: 'a', n: 3 },
            { id: 'b', n: 2, group: 'x' },
          ])
            await tx.put(things, row);
          const row = (await tx.get(things, 'a')) as { n: number };
          expect(() => {
            row.n = 99;
          }).toThrow(TypeError);
        }),
    );
    expect(world.rows('product', things)[0]).toEqual({ id: 'a', n: 3 });
    expect(await list()).toEqual(['a', 'b', 'c']);
    expect(await list({ reverse: true, limit: 2 })).toEqual(['c', 'b']);
    expect(await list({ from: 'b' })).toEqual(['b', 'c']);
    expect(await list({ index: 'byGroup', equals: 'x' })).toEqual(['b', 'c']);
    expect(await list({ index: 'byN' })).toEqual(['c', 'b', 'a']);
    expect(await list({ index: 'byN', from: 2, to: 2 })).toEqual(['b']);
  });

  test('a row that JSON cannot carry is refused, and nothing is written', async () => {
    const { world, product } = setUp();
    for (const n of [Number.NaN, undefined, new Map(), () => 1] as unknown[]) {
      await expect(
        world.run(
          product,
          async (context) =>
            await context.store.transact(
              'bad',
              [things],
              'readwrite',
              async (tx) => await tx.put(things, { id: 'a', n } as Thing),
            ),
        ),
      ).rejects.toThrow(StoreError);
    }
    expect(world.rows('product', things)).toEqual([]);
  });

  test('K-17 a store that fails: StoreError to the caller, 503 from the handler', async () => {
    const world = createTestWorld();
    const product = world.add(
      testService('product', {
        tables: [things],
        handle: async (_, context) =>
          answer(await context.store.transact('add', [things], 'readwrite', async (tx) => await add(tx, 1))),
      }),
    );
    await world.runFor(1);
    for (const at of ['begin', 'commit'] as const) {
      world.failStore({ database: 'product', operation: 'add', kind: 'quota-exceeded', at });
      const { status, headers } = await world.ask(product, get);
      expect([status, headers['retry-after']]).toEqual([503, '1']);
    }
    expect(world.rows('product', things)).toEqual([]);
    expect((await world.ask(product, get)).status).toBe(200);
  });

  test('K-12 cancelled before its commit it leaves no trace, and the next writer goes on', async () => {
    const { world, product } = setUp();
    const pending = [1, 2, 3].map((n) =>
      world.begin(
        product,
        async (context) =>
          await context.store.transact(`add${n}`, [things], 'readwrite', async (tx) => {
            await add(tx, n);
            return await add(tx, 0);
          }),
      ),
    );
    pending[0]?.cancel();
    pending[1]?.cancel();
    await world.runFor(1);
    expect(world.rows('product', things)).toEqual([{ id: 'a', n: 3 }]);
  });
});

describe('K-13 crash', () => {
  const setUp = () => {
    const world = createTestWorld();
    const ends: string[] = [];
    const product = world.add(
      testService('product', {
        tables: [things],
        handle: async (_, context) => {
          try {
            await context.store.transact('add', [things], 'readwrite', async (tx) => await add(tx, 1));
            await context.clock.sleep(50);
            return answer();
          } finally {
            ends.push('finally');
          }
        },
      }),
    );
    const order = world.add(testService('order'));
    return { world, product, order, ends };
  };

  test('its callers are reset one hop later, with the crash as the cause', async () => {
    const { world, product, order, ends } = setUp();
    const pending = world.begin(order, async (context) => await send(context, product));
    await world.runFor(20);
    world.crash(product, { reason: 'fault', faultId: null });
    await world.runFor(10);
    expect(pending.outcome).toMatchObject({
      ok: true,
      value: { ok: false, error: { kind: 'connection_reset' } },
    });
    const [crashed] = world.eventsOf('instance.crashed');
    expect(world.eventsOf('request.failed')[0]).toMatchObject({
      error: 'connection_reset',
      cause: crashed?.id,
      timeUs: 21_000,
    });
    expect(ends).toEqual([]);
    expect(world.rows('product', things)).toEqual([{ id: 'a', n: 1 }]);
    world.restart(product);
    await world.runFor(1);
    expect((await world.ask(product, get)).status).toBe(200);
  });

  test('an instance that is not there refuses the connection', async () => {
    const { world, product, order } = setUp();
    world.crash(product);
    expect(await world.run(order, async (context) => await send(context, product))).toMatchObject({
      error: { kind: 'connection_refused' },
    });
  });

  test.each([
    ['before', 0],
    ['after', 1],
  ] as const)('a crash point %s a commit is exact', async (when, rows) => {
    const { world, product } = setUp();
    await world.runFor(1);
    world.crashAt({ instance: product, port: 'store', operation: 'add', when, restartAfterMs: 10 });
    expect(await world.request(product, get)).toMatchObject({
      ok: false,
      error: { kind: 'connection_reset' },
    });
    expect(world.rows('product', things)).toHaveLength(rows);
    expect(world.eventsOf('store.committed')).toHaveLength(rows);
    await world.runFor(20);
    expect(world.isUp(product)).toBe(true);
  });

  test.each([
    ['before', 0],
    ['after', 1],
  ] as const)('a crash point %s a request is exact', async (when, rows) => {
    const { world, product, order } = setUp();
    await world.runFor(1);
    world.crashAt({ instance: order, port: 'network', operation: 'GET /x', when });
    world.begin(order, async (context) => {
      await send(context, product);
      context.log.info('never');
    });
    await world.runFor(100);
    expect(world.rows('product', things)).toHaveLength(rows);
    expect(world.isUp(order)).toBe(false);
    expect(world.eventsOf('service.logged')).toEqual([]);
  });
});

describe('capacity', () => {
  const setUp = (services = {}) => {
    const world = createTestWorld({
      settings: { services: { product: { requestSlots: 2, queueLimit: 1, cpuSlots: 1, ...services } } },
    });
    const product = world.add(
      testService('product', {
        handle: async (_, context) => {
          await context.clock.sleep(100);
          return answer();
        },
      }),
    );
    return { world, product };
  };

  test('K-18 slots, then the queue, then shedding; the control plane needs none', async () => {
    const { world, product } = setUp();
    await world.runFor(1);
    const data = [1, 2, 3, 4].map(() => world.send(product, get));
    const control = world.send(product, { ...get, plane: 'control' });
    await world.runFor(10);
    expect(data.map(({ outcome }) => (outcome?.ok ? outcome.value.status : null))).toEqual([
      null,
      null,
      null,
      503,
    ]);
    expect(data[3]?.outcome).toMatchObject({ value: { headers: { 'retry-after': '1' } } });
    expect(world.eventsOf('request.shed')).toMatchObject([{ slots: 2, queued: 1 }]);
    await world.runFor(500);
    expect(
      world
        .eventsOf('request.received')
        .map((event) => [event.timeUs / 1000, event.plane, event.slotsUsed, event.queued]),
    ).toEqual([
      [2, 'data', 1, 0],
      [2, 'data', 2, 0],
      [2, 'control', 2, 1],
      [102, 'data', 2, 0],
    ]);
    expect(control.outcome).toMatchObject({ ok: true });
  });

  describe('shedding', () => {
    const of = (method: 'GET' | 'POST' | 'PUT') => ({ method, path: '/x' }) as const;
    /** One slot, a queue of two; GETs are sheddable, POSTs normal, PUTs critical. */
    const shop = async (shedding: 'lowest-priority' | 'newest' = 'lowest-priority') => {
      const world = createTestWorld({
        settings: { shedding, services: { product: { requestSlots: 1, queueLimit: 2, cpuSlots: 1 } } },
      });
      const product = world.add({
        ...testService('product', {
          handle: async (_, context) => {
            await context.clock.sleep(100);
            return answer();
          },
        }),
        priorityOf: ({ method }) =>
          method === 'GET' ? 'sheddable' : method === 'POST' ? 'normal' : 'critical',
      });
      await world.runFor(1);
      const send = async (...methods: ('GET' | 'POST' | 'PUT')[]) => {
        const sent: ReturnType<typeof world.send>[] = [];
        for (const method of methods) {
          sent.push(world.send(product, of(method)));
          await world.runFor(3);
        }
        return sent;
      };
      const statuses = (sent: readonly ReturnType<typeof world.send>[]) =>
        sent.map(({ outcome }) => (outcome?.ok ? outcome.value.status : null));
      return { world, send, statuses };
    };

    test('SHED-1 a full queue turns away the last to come of those who matter least', async () => {
      const { world, send, statuses } = await shop();
      const sent = await send('GET', 'GET', 'GET', 'POST', 'PUT');
      await world.runFor(10);
      expect(statuses(sent)).toEqual([null, 503, 503, null, null]);
      expect(world.eventsOf('request.shed').map(({ queued }) => queued)).toEqual([2, 2]);
      expect(sent[1]?.outcome).toMatchObject({ value: { headers: { 'retry-after': '1' } } });
      await world.runFor(1000);
      expect(statuses(sent)).toEqual([200, 503, 503, 200, 200]);
    });

    test('SHED-1 among equals it is the one who comes', async () => {
      const { world, send, statuses } = await shop();
      const sent = await send('GET', 'POST', 'POST', 'POST', 'GET');
      await world.runFor(10);
      expect(statuses(sent)).toEqual([null, null, null, 503, 503]);
    });

    test('SHED-2 whoever is being served stays, and those who wait are served in the order they came', async () => {
      const { world, send } = await shop();
      await send('GET', 'GET', 'POST', 'PUT');
      await world.runFor(1000);
      const served = world.eventsOf('request.received').map(({ operation }) => operation.split(' ')[0]);
      expect(served).toEqual(['GET', 'POST', 'PUT']);
    });

    test('SHED-3 newest: it is always the one who comes', async () => {
      const { world, send, statuses } = await shop('newest');
      const sent = await send('GET', 'GET', 'GET', 'POST', 'PUT');
      await world.runFor(10);
      expect(statuses(sent)).toEqual([null, null, null, 503, 503]);
    });

    test('SHED-1 who was turned away is answered once, and its caller may still cancel', async () => {
      const { world, send, statuses } = await shop();
      const sent = await send('GET', 'GET', 'GET', 'PUT');
      sent[2]?.cancel();
      await world.runFor(1000);
      expect(statuses([...sent.slice(0, 2), ...sent.slice(3)])).toEqual([200, 200, 200]);
      expect(world.eventsOf('response.sent').filter(({ status }) => status === 503)).toHaveLength(1);
    });
  });

  test('K-18 a caller that gives up in the queue leaves it', async () => {
    const { world, product } = setUp();
    await world.runFor(1);
    for (const _ of [1, 2]) world.send(product, get);
    const third = world.send(product, get);
    await world.runFor(10);
    third.cancel();
    await world.runFor(10);
    const fourth = world.send(product, get);
    await world.runFor(500);
    expect(fourth.outcome).toMatchObject({ value: { status: 200 } });
    expect(world.eventsOf('request.received')).toHaveLength(3);
  });

  test('K-18 a cancelled request frees its slot; more slots let those who wait in', async () => {
    const { world, product } = setUp({ requestSlots: 1, queueLimit: 5 });
    await world.runFor(1);
    const first = world.send(product, get);
    world.send(product, get);
    await world.runFor(10);
    first.cancel();
    await world.runFor(2);
    expect(world.eventsOf('request.received')).toHaveLength(2);
    world.send(product, get);
    await world.runFor(5);
    world.changeSettings({ services: { product: { requestSlots: 2 } } });
    expect(world.eventsOf('request.received')).toHaveLength(3);
  });

  test('K-18 background work may hold a slot too', async () => {
    const { world, product } = setUp({ requestSlots: 1 });
    await world.runFor(1);
    world.begin(product, async (context) => await context.withSlot(async (own) => await own.clock.sleep(50)));
    const pending = world.send(product, get);
    await world.runFor(40);
    expect(world.eventsOf('request.received')).toHaveLength(0);
    await world.runFor(200);
    expect(pending.outcome).toMatchObject({ ok: true });
  });

  test('K-18 cancelled while it waits for a slot, or while it has one, it keeps none', async () => {
    const { world, product } = setUp({ requestSlots: 1, queueLimit: 9 });
    await world.runFor(1);
    const holder = async (context: Context) =>
      await context.withSlot(async (own) => await own.clock.sleep(1000));
    const [first, second] = [world.begin(product, holder), world.begin(product, holder)];
    await world.runFor(5);
    second.cancel();
    await world.runFor(5);
    first.cancel();
    await world.runFor(5);
    expect((await world.ask(product, get)).status).toBe(200);
  });

  test('K-19 work waits for a CPU slot, and gives it back when cancelled', async () => {
    const { world, product } = setUp();
    const ends: string[] = [];
    const work = (name: string) =>
      world.begin(product, async (context) => {
        await context.work(100);
        ends.push(`${name} ${world.nowMs}`);
      });
    const first = work('a');
    const second = work('b');
    work('c');
    work('d');
    await world.runFor(50);
    second.cancel();
    first.cancel();
    await world.runFor(500);
    expect(ends).toEqual(['c 150', 'd 250']);
  });

  test('K-20 before it is ready it answers 503', async () => {
    const world = createTestWorld();
    const product = world.add(
      testService('product', { onStart: async (context) => await context.clock.sleep(50) }),
    );
    expect((await world.ask(product, get)).status).toBe(503);
    await world.runFor(60);
    expect((await world.ask(product, get)).status).toBe(200);
    expect(world.eventsOf('instance.ready')[0]?.timeUs).toBe(50_000);
  });

  test('K-20 an onStart that throws is logged and begun again: the instance does not start for ever', async () => {
    const world = createTestWorld();
    let begun = 0;
    const product = world.add(
      testService('product', {
        onStart: async () => {
          begun += 1;
          if (begun === 1) throw new Error('no catalogue');
        },
      }),
    );
    expect((await world.ask(product, get)).status).toBe(503);
    await world.runFor(1100);
    expect((await world.ask(product, get)).status).toBe(200);
    expect(world.eventsOf('process.failed')).toMatchObject([{ process: 'start', error: 'no catalogue' }]);
    expect(world.eventsOf('instance.ready')[0]?.timeUs).toBe(1_000_000);
  });

  test('a handler that throws answers 500 and is logged; its slot is free again', async () => {
    const world = createTestWorld({ settings: { services: { product: { requestSlots: 1 } } } });
    const product = world.add(
      testService('product', {
        handle: async () => {
          throw new Error('a bug');
        },
      }),
    );
    await world.runFor(1);
    for (const _ of [1, 2]) {
      const { status, body } = await world.ask(product, get);
      expect(status).toBe(500);
      expect(JSON.stringify(body)).not.toContain('a bug');
    }
    expect(world.eventsOf('process.failed').map(({ error }) => error)).toEqual(['a bug', 'a bug']);
  });
});

/** gateway → order → product. */
function chain(productMs = 10): {
  world: TestWorld;
  gateway: InstanceId;
  ends: string[];
  deadlines: (number | null)[];
} {
  const world = createTestWorld();
  const ends: string[] = [];
  const deadlines: (number | null)[] = [];
  const forward = (to: InstanceId) => async (_: unknown, context: Context) => {
    deadlines.push(context.deadlineUs);
    try {
      const outcome = await send(context, to);
      return outcome.ok ? outcome.value : jsonResponse(504, outcome.error);
    } catch (error) {
      ends.push(`${context.instance} ${error instanceof Cancelled}`);
      throw error;
    }
  };
  world.add(
    testService('product', {
      tables: [things],
      handle: async (_, context) => {
        deadlines.push(context.deadlineUs);
        try {
          await context.clock.sleep(productMs);
        } catch (error) {
          ends.push(`${context.instance} ${error instanceof Cancelled} at ${world.nowMs}`);
          throw error;
        }
        await context.store.transact('add', [things], 'readwrite', async (tx) => await add(tx, 1));
        return answer();
      },
    }),
  );
  world.add(testService('order', { handle: forward(product1) }));
  const gateway = world.add(testService('gateway', { handle: forward(instanceId('order', 1)) }));
  return { world, gateway, ends, deadlines };
}

describe('deadlines, traces, causes', () => {
  test('K-21 what remains of the deadline travels with each hop', async () => {
    const { world, gateway, deadlines } = chain();
    await world.runFor(10);
    await world.ask(gateway, { ...get, headers: { [DEADLINE_HEADER]: '100' } });
    // Received at 11 ms with 100 ms left: 111. Each hop takes 1 ms that the callee's clock does not see.
    expect(deadlines).toEqual([111_000, 112_000, 113_000]);
  });

  test('K-21, K-12 when it is over every hop ends, and what was in flight is cancelled', async () => {
    const { world, gateway, ends } = chain(5000);
    await world.runFor(10);
    const { status, body } = await world.ask(gateway, { ...get, headers: { [DEADLINE_HEADER]: '100' } });
    expect(status).toBe(504);
    expect(body).toMatchObject({ kind: 'deadline_exceeded' });
    await world.runFor(10);
    // Order's own deadline and the gateway's cancelling reach it at the same moment; Product hears of it a hop later.
    expect(ends).toEqual(['product-1 true at 113']);
    expect(world.rows('product', things)).toEqual([]);
  });

  test('K-12 a caller that gives up cancels the whole chain', async () => {
    const { world, gateway, ends } = chain(5000);
    await world.runFor(10);
    const pending = world.send(gateway, get);
    await world.runFor(50);
    pending.cancel();
    await world.runFor(10);
    expect(ends).toEqual(['gateway-1 true', 'order-1 true', 'product-1 true at 63']);
    expect(world.eventsOf('request.failed').map((event) => event.error)).toEqual(['cancelled', 'cancelled']);
    expect(world.eventsOf('response.sent')).toEqual([]);
  });

  test('K-22 a request from outside is one trace with one root', async () => {
    const { world, gateway } = chain();
    await world.runFor(10);
    await world.ask(gateway, get);
    await world.ask(gateway, get);
    const traces = new Set(world.events.flatMap((event) => event.traceId ?? []));
    expect(traces.size).toBe(2);
    for (const trace of traces) {
      const events = world.events.filter((event) => event.traceId === trace);
      const parents = new Map(
        events
          .filter((event) => event.type === 'request.sent')
          .map((event) => [event.spanId, event.parentSpanId]),
      );
      const spans = new Set(events.map((event) => event.spanId));
      const roots = [...spans].filter((span) => (parents.get(span) ?? null) === null);
      expect(spans.size).toBe(3);
      expect(roots).toHaveLength(1);
      expect(events.find((event) => event.spanId === roots[0])?.instance).toBe('gateway-1');
      for (const parent of parents.values()) expect(parent === null || spans.has(parent)).toBe(true);
    }
  });

  test('K-22 a traceparent from outside is joined', async () => {
    const { world, gateway } = chain();
    await world.runFor(10);
    const traceId = 'a'.repeat(32);
    await world.ask(gateway, { ...get, headers: { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` } });
    expect(new Set(world.events.flatMap((event) => event.traceId ?? []))).toEqual(new Set([traceId]));
  });

  test('K-23, K-24 every event has a cause that is in the log before it, and ids without a gap', async () => {
    const { world, gateway } = chain();
    await world.runFor(10);
    await world.ask(gateway, get);
    const seen = new Set<string>();
    const last = new Map<string, number>();
    for (const event of world.events) {
      if (event.cause === null) expect(['instance.started', 'request.received']).toContain(event.type);
      else expect(seen).toContain(event.cause);
      seen.add(event.id);
      const n = Number(event.id.split('.')[2]);
      expect(n).toBe((last.get(event.instance) ?? 0) + 1);
      last.set(event.instance, n);
    }
    const answered = world.eventsOf('response.received').at(-1);
    expect(world.events.find((event) => event.id === answered?.cause)).toMatchObject({
      type: 'response.sent',
      instance: 'order-1',
    });
  });

  test('K-3, K-5 a trace stays whole across concurrent branches', async () => {
    const world = createTestWorld();
    world.add(testService('product'));
    const order = world.add(
      testService('order', {
        handle: async (_, context) => {
          const outcomes = await context.all(
            [1, 2, 3].map(() => async (own: Context) => await send(own, product1)),
          );
          return answer(outcomes.filter((outcome) => outcome.ok).length);
        },
      }),
    );
    await world.runFor(1);
    expect((await world.ask(order, get)).body).toBe(3);
    const sent = world.eventsOf('request.sent');
    const [root] = world.eventsOf('request.received');
    expect(new Set(sent.map((event) => event.spanId)).size).toBe(3);
    expect(sent.every((event) => event.parentSpanId === root?.spanId)).toBe(true);
  });

  test('who calls is known by the connection, not by a header', async () => {
    const world = createTestWorld();
    const callers: unknown[] = [];
    const product = world.add(
      testService('product', {
        handle: async (_, context) => {
          callers.push(context.caller);
          return answer();
        },
      }),
    );
    const order = world.add(testService('order'));
    await world.runFor(1);
    await world.run(order, async (context) => await send(context, product));
    await world.ask(product, get);
    expect(callers).toEqual([{ service: 'order', instance: 'order-1' }, null]);
  });

  test('the same seed gives the same log', async () => {
    const once = async () => {
      calls = 0;
      const { world, gateway } = chain();
      await world.runFor(10);
      for (const _ of [1, 2, 3]) world.send(gateway, get);
      await world.runFor(100);
      return JSON.stringify(world.events);
    };
    expect(await once()).toBe(await once());
    expect(plusMs(RUN_START, 1)).toBe(1000);
  });
});
