import { describe, expect, it, vi } from 'vitest';
import { instanceId } from '../../kernel/index.ts';
import type { CrashPoint } from '../../kernel/testing/test-host.ts';
import { paymentIntentsTable } from './payment-intents.ts';
import { MONOLITH, openMonolith, PROVIDER, type TestMonolith, wrongs } from './testing/test-monolith.ts';

// Whole services on one clock: seconds of real time when the machine is busy.
vi.setConfig({ testTimeout: 120_000 });

// MONO-9: a crash at any point is resumed from the payment intent. Every store and network operation of an
// order is taken from a run without faults, then the monolith is crashed before and after each in turn.

type Place = Pick<CrashPoint, 'port' | 'operation'>;

/** All operations of the monolith that have an effect, in a run with this card. */
async function placesOf(cardToken: string): Promise<Place[]> {
  const shop = await openMonolith();
  await shop.headers('ada');
  const from = shop.world.events.length;
  const places = new Map<string, Place>();
  const note = (place: Place) => places.set(`${place.port} ${place.operation}`, place);
  await shop.place({ cardToken });
  await shop.settle();
  await shop.world.runFor(6000);
  for (const event of shop.world.events.slice(from)) {
    if (event.type === 'store.committed' && event.instance === MONOLITH)
      note({ port: 'store', operation: event.operation });
    if (event.type === 'request.received' && event.fromInstance === MONOLITH)
      note({ port: 'network', operation: event.operation });
  }
  return [...places.values()];
}

async function crashedAt(point: Omit<CrashPoint, 'instance'>, cardToken: string): Promise<TestMonolith> {
  const shop = await openMonolith();
  await shop.headers('ada');
  shop.world.crashAt({ ...point, instance: MONOLITH, restartAfterMs: 1500 });
  await shop.place({ cardToken });
  await shop.settle();
  await shop.world.runFor(8000);
  expect(wrongs(shop)).toEqual([]);
  expect(shop.world.eventsOf('instance.crashed')).toHaveLength(1);
  expect(shop.world.tables('monolith')['payment-intents']).toHaveLength(1);
  const [order] = shop.world.tables('monolith')['orders'] ?? [];
  const [copy] = shop.world.tables('monolith')['order-statuses'] ?? [];
  expect(copy).toMatchObject({ orderId: order?.['orderId'], status: order?.['status'] });
  return shop;
}

describe.each([
  [
    'the way to CONFIRMED',
    'tok_ok',
    'CONFIRMED',
    ['place-order', 'orders claim', 'store order', 'confirm order'],
  ],
  [
    'the way back after a declined capture',
    'tok_capture_declined',
    'REJECTED',
    ['order turned back', 'order undone'],
  ],
])('MONO-9: the monolith crashes on %s', (_, cardToken, end, expected) => {
  it('at any operation, before or after its effect: no half-done order, charged at most once, and it ends', async () => {
    const places = await placesOf(cardToken);
    const names = places.map((place) => place.operation);
    expect(names).toEqual(expect.arrayContaining([...expected, 'PUT /authorisations/{paymentId}']));
    expect(names).toContain('POST /authorisations/{paymentId}/capture');
    for (const place of places) {
      for (const when of ['before', 'after'] as const) {
        const at = `${when} ${place.operation}`;
        const shop = await crashedAt({ ...place, when }, cardToken).catch((error: unknown) => {
          throw new Error(`${at}: ${error instanceof Error ? error.message : String(error)}`);
        });
        expect([at, shop.world.tables('monolith')['orders']?.[0]?.['status']]).toEqual([at, end]);
      }
    }
  });
});

