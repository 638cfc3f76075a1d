import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rejectionProbability } from './client-throttling.ts';

test.each([
  [0, 0, 2, 0],
  [100, 100, 2, 0],
  // Exactly K times as many as are taken: none is turned away yet.
  [100, 50, 2, 0],
  [101, 50, 2, 1 / 102],
  [100, 0, 2, 100 / 101],
  [100, 50, 1, 50 / 101],
])('THR-1 of %i requests %i were taken, K = %d: %d', (requests, accepts, multiplier, expected) => {
  expect(rejectionProbability(requests, accepts, multiplier)).toBeCloseTo(expected, 12);
});

test('THR-1 it is a probability, and never certain: the callee is asked now and then', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(100_000), fc.double({ min: 1, max: 100, noNaN: true }), (a, b, k) => {
      const probability = rejectionProbability(Math.max(a, b), Math.min(a, b), k);
      expect(probability).toBeGreaterThanOrEqual(0);
      expect(probability).toBeLessThan(1);
    }),
  );
});
