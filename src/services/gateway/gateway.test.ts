import SwaggerParser from '@apidevtools/swagger-parser';
import { beforeAll, describe, expect, test } from 'vitest';
import { type HttpMethod, instanceId } from '../../kernel/index.ts';
import { nobleCrypto } from '../../kernel/noble-crypto.ts';
import type { TestRequest, TestWorld } from '../../kernel/testing/test-host.ts';
import { base64url, RUN_EPOCH_S, signToken, type TokenClaims, utf8Bytes } from '../../patterns/index.ts';
import { brokerService } from '../broker/index.ts';
import { orderService } from '../order/index.ts';
import { paymentProviderService } from '../payment-provider/index.ts';
import { productService } from '../product/index.ts';
import { shippingService } from '../shipping/index.ts';
import { ADA, ADMIN, BEN, bearer, openShop, snapshot, tokenFor } from '../testing/test-shop.ts';
import { gatewayService } from './index.ts';

const gateway = instanceId('gateway', 1);
const databases = ['user', 'product', 'order', 'shipping', 'payment-provider'] as const;
const backends = [brokerService, productService, orderService, shippingService, paymentProviderService];
const unlimited = { rateLimit: { perSecond: 10_000, burst: 10_000 } };

const address = { name: 'Ada', street: '1 Station Road', postcode: '10115', city: 'Berlin', country: 'DE' };
const orderBody = { lines: [{ sku: 'games-01', quantity: 1 }], address, cardToken: 'tok_ok' };
const slug = (body: unknown) => (body as { type: string }).type.split('/').at(-1);

async function shop(settings = {}): Promise<TestWorld> {
  const world = await openShop([...backends, gatewayService], { settings: { ...unlimited, ...settings } });
  await world.runFor(1000);
  return world;
}

