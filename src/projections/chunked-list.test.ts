import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ChunkedList } from './chunked-list.ts';

interface Pair {
  readonly chunked: ChunkedList<number>;
  model: number[];
}

const CHUNK = 32;
const step = fc.record({
  /** Which of the forks. */
  on: fc.nat({ max: 4 }),
  what: fc.oneof(
    fc.record({ do: fc.constant('push'), items: fc.array(fc.nat({ max: 9 }), { maxLength: 40 }) }),
    fc.record({ do: fc.constant('replace'), item: fc.nat({ max: 9 }), by: fc.option(fc.nat({ max: 9 })) }),
    fc.record({ do: fc.constant('keepNewest'), limit: fc.nat({ max: 100 }) }),
    fc.record({ do: fc.constant('dropOld'), below: fc.nat({ max: 9 }) }),
    fc.record({ do: fc.constant('fork') }),
  ),
});
type What = (typeof step extends fc.Arbitrary<infer Step> ? Step : never)['what'];

function take(pair: Pair, what: What, pairs: Pair[]): void {
  const { chunked, model } = pair;
  if ('items' in what) {
    for (const item of what.items) chunked.push(item);
    model.push(...what.items);
  } else if ('item' in what) {
    chunked.replaceNewest((item) => item === what.item, what.by);
    const at = model.lastIndexOf(what.item);
    if (at >= 0) model.splice(at, 1, ...(what.by === null ? [] : [what.by]));
  } else if ('limit' in what) {
    chunked.keepNewest(what.limit);
    // Whole chunks go: a few more than the limit may stay, never fewer.
    expect(chunked.length).toBeGreaterThanOrEqual(Math.min(what.limit, model.length));
    expect(chunked.length).toBeLessThan(what.limit + CHUNK);
    pair.model = model.slice(model.length - chunked.length);
  } else if ('below' in what) {
    chunked.dropOld((item) => item < what.below);
    const gone = model.slice(0, model.length - chunked.length);
    pair.model = model.slice(gone.length);
    // Each chunk that went ended in something old, and the first that stays does not.
    if (gone.length > 0) expect(gone.at(-1)).toBeLessThan(what.below);
    if (chunked.length > 0 && chunked.length <= CHUNK && gone.length > 0)
      expect(Math.max(...pair.model)).toBeGreaterThanOrEqual(what.below);
  } else {
    pairs.push({ chunked: chunked.fork(), model: [...model] });
  }
}

it('property: is an array, and so is each fork, whatever becomes of the others', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const pairs: Pair[] = [{ chunked: new ChunkedList(), model: [] }];
      for (const { on, what } of steps) {
        const pair = pairs[on % pairs.length];
        if (pair !== undefined) take(pair, what, pairs);
        for (const { chunked, model } of pairs) {
          expect([...chunked]).toEqual(model);
          expect([...chunked.backwards()]).toEqual(model.toReversed());
          expect(chunked.newest(40)).toEqual(model.toReversed().slice(0, 40));
          expect(chunked.length).toBe(model.length);
          for (const index of [0, 1, 31, 32, 33, -1, -2, -32, -33, -34, model.length])
            expect(chunked.at(index)).toBe(model.at(index));
        }
      }
    }),
  );
});

it('drops what is old by whole chunks, from the oldest on', () => {
  const list = new ChunkedList<number>();
  for (let n = 0; n < 100; n += 1) list.push(n);
  list.dropOld((item) => item < 63);
  expect(list.at(0)).toBe(32);
  list.dropOld((item) => item < 64);
  expect(list.at(0)).toBe(64);
  list.dropOld(() => true);
  expect([...list]).toEqual([]);
});
