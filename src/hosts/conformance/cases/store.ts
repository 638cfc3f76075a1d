import { expect } from 'vitest';
import { instanceId, type Json } from '../../../kernel/index.ts';
import { type ConformanceHost, caughtUp, eventsOf, probe, said } from '../conformance-host.ts';
import type { TransactionScript } from '../probes/store.ts';
import type { ItemRow } from '../tables.ts';
import type { PortCases } from './case.ts';

const ORDER = instanceId('order', 1);
const OTHER_ORDER = instanceId('order', 2);

const fill = (host: ConformanceHost, rows: readonly ItemRow[] = []) =>
  probe(host, ORDER, 'fill', rows as unknown as Json);

const run = (host: ConformanceHost, script: TransactionScript, at = ORDER) =>
  probe(host, at, 'script', script as unknown as Json);

const lists = (host: ConformanceHost, wanted: Json) => probe<Json[]>(host, ORDER, 'lists', wanted);

const ids = async (host: ConformanceHost): Promise<Json> => (await lists(host, [{}]))[0] ?? [];

const counters = async (host: ConformanceHost): Promise<Record<string, number>> =>
  Object.fromEntries(
    ((await host.tables('order'))['counters'] ?? []).map((row) => {
      const { name, count } = row as { name: string; count: number };
      return [name, count];
    }),
  );

/** Sorted as IndexedDB sorts: numbers by size, then strings by their UTF-16 code units. */
const SORTED_KEYS = [
  -7,
  -0.5,
  0,
  1,
  2,
  10,
  1e9,
  '',
  '!',
  '0',
  '10',
  '2',
  'A',
  'Z',
  'a',
  'aa',
  'ü',
  '世',
  '🚢',
  'ﬁ',
];

const SIZES: readonly ItemRow[] = [
  { id: 'e', size: 2, colour: 'red' },
  { id: 'a', size: 10, colour: 'red' },
  { id: 'd', size: 2, colour: 'blue' },
  { id: 3, size: 2 },
  { id: 'b', size: 'large', colour: 'red' },
  { id: 'c', colour: 'green' },
  { id: 'f', size: 'L', colour: 'blue' },
  { id: 1, size: -1, colour: 'red' },
];

