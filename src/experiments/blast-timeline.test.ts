import { expect, it } from 'vitest';
import { LabRun } from '../hosts/virtual/index.ts';
import { scenarioNamed } from '../setups/index.ts';
import { BlastRadius } from './blast-radius.ts';
import { BlastTimeline } from './blast-timeline.ts';

it('knows the blast radius after each event of a run', async () => {
  const scenario = scenarioNamed('shipping-crash', 'monolith');
  if (scenario === null) throw new Error('there is no setup shipping-crash');
  const run = await LabRun.create({ ...scenario, turn: (next) => void setImmediate(next) });
  await run.advanceTo(40_000);
  const timeline = new BlastTimeline();
  const blast = new BlastRadius();
  const expected = run.events.map((event) => {
    timeline.add(event);
    blast.add(event);
    return blast.view;
  });
  const ended = new Set(expected.map((view) => view?.endedUs));
  expect(ended.size).toBeGreaterThan(2);
  expect(run.events.map(({ seq }) => timeline.at(seq))).toEqual(expected);
  expect(timeline.at(-1)).toBeNull();
});
