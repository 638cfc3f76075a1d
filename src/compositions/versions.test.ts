import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { ATTEMPT_HEADER, DEPLOYABLE_SERVICES, type Json, type ServiceName } from '../kernel/index.ts';
import { type AnyOperation, operationName } from '../patterns/index.ts';
import { SKU, stockOf, wrongs } from '../services/order/testing/test-shop.ts';
import { loadPythonShipping } from '../services/shipping/python/index.ts';
import { initialsOf } from '../services/user/versions.ts';
import { VERSION_CATALOGUE, versionsOf } from '../setups/index.ts';
import { loadMicroservice, loadMonolith, loadVersioner } from './index.ts';
import { openMonolith } from './monolith/testing/test-monolith.ts';
import { contractOfVersion } from './service-versions.ts';
import { askForEverything, openVersionShop, type VersionShop } from './testing/version-shop.ts';

vi.setConfig({ testTimeout: 60_000 });

const everyVersion = DEPLOYABLE_SERVICES.flatMap((service) =>
  versionsOf(service).map(({ label, change }) => ({ service, label, change })),
);

type Responses = Record<string, { content?: Record<string, { schema: Json }> }>;
interface Document {
  readonly info: { readonly version: string };
  readonly paths: Record<string, Record<string, { responses: Responses }>>;
}

/** What of a service's successful answers is not what its own document says, field by field. */
async function undocumented(shop: VersionShop, service: ServiceName): Promise<string[]> {
  const document = (await shop.ask(service, 'GET', '/openapi.json')).body as unknown as Document;
  return shop.exchanges.flatMap((exchange) => {
    const { operation, response } = exchange;
    const [method = '', path = ''] = operation.split(' ');
    if (exchange.service !== service || response.status >= 300 || path === '/openapi.json') return [];
    const described = document.paths[path]?.[method.toLowerCase()]?.responses[response.status];
    if (described === undefined) return [`${operation} answered ${response.status}`];
    const schema = described.content?.['application/json']?.schema;
    if (schema === undefined || response.body === null) return [];
    const read = z.fromJSONSchema(schema as never).safeParse(JSON.parse(response.body));
    return read.success ? [] : [`${operation}: ${z.prettifyError(read.error)}`];
  });
}

const answersOf = (shop: VersionShop, service: ServiceName, operation: AnyOperation) =>
  shop.exchanges.filter(
    (each) =>
      each.service === service && each.operation === operationName(operation) && each.response.status < 300,
  );

