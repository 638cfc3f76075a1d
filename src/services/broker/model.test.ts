import { describe, expect, it } from 'vitest';
import { instanceId, type Transaction } from '../../kernel/index.ts';
import { createTestWorld, testService } from '../../kernel/testing/test-host.ts';
import { testSettings } from '../../kernel/testing/test-settings.ts';
import type { CloudEvent } from '../../patterns/index.ts';
import {
  accept,
  acknowledge,
  deliveryFailed,
  lagOf,
  nextMessage,
  partitionOf,
  redrive,
  redriveAll,
  subscribe,
} from './model.ts';
import { brokerTables, cursorsTable, deadLettersTable, messagesTable } from './tables.ts';

// The broker's bookkeeping alone: two groups, A and B, that read one topic.

const BROKER = instanceId('broker', 1);
const TOPIC = 'facts';
const KEY = 'k';
const settings = { ...testSettings().messaging, maxDeliveries: 1 };

const event = (number: number, key = KEY): CloudEvent => ({
  specversion: '1.0',
  id: `order.${number}`,
  source: '/services/order',
  type: 'fact.told',
  subject: key,
  time: '2026-01-01T00:00:00.000Z',
  datacontenttype: 'application/json',
  partitionkey: key,
  data: {},
});

async function open() {
  const world = createTestWorld();
  world.add(testService('broker', { tables: [...brokerTables] }));
  await world.runFor(1);
  const within = async <T>(body: (tx: Transaction) => Promise<T>): Promise<T> => {
    await world.runFor(1);
    return await world.run(BROKER, async (context) =>
      context.store.transact('test', brokerTables, 'readwrite', body),
    );
  };
  /** The group's next message of a key, taken or given up; gives its id. */
  const read = (group: string, how: 'taken' | 'given up', key = KEY) =>
    within(async (tx) => {
      const cursor = await tx.get(cursorsTable, `${group}/${partitionOf(key)}`);
      const message = cursor === undefined ? null : await nextMessage(tx, cursor);
      if (cursor === undefined || message === null) return null;
      if (how === 'taken') await acknowledge(tx, cursor, message);
      else await deliveryFailed(tx, cursor, message, { reason: 'no', counts: true }, settings);
      return message.event.id;
    });
  return {
    world,
    within,
    read,
    tell: (number: number, key = KEY) => within(async (tx) => accept(tx, TOPIC, event(number, key))),
    join: (group: string) => within(async (tx) => subscribe(tx, group, TOPIC, 'shipping')),
    lags: () => within(async (tx) => [await lagOf(tx, 'a', TOPIC), await lagOf(tx, 'b', TOPIC)]),
    kept: () => world.rows('broker', messagesTable).map(({ offset }) => offset),
  };
}

describe('a group’s lag', () => {
  it('MSG-8: what was redriven for one group is no lag of another', async () => {
    const { tell, join, read, lags, within } = await open();
    await join('a');
    await join('b');
    await tell(1);
    expect(await lags()).toEqual([1, 1]);
    await read('a', 'given up');
    await read('b', 'taken');
    expect(await lags()).toEqual([0, 0]);
    await within(async (tx) => redrive(tx, 'order.1'));
    expect(await lags()).toEqual([1, 0]);
    await tell(2);
    expect(await lags()).toEqual([2, 1]);
    expect(await read('b', 'taken')).toBe('order.2');
    expect(await lags()).toEqual([2, 0]);
    await tell(3);
    expect(await lags()).toEqual([3, 1]);
    const readByA = [await read('a', 'taken'), await read('a', 'taken'), await read('a', 'taken')];
    expect(readByA).toEqual(['order.1', 'order.2', 'order.3']);
    expect(await lags()).toEqual([0, 1]);
  });

  it('MSG-10: a new group’s is what is kept, which it then gets', async () => {
    const { tell, join, read, lags, kept } = await open();
    await join('a');
    for (let number = 1; number <= 80; number += 1) {
      await tell(number);
      await read('a', 'taken');
    }
    expect(kept()).toHaveLength(50);
    await join('b');
    expect(await lags()).toEqual([0, 50]);
    let got = 0;
    while ((await read('b', 'taken')) !== null) got += 1;
    expect(got).toBe(50);
    expect(await lags()).toEqual([0, 0]);
  });

  it('a group that comes before any message gets all of them', async () => {
    const { tell, join, lags } = await open();
    await join('a');
    for (let number = 1; number <= 20; number += 1) await tell(number, `key-${number}`);
    await join('b');
    expect(await lags()).toEqual([20, 20]);
  });
});

describe('what is kept', () => {
  it('MSG-10: a message goes when every group is 50 past it, not before', async () => {
    const { tell, join, read, kept } = await open();
    await join('a');
    await join('b');
    for (let number = 1; number <= 120; number += 1) {
      await tell(number);
      await read('a', 'taken');
      if (number <= 70) await read('b', 'taken');
    }
    // B has read 70: 50 of these stay behind it.
    expect(Math.min(...kept())).toBe(20);
    for (let number = 71; number <= 120; number += 1) await read('b', 'taken');
    expect([Math.min(...kept()), kept().length]).toEqual([70, 50]);
  });

  it('MSG-10: the places that a group passes over leave nothing behind', async () => {
    const { tell, join, read, kept, within } = await open();
    await join('a');
    await join('b');
    await tell(1);
    await read('a', 'given up');
    await read('b', 'taken');
    for (let number = 2; number <= 60; number += 1) {
      await tell(number);
      await read('a', 'taken');
      await read('b', 'taken');
    }
    // For A alone: B never moves on by this one.
    await within(async (tx) => redrive(tx, 'order.1'));
    await read('a', 'taken');
    for (let number = 61; number <= 160; number += 1) {
      await tell(number);
      await read('a', 'taken');
      await read('b', 'taken');
    }
    expect(kept()).toHaveLength(50);
  });
});

describe('redriving', () => {
  it('MSG-8: all dead letters, in the order in which they were given up', async () => {
    const { tell, join, read, within, world } = await open();
    await join('a');
    await join('b');
    for (const number of [1, 2, 10]) {
      await tell(number);
      await read('a', 'given up');
      await read('b', number === 2 ? 'given up' : 'taken');
    }
    expect(world.rows('broker', deadLettersTable)).toHaveLength(4);
    expect(await within(redriveAll)).toBe(4);
    expect(world.rows('broker', deadLettersTable)).toEqual([]);
    const again = [];
    for (let id = await read('a', 'taken'); id !== null; id = await read('a', 'taken')) again.push(id);
    expect(again).toEqual(['order.1', 'order.2', 'order.10']);
    expect([await read('b', 'taken'), await read('b', 'taken')]).toEqual(['order.2', null]);
    expect(await within(redriveAll)).toBe(0);
  });
});
