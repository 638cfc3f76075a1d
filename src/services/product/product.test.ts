import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instanceId } from '../../kernel/index.ts';
import { createTestWorld, type TestRequest, type TestWorld } from '../../kernel/testing/test-host.ts';
import { ADA, ADMIN, BEN, bearer, openShop, tokenFor } from '../testing/test-shop.ts';
import { CATALOGUE } from './catalogue.ts';
import { CATALOGUE_SKUS, CATEGORIES } from './contract.ts';
import { productService } from './index.ts';
import { cartHoldsTable, productsTable, reservationsTable } from './tables.ts';

const product = instanceId('product', 1);
const order = instanceId('order', 1);

async function alone(): Promise<TestWorld> {
  const world = createTestWorld();
  world.add(productService);
  await world.runFor(20);
  return world;
}

const get = (path: string): TestRequest => ({ method: 'GET', path });
const reserve = (orderId: string, lines: unknown, customerId?: string): TestRequest => ({
  method: 'PUT',
  path: `/reservations/${orderId}`,
  body: customerId === undefined ? { lines } : { lines, customerId },
  from: order,
});
const release = (orderId: string): TestRequest => ({
  method: 'DELETE',
  path: `/reservations/${orderId}`,
  from: order,
});
const commit = (orderId: string): TestRequest => ({
  method: 'POST',
  path: `/reservations/${orderId}/commit`,
  from: order,
});
const slug = (body: unknown) => (body as { type: string }).type.split('/').at(-1);
const row = (world: TestWorld, sku: string) =>
  world.rows('product', productsTable).find((each) => each.sku === sku);

describe('catalogue', () => {
  test('opens with 24 goods in 4 categories', () => {
    expect(CATALOGUE.map(({ sku }) => sku)).toEqual(CATALOGUE_SKUS);
    expect(new Set(CATALOGUE.map(({ name }) => name)).size).toBe(24);
    for (const category of CATEGORIES)
      expect(CATALOGUE.filter((each) => each.category === category)).toHaveLength(6);
    for (const good of CATALOGUE) {
      expect(
        Number.isInteger(good.priceMinor) && good.priceMinor > 0 && good.weightG > 0 && good.stock > 0,
      ).toBe(true);
    }
  });

  test('lists by page, category and words', async () => {
    const world = await alone();
    const list = async (query: string) => {
      const { body } = await world.ask(product, get(`/products${query}`));
      return body as { items: { sku: string }[]; total: number; limit: number; offset: number };
    };
    expect(await list('')).toMatchObject({ total: 24, limit: 20, offset: 0 });
    expect((await list('?limit=5&offset=22')).items.map(({ sku }) => sku)).toEqual([
      'outdoor-05',
      'outdoor-06',
    ]);
    const games = await list('?category=games');
    expect(games.total).toBe(6);
    expect(games.items.every(({ sku }) => sku.startsWith('games'))).toBe(true);
    expect((await list('?q=TEA%20hot')).items.map(({ sku }) => sku)).toEqual(['outdoor-02']);
    expect((await list('?q=nothing+like+it')).total).toBe(0);
  });

  test('shows one good and what it has cost; knows what it does not have', async () => {
    const world = await alone();
    const { body } = await world.ask(product, get('/products/games-01'));
    expect(body).toEqual({
      sku: 'games-01',
      category: 'games',
      name: 'Chess set',
      description: expect.any(String) as string,
      priceMinor: 3990,
      currency: 'EUR',
      weightG: 1200,
      stock: 2800,
      available: 2800,
    });
    expect(await world.ask(product, get('/products/games-01/prices'))).toMatchObject({
      body: {
        sku: 'games-01',
        prices: [{ priceMinor: 3990, currency: 'EUR', since: '2026-01-01T00:00:00.000Z' }],
      },
    });
    const unknown = await world.ask(product, get('/products/games-99'));
    expect([unknown.status, slug(unknown.body)]).toEqual([404, 'unknown-product']);
  });

  test('seeds once, however many instances and restarts', async () => {
    const world = await alone();
    world.add(productService, 2);
    await world.ask(product, reserve('o1', [{ sku: 'games-01', quantity: 1 }]));
    world.crash(product);
    world.restart(product);
    await world.runFor(50);
    expect(row(world, 'games-01')).toMatchObject({ stock: 2800, reserved: 1 });
  });

  test('prices and stock are changed by administrators only', async () => {
    const world = await openShop([productService]);
    const admin = bearer(await tokenFor(world, ADMIN));
    const ada = bearer(await tokenFor(world, ADA));
    const price = (headers: Record<string, string>) =>
      world.ask(product, {
        method: 'PUT',
        path: '/products/games-01/price',
        headers,
        body: { priceMinor: 4490, currency: 'EUR' },
      });
    expect((await price({})).status).toBe(401);
    expect((await price(ada)).status).toBe(403);
    expect(row(world, 'games-01')?.priceMinor).toBe(3990);
    expect(await price(admin)).toMatchObject({ status: 200, body: { priceMinor: 4490 } });
    expect((await price(admin)).status).toBe(200);
    const { body } = await world.ask(product, get('/products/games-01/prices'));
    expect((body as { prices: { priceMinor: number }[] }).prices.map(({ priceMinor }) => priceMinor)).toEqual(
      [3990, 4490],
    );

    const stock = (amount: number) =>
      world.ask(product, {
        method: 'PUT',
        path: '/products/games-01/stock',
        headers: admin,
        body: { stock: amount },
      });
    await world.ask(product, reserve('o1', [{ sku: 'games-01', quantity: 3 }]));
    expect(await stock(3)).toMatchObject({ status: 200, body: { stock: 3, available: 0 } });
    const tooLow = await stock(2);
    expect([tooLow.status, slug(tooLow.body)]).toEqual([409, 'stock-below-reserved']);
  });
});