describe('versions of the services', () => {
  it.each(everyVersion)(
    'VER-1: $service $label answers as its own document says',
    async ({ service, label }) => {
      const shop = await openVersionShop({ [service]: label });
      const document = (await shop.ask(service, 'GET', '/openapi.json')).body as unknown as Document;
      expect(document.info.version).toBe(`${label.slice(1)}.0.0`);
      expect(
        shop.world.eventsOf('instance.started').find((event) => event.service === service)?.version,
      ).toBe(label === 'v1' ? undefined : label);
      await askForEverything(shop);
      expect(await undocumented(shop, service)).toEqual([]);
      // Every operation was seen to answer, so that this says something of each.
      const inVain = Object.values(contractOfVersion(service, label).operations)
        .filter((operation) => answersOf(shop, service, operation).length === 0)
        .map(({ id }) => id);
      // There is no parked saga here, and no order that could not be reserved comes to its commit.
      const never = {
        order: ['retrySaga'],
        product: label === 'v3' ? ['commit'] : [],
        user: [],
        shipping: [],
      };
      expect(inVain).toEqual(never[service]);
    },
  );

  it('VER-2: a new field is all that a second version has more, and it says what is so', async () => {
    const shop = await openVersionShop({ user: 'v2', product: 'v2', order: 'v2', shipping: 'v2' });
    const me = (await shop.ask('user', 'GET', '/users/me', { as: 'ada' })).body as {
      readonly name: string;
      readonly initials: string;
    };
    expect(me.initials).toBe(initialsOf(me.name));
    expect(['Ada King Lovelace', ' Cher ', 'Émile  Zola'].map(initialsOf)).toEqual(['AL', 'C', 'ÉZ']);

    const stockOfOne = async (stock: number) => {
      await shop.ask('product', 'PUT', `/products/${SKU}/stock`, { as: 'admin', body: { stock } });
      return (await shop.ask('product', 'GET', `/products/${SKU}`)).body as Record<string, Json>;
    };
    expect((await stockOfOne(0))['availability']).toBe('sold-out');
    expect((await stockOfOne(10))['availability']).toBe('few-left');
    expect((await stockOfOne(11))['availability']).toBe('in-stock');
    await stockOfOne(100);

    const lines = [
      { sku: SKU, quantity: 2 },
      { sku: 'games-01', quantity: 3 },
    ];
    const orderId = await shop.place({ lines, country: 'US' });
    await shop.settle();
    const order = (await shop.ask('order', 'GET', `/orders/${orderId}`, { as: 'ada' })).body;
    expect(order).toMatchObject({ itemCount: 5, status: 'CONFIRMED' });
    const parcel = async () =>
      (await shop.ask('shipping', 'GET', `/shipments/${orderId}`, { as: 'ada' })).body as Record<
        string,
        Json
      >;
    expect(await parcel()).toMatchObject({ zone: 'world', estimatedDays: 12 });
    const seen = new Map<Json | undefined, Json | undefined>();
    for (let look = 0; look < 60; look += 1) {
      const { status, estimatedDays } = await parcel();
      seen.set(status, estimatedDays);
      await shop.world.runFor(500);
    }
    expect(seen.get('in-transit')).toBe(6);
    expect([seen.get('delivered'), seen.get('delivery-failed')]).toContainEqual(
      seen.has('delivered') ? 0 : null,
    );
  });

  it('VER-2: without their new fields, the second versions answer as the first ones do', async () => {
    const said = async (label: string) => {
      const shop = await openVersionShop({ user: label, product: label, order: label, shipping: label });
      await askForEverything(shop);
      return shop.exchanges
        .filter(({ operation }) => !operation.includes('openapi') && !operation.includes('sessions'))
        .map(({ operation, response }) => [
          operation,
          response.status,
          response.headers,
          JSON.stringify(JSON.parse(response.body ?? 'null'), (key, value: unknown) =>
            ['initials', 'availability', 'itemCount', 'estimatedDays'].includes(key) ? undefined : value,
          ),
        ]);
    };
    expect(await said('v2')).toEqual(await said('v1'));
  });

  it('VER-3: nobody has to know of a new field: with second versions everywhere orders go through', async () => {
    const shop = await openVersionShop({ user: 'v2', product: 'v2', order: 'v2', shipping: 'v2' });
    const before = stockOf(shop);
    await shop.place();
    await shop.place({ country: 'XX' });
    await shop.settle();
    const held = shop.exchanges.find(({ operation }) => operation === 'PUT /shipments/{orderId}');
    expect(JSON.parse(held?.response.body ?? '')).toHaveProperty('estimatedDays');
    expect(shop.world.eventsOf('response.unreadable')).toEqual([]);
    expect(shop.world.eventsOf('saga.completed')).toHaveLength(1);
    expect(wrongs(shop, before)).toEqual([]);
  });

  const worked = async (service: ServiceName, label: string, path: string) => {
    const shop = await openVersionShop({ [service]: label });
    await shop.ask(service, 'GET', path, { as: 'ada' }); // the keys are here
    const from = shop.world.nowUs;
    const answer = await shop.ask(service, 'GET', path, { as: 'ada' });
    expect(answer.status).toBe(200);
    return (shop.world.nowUs - from) / 1000;
  };

  it.each([
    { service: 'user', path: '/users/me', times: 20 },
    { service: 'shipping', path: '/shipping-quotes?country=DE&weightG=900', times: 15 },
  ] as const)('VER-4: $service v3 takes $times times the work', async ({ service, path, times }) => {
    const [first, second, third] = [
      await worked(service, 'v1', path),
      await worked(service, 'v2', path),
      await worked(service, 'v3', path),
    ];
    expect(second).toBe(first);
    const ownMs = (third - first) / (times - 1);
    const shop = await openVersionShop();
    const { serviceTimeMs, serviceTimeSpread } = shop.world.settings.services[service];
    expect(ownMs).toBeGreaterThanOrEqual(serviceTimeMs * (1 - serviceTimeSpread) - 0.01);
    expect(ownMs).toBeLessThanOrEqual(serviceTimeMs * (1 + serviceTimeSpread) + 0.01);
    expect(ownMs).toBeGreaterThan(0);
  });

  it('VER-4: the work of a slow version takes CPU slots, so that others wait for it', async () => {
    const slow = { user: { serviceTimeMs: 10, serviceTimeSpread: 0, cpuSlots: 1 } };
    const shop = await openVersionShop({ user: 'v3' }, { settings: { services: slow } });
    const token = await shop.token('ada');
    const from = shop.world.nowUs;
    const request = {
      method: 'GET',
      path: '/users/me',
      headers: { authorization: `Bearer ${token}` },
    } as const;
    const user = shop.world.eventsOf('instance.started').find((event) => event.service === 'user')?.instance;
    if (user === undefined) throw new Error('there is no User');
    const pending = [1, 2, 3].map(() => shop.world.send(user, request));
    await shop.world.runUntil(() => pending.every(({ outcome }) => outcome !== null));
    expect((shop.world.nowUs - from) / 1000).toBeGreaterThanOrEqual(600);
  });

  it('VER-5: Order v3 fails four of ten before anything is stored; asked again, an order has one effect', async () => {
    const shop = await openVersionShop({ order: 'v3' });
    const token = await shop.token('ada');
    const order = (key: string, attempt: number, trace: number) => ({
      method: 'POST' as const,
      path: '/orders',
      headers: {
        authorization: `Bearer ${token}`,
        'idempotency-key': key,
        [ATTEMPT_HEADER]: String(attempt),
        traceparent: `00-${String(trace).padStart(32, '0')}-${'1'.repeat(16)}-01`,
      },
      body: {
        lines: [{ sku: SKU, quantity: 1 }],
        address: { name: 'A', street: 'S', postcode: '1', city: 'C', country: 'DE' },
        cardToken: 'tok_ok',
      },
    });
    let [failed, stored] = [0, 0];
    for (let number = 1; number <= 100; number += 1) {
      const before = shop.world.tables('order')['orders']?.length ?? 0;
      const first = await shop.world.ask(shop.order, order(`k${number}`, 1, number));
      expect([202, 500]).toContain(first.status);
      stored += first.status === 202 ? 1 : 0;
      failed += first.status === 500 ? 1 : 0;
      expect(shop.world.tables('order')['orders']).toHaveLength(before + (first.status === 202 ? 1 : 0));
      if (first.status === 202) continue;
      // The draw is the request's own: the same attempt of the same request fails again, another may not.
      expect((await shop.world.ask(shop.order, order(`k${number}`, 1, number))).status).toBe(500);
      for (let attempt = 2; ; attempt += 1) {
        const again = await shop.world.ask(shop.order, order(`k${number}`, attempt, number));
        if (again.status === 202) break;
      }
      stored += 1;
    }
    expect(shop.world.tables('order')['orders']).toHaveLength(stored);
    expect(stored).toBe(100);
    expect(failed).toBeGreaterThan(25);
    expect(failed).toBeLessThan(55);
  });

  it('VER-6: Product v3 reserves, but Order cannot read it: the order is turned back, and nothing stays behind', async () => {
    const shop = await openVersionShop({ product: 'v3' });
    const before = stockOf(shop);
    const orderId = await shop.place();
    await shop.settle();
    const unreadable = shop.world.eventsOf('response.unreadable');
    expect(unreadable.length).toBeGreaterThan(0);
    expect(unreadable[0]).toMatchObject({ service: 'order', to: 'product', status: 200 });
    expect(unreadable[0]?.detail).toContain('totalMinor');
    expect(shop.row(orderId).status).toBe('REJECTED');
    expect(wrongs(shop, before)).toEqual([]);
  });

  it('VER-7: Shipping’s versions are those of either implementation', async () => {
    const python = await loadPythonShipping();
    const shop = await openVersionShop(
      { shipping: 'v2' },
      { make: (first) => (first.name === 'shipping' ? python : first) },
    );
    await askForEverything(shop);
    expect(await undocumented(shop, 'shipping')).toEqual([]);
    expect(
      shop.world.eventsOf('instance.started').find(({ service }) => service === 'shipping'),
    ).toMatchObject({
      implementation: 'python',
      version: 'v2',
    });
    const parcels = shop.exchanges.filter(({ operation }) => operation === 'GET /shipments/{orderId}');
    expect(JSON.parse(parcels[0]?.response.body ?? '')).toHaveProperty('estimatedDays');
  });
});

