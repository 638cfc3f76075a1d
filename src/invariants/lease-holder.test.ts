import { describe, expect, it } from 'vitest';
import { instanceId, type Json } from '../kernel/index.ts';
import { InvariantCheck } from './invariant-check.ts';
import { leaseHolder } from './lease-holder.ts';
import { LogBuilder } from './testing/log-builder.ts';

const wrongs = ({ events }: LogBuilder): string[] => {
  const check = new InvariantCheck({ invariants: [leaseHolder] });
  for (const event of events) check.add(event);
  check.end();
  return check.violations.map(({ message }) => message);
};

const lease = (holder: string, fence: number, untilMs = 1000): Record<string, Json> => ({
  'leases/delivery': { name: 'delivery', holder, fence, untilUs: untilMs * 1000 },
});

const held = () => new LogBuilder().commit('broker', lease('broker-1.1', 1));

describe('INV-20 leases', () => {
  it('holds for a lease that is prolonged, runs out, or goes to the next life of its instance', () => {
    expect(wrongs(held().commit('broker', lease('broker-1.1', 1, 2000)))).toEqual([]);
    expect(wrongs(held().at(1000).commit('broker', lease('broker-2.1', 2)))).toEqual([]);
    expect(wrongs(held().commit('broker', lease('broker-1.2', 2)))).toEqual([]);
  });

  it.each([
    [
      'one taken early',
      lease('broker-2.1', 2),
      999,
      "broker-2.1 took 'delivery' from broker-1.1 before it had run out",
    ],
    [
      'an old number',
      lease('broker-2.1', 1),
      1000,
      "'delivery' went from broker-1.1 to broker-2.1 without a new number",
    ],
    [
      'a number that changes',
      lease('broker-1.1', 2),
      500,
      "broker-1.1 holds 'delivery' with another number than before",
    ],
  ])('finds %s', (_, now, atMs, message) => {
    expect(wrongs(held().at(atMs).commit('broker', now))).toEqual([message]);
  });

  it('finds a broker that sends without the lease', () => {
    const sent = {
      type: 'message.sent',
      topic: 'orders',
      messageId: 'm1',
      group: 'shipping-orders',
      to: 'shipping',
      toInstance: instanceId('shipping', 1),
      delivery: 1,
    } as const;
    expect(wrongs(held().add('broker', sent))).toEqual([]);
    const other = () => new LogBuilder().commit('broker', lease('broker-2.1', 1));
    expect(wrongs(other().add('broker', sent))).toEqual([
      'broker-1.1 wrote message.sent of m1, but broker-2.1 may',
    ]);
    const done = {
      type: 'message.acknowledged',
      topic: 'orders',
      messageId: 'm1',
      group: 'g',
      lag: 0,
    } as const;
    expect(wrongs(other().add('broker', done))).toEqual([
      'broker-1.1 wrote message.acknowledged of m1, but broker-2.1 may',
    ]);
  });
});
