import { LabRun } from '../src/hosts/virtual/index.ts';
import { INVARIANTS, InvariantCheck } from '../src/invariants/index.ts';
import { classroom } from '../src/setups/index.ts';
import { medianMs } from './measure.ts';

export const name = 'invariants, against JSON.parse of the same log and the run itself';

/** A run of the classroom that has come to rest. */
async function run120() {
  const from = performance.now();
  const run = await LabRun.create({ setup: classroom, seed: 7, turn: (next) => setImmediate(next) });
  await run.advanceTo(120_000);
  await run.command({ type: 'load.set', running: false });
  await run.advanceTo(180_000);
  return { events: run.events, tables: run.tables(), labMs: performance.now() - from };
}

/** What checking costs, all at once and each alone (on top of following the rows, which all share). */
export async function run(): Promise<Record<string, number>> {
  await run120();
  const { events, tables, labMs } = await run120();
  const lines = events.map((event) => JSON.stringify(event));
  const nsPerEvent = (ms: number) => (ms * 1e6) / events.length;
  const parseMs = medianMs(5, () => {
    for (const line of lines) JSON.parse(line);
  });
  let broken: readonly string[] = [];
  const costOf = (invariants: typeof INVARIANTS) =>
    medianMs(9, () => {
      const check = new InvariantCheck({ invariants, inTrueOrder: true });
      for (const event of events) check.add(event);
      check.end(tables, { healed: true });
      broken = check.violations.map(({ message }) => message);
    });
  const allMs = costOf(INVARIANTS);
  if (broken.length > 0) throw new Error(`a healthy run is broken: ${broken.join('; ')}`);
  const noneMs = costOf([]);
  const figures: Record<string, number> = {
    events: events.length,
    'all ÷ the run': allMs / labMs,
    'all ÷ JSON.parse': allMs / parseMs,
    'all, ns per event': nsPerEvent(allMs),
    'rows alone, ns per event': nsPerEvent(noneMs),
  };
  for (const invariant of INVARIANTS)
    figures[`${invariant.id} more, ns per event`] = nsPerEvent(costOf([invariant]) - noneMs);
  return figures;
}
