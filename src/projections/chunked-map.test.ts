import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ChunkedMap } from './chunked-map.ts';

interface Pair {
  readonly chunked: ChunkedMap<string, number>;
  model: Map<string, number>;
}

/** Small, so that a few keys fill several chunks. */
const CHUNK = 3;
const key = fc.integer({ min: 0, max: 11 }).map(String);
const step = fc.record({
  /** Which of the forks. */
  on: fc.nat({ max: 5 }),
  what: fc.oneof(
    fc.record({ do: fc.constantFrom('set', 'renew'), key, value: fc.nat() }),
    fc.record({ do: fc.constantFrom('delete', 'deleteOld'), key }),
    fc.record({ do: fc.constant('keepNewest'), limit: fc.nat({ max: 12 }) }),
    fc.record({ do: fc.constant('fork') }),
  ),
});
type What = (typeof step extends fc.Arbitrary<infer Step> ? Step : never)['what'];

function take(pair: Pair, what: What, pairs: Pair[]): void {
  const { chunked, model } = pair;
  if ('value' in what) {
    if (what.do === 'renew') model.delete(what.key);
    model.set(what.key, what.value);
    chunked[what.do === 'renew' ? 'renew' : 'set'](what.key, what.value);
  } else if ('key' in what) {
    expect(chunked[what.do === 'delete' ? 'delete' : 'deleteOld'](what.key)).toBe(model.delete(what.key));
  } else if ('limit' in what) {
    const before = [...model];
    const forgotten: number[] = [];
    chunked.keepNewest(what.limit, (value) => forgotten.push(value));
    // Whole chunks go: a few more than the limit may stay, never fewer.
    expect(chunked.size).toBeGreaterThanOrEqual(Math.min(what.limit, before.length));
    expect(chunked.size).toBeLessThan(what.limit + CHUNK);
    expect(forgotten).toEqual(before.slice(0, before.length - chunked.size).map(([, value]) => value));
    pair.model = new Map(before.slice(before.length - chunked.size));
  } else {
    pairs.push({ chunked: chunked.fork(), model: new Map(model) });
  }
}

it('property: is a Map in order of insertion, and so is each fork, whatever becomes of the others', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pairs: Pair[] = [{ chunked: new ChunkedMap(CHUNK), model: new Map() }];
      for (const { on, what } of steps) {
        const pair = pairs[on % pairs.length];
        if (pair !== undefined) take(pair, what, pairs);
        for (const { chunked, model } of pairs) {
          expect([...chunked]).toEqual([...model]);
          expect([...chunked.keys()]).toEqual([...model.keys()]);
          expect([...chunked.values()]).toEqual([...model.values()]);
          expect(chunked.size).toBe(model.size);
          expect(chunked.oldest()).toEqual([...model][0]);
          for (let n = 0; n < 12; n += 1) {
            expect(chunked.get(String(n))).toBe(model.get(String(n)));
            expect(chunked.has(String(n))).toBe(model.has(String(n)));
          }
        }
      }
    }),
  );
});

it('goes on along its entries while some of them are deleted', () => {
  const map = new ChunkedMap<number, string>(2);
  for (let n = 0; n < 6; n += 1) map.add(n, `value ${n}`);
  const seen: number[] = [];
  for (const [n] of map) {
    seen.push(n);
    map.delete(n);
  }
  expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
  expect(map.size).toBe(0);
});

it('keeps everything when there is no limit', () => {
  const map = new ChunkedMap<number, number>(2);
  for (let n = 0; n < 10; n += 1) map.add(n, n);
  map.keepNewest(Number.POSITIVE_INFINITY);
  expect(map.size).toBe(10);
});
