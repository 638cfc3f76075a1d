import { deleteDB, openDB } from 'idb';
import { expect, it, vi } from 'vitest';
import type { EventId, RunEvent, RunId } from '../../kernel/index.ts';
import { OutboxKeeper } from './outbox-keeper.ts';
import { LOG_OUTBOX, serviceDatabase } from './run-databases.ts';

const entry = (number: number) => ({
  number,
  events: [{ id: `order-1.1.${number}` as EventId } as RunEvent],
});

it('deletes entries in a row by one request each, and none that is not in the log yet', async () => {
  const run = 'outbox-keeper-rows' as RunId;
  const name = serviceDatabase(run, 'toy', 'order');
  const database = await openDB(name, 1, {
    upgrade: (opened) =>
      void opened.createObjectStore(LOG_OUTBOX, { keyPath: 'number', autoIncrement: true }),
  });
  const keeper = new OutboxKeeper(run, 'toy');
  const deletes = vi.spyOn(IDBObjectStore.prototype, 'delete');
  try {
    const entries = [1, 2, 3, 4, 5, 6].map(entry);
    for (const each of entries) {
      await database.put(LOG_OUTBOX, each);
      keeper.expect('order', each);
    }
    const inLog = entries.filter(({ number }) => number !== 4).flatMap(({ events }) => events);
    keeper.stored(inLog.toReversed());
    await expect.poll(async () => await database.getAllKeys(LOG_OUTBOX), { timeout: 5000 }).toEqual([4]);
    expect(deletes).toHaveBeenCalledTimes(2);
  } finally {
    deletes.mockRestore();
    keeper.close();
    database.close();
    await deleteDB(name);
  }
});

it('when the log is stored no more, entries are deleted on sight: they would only fill the disk', async () => {
  const run = 'outbox-keeper' as RunId;
  const name = serviceDatabase(run, 'toy', 'order');
  const entries = [1, 2, 3].map(entry);
  const database = await openDB(name, 1, {
    upgrade: (opened) =>
      void opened.createObjectStore(LOG_OUTBOX, { keyPath: 'number', autoIncrement: true }),
  });
  const keeper = new OutboxKeeper(run, 'toy');
  try {
    for (const each of entries) await database.put(LOG_OUTBOX, each);
    const [first, second, third] = entries;
    if (first === undefined || second === undefined || third === undefined) throw new Error('three entries');
    keeper.expect('order', first);
    keeper.giveUp();
    keeper.expect('order', second);
    await expect
      .poll(async () => await database.getAllKeys(LOG_OUTBOX), { timeout: 5000 })
      .toEqual([third.number]);
  } finally {
    keeper.close();
    database.close();
    await deleteDB(name);
  }
});
