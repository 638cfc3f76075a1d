import SwaggerParser from '@apidevtools/swagger-parser';
import { beforeAll, describe, expect, test } from 'vitest';
import { type HttpMethod, instanceId } from '../../kernel/index.ts';
import type { TestRequest, TestWorld } from '../../kernel/testing/test-host.ts';
import { brokerService } from '../broker/index.ts';
import { orderService } from '../order/index.ts';
import { paymentProviderService } from '../payment-provider/index.ts';
import { productService } from '../product/index.ts';
import { shippingService } from '../shipping/index.ts';
import { ADA, ADMIN, BEN, bearer, openShop, snapshot, tokenFor } from '../testing/test-shop.ts';
import { gatewayService } from './index.ts';
import {
  FIRST_KEY,
  faultsOfAnswer,
  orderBody,
  type ShopToAsk,
  signingKeyOf,
  wrongRequests,
} from './testing/wrong-requests.ts';

const gateway = instanceId('gateway', 1);
const databases = ['user', 'product', 'order', 'shipping', 'payment-provider'] as const;
const backends = [brokerService, productService, orderService, shippingService, paymentProviderService];
const unlimited = { rateLimit: { perSecond: 10_000, burst: 10_000 } };

const slug = (body: unknown) => (body as { type: string }).type.split('/').at(-1);

async function shop(settings = {}): Promise<TestWorld> {
  const world = await openShop([...backends, gatewayService], { settings: { ...unlimited, ...settings } });
  await world.runFor(1000);
  return world;
}

describe('30 kinds of wrong requests', () => {
  let world: TestWorld;
  let asks: ShopToAsk;

  beforeAll(async () => {
    world = await shop();
    const [ada, ben, admin] = [
      await tokenFor(world, ADA),
      await tokenFor(world, BEN),
      await tokenFor(world, ADMIN),
    ];
    const placed = await world.ask(gateway, {
      method: 'POST',
      path: '/orders',
      headers: { ...bearer(ada), 'idempotency-key': FIRST_KEY },
      body: orderBody,
    });
    expect(placed.status).toBe(202);
    const adaOrder = (placed.body as { orderId: string }).orderId;
    await world.runFor(120_000); // the order has ended and its parcel has arrived: nothing moves by itself any more
    asks = { ada, ben, admin, adaOrder, key: signingKeyOf(world.tables('user')['signing_keys']?.[0]) };
  }, 60_000);

  test('are more than thirty', () => expect(wrongRequests.length).toBeGreaterThanOrEqual(30));

  test.each(wrongRequests)('$what', async (wrong) => {
    const before = snapshot(world, databases);
    const asked = wrong.request(asks);
    const answer = await world.ask(gateway, asked);
    expect(faultsOfAnswer(wrong, asked.path, answer)).toEqual([]);
    await world.runFor(300);
    expect(snapshot(world, databases)).toBe(before);
  });

  test('an expired token', async () => {
    // An hour with few heartbeats.
    const registry = { heartbeatMs: 60_000, leaseMs: 180_000, fetchMs: 60_000 };
    const own = await openShop([gatewayService], { settings: { registry } });
    const token = await tokenFor(own, ADA);
    await own.runFor(3_600_000);
    const answer = await own.ask(gateway, { method: 'GET', path: '/users/me', headers: bearer(token) });
    expect([answer.status, slug(answer.body)]).toEqual([401, 'token-refused']);
    expect((answer.body as { detail: string }).detail).toContain('expired');
  });
});

