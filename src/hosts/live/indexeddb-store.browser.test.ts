import { deleteDB, openDB } from 'idb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  defineTable,
  type Json,
  type RunEvent,
  type StoreOutcome,
  type Transaction,
} from '../../kernel/index.ts';
import { IndexedDbStore } from './indexeddb-store.ts';
import { LOG_OUTBOX } from './run-databases.ts';
import { takeOver } from './take-over.ts';
import { openStoreBench, type StoreBench } from './testing/store-bench.ts';

interface Row {
  readonly id: string;
  readonly status: string;
  readonly amount?: number;
}
const rows = defineTable<Row>('rows', 'id', { byStatus: 'status', byAmount: 'amount' });
const others = defineTable<{ readonly n: number }>('others', 'n');

let count = 0;
const open: { bench: StoreBench; database: string }[] = [];
async function bench(tables = [rows, others] as const): Promise<StoreBench> {
  count += 1;
  const database = `bulkhead/test-store/${count}-${Math.random()}/order`;
  const made = await openStoreBench(database, tables);
  open.push({ bench: made, database });
  return made;
}

afterEach(async () => {
  for (const { bench: one, database } of open.splice(0)) {
    one.store.close();
    await deleteDB(database);
  }
});

describe('the IndexedDB store', () => {
  it('commits all of a transaction, and its events with it: in the outbox and in the same order', async () => {
    const { run, rows: read, committed, outbox } = await bench();
    const told: number[] = [];
    await run((context) =>
      context.store.transact('two tables', [rows, others], 'readwrite', async (tx) => {
        await tx.put(rows, { id: 'a', status: 'new' });
        await tx.put(others, { n: 7 });
        tx.emit({ type: 'saga.completed', sagaId: 's', orderId: 'a' });
        told.push(committed.length);
      }),
    );
    expect(told).toEqual([0]);
    expect(await read('rows')).toEqual([{ id: 'a', status: 'new' }]);
    expect(await read('others')).toEqual([{ n: 7 }]);
    expect(committed).toHaveLength(1);
    const [stored, said] = committed[0]?.events ?? [];
    expect([stored?.type, said?.type]).toEqual(['store.committed', 'saga.completed']);
    expect(said?.cause).toBe(stored?.id);
    expect(committed[0]?.number).toBe(1);
    expect(await outbox()).toEqual(committed);
  });

  it('a throw leaves nothing: no row, no outbox entry', async () => {
    const { run, rows: read, committed, outbox, events } = await bench();
    const failed = run((context) =>
      context.store.transact('fails', [rows], 'readwrite', async (tx) => {
        await tx.put(rows, { id: 'a', status: 'new' });
        await tx.get(rows, 'a');
        throw new Error('no');
      }),
    );
    await expect(failed).rejects.toThrow('no');
    expect(await read('rows')).toEqual([]);
    expect(await outbox()).toEqual([]);
    expect(committed).toEqual([]);
    expect(events.map(({ type }) => type)).toEqual(['store.aborted']);
  });

  it('stays alive over many awaits of its own operations and of pure functions between them', async () => {
    const { run, rows: read } = await bench();
    const deep = async (depth: number): Promise<number> => (depth === 0 ? 1 : 1 + (await deep(depth - 1)));
    const sum = await run((context) =>
      context.store.transact('long', [rows], 'readwrite', async (tx) => {
        let total = 0;
        for (let index = 0; index < 50; index += 1) {
          total += await deep(200);
          await tx.put(rows, { id: `r${index}`, status: 'x', amount: total });
          const row = await tx.get(rows, `r${index}`);
          total += row === undefined ? 1_000_000 : 0;
        }
        return total;
      }),
    );
    expect(sum).toBe(50 * 201);
    expect(await read('rows')).toHaveLength(50);
  });

  it('a foreign await aborts the transaction and is named, even where the kernel cannot see it', async () => {
    const { run, rows: read, outbox } = await bench();
    const failed = run((context) =>
      context.store.transact('waits', [rows], 'readwrite', async (tx) => {
        await tx.put(rows, { id: 'a', status: 'new' });
        await new Promise((resolve) => setTimeout(resolve, 30));
        await tx.put(rows, { id: 'b', status: 'new' });
      }),
    );
    await expect(failed).rejects.toThrow(/waits awaited something inside its transaction/);
    expect(await read('rows')).toEqual([]);
    expect(await outbox()).toEqual([]);
    const byKernel = run((context) =>
      context.store.transact('sleeps', [rows], 'readwrite', async (tx) => {
        await tx.put(rows, { id: 'a', status: 'new' });
        await context.clock.sleep(1);
      }),
    );
    await expect(byKernel).rejects.toThrow(/inside the transaction of 'sleeps'/);
    expect(await read('rows')).toEqual([]);
  });

  it('a foreign await before the first operation is refused too', async () => {
    const { run, rows: read } = await bench();
    const failed = run((context) =>
      context.store.transact('waits first', [rows], 'readwrite', async (tx) => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        await tx.put(rows, { id: 'b', status: 'new' });
      }),
    );
    await expect(failed).rejects.toThrow('waits first');
    expect(await read('rows')).toEqual([]);
  });

  it('transactions over the same table run one after the other', async () => {
    const { run, rows: read } = await bench();
    const add = () =>
      run((context) =>
        context.store.transact('count', [rows], 'readwrite', async (tx) => {
          const before = (await tx.get(rows, 'counter'))?.amount ?? 0;
          await tx.put(rows, { id: 'counter', status: 'x', amount: before + 1 });
        }),
      );
    await Promise.all(Array.from({ length: 30 }, add));
    expect(await read('rows')).toEqual([{ id: 'counter', status: 'x', amount: 30 }]);
  });

  it('writers that wait for each other share a transaction of IndexedDB; each commits for itself', async () => {
    const { run, committed, outbox } = await bench();
    const begun = vi.spyOn(IDBDatabase.prototype, 'transaction');
    const add = (id: string) =>
      run((context) =>
        context.store.transact(`write ${id}`, [rows], 'readwrite', async (tx) => {
          await tx.get(rows, id);
          await tx.put(rows, { id, status: 'x' });
        }),
      );
    await Promise.all(Array.from({ length: 16 }, (_, index) => add(`r${index}`)));
    expect(begun).toHaveBeenCalledTimes(2);
    begun.mockRestore();
    expect(committed.map(({ number }) => number)).toEqual(
      Array.from({ length: 16 }, (_, index) => index + 1),
    );
    expect(
      committed.map(({ events }) => events.map((event) => 'operation' in event && event.operation)),
    ).toEqual(Array.from({ length: 16 }, (_, index) => [`write r${index}`]));
    expect(await outbox()).toEqual(committed);
  });

  it.each([
    ['after it has written', async () => {}],
    ['after it has seen what it wrote', async (tx: Transaction) => void (await tx.list(rows))],
  ])('a writer that fails %s leaves no trace among those that share its transaction', async (_, look) => {
    const { run, rows: read, committed } = await bench();
    const write = (id: string, amount: number, fails = false) =>
      run((context) =>
        context.store.transact(id, [rows], 'readwrite', async (tx) => {
          const before = (await tx.get(rows, 'sum'))?.amount ?? 0;
          await tx.put(rows, { id: 'sum', status: 'x', amount: before + amount });
          await tx.put(rows, { id, status: 'x' });
          await look(tx);
          await tx.delete(rows, 'first');
          await look(tx);
          if (fails) throw new Error('no');
          await tx.put(rows, { id: 'first', status: 'x' });
        }),
      );
    const ends = await Promise.allSettled([write('a', 1), write('b', 10, true), write('c', 100)]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await read('rows')).toEqual([
      { id: 'a', status: 'x' },
      { id: 'c', status: 'x' },
      { id: 'first', status: 'x' },
      { id: 'sum', status: 'x', amount: 101 },
    ]);
    expect(committed).toHaveLength(2);
  });

  it('a transaction sees what it has written and deleted, before anybody else does', async () => {
    const { run } = await bench();
    const seen = await run((context) =>
      context.store.transact('look', [rows], 'readwrite', async (tx) => {
        const ids = async () => (await tx.list(rows)).map(({ id }) => id);
        await tx.put(rows, { id: 'a', status: 'x' });
        await tx.put(rows, { id: 'b', status: 'x' });
        const both = await ids();
        await tx.delete(rows, 'a');
        return [both, await tx.get(rows, 'a'), (await tx.get(rows, 'b'))?.status, await ids()];
      }),
    );
    expect(seen).toEqual([['a', 'b'], undefined, 'x', ['b']]);
  });

  it('a body that is given up while it waits for a row does not keep the next from writing', async () => {
    const { run, rows: read } = await bench();
    const given = run(async (context) => {
      await context.within(1, (inner) =>
        inner.store.transact('endless', [rows], 'readwrite', async (tx) => {
          await tx.put(rows, { id: 'endless', status: 'x' });
          for (;;) await tx.list(rows);
        }),
      );
    });
    const next = run((context) =>
      context.store.transact('next', [rows], 'readwrite', async (tx) => {
        await tx.get(rows, 'next');
        await tx.put(rows, { id: 'next', status: 'x' });
      }),
    );
    await Promise.all([given, next]);
    expect(await read('rows')).toEqual([{ id: 'next', status: 'x' }]);
  });

  it('lists by key and by index: equals, ranges with both ends, backwards, limits', async () => {
    const { run } = await bench();
    const list = (options: Parameters<import('../../kernel/index.ts').Transaction['list']>[1]) =>
      run((context) =>
        context.store.transact('list', [rows], 'readonly', async (tx) =>
          (await tx.list(rows, options ?? {})).map(({ id }) => id),
        ),
      );
    await run((context) =>
      context.store.transact('fill', [rows], 'readwrite', async (tx) => {
        await tx.put(rows, { id: 'c', status: 'x', amount: 10 });
        await tx.put(rows, { id: 'a', status: 'y', amount: 9 });
        await tx.put(rows, { id: 'b', status: 'x' });
      }),
    );
    expect(await list({})).toEqual(['a', 'b', 'c']);
    expect(await list({ from: 'b' })).toEqual(['b', 'c']);
    expect(await list({ from: 'b', to: 'b' })).toEqual(['b']);
    expect(await list({ from: 'c', to: 'a' })).toEqual([]);
    expect(await list({ to: 'b', reverse: true, limit: 1 })).toEqual(['b']);
    expect(await list({ limit: 0 })).toEqual([]);
    expect(await list({ index: 'byStatus', equals: 'x' })).toEqual(['b', 'c']);
    expect(await list({ index: 'byStatus', reverse: true })).toEqual(['a', 'c', 'b']);
    // Rows without the field are not in the index; numbers sort as numbers.
    expect(await list({ index: 'byAmount' })).toEqual(['a', 'c']);
  });

  it('a row that cannot be stored fails its operation, and the body may not go on as if nothing were', async () => {
    const { run, rows: read } = await bench();
    const failed = run((context) =>
      context.store.transact('bad row', [rows], 'readwrite', async (tx) => {
        await tx.put(rows, { id: 'a', status: 'ok' });
        await tx.put(rows, { status: 'no key' } as unknown as Row);
      }),
    );
    await expect(failed).rejects.toMatchObject({ name: 'StoreError', kind: 'aborted' });
    expect(await read('rows')).toEqual([]);
  });

  it('a body does not wait for the disk to take its rows: its commit does', async () => {
    const { run, rows: read } = await bench();
    const turns: number[] = [];
    await run((context) =>
      context.store.transact('writes', [rows, others], 'readwrite', async (tx) => {
        await tx.get(rows, 'a');
        let turned = 0;
        const channel = new MessageChannel();
        channel.port1.onmessage = () => {
          turned += 1;
        };
        channel.port2.postMessage(null);
        await tx.put(rows, { id: 'a', status: 'new' });
        await tx.put(others, { n: 1 });
        await tx.delete(others, 1);
        turns.push(turned);
        // What it has put it sees.
        turns.push((await tx.get(rows, 'a'))?.status === 'new' ? 1 : -1);
        channel.port1.close();
      }),
    );
    expect(turns).toEqual([0, 1]);
    expect(await read('rows')).toEqual([{ id: 'a', status: 'new' }]);
    expect(await read('others')).toEqual([]);
  });

  it('a row that the disk refuses undoes its transaction, though the body has gone on', async () => {
    const database = `bulkhead/test-store/refuses-${Math.random()}/order`;
    const unique = await openDB(database, 1, {
      upgrade(opened) {
        opened
          .createObjectStore('rows', { keyPath: 'id' })
          .createIndex('byStatus', 'status', { unique: true });
        opened.createObjectStore(LOG_OUTBOX, { keyPath: 'number', autoIncrement: true });
      },
    });
    unique.close();
    const table = defineTable<Row>('rows', 'id', { byStatus: 'status' });
    const one = await openStoreBench(database, [table]);
    open.push({ bench: one, database });
    let went = false;
    const failed = one.run((context) =>
      context.store.transact('twice', [table], 'readwrite', async (tx) => {
        await tx.put(table, { id: 'a', status: 'same' });
        await tx.put(table, { id: 'b', status: 'same' });
        went = true;
        tx.emit({ type: 'saga.completed', sagaId: 's', orderId: 'a' });
      }),
    );
    await expect(failed).rejects.toMatchObject({ name: 'StoreError', kind: 'aborted' });
    expect(went).toBe(true);
    expect(await one.rows('rows')).toEqual([]);
    expect(await one.outbox()).toEqual([]);
    expect(one.committed).toEqual([]);
    expect(one.events.map(({ type }) => type)).toEqual(['store.aborted']);
  });

  it('a crash aborts what is open, and nothing of it is heard afterwards', async () => {
    const { run, store, runtime, rows: read, committed } = await bench();
    let after = false;
    const never = run((context) =>
      context.store.transact('dies', [rows], 'readwrite', async (tx) => {
        await tx.put(rows, { id: 'a', status: 'new' });
        runtime.kill();
        store.abortAll();
        await tx.put(rows, { id: 'b', status: 'new' });
        after = true;
      }),
    );
    const outcome = await Promise.race([
      never.then(
        () => 'settled',
        () => 'settled',
      ),
      new Promise((resolve) => setTimeout(() => resolve('silence'), 200)),
    ]);
    expect(outcome).toBe('silence');
    expect(after).toBe(false);
    expect(await read('rows')).toEqual([]);
    expect(committed).toEqual([]);
  });

  it('an instance that ends at a commit hears of no other that shared its transaction; the log hears of all', async () => {
    const { store, committed, rows: read } = await bench();
    const heard: string[] = [];
    const write = (id: string, then: () => void) =>
      store.begin(id, ['rows'], 'readwrite', (opened) => {
        if (!opened.ok) throw new Error(opened.message);
        opened.value.request({ kind: 'put', table: 'rows', row: { id, status: 'x' } }, () => {
          const event = { id: `order-1.1.${id}`, type: 'saga.completed' } as unknown as RunEvent;
          opened.value.commit([event], () => {
            heard.push(id);
            then();
          });
        });
      });
    const ended = new Promise<void>((resolve) => {
      write('1', () => {
        store.abortAll();
        resolve();
      });
    });
    write('2', () => {});
    await ended;
    await vi.waitFor(async () => expect(await read('rows')).toHaveLength(2));
    expect(committed.map(({ events }) => events[0]?.id)).toEqual(['order-1.1.1', 'order-1.1.2']);
    expect(heard).toEqual(['1']);
  });

  it('a database gets the tables that it lacks, under an instance that goes on using it', async () => {
    const database = `bulkhead/test-store/upgrade-${Math.random()}/order`;
    const first = await openStoreBench(database, [rows]);
    const write = (one: StoreBench, id: string) =>
      one.run((context) =>
        context.store.transact(
          'write',
          [rows],
          'readwrite',
          async (tx) => await tx.put(rows, { id, status: 'x' }),
        ),
      );
    await write(first, 'a');
    const [second, third] = await Promise.all([
      openStoreBench(database, [rows, others]),
      openStoreBench(database, [rows, others]),
    ]);
    await write(second, 'b');
    await write(first, 'c');
    await write(third, 'd');
    expect(await second.rows('rows')).toHaveLength(4);
    expect(await second.rows('others')).toEqual([]);
    for (const one of [first, second, third]) one.store.close();
    await deleteDB(database);
  });

  it('once a later start has taken the database over, an instance of the earlier one adds nothing to it', async () => {
    const database = `bulkhead/test-store/taken-${Math.random()}/order`;
    expect(await takeOver(database)).toBe(0);
    const earlier = await openStoreBench(database, [rows]);
    const write = (one: StoreBench, id: string, meanwhile: () => void = () => {}) =>
      one.run((context) =>
        context.store.transact('write', [rows], 'readwrite', async (tx) => {
          await tx.get(rows, id);
          meanwhile();
          await tx.put(rows, { id, status: 'x' });
        }),
      );
    const begun: { takeover: Promise<number> | null } = { takeover: null };
    await write(earlier, 'under way', () => {
      begun.takeover = takeOver(database);
    });
    expect(await begun.takeover).toBe(1);
    await expect(write(earlier, 'too late')).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(openStoreBench(database, [rows])).rejects.toThrow('belongs to a later start');

    const later = await openStoreBench(database, [rows, others], 1);
    await write(later, 'in time');
    expect(await later.rows('rows')).toMatchObject([{ id: 'in time' }, { id: 'under way' }]);
    expect(await takeOver(database)).toBe(2);
    for (const one of [earlier, later]) one.store.close();
    await deleteDB(database);
  });

  it('transactions wait at the gate and one that gives up never begins', async () => {
    const waiting: (() => void)[] = [];
    const database = `bulkhead/test-store/gate-${Math.random()}/order`;
    const store = await IndexedDbStore.open({
      database,
      tables: [{ name: 'rows', key: 'id', indexes: {} }],
      takeover: 0,
      gate: {
        pass(begin) {
          waiting.push(begin);
          return () => {};
        },
      },
      committed: () => {},
      noted: () => {},
      lost: () => {},
    });
    const opened: string[] = [];
    const begin = (name: string) =>
      store.begin(name, ['rows'], 'readonly', (outcome: StoreOutcome<{ abort(): void }>) => {
        opened.push(name);
        if (outcome.ok) outcome.value.abort();
      });
    begin('first');
    begin('second')();
    expect(opened).toEqual([]);
    for (const go of waiting) go();
    expect(opened).toEqual(['first']);
    store.close();
    await deleteDB(database);
  });

  it('a table that the database does not have is an error that names it, not a hang', async () => {
    const { run } = await bench();
    const missing = defineTable<{ readonly id: string; readonly data: Json }>('missing', 'id');
    const failed = run((context) =>
      context.store.transact('no table', [missing], 'readonly', async (tx) => await tx.get(missing, 'a')),
    );
    await expect(failed).rejects.toMatchObject({ name: 'StoreError', kind: 'unavailable' });
  });
});
