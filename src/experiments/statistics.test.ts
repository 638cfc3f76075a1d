import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeSamples, percentile, samplesOf } from './samples.ts';
import { meanEstimate, percentileEstimates, studentT95, studentTCdf } from './statistics.ts';

describe('Student’s t', () => {
  it('has the quantiles of the tables', () => {
    // NIST/SEMATECH e-Handbook, 1.3.6.7.2, upper 0.025.
    const table = {
      1: 12.706,
      2: 4.303,
      3: 3.182,
      4: 2.776,
      5: 2.571,
      9: 2.262,
      10: 2.228,
      29: 2.045,
      30: 2.042,
      100: 1.984,
    };
    for (const [degrees, t] of Object.entries(table)) expect(studentT95(Number(degrees))).toBeCloseTo(t, 3);
    expect(studentT95(10_000)).toBeCloseTo(1.96, 3);
  });

  it('is a distribution around 0', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        (degrees, t) => {
          expect(studentTCdf(t, degrees) + studentTCdf(-t, degrees)).toBeCloseTo(1, 10);
          expect(studentTCdf(t + 0.1, degrees)).toBeGreaterThanOrEqual(studentTCdf(t, degrees) - 1e-12);
        },
      ),
    );
  });
});

describe('the mean over seeds', () => {
  it('has the interval of the textbook', () => {
    // Mean 5, s = √10, n = 5, t(4) = 2.776: 5 ± 3.926.
    const estimate = meanEstimate([1, 3, 5, 7, 9]);
    expect(estimate?.value).toBe(5);
    expect(estimate?.low).toBeCloseTo(1.074, 3);
    expect(estimate?.high).toBeCloseTo(8.926, 3);
  });

  it('claims none for one seed, and nothing without any', () => {
    expect(meanEstimate([4])).toEqual({ value: 4, low: null, high: null });
    expect(meanEstimate([])).toBe(null);
  });
});

describe('percentiles over seeds', () => {
  const seeds = fc.array(fc.array(fc.nat(1000), { maxLength: 20 }).map(samplesOf), {
    minLength: 1,
    maxLength: 6,
  });

  it('are those of all samples together', () => {
    fc.assert(
      fc.property(seeds, (bySeed) => {
        const estimates = percentileEstimates(bySeed, [0.5, 0.95]);
        const all = mergeSamples(bySeed);
        expect(estimates.map((estimate) => estimate?.value ?? null)).toEqual([
          percentile(all, 0.5),
          percentile(all, 0.95),
        ]);
      }),
      { numRuns: 30 },
    );
  });

  it('have an interval as wide as the seeds differ', () => {
    const same = Array.from({ length: 10 }, () => samplesOf([100, 200, 300]));
    expect(percentileEstimates(same, [0.5])[0]).toEqual({ value: 200, low: 200, high: 200 });
    const apart = Array.from({ length: 10 }, (_, seed) => samplesOf([100 * seed, 100 * seed + 1]));
    const [median] = percentileEstimates(apart, [0.5]);
    expect(median?.low).toBeLessThan(350);
    expect(median?.high).toBeGreaterThan(550);
    expect(percentileEstimates([samplesOf([7])], [0.5])[0]).toEqual({ value: 7, low: null, high: null });
  });

  it('cover the true median in about 95 of 100 sweeps', () => {
    // 40 seeds, each with samples around a level of its own, uniform on 0…999: the true median is 499.5.
    let covered = 0;
    let state = 1;
    const uniform = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    for (let sweep = 0; sweep < 100; sweep += 1) {
      const bySeed = Array.from({ length: 40 }, () => samplesOf([Math.floor(uniform() * 1000)]));
      const [median] = percentileEstimates(bySeed, [0.5]);
      if ((median?.low ?? 0) <= 499.5 && (median?.high ?? 0) >= 499.5) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(88);
    expect(covered).toBeLessThanOrEqual(99);
  });
});
