import type { Turn } from '../src/hosts/virtual/index.ts';
import { type MeasuredRun, measuredRun, ROUNDS, SECONDS_PER_ROUND } from './classroom-run.ts';

export const name = 'the real services in the Lab, run log and invariants on, one seed at a time';
export const inChromium = true;

export async function run(turn: Turn): Promise<Record<string, number>> {
  const runs: MeasuredRun[] = [];
  for (let round = 1; round <= ROUNDS; round += 1)
    runs.push(await measuredRun(round, SECONDS_PER_ROUND, turn));
  const rates = (of: (run: MeasuredRun) => number) =>
    runs
      .slice(2)
      .map((run) => (1000 * of(run)) / run.ms)
      .sort((a, b) => b - a);
  const median = (sorted: readonly number[]) => sorted[sorted.length >> 1] ?? Number.NaN;
  const advances = rates((run) => run.clockAdvances);
  return {
    'completed orders per second (median)': median(rates((run) => run.orders)),
    'clock advances per second (median)': median(advances),
    'clock advances per second (best)': advances[0] ?? Number.NaN,
    'events per second (median)': median(rates((run) => run.events)),
    'seconds of run time per second (median)': median(rates(() => SECONDS_PER_ROUND)),
  };
}
