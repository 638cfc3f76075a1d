import { describe, expect, test } from 'vitest';
import { elapsedMs, type HttpResponse, instanceId, jsonResponse, RUN_START } from '../../kernel/index.ts';
import { createTestWorld, type TestWorld } from '../../kernel/testing/test-host.ts';
import { brokerService } from '../broker/index.ts';
import { gatewayService } from '../gateway/index.ts';
import { orderService } from '../order/index.ts';
import { paymentProviderService } from '../payment-provider/index.ts';
import { productService } from '../product/index.ts';
import { shippingService } from '../shipping/index.ts';
import { ADA, BEN, openShop } from '../testing/test-shop.ts';
import { DEMO_PASSWORD } from '../user/contract.ts';
import { arrivalGap } from './arrivals.ts';
import { weighted } from './choices.ts';
import { customersOf } from './index.ts';
import { sendToShop } from './shop-client.ts';

const customersService = customersOf('gateway');
const customers = instanceId('customers', 1);
const gateway = instanceId('gateway', 1);
const noLoad = {
  running: false,
  ordersPerSecond: 0,
  browsesPerSecond: 0,
  statusesPerSecond: 0,
  arrivals: 'even',
  spread: 0,
} as const;
const limits = { rateLimit: { perSecond: 1000, burst: 1000 } };

/** Customers before a gateway that answers by this; what it saw is listed. */
async function before(
  answer: (method: string, path: string, headers: Readonly<Record<string, string>>) => HttpResponse | null,
  load: object = {},
  seed = 1,
) {
  const world = createTestWorld({ settings: { load: { ...noLoad, ...load } }, seed });
  const seen: {
    method: string;
    path: string;
    headers: Readonly<Record<string, string>>;
    body: string | null;
    atMs: number;
  }[] = [];
  world.onSend(({ to, request }) => {
    if (to !== gateway) return null;
    seen.push({ ...request, atMs: world.nowMs });
    const response = answer(request.method, request.path, request.headers);
    return response === null ? { kind: 'blackhole' } : { kind: 'answer', response };
  });
  world.add(customersService);
  await world.runFor(10);
  return { world, seen };
}

let tokens = 0;
const shopLike = (method: string, path: string): HttpResponse => {
  if (path === '/sessions') {
    tokens += 1;
    return jsonResponse(201, { token: `t${tokens}`, expiresInS: 3600, customer: {} });
  }
  if (method === 'POST' && path === '/orders') return jsonResponse(202, { orderId: 'o1' });
  return jsonResponse(200, {});
};

const starts = (world: TestWorld, kind: string) =>
  world.eventsOf('intent.started').filter((event) => event.kind === kind);

