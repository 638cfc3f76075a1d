import { describe, expect, it } from 'vitest';
import { elapsedMs } from '../../kernel/index.ts';
import { orderStatusesTable, shipmentsTable } from '../../services/shipping/tables.ts';
import { MONOLITH, openMonolith, PROVIDER, SKU, type TestMonolith, wrongs } from './testing/test-monolith.ts';

const downFor = (shop: TestMonolith, ms: number) => {
  shop.world.crash(PROVIDER);
  shop.world.after(ms, () => shop.world.restart(PROVIDER));
};

describe('an order in the monolith', () => {
  it('MONO-1: is three local transactions around the payment, each whole', async () => {
    const shop = await openMonolith();
    await shop.headers('ada');
    const from = shop.world.events.length;
    const orderId = await shop.place();
    expect(shop.row(orderId)).toBeUndefined();
    await shop.settle();
    expect(shop.commits(from)).toEqual([
      'place-order',
      'orders claim',
      'authorise',
      'store order',
      'capture',
      'confirm order',
    ]);
    expect(shop.row(orderId)).toMatchObject({ status: 'CONFIRMED', sagaId: null });
    expect(shop.payment(orderId)).toMatchObject({
      status: 'captured',
      capturedMinor: shop.row(orderId)?.totalMinor,
    });
    expect(shop.intent(orderId)).toMatchObject({ state: 'completed', order: null, leaseHolder: null });
    expect(shop.intent(orderId)).not.toHaveProperty('dueUs');
    expect(wrongs(shop)).toEqual([]);
  });

  it('MONO-2: its customer sees it as pending from tx₁ on, alone and in the list', async () => {
    const shop = await openMonolith();
    const stop = shop.world.onSend(({ to }) => (to === PROVIDER ? { kind: 'delay', delayMs: 400 } : null));
    const before = await shop.place();
    await shop.settle();
    const orderId = await shop.place();
    expect(shop.row(orderId)).toBeUndefined();
    expect(await shop.order(orderId)).toMatchObject({
      orderId,
      status: 'APPROVAL_PENDING',
      totalMinor: 3980,
      lines: [{ sku: SKU, name: 'Moka pot, 6 cups', quantity: 1, unitPriceMinor: 3490 }],
      delivery: null,
    });
    const headers = await shop.headers('ada');
    const ids = async () => {
      const { body } = await shop.world.ask(MONOLITH, { method: 'GET', path: '/orders', headers });
      return (body as { orders: { orderId: string }[] }).orders.map((order) => order.orderId);
    };
    expect(await ids()).toEqual([orderId, before]);
    stop();
    await shop.settle();
    expect(await ids()).toEqual([orderId, before]);
    expect(await shop.order(orderId)).toMatchObject({
      status: 'CONFIRMED',
      delivery: { status: 'dispatched' },
    });
  });

  it('MONO-3: what is copied between services changes in the same transaction here, and the parcel arrives', async () => {
    const shop = await openMonolith();
    const orderId = await shop.place();
    await shop.settle();
    expect(shop.world.rows('monolith', orderStatusesTable)).toMatchObject([{ orderId, status: 'CONFIRMED' }]);
    await shop.world.runFor(6000);
    expect(shop.row(orderId)?.delivery?.history.map(({ status }) => status)).toEqual([
      'held',
      'dispatched',
      'in-transit',
      'delivered',
    ]);
    // At every commit the parcel's status is the one on its order, but for stations that stay inside.
    const inside = new Set(['picked', 'packed']);
    let onOrder: string | undefined;
    for (const event of shop.world.eventsOf('store.committed')) {
      for (const { table, after } of event.rows)
        if (table === 'orders') onOrder = (after as { delivery?: { status: string } }).delivery?.status;
      for (const { table, after } of event.rows) {
        const { status } = (after ?? {}) as { status?: string };
        if (table === 'shipments' && status !== undefined && !inside.has(status))
          expect(onOrder).toBe(status);
      }
    }
    const headers = await shop.headers('ada');
    const parcel = await shop.world.ask(MONOLITH, { method: 'GET', path: `/shipments/${orderId}`, headers });
    expect(parcel.body).toMatchObject({ status: 'delivered', orderStatus: 'CONFIRMED' });
    expect(wrongs(shop)).toEqual([]);
  });

  it('a repeated request is the same order, and the same key for another one is refused', async () => {
    const shop = await openMonolith();
    const first = await shop.place({ key: 'k' });
    expect(await shop.place({ key: 'k' })).toBe(first);
    await expect(shop.place({ key: 'k', cardToken: 'tok_else' })).rejects.toThrow('idempotency-key-reused');
    await shop.settle();
    expect(shop.commits().filter((operation) => operation === 'capture')).toHaveLength(1);
    expect(wrongs(shop)).toEqual([]);
  });

  it('orders the cart and empties it', async () => {
    const shop = await openMonolith();
    const headers = await shop.headers('ada');
    const lines = [{ sku: SKU, quantity: 2 }];
    await shop.world.ask(MONOLITH, { method: 'PUT', path: '/cart', headers, body: { lines } });
    const address = { name: 'A', street: 'S 1', postcode: '1', city: 'C', country: 'FR' };
    const placed = await shop.world.ask(MONOLITH, {
      method: 'POST',
      path: '/orders',
      headers: { ...headers, 'idempotency-key': 'cart' },
      body: { address, cardToken: 'tok_ok' },
    });
    expect(placed).toMatchObject({ status: 202, body: { lines: [{ sku: SKU, quantity: 2 }] } });
    const cart = await shop.world.ask(MONOLITH, { method: 'GET', path: '/cart', headers });
    expect(cart.body).toEqual({ lines: [] });
    await shop.settle();
    expect(wrongs(shop)).toEqual([]);
  });
});

