import {
  type Context,
  defineTable,
  instanceId,
  type Json,
  type Key,
  type ListOptions,
  type PortCall,
  type Transaction,
} from '../../../kernel/index.ts';
import { errorText, fieldsOf, type Probe, type Probes } from '../probe.ts';
import { conformanceTables, countersTable, type ItemRow, itemsTable } from '../tables.ts';
import { sendTo } from './network.ts';

export type TransactionStep =
  | { readonly get: Key }
  | { readonly put: ItemRow }
  | { readonly delete: Key }
  | { readonly list: ListOptions }
  | { readonly emit: string }
  | { readonly fail: string };

export interface TransactionScript {
  readonly operation?: string;
  readonly mode?: 'readonly' | 'readwrite';
  readonly steps: readonly TransactionStep[];
}

const NOTHING = 'nothing';

async function doStep(tx: Transaction, step: TransactionStep): Promise<Json> {
  if ('get' in step) return ((await tx.get(itemsTable, step.get)) ?? NOTHING) as Json;
  if ('list' in step) return (await tx.list(itemsTable, step.list)) as unknown as Json;
  if ('put' in step) await tx.put(itemsTable, step.put);
  else if ('delete' in step) await tx.delete(itemsTable, step.delete);
  else if ('emit' in step) tx.emit({ type: 'service.logged', level: 'info', message: step.emit, data: null });
  else throw new Error(step.fail);
  return 'done';
}

/** One transaction over the items; gives what each step gave, or how it ended. */
const script: Probe = async (context, input) => {
  const { operation = 'script', mode = 'readwrite', steps } = fieldsOf<TransactionScript>(input);
  try {
    return await context.store.transact(operation, [itemsTable], mode, async (tx) => {
      const given: Json[] = [];
      for (const step of steps) given.push(await doStep(tx, step));
      return given;
    });
  } catch (error) {
    return errorText(error);
  }
};

/** In place of all items, these. */
const fill: Probe = async (context, input) => {
  const rows = fieldsOf<readonly ItemRow[]>(input);
  await context.store.transact('fill', [...conformanceTables], 'readwrite', async (tx) => {
    for (const { id } of await tx.list(itemsTable)) await tx.delete(itemsTable, id);
    for (const { name } of await tx.list(countersTable)) await tx.delete(countersTable, name);
    for (const row of rows) await tx.put(itemsTable, row);
  });
  return rows.length;
};

/** Keys of the items, in each of these orders, by one transaction. */
const lists: Probe = async (context, input) => {
  const wanted = fieldsOf<readonly ListOptions[]>(input);
  return await context.store.transact('lists', [itemsTable], 'readonly', async (tx) => {
    const keys: Json[] = [];
    for (const options of wanted) keys.push((await tx.list(itemsTable, options)).map(({ id }) => id));
    return keys;
  });
};

/** Reads, adds one, writes: so many times, each in a transaction of its own. */
const increments: Probe = async (context, input) => {
  const { times, name } = fieldsOf<{ times: number; name: string }>(input);
  const seen: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const count = await context.store.transact('increment', [countersTable], 'readwrite', async (tx) => {
      const before = (await tx.get(countersTable, name))?.count ?? 0;
      await tx.get(countersTable, 'another');
      await tx.put(countersTable, { name, count: before + 1 });
      return before + 1;
    });
    seen.push(count);
  }
  return seen;
};

/** Two branches of one instance add at once. */
const incrementsAtOnce: Probe = async (context, input) => {
  const seen = await context.all([
    async (own: Context) => await increments(own, input),
    async (own: Context) => await increments(own, input),
  ]);
  return seen.flat() as Json;
};

/** Writes two rows that always agree, again and again. */
const writePairs: Probe = async (context, input) => {
  const { times } = fieldsOf<{ times: number }>(input);
  for (let time = 1; time <= times; time += 1) {
    await context.store.transact('write pair', [countersTable], 'readwrite', async (tx) => {
      await tx.put(countersTable, { name: 'left', count: time });
      for (let look = 0; look < 5; look += 1) await tx.get(countersTable, 'another');
      await tx.put(countersTable, { name: 'right', count: time });
    });
    await context.clock.sleep(0);
  }
  return times;
};

