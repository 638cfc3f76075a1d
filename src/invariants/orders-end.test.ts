import { describe, expect, it } from 'vitest';
import { checkInvariants } from './index.ts';
import { found, LogBuilder } from './testing/log-builder.ts';
import { compensated, completed, order, STEPS, saga } from './testing/shop-rows.ts';

const ended = (status: string, log = saga()) =>
  log
    .commit('order', { 'orders/o1': order('APPROVAL_PENDING') })
    .commit('order', { 'orders/o1': order(status) });

describe('INV-3 orders end', () => {
  it('holds for an order that is confirmed, rejected or cancelled', () => {
    expect(found('INV-3', ended('CONFIRMED').add('order', completed))).toEqual([]);
    expect(found('INV-3', ended('REJECTED').add('order', compensated))).toEqual([]);
    const cancelled = ended('CANCEL_PENDING')
      .commit('order', { 'orders/o1': order('CANCELLED') })
      .add('order', compensated);
    expect(found('INV-3', cancelled)).toEqual([]);
  });

  it('asks for ends only once all is healed', () => {
    expect(checkInvariants(saga().events)).toEqual([]);
    expect(found('INV-3', saga(...STEPS))).toEqual(['order o1 has not ended']);
  });

  it.each([
    [
      'a parked order',
      saga().add('order', {
        type: 'saga.parked',
        sagaId: 's1',
        orderId: 'o1',
        step: 'dispatchShipment',
        reason: 'no answer',
      }),
      ['order o1 is parked at dispatchShipment'],
    ],
    [
      'a saga that ends twice',
      ended('REJECTED').add('order', compensated).add('order', compensated),
      ['the saga of order o1 ended twice'],
    ],
    [
      'a saga that never began',
      ended('CONFIRMED', new LogBuilder()).add('order', completed),
      ['the saga of order o1 ended, but never began'],
    ],
    [
      'a row that ended otherwise',
      ended('REJECTED').add('order', completed),
      ['order o1 is REJECTED, but was completed'],
    ],
    [
      'a saga that ended without its order',
      saga().add('order', compensated),
      ['order o1 is not there, but was undone'],
    ],
    [
      'a row that still waits',
      new LogBuilder().commit('order', { 'orders/o1': order('APPROVAL_PENDING') }),
      ['order o1 is still APPROVAL_PENDING'],
    ],
    [
      'a change after the end',
      ended('CONFIRMED')
        .add('order', completed)
        .commit('order', { 'orders/o1': order('CANCEL_PENDING') }),
      ['order o1 was CONFIRMED, then CANCEL_PENDING', 'order o1 is still CANCEL_PENDING'],
    ],
    [
      'a cancellation that is confirmed',
      ended('CANCEL_PENDING')
        .commit('order', { 'orders/o1': order('CONFIRMED') })
        .add('order', completed),
      ['order o1 was CANCEL_PENDING, then CONFIRMED'],
    ],
    [
      'an order that is gone',
      ended('REJECTED').add('order', compensated).commit('order', { 'orders/o1': null }),
      ['order o1 was REJECTED, then deleted'],
    ],
  ])('finds %s', (_, log, messages) => {
    expect(found('INV-3', log)).toEqual(expect.arrayContaining(messages));
  });

  describe('of the monolith, by its payment intents', () => {
    const intent = (state: string, endedUs: number | null) => ({
      orderId: 'o1',
      paymentId: 'p1',
      state,
      endedUs,
    });

    it('holds when both end alike', () => {
      const log = new LogBuilder()
        .commit('monolith', { 'payment-intents/o1': intent('authorising', null) })
        .commit('monolith', { 'payment-intents/o1': intent('undone', 9), 'orders/o1': order('REJECTED') });
      expect(found('INV-3', log)).toEqual([]);
    });

    it('finds one under way, and one that ended otherwise than its order', () => {
      const waiting = new LogBuilder().commit('monolith', { 'payment-intents/o1': intent('voiding', null) });
      expect(found('INV-3', waiting)).toEqual(['order o1 is still voiding']);
      const other = new LogBuilder().commit('monolith', {
        'payment-intents/o1': intent('completed', 9),
        'orders/o1': order('REJECTED'),
      });
      expect(found('INV-3', other)).toEqual(['order o1 is REJECTED, but was completed']);
    });
  });
});