describe('an order of the monolith that cannot be', () => {
  it('MONO-4: a declined card: nothing was set aside, so it is rejected at once', async () => {
    const shop = await openMonolith();
    const orderId = await shop.place({ cardToken: 'tok_declined' });
    await shop.settle();
    expect(shop.row(orderId)).toMatchObject({ status: 'REJECTED', delivery: null });
    expect(shop.row(orderId)?.history.at(-1)?.reason).toContain('declined');
    expect(shop.intent(orderId)).toMatchObject({ state: 'undone', failure: 'business' });
    expect(shop.commits()).not.toContain('void');
    expect(shop.world.rows('monolith', shipmentsTable)).toEqual([]);
    expect(wrongs(shop)).toEqual([]);
  });

  it('MONO-4: a capture that is declined undoes order, stock and shipment together, after the void', async () => {
    const shop = await openMonolith();
    const orderId = await shop.place({ cardToken: 'tok_capture_declined' });
    await shop.settle();
    expect(shop.commits().slice(-2)).toEqual(['order turned back', 'order undone']);
    expect(shop.row(orderId)).toMatchObject({ status: 'REJECTED', delivery: { status: 'cancelled' } });
    expect(wrongs(shop)).toEqual([]);
  });

  it.each([
    ['out of stock', { lines: [{ sku: 'outdoor-04', quantity: 100 }] }, /Only 3 of .* are left/, 3],
    ['undeliverable', { country: 'ZZ' }, /do not deliver to ZZ/, null],
    ['too heavy', { lines: [{ sku: 'games-06', quantity: 20 }] }, /at most 31500 g/, null],
  ])(
    'MONO-4: %s: tx₂ stores nothing, and what was set aside is given back',
    async (_, wish, reason, left) => {
      const shop = await openMonolith();
      if (left !== null) {
        const headers = await shop.headers('admin');
        const path = '/products/outdoor-04/stock';
        await shop.world.ask(MONOLITH, { method: 'PUT', path, headers, body: { stock: left } });
      }
      const stock = shop.world.tables('monolith')['products'];
      const orderId = await shop.place(wish);
      await shop.settle();
      expect(shop.row(orderId)?.status).toBe('REJECTED');
      expect(shop.row(orderId)?.history.at(-1)?.reason).toMatch(reason);
      expect(shop.payment(orderId)).toMatchObject({ status: 'voided', capturedMinor: 0 });
      expect(shop.world.tables('monolith')['products']).toEqual(stock);
      expect(shop.world.rows('monolith', shipmentsTable)).toEqual([]);
      expect(
        wrongs({ ...shop, stock: new Map(stock?.map((row) => [String(row['sku']), Number(row['stock'])])) }),
      ).toEqual([]);
    },
  );

  it('MONO-4: an unknown good has no price: rejected with tx₁, and the provider is not asked', async () => {
    const shop = await openMonolith();
    const orderId = await shop.place({ lines: [{ sku: 'games-99', quantity: 1 }] });
    expect(shop.row(orderId)).toMatchObject({ status: 'REJECTED', totalMinor: null });
    expect(await shop.order(orderId)).toMatchObject({ status: 'REJECTED' });
    await shop.world.runFor(5000);
    expect(shop.payment(orderId)).toBeUndefined();
    expect(wrongs(shop)).toEqual([]);
  });

  it('MONO-5: the price is that of tx₁, whatever it becomes before tx₂', async () => {
    const shop = await openMonolith();
    const admin = await shop.headers('admin');
    await shop.headers('ada');
    shop.world.onSend(({ operation }) =>
      operation.startsWith('PUT /auth') ? { kind: 'delay', delayMs: 500 } : null,
    );
    const orderId = await shop.place();
    const body = { priceMinor: 9999, currency: 'EUR' };
    await shop.world.ask(MONOLITH, { method: 'PUT', path: `/products/${SKU}/price`, headers: admin, body });
    await shop.settle();
    expect(shop.row(orderId)).toMatchObject({ status: 'CONFIRMED', totalMinor: 3980 });
    expect(shop.payment(orderId)?.capturedMinor).toBe(3980);
    expect(wrongs(shop)).toEqual([]);
  });
});

