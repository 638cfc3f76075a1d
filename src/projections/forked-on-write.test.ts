import { expect, it } from 'vitest';
import { ChunkedList } from './chunked-list.ts';
import { ForkedOnWrite } from './forked-on-write.ts';

const make = () => new ChunkedList<number>();
const contents = (lists: ForkedOnWrite<string, ChunkedList<number>>) =>
  [...lists].map(([name, list]) => [name, ...list]);

it('is forked with all that it holds, and what is changed in one is not seen in another', () => {
  const first = new ForkedOnWrite<string, ChunkedList<number>>();
  first.writable('a', make).push(1);
  const second = first.fork();
  first.writable('a', make).push(2);
  const third = second.fork();
  second.writable('a', make).push(3);
  second.writable('b', make).push(4);
  third.writable('a', make).push(5);
  expect(contents(first)).toEqual([['a', 1, 2]]);
  expect(contents(second)).toEqual([
    ['a', 1, 3],
    ['b', 4],
  ]);
  expect(contents(third)).toEqual([['a', 1, 5]]);
});

it('changes in place what is its own already, and copies nothing to be read', () => {
  const first = new ForkedOnWrite<string, ChunkedList<number>>();
  const list = first.writable('a', make);
  expect(first.writable('a', make)).toBe(list);
  const second = first.fork();
  expect(second.get('a')).toBe(list);
  expect(first.writable('a', make)).not.toBe(list);
  expect(second.get('b')).toBeUndefined();
});