describe('gateway', () => {
  const gatewayOnly = async (settings = {}) =>
    await openShop([productService, gatewayService], { settings: { ...unlimited, ...settings } });
  const browse: TestRequest = { method: 'GET', path: '/products/games-01' };

  test('brings status, headers and body back as they are', async () => {
    const world = await shop();
    const token = await tokenFor(world, ADA);
    const placed = await world.ask(gateway, {
      method: 'POST',
      path: '/orders',
      headers: { ...bearer(token), 'idempotency-key': 'k' },
      body: orderBody,
    });
    expect(placed.status).toBe(202);
    const { orderId } = placed.body as { orderId: string };
    expect(placed.headers['location']).toBe(`/orders/${orderId}`);
    await world.runFor(10_000);
    const read = await world.ask(gateway, {
      method: 'GET',
      path: `/orders/${orderId}`,
      headers: bearer(token),
    });
    expect(read).toMatchObject({ status: 200, body: { orderId, status: 'CONFIRMED' } });
  });

  test('what a customer says of who they are, in which trace or by when does not pass', async () => {
    const world = await gatewayOnly();
    let passed: Readonly<Record<string, string>> = {};
    world.onSend((message) => {
      if (message.from === gateway && message.operation === 'GET /products/{sku}')
        passed = message.request.headers;
      return null;
    });
    const outsideTrace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await world.ask(gateway, {
      ...browse,
      headers: {
        'x-customer-id': 'cus_ben',
        'x-forwarded-for': '10.0.0.1',
        connection: 'close, x-customer-id',
        'transfer-encoding': 'chunked',
        'x-deadline-ms': '999999',
        'x-request-id': 'order-1.1.c1',
        cookie: 'a=b',
        traceparent: outsideTrace,
        'accept-language': 'de',
      },
    });
    expect(Object.keys(passed).sort()).toEqual([
      'accept-language',
      'traceparent',
      'x-deadline-ms',
      'x-request-attempt',
      'x-request-id',
    ]);
    expect(passed['x-request-id']).toMatch(/^gateway-1/);
    expect(Number(passed['x-deadline-ms'])).toBeLessThanOrEqual(5000);
    expect(passed['traceparent']).toMatch(
      /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/,
    );
  });

  test('RL-1 limits each customer alone, and says so', async () => {
    const world = await openShop([productService, gatewayService], {
      settings: { rateLimit: { perSecond: 1, burst: 3 } },
    });
    const ada = bearer(await tokenFor(world, ADA));
    const ben = bearer(await tokenFor(world, BEN));
    const hold = async (headers: Record<string, string>) =>
      await world.ask(gateway, { method: 'GET', path: '/products/games-01', headers });
    const statuses = [];
    for (let time = 0; time < 4; time += 1) statuses.push((await hold(ada)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const limited = await hold(ada);
    expect(slug(limited.body)).toBe('too-many-requests');
    expect(limited.headers).toMatchObject({
      'retry-after': '1',
      ratelimit: '"customer";r=0;t=3',
      'ratelimit-policy': '"customer";q=3;w=3',
    });
    expect((await hold(ben)).headers['ratelimit']).toBe('"customer";r=2;t=1');
    expect((await hold({})).headers['ratelimit']).toBe('"anonymous";r=2;t=1');
    await world.runFor(1000);
    expect((await hold(ada)).status).toBe(200);
  });

  test('a wrong token counts against those who are not signed in', async () => {
    const world = await openShop([productService, gatewayService], {
      settings: { rateLimit: { perSecond: 1, burst: 2 } },
    });
    const statuses = [];
    for (let time = 0; time < 3; time += 1) {
      statuses.push(
        (await world.ask(gateway, { method: 'GET', path: '/users/me', headers: bearer('forged') })).status,
      );
    }
    expect(statuses).toEqual([401, 401, 429]);
  });

  test('a stale token does no harm on a public operation', async () => {
    const world = await gatewayOnly();
    expect((await world.ask(gateway, { ...browse, headers: bearer('garbage') })).status).toBe(200);
  });

  test('a service that is down is 503 or 502, one that hangs 504, and an open breaker 503', async () => {
    const world = await gatewayOnly();
    const product = instanceId('product', 1);
    expect((await world.ask(gateway, browse)).status).toBe(200);
    const stop = world.onSend(({ to }) => (to === product ? { kind: 'blackhole' } : null));
    const before = world.nowMs;
    const slow = await world.ask(gateway, browse);
    expect([slow.status, slug(slow.body)]).toEqual([504, 'service-timeout']);
    expect(world.nowMs - before).toBeLessThanOrEqual(5000);
    stop();
    world.crash(product);
    const down = await world.ask(gateway, browse);
    expect([down.status, slug(down.body)]).toEqual([502, 'service-unreachable']);
    for (let time = 0; time < 20; time += 1) await world.ask(gateway, browse);
    const open = await world.ask(gateway, browse);
    expect([open.status, slug(open.body)]).toEqual([503, 'service-unavailable']);
    expect(open.headers['retry-after']).toBe('2');
    expect((open.body as { detail: string }).detail).toContain('circuit breaker');
  });

  test('without a safety net the deadline still ends it: reads after readMs, orders after orderMs', async () => {
    const edge = { timeoutMs: null, retry: null, breaker: null, bulkhead: null };
    const world = await openShop([...backends, gatewayService], { settings: { ...unlimited, edge } });
    const ada = bearer(await tokenFor(world, ADA));
    await world.ask(gateway, { method: 'GET', path: '/orders', headers: ada });
    world.onSend(({ to, from }) =>
      from === gateway && to === instanceId('order', 1) ? { kind: 'blackhole' } : null,
    );
    const tookMs = async (method: HttpMethod, path: string, more: Partial<TestRequest> = {}) => {
      const before = world.nowMs;
      const answer = await world.ask(gateway, {
        method,
        path,
        headers: { ...ada, 'idempotency-key': 'k' },
        ...more,
      });
      expect(answer.status).toBe(504);
      return Math.round((world.nowMs - before) / 100) * 100;
    };
    expect(await tookMs('GET', '/orders')).toBe(5000);
    expect(await tookMs('POST', '/orders', { body: orderBody })).toBe(15_000);
  });

  test('only what may be repeated is', async () => {
    const world = await gatewayOnly();
    const product = instanceId('product', 1);
    const user = instanceId('user', 1);
    const sent: string[] = [];
    world.onSend(({ to, from, operation }) => {
      if (from !== gateway || (to !== product && to !== user) || operation.includes('jwks')) return null;
      sent.push(operation);
      return { kind: 'answer', response: { status: 500, headers: {}, body: '{"broken":true}' } };
    });
    const broken = await world.ask(gateway, browse);
    expect(broken).toMatchObject({ status: 500, body: { broken: true } });
    await world.ask(gateway, {
      method: 'POST',
      path: '/users',
      body: { email: 'x@example.com', password: 'long enough 1', name: 'X' },
    });
    expect(sent).toEqual(['GET /products/{sku}', 'GET /products/{sku}', 'POST /users']);
  });

  test('an administrator reaches topics and dead letters, nobody else does', async () => {
    const world = await shop();
    const admin = bearer(await tokenFor(world, ADMIN));
    const ada = bearer(await tokenFor(world, ADA));
    const ask = async (method: HttpMethod, path: string, headers: Record<string, string>) =>
      await world.ask(gateway, { method, path, headers });
    expect(await ask('GET', '/topics', admin)).toMatchObject({
      status: 200,
      body: { topics: [{ topic: 'orders' }, { topic: 'shipments' }] },
    });
    expect(await ask('GET', '/dead-letters', admin)).toMatchObject({
      status: 200,
      body: { deadLetters: [] },
    });
    const redriven = await ask('POST', '/dead-letters/order.1/redrive', admin);
    expect([redriven.status, slug(redriven.body)]).toEqual([404, 'no-such-dead-letter']);
    expect(await ask('POST', '/dead-letters/redrive', admin)).toMatchObject({
      status: 202,
      body: { redriven: 0 },
    });
    expect((await ask('POST', '/dead-letters/redrive', ada)).status).toBe(403);
    expect((await ask('GET', '/dead-letters', ada)).status).toBe(403);
    expect((await ask('GET', '/dead-letters', {})).status).toBe(401);
    expect((await ask('POST', '/topics/orders/messages', admin)).status).toBe(404);
  });

  test('a request whose first attempt was sent is never said to have been left out', async () => {
    const bulkhead = { maxConcurrentCalls: 1, maxWaitMs: 60_000, queueLimit: 5 };
    const world = await gatewayOnly({ edge: { timeoutMs: null, breaker: null, bulkhead } });
    const product = instanceId('product', 1);
    let sent = 0;
    world.onSend(({ from, to, operation }) => {
      if (from !== gateway || to !== product || operation === 'GET /health') return null;
      sent += 1;
      return sent === 1
        ? { kind: 'answer', response: { status: 500, headers: {}, body: '{}' } }
        : { kind: 'blackhole' };
    });
    // The first is answered 500; its second attempt waits behind the other request, until its time is over.
    const first = world.send(gateway, browse);
    const other = world.send(gateway, browse);
    await world.runUntil(() => first.outcome !== null && other.outcome !== null);
    const answer = first.outcome?.ok === true ? first.outcome.value : null;
    const { type, detail } = JSON.parse(answer?.body ?? '{}') as { type: string; detail: string };
    expect([answer?.status, type.split('/').at(-1)]).toEqual([504, 'deadline-exceeded']);
    expect(detail).toContain('an earlier attempt was sent and may have taken effect');
  });

  test('logs each request: who, what, how, how long', async () => {
    const world = await gatewayOnly();
    const token = await tokenFor(world, ADA);
    await world.ask(gateway, { ...browse, headers: bearer(token) });
    await world.ask(gateway, { method: 'GET', path: '/nothing' });
    const logged = world.eventsOf('service.logged').filter(({ service }) => service === 'gateway');
    expect(logged.map(({ data }) => data)).toEqual([
      {
        method: 'GET',
        path: '/products/games-01',
        status: 200,
        durationMs: expect.any(Number) as number,
        customer: 'cus_ada',
      },
      { method: 'GET', path: '/nothing', status: 404, durationMs: 0, customer: null },
    ]);
  });

  test('has health and one valid document of all that it lets through', async () => {
    const world = await gatewayOnly();
    const health = await world.ask(gateway, { method: 'GET', path: '/health', plane: 'control' });
    expect(health).toMatchObject({ status: 200, body: { status: 'up', service: 'gateway' } });
    const { body } = await world.ask(gateway, { method: 'GET', path: '/openapi.json', plane: 'control' });
    const { paths } = body as { paths: Record<string, object> };
    expect(Object.keys(paths)).toContain('/orders/{orderId}');
    expect(Object.keys(paths)).not.toContain('/reservations/{orderId}');
    await SwaggerParser.validate(body as Parameters<typeof SwaggerParser.validate>[0]);
  });
});
