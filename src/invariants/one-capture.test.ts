import { describe, expect, it } from 'vitest';
import { found, LogBuilder } from './testing/log-builder.ts';
import { order, payment } from './testing/shop-rows.ts';

const paid = () =>
  new LogBuilder()
    .commit('order', { 'orders/o1': order('APPROVAL_PENDING') })
    .commit('payment-provider', { 'authorisations/p1': payment('authorised') })
    .commit('payment-provider', { 'authorisations/p1': payment('captured', 900) });

describe('INV-15 one capture', () => {
  it('holds for one, however often its row is written again', () => {
    expect(
      found('INV-15', paid().commit('payment-provider', { 'authorisations/p1': payment('captured', 900) })),
    ).toEqual([]);
  });

  it('finds a second one, of the same payment or of another', () => {
    const again = paid().commit('payment-provider', { 'authorisations/p1': payment('captured', 1800) });
    expect(found('INV-15', again)).toEqual(['order o1 was charged 2 times']);
    const other = paid().commit('payment-provider', { 'authorisations/o1': payment('captured', 900) });
    expect(found('INV-15', other)).toEqual(['order o1 was charged 2 times']);
    const ofIntent = new LogBuilder()
      .commit('monolith', { 'payment-intents/o1': { orderId: 'o1', paymentId: 'p1', state: 'capturing' } })
      .commit('payment-provider', { 'authorisations/p1': payment('captured', 900) })
      .commit('payment-provider', { 'authorisations/o1': payment('captured', 900) });
    expect(found('INV-15', ofIntent)).toEqual(['order o1 was charged 2 times']);
  });

  it('finds it also when the first was given back', () => {
    const refunded = { ...(payment('captured', 900) as object), refundedMinor: 900 };
    const log = paid()
      .commit('payment-provider', { 'authorisations/p1': refunded })
      .commit('payment-provider', { 'authorisations/o1': payment('captured', 900) });
    expect(found('INV-15', log)).toEqual(['order o1 was charged 2 times']);
  });
});
