import { describe, expect, it } from 'vitest';
import { found, LogBuilder } from './testing/log-builder.ts';
import { order, payment, saga } from './testing/shop-rows.ts';

const paying = () =>
  new LogBuilder()
    .commit('order', { 'orders/o1': order('APPROVAL_PENDING') })
    .commit('payment-provider', { 'authorisations/p1': payment('authorised') });
const TAKEN = { 'authorisations/p1': payment('captured', 900) };

describe('INV-1 money', () => {
  it('holds for a paid order, an undone one and a declined one', () => {
    const paid = paying()
      .commit('payment-provider', TAKEN)
      .commit('order', { 'orders/o1': order('CONFIRMED') });
    expect(found('INV-1', paid)).toEqual([]);
    const undone = paying()
      .commit('payment-provider', { 'authorisations/p1': payment('voided') })
      .commit('order', { 'orders/o1': order('REJECTED') });
    expect(found('INV-1', undone)).toEqual([]);
    const declined = new LogBuilder()
      .commit('order', { 'orders/o1': order('APPROVAL_PENDING') })
      .commit('payment-provider', { 'authorisations/p1': payment('declined') })
      .commit('order', { 'orders/o1': order('REJECTED') });
    expect(found('INV-1', declined)).toEqual([]);
  });

  it.each([
    [
      'a confirmed order that is not paid',
      paying().commit('order', { 'orders/o1': order('CONFIRMED') }),
      'order o1 is confirmed and costs 900, but 0 was paid',
    ],
    [
      'an undone order that is paid',
      paying()
        .commit('payment-provider', TAKEN)
        .commit('order', { 'orders/o1': order('REJECTED') }),
      'order o1 is undone, but its payment was taken',
    ],
    [
      'money that stays set aside',
      paying().commit('order', { 'orders/o1': order('CANCELLED') }),
      'order o1 was undone, but payment p1 still sets money aside',
    ],
    [
      'money set aside after the end',
      new LogBuilder()
        .commit('order', { 'orders/o1': order('APPROVAL_PENDING') })
        .commit('order', { 'orders/o1': order('REJECTED') })
        .commit('payment-provider', { 'authorisations/p1': payment('authorised') }),
      'order o1 was undone, but payment p1 still sets money aside',
    ],
    [
      'money taken after the void',
      paying()
        .commit('payment-provider', { 'authorisations/p1': payment('voided') })
        .commit('payment-provider', TAKEN),
      'payment p1 was taken after it was voided',
    ],
    [
      'money set aside after the void',
      paying()
        .commit('payment-provider', { 'authorisations/p1': payment('voided') })
        .commit('payment-provider', { 'authorisations/p1': payment('authorised') }),
      'payment p1 was voided, then authorised',
    ],
    [
      'money taken for no order',
      new LogBuilder()
        .commit('payment-provider', { 'authorisations/p9': payment('authorised') })
        .commit('payment-provider', { 'authorisations/p9': payment('captured', 900) }),
      'payment p9 was taken for no order',
    ],
    [
      'another amount than authorised',
      paying().commit('payment-provider', { 'authorisations/p1': payment('captured', 800) }),
      'payment p1: 800 taken of 900 authorised',
    ],
    [
      'an amount that changes',
      paying().commit('payment-provider', { 'authorisations/p1': payment('authorised', 0, 950) }),
      'payment p1: the amount changed from 900 to 950',
    ],
    [
      'more given back than was taken',
      paying().commit('payment-provider', {
        'authorisations/p1': { ...(payment('captured', 900) as object), refundedMinor: 901 },
      }),
      'payment p1: 901 given back of 900 taken',
    ],
    [
      'money taken twice',
      paying()
        .commit('payment-provider', TAKEN)
        .commit('payment-provider', { 'authorisations/p1': payment('captured', 1800) }),
      'payment p1: 1800 taken of 900 authorised',
    ],
    [
      'a payment that is gone',
      paying().commit('payment-provider', { 'authorisations/p1': null }),
      "payment p1 was deleted from the provider's ledger",
    ],
  ])('finds %s', (_, log, message) => {
    expect(found('INV-1', log)).toContain(message);
  });

  describe('finds money taken for an order that turns back, before it has ended', () => {
    const compensating = { type: 'saga.compensating', sagaId: 's1', orderId: 'o1', reason: 'late' } as const;
    const message = 'order o1 is undone, but its payment was taken';

    it.each([
      ['a saga', paying().commit('payment-provider', TAKEN).add('order', compensating)],
      [
        'a saga that turned back before',
        paying().add('order', compensating).commit('payment-provider', TAKEN),
      ],
      [
        'a cancellation',
        paying()
          .commit('payment-provider', TAKEN)
          .commit('order', { 'orders/o1': order('CANCEL_PENDING') }),
      ],
      [
        'a payment intent of the monolith',
        new LogBuilder()
          .commit('monolith', {
            'payment-intents/o1': { orderId: 'o1', paymentId: 'p1', state: 'capturing' },
          })
          .commit('payment-provider', { 'authorisations/p1': payment('authorised') })
          .commit('payment-provider', TAKEN)
          .commit('monolith', { 'payment-intents/o1': { orderId: 'o1', paymentId: 'p1', state: 'voiding' } }),
      ],
    ])('%s', (_, log) => {
      expect(found('INV-1', log, undefined, { healed: false })).toEqual([message]);
    });
  });

  it('waits for the rows of another database, where the log has causes in order but no more', () => {
    const late = new LogBuilder()
      .commit('order', { 'orders/o1': order('APPROVAL_PENDING') })
      .commit('order', { 'orders/o1': order('CONFIRMED') })
      .commit('payment-provider', { 'authorisations/p1': payment('authorised') })
      .commit('payment-provider', TAKEN);
    expect(found('INV-1', late)).toEqual([]);
    expect(found('INV-1', late, undefined, { inTrueOrder: true })).toEqual([
      'order o1 is confirmed and costs 900, but 0 was paid',
    ]);
  });

  it('says nothing of a saga alone', () => {
    expect(found('INV-1', saga('createOrder'))).toEqual([]);
  });
});
