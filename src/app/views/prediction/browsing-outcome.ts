import { allIntents, type IntentView, type Orders } from '../../../projections/index.ts';

export type BrowsingOutcome = 'same' | 'slower' | 'fails';

/** What is looked at before the fault, and after it. */
const WINDOW_US = 10_000_000;
const MINIMUM = 5;
const FAILS_BELOW = 0.95;
const SLOWER_FROM = 1.5;

const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

const took = (intents: readonly IntentView[]): number[] =>
  intents.flatMap(({ startedUs, endedUs }) => (endedUs === null ? [] : [endedUs - startedUs]));

/**
 * What a fault has done to browsing, from what customers got: `fails` below 95 % success, `slower` when the median
 * takes half as long again. null: too few have ended to say.
 */
export function browsingOutcome(orders: Orders, faultUs: number, nowUs: number): BrowsingOutcome | null {
  const ended = [...allIntents(orders)].filter(({ kind, endedUs }) => kind === 'browse' && endedUs !== null);
  const before = ended.filter(
    ({ endedUs }) => (endedUs ?? 0) <= faultUs && (endedUs ?? 0) > faultUs - WINDOW_US,
  );
  const after = ended.filter(
    ({ startedUs, endedUs }) =>
      startedUs >= faultUs && (endedUs ?? 0) <= nowUs && (endedUs ?? 0) > nowUs - WINDOW_US,
  );
  if (after.length < MINIMUM) return null;
  const good = after.filter(({ end }) => end === 'good');
  if (good.length / after.length < FAILS_BELOW) return 'fails';
  if (before.length >= MINIMUM && median(took(good)) >= SLOWER_FROM * median(took(before))) return 'slower';
  return 'same';
}
