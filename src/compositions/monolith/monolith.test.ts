import SwaggerParser from '@apidevtools/swagger-parser';
import { beforeAll, describe, expect, test } from 'vitest';
import { elapsedMs, type RunEvent, spreadAround } from '../../kernel/index.ts';
import { createTestWorld, type TestWorld } from '../../kernel/testing/test-host.ts';
import { operationName } from '../../patterns/index.ts';
import {
  FIRST_KEY,
  faultsOfAnswer,
  orderBody,
  type ShopToAsk,
  signingKeyOf,
  wrongRequests,
} from '../../services/gateway/testing/wrong-requests.ts';
import { orderContract } from '../../services/order/contract.ts';
import { openShop as openServices } from '../../services/order/testing/test-shop.ts';
import { productContract } from '../../services/product/contract.ts';
import { shippingContract } from '../../services/shipping/contract.ts';
import { bearer, snapshot } from '../../services/testing/test-shop.ts';
import { userContract } from '../../services/user/contract.ts';
import { classroomSettings } from '../../setups/index.ts';
import { monolithContract, monolithService } from './index.ts';
import { MONOLITH, openMonolith } from './testing/test-monolith.ts';

const unlimited = { rateLimit: { perSecond: 10_000, burst: 10_000 } };
const slug = (body: unknown) => (body as { type: string }).type.split('/').at(-1);
const tokenOf = (headers: Readonly<Record<string, string>>) => headers['authorization']?.slice(7) ?? '';

test('MONO-12: has all that the gateway lets through to the four services, but for the sagas', () => {
  const exposed = [userContract, productContract, orderContract, shippingContract]
    .flatMap((contract) => Object.values(contract.operations))
    .filter(({ access }) => access.kind !== 'services')
    .map(operationName)
    .filter((name) => !name.includes('/sagas'));
  const own = Object.values(monolithContract.operations).map(operationName);
  expect(own.sort()).toEqual(exposed.sort());
  expect(new Set(own).size).toBe(own.length);
});