describe('the monolith when the provider fails', () => {
  it('MONO-6: back within the give-up time it loses no order', async () => {
    const shop = await openMonolith();
    await shop.headers('ada');
    downFor(shop, 4000);
    const orderId = await shop.place();
    await shop.settle();
    expect(shop.row(orderId)?.status).toBe('CONFIRMED');
    expect(wrongs(shop)).toEqual([]);
  });

  it('MONO-6: down for longer: given up 6 s after its start, and what never arrived needs no void', async () => {
    const shop = await openMonolith();
    await shop.headers('ada');
    downFor(shop, 30_000);
    const orderId = await shop.place();
    await shop.settle(10_000);
    expect(shop.row(orderId)?.status).toBe('REJECTED');
    const { startedUs, endedUs, failure, reason } = shop.intent(orderId);
    expect(elapsedMs(startedUs, endedUs ?? startedUs)).toBeGreaterThanOrEqual(5500);
    expect(elapsedMs(startedUs, endedUs ?? startedUs)).toBeLessThan(7000);
    expect({ failure, reason }).toMatchObject({
      failure: 'gave-up',
      reason: expect.stringContaining('within 6 s') as string,
    });
    await shop.world.runFor(40_000);
    expect(shop.payment(orderId)).toBeUndefined();
    expect(wrongs(shop)).toEqual([]);
  });

  it('MONO-6: an authorisation whose outcome stays unknown is voided, past the open breaker, until that is done', async () => {
    const shop = await openMonolith({ settings: { edge: { breaker: { minimumNumberOfCalls: 2 } } } });
    const stop = shop.world.onSend(({ operation }) =>
      operation.includes('/authorisations/') ? { kind: 'lose-answer' } : null,
    );
    const orderId = await shop.place();
    await shop.world.runFor(15_000);
    expect(shop.intent(orderId)).toMatchObject({ state: 'voiding', failure: 'gave-up' });
    expect(await shop.order(orderId)).toMatchObject({ status: 'APPROVAL_PENDING' });
    expect(
      shop.world.eventsOf('breaker.state.changed').map(({ service, to }) => `${service}->${to}`),
    ).toContain('monolith->payment-provider');
    stop();
    await shop.settle();
    expect(shop.row(orderId)?.status).toBe('REJECTED');
    expect(shop.payment(orderId)?.status).toBe('voided');
    expect(wrongs(shop)).toEqual([]);
  });

  it('MONO-6: without safety nets an attempt that nobody answers ends at its own deadline', async () => {
    const edge = { timeoutMs: null, retry: null, breaker: null, bulkhead: null };
    const shop = await openMonolith({ settings: { edge, deadlines: { orderMs: 15_000 } } });
    const stop = shop.world.onSend(({ operation }) =>
      operation.startsWith('PUT /auth') ? { kind: 'blackhole' } : null,
    );
    const orderId = await shop.place();
    await shop.world.runFor(14_000);
    expect(shop.intent(orderId)).toMatchObject({ state: 'authorising', failures: 0 });
    await shop.world.runFor(2000);
    stop();
    await shop.settle();
    expect(shop.intent(orderId)).toMatchObject({ state: 'undone', failure: 'gave-up' });
    expect(wrongs(shop)).toEqual([]);
  });

  it('MONO-6: the capture is never given up: it is asked for until its outcome is known', async () => {
    const shop = await openMonolith();
    const stop = shop.world.onSend(({ operation }) =>
      operation.endsWith('/capture') ? { kind: 'lose-answer' } : null,
    );
    const orderId = await shop.place();
    await shop.world.runFor(40_000);
    expect(shop.intent(orderId)).toMatchObject({ state: 'capturing' });
    expect(await shop.cancel(orderId)).toBe(409);
    stop();
    await shop.settle();
    expect(shop.row(orderId)?.status).toBe('CONFIRMED');
    expect(wrongs(shop)).toEqual([]);
  });

  it('MONO-7: a step under way holds a request slot, a sleeping order none', async () => {
    const edge = { timeoutMs: null, retry: null, breaker: null };
    const shop = await openMonolith({ settings: { services: { monolith: { requestSlots: 2 } }, edge } });
    const headers = await shop.headers('ada');
    const stop = shop.world.onSend(({ operation }) =>
      operation.startsWith('PUT /auth') ? { kind: 'delay', delayMs: 5000 } : null,
    );
    await shop.place();
    await shop.place();
    await shop.world.runFor(100);
    const pending = shop.world.send(MONOLITH, { method: 'GET', path: '/orders', headers });
    await shop.world.runFor(3000);
    expect(pending.outcome).toBeNull();
    await shop.world.runFor(3000);
    expect(pending.outcome).toMatchObject({ ok: true, value: { status: 200 } });
    await shop.settle();
    stop();
    shop.world.crash(PROVIDER);
    await shop.place();
    await shop.place();
    await shop.world.runFor(1000);
    expect((await shop.world.ask(MONOLITH, { method: 'GET', path: '/orders', headers }, 500)).status).toBe(
      200,
    );
  });
});