describe('30 kinds of wrong requests', () => {
  let world: TestWorld;
  let ada: string;
  let ben: string;
  let admin: string;
  let adaOrder: string;
  let now: TokenClaims;

  beforeAll(async () => {
    world = await shop();
    ada = await tokenFor(world, ADA);
    ben = await tokenFor(world, BEN);
    admin = await tokenFor(world, ADMIN);
    const placed = await world.ask(gateway, {
      method: 'POST',
      path: '/orders',
      headers: { ...bearer(ada), 'idempotency-key': 'first' },
      body: orderBody,
    });
    expect(placed.status).toBe(202);
    adaOrder = (placed.body as { orderId: string }).orderId;
    await world.runFor(120_000); // the order has ended and its parcel has arrived: nothing moves by itself any more
    now = {
      customerId: 'cus_ada',
      email: ADA,
      roles: ['admin'],
      issuer: 'bulkhead/user',
      audience: 'bulkhead/shop',
      issuedAtS: RUN_EPOCH_S,
      expiresAtS: RUN_EPOCH_S + 3600,
    };
  }, 60_000);

  const sign = (changed: Partial<TokenClaims>) =>
    signToken(
      { crypto: nobleCrypto },
      { ...now, ...changed },
      { kid: 'key-1', secretKey: new Uint8Array(32).fill(9) },
    );
  const part = (value: unknown) => base64url(utf8Bytes(JSON.stringify(value)));
  const order = (changed: object = {}, headers: object = {}): TestRequest => ({
    method: 'POST',
    path: '/orders',
    headers: { ...bearer(ada), 'idempotency-key': 'wrong', ...headers },
    body: { ...orderBody, ...changed },
  });
  const get = (path: string, token?: string): TestRequest => ({
    method: 'GET',
    path,
    ...(token === undefined ? {} : { headers: bearer(token) }),
  });
  const put = (path: string, body: unknown, token: string): TestRequest => ({
    method: 'PUT',
    path,
    body,
    headers: bearer(token),
  });

  const wrong: readonly (readonly [
    what: string,
    request: () => TestRequest,
    status: number,
    slug: string,
    field?: string,
  ])[] = [
    ['an unknown path', () => get('/nothing'), 404, 'no-such-path'],
    ['a path with a slash too many', () => get('/products/'), 404, 'no-such-path'],
    ['a path that climbs', () => get('/products/../users/me'), 404, 'no-such-path'],
    [
      'a method that the path does not take',
      () => ({ method: 'PATCH', path: '/products' }),
      405,
      'method-not-allowed',
    ],
    [
      'a reservation from outside',
      () => put('/reservations/o1', { lines: orderBody.lines }, ada),
      404,
      'no-such-path',
    ],
    ['a shipment from outside', () => put('/shipments/o1', {}, ada), 405, 'method-not-allowed'],
    ['an event from outside', () => ({ method: 'POST', path: '/events', body: {} }), 404, 'no-such-path'],
    ['an unknown good', () => get('/products/games-99'), 404, 'unknown-product'],
    ['a sku of the wrong form', () => get("/products/';drop"), 400, 'invalid-request', 'sku'],
    ['a limit that is no number', () => get('/products?limit=many'), 400, 'invalid-request', 'limit'],
    ['a limit that is too high', () => get('/products?limit=101'), 400, 'invalid-request', 'limit'],
    ['a negative offset', () => get('/products?offset=-1'), 400, 'invalid-request', 'offset'],
    ['an unknown category', () => get('/products?category=cars'), 400, 'invalid-request', 'category'],
    ['an unknown query parameter', () => get('/products?sort=price'), 400, 'invalid-request', 'sort'],
    [
      'a broken body',
      () => ({ method: 'POST', path: '/sessions', body: '{"email": "ada' }),
      400,
      'body-not-json',
    ],
    [
      'no body',
      () => ({ method: 'POST', path: '/users', headers: { 'content-type': 'application/json' } }),
      400,
      'body-not-json',
    ],
    [
      'a body that is a list',
      () => ({ method: 'POST', path: '/users', body: [] }),
      400,
      'invalid-request',
      '',
    ],
    [
      'a form instead of JSON',
      () => ({
        method: 'POST',
        path: '/sessions',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'email=ada',
      }),
      415,
      'unsupported-media-type',
    ],
    [
      'a body over 64 kB',
      () => ({
        method: 'POST',
        path: '/users',
        body: { email: ADA, name: 'x'.repeat(70_000), password: 'long enough 1' },
      }),
      413,
      'body-too-large',
    ],
    [
      'an e-mail that is none',
      () => ({
        method: 'POST',
        path: '/users',
        body: { email: 'ada', password: 'long enough 1', name: 'A' },
      }),
      400,
      'invalid-request',
      'email',
    ],
    [
      'a short password',
      () => ({
        method: 'POST',
        path: '/users',
        body: { email: 'x@example.com', password: 'short', name: 'A' },
      }),
      400,
      'invalid-request',
      'password',
    ],
    [
      'making oneself an administrator',
      () => ({
        method: 'POST',
        path: '/users',
        body: { email: 'x@example.com', password: 'long enough 1', name: 'A', roles: ['admin'] },
      }),
      400,
      'invalid-request',
      'roles',
    ],
    [
      'an e-mail that has an account',
      () => ({ method: 'POST', path: '/users', body: { email: ADA, password: 'long enough 1', name: 'A' } }),
      409,
      'email-taken',
    ],
    [
      'a wrong password',
      () => ({ method: 'POST', path: '/sessions', body: { email: ADA, password: 'wrong password' } }),
      401,
      'wrong-credentials',
    ],
    [
      'an unknown e-mail',
      () => ({
        method: 'POST',
        path: '/sessions',
        body: { email: 'x@example.com', password: 'wrong password' },
      }),
      401,
      'wrong-credentials',
    ],
    ['no token', () => get('/orders'), 401, 'sign-in-required'],
    [
      'another scheme',
      () => ({ ...get('/orders'), headers: { authorization: 'Basic YWRhOmFkYQ==' } }),
      401,
      'token-refused',
    ],
    ['a token that is garbage', () => get('/orders', 'garbage'), 401, 'token-refused'],
    [
      'a token with alg none',
      () => get('/orders', `${part({ alg: 'none', kid: 'key-1' })}.${part({ sub: 'cus_ada' })}.`),
      401,
      'token-refused',
    ],
    ['a token signed by somebody else', () => get('/orders', sign({})), 401, 'token-refused'],
    [
      'a token of an unknown key',
      () => get('/orders', ada.replace(/^[^.]*/, part({ alg: 'EdDSA', kid: 'key-7' }))),
      401,
      'token-refused',
    ],
    [
      'a token with another content',
      () => get('/orders', ada.replace(/\.[^.]*\./, `.${part({ ...now, sub: 'cus_ben' })}.`)),
      401,
      'token-refused',
    ],
    [
      "an administrator's work by a customer",
      () => put('/products/games-01/price', { priceMinor: 1, currency: 'EUR' }, ada),
      403,
      'admin-only',
    ],
    [
      'a key rotation by a customer',
      () => ({ method: 'POST', path: '/signing-keys', headers: bearer(ada) }),
      403,
      'admin-only',
    ],
    ["somebody's account by a customer", () => get('/users/cus_ben', ada), 403, 'admin-only'],
    ["another customer's order", () => get(`/orders/${adaOrder}`, ben), 404, 'no-such-order'],
    ["another customer's parcel", () => get(`/shipments/${adaOrder}`, ben), 404, 'no-such-shipment'],
    [
      "cancelling another customer's order",
      () => ({ method: 'POST', path: `/orders/${adaOrder}/cancellation`, headers: bearer(ben) }),
      404,
      'no-such-order',
    ],
    [
      'cancelling an order that has left',
      () => ({ method: 'POST', path: `/orders/${adaOrder}/cancellation`, headers: bearer(ada) }),
      409,
      'too-late-to-cancel',
    ],
    [
      'an order without Idempotency-Key',
      () => order({}, { 'idempotency-key': '' }),
      400,
      'idempotency-key-missing',
      'idempotency-key',
    ],
    [
      'the same key for another order',
      () => order({ cardToken: 'tok_else' }, { 'idempotency-key': 'first' }),
      422,
      'idempotency-key-reused',
    ],
    ['an order of nothing', () => order({ lines: [] }), 400, 'invalid-request', 'lines'],
    [
      'an order of none of a good',
      () => order({ lines: [{ sku: 'games-01', quantity: 0 }] }),
      400,
      'invalid-request',
      'lines.0.quantity',
    ],
    [
      'an order of minus one',
      () => order({ lines: [{ sku: 'games-01', quantity: -1 }] }),
      400,
      'invalid-request',
      'lines.0.quantity',
    ],
    [
      'an order of half a good',
      () => order({ lines: [{ sku: 'games-01', quantity: 0.5 }] }),
      400,
      'invalid-request',
      'lines.0.quantity',
    ],
    [
      'an order that names its own price',
      () => order({ lines: [{ sku: 'games-01', quantity: 1, unitPriceMinor: 1 }] }),
      400,
      'invalid-request',
      'lines.0.unitPriceMinor',
    ],
    ['an order without an address', () => order({ address: undefined }), 400, 'invalid-request', 'address'],
    [
      'an order with a card number instead of a token',
      () => order({ cardToken: '4111 1111 1111 1111' }),
      400,
      'invalid-request',
      'cardToken',
    ],
    [
      'an order to no country',
      () => order({ address: { ...address, country: 'Germany' } }),
      400,
      'invalid-request',
      'address.country',
    ],
    [
      'a hold of too much',
      () => ({
        method: 'POST',
        path: '/cart-holds',
        headers: bearer(ada),
        body: { lines: Array.from({ length: 20 }, () => ({ sku: 'outdoor-04', quantity: 100 })) },
      }),
      409,
      'out-of-stock',
    ],
    [
      'a price in another currency',
      () => put('/products/games-01/price', { priceMinor: 1, currency: 'USD' }, admin),
      400,
      'invalid-request',
      'currency',
    ],
  ];

  test('are more than thirty', () => expect(wrong.length).toBeGreaterThanOrEqual(30));

  test.each(
    wrong.map(([what, request, status, expected, field]) => ({ what, request, status, expected, field })),
  )('$what', async ({ request, status, expected, field }) => {
    const before = snapshot(world, databases);
    const asked = request();
    const answer = await world.ask(gateway, asked);
    expect([answer.status, slug(answer.body)]).toEqual([status, expected]);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    const { title, detail, instance, status: said, errors } = answer.body as Record<string, unknown>;
    expect(typeof title === 'string' && title.length > 3).toBe(true);
    expect(detail).toMatch(/^[A-Z"'].*[.…]$/s); // a sentence
    expect(said).toBe(status);
    expect(instance).toBe(asked.path);
    if (field !== undefined)
      expect((errors as { field: string }[]).map((error) => error.field)).toContain(field);
    if (status === 401) expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    if (status === 405) expect(answer.headers['allow']).toBeTruthy();
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
