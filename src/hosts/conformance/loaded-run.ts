import { mean, sampleStandardDeviation } from 'simple-statistics';
import type { Json } from '../../kernel/index.ts';
import { endsById, openingsIn } from './canonical-history.ts';
import type { ConcurrentSetup } from './equivalence-setups.ts';
import { comeToRest, KnownOrders, type ScriptedRun } from './scripted-run.ts';

/** What is compared of a run under load. */
export interface LoadFigures {
  readonly orders: number;
  readonly ends: ReadonlyMap<string, string>;
  /** Of the orders that ended. */
  readonly confirmedShare: number;
  readonly openings: number;
}

/**
 * Lets the load run for its time, with its faults, ends it, heals, and lets all come to rest. Times count
 * from when the customers have come: how long a shop takes to open is the host's own.
 */
export async function playLoad(run: ScriptedRun, { faults, loadMs }: ConcurrentSetup): Promise<LoadFigures> {
  const openedMs = run.nowMs();
  const until = async (atMs: number) => await run.pass(Math.max(0, openedMs + atMs - run.nowMs()));
  const command = async (wanted: Json) => {
    const result = await run.command(wanted);
    if (!result.ok) throw new Error(result.error.message);
  };
  for (const { atMs, fault } of faults) {
    await until(atMs);
    await command({ type: 'fault.add', fault: fault as unknown as Json });
  }
  await until(loadMs);
  await command({ type: 'load.set', running: false });
  await comeToRest(run, new KnownOrders(() => run.events()));
  const ends = endsById(run.events());
  const confirmed = [...ends.values()].filter((end) => end === 'CONFIRMED').length;
  return {
    orders: ends.size,
    ends,
    confirmedShare: confirmed / Math.max(1, ends.size),
    openings: openingsIn(run.events()),
  };
}

export interface Interval {
  readonly from: number;
  readonly to: number;
}

/**
 * Where one more value lies with the confidence that `studentT` stands for, if values are normal: Student's
 * prediction interval, mean ± t · s · √(1 + 1/n), widened by `grain`, the smallest difference that there is.
 */
export function predictionInterval(values: readonly number[], studentT: number, grain: number): Interval {
  const middle = mean([...values]);
  const half = studentT * sampleStandardDeviation([...values]) * Math.sqrt(1 + 1 / values.length) + grain;
  return { from: middle - half, to: middle + half };
}

export const liesIn = (value: number, { from, to }: Interval): boolean => from <= value && value <= to;
