import { describe, expect, it } from 'vitest';
import type { RunEvent, ServiceName } from '../../kernel/index.ts';
import { inOrderOfCause, type LeftBehind } from './left-behind.ts';

type Told = readonly [id: string, cause: string | null];

const left = (service: string, ...commits: readonly (readonly Told[])[]): LeftBehind => ({
  service: service as ServiceName,
  entries: commits.map((events, index) => ({
    number: index + 1,
    events: events.map(([id, cause]) => ({ id, cause }) as unknown as RunEvent),
  })),
});
const ordered = (...all: readonly LeftBehind[]): string[] =>
  inOrderOfCause(all).map(({ service, entry }) => `${service} ${entry.number}`);

describe('what several databases have left', () => {
  it('keeps the order of each, also when a cause is lost that a later one does not miss', () => {
    expect(ordered(left('order', [['o1', 'lost']], [['o2', null]], [['o3', 'o1']]))).toEqual([
      'order 1',
      'order 2',
      'order 3',
    ]);
  });

  it('puts what was caused by another database’s commit after it', () => {
    const order = left('order', [['o1', null]], [['o2', 'b2']]);
    const broker = left('broker', [['b1', 'o1']], [['b2', 'b1']]);
    expect(ordered(order, broker)).toEqual(['order 1', 'broker 1', 'broker 2', 'order 2']);
    expect(ordered(broker, order)).toEqual(['order 1', 'broker 1', 'broker 2', 'order 2']);
  });

  it('knows causes within a commit', () => {
    const both = left('order', [
      ['o1', null],
      ['o2', 'o1'],
    ]);
    expect(ordered(both)).toEqual(['order 1']);
  });

  it('tells of all, even if two should wait for each other', () => {
    expect(ordered(left('order', [['o1', 'b1']]), left('broker', [['b1', 'o1']]))).toHaveLength(2);
  });
});
