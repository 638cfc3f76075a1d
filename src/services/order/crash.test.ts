import { describe, expect, it, vi } from 'vitest';
import { instanceId, type RunEvent } from '../../kernel/index.ts';
import type { CrashPoint } from '../../kernel/testing/test-host.ts';
import { ordersTable } from './tables.ts';
import { openShop, stockOf, type TestShop, wrongs } from './testing/test-shop.ts';

// Whole services on one clock: seconds of real time when the machine is busy.
vi.setConfig({ testTimeout: 240000 });

// SAGA-10: a crash at any point is resumed. Every store and network operation of the saga is taken from a
// run without faults, then the order instance is crashed before and after each of them in turn.

interface Place {
  readonly port: 'store' | 'network';
  readonly operation: string;
}

/** All operations of the order instance that have an effect, in a run with this card. */
async function placesOf(cardToken: string): Promise<Place[]> {
  const shop = await openShop();
  const from = shop.world.events.length;
  await shop.place({ cardToken });
  await shop.settle();
  await shop.world.runFor(1000);
  const found = new Map<string, Place>();
  const note = (place: Place) => found.set(`${place.port} ${place.operation}`, place);
  for (const event of shop.world.events.slice(from)) {
    if (event.instance !== shop.order) continue;
    if (event.type === 'store.committed') note({ port: 'store', operation: event.operation });
  }
  for (const event of shop.world.events.slice(from)) {
    const operation = operationOf(shop, event);
    if (operation !== null) note({ port: 'network', operation });
  }
  return [...found.values()];
}

/** A data-plane request of the order instance, named as the callee names it. */
function operationOf(shop: TestShop, event: RunEvent): string | null {
  if (event.type !== 'request.received' || event.fromInstance !== shop.order || event.plane !== 'data')
    return null;
  return event.operation;
}

async function crashedAt(point: Omit<CrashPoint, 'instance'>, cardToken: string): Promise<TestShop> {
  const shop = await openShop();
  const stock = stockOf(shop);
  shop.world.crashAt({ ...point, instance: shop.order, restartAfterMs: 1500 });
  // Its own process: the client waits for an answer that the crash may take away, and tries again.
  await shop.place({ cardToken });
  await shop.settle();
  await shop.world.runFor(4000);
  expect(wrongs(shop, stock)).toEqual([]);
  expect(shop.world.eventsOf('instance.crashed')).toHaveLength(1);
  expect(shop.world.rows('order', ordersTable)).toHaveLength(1);
  // What the other services heard is what Order says.
  const [order] = shop.world.rows('order', ordersTable);
  const [copy] = shop.world.tables('shipping')['order-statuses'] ?? [];
  expect(copy).toMatchObject({ orderId: order?.orderId, status: order?.status });
  return shop;
}

describe.each([
  ['the way to CONFIRMED', 'tok_ok', 'CONFIRMED'],
  ['the way back after a declined capture', 'tok_capture_declined', 'REJECTED'],
])('SAGA-10: the order instance crashes on %s', (_, cardToken, end) => {
  it('at any operation, before or after its effect, and the saga goes on', async () => {
    const places = await placesOf(cardToken);
    const names = places.map((place) => place.operation);
    expect(names).toEqual(expect.arrayContaining(['place-order', 'saga claim', 'saga reserveStock started']));
    expect(names).toEqual(
      expect.arrayContaining(['PUT /shipments/{orderId}', 'POST /topics/{topic}/messages']),
    );
    for (const place of places) {
      for (const when of ['before', 'after'] as const) {
        const shop = await crashedAt({ ...place, when }, cardToken).catch((error: unknown) => {
          throw new Error(
            `${when} ${place.operation}: ${error instanceof Error ? error.message : String(error)}`,
          );
        });
        expect(shop.world.rows('order', ordersTable)[0]?.status, `${when} ${place.operation}`).toBe(end);
      }
    }
  });
});

describe('SAGA-10: two order instances', () => {
  it('the other takes a saga over when the lease of the crashed one has run out', async () => {
    const shop = await openShop({ orders: 2, settings: { saga: { giveUpMs: 20_000 } } });
    const stock = stockOf(shop);
    shop.world.crashAt({
      instance: shop.order,
      port: 'network',
      operation: 'PUT /shipments/{orderId}',
      when: 'after',
    });
    const orderId = await shop.place();
    await shop.settle();
    expect(shop.world.isUp(shop.order)).toBe(false);
    expect(shop.row(orderId).status).toBe('CONFIRMED');
    expect(shop.world.eventsOf('saga.resumed')).toMatchObject([{ instance: 'order-2', fence: 2 }]);
    await shop.world.runFor(15_000);
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('both work on sagas, each saga by one of them at a time', async () => {
    const shop = await openShop({ orders: 2 });
    const stock = stockOf(shop);
    for (let number = 1; number <= 6; number += 1) {
      await shop.place({ at: instanceId('order', 1 + (number % 2)), key: `k${number}` });
    }
    await shop.settle();
    expect(shop.world.eventsOf('saga.resumed')).toEqual([]);
    expect(shop.world.eventsOf('saga.step.started').filter((event) => event.attempt > 1)).toEqual([]);
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('crashes in turn under load, and money and stock are conserved', async () => {
    const shop = await openShop({ orders: 2, settings: { hop: { meanMs: 40 } } });
    const stock = stockOf(shop);
    for (let round = 0; round < 8; round += 1) {
      const at = instanceId('order', 1 + (round % 2));
      await shop.place({
        at,
        key: `r${round}`,
        cardToken: round % 3 === 2 ? 'tok_capture_declined' : 'tok_ok',
      });
      await shop.world.runFor(60 + 37 * round);
      shop.world.crash(at);
      shop.world.after(900, () => shop.world.restart(at));
      await shop.world.runFor(1000);
    }
    await shop.settle();
    await shop.world.runFor(20_000);
    expect(wrongs(shop, stock)).toEqual([]);
  });
});
