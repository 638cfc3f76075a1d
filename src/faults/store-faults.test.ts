import { describe, expect, it } from 'vitest';
import type { StoreErrorKind } from '../kernel/index.ts';
import type { FaultOf } from './index.ts';
import { heard, ORDER, openFaultShop, order, SHIPPING } from './testing/fault-shop.ts';
import type { Asked, FaultWorld } from './testing/fault-world.ts';

// What a database does to transactions: at their edges, never inside.

const storeErrors = (more: Partial<FaultOf<'store-errors'>> = {}): FaultOf<'store-errors'> => ({
  kind: 'store-errors',
  target: { kind: 'service', service: 'order' },
  at: 'commit',
  error: 'aborted',
  share: 1,
  lengthMs: null,
  ...more,
});
const storeSlow = (addMs: number, share = 1): FaultOf<'store-slow'> => ({
  kind: 'store-slow',
  target: { kind: 'instance', instance: ORDER },
  addMs,
  share,
  lengthMs: null,
});

const statusOf = ({ outcome }: Asked) => (outcome?.ok ? outcome.value.status : null);
const stored = (world: FaultWorld) => world.rows('order', 'orders').length;

describe('store-errors', () => {
  it.each([
    ['begin', 'unavailable', 'failed the transaction store order at its beginning (unavailable)'],
    ['commit', 'aborted', 'failed the transaction store order at its commit (aborted)'],
    ['commit', 'quota-exceeded', 'failed the transaction store order at its commit (quota-exceeded)'],
    ['begin', 'read-only', 'failed the transaction store order at its beginning (read-only)'],
  ] as const)('at its %s, %s: nothing is committed, and the log says why', async (at, error, effect) => {
    const world = await openFaultShop();
    world.faults.add(storeErrors({ at, error }));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(500);
    expect(statusOf(asked)).toBe(503);
    expect(stored(world)).toBe(0);
    expect(world.of('store.committed')).toEqual([]);
    const [injected, ...more] = world.of('fault.injected');
    expect(injected).toMatchObject({ instance: ORDER, kind: 'store-errors', target: 'order', effect });
    expect(more).toEqual([]);
    const [aborted] = world.of('store.aborted');
    expect(world.chain(aborted)).toEqual(['store.aborted', 'fault.injected', 'request.received']);
    expect(aborted?.error).toBe(`a fault (fault-1): ${error}`);
    expect([injected?.traceId, injected?.spanId]).toEqual([aborted?.traceId, aborted?.spanId]);
    // The database is free for the next one.
    world.faults.clearAll();
    const again = world.ask(ORDER, 'POST', '/orders/2');
    await world.runFor(500);
    expect(heard(again)).toBe(201);
    expect(stored(world)).toBe(1);
  });

  it.each<[StoreErrorKind, number]>([
    ['unavailable', 503],
    ['aborted', 503],
    ['quota-exceeded', 200],
    ['read-only', 200],
  ])('%s: reading is answered %d', async (error, status) => {
    for (const at of ['begin', 'commit'] as const) {
      const world = await openFaultShop();
      world.faults.add(storeErrors({ at, error }));
      const asked = world.ask(ORDER, 'GET', '/orders');
      await world.runFor(100);
      expect(statusOf(asked)).toBe(status);
      expect(world.of('fault.injected')).toHaveLength(status === 200 ? 0 : 1);
    }
  });

  it('hit their share, the same ones on every run', async () => {
    const failing = async () => {
      const world = await openFaultShop();
      world.faults.add(storeErrors({ share: 0.3 }));
      const asked = [];
      for (let id = 1; id <= 200; id += 1) {
        asked.push(world.ask(ORDER, 'POST', `/orders/${id}`));
        await world.runFor(100);
      }
      expect(world.of('fault.injected')).toHaveLength(200 - stored(world));
      return asked.flatMap((each, index) => (statusOf(each) === 503 ? [index] : []));
    };
    const first = await failing();
    // 200 · 0.3 ± 3σ
    expect(Math.abs(first.length - 60)).toBeLessThan(20);
    expect(await failing()).toEqual(first);
  });

  it('sit on an instance or a service, and leave all others alone', async () => {
    const world = await openFaultShop();
    const second = world.add(order, 2);
    await world.runFor(0);
    world.faults.add(storeErrors({ target: { kind: 'instance', instance: ORDER } }));
    world.faults.add(storeErrors({ target: { kind: 'service', service: 'shipping' } }));
    const [one, two] = [world.ask(ORDER, 'POST', '/orders/1'), world.ask(second, 'POST', '/orders/2')];
    await world.runFor(500);
    expect(statusOf(one)).toBe(503);
    expect(heard(two)).toBe(503);
    expect(world.of('fault.injected').map(({ instance }) => instance)).toEqual([ORDER, SHIPPING]);
    expect(world.rows('order', 'orders')).toEqual([{ id: '2' }]);
  });
});

describe('store-slow', () => {
  it('half of it passes before the transaction, half after it is durable', async () => {
    const plain = await openFaultShop();
    const usual = plain.ask(ORDER, 'POST', '/orders/1');
    await plain.runFor(1000);
    const world = await openFaultShop();
    world.faults.add(storeSlow(200));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(90);
    expect(stored(world)).toBe(0);
    await world.runFor(20);
    expect(stored(world)).toBe(1);
    await world.runFor(80);
    expect(world.of('request.sent')).toEqual([]);
    await world.runFor(1000);
    expect(asked.atMs).toBe((usual.atMs ?? 0) + 200);
    expect(world.of('fault.injected')).toMatchObject([
      { kind: 'store-slow', effect: 'slowed the transaction store order', delayMs: 200 },
    ]);
    const [effect] = world.of('fault.injected');
    expect(world.chain(effect)).toEqual(['fault.injected', 'request.received']);
  });

  it('holds no lock while it waits: others use the database meanwhile', async () => {
    const world = await openFaultShop();
    const second = world.add(order, 2);
    await world.runFor(0);
    world.faults.add(storeSlow(1000));
    world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(100);
    const other = world.ask(second, 'POST', '/orders/2');
    await world.runFor(100);
    expect(heard(other)).toBe(201);
  });

  it.each([
    [50, 0],
    [150, 1],
  ])('a crash after %d of 200 ms leaves %d committed, and nobody has heard of it', async (afterMs, rows) => {
    const world = await openFaultShop();
    world.faults.add(storeSlow(200));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(afterMs);
    world.crash(ORDER, { reason: 'by hand', faultId: null });
    await world.runFor(1000);
    expect(stored(world)).toBe(rows);
    const error = { kind: 'connection_reset' };
    expect(asked).toMatchObject({ outcome: { ok: false, error }, atMs: afterMs });
  });

  it('slows reading as well, and hits its share', async () => {
    const world = await openFaultShop();
    world.faults.add(storeSlow(50, 0.5));
    for (let n = 0; n < 100; n += 1) {
      world.ask(ORDER, 'GET', '/orders');
      await world.runFor(100);
    }
    expect(Math.abs(world.of('fault.injected').length - 50)).toBeLessThan(16);
  });

  it('comes before an error: a slow database that fails says so late', async () => {
    const world = await openFaultShop();
    world.faults.add(storeErrors({ at: 'begin', error: 'unavailable' }));
    world.faults.add(storeSlow(400));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(1000);
    expect(statusOf(asked)).toBe(503);
    expect(asked.atMs).toBe(200);
  });
});