describe('reservations', () => {
  const lines = [
    { sku: 'games-01', quantity: 2 },
    { sku: 'office-03', quantity: 1 },
  ];

  test('STOCK-6 reserve, then commit: the goods leave once', async () => {
    const world = await alone();
    const reserved = await world.ask(product, reserve('o1', lines));
    expect(reserved).toMatchObject({
      status: 200,
      body: {
        orderId: 'o1',
        state: 'reserved',
        totalMinor: 2 * 3990 + 1490,
        currency: 'EUR',
        weightG: 2 * 1200 + 350,
      },
    });
    expect(row(world, 'games-01')).toMatchObject({ stock: 2800, reserved: 2 });
    for (let time = 0; time < 2; time += 1) {
      expect(await world.ask(product, commit('o1'))).toMatchObject({
        status: 200,
        body: { state: 'committed' },
      });
      expect(row(world, 'games-01')).toMatchObject({ stock: 2798, reserved: 0 });
    }
    const late = await world.ask(product, release('o1'));
    expect([late.status, slug(late.body)]).toEqual([409, 'reservation-committed']);
    expect((await world.ask(product, reserve('o1', lines))).body).toMatchObject({ state: 'committed' });
  });

  test('STOCK-4 STOCK-5 release leaves a tombstone, also where nothing was', async () => {
    const world = await alone();
    await world.ask(product, reserve('o1', lines));
    for (const orderId of ['o1', 'o2']) {
      for (let time = 0; time < 2; time += 1) {
        expect(await world.ask(product, release(orderId))).toMatchObject({
          status: 200,
          body: { state: 'released' },
        });
      }
      for (const late of [reserve(orderId, lines), commit(orderId)]) {
        const { status, body } = await world.ask(product, late);
        expect([status, slug(body)]).toEqual([409, 'reservation-released']);
      }
    }
    expect(row(world, 'games-01')).toMatchObject({ stock: 2800, reserved: 0 });
  });

  test('STOCK-3 all lines or none; the refusal names the good', async () => {
    const world = await alone();
    const before = world.rows('product', productsTable);
    const many = [
      { sku: 'games-04', quantity: 5 },
      ...Array.from({ length: 10 }, () => ({ sku: 'outdoor-04', quantity: 100 })),
    ];
    const { status, body } = await world.ask(product, reserve('o1', many));
    expect([status, slug(body)]).toEqual([409, 'out-of-stock']);
    expect(body).toMatchObject({
      sku: 'outdoor-04',
      requested: 1000,
      available: 900,
      detail: "Only 900 of 'Two-person tent' (outdoor-04) are left; 1000 were asked for.",
    });
    expect(world.rows('product', productsTable)).toEqual(before);
    expect(world.rows('product', reservationsTable)).toMatchObject([{ state: 'released', lines: [] }]);
  });

  test('STOCK-7 what was out of stock for an order stays so: a copy of its request reserves nothing', async () => {
    const world = await openShop([productService]);
    const setStock = async (stock: number) =>
      await world.ask(product, {
        method: 'PUT',
        path: '/products/games-01/stock',
        headers: bearer(await tokenFor(world, ADMIN)),
        body: { stock },
      });
    await setStock(1);
    const first = await world.ask(product, reserve('o1', lines));
    expect([first.status, slug(first.body)]).toEqual([409, 'out-of-stock']);
    await setStock(50);
    const copy = await world.ask(product, reserve('o1', lines));
    expect([copy.status, copy.body]).toEqual([first.status, first.body]);
    expect(row(world, 'games-01')).toMatchObject({ reserved: 0 });
    expect((await world.ask(product, release('o1'))).status).toBe(200);
    expect((await world.ask(product, commit('o1'))).status).toBe(409);
    expect((await world.ask(product, reserve('o2', lines))).status).toBe(200);
  });

  test('refuses other lines under the same order, unknown goods, unknown reservations, other callers', async () => {
    const world = await alone();
    await world.ask(product, reserve('o1', lines));
    const refused = async (request: TestRequest) => {
      const { status, body } = await world.ask(product, request);
      return [status, slug(body)];
    };
    expect(await refused(reserve('o1', [{ sku: 'games-01', quantity: 3 }]))).toEqual([
      422,
      'reservation-differs',
    ]);
    expect((await world.ask(product, reserve('o1', [...lines].reverse()))).status).toBe(200);
    expect(await refused(reserve('o2', [{ sku: 'games-77', quantity: 1 }]))).toEqual([
      422,
      'unknown-product',
    ]);
    expect(await refused(commit('o3'))).toEqual([404, 'unknown-reservation']);
    expect(await refused({ ...reserve('o2', lines), from: instanceId('shipping', 1) })).toEqual([
      403,
      'not-a-peer',
    ]);
  });
});

