import { expect, test } from 'vitest';
import { PATTERN_TRUTHS, truthOutcome } from './pattern-truths.ts';

const turn = (next: () => void): void => void setImmediate(next);
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

test.each(PATTERN_TRUTHS)('$claim', { timeout: 300_000 }, async (truth) => {
  const outcome = await truthOutcome(truth, SEEDS, turn);
  const { low, high } = outcome.difference;
  // 95 % sure that there is an effect, and which.
  const isShown = truth.effect === 'higher' ? (low ?? 0) > 0 : (high ?? 0) < 0;
  expect({ figure: truth.figure, ...outcome, isShown }).toMatchObject({ isShown: true });
});
