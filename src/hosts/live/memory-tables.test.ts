import { describe, expect, it } from 'vitest';
import { MemoryTables } from './memory-tables.ts';

const table = { name: 'orders', key: 'id', indexes: { byStatus: 'status' } };

function tables() {
  const made = new MemoryTables();
  made.define([table]);
  return made;
}
const put = (id: string, status = 'new') => ({ kind: 'put', table: 'orders', row: { id, status } }) as const;

describe('tables in memory', () => {
  it('a writer is alone, readers share, in the order they asked', () => {
    const made = tables();
    const opened: string[] = [];
    const begin = (id: string, mode: 'readonly' | 'readwrite') =>
      made.begin(id, ['orders'], mode, () => opened.push(id));
    begin('a/1', 'readonly');
    begin('b/1', 'readonly');
    begin('a/2', 'readwrite');
    begin('b/2', 'readonly');
    expect(opened).toEqual(['a/1', 'b/1']);
    made.commit('a/1');
    expect(opened).toHaveLength(2);
    made.commit('b/1');
    expect(opened).toEqual(['a/1', 'b/1', 'a/2']);
    made.commit('a/2');
    expect(opened).toEqual(['a/1', 'b/1', 'a/2', 'b/2']);
  });

  it('an abort undoes all, in reverse', () => {
    const made = tables();
    made.begin('a/1', ['orders'], 'readwrite', () => {});
    made.request('a/1', put('1'));
    made.commit('a/1');
    made.begin('a/2', ['orders'], 'readwrite', () => {});
    made.request('a/2', put('1', 'changed'));
    made.request('a/2', put('1', 'again'));
    made.request('a/2', put('2'));
    made.request('a/2', { kind: 'delete', table: 'orders', key: '1' });
    made.abort('a/2');
    expect(made.rows()).toEqual({ orders: [{ id: '1', status: 'new' }] });
    expect(() => made.request('a/2', put('3'))).toThrow('has ended');
    expect(made.commit('a/2')).toBe(false);
  });

  it('a dead instance leaves neither rows nor a lock', () => {
    const made = tables();
    const opened: string[] = [];
    made.begin('order-1/1', ['orders'], 'readwrite', () => {});
    made.request('order-1/1', put('1'));
    made.begin('order-1/2', ['orders'], 'readwrite', () => opened.push('order-1/2'));
    made.begin('order-2/1', ['orders'], 'readwrite', () => opened.push('order-2/1'));
    made.abortAll('order-1/');
    expect(opened).toEqual(['order-2/1']);
    expect(made.rows()).toEqual({ orders: [] });
  });

  it('lists by key or index, both ends included, backwards and up to a limit', () => {
    const made = tables();
    made.begin('a/1', ['orders'], 'readwrite', () => {});
    for (const [id, status] of [
      ['3', 'x'],
      ['1', 'y'],
      ['2', 'x'],
    ] as const)
      made.request('a/1', put(id, status));
    const list = (options: object) =>
      (made.request('a/1', { kind: 'list', table: 'orders', options }) as { id: string }[]).map(
        ({ id }) => id,
      );
    expect(list({})).toEqual(['1', '2', '3']);
    expect(list({ from: '2' })).toEqual(['2', '3']);
    expect(list({ to: '2', reverse: true, limit: 1 })).toEqual(['2']);
    expect(list({ index: 'byStatus', equals: 'x' })).toEqual(['2', '3']);
    expect(list({ index: 'byStatus' })).toEqual(['2', '3', '1']);
    expect(() => list({ index: 'byName' })).toThrow("no index 'byName'");
  });
});
