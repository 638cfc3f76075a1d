import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { found, LogBuilder } from './testing/log-builder.ts';
import { accepted, consumed, deadLettered, two, written } from './testing/messages.ts';

describe('INV-8 order within a key', () => {
  it('holds in order, with repetitions, and across keys', () => {
    const log = two()
      .add('broker', accepted('m1', 2))
      .add('shipping', consumed('m1'))
      .add('shipping', consumed('m1', true))
      .add('shipping', consumed('m2'));
    expect(found('INV-8', log)).toEqual([]);
    const keys = new LogBuilder()
      .commit('order', { ...written('m1', 'a'), ...written('m2', 'b') })
      .add('broker', accepted('m2', 0, 'b'))
      .add('broker', accepted('m1', 1, 'a'))
      .add('shipping', consumed('m2'))
      .add('shipping', consumed('m1'));
    expect(found('INV-8', keys)).toEqual([]);
  });

  it.each([
    [
      'a later message first',
      two().add('shipping', consumed('m2')).add('shipping', consumed('m1')),
      'shipping-orders processed m1 of orders/o1 after a later one',
    ],
    [
      'a message that was left out',
      two().add('shipping', consumed('m2')),
      'shipping-orders left out m1 of orders/o1',
    ],
    [
      'a broker that turns the order round',
      new LogBuilder()
        .commit('order', { ...written('m1'), ...written('m2') })
        .add('broker', accepted('m2', 0))
        .add('broker', accepted('m1', 1)),
      'orders/o1: the broker took m1 after a later one',
    ],
    [
      'a key in two partitions',
      new LogBuilder().add('broker', accepted('m1', 0)).add('broker', accepted('m2', 0, 'o1', 1)),
      'orders/o1 is in partitions 0 and 1',
    ],
  ])('finds %s', (_, log, message) => {
    expect(found('INV-8', log)).toEqual([message]);
  });

  it('a dead letter may be missing, or come late', () => {
    const missing = two().add('broker', deadLettered('m1')).add('shipping', consumed('m2'));
    expect(found('INV-8', missing)).toEqual([]);
    const late = missing.add('broker', accepted('m1', 2)).add('shipping', consumed('m1'));
    expect(found('INV-8', late)).toEqual([]);
  });

  it('property: any interleaving of keys that keeps each in order is fine, and none that swaps two of one', () => {
    const interleaving = fc
      .tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 4 }))
      .chain(([perKey, keys]) =>
        fc.shuffledSubarray(
          Array.from({ length: perKey * keys }, (_, index) => index % keys),
          { minLength: perKey * keys },
        ),
      );
    fc.assert(
      fc.property(interleaving, fc.nat(), (keys, pick) => {
        const messages = keys.map((key, index) => ({ id: `m${index + 1}`, key: `k${key}` }));
        const logOf = (order: readonly { readonly id: string; readonly key: string }[]) => {
          const log = new LogBuilder();
          for (const { id, key } of messages) log.commit('order', written(id, key));
          for (const [offset, { id, key }] of messages.entries())
            log.add('broker', accepted(id, offset, key));
          for (const { id } of order) log.add('shipping', consumed(id));
          return log;
        };
        expect(found('INV-8', logOf(messages))).toEqual([]);
        const first = pick % messages.length;
        const second = messages.findIndex(({ key }, index) => index > first && key === messages[first]?.key);
        const [a, b] = [messages[first], messages[second]];
        if (a === undefined || b === undefined) return;
        expect(found('INV-8', logOf(messages.with(first, b).with(second, a))).length).toBeGreaterThan(0);
      }),
    );
  });
});
