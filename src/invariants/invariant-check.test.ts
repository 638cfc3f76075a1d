import { expect, it } from 'vitest';
import { checkInvariants, INVARIANTS, InvariantCheck } from './index.ts';
import { defineChecker } from './invariant.ts';
import { numberOf } from './rows.ts';
import { LogBuilder } from './testing/log-builder.ts';
import { order, payment, reservation, tea } from './testing/shop-rows.ts';

it('each has an id of its own, and an empty log breaks none', () => {
  const ids = INVARIANTS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => /^INV-\d+$/.test(id))).toBe(true);
  expect(checkInvariants([], {}, { healed: true })).toEqual([]);
});

const broken = () =>
  new LogBuilder()
    .commit('product', { 'products/TEA': tea(10, 3) })
    .commit('payment-provider', { 'authorisations/p1': payment('captured', 800) });

it('can be asked for a few', () => {
  const found = (ids?: readonly string[]) =>
    checkInvariants(broken().events, undefined, ids === undefined ? {} : { ids }).map(
      ({ invariant }) => invariant,
    );
  expect(found(['INV-2'])).toEqual(['INV-2']);
  expect(new Set(found())).toEqual(new Set(['INV-1', 'INV-2']));
});

it('tells of a violation at its event, so that a run can be stopped there', () => {
  const check = new InvariantCheck({ invariants: INVARIANTS, inTrueOrder: true });
  const [stock, capture] = broken().events;
  if (stock === undefined || capture === undefined) throw new Error('two events');
  check.add(stock);
  expect(check.violations).toMatchObject([{ invariant: 'INV-2', events: [stock.id] }]);
  check.add(capture);
  expect(check.violations.map(({ invariant }) => invariant)).toEqual(['INV-2', 'INV-1', 'INV-1']);
});

it('looks at what holds between databases when the whole transaction has been heard of', () => {
  const log = new LogBuilder().commit('monolith', {
    'orders/o1': order('REJECTED'),
    'reservations/o1': reservation('released'),
    'shipments/o1': { orderId: 'o1', status: 'cancelled' },
  });
  expect(checkInvariants(log.events, undefined, { inTrueOrder: true, ids: ['INV-16'] })).toEqual([]);
});

it('looks at it in the end, where the log has causes in order but no more', () => {
  const check = new InvariantCheck({ invariants: INVARIANTS });
  const log = new LogBuilder().commit('monolith', {
    'orders/o1': order('REJECTED'),
    'reservations/o1': reservation('reserved', 0),
  });
  for (const event of log.events) check.add(event);
  expect(check.violations).toEqual([]);
  check.end();
  expect(check.violations.map(({ invariant }) => invariant)).toEqual(['INV-16']);
});

it('gives checkers rows as they were and as they are, and each transaction when it is over', () => {
  const heard: string[] = [];
  const listener = defineChecker('INV-0', 'listens', (run) => ({
    rows: {
      products: (key, before, now) => {
        heard.push(`${key}: ${numberOf(before, 'stock')} → ${numberOf(now, 'stock')}`);
        expect(run.rows.row('products', key)).toBe(now);
      },
    },
    committed: ({ rows }) => {
      heard.push(`${rows.length} row(s)`);
    },
  }));
  const check = new InvariantCheck({ invariants: [listener] });
  const log = new LogBuilder()
    .commit('product', { 'products/TEA': tea(1, 0), 'leases/x': { name: 'x' } })
    .commit('product', { 'products/TEA': tea(2, 0) })
    .commit('product', { 'products/TEA': null });
  for (const event of log.events) check.add(event);
  expect(heard).toEqual(['TEA: 0 → 1', '2 row(s)', 'TEA: 1 → 2', '1 row(s)', 'TEA: 2 → 0', '1 row(s)']);
});

it('tells so many of each, however broken a run is', () => {
  const log = new LogBuilder();
  for (let index = 0; index < 500; index += 1) log.commit('product', { 'products/TEA': tea(10, 3) });
  expect(checkInvariants(log.events)).toHaveLength(100);
});