export const storeCases: PortCases = {
  port: 'store',
  cases: [
    {
      title: 'a transaction reads what it wrote: put, put again, delete',
      check: async (host) => {
        await fill(host);
        const more = { deep: [1, 'ü', null, { yes: true }], 'a b': 0.1 };
        expect(
          await run(host, {
            steps: [
              { get: 'a' },
              { put: { id: 'a', size: 1, more } },
              { get: 'a' },
              { put: { id: 'a', size: 2 } },
              { get: 'a' },
              { put: { id: 'b' } },
              { delete: 'a' },
              { delete: 'nobody' },
              { get: 'a' },
              { list: {} },
            ],
          }),
        ).toEqual([
          'nothing',
          'done',
          { id: 'a', size: 1, more },
          'done',
          { id: 'a', size: 2 },
          'done',
          'done',
          'done',
          'nothing',
          [{ id: 'b' }],
        ]);
        expect(await ids(host)).toEqual(['b']);
      },
    },
    {
      title: 'K-17: a throw in the body leaves nothing, is rethrown, and the log has it',
      check: async (host) => {
        await fill(host, [{ id: 'before', size: 1 }]);
        const steps = [
          { put: { id: 'new' } },
          { put: { id: 'before', size: 2 } },
          { emit: 'never true' },
          { fail: 'on second thoughts' },
        ];
        expect(await run(host, { operation: 'thrown', steps })).toBe('Error: on second thoughts');
        expect(await run(host, { steps: [{ list: {} }] })).toEqual([[{ id: 'before', size: 1 }]]);
        await caughtUp(host, ORDER);
        expect(said(host, 'never true')).toEqual([]);
        expect(eventsOf(host, 'store.aborted').map(({ operation, error }) => [operation, error])).toEqual([
          ['thrown', 'on second thoughts'],
        ]);
      },
    },
    {
      title:
        'K-15: a commit is in the log with every row, and with the events that came with it, in their order',
      check: async (host) => {
        await fill(host, [{ id: 'old' }]);
        const steps = [
          { emit: 'first said' },
          { put: { id: 'x', size: 1 } },
          { put: { id: 'x', size: 2 } },
          { delete: 'old' },
          { emit: 'then said' },
        ];
        await run(host, { operation: 'told', steps });
        await caughtUp(host, ORDER);
        const commit = eventsOf(host, 'store.committed').find(({ operation }) => operation === 'told');
        expect(commit?.rows).toEqual([
          { table: 'items', key: 'x', after: { id: 'x', size: 1 } },
          { table: 'items', key: 'x', after: { id: 'x', size: 2 } },
          { table: 'items', key: 'old', after: null },
        ]);
        const told = eventsOf(host, 'service.logged').filter(({ message }) => message.endsWith('said'));
        expect(told.map(({ message }) => message)).toEqual(['first said', 'then said']);
        expect(told.map(({ cause }) => cause)).toEqual([commit?.id, told[0]?.id]);
      },
    },
    {
      title: 'a transaction that wrote nothing is not told of; what it says is',
      check: async (host) => {
        await fill(host);
        await run(host, { operation: 'looked', steps: [{ list: {} }, { emit: 'looked around' }] });
        await run(host, {
          operation: 'looked',
          mode: 'readonly',
          steps: [{ list: {} }, { emit: 'read only' }],
        });
        await caughtUp(host, ORDER);
        expect(eventsOf(host, 'store.committed').filter(({ operation }) => operation === 'looked')).toEqual(
          [],
        );
        expect(said(host, 'looked around')).toHaveLength(1);
        expect(said(host, 'read only')).toHaveLength(1);
      },
    },
    {
      title: 'a read-only transaction refuses writes',
      check: async (host) => {
        await fill(host, [{ id: 'a' }]);
        expect(await run(host, { mode: 'readonly', steps: [{ put: { id: 'b' } }] })).toBe(
          "Error: 'items.put' in a read-only transaction",
        );
        expect(await run(host, { mode: 'readonly', steps: [{ delete: 'a' }] })).toBe(
          "Error: 'items.delete' in a read-only transaction",
        );
        expect(await ids(host)).toEqual(['a']);
      },
    },
    {
      title: 'rows are listed by key: numbers before strings, strings by code unit',
      check: async (host) => {
        await fill(
          host,
          SORTED_KEYS.toReversed().map((id) => ({ id })),
        );
        const lowest = SORTED_KEYS.slice(0, 3);
        expect(await lists(host, [{}, { reverse: true }, { limit: 3 }])).toEqual([
          SORTED_KEYS,
          SORTED_KEYS.toReversed(),
          lowest,
        ]);
      },
    },
    {
      title: 'an index lists by its field, then by key, without the rows that lack the field',
      check: async (host) => {
        await fill(host, SIZES);
        expect(
          await lists(host, [
            { index: 'bySize' },
            { index: 'bySize', reverse: true },
            { index: 'byColour' },
            { index: 'byColour', equals: 'red' },
            { index: 'byColour', equals: 'red', reverse: true },
            { index: 'bySize', equals: 2 },
            { index: 'bySize', equals: '2' },
          ]),
        ).toEqual([
          [1, 3, 'd', 'e', 'a', 'f', 'b'],
          ['b', 'f', 'a', 'e', 'd', 3, 1],
          ['d', 'f', 'c', 1, 'a', 'b', 'e'],
          [1, 'a', 'b', 'e'],
          ['e', 'b', 'a', 1],
          [3, 'd', 'e'],
          [],
        ]);
      },
    },
    {
      title: 'ranges include both ends; an empty one gives nothing; limits count from where the list begins',
      check: async (host) => {
        await fill(host, SIZES);
        const bySize = { index: 'bySize' };
        expect(
          await lists(host, [
            { from: 'b', to: 'd' },
            { from: 'd' },
            { to: 3 },
            { from: 'd', to: 'b' },
            { equals: 'c' },
            { equals: 'nobody' },
            { ...bySize, from: 2, to: 10 },
            { ...bySize, from: 2, to: 10, limit: 2 },
            { ...bySize, from: 2, to: 10, limit: 2, reverse: true },
            { ...bySize, from: 3, to: 'M' },
            { ...bySize, equals: 2, limit: 1 },
            { ...bySize, equals: 2, limit: 2, reverse: true },
            { limit: 0 },
            { limit: 0, reverse: true },
            { limit: 100 },
            { from: 'a', limit: 2, reverse: true },
          ]),
        ).toEqual([
          ['b', 'c', 'd'],
          ['d', 'e', 'f'],
          [1, 3],
          [],
          ['c'],
          [],
          [3, 'd', 'e', 'a'],
          [3, 'd'],
          ['a', 'e'],
          ['a', 'f'],
          [3],
          ['e', 'd'],
          [],
          [],
          [1, 3, 'a', 'b', 'c', 'd', 'e', 'f'],
          ['f', 'e'],
        ]);
      },
    },
    {
      title: 'one value and a range at once: what lies in both',
      check: async (host) => {
        await fill(host, SIZES);
        expect(
          await lists(host, [
            { index: 'bySize', equals: 2, from: 3 },
            { index: 'bySize', equals: 2, from: 1, to: 2 },
            { equals: 'b', to: 'a' },
          ]),
        ).toEqual([[], [3, 'd', 'e'], []]);
      },
    },
    {
      title: 'an index follows its rows, also within a transaction and after one that was undone',
      check: async (host) => {
        await fill(host, [
          { id: 'a', colour: 'red' },
          { id: 'b', colour: 'red' },
        ]);
        const red = { list: { index: 'byColour', equals: 'red' } };
        await run(host, {
          steps: [{ put: { id: 'a', colour: 'blue' } }, { delete: 'b' }, { fail: 'undone' }],
        });
        expect(
          await run(host, {
            steps: [red, { put: { id: 'a', colour: 'blue' } }, red, { put: { id: 'c', colour: 'red' } }, red],
          }),
        ).toEqual([
          [
            { id: 'a', colour: 'red' },
            { id: 'b', colour: 'red' },
          ],
          'done',
          [{ id: 'b', colour: 'red' }],
          'done',
          [
            { id: 'b', colour: 'red' },
            { id: 'c', colour: 'red' },
          ],
        ]);
      },
    },
    {
      title: 'rows must be JSON, and a row must have a key',
      check: async (host) => {
        await fill(host);
        const ends = await probe<Record<string, string>>(host, ORDER, 'putWhatIsNotJson');
        expect(Object.entries(ends).filter(([, end]) => end !== 'refused')).toEqual([]);
        const keys = await probe<Record<string, string>>(host, ORDER, 'putBadKeys');
        expect(Object.entries(keys).filter(([, end]) => end !== 'refused')).toEqual([]);
        // A transaction with a put that was refused is undone as a whole, where nobody caught it.
        expect(await ids(host)).toEqual([]);
      },
    },
    {
      title: 'a stored row is nobody’s object: it can be changed by a put only',
      check: async (host) => {
        await fill(host);
        expect(await probe(host, ORDER, 'noSharing')).toEqual({
          written: 'refused',
          read: 'refused',
          stored: { list: [1] },
        });
      },
    },
    {
      title: 'unknown tables and indexes, and tables that were not named, are refused and leave nothing',
      check: async (host) => {
        await fill(host);
        expect(await probe(host, ORDER, 'wrongPlaces')).toEqual({
          'a table that is not there': 'refused',
          'a table that was not named': 'refused',
          'an index that is none': 'refused',
        });
        expect(await ids(host)).toEqual([]);
        expect(await counters(host)).toEqual({});
      },
    },
    {
      title: 'two writers of one instance come one after the other',
      check: async (host) => {
        await fill(host);
        const seen = await probe<number[]>(host, ORDER, 'incrementsAtOnce', { times: 20, name: 'own' });
        expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
        expect(await counters(host)).toEqual({ own: 40 });
      },
    },
    {
      title: 'writers of two instances share a database and come one after the other',
      check: async (host) => {
        await fill(host);
        const seen = await Promise.all(
          [ORDER, OTHER_ORDER].map((at) =>
            probe<number[]>(host, at, 'incrementsAtOnce', { times: 15, name: 'common' }),
          ),
        );
        expect(seen.flat().toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: 60 }, (_, index) => index + 1),
        );
        expect(await counters(host)).toEqual({ common: 60 });
      },
    },
    {
      title: 'readers see whole commits only',
      check: async (host) => {
        await fill(host);
        const [, ...torn] = await Promise.all([
          probe<number>(host, ORDER, 'writePairs', { times: 30 }),
          probe<Json[]>(host, OTHER_ORDER, 'readPairs', { times: 60 }),
          probe<Json[]>(host, ORDER, 'readPairs', { times: 60 }),
        ]);
        expect(torn).toEqual([[], []]);
        expect(await counters(host)).toEqual({ left: 30, right: 30 });
      },
    },
    {
      title: 'K-16: inside a transaction any other port is refused by name, has no effect, and undoes it',
      check: async (host) => {
        await fill(host);
        const refusal = (call: string, operation: string) =>
          `Error: '${call}' was called inside the transaction of '${operation}': only the transaction's own operations may be awaited there`;
        expect(await probe(host, ORDER, 'foreignInside')).toEqual({
          sleep: refusal('clock.sleep', 'foreign sleep'),
          send: refusal('network.send GET /echo', 'foreign send'),
          work: refusal('work', 'foreign work'),
          transact: refusal('store.transact inner', 'foreign transact'),
          all: refusal('all', 'foreign all'),
          race: refusal('race', 'foreign race'),
          within: refusal('race', 'foreign within'),
          scope: refusal('scope', 'foreign scope'),
          slot: refusal('slot', 'foreign slot'),
        });
        expect(await ids(host)).toEqual([]);
        await caughtUp(host, ORDER);
        expect(eventsOf(host, 'request.sent').filter(({ path }) => path.includes('from=inside'))).toEqual([]);
      },
    },
    {
      title: 'K-16: a transaction whose body caught the refusal is whole',
      check: async (host) => {
        await fill(host);
        expect(await probe(host, ORDER, 'foreignCaught')).toContain("'clock.sleep' was called inside");
        expect(await ids(host)).toEqual(['caught-1', 'caught-2']);
      },
    },
    {
      title: 'promises that wait for no port do not end a transaction, however deep',
      check: async (host) => {
        await fill(host);
        expect(await probe(host, ORDER, 'deepInside')).toBe(60);
        expect(await ids(host)).toEqual(['deep-1', 'deep-2']);
      },
    },
    {
      title:
        'a commit is in the log before anything that its writer did next, and before its effects elsewhere',
      check: async (host) => {
        await fill(host);
        await probe(host, ORDER, 'commitThenTell', { times: 20 });
        await caughtUp(host, OTHER_ORDER);
        await caughtUp(host, ORDER);
        const story = host.events().flatMap((event) => {
          if (event.type === 'store.committed' && event.operation === 'tell') {
            const [row] = event.rows;
            const count = (row?.after as { count: number } | undefined)?.count;
            return [`committed ${count}`];
          }
          return event.type === 'service.logged' && event.message.startsWith('found') ? [event.message] : [];
        });
        expect(story).toEqual(
          Array.from({ length: 20 }, (_, index) => [`committed ${index + 1}`, `found ${index + 1}`]).flat(),
        );
      },
    },
    {
      title: 'who finds a commit in the database by itself says so in the log after it',
      differs: 'DIFF-3',
      check: async (host) => {
        await fill(host);
        await Promise.all([
          probe(host, ORDER, 'countUp', { times: 40, name: 'seen' }),
          probe(host, OTHER_ORDER, 'watchCounter', { until: 40, name: 'seen' }),
        ]);
        await caughtUp(host, OTHER_ORDER);
        await caughtUp(host, ORDER);
        let committed = 0;
        const early: string[] = [];
        for (const event of host.events()) {
          if (event.type === 'store.committed' && event.operation === 'count') committed += 1;
          if (event.type !== 'service.logged') continue;
          const [, count] = /^saw seen (\d+)$/.exec(event.message) ?? [];
          if (count !== undefined && Number(count) > committed)
            early.push(`${event.message}, ${committed} committed`);
        }
        // Every commit is told of; that it comes first holds where nobody's thread is busy with something else.
        expect(committed).toBe(40);
        if (host.virtual) expect(early).toEqual([]);
      },
    },
    {
      title: 'commits of one database are in the log in the order in which they were made, whoever made them',
      check: async (host) => {
        await fill(host);
        await Promise.all([
          probe(host, ORDER, 'countUp', { times: 30, name: 'in order' }),
          probe(host, OTHER_ORDER, 'countUp', { times: 30, name: 'in order' }),
        ]);
        await caughtUp(host, OTHER_ORDER);
        await caughtUp(host, ORDER);
        const counts = eventsOf(host, 'store.committed').flatMap(({ operation, rows }) => {
          const after = rows[0]?.after as { name?: string; count?: number } | undefined;
          return operation === 'count' && after?.name === 'in order' ? [after.count] : [];
        });
        expect(counts).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
      },
    },
  ],
};