describe('versions of the monolith', () => {
  const openWith = async (label: string, settings = {}) => {
    const versioner = await loadVersioner();
    return await openMonolith({ settings, make: (first) => versioner(first, label) });
  };

  it('VER-8: its modules have the same versions; its document names them', async () => {
    const shop = await openWith('user v2 + product v2 + order v2 + shipping v2');
    const orderId = await shop.place({ lines: [{ sku: SKU, quantity: 3 }] });
    await shop.settle();
    expect(await shop.order(orderId)).toMatchObject({ itemCount: 3, status: 'CONFIRMED' });
    const ask = async (path: string) =>
      (
        await shop.world.ask(shop.world.eventsOf('instance.started')[1]?.instance as never, {
          method: 'GET',
          path,
          headers: await shop.headers('ada'),
        })
      ).body;
    expect(await ask('/users/me')).toHaveProperty('initials');
    expect(await ask(`/products/${SKU}`)).toHaveProperty('availability');
    expect(await ask(`/shipments/${orderId}`)).toHaveProperty('estimatedDays');
    expect(await ask('/openapi.json')).toMatchObject({
      info: { version: '1.0.0+user-2.0.0.product-2.0.0.order-2.0.0.shipping-2.0.0' },
    });
  });

  it('VER-8: slow Shipping makes its orders slow; failing Order fails them', async () => {
    const services = { shipping: { serviceTimeMs: 100, serviceTimeSpread: 0 } };
    const took = async (label: string) => {
      const shop = await openWith(label, { services });
      const from = shop.world.nowUs;
      await shop.place();
      await shop.settle();
      return (shop.world.nowUs - from) / 1000;
    };
    // Held and dispatched: twice its work.
    expect((await took('shipping v3')) - (await took('v1'))).toBeCloseTo(2 * 14 * 100, 0);

    const failing = await openWith('order v3');
    for (let number = 0; number < 12; number += 1) await failing.place();
    const answers = failing.world
      .eventsOf('response.sent')
      .filter(({ operation }) => operation === 'POST /orders')
      .map(({ status }) => status);
    expect(answers).toContain(500);
    expect(answers.filter((status) => status === 202)).toHaveLength(12);
  });

  it('VER-8: what one module says to another is no HTTP there: Product v3 changes nothing of it', async () => {
    const shop = await openWith('product v3');
    const orderId = await shop.place();
    await shop.settle();
    expect(shop.row(orderId)?.status).toBe('CONFIRMED');
  });
});

