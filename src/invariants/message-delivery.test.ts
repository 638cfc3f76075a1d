import { describe, expect, it } from 'vitest';
import type { Json } from '../kernel/index.ts';
import { found, LogBuilder } from './testing/log-builder.ts';
import { accepted, acknowledged, consumed, GROUP, written } from './testing/messages.ts';
import { order, shipment } from './testing/shop-rows.ts';

const subscribed = () =>
  new LogBuilder().commit('broker', { [`subscriptions/${GROUP}`]: { group: GROUP, topic: 'orders' } });
const placed = { 'orders/o1': order('APPROVAL_PENDING') };
/** Written, taken by the broker, gone from the outbox. */
const relayed = () =>
  subscribed()
    .commit('order', { ...placed, ...written('m1') })
    .add('broker', accepted('m1', 0))
    .commit('order', { 'outbox/m1': null });
const processed = () => relayed().add('shipping', consumed('m1')).add('broker', acknowledged('m1'));

describe('INV-9 delivery', () => {
  it('holds when every message was processed once, however often it came', () => {
    expect(found('INV-9', processed())).toEqual([]);
    const twice = processed()
      .add('broker', accepted('m1', 1))
      .add('shipping', consumed('m1', true))
      .add('broker', acknowledged('m1'));
    expect(found('INV-9', twice)).toEqual([]);
  });

  it('asks for deliveries only once all is healed', () => {
    const log = subscribed().commit('order', { ...placed, ...written('m1') });
    expect(found('INV-9', log, undefined, { healed: false })).toEqual([]);
    expect(found('INV-9', log)).toEqual([
      'm1 is still in the outbox of order',
      'm1 was written and never reached the broker',
    ]);
  });

  it.each([
    [
      'a row that left the outbox and did not arrive',
      subscribed()
        .commit('order', { ...placed, ...written('m1') })
        .commit('order', { 'outbox/m1': null }),
      'm1 was written and never reached the broker',
    ],
    ['a message that nobody processed', relayed(), 'shipping-orders never processed m1'],
    [
      'one that is acknowledged and was not processed',
      relayed().add('broker', acknowledged('m1')),
      'm1 counts as processed by shipping-orders, but was not',
    ],
    [
      'one processed twice',
      processed().add('shipping', consumed('m1')),
      'shipping-orders processed m1 twice',
    ],
    [
      'a first time that is taken for a repetition',
      relayed().add('shipping', consumed('m1', true)),
      'shipping-orders dropped m1 as a repetition, but never processed it',
    ],
    [
      'a message that was told and never written',
      subscribed().add('broker', accepted('m9', 0)).add('shipping', consumed('m9')),
      'the broker took m9, which no transaction has written',
    ],
    [
      'a dead letter that is left',
      processed().commit('broker', { 'dead-letters/g/m1': { messageId: 'm1' } }),
      'g/m1 is still a dead letter',
    ],
  ])('finds %s', (_, log, message) => {
    expect(found('INV-9', log)).toContain(message);
  });

  describe('a change commits with the row that tells of it', () => {
    const told = (topic: string): Record<string, Json> => ({
      'outbox/m1': { messageId: 'm1', position: 1, topic, key: 'o1' },
    });
    const said = (log: LogBuilder) => found('INV-9', log, undefined, { healed: false });

    it('holds where it does, and for what nobody is told', () => {
      expect(
        said(new LogBuilder().commit('shipping', { 'shipments/o1': shipment('held'), ...told('shipments') })),
      ).toEqual([]);
      const silent = new LogBuilder()
        .commit('order', { 'orders/o1': order('CANCEL_PENDING') })
        .commit('shipping', { 'shipments/o1': shipment('packed') })
        .commit('shipping', { 'shipments/o2': { status: 'cancelled', parcel: null } })
        .commit('monolith', { 'orders/o3': order('CONFIRMED') });
      expect(said(silent)).toEqual([]);
    });

    it('finds where it does not', () => {
      expect(said(new LogBuilder().commit('order', placed))).toEqual([
        'orders/o1 changed, and no outbox row tells it',
      ]);
      const onceOnly = new LogBuilder()
        .commit('order', { ...placed, ...told('orders') })
        .commit('order', { 'orders/o1': order('CONFIRMED') });
      expect(said(onceOnly)).toEqual(['orders/o1 changed, and no outbox row tells it']);
      const elsewhere = new LogBuilder()
        .commit('shipping', { 'shipments/o1': shipment('held') })
        .commit('shipping', told('shipments'));
      expect(said(elsewhere)).toEqual(['shipments/o1 changed, and no outbox row tells it']);
    });
  });

  it('waits for what another instance tells late, where the log has causes in order but no more', () => {
    const late = relayed().add('broker', acknowledged('m1')).add('shipping', consumed('m1'));
    expect(found('INV-9', late)).toEqual([]);
    expect(found('INV-9', late, undefined, { inTrueOrder: true })).toEqual([
      'm1 counts as processed by shipping-orders, but was not',
    ]);
  });
});
