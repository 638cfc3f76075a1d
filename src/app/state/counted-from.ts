import type { Faults } from '../../projections/index.ts';
import type { Comparison } from './comparison.ts';

/**
 * From when on a comparison counts, at a moment in µs of run time. Two branches count since they parted. Two
 * compositions count since the latest fault that has begun by then: what went well before it would hide what it does.
 */
export function countedFromUs(
  { branch, fromUs }: Pick<Comparison, 'branch' | 'fromUs'>,
  faults: Faults,
  nowUs: number,
): number {
  if (branch !== null) return fromUs;
  let latestUs = fromUs;
  for (const { startedUs } of faults.byId.values())
    if (startedUs <= nowUs) latestUs = Math.max(latestUs, startedUs);
  return latestUs;
}