describe('cart holds', () => {
  test('reduce what others can have, expire, and become part of the order of their customer', async () => {
    const world = await openShop([productService], { settings: { cartHoldMs: 5000 } });
    const ada = bearer(await tokenFor(world, ADA));
    const ben = bearer(await tokenFor(world, BEN));
    const hold = (headers: Record<string, string>, quantity: number) =>
      world.ask(product, {
        method: 'POST',
        path: '/cart-holds',
        headers,
        body: { lines: [{ sku: 'outdoor-04', quantity }] },
      });
    const left = async () =>
      ((await world.ask(product, get('/products/outdoor-04'))).body as { available: number }).available;
    const stockIs = (row(world, 'outdoor-04')?.stock ?? 0) - 100;
    await world.ask(product, {
      method: 'PUT',
      path: '/products/outdoor-04/stock',
      headers: bearer(await tokenFor(world, ADMIN)),
      body: { stock: 100 },
    });
    expect(stockIs).toBeGreaterThan(0);

    const held = await hold(ada, 60);
    expect(held).toMatchObject({
      status: 201,
      body: { holdId: 'hold-cus_ada', lines: [{ sku: 'outdoor-04', quantity: 60 }] },
    });
    expect(await left()).toBe(40);
    expect((await hold(ben, 60)).status).toBe(409);
    expect((await hold(ada, 70)).status).toBe(201); // in place of the 60
    const below = await world.ask(product, {
      method: 'PUT',
      path: '/products/outdoor-04/stock',
      headers: bearer(await tokenFor(world, ADMIN)),
      body: { stock: 69 },
    });
    expect([below.status, slug(below.body)]).toEqual([409, 'stock-below-reserved']);
    expect(await left()).toBe(30);
    expect(
      (await world.ask(product, reserve('o-ben', [{ sku: 'outdoor-04', quantity: 31 }], 'cus_ben'))).status,
    ).toBe(409);
    expect(
      (await world.ask(product, reserve('o-ada', [{ sku: 'outdoor-04', quantity: 80 }], 'cus_ada'))).status,
    ).toBe(200);
    expect(await left()).toBe(20);
    expect(world.rows('product', cartHoldsTable)).toEqual([]);

    expect((await hold(ben, 20)).status).toBe(201);
    expect(await left()).toBe(0);
    await world.runFor(4000);
    expect(await left()).toBe(0);
    await world.runFor(1600); // 5 s are over, and the next look at expired holds
    expect(await left()).toBe(20);
    expect(world.rows('product', cartHoldsTable)).toEqual([]);
  });
});

// A model of the stock in the simplest words, against which random commands are checked.
type Command =
  | {
      readonly kind: 'reserve';
      readonly order: number;
      readonly lines: readonly { sku: string; quantity: number }[];
      readonly customer: number | null;
    }
  | { readonly kind: 'release' | 'commit'; readonly order: number }
  | {
      readonly kind: 'hold';
      readonly customer: number;
      readonly lines: readonly { sku: string; quantity: number }[];
    }
  | { readonly kind: 'stock'; readonly sku: string; readonly stock: number }
  | { readonly kind: 'wait'; readonly ms: number };

