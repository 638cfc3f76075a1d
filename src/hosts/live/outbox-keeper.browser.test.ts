import { deleteDB, openDB } from 'idb';
import { expect, it } from 'vitest';
import type { EventId, RunEvent, RunId } from '../../kernel/index.ts';
import { OutboxKeeper } from './outbox-keeper.ts';
import { LOG_OUTBOX, serviceDatabase } from './run-databases.ts';

it('when the log is stored no more, entries are deleted on sight: they would only fill the disk', async () => {
  const run = 'outbox-keeper' as RunId;
  const name = serviceDatabase(run, 'toy', 'order');
  const entries = [1, 2, 3].map((n) => ({
    number: n,
    events: [{ id: `order-1.1.${n}` as EventId } as RunEvent],
  }));
  const database = await openDB(name, 1, {
    upgrade: (opened) =>
      void opened.createObjectStore(LOG_OUTBOX, { keyPath: 'number', autoIncrement: true }),
  });
  const keeper = new OutboxKeeper(run, 'toy');
  try {
    for (const entry of entries) await database.put(LOG_OUTBOX, entry);
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