describe('MONO-9: more than one crash', () => {
  it.each(['before', 'after'] as const)('%s the void, and what was set aside is given back', async (when) => {
    const shop = await openMonolith();
    const headers = await shop.headers('admin');
    const path = '/products/kitchen-01/stock';
    await shop.world.ask(MONOLITH, { method: 'PUT', path, headers, body: { stock: 0 } });
    const at = { instance: MONOLITH, restartAfterMs: 500 };
    shop.world.crashAt({ ...at, port: 'store', operation: 'order turned back', when });
    shop.world.crashAt({ ...at, port: 'network', operation: 'DELETE /authorisations/{paymentId}', when });
    shop.world.crashAt({ ...at, port: 'store', operation: 'order undone', when });
    const orderId = await shop.place();
    await shop.settle();
    await shop.world.runFor(2000);
    expect(shop.world.eventsOf('instance.crashed')).toHaveLength(3);
    expect(shop.payment(orderId)?.status).toBe('voided');
    expect(wrongs({ ...shop, stock: new Map([...shop.stock, ['kitchen-01', 0]]) })).toEqual([]);
  });

  it('an intent that a crash left is taken up at once by the next life of its instance', async () => {
    const shop = await openMonolith();
    await shop.headers('ada');
    shop.world.crashAt({
      instance: MONOLITH,
      port: 'store',
      operation: 'store order',
      when: 'after',
      restartAfterMs: 10,
    });
    const orderId = await shop.place();
    await shop.settle(1000);
    expect(shop.row(orderId)?.status).toBe('CONFIRMED');
    expect(shop.intent(orderId).fence).toBe(2);
    const notes = shop.world.eventsOf('service.logged').map(({ message }) => message);
    expect(notes).toContain(`${orderId}: taken up again`);
  });

  it('what a lost life had asked of the provider is unknown: given up, it is voided all the same', async () => {
    const shop = await openMonolith();
    await shop.headers('ada');
    const operation = 'PUT /authorisations/{paymentId}';
    shop.world.crashAt({
      instance: MONOLITH,
      port: 'network',
      operation,
      when: 'after',
      restartAfterMs: 500,
    });
    const orderId = await shop.place();
    await shop.world.runUntil(() => shop.world.eventsOf('instance.crashed').length === 1);
    shop.world.crash(PROVIDER);
    await shop.world.runFor(10_000);
    expect(shop.intent(orderId)).toMatchObject({ state: 'voiding', failure: 'gave-up' });
    shop.world.restart(PROVIDER);
    await shop.settle();
    expect(shop.payment(orderId)?.status).toBe('voided');
    expect(wrongs(shop)).toEqual([]);
  });

  it('a holder whose fence is old writes nothing', async () => {
    const shop = await openMonolith({ instances: 2 });
    await shop.headers('ada');
    const stop = shop.world.onSend(({ operation }) =>
      operation.startsWith('PUT /auth') ? { kind: 'delay', delayMs: 300 } : null,
    );
    const orderId = await shop.place();
    await shop.world.runUntil(() => shop.intent(orderId).leaseHolder !== null);
    const { leaseHolder, fence, leaseUntilUs } = shop.intent(orderId);
    const other = leaseHolder === 'monolith-1.1' ? instanceId('monolith', 2) : MONOLITH;
    // As if the first had stood still for longer than its lease.
    await shop.world.run(other, (context) =>
      context.store.transact('take over', [paymentIntentsTable], 'readwrite', async (tx) =>
        tx.put(paymentIntentsTable, {
          ...shop.intent(orderId),
          leaseHolder: `${other}.1`,
          fence: fence + 1,
          dueUs: leaseUntilUs,
        }),
      ),
    );
    await shop.world.runFor(1000);
    expect(shop.intent(orderId)).toMatchObject({ state: 'authorising', leaseHolder: `${other}.1` });
    expect(shop.row(orderId)).toBeUndefined();
    expect(shop.world.eventsOf('service.logged').map(({ message }) => message)).toContain(
      `the payment intent of ${orderId} is not held any more: ${other}.1 has taken it over`,
    );
    stop();
    await shop.settle();
    expect(shop.row(orderId)?.status).toBe('CONFIRMED');
    expect(wrongs(shop)).toEqual([]);
  });

  it('another instance takes an intent over when the lease of the crashed one has run out', async () => {
    const shop = await openMonolith({ instances: 2, settings: { saga: { giveUpMs: 20_000 } } });
    await shop.headers('ada');
    const operation = 'POST /authorisations/{paymentId}/capture';
    const holders = new Set<string>();
    for (const number of [1, 2]) {
      shop.world.crashAt({
        instance: instanceId('monolith', number),
        port: 'network',
        operation,
        when: 'after',
      });
    }
    const orderId = await shop.place();
    await shop.world.runUntil(() => shop.world.eventsOf('instance.crashed').length === 1);
    holders.add(shop.intent(orderId).leaseHolder ?? '');
    await shop.world.runUntil(() => shop.world.eventsOf('instance.crashed').length === 2);
    holders.add(shop.intent(orderId).leaseHolder ?? '');
    shop.world.restart(MONOLITH);
    await shop.settle();
    expect(holders.size).toBe(2);
    expect(wrongs(shop)).toEqual([]);
  });

  it('in turn under load: money and stock are conserved', async () => {
    const shop = await openMonolith({ settings: { hop: { meanMs: 40 } } });
    await shop.headers('ada');
    for (let round = 0; round < 12; round += 1) {
      await shop.place({ key: `r${round}`, cardToken: round % 3 === 2 ? 'tok_capture_declined' : 'tok_ok' });
      await shop.world.runFor(23 * round);
      shop.world.crash(MONOLITH);
      shop.world.after(400, () => shop.world.restart(MONOLITH));
      await shop.world.runFor(500);
    }
    await shop.settle();
    await shop.world.runFor(20_000);
    expect(wrongs(shop)).toEqual([]);
  });
});

describe('MONO-10: a store that fails', () => {
  it.each([
    ['store order', 'commit'],
    ['store order', 'begin'],
    ['confirm order', 'commit'],
    ['orders claim', 'commit'],
  ] as const)(
    '%s at %s: the transaction leaves no trace, and the order goes on when the lease is over',
    async (operation, at) => {
      const shop = await openMonolith();
      await shop.headers('ada');
      shop.world.failStore({ database: 'monolith', operation, kind: 'aborted', at });
      await shop.place();
      await shop.settle();
      expect(shop.world.tables('monolith')['orders']).toMatchObject([{ status: 'CONFIRMED' }]);
      expect(wrongs(shop)).toEqual([]);
    },
  );
});
