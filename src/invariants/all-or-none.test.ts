import { describe, expect, it } from 'vitest';
import { found, LogBuilder } from './testing/log-builder.ts';
import { order, payment, reservation, shipment } from './testing/shop-rows.ts';

/** An order with goods and a parcel in these states, and how it ends; null: it does not. */
const shop = (status: string | null, goods: string | null, parcel: string | null) => {
  const log = new LogBuilder().commit('order', { 'orders/o1': order('APPROVAL_PENDING') });
  if (goods !== null) log.commit('product', { 'reservations/o1': reservation(goods) });
  if (parcel !== null) log.commit('shipping', { 'shipments/o1': shipment(parcel) });
  return status === null ? log : log.commit('order', { 'orders/o1': order(status) });
};

describe('INV-16 all or none', () => {
  it.each<[string, string | null, string | null]>([
    ['CONFIRMED', 'committed', 'dispatched'],
    ['CONFIRMED', 'committed', 'delivered'],
    ['REJECTED', 'released', 'cancelled'],
    ['CANCELLED', null, null],
  ])('holds for %s with goods %s and parcel %s', (...states) => {
    expect(found('INV-16', shop(...states))).toEqual([]);
  });

  it.each([
    ['CONFIRMED', 'reserved', 'dispatched', 'order o1 is confirmed, but its goods are reserved'],
    ['CONFIRMED', null, 'dispatched', 'order o1 is confirmed, but its goods are not there'],
    ['CONFIRMED', 'committed', 'held', 'order o1 is confirmed, but its parcel is held'],
    ['CONFIRMED', 'committed', null, 'order o1 is confirmed, but its parcel is not there'],
    ['REJECTED', 'committed', null, 'order o1 was undone, but its goods are committed'],
    ['CANCELLED', 'released', 'held', 'order o1 was undone, but its parcel is held'],
  ])('finds %s with goods %s and parcel %s', (status, goods, parcel, message) => {
    expect(found('INV-16', shop(status, goods, parcel))).toEqual([message]);
  });

  it('finds what comes after the end', () => {
    const late = shop('REJECTED', null, null).commit('product', {
      'reservations/o1': reservation('reserved'),
    });
    expect(found('INV-16', late, undefined, { healed: false })).toEqual([
      'order o1 was undone, but its goods are reserved',
    ]);
  });

  it('finds what is held at rest for an order that has not ended, or that nobody knows', () => {
    const waiting = shop(null, 'reserved', 'held').commit('payment-provider', {
      'authorisations/p1': payment('authorised'),
    });
    expect(found('INV-16', waiting)).toEqual([
      'goods are kept for order o1, which has not ended',
      'a parcel is held for order o1, which has not ended',
      'money is set aside for order o1, which has not ended',
    ]);
    expect(found('INV-16', waiting, undefined, { healed: false })).toEqual([]);
    const unknown = new LogBuilder().commit('payment-provider', {
      'authorisations/p9': payment('authorised'),
    });
    expect(found('INV-16', unknown)).toEqual(['money is set aside for order p9, which has not ended']);
  });

  it('the transaction that ends an order of the monolith may hold its effects', () => {
    const log = new LogBuilder().commit('monolith', {
      'orders/o1': order('CONFIRMED'),
      'reservations/o1': reservation('committed'),
      'shipments/o1': shipment('dispatched'),
    });
    expect(found('INV-16', log, undefined, { inTrueOrder: true, healed: true })).toEqual([]);
  });
});
