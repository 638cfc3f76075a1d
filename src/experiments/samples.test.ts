import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mergeSamples, percentile, sampleCount, samplesOf, samplesSchema } from './samples.ts';

const values = fc.array(fc.nat(30), { maxLength: 40 });
const share = fc.double({ min: 0.001, max: 1, noNaN: true });

it('merging loses nothing, whatever the order: the same as all samples at once', () => {
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      const all = samplesOf([...a, ...b, ...c]);
      const [one, two, three] = [samplesOf(a), samplesOf(b), samplesOf(c)];
      expect(mergeSamples([one, two, three])).toEqual(all);
      expect(mergeSamples([three, mergeSamples([two, one])])).toEqual(all);
      expect(mergeSamples([mergeSamples([one, three]), two])).toEqual(all);
      expect(sampleCount(all)).toBe(a.length + b.length + c.length);
      expect(samplesSchema.safeParse(all).success).toBe(true);
    }),
  );
});

it('a percentile is the smallest sample that so many do not exceed', () => {
  fc.assert(
    fc.property(values, share, (list, p) => {
      const sorted = [...list].sort((one, other) => one - other);
      const expected = sorted.find(
        (value) => sorted.filter((other) => other <= value).length >= p * sorted.length - 1e-9,
      );
      expect(percentile(samplesOf(list), p)).toBe(expected ?? null);
    }),
  );
  expect(percentile([], 0.5)).toBe(null);
  expect(percentile(samplesOf([1, 2, 3, 4]), 0.5)).toBe(2);
  expect(percentile(samplesOf([1, 2, 3, 4]), 0.75)).toBe(3);
  expect(percentile(samplesOf([1, 2, 3, 4]), 0.76)).toBe(4);
});

it('refuses samples out of order', () => {
  expect(
    samplesSchema.safeParse([
      [2, 1],
      [1, 1],
    ]).success,
  ).toBe(false);
  expect(
    samplesSchema.safeParse([
      [1, 1],
      [1, 1],
    ]).success,
  ).toBe(false);
  expect(samplesSchema.safeParse([[1.5, 1]]).success).toBe(false);
});
