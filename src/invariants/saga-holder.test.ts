import { describe, expect, it } from 'vitest';
import type { Json } from '../kernel/index.ts';
import { found, LogBuilder } from './testing/log-builder.ts';

const saga = (leaseHolder: string | null, fence: number, entries: number): Record<string, Json> => ({
  'sagas/s1': { sagaId: 's1', leaseHolder, fence, entries },
});
const intent = (leaseHolder: string | null, fence: number, state: string): Record<string, Json> => ({
  'payment-intents/o1': { orderId: 'o1', leaseHolder, fence, state, failures: 0 },
});
/** Held by order-1's first life. */
const held = () =>
  new LogBuilder().commit('order', saga(null, 0, 2)).commit('order', saga('order-1.1', 1, 2));

describe('INV-18 saga holder', () => {
  it('holds for who claims, writes, sleeps and claims again, and for a wish to cancel by anybody', () => {
    const log = held()
      .commit('order', saga('order-1.1', 1, 3))
      .commit('order', saga(null, 1, 4))
      .commit('order', saga(null, 1, 4), { life: 2 })
      .commit('order', saga('order-1.2', 2, 4), { life: 2 })
      .commit('order', saga('order-1.2', 2, 5), { life: 2 });
    expect(found('INV-18', log)).toEqual([]);
  });

  it.each([
    [
      'progress by somebody else',
      held().commit('order', saga('order-1.1', 1, 3), { life: 2 }),
      'order-1.2 advanced saga s1, which order-1.1 holds',
    ],
    [
      'progress of a saga that sleeps',
      held()
        .commit('order', saga(null, 1, 3))
        .commit('order', saga('order-1.1', 1, 4)),
      'order-1.1 advanced saga s1, which nobody holds',
    ],
    [
      'a number that falls',
      held().commit('order', saga('order-1.1', 0, 2)),
      'saga s1: the fencing number fell from 1 to 0',
    ],
    [
      'a holder without a new number',
      held().commit('order', saga('order-1.2', 1, 2), { life: 2 }),
      'saga s1 went over to order-1.2 with the same fencing number',
    ],
    [
      'a payment intent of the monolith, advanced by somebody else',
      new LogBuilder()
        .commit('monolith', intent(null, 0, 'authorising'))
        .commit('monolith', intent('monolith-1.1', 1, 'authorising'))
        .commit('monolith', intent('monolith-1.1', 1, 'capturing'), { life: 2 }),
      'monolith-1.2 advanced intent o1, which monolith-1.1 holds',
    ],
  ])('finds %s', (_, log, message) => {
    expect(found('INV-18', log)).toContain(message);
  });
});
