import { describe, expect, it } from 'vitest';
import type { Json } from '../kernel/index.ts';
import { found, LogBuilder } from './testing/log-builder.ts';

const history = (...statuses: string[]): Json => statuses.map((status) => ({ status }));
const parcel = { carrier: 'Post', trackingNumber: 'P1' };
const told = (statuses: string[], trackingNumber = 'P1'): Json => ({
  carrier: 'Post',
  trackingNumber,
  history: history(...statuses),
});

/** An order, Shipping's copy of its status, the parcel, and Order's copy of that. */
const shop = (statuses: string[], copy: string | null, ways: string[], delivery: Json) =>
  new LogBuilder()
    .commit('order', { 'orders/o1': { orderId: 'o1', history: history(...statuses), delivery } })
    .commit('shipping', {
      'order-statuses/o1': copy === null ? null : { orderId: 'o1', status: copy },
      'shipments/o1': { orderId: 'o1', parcel: ways.length > 0 ? parcel : null, history: history(...ways) },
    });

describe('INV-11 copies', () => {
  it('holds when each copy is what its history makes of it', () => {
    const done = shop(
      ['APPROVAL_PENDING', 'CONFIRMED'],
      'CONFIRMED',
      ['held', 'dispatched', 'picked', 'packed', 'in-transit'],
      told(['held', 'dispatched', 'in-transit']),
    );
    expect(found('INV-11', done)).toEqual([]);
    const cancelled = shop(['APPROVAL_PENDING', 'CANCEL_PENDING'], 'APPROVAL_PENDING', [], null);
    expect(found('INV-11', cancelled)).toEqual([]);
  });

  it('is asked only once all is at rest', () => {
    const behind = shop(['APPROVAL_PENDING', 'CONFIRMED'], 'APPROVAL_PENDING', [], null);
    expect(found('INV-11', behind, undefined, { healed: false })).toEqual([]);
  });

  it.each([
    [
      'a status that is behind',
      shop(['APPROVAL_PENDING', 'CONFIRMED'], 'APPROVAL_PENDING', [], null),
      'order o1 is CONFIRMED, its copy beside the parcel APPROVAL_PENDING',
    ],
    [
      'a status that never came',
      shop(['APPROVAL_PENDING'], null, [], null),
      'order o1 is APPROVAL_PENDING, its copy beside the parcel missing',
    ],
    [
      'news of a parcel that were lost',
      shop(['CONFIRMED'], 'CONFIRMED', ['held', 'dispatched', 'in-transit'], told(['held', 'in-transit'])),
      'order o1: its parcel was held, dispatched, in-transit, its copy says held, in-transit',
    ],
    [
      'news that came twice',
      shop(['CONFIRMED'], 'CONFIRMED', ['held'], told(['held', 'held'])),
      'order o1: its parcel was held, its copy says held, held',
    ],
    [
      'a parcel that nobody has told of',
      shop(['CONFIRMED'], 'CONFIRMED', ['held'], null),
      'order o1: its parcel was held, its copy says nothing',
    ],
    [
      'a parcel that does not exist',
      shop(['REJECTED'], 'REJECTED', [], told(['held'])),
      'order o1: it shows a parcel that does not exist',
    ],
    [
      'another number',
      shop(['CONFIRMED'], 'CONFIRMED', ['held'], told(['held'], 'P2')),
      'order o1: its copy of the parcel has another number',
    ],
  ])('finds %s', (_, log, message) => {
    expect(found('INV-11', log)).toEqual([message]);
  });
});
