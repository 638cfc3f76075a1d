import { expect, it } from 'vitest';
import type { RunEvent } from '../../kernel/index.ts';
import { Sequencer } from '../../run-log/index.ts';
import { LogKeeper } from './log-keeper.ts';

const event = (id: string, cause: string | null) =>
  ({ id, cause, seq: -1, timeUs: 0, type: 'instance.ready' }) as unknown as RunEvent;

it('at the end lets in those that still wait for their cause, on disk too, and nothing after them', async () => {
  const published: RunEvent[] = [];
  const stored: RunEvent[] = [];
  const keeper = new LogKeeper({
    sequencer: new Sequencer(),
    nowMs: () => 0,
    publish: (events) => published.push(...events),
    store: async (events) => void stored.push(...events),
    stored: () => {},
    refused: () => {},
  });
  keeper.add([event('order-1.1.1', null), event('order-1.1.3', 'user-1.1.1')]);
  keeper.drain();
  keeper.add([event('order-1.1.4', null)]);
  await keeper.flush();
  keeper.stop();
  expect(stored.map(({ id, seq }) => `${seq} ${id}`)).toEqual(['0 order-1.1.1', '1 order-1.1.3']);
  expect(published).toEqual(stored);
});