describe('cancelling in the monolith', () => {
  it('MONO-8: before tx₂ gives back what was set aside and ends CANCELLED', async () => {
    const shop = await openMonolith();
    await shop.headers('ada');
    shop.world.onSend(({ operation }) =>
      operation.startsWith('PUT /auth') ? { kind: 'delay', delayMs: 500 } : null,
    );
    const orderId = await shop.place();
    expect(await shop.cancel(orderId)).toBe(202);
    expect(await shop.order(orderId)).toMatchObject({ status: 'CANCEL_PENDING' });
    expect(await shop.cancel(orderId)).toBe(202);
    await shop.settle();
    expect(shop.row(orderId)?.history.map(({ status }) => status)).toEqual([
      'APPROVAL_PENDING',
      'CANCEL_PENDING',
      'CANCELLED',
    ]);
    expect(shop.payment(orderId)?.status).toBe('voided');
    expect(shop.commits()).not.toContain('capture');
    expect(wrongs(shop)).toEqual([]);
  });

  it('MONO-8: wakes an order that sleeps', async () => {
    const shop = await openMonolith({ settings: { saga: { giveUpMs: 60_000, stepAgainMs: 30_000 } } });
    await shop.headers('ada');
    shop.world.crash(PROVIDER);
    const orderId = await shop.place();
    await shop.world.runFor(2000);
    expect(shop.intent(orderId)).toMatchObject({ failures: 1, leaseHolder: null });
    await shop.cancel(orderId);
    await shop.world.runFor(200);
    expect(shop.row(orderId)?.status).toBe('CANCELLED');
  });

  it('MONO-8: is refused once tx₂ has stored the order, and changes nothing', async () => {
    const shop = await openMonolith();
    await shop.headers('ada');
    shop.world.onSend(({ operation }) =>
      operation.endsWith('/capture') ? { kind: 'delay', delayMs: 500 } : null,
    );
    const orderId = await shop.place();
    await shop.world.runUntil(() => shop.intent(orderId).state === 'capturing');
    expect(await shop.cancel(orderId)).toBe(409);
    await shop.settle();
    expect(shop.row(orderId)?.status).toBe('CONFIRMED');
    expect(await shop.cancel(orderId)).toBe(409);
    expect(wrongs(shop)).toEqual([]);
  });
});