/** Reads the pairs meanwhile; gives every pair that did not agree. */
const readPairs: Probe = async (context, input) => {
  const { times } = fieldsOf<{ times: number }>(input);
  const torn: Json[] = [];
  for (let time = 0; time < times; time += 1) {
    const [left, right] = await context.store.transact(
      'read pair',
      [countersTable],
      'readonly',
      async (tx) => [
        (await tx.get(countersTable, 'left'))?.count ?? 0,
        (await tx.get(countersTable, 'right'))?.count ?? 0,
      ],
    );
    if (left !== right) torn.push([left ?? 0, right ?? 0]);
    await context.clock.sleep(0);
  }
  return torn;
};

const foreignCalls: Readonly<Record<string, (context: Context) => PortCall<unknown> | Promise<unknown>>> = {
  sleep: (context) => context.clock.sleep(1),
  send: (context) => sendTo(context, { to: instanceId('product', 1), path: '/echo?from=inside' }),
  work: (context) => context.work(1),
  transact: (context) =>
    context.store.transact('inner', [itemsTable], 'readwrite', async (tx) =>
      tx.put(itemsTable, { id: 'inner' }),
    ),
  all: (context) => context.all([async () => await Promise.resolve(1)]),
  race: (context) => context.race([async () => await Promise.resolve(1)]),
  within: (context) => context.within(1, async () => await Promise.resolve(1)),
  scope: (context) => context.scope({ name: 'scope' }, async () => await Promise.resolve(1)),
  slot: (context) => context.withSlot(async () => await Promise.resolve(1)),
};

/** Awaits each other port inside a transaction, and does not catch it: how the transaction ends. */
const foreignInside: Probe = async (context) => {
  const ends: Record<string, string> = {};
  for (const [name, call] of Object.entries(foreignCalls)) {
    try {
      await context.store.transact(`foreign ${name}`, [itemsTable], 'readwrite', async (tx) => {
        await tx.put(itemsTable, { id: `foreign-${name}` });
        await call(context);
      });
      ends[name] = 'committed';
    } catch (error) {
      ends[name] = errorText(error);
    }
  }
  return ends;
};

/** Catches the refusal and goes on: the transaction is still whole. */
const foreignCaught: Probe = async (context) =>
  await context.store.transact('caught', [itemsTable], 'readwrite', async (tx) => {
    await tx.put(itemsTable, { id: 'caught-1' });
    let refusal = 'none';
    try {
      await context.clock.sleep(1);
    } catch (error) {
      refusal = errorText(error);
    }
    await tx.put(itemsTable, { id: 'caught-2' });
    return refusal;
  });

class Money {
  readonly minor = 1;
}

/** What JSON cannot carry; each put in a transaction of its own. */
const notJson: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  'not a number': Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  bigint: 1n,
  function: () => 1,
  symbol: Symbol('s'),
  date: Object.freeze(new Date(0)),
  map: new Map([['a', 1]]),
  set: new Set([1]),
  bytes: new Uint8Array([1]),
  'a class of its own': new Money(),
  'inside an object': { deep: [{ er: undefined }] },
};

const putWhatIsNotJson: Probe = async (context) => {
  const ends: Record<string, Json> = {};
  for (const [name, more] of Object.entries(notJson)) {
    try {
      await context.store.transact('not json', [itemsTable], 'readwrite', async (tx) => {
        await tx.put(itemsTable, { id: `not-json ${name}`, more: more as Json });
      });
      ends[name] = 'stored';
    } catch {
      ends[name] = 'refused';
    }
  }
  return ends;
};

/** Keys that no row can have. */
const putBadKeys: Probe = async (context) => {
  const ends: Record<string, string> = {};
  const keys: Readonly<Record<string, unknown>> = {
    boolean: true,
    null: null,
    object: { a: 1 },
    list: ['a'],
    'none at all': undefined,
  };
  for (const [name, id] of Object.entries(keys)) {
    try {
      await context.store.transact('bad key', [itemsTable], 'readwrite', async (tx) => {
        await tx.put(itemsTable, { id: `before ${name}` });
        const row = name === 'none at all' ? { colour: 'red' } : { id, colour: 'red' };
        await tx.put(itemsTable, row as unknown as ItemRow);
      });
      ends[name] = 'stored';
    } catch {
      ends[name] = 'refused';
    }
  }
  return ends;
};