describe('making a version', () => {
  it('VER-9: the first is what there is; one that there is not is an error that names those there are', async () => {
    const versioner = await loadVersioner();
    const user = await loadMicroservice('user');
    const monolith = await loadMonolith('monolith');
    expect(versioner(user, 'v1')).toBe(user);
    expect(versioner(user, 'v2')).toMatchObject({ name: 'user', version: 'v2' });
    expect(() => versioner(user, 'v9')).toThrow("There is no version 'v9' of user, only v1, v2, v3.");
    expect(() => versioner(monolith, 'v2')).toThrow("'v2' is no version of the monolith");
    expect(() => versioner(monolith, 'order v7')).toThrow("There is no version 'v7' of order");
    expect(versioner(monolith, 'order v3').version).toBe('order v3');
    const gateway = await loadMicroservice('gateway');
    expect(() => versioner(gateway, 'v2')).toThrow('There is one version only of gateway');
  });

  it('VER-9: the catalogue has exactly the versions that there are', () => {
    for (const service of DEPLOYABLE_SERVICES) {
      const { versions } = VERSION_CATALOGUE[service];
      for (const { label } of versions) expect(contractOfVersion(service, label).service).toBe(service);
      const next = `v${versions.length + 1}`;
      expect(() => contractOfVersion(service, next)).toThrow(versions.map(({ label }) => label).join(', '));
    }
  });
});
