import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../kernel/index.ts';
import { found, LogBuilder } from './testing/log-builder.ts';
import { reservation, tea } from './testing/shop-rows.ts';

const stocked = () =>
  new LogBuilder()
    .commit('product', { 'products/TEA': tea(10, 0) })
    .commit('product', { 'products/TEA': tea(10, 2), 'reservations/o1': reservation('reserved') });

describe('INV-2 stock', () => {
  it('holds for reserve, release, commit, holds and the administrator', () => {
    const released = { 'products/TEA': tea(10, 0), 'reservations/o1': reservation('released') };
    expect(found('INV-2', stocked().commit('product', released))).toEqual([]);
    const log = stocked()
      .commit('product', {
        'products/TEA': tea(10, 2, 1),
        'cart_holds/h1': { lines: [{ sku: 'TEA', quantity: 1 }] },
      })
      .commit('product', { 'products/TEA': tea(8, 0, 1), 'reservations/o1': reservation('committed') })
      .commit('product', { 'products/TEA': tea(8, 0, 0), 'cart_holds/h1': null })
      .commit('product', { 'products/TEA': tea(50, 0) });
    expect(found('INV-2', log)).toEqual([]);
  });

  it('holds for the administrator right after a tombstone, whose transaction writes no goods', () => {
    const tombstone: Json = { orderId: 'o2', state: 'released', lines: [] };
    const log = stocked()
      .commit('product', { 'reservations/o2': tombstone })
      .commit('product', { 'products/TEA': tea(50, 2) });
    expect(found('INV-2', log)).toEqual([]);
  });

  it('counts a row that is written twice in a transaction as it ends', () => {
    const log = new LogBuilder().commit('product', { 'products/TEA': tea(10, 0) });
    log.add('product', {
      type: 'store.committed',
      database: 'product',
      operation: 'reserve',
      rows: [
        { table: 'products', key: 'TEA', after: tea(10, 7) },
        { table: 'products', key: 'TEA', after: tea(10, 2) },
        { table: 'reservations', key: 'o1', after: reservation('reserved') },
      ],
    });
    expect(found('INV-2', log)).toEqual([]);
  });

  it.each([
    [
      'stock that left twice',
      tea(6, 0),
      'committed',
      'TEA: stock went from 10 to 6, but 2 left the warehouse',
    ],
    ['stock that stayed', tea(10, 0), 'committed', 'TEA: stock went from 10 to 10, but 2 left the warehouse'],
    [
      'a reservation that is not given back',
      tea(10, 2),
      'released',
      'TEA: 2 reserved, but its reservations sum up to 0',
    ],
    [
      'stock that left with a release',
      tea(8, 0),
      'released',
      'TEA: stock went from 10 to 8, but 0 left the warehouse',
    ],
    ['numbers below 0', tea(-1, 2), 'reserved', 'TEA: a number is below 0'],
  ])('finds %s', (_, row, state, message) => {
    const log = stocked().commit('product', { 'products/TEA': row, 'reservations/o1': reservation(state) });
    expect(found('INV-2', log)).toContain(message);
  });

  it('finds goods whose row was not written with their reservation', () => {
    const log = stocked().commit('product', { 'reservations/o1': reservation('committed') });
    expect(found('INV-2', log)).toEqual([
      'TEA: 2 reserved, but its reservations sum up to 0',
      'TEA: stock went from 10 to 10, but 2 left the warehouse',
    ]);
  });

  it('finds a reservation that comes alive after its end, one that is gone, and overselling', () => {
    const log = stocked()
      .commit('product', { 'products/TEA': tea(8, 0), 'reservations/o1': reservation('committed') })
      .commit('product', { 'products/TEA': tea(8, 9), 'reservations/o1': reservation('reserved', 9) });
    expect(found('INV-2', log)).toEqual([
      'the reservation of order o1 was committed, then reserved',
      'TEA: more is promised than the 8 in stock',
    ]);
    const gone = stocked().commit('product', { 'products/TEA': tea(10, 0), 'reservations/o1': null });
    expect(found('INV-2', gone)).toEqual(['the reservation of order o1 was deleted']);
  });

  const orders = fc.array(
    fc.record({
      quantity: fc.integer({ min: 1, max: 3 }),
      end: fc.constantFrom('open', 'released', 'committed'),
    }),
    { minLength: 1, maxLength: 12 },
  );

  /** Orders of tea, reserved one after the other and then ended, as a warehouse without bugs would. */
  function warehouse(all: readonly { readonly quantity: number; readonly end: string }[]) {
    const commits: Record<string, Json>[] = [{ 'products/TEA': tea(100, 0) }];
    let [stock, reserved] = [100, 0];
    for (const [index, { quantity }] of all.entries()) {
      reserved += quantity;
      commits.push({
        'products/TEA': tea(stock, reserved),
        [`reservations/o${index}`]: reservation('reserved', quantity),
      });
    }
    for (const [index, { quantity, end }] of all.entries()) {
      if (end === 'open') continue;
      reserved -= quantity;
      if (end === 'committed') stock -= quantity;
      commits.push({
        'products/TEA': tea(stock, reserved),
        [`reservations/o${index}`]: reservation(end, quantity),
      });
    }
    return commits;
  }
  const logOf = (commits: readonly Record<string, Json>[]) =>
    commits.reduce((log, rows) => log.commit('product', rows), new LogBuilder());

  it('property: holds for every warehouse without bugs, and for none with one wrong number', () => {
    fc.assert(
      fc.property(
        orders,
        fc.nat(),
        fc.constantFrom('stock', 'reserved', 'held'),
        fc.constantFrom(-1, 1),
        (all, where, field, by) => {
          const commits = warehouse(all);
          expect(found('INV-2', logOf(commits))).toEqual([]);
          const at = 1 + (where % (commits.length - 1));
          const rows = commits[at] ?? {};
          const good = rows['products/TEA'] as Record<string, number>;
          const wrong = { ...rows, 'products/TEA': { ...good, [field]: (good[field] ?? 0) + by } };
          expect(found('INV-2', logOf(commits.with(at, wrong))).length).toBeGreaterThan(0);
        },
      ),
    );
  });
});