/** A row is what it was when it was put or read, whatever becomes of the object. */
const noSharing: Probe = async (context) => {
  const mine = { id: 'shared', more: { list: [1] } };
  const tryTo = (change: () => void): string => {
    try {
      change();
      return 'changed';
    } catch (error) {
      return error instanceof TypeError ? 'refused' : 'failed';
    }
  };
  return await context.store.transact('sharing', [itemsTable], 'readwrite', async (tx) => {
    await tx.put(itemsTable, mine);
    const written = tryTo(() => mine.more.list.push(2));
    const first = await tx.get(itemsTable, 'shared');
    const kept = first?.more as { list: number[] } | undefined;
    const read = tryTo(() => kept?.list.push(3));
    const second = await tx.get(itemsTable, 'shared');
    return { written, read, stored: (second?.more ?? null) as Json };
  });
};

const nowhere = defineTable<ItemRow>('nowhere', 'id');

/** Tables that the database lacks, or that the transaction did not name; an index that is none. */
const wrongPlaces: Probe = async (context) => {
  const endOf = async (body: () => PortCall<unknown> | Promise<unknown>): Promise<string> => {
    try {
      await body();
      return 'committed';
    } catch {
      return 'refused';
    }
  };
  const { store } = context;
  return {
    'a table that is not there': await endOf(() =>
      store.transact('nowhere', [nowhere], 'readwrite', async (tx) => tx.get(nowhere, 'a')),
    ),
    'a table that was not named': await endOf(() =>
      store.transact('unnamed', [itemsTable], 'readwrite', async (tx) => {
        await tx.put(itemsTable, { id: 'unnamed' });
        await tx.put(countersTable, { name: 'unnamed', count: 1 });
      }),
    ),
    'an index that is none': await endOf(() =>
      store.transact('no index', [itemsTable], 'readwrite', async (tx) => {
        await tx.put(itemsTable, { id: 'no index' });
        return await tx.list(itemsTable, { index: 'byWeight' });
      }),
    ),
  };
};

/** Many native promises deep, between two operations: no port is awaited, so the transaction lives on. */
const deepInside: Probe = async (context) => {
  const deep = async (depth: number): Promise<number> => (depth === 0 ? 0 : 1 + (await deep(depth - 1)));
  return await context.store.transact('deep', [itemsTable], 'readwrite', async (tx) => {
    await tx.put(itemsTable, { id: 'deep-1' });
    const depth = await deep(60);
    await tx.put(itemsTable, { id: 'deep-2', size: depth });
    return depth;
  });
};

/** Commits, and then tells another instance, which says in the log what it found. */
const commitThenTell: Probe = async (context, input) => {
  const { times } = fieldsOf<{ times: number }>(input);
  for (let time = 1; time <= times; time += 1) {
    await context.store.transact('tell', [countersTable], 'readwrite', async (tx) =>
      tx.put(countersTable, { name: 'told', count: time }),
    );
    await sendTo(context, { to: instanceId('order', 2), path: '/found' });
  }
  return times;
};

/** Looks until the counter has got so far, and says each new value in the log: nobody tells it. */
const watchCounter: Probe = async (context, input) => {
  const { until, name } = fieldsOf<{ until: number; name: string }>(input);
  let last = 0;
  while (last < until) {
    const row = await context.store.transact('watch', [countersTable], 'readonly', async (tx) =>
      tx.get(countersTable, name),
    );
    if ((row?.count ?? 0) === last) {
      await context.clock.sleep(1);
      continue;
    }
    last = row?.count ?? 0;
    context.log.info(`saw ${name} ${last}`);
  }
  return last;
};

/** Adds up to `times`, a moment apart, in an instance that hashes passwords meanwhile: its thread is often busy. */
const countUp: Probe = async (context, input) => {
  const { times, name } = fieldsOf<{ times: number; name: string }>(input);
  let over = false;
  await context.all([
    async (own: Context) => {
      for (let time = 1; time <= times; time += 1) {
        await own.store.transact('count', [countersTable], 'readwrite', async (tx) => {
          const before = (await tx.get(countersTable, name))?.count ?? 0;
          await tx.put(countersTable, { name, count: before + 1 });
        });
        await own.clock.sleep(time % 3);
      }
      over = true;
    },
    async (own: Context) => {
      for (let round = 0; !over && round < 1000; round += 1) {
        if (round % 4 === 0) own.crypto.scrypt('password', new Uint8Array([round]));
        await own.clock.sleep(1);
      }
    },
  ]);
  return times;
};

export const storeProbes: Probes = {
  script,
  fill,
  lists,
  increments,
  incrementsAtOnce,
  writePairs,
  readPairs,
  foreignInside,
  foreignCaught,
  putWhatIsNotJson,
  putBadKeys,
  noSharing,
  wrongPlaces,
  deepInside,
  commitThenTell,
  watchCounter,
  countUp,
};
