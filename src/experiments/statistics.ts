import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { bisect, mean, quantileSorted, sampleStandardDeviation } from 'simple-statistics';
import { type Samples, sampleCount } from './samples.ts';

/** A figure and its 95 % confidence interval; the interval is null when there are too few seeds for one. */
export interface Estimate {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * P(T ≤ t) of Student's t distribution with a whole number of degrees of freedom: Abramowitz & Stegun,
 * 26.7.3 and 26.7.4.
 */
export function studentTCdf(t: number, degreesOfFreedom: number): number {
  const theta = Math.atan(t / Math.sqrt(degreesOfFreedom));
  const cos2 = Math.cos(theta) ** 2;
  const isOdd = degreesOfFreedom % 2 === 1;
  let term = isOdd ? Math.cos(theta) : 1;
  let sum = degreesOfFreedom === 1 ? 0 : term;
  for (let n = isOdd ? 3 : 2; n <= degreesOfFreedom - 2; n += 2) {
    term *= (cos2 * (n - 1)) / n;
    sum += term;
  }
  const within = isOdd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
  return (1 + within) / 2;
}

/** The t beyond which, on both sides together, 5 % lie. */
export function studentT95(degreesOfFreedom: number): number {
  return bisect((t: number) => studentTCdf(t, degreesOfFreedom) - 0.975, 1.9, 12.8, 200, 1e-12);
}

/**
 * The mean of independent values (one per seed) and its 95 % Student-t interval:
 * mean ± t(n − 1) · s / √n. Null without values; no interval below two.
 */
export function meanEstimate(values: readonly number[]): Estimate | null {
  if (values.length === 0) return null;
  const value = mean([...values]);
  if (values.length === 1) return { value, low: null, high: null };
  const half =
    (studentT95(values.length - 1) * sampleStandardDeviation([...values])) / Math.sqrt(values.length);
  return { value, low: value - half, high: value + half };
}

const REPLICATES = 1000;
/** A sweep of very many samples needs fewer: its interval is narrow as it is. */
const FEW_REPLICATES = 200;
const MANY_SAMPLES = 200_000;

/**
 * Percentiles of all seeds' samples together, with 95 % intervals. Samples of one seed depend on each other
 * (they queued in the same shop), so whole seeds are drawn again, not samples: the percentile bootstrap
 * (Efron & Tibshirani 1993, chapter 13) over clusters (Davison & Hinkley 1997, § 3.8). The draws are fixed, so the
 * same samples give the same interval. Null without samples; no interval below two seeds.
 */
export function percentileEstimates(
  bySeed: readonly Samples[],
  shares: readonly number[],
): readonly (Estimate | null)[] {
  const all = bySeed
    .flatMap((samples, seed) => samples.map(([value, count]) => ({ value, count, seed })))
    .sort((one, other) => one.value - other.value);
  if (all.length === 0) return shares.map(() => null);
  const sizes = bySeed.map(sampleCount);

  /** The percentiles when each seed counts `times[seed]` times; `NaN` when no sample is left. */
  const percentiles = (times: Int32Array): number[] => {
    const total = sizes.reduce((sum, size, seed) => sum + size * (times[seed] ?? 0), 0);
    return shares.map((share) => {
      const rank = Math.max(1, Math.ceil(share * total));
      let seen = 0;
      for (const { value, count, seed } of all) {
        seen += count * (times[seed] ?? 0);
        if (seen >= rank) return value;
      }
      return Number.NaN;
    });
  };

  const values = percentiles(new Int32Array(bySeed.length).fill(1));
  if (bySeed.length < 2) return values.map((value) => ({ value, low: null, high: null }));
  const generator = xoroshiro128plus(1);
  const replicates = Array.from({ length: all.length > MANY_SAMPLES ? FEW_REPLICATES : REPLICATES }, () => {
    const times = new Int32Array(bySeed.length);
    for (let drawn = 0; drawn < bySeed.length; drawn += 1) {
      const seed = uniformInt(generator, 0, bySeed.length - 1);
      times[seed] = (times[seed] ?? 0) + 1;
    }
    return percentiles(times);
  });
  return values.map((value, index) => {
    const sorted = replicates
      .map((replicate) => replicate[index] ?? Number.NaN)
      .filter((drawn) => !Number.isNaN(drawn))
      .sort((one, other) => one - other);
    return { value, low: quantileSorted(sorted, 0.025), high: quantileSorted(sorted, 0.975) };
  });
}
