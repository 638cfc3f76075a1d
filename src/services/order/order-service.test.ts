import { describe, expect, it, vi } from 'vitest';
import { instanceId, plusMs } from '../../kernel/index.ts';
import { sagaTable } from '../../patterns/index.ts';
import { ordersTable } from './tables.ts';
import { ADDRESS, openShop, SKU, type TestShop } from './testing/test-shop.ts';

// Whole services on one clock: seconds of real time when the machine is busy.
vi.setConfig({ testTimeout: 30000 });

const as = async (shop: TestShop, name: string, more: Record<string, string> = {}) => ({
  authorization: `Bearer ${await shop.token(name)}`,
  ...more,
});

const ORDER = { lines: [{ sku: SKU, quantity: 2 }], address: ADDRESS, cardToken: 'tok_ok' };

describe('the order service', () => {
  it('answers 202 with the location once order and saga are stored; prices are those of the reservation', async () => {
    const shop = await openShop();
    const headers = await as(shop, 'ada', { 'idempotency-key': 'k1' });
    const body = { ...ORDER, lines: [...ORDER.lines, { sku: SKU, quantity: 1 }] };
    const answer = await shop.world.ask(shop.order, { method: 'POST', path: '/orders', headers, body });
    const order = answer.body as { orderId: string };
    expect(answer).toMatchObject({
      status: 202,
      headers: { location: `/orders/${order.orderId}` },
      body: {
        status: 'APPROVAL_PENDING',
        lines: [{ sku: SKU, quantity: 3, name: null, unitPriceMinor: null }],
        totalMinor: null,
      },
    });
    expect(shop.world.rows('order', sagaTable)).toHaveLength(1);
    await shop.world.runUntil(() => shop.world.eventsOf('saga.completed').length === 1, 5000);
    expect(shop.world.rows('order', ordersTable)[0]).toMatchObject({
      status: 'CONFIRMED',
      lines: [{ sku: SKU, quantity: 3, unitPriceMinor: 3490 }],
      goodsMinor: 10_470,
      shippingMinor: 690,
      totalMinor: 11_160,
    });
  });

  it('IDEM-1, IDEM-3: the same key gets the same answer and no second order; another payload 422', async () => {
    const shop = await openShop();
    const headers = await as(shop, 'ada', { 'idempotency-key': 'k1' });
    const request = { method: 'POST', path: '/orders', headers, body: ORDER } as const;
    const first = await shop.world.ask(shop.order, request);
    const second = await shop.world.ask(shop.order, request);
    expect(second).toMatchObject({
      status: 202,
      body: first.body,
      headers: { 'idempotency-replayed': 'true' },
    });
    const other = await shop.world.ask(shop.order, {
      ...request,
      body: { ...ORDER, cardToken: 'tok_other' },
    });
    expect(other.status).toBe(422);
    expect(shop.world.rows('order', ordersTable)).toHaveLength(1);
    // Keys of two customers never meet.
    const ben = await as(shop, 'ben', { 'idempotency-key': 'k1' });
    expect((await shop.world.ask(shop.order, { ...request, headers: ben })).status).toBe(202);
    expect(shop.world.rows('order', ordersTable)).toHaveLength(2);
  });

  it('two at once with one key are one order', async () => {
    const shop = await openShop();
    const headers = await as(shop, 'ada', { 'idempotency-key': 'k1' });
    const request = { method: 'POST', path: '/orders', headers, body: ORDER } as const;
    const pending = shop.world.send(shop.order, request);
    const second = await shop.world.ask(shop.order, request);
    await shop.world.runFor(100);
    expect(second.status).toBe(202);
    expect(pending.outcome).toMatchObject({ ok: true, value: { status: 202 } });
    expect(shop.world.rows('order', ordersTable)).toHaveLength(1);
  });

  it('refuses what cannot be ordered, and stores nothing', async () => {
    const shop = await openShop();
    const headers = await as(shop, 'ada', { 'idempotency-key': 'k1' });
    const post = async (body: unknown, more = headers) =>
      await shop.world.ask(shop.order, { method: 'POST', path: '/orders', headers: more, body });
    expect((await post({ ...ORDER, lines: [] })).status).toBe(400);
    expect((await post({ ...ORDER, lines: undefined })).status).toBe(422);
    expect((await post({ ...ORDER, cardToken: '4111 1111 1111 1111' })).status).toBe(400);
    expect((await post({ ...ORDER, address: { ...ADDRESS, country: 'Germany' } })).status).toBe(400);
    expect((await post({ ...ORDER, admin: true })).status).toBe(400);
    expect((await post(ORDER, await as(shop, 'ada'))).status).toBe(400);
    expect((await post(ORDER, { ...headers, authorization: 'Bearer x' })).status).toBe(401);
    expect(shop.world.rows('order', ordersTable)).toEqual([]);
    expect(shop.world.rows('order', sagaTable)).toEqual([]);
  });

  it('takes an order while Product is away: what it has is asked in the saga; an unknown good rejects', async () => {
    const shop = await openShop();
    const headers = await as(shop, 'ada', { 'idempotency-key': 'k1' });
    shop.world.crash(instanceId('product', 1));
    const body = { ...ORDER, lines: [{ sku: 'kitchen-99', quantity: 1 }] };
    const placed = await shop.world.ask(shop.order, { method: 'POST', path: '/orders', headers, body });
    expect(placed.status).toBe(202);
    shop.world.restart(instanceId('product', 1));
    await shop.world.runUntil(() => shop.world.eventsOf('saga.compensated').length === 1, 20_000);
    expect(shop.world.rows('order', ordersTable)[0]).toMatchObject({ status: 'REJECTED', totalMinor: null });
    expect(shop.world.eventsOf('saga.step.failed')[0]).toMatchObject({
      step: 'reserveStock',
      kind: 'business',
      reason: "The shop has nothing under 'kitchen-99'.",
    });
  });

  it('orders the cart, and empties it', async () => {
    const shop = await openShop();
    const headers = await as(shop, 'ada', { 'idempotency-key': 'k1' });
    const cart = { lines: [{ sku: 'games-01', quantity: 2 }] };
    const put = await shop.world.ask(shop.order, { method: 'PUT', path: '/cart', headers, body: cart });
    expect(put).toMatchObject({ status: 200, body: cart });
    expect((await shop.world.ask(shop.order, { method: 'GET', path: '/cart', headers })).body).toEqual(cart);
    const { lines: _, ...rest } = ORDER;
    const placed = await shop.world.ask(shop.order, { method: 'POST', path: '/orders', headers, body: rest });
    expect(placed).toMatchObject({ status: 202, body: { lines: [{ sku: 'games-01', quantity: 2 }] } });
    expect((await shop.world.ask(shop.order, { method: 'GET', path: '/cart', headers })).body).toEqual({
      lines: [],
    });
    const none = await shop.world.ask(shop.order, {
      method: 'PUT',
      path: '/cart',
      headers,
      body: { lines: [] },
    });
    expect(none.status).toBe(200);
  });

  it("another customer's order is not there: to read, to cancel, its parcel; an administrator sees it", async () => {
    const shop = await openShop();
    const orderId = await shop.place();
    await shop.settle();
    const ben = await as(shop, 'ben');
    const get = { method: 'GET', path: `/orders/${orderId}` } as const;
    const hidden = await shop.world.ask(shop.order, { ...get, headers: ben });
    expect(hidden).toMatchObject({ status: 404, body: { title: 'No such order' } });
    const absent = await shop.world.ask(shop.order, { ...get, path: '/orders/ord-nowhere', headers: ben });
    expect(absent.status).toBe(404);
    const cancel = { method: 'POST', path: `/orders/${orderId}/cancellation`, headers: ben } as const;
    expect((await shop.world.ask(shop.order, cancel)).status).toBe(404);
    const parcel = { method: 'GET', path: `/shipments/${orderId}` } as const;
    const shipping = instanceId('shipping', 1);
    expect((await shop.world.ask(shipping, { ...parcel, headers: ben })).status).toBe(404);
    const admin = await as(shop, 'admin');
    expect((await shop.world.ask(shop.order, { ...get, headers: admin })).status).toBe(200);
    expect((await shop.world.ask(shipping, { ...parcel, headers: admin })).status).toBe(200);
    const list = { method: 'GET', path: '/orders' } as const;
    expect((await shop.world.ask(shop.order, { ...list, headers: ben })).body).toEqual({ orders: [] });
    expect(
      (await shop.world.ask(shop.order, { ...list, headers: await as(shop, 'ada') })).body,
    ).toMatchObject({
      orders: [{ orderId, status: 'CONFIRMED' }],
    });
    expect((await shop.world.ask(shop.order, { method: 'GET', path: '/sagas', headers: ben })).status).toBe(
      403,
    );
  });

  it('lists the newest 50 orders of a customer and the newest 50 sagas of a status, the newest first', async () => {
    const shop = await openShop();
    const orderId = await shop.place();
    await shop.settle();
    const order = shop.row(orderId);
    const [saga] = shop.world.rows('order', sagaTable);
    const numbers = Array.from({ length: 60 }, (_, index) => index + 1);
    await shop.world.run(shop.order, async (context) =>
      context.store.transact('many', [ordersTable, sagaTable], 'readwrite', async (tx) => {
        for (const number of numbers) {
          const [placedUs, of] = [plusMs(order.placedUs, number), number % 2 === 0 ? 'cus_ada' : 'cus_ben'];
          // Their ids sort against their times.
          const id = `x${100 - number}`;
          const customerPlaced = `${of}/${String(placedUs).padStart(15, '0')}`;
          await tx.put(ordersTable, { ...order, orderId: id, customerId: of, customerPlaced, placedUs });
          if (saga === undefined) continue;
          const status = number % 2 === 0 ? 'completed' : 'parked';
          const statusStarted = `${status}/${String(placedUs).padStart(15, '0')}`;
          await tx.put(sagaTable, {
            ...saga,
            sagaId: id,
            orderId: id,
            startedUs: placedUs,
            status,
            statusStarted,
          });
        }
      }),
    );
    const get = async (name: string, path: string) =>
      (await shop.world.ask(shop.order, { method: 'GET', path, headers: await as(shop, name) }))
        .body as Record<'orders' | 'sagas', { orderId: string }[]>;
    const ids = (wanted: (number: number) => boolean) =>
      numbers
        .filter(wanted)
        .reverse()
        .map((number) => `x${100 - number}`);
    const orders = (await get('ada', '/orders')).orders.map((each) => each.orderId);
    expect(orders).toEqual([...ids((number) => number % 2 === 0), orderId]);
    const sagas = (await get('admin', '/sagas')).sagas.map((each) => each.orderId);
    expect(sagas).toEqual(ids((number) => number > 10));
    const parked = (await get('admin', '/sagas?status=parked')).sagas.map((each) => each.orderId);
    expect(parked).toEqual(ids((number) => number % 2 === 1));
  });

  it('the internal operations of Shipping and the broker refuse anybody from outside', async () => {
    const shop = await openShop();
    const shipping = instanceId('shipping', 1);
    const body = { customerId: 'cus_ada', address: ADDRESS, weightG: 100 };
    const put = await shop.world.ask(shipping, { method: 'PUT', path: '/shipments/o1', body });
    expect(put.status).toBe(403);
    const event = await shop.world.ask(shop.order, {
      method: 'POST',
      path: '/events?group=order-shipments',
      body: {},
    });
    expect(event.status).toBe(400);
    expect((await shop.world.ask(shipping, { method: 'DELETE', path: '/shipments/o1' })).status).toBe(403);
  });
});
