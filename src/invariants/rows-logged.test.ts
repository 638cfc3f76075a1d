import { describe, expect, it } from 'vitest';
import { MASK } from '../kernel/index.ts';
import { found, LogBuilder } from './testing/log-builder.ts';
import { tea } from './testing/shop-rows.ts';

const log = new LogBuilder()
  .commit('product', { 'products/TEA': tea(1, 0), 'products/MUG': { sku: 'MUG' } })
  .commit('product', { 'products/TEA': tea(2, 0), 'products/MUG': null });

describe('INV-7 rows', () => {
  it('holds when the last row of each key is the database', () => {
    const products = [{ held: 0, reserved: 0, stock: 2, sku: 'TEA' }];
    expect(found('INV-7', log, { product: { products } })).toEqual([]);
    expect(found('INV-7', log)).toEqual([]);
  });

  it('holds for tables that were never written, and keys that are numbers', () => {
    const numbered = new LogBuilder().commit('broker', { 'places/7': { place: 7, text: 'x' } });
    expect(found('INV-7', numbered, { broker: { places: [{ place: 7, text: 'x' }], empty: [] } })).toEqual(
      [],
    );
  });

  it('holds for a secret that the log masks, but not for one that it denies', () => {
    const secret = new LogBuilder().commit('user', {
      'users/u1': { id: 'u1', hash: MASK },
      'users/u2': { id: 'u2', hash: null },
    });
    const users = [
      { id: 'u1', hash: 'abc' },
      { id: 'u2', hash: null },
    ];
    expect(found('INV-7', secret, { user: { users } })).toEqual([]);
    const other = [{ id: 'u1', hash: null }, users[1]];
    expect(found('INV-7', secret, { user: { users: other } })).toHaveLength(1);
  });

  it('finds one row among others that the database lost', () => {
    const two = new LogBuilder().commit('product', {
      'products/TEA': tea(1, 0),
      'products/MUG': { sku: 'MUG' },
    });
    expect(found('INV-7', two, { product: { products: [tea(1, 0)] } })).toEqual([
      'product/products lacks a row that the log knows: {"sku":"MUG"}',
    ]);
  });

  it('finds rows that the log never saw, rows that the database lost, and rows that differ', () => {
    expect(found('INV-7', log, { product: { products: [tea(2, 0), { sku: 'PEN' }] } })).toEqual([
      'product/products holds a row that the log does not know: {"sku":"PEN"}',
    ]);
    expect(found('INV-7', log, { product: { products: [] } })).toEqual([
      'product/products lacks a row that the log knows: {"sku":"TEA","stock":2,"reserved":0,"held":0}',
    ]);
    expect(found('INV-7', log, { product: { products: [tea(3, 0)] } })).toEqual([
      'product/products holds {"sku":"TEA","stock":3,"reserved":0,"held":0}, but the log says {"sku":"TEA","stock":2,"reserved":0,"held":0}',
    ]);
    expect(found('INV-7', log, { shipping: { parcels: [{ id: 1 }] } })).toEqual([
      'shipping/parcels holds a row that the log does not know: {"id":1}',
    ]);
  });
});
