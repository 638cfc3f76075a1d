import * as z from 'zod/mini';

/**
 * Samples kept without loss: each value that came and how often, by value. All are whole numbers
 * (microseconds here), so that merging in any order gives the same.
 */
export type Samples = readonly (readonly [value: number, count: number])[];

export const samplesSchema: z.ZodMiniType<Samples> = z
  .array(z.tuple([z.int().check(z.minimum(0)), z.int().check(z.minimum(1))]))
  .check(
    z.refine(
      (samples) => samples.every(([value], index) => index === 0 || value > (samples[index - 1]?.[0] ?? 0)),
      {
        error: 'must go up from value to value',
      },
    ),
  );

export function samplesOf(values: Iterable<number>): Samples {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return byValue(counts);
}

export function mergeSamples(parts: Iterable<Samples>): Samples {
  const counts = new Map<number, number>();
  for (const part of parts) {
    for (const [value, count] of part) counts.set(value, (counts.get(value) ?? 0) + count);
  }
  return byValue(counts);
}

const byValue = (counts: ReadonlyMap<number, number>): Samples =>
  [...counts].sort(([one], [other]) => one - other);

export const sampleCount = (samples: Samples): number => samples.reduce((sum, [, count]) => sum + count, 0);

/**
 * The percentile by nearest rank: the smallest sample that at least the share `p` of all samples do not exceed
 * (Hyndman & Fan 1996, definition 1). `p` in (0, 1]. Null without samples.
 */
export function percentile(samples: Samples, p: number): number | null {
  const rank = Math.max(1, Math.ceil(p * sampleCount(samples)));
  let seen = 0;
  for (const [value, count] of samples) {
    seen += count;
    if (seen >= rank) return value;
  }
  return null;
}
