import { LabRun, type Turn } from '../src/hosts/virtual/index.ts';
import { checkInvariants } from '../src/invariants/index.ts';
import { classroom } from '../src/setups/index.ts';

/** What one run of the real services did, and how long it took. */
export interface MeasuredRun {
  readonly ms: number;
  readonly clockAdvances: number;
  readonly events: number;
  readonly orders: number;
}

/** The classroom's shop for `seconds` of run time, its log kept, its invariants checked. */
export async function measuredRun(seed: number, seconds: number, turn: Turn): Promise<MeasuredRun> {
  const from = performance.now();
  const run = await LabRun.create({ setup: classroom, seed, turn });
  await run.advanceTo(seconds * 1000);
  const violations = checkInvariants(run.events, run.tables(), { inTrueOrder: true });
  const ms = performance.now() - from;
  if (violations.length > 0) throw new Error(`seed ${seed}: ${violations[0]?.message}`);
  return {
    ms,
    clockAdvances: run.time.advances,
    events: run.events.length,
    orders: run.events.filter(({ type }) => type === 'saga.completed').length,
  };
}

/** The first two of these warm up. */
export const ROUNDS = 7;
export const SECONDS_PER_ROUND = 60;
