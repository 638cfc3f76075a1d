import { expect, it } from 'vitest';
import { predictionInterval } from './loaded-run.ts';

it('a prediction interval is Student’s: mean ± t · s · √(1 + 1/n), and the grain', () => {
  // s of 1, 2, 3, 4 is √(5/3).
  const { from, to } = predictionInterval([1, 2, 3, 4], 2, 0.5);
  const half = 2 * Math.sqrt(5 / 3) * Math.sqrt(1.25) + 0.5;
  expect(from).toBeCloseTo(2.5 - half, 12);
  expect(to).toBeCloseTo(2.5 + half, 12);
});

it('values that never differ leave the grain', () => {
  expect(predictionInterval([1, 1, 1], 3, 1)).toEqual({ from: 0, to: 2 });
});