test('no two of its tables have one name', () => {
  const names = monolithService.tables.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test('MONO-11: its request slots and CPU are the sum of those of the four services', () => {
  const { services } = classroomSettings();
  const four = [services.user, services.product, services.order, services.shipping];
  const sum = (of: (capacity: (typeof four)[number]) => number) =>
    four.reduce((all, one) => all + of(one), 0);
  expect(services.monolith.requestSlots).toBe(sum(({ requestSlots }) => requestSlots));
  expect(services.monolith.cpuSlots).toBe(sum(({ cpuSlots }) => cpuSlots));
});

describe('MONO-12: wrong requests, as at the gateway', () => {
  let world: TestWorld;
  let asks: ShopToAsk;

  beforeAll(async () => {
    const shop = await openMonolith({ settings: unlimited });
    world = shop.world;
    const [ada, ben, admin] = [
      await shop.headers('ada'),
      await shop.headers('ben'),
      await shop.headers('admin'),
    ];
    const placed = await world.ask(MONOLITH, {
      method: 'POST',
      path: '/orders',
      headers: { ...ada, 'idempotency-key': FIRST_KEY },
      body: orderBody,
    });
    expect(placed.status).toBe(202);
    const { orderId } = placed.body as { orderId: string };
    expect(placed.headers['location']).toBe(`/orders/${orderId}`);
    await world.runFor(120_000); // nothing moves by itself any more
    asks = {
      ada: tokenOf(ada),
      ben: tokenOf(ben),
      admin: tokenOf(admin),
      adaOrder: orderId,
      key: signingKeyOf(world.tables('monolith')['signing_keys']?.[0]),
    };
  }, 60_000);

  test.each(wrongRequests)('$what', async (wrong) => {
    const databases = ['monolith', 'payment-provider'];
    const before = snapshot(world, databases);
    const asked = wrong.request(asks);
    const answer = await world.ask(MONOLITH, asked);
    expect(faultsOfAnswer(wrong, asked.path, answer)).toEqual([]);
    await world.runFor(300);
    expect(snapshot(world, databases)).toBe(before);
  });
});

describe('MONO-12: its door', () => {
  test('RL-1 limits each customer alone, and says so on every answer, also a refused one', async () => {
    const { world, headers } = await openMonolith({ settings: { rateLimit: { perSecond: 1, burst: 3 } } });
    const [ada, ben] = [await headers('ada'), await headers('ben')];
    await world.runFor(10_000);
    const ask = async (who: Record<string, string>, path = '/products/games-01') =>
      await world.ask(MONOLITH, { method: 'GET', path, headers: who });
    const statuses = [];
    for (const path of [
      '/products/games-01',
      '/products/games-99',
      '/products?limit=x',
      '/products/games-01',
    ])
      statuses.push((await ask(ada, path)).status);
    expect(statuses).toEqual([200, 404, 400, 429]);
    const limited = await ask(ada);
    expect(slug(limited.body)).toBe('too-many-requests');
    expect(limited.headers).toMatchObject({
      'retry-after': '1',
      ratelimit: '"customer";r=0;t=3',
      'ratelimit-policy': '"customer";q=3;w=3',
    });
    expect((await ask(ben, '/orders/ord-1')).headers['ratelimit']).toBe('"customer";r=2;t=1');
    const wrong = await ask(bearer('forged'), '/users/me');
    expect([wrong.status, wrong.headers['ratelimit']]).toEqual([401, '"anonymous";r=2;t=1']);
  });

  test('a stale token does no harm on a public operation, and who may not is told before what is wrong', async () => {
    const { world, headers } = await openMonolith();
    const browse = { method: 'GET', path: '/products/games-01' } as const;
    expect((await world.ask(MONOLITH, { ...browse, headers: bearer('garbage') })).status).toBe(200);
    const body = { nonsense: true };
    const anonymous = await world.ask(MONOLITH, { method: 'PUT', path: '/cart', body });
    expect(slug(anonymous.body)).toBe('sign-in-required');
    const customer = await headers('ada');
    const path = '/products/games-01/stock';
    const forbidden = await world.ask(MONOLITH, { method: 'PUT', path, headers: customer, body });
    expect(slug(forbidden.body)).toBe('admin-only');
  });

  test('logs who, what, how and how long', async () => {
    const { world, headers } = await openMonolith();
    const ada = await headers('ada');
    const from = world.events.length;
    await world.ask(MONOLITH, { method: 'GET', path: '/products/games-01', headers: ada });
    await world.ask(MONOLITH, { method: 'GET', path: '/nothing' });
    const logged = world.events
      .slice(from)
      .flatMap((event) => (event.type === 'service.logged' ? [event.data] : []));
    expect(logged).toEqual([
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
    const { world } = await openMonolith({ settings: { rateLimit: { perSecond: 1, burst: 1 } } });
    for (let time = 0; time < 3; time += 1) {
      const health = await world.ask(MONOLITH, { method: 'GET', path: '/health', plane: 'control' });
      expect(health).toMatchObject({ status: 200, body: { status: 'up', service: 'monolith' } });
    }
    const { body } = await world.ask(MONOLITH, { method: 'GET', path: '/openapi.json', plane: 'control' });
    expect(Object.keys((body as { paths: object }).paths)).toContain('/orders/{orderId}');
    await SwaggerParser.validate(body as Parameters<typeof SwaggerParser.validate>[0]);
  });
});

describe('MONO-11: work', () => {
  const spread = 0.3;
  const times = {
    user: 30,
    product: 100,
    order: 50,
    shipping: 150,
    gateway: 10,
    monolith: 9999,
    'payment-provider': 150,
  };
  const services = Object.fromEntries(
    Object.entries(times).map(([name, serviceTimeMs]) => [
      name,
      { serviceTimeMs, serviceTimeSpread: spread },
    ]),
  );
  const settings = { hop: { meanMs: 0 }, services };
  const headers = {
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'idempotency-key': 'k',
  };
  const ended = (events: readonly RunEvent[], operation: string) =>
    events.find((event) => event.type === 'response.sent' && event.operation === operation);

  test('a request costs what its service would need for it', async () => {
    const world = createTestWorld({
      settings: {
        ...settings,
        services: { ...services, shipping: { serviceTimeMs: 150, serviceTimeSpread: 0 } },
      },
    });
    world.add(monolithService);
    await world.runFor(100);
    const before = world.nowMs;
    await world.ask(MONOLITH, { method: 'GET', path: '/shipping-quotes?country=DE&weightG=1' });
    expect(world.nowMs - before).toBe(150);
  });

  test('an order costs the same as between services, draw by draw: only the hops are saved', async () => {
    const services4 = await openServices({ settings });
    const order = { method: 'POST', path: '/orders', body: { ...orderBody, cardToken: 'tok_ok' } } as const;
    const adaThere = { ...headers, authorization: `Bearer ${await services4.token('ada')}` };
    await services4.world.ask(services4.order, { ...order, headers: adaThere });
    await services4.settle();
    const there = (operation: string) => {
      const event = ended(services4.world.events, operation);
      return event?.type === 'response.sent' ? event.durationMs : 0;
    };
    const shop = await openMonolith({ settings });
    const adaHere = { ...headers, ...(await shop.headers('ada')) };
    await shop.world.ask(MONOLITH, { ...order, headers: adaHere });
    await shop.settle();
    const at = (find: (event: RunEvent) => boolean) =>
      shop.world.events.find(find)?.timeUs ?? shop.world.nowUs;
    const committed = (operation: string) =>
      at((event) => event.type === 'store.committed' && event.operation === operation);
    const answered = (operation: string) =>
      at((event) => event.type === 'response.sent' && event.operation === operation);
    expect(elapsedMs(answered('PUT /authorisations/{paymentId}'), committed('store order'))).toBeCloseTo(
      there('PUT /reservations/{orderId}') + there('PUT /shipments/{orderId}'),
      2,
    );
    expect(
      elapsedMs(answered('POST /authorisations/{paymentId}/capture'), committed('confirm order')),
    ).toBeCloseTo(
      there('POST /reservations/{orderId}/commit') + there('POST /shipments/{orderId}/dispatch'),
      2,
    );
    const placed = ended(shop.world.events, 'POST /orders');
    expect(placed?.type === 'response.sent' && placed.durationMs).toBeCloseTo(there('POST /orders'), 2);
    expect(there('PUT /reservations/{orderId}')).not.toBe(spreadAround(100, spread, 0.5));
  });
});