describe('load', () => {
  test('is open: customers come at their rate, also when nobody answers', async () => {
    const { world } = await before(() => null, { running: true, ordersPerSecond: 2, browsesPerSecond: 4 });
    await world.runFor(10_000);
    expect(starts(world, 'order')).toHaveLength(20);
    expect(starts(world, 'browse')).toHaveLength(40);
    const at = starts(world, 'order').map(({ timeUs }) => elapsedMs(RUN_START, timeUs));
    expect(Math.round((at[19] ?? 0) - (at[0] ?? 0))).toBe(9500);
  });

  test('stands still while it is off, and follows a changed rate at once', async () => {
    const { world } = await before(shopLike);
    await world.runFor(5000);
    expect(world.eventsOf('intent.started')).toEqual([]);
    world.changeSettings({ load: { running: true, browsesPerSecond: 0.01 } });
    await world.runFor(5000);
    expect(starts(world, 'browse')).toHaveLength(0);
    world.changeSettings({ load: { browsesPerSecond: 10 } });
    await world.runFor(5000);
    expect(starts(world, 'browse').length).toBeGreaterThanOrEqual(48);
    world.changeSettings({ load: { running: false } });
    const count = world.eventsOf('intent.started').length;
    await world.runFor(5000);
    expect(world.eventsOf('intent.started').length).toBeLessThanOrEqual(count + 1);
  });

  test('a flood is one customer, signed in once, and of no kind that is counted', async () => {
    const { world, seen } = await before(shopLike, {
      running: true,
      browsesPerSecond: 2,
      floodPerSecond: 20,
    });
    await world.runFor(5000);
    expect(starts(world, 'browse')).toHaveLength(10);
    const flood = starts(world, 'other');
    expect(flood).toHaveLength(100);
    expect(new Set(flood.map(({ customer }) => customer))).toEqual(new Set(['leo@example.com']));
    expect(seen.filter(({ path }) => path === '/sessions')).toHaveLength(1);
    world.changeSettings({ load: { floodPerSecond: 0 } });
    await world.runFor(5000);
    expect(starts(world, 'other').length).toBeLessThanOrEqual(101);
  });

  test('the gaps have mean 1: even ones keep within their spread, Poisson ones do not', () => {
    const uniforms = Array.from({ length: 10_000 }, (_, index) => (index + 0.5) / 10_000);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const even = uniforms.map((uniform) => arrivalGap({ arrivals: 'even', spread: 0.2 }, uniform));
    expect(mean(even)).toBeCloseTo(1);
    expect([Math.min(...even), Math.max(...even)].map((gap) => Math.round(gap * 100))).toEqual([80, 120]);
    const poisson = uniforms.map((uniform) => arrivalGap({ arrivals: 'poisson', spread: 0.2 }, uniform));
    expect(mean(poisson)).toBeCloseTo(1, 2);
    expect(poisson.filter((gap) => gap > 1).length / 10_000).toBeCloseTo(Math.exp(-1), 2);
  });

  test('the same seed wants the same, another seed something else', async () => {
    const wishes = async (seed: number) => {
      const { world, seen } = await before(
        shopLike,
        { running: true, ordersPerSecond: 5, arrivals: 'poisson' },
        seed,
      );
      await world.runFor(5000);
      return seen
        .filter(({ path }) => path === '/orders')
        .map(({ body, headers, atMs }) => [atMs, headers['idempotency-key'], body]);
    };
    const first = await wishes(1);
    expect(first.length).toBeGreaterThan(10);
    expect(await wishes(1)).toEqual(first);
    expect(await wishes(2)).not.toEqual(first);
  });

  test('a burst of orders signs each customer in once; a refused token is renewed', async () => {
    let valid = '';
    const { world, seen } = await before(
      (method, path, headers) => {
        if (path === '/sessions') {
          const answer = shopLike(method, path);
          valid = `Bearer t${tokens}`;
          return answer;
        }
        return headers['authorization'] === valid || method === 'GET'
          ? shopLike(method, path)
          : jsonResponse(401, {});
      },
      { running: true, ordersPerSecond: 1 },
    );
    await world.runFor(12_500);
    const signIns = () => seen.filter(({ path }) => path === '/sessions').length;
    expect(signIns()).toBe(12);
    await world.runFor(1000); // the first customer again, whose token is not the last one any more
    expect(signIns()).toBe(13);
    expect(world.eventsOf('intent.answered').map(({ outcome }) => outcome)).toEqual(Array(13).fill('ok'));
  });

  test('customers who come while they are being signed in wait for that one token', async () => {
    const { world, seen } = await before(shopLike, { running: true, ordersPerSecond: 50_000 });
    await world.runFor(5);
    world.changeSettings({ load: { running: false } });
    await world.runFor(20);
    const started = starts(world, 'order').length;
    expect(started).toBeGreaterThan(100);
    expect(seen.filter(({ path }) => path === '/sessions')).toHaveLength(12);
    expect(seen.filter(({ path }) => path === '/orders')).toHaveLength(started);
  });

  test('DL-1: nothing is sent once the deadline is over, as when signing in has used it up', async () => {
    const { world, seen } = await before(shopLike);
    const outcome = await world.run(customers, (context) =>
      context.scope({ name: 'late', deadlineUs: context.clock.now() }, (own) =>
        sendToShop(own, 'late/1', { method: 'GET', path: '/products' }),
      ),
    );
    expect(outcome).toMatchObject({ ok: false, error: { kind: 'deadline_exceeded' } });
    expect(seen).toEqual([]);
  });

  test('says how each intent was answered', async () => {
    const answers: Record<string, HttpResponse | null> = {
      '1': jsonResponse(202, { orderId: 'o1' }),
      '2': jsonResponse(409, { type: 'x', title: 'Out of stock', detail: 'Sold out.' }),
      '3': jsonResponse(503, { type: 'x', title: 'Overloaded' }),
      '4': null,
    };
    let orders = 0;
    const { world } = await before(
      (method, path) => {
        if (path !== '/orders') return shopLike(method, path);
        orders += 1;
        return answers[orders] ?? null;
      },
      { running: true, ordersPerSecond: 1 },
    );
    await world.runFor(4100);
    world.changeSettings({ load: { running: false } });
    await world.runFor(16_000);
    expect(
      world
        .eventsOf('intent.answered')
        .map(({ intentId, outcome, status, orderId, reason }) => [
          intentId,
          outcome,
          status,
          orderId,
          reason,
        ]),
    ).toEqual([
      ['order-1', 'ok', 202, 'o1', null],
      ['order-2', 'rejected', 409, null, 'Sold out.'],
      ['order-3', 'failed', 503, null, 'Overloaded'],
      ['order-4', 'failed', null, null, expect.stringContaining('deadline_exceeded') as string],
    ]);
    const [first] = starts(world, 'order');
    const trace = world.events.filter(({ traceId }) => traceId === first?.traceId).map(({ type }) => type);
    expect(trace.slice(0, 2)).toEqual(['intent.started', 'request.sent']);
    expect(trace.at(-1)).toBe('intent.answered');
  });

  test('after a restart no id meets an earlier one', async () => {
    const { world } = await before(shopLike, { running: true, ordersPerSecond: 2 });
    await world.runFor(3000);
    world.crash(customers);
    world.restart(customers);
    await world.runFor(3000);
    const ids = world.eventsOf('intent.started').map(({ intentId }) => intentId);
    expect(ids.length).toBeGreaterThan(8);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('weights are shares', () => {
    const drawn = Array.from({ length: 1000 }, (_, index) =>
      weighted([['a', 3] as const, ['b', 1] as const], index / 1000),
    );
    expect(drawn.filter((item) => item === 'a')).toHaveLength(750);
  });
});

describe('by hand', () => {
  test('a shop under load answers everybody; a person orders, signs in and sends requests', async () => {
    const world = await openShop(
      [
        brokerService,
        productService,
        orderService,
        shippingService,
        paymentProviderService,
        gatewayService,
        customersService,
      ],
      {
        settings: {
          ...limits,
          load: { ...noLoad, running: true, ordersPerSecond: 2, browsesPerSecond: 2, statusesPerSecond: 1 },
        },
      },
    );
    await world.runFor(10_000);
    const answered = world.eventsOf('intent.answered');
    expect(new Set(answered.map(({ kind }) => kind))).toEqual(new Set(['order', 'browse', 'status']));
    const late = answered.filter(({ timeUs }) => elapsedMs(RUN_START, timeUs) > 3000);
    expect(late.length).toBeGreaterThan(30);
    expect(late.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);

    const placed = await world.control(customers, {
      type: 'order.place',
      lines: [{ sku: 'games-06', quantity: 1 }],
    });
    expect(placed).toMatchObject({
      intentId: 'hand-order-1',
      status: 202,
      orderId: expect.any(String) as string,
      problem: null,
    });
    const { orderId } = placed as { orderId: string };
    const read = { type: 'request.send', method: 'GET', path: `/orders/${orderId}` };
    expect(await world.control(customers, { ...read, as: 'customer' })).toMatchObject({
      status: 200,
      body: { orderId, customerId: 'cus_ada' },
    });
    expect(await world.control(customers, { ...read, as: 'admin' })).toMatchObject({ status: 200 });
    expect(await world.control(customers, read)).toMatchObject({
      status: 401,
      body: { title: 'Sign in first' },
    });

    expect(
      await world.control(customers, { type: 'customer.sign-in', email: BEN, password: 'wrong' }),
    ).toMatchObject({ status: 401 });
    expect(await world.control(customers, { ...read, as: 'customer' })).toMatchObject({ status: 200 }); // still Ada
    expect(
      await world.control(customers, { type: 'customer.sign-in', email: BEN, password: DEMO_PASSWORD }),
    ).toMatchObject({ status: 201 });
    expect(await world.control(customers, { ...read, as: 'customer' })).toMatchObject({ status: 404 });
    const adas = { type: 'order.place', customer: ADA, lines: [{ sku: 'games-06', quantity: 1 }] };
    const { orderId: adasOrder } = (await world.control(customers, adas)) as { orderId: string };
    const readAdas = { type: 'request.send', method: 'GET', path: `/orders/${adasOrder}` };
    expect(await world.control(customers, { ...readAdas, as: 'admin' })).toMatchObject({
      body: { customerId: 'cus_ada' },
    });
    expect(await world.control(customers, { ...readAdas, as: 'customer' })).toMatchObject({ status: 404 }); // still Ben
    const declined = await world.control(customers, { type: 'order.place', cardToken: 'no card' });
    expect(declined).toMatchObject({ status: 400, orderId: null, problem: { title: 'Invalid request' } });
  });

  test('a token that has run out is renewed once, as for customers who come by themselves', async () => {
    let valid = '';
    const { world, seen } = await before((method, path, headers) => {
      if (path !== '/sessions')
        return jsonResponse(headers['authorization'] === `Bearer ${valid}` ? 200 : 401, {});
      const session = shopLike(method, path);
      valid = (JSON.parse(session.body ?? '') as { token: string }).token;
      return session;
    });
    const read = { type: 'request.send', method: 'GET', path: '/dead-letters', as: 'admin' };
    expect(await world.control(customers, read)).toMatchObject({ status: 200 });
    valid = 'another';
    expect(await world.control(customers, read)).toMatchObject({ status: 200 });
    const paths = ['/sessions', '/dead-letters', '/dead-letters', '/sessions', '/dead-letters'];
    expect(seen.map(({ path }) => path)).toEqual(paths);
  });

  test('a text is sent as it is, header names in small letters', async () => {
    const { world, seen } = await before(() =>
      jsonResponse(400, { type: 'x', title: 'Bad', detail: 'Bad.' }),
    );
    const command = {
      type: 'request.send',
      method: 'POST',
      path: '/users',
      headers: { 'X-Odd': '1' },
      body: '[1',
    };
    expect(await world.control(customers, command)).toMatchObject({ status: 400, body: { title: 'Bad' } });
    expect(seen).toMatchObject([
      { body: '[1', headers: { 'x-odd': '1', 'content-type': 'application/json' } },
    ]);
  });

  test('what is no command is refused by name of the field', async () => {
    const { world } = await before(shopLike);
    await expect(world.control(customers, { type: 'customer.sign-in', email: ADA })).rejects.toThrow(
      'password is missing',
    );
  });
});
