import { describe, expect, test } from 'vitest';
import { defineTable, type HttpRequest, instanceId, type ServiceDefinition } from '../kernel/index.ts';
import { createTestWorld } from '../kernel/testing/test-host.ts';
import {
  beginIdempotent,
  fingerprintOf,
  finishIdempotent,
  idempotencyTable,
  idempotently,
} from './idempotency.ts';
import { ModelError, problem } from './problem.ts';

const effectsTable = defineTable<{ id: number }>('effects', 'id');
const service: ServiceDefinition = {
  name: 'order',
  tables: [idempotencyTable, effectsTable],
  operationOf: () => 'none',
  handle: async () => ({ status: 404, headers: {}, body: null }),
  background: [],
};
const order = instanceId('order', 1);
const request = { scope: 'POST /orders ada', key: 'k1', fingerprint: 'f1' };
const tables = [idempotencyTable, effectsTable];

async function world() {
  const own = createTestWorld();
  own.add(service);
  await own.runFor(10);
  const once = async (asked = request, fail = false) =>
    await own.run(
      order,
      async (context) =>
        await context.store.transact('do', tables, 'readwrite', (tx) =>
          idempotently(tx, asked, async () => {
            const { length } = await tx.list(effectsTable);
            await tx.put(effectsTable, { id: length + 1 });
            if (fail) throw new ModelError(problem(409, 'no', 'No', 'No.'));
            return { status: 202, body: { number: length + 1 }, headers: { location: '/x' } };
          }),
        ),
    );
  const begin = async (asked = request) =>
    await own.run(
      order,
      async (context) =>
        await context.store.transact('begin', tables, 'readwrite', (tx) => beginIdempotent(tx, asked, 1000)),
    );
  return { own, once, begin, effects: () => own.rows('order', effectsTable).length };
}

describe('idempotency', () => {
  test('IDEM-3 the same request again gives the stored answer and has no second effect', async () => {
    const { once, effects } = await world();
    const first = await once();
    expect(first).toEqual({ status: 202, body: { number: 1 }, headers: { location: '/x' } });
    expect(await once()).toEqual({ ...first, headers: { location: '/x', 'idempotency-replayed': 'true' } });
    expect(effects()).toBe(1);
  });

  test('IDEM-1 the same key with another payload is refused', async () => {
    const { once, effects } = await world();
    await once();
    expect(await once({ ...request, fingerprint: 'f2' })).toMatchObject({ problem: { status: 422 } });
    expect(effects()).toBe(1);
  });

  test('two customers may use the same key', async () => {
    const { once, effects } = await world();
    await once();
    expect(await once({ ...request, scope: 'POST /orders ben' })).toMatchObject({ status: 202 });
    expect(effects()).toBe(2);
  });

  test('a refusal stores nothing: the key stays free', async () => {
    const { once, effects } = await world();
    await expect(once(request, true)).rejects.toThrow(ModelError);
    expect(effects()).toBe(0);
    expect(await once()).toMatchObject({ status: 202, body: { number: 1 } });
  });

  test('IDEM-2 while the first runs, a second is told to wait; after a crash the key is free again', async () => {
    const { own, begin } = await world();
    expect(await begin()).toEqual({ kind: 'new' });
    expect(await begin()).toMatchObject({
      kind: 'answer',
      answer: { problem: { status: 409 }, headers: { 'retry-after': '1' } },
    });
    await own.runFor(1000);
    expect(await begin()).toEqual({ kind: 'new' });
    await own.run(order, async (context) => {
      await context.store.transact('finish', tables, 'readwrite', (tx) =>
        finishIdempotent(tx, request, { status: 204 }),
      );
    });
    expect(await begin()).toMatchObject({
      kind: 'answer',
      answer: { status: 204, headers: { 'idempotency-replayed': 'true' } },
    });
  });

  test('IDEM-4 a key is kept for a day, then it is free; each claim forgets some that are over', async () => {
    const { own, once, effects } = await world();
    for (let number = 1; number <= 25; number += 1) await once({ ...request, key: `k${number}` });
    await own.runFor(86_400_000 - 1000);
    await once();
    expect(effects()).toBe(25);
    await own.runFor(2000);
    expect(await once({ ...request, fingerprint: 'f2' })).toMatchObject({ status: 202 });
    expect(effects()).toBe(26);
    expect(own.rows('order', idempotencyTable)).toHaveLength(6);
    await once({ ...request, key: 'other' });
    expect(own.rows('order', idempotencyTable)).toHaveLength(2);
  });

  test('the fingerprint ignores the order of fields, nothing else', async () => {
    const { own } = await world();
    const of = async (body: unknown, path = '/orders') =>
      await own.run(order, async (context) =>
        fingerprintOf(context, { method: 'POST', path, headers: {}, body: null } satisfies HttpRequest, body),
      );
    expect(await of({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(await of({ b: [{ d: 3, c: 2 }], a: 1 }));
    expect(await of({ a: 1 })).not.toBe(await of({ a: 2 }));
    expect(await of([1, 2])).not.toBe(await of([2, 1]));
    expect(await of({ a: 1 })).not.toBe(await of({ a: 1 }, '/else'));
  });
});