const skus = ['games-01', 'games-02', 'office-01'] as const;
const someLines = fc.array(
  fc.record({ sku: fc.constantFrom(...skus), quantity: fc.integer({ min: 1, max: 5 }) }),
  {
    minLength: 1,
    maxLength: 4,
  },
);
const orderNumber = fc.integer({ min: 1, max: 4 });
const customer = fc.integer({ min: 0, max: 1 });
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant('reserve' as const),
    order: orderNumber,
    lines: someLines,
    customer: fc.option(customer),
  }),
  fc.record({ kind: fc.constantFrom('release' as const, 'commit' as const), order: orderNumber }),
  fc.record({ kind: fc.constant('hold' as const), customer, lines: someLines }),
  fc.record({
    kind: fc.constant('stock' as const),
    sku: fc.constantFrom(...skus),
    stock: fc.integer({ min: 0, max: 12 }),
  }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3000 }) }),
);

describe('stock, over random commands', () => {
  test('STOCK-1 to STOCK-7 hold after each, and each may be repeated without effect', {
    timeout: 60_000,
  }, async () => {
    const customers = ['cus_ada', 'cus_ben'] as const;
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 25 }), async (commands) => {
        const world = await openShop([productService], { settings: { cartHoldMs: 2000 } });
        const tokens = [await tokenFor(world, ADA), await tokenFor(world, BEN)] as const;
        const admin = bearer(await tokenFor(world, ADMIN));
        const send = async (request: TestRequest) => await world.ask(product, request);
        for (const sku of skus) {
          await send({ method: 'PUT', path: `/products/${sku}/stock`, headers: admin, body: { stock: 8 } });
        }
        const put = new Map<string, number>(skus.map((sku) => [sku, 8]));
        const gone = new Map<string, number>();
        const states = new Map<string, string>();
        for (const each of commands) {
          const repeat = async (request: TestRequest) => {
            const first = await send(request);
            const after = world.tables('product');
            const second = await send(request);
            // A cart hold's end moves when it is renewed; all else stays.
            if (each.kind !== 'hold') {
              expect([second.status, second.body]).toEqual([first.status, first.body]);
              expect(world.tables('product')).toEqual(after);
            }
            return first;
          };
          switch (each.kind) {
            case 'reserve': {
              const id = `o${each.order}`;
              const { status } = await repeat(
                reserve(id, each.lines, each.customer === null ? undefined : customers[each.customer]),
              );
              if (states.get(id) === 'released') expect(status).toBe(409);
              if (!states.has(id)) states.set(id, status === 200 ? 'reserved' : 'released');
              break;
            }
            case 'release': {
              const id = `o${each.order}`;
              const { status } = await repeat(release(id));
              expect(status).toBe(states.get(id) === 'committed' ? 409 : 200);
              if (status === 200) states.set(id, 'released');
              break;
            }
            case 'commit': {
              const id = `o${each.order}`;
              const first = states.get(id) === 'reserved';
              const { status } = await repeat(commit(id));
              expect(status).toBe(first || states.get(id) === 'committed' ? 200 : states.has(id) ? 409 : 404);
              if (first) {
                states.set(id, 'committed');
                const { lines } = world
                  .rows('product', reservationsTable)
                  .find(({ orderId }) => orderId === id) ?? { lines: [] };
                for (const { sku, quantity } of lines) gone.set(sku, (gone.get(sku) ?? 0) + quantity);
              }
              break;
            }
            case 'hold':
              await repeat({
                method: 'POST',
                path: '/cart-holds',
                headers: bearer(tokens[each.customer] ?? ''),
                body: { lines: each.lines },
              });
              break;
            case 'stock': {
              const { status } = await repeat({
                method: 'PUT',
                path: `/products/${each.sku}/stock`,
                headers: admin,
                body: { stock: each.stock },
              });
              if (status === 200) {
                put.set(each.sku, each.stock);
                gone.set(each.sku, 0);
              }
              break;
            }
            case 'wait':
              await world.runFor(each.ms);
          }
          const reservations = world
            .rows('product', reservationsTable)
            .filter(({ state }) => state === 'reserved');
          const holds = world.rows('product', cartHoldsTable);
          const sum = (
            rows: readonly { readonly lines: readonly { sku: string; quantity: number }[] }[],
            sku: string,
          ) =>
            rows
              .flatMap(({ lines }) => lines)
              .reduce((total, line) => total + (line.sku === sku ? line.quantity : 0), 0);
          for (const sku of skus) {
            const { stock, reserved, held } = row(world, sku) ?? { stock: -1, reserved: -1, held: -1 };
            expect(Math.min(stock, reserved, held, stock - reserved - held)).toBeGreaterThanOrEqual(0);
            expect(reserved).toBe(sum(reservations, sku));
            expect(held).toBe(sum(holds, sku));
            expect(stock).toBe((put.get(sku) ?? 0) - (gone.get(sku) ?? 0));
          }
          for (const { orderId, state } of world.rows('product', reservationsTable))
            expect(state).toBe(states.get(orderId));
        }
      }),
      { numRuns: 25 },
    );
  });
});
