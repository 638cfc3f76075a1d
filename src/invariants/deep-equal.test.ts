import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deepEqual } from './deep-equal.ts';

it('property: agrees with Node on JSON, and a value equals its copy', () => {
  // Node tells 0 from −0, and so does Object.is; JSON does not.
  const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
  fc.assert(
    fc.property(json, json, (a, b) => {
      expect(deepEqual(a, structuredClone(a))).toBe(true);
      expect(deepEqual(a, b)).toBe(isDeepStrictEqual(a, b));
    }),
  );
});

it('looks into maps and sets, and takes an undefined field for a missing one', () => {
  expect(deepEqual(new Map([['a', { x: [1] }]]), new Map([['a', { x: [1] }]]))).toBe(true);
  expect(deepEqual(new Map([['a', 1]]), new Map([['b', 1]]))).toBe(false);
  expect(deepEqual(new Map([['a', 1]]), new Map([['a', 2]]))).toBe(false);
  expect(deepEqual(new Set(['a']), new Set(['a']))).toBe(true);
  expect(deepEqual(new Set(['a']), new Set(['b']))).toBe(false);
  expect(deepEqual({ a: undefined }, {})).toBe(true);
  expect(deepEqual({}, { a: undefined })).toBe(true);
  expect(deepEqual({}, { a: null })).toBe(false);
  expect(deepEqual({}, new Map())).toBe(false);
  expect(deepEqual({}, [])).toBe(false);
});

it('looks into any collection that can be gone through', () => {
  const list = (...items: readonly unknown[]) => ({ [Symbol.iterator]: () => items[Symbol.iterator]() });
  expect(deepEqual(list({ x: [1] }), list({ x: [1] }))).toBe(true);
  expect(deepEqual(list({ x: [1] }), list({ x: [2] }))).toBe(false);
  expect(deepEqual(list(1), list(1, 2))).toBe(false);
  expect(deepEqual(list(), {})).toBe(false);
  expect(deepEqual({}, list())).toBe(false);
});
