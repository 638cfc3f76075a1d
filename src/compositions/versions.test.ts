import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type DeployableService, instanceId, type ServiceDefinition } from '../kernel/index.ts';
import type { TestWorld } from '../kernel/testing/test-host.ts';
import { ADA, bearer, openShop, tokenFor } from '../services/testing/test-shop.ts';
import { VERSION_CATALOGUE, versionsOf } from '../setups/version-catalogue.ts';
import { loadMicroservice } from './load-microservice.ts';
import { loadMonolith } from './load-monolith.ts';
import { loadVersioner, loadVersions, type Versioner } from './load-version.ts';

// docs/semantics.md, VER-1 …: versions that really differ.

vi.setConfig({ testTimeout: 30_000 });

const ADDRESS = { name: 'A', street: 'S 1', postcode: '1', city: 'C', country: 'FR' };
const SERVICES = Object.keys(VERSION_CATALOGUE) as DeployableService[];
let versioner: Versioner;

beforeAll(async () => {
  versioner = await loadVersioner();
});

const made = async (service: DeployableService, label: string): Promise<ServiceDefinition> =>
  versioner(await loadMicroservice(service), label);

interface Schema {
  readonly type?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

type Document = {
  readonly info: { readonly version: string };
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, { content: { 'application/json': { schema: Schema } } }> }>
  >;
};

/** A shop with these services, and User as it was unless it is one of them. */
async function shopOf(...services: readonly ServiceDefinition[]): Promise<TestWorld> {
  return await openShop(services.filter(({ name }) => name !== 'user'));
}

const ask = async (
  world: TestWorld,
  service: DeployableService | 'monolith',
  path: string,
  more: object = {},
) => await world.ask(instanceId(service, 1), { method: 'GET', path, ...more });

const documentOf = async (world: TestWorld, service: DeployableService): Promise<Document> =>
  (await ask(world, service, '/openapi.json')).body as unknown as Document;

const order = (lines: readonly object[], key: string, token: string) => ({
  method: 'POST' as const,
  headers: { ...bearer(token), 'idempotency-key': key },
  body: { lines, address: ADDRESS, cardToken: 'tok_visa' },
});

describe('versions of the services', () => {
  it('VER-1 the catalogue names those that there is code for', async () => {
    const code = await loadVersions();
    for (const service of SERVICES)
      expect(versionsOf(service).map(({ label }) => label)).toEqual(['v1', ...Object.keys(code[service])]);
    await expect(made('user', 'v9')).rejects.toThrow('There is no version v9 of user.');
  });

  it('VER-1 the first version is the code itself; a later one says which it is, in its log and its document', async () => {
    const first = await loadMicroservice('product');
    expect(versioner(first, 'v1')).toBe(first);
    const world = await shopOf(versioner(first, 'v2'));
    expect((await documentOf(world, 'product')).info.version).toBe('2.0.0');
    const [started] = world.eventsOf('instance.started').filter(({ instance }) => instance === 'product-1');
    expect(started?.version).toBe('v2');
  });

  it('VER-2 new fields are made of what is known, and are in the document', async () => {
    const world = await shopOf(await made('product', 'v2'), await made('order', 'v2'));
    const { body } = await ask(world, 'product', '/products/kitchen-01');
    expect(body).toMatchObject({ sku: 'kitchen-01', availability: 'in-stock' });
    const { body: page } = await ask(world, 'product', '/products?limit=3');
    expect((page as { items: { availability: string }[] }).items.map((item) => item.availability)).toEqual([
      'in-stock',
      'in-stock',
      'in-stock',
    ]);
    const document = await documentOf(world, 'product');
    const one =
      document.paths['/products/{sku}']?.['get']?.responses['200']?.content['application/json'].schema;
    expect(Object.keys(one?.properties ?? {}).sort()).toEqual(Object.keys(body as object).sort());
    const many = document.paths['/products']?.['get']?.responses['200']?.content['application/json'].schema;
    expect(many?.properties?.['items']?.items?.required).toContain('availability');

    const token = await tokenFor(world, ADA);
    const lines = [
      { sku: 'kitchen-01', quantity: 2 },
      { sku: 'games-01', quantity: 3 },
    ];
    const placed = await ask(world, 'order', '/orders', order(lines, 'k1', token));
    expect(placed.body).toMatchObject({ itemCount: 5 });
  });

  it('VER-2 User’s initials and Shipping’s days', async () => {
    const catalogue = await loadVersions();
    const user = catalogue.user['v2']?.['GET /users/me']?.answer;
    expect(user?.({ name: 'Ada Lovelace' })).toEqual({ name: 'Ada Lovelace', initials: 'AL' });
    const shipment = catalogue.shipping['v2']?.['GET /shipments/{orderId}']?.answer;
    expect(shipment?.({ zone: 'europe' })).toEqual({ zone: 'europe', estimatedDays: 5 });
  });

  it('VER-3 a slow version takes its times more of work', async () => {
    const took = async (label: string) => {
      const world = await shopOf(await made('shipping', label));
      await ask(world, 'shipping', '/shipping-quotes?country=DE&weightG=1000');
      return world.eventsOf('response.sent').findLast(({ operation }) => operation === 'GET /shipping-quotes')
        ?.durationMs;
    };
    const [first, slow] = [await took('v1'), await took('v3')];
    expect((slow ?? 0) / (first ?? 1)).toBeGreaterThan(10);
  });

  it('VER-4 a failing version fails its share, before anything is stored, and not the same again', async () => {
    const world = await shopOf(await made('order', 'v3'));
    const token = await tokenFor(world, ADA);
    const statuses: number[] = [];
    for (let n = 0; n < 60; n += 1) {
      const { status } = await ask(
        world,
        'order',
        '/orders',
        order([{ sku: 'kitchen-01', quantity: 1 }], `k${n}`, token),
      );
      statuses.push(status);
    }
    const failed = statuses.filter((status) => status === 500).length;
    expect(failed).toBeGreaterThan(12);
    expect(failed).toBeLessThan(36);
    expect(statuses.filter((status) => status === 202)).toHaveLength(60 - failed);
    expect((world.tables('order')['orders'] ?? []).length).toBe(60 - failed);
  });

  it('VER-5 a version of the monolith has its modules’', async () => {
    const monolith = versioner(await loadMonolith('monolith'), 'product v2 + order v2');
    expect(monolith.version).toBe('product v2 + order v2');
    const world = await openShop([monolith]);
    expect((await ask(world, 'monolith', '/products/kitchen-01')).body).toMatchObject({
      availability: 'in-stock',
    });
    expect(() => versioner(monolith, 'v2')).toThrow('There is no version v2 of monolith.');
  });
});
