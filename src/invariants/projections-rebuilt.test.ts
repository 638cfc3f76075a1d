import { expect, it } from 'vitest';
import type { RunEvent } from '../kernel/index.ts';
import { runProjections } from '../projections/index.ts';
import { checkProjections } from './index.ts';
import { LogBuilder } from './testing/log-builder.ts';
import { shopRun } from './testing/shop-runs.ts';

it('INV-13 a fold over the log, built again, is compared with the one that has grown', () => {
  const { events } = new LogBuilder().commit('order', {}).commit('product', {}).commit('order', {});
  const fold = {
    initial: () => new Map<string, number>(),
    apply: (state: Map<string, number>, event: RunEvent) =>
      state.set(event.service, (state.get(event.service) ?? 0) + 1),
  };
  const live = events.reduce(fold.apply, fold.initial());
  expect(checkProjections(events, [{ name: 'counts', fold, live }])).toEqual([]);
  live.set('order', 7);
  expect(checkProjections(events, [{ name: 'counts', fold, live }])).toMatchObject([
    {
      invariant: 'INV-13',
      message: 'the projection counts, built again from the log, differs from the one that has grown',
    },
  ]);
});

it('INV-13 holds for the projections of the page, fed with a run in parts', { timeout: 60_000 }, async () => {
  const { events } = await shopRun();
  const half = Math.floor(events.length / 2);
  let live = runProjections.initial();
  for (const event of events.slice(0, half)) live = runProjections.apply(live, event);
  // As a checkpoint that is taken up again.
  live = runProjections.fork(live);
  for (const event of events.slice(half)) live = runProjections.apply(live, event);
  const found = checkProjections(events, [{ name: 'the page', fold: runProjections, live }]);
  expect(found).toEqual([]);
});
