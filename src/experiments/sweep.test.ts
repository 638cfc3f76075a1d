import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  mergeSamples,
  mergeSweeps,
  parseSweep,
  percentile,
  type SeedResult,
  type Sweep,
  sampleCount,
  summarise,
  sweepHash,
  sweepJson,
  sweepOf,
} from './index.ts';
import { plan, seedResult, seedResults } from './testing/arbitrary-seed-result.ts';

const merged = (one: Sweep, other: Sweep): Sweep => {
  const both = mergeSweeps(one, other);
  if (!both.ok) throw new Error(both.error);
  return both.value;
};
const refusal = (one: Sweep, other: Sweep): string => {
  const both = mergeSweeps(one, other);
  return both.ok ? 'was merged' : both.error;
};
const of = (seeds: readonly SeedResult[]): Sweep => sweepOf('c0de', plan, seeds);
const [one, two] = fc.sample(fc.tuple(seedResult(1), seedResult(2)), { numRuns: 1, seed: 1 })[0] ?? [];
if (one === undefined || two === undefined) throw new Error('no samples');

describe('merging sweeps', () => {
  it('gives the whole, in whatever parts and order', () => {
    fc.assert(
      fc.property(seedResults, fc.nat(), fc.nat(), (seeds, cutA, cutB) => {
        const [a, b] = [cutA % seeds.length, cutB % seeds.length].sort((x, y) => x - y);
        const parts = [of(seeds.slice(0, a)), of(seeds.slice(a, b)), of(seeds.slice(b))] as const;
        const whole = of(seeds);
        const [first, second, third] = parts;
        expect(merged(merged(first, second), third)).toEqual(whole);
        expect(merged(first, merged(second, third))).toEqual(whole);
        expect(merged(third, merged(second, first))).toEqual(whole);
        expect(sweepHash(merged(merged(third, first), second))).toBe(sweepHash(whole));
      }),
    );
  });

  it('loses nothing on the way through a file, percentiles included', () => {
    fc.assert(
      fc.property(seedResults, (seeds) => {
        const read = parseSweep(JSON.parse(JSON.stringify(sweepJson(of(seeds)))));
        expect(read).toEqual({ ok: true, value: of(seeds) });
        const { intents } = summarise(of(seeds));
        const all = mergeSamples(seeds.map(({ goodUs }) => goodUs.order));
        expect(intents.order.latency.samples).toBe(sampleCount(all));
        const p95 = percentile(all, 0.95);
        expect(intents.order.latency.p95Ms?.value ?? null).toBe(p95 === null ? null : p95 / 1000);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses a seed that is in both, and names it', () => {
    expect(refusal(of([one, two]), of([two]))).toBe('seed 2 is in both.');
  });

  it('refuses other plans, and names the first difference', () => {
    const { setup } = plan;
    const hop = { ...setup.settings.hop, meanMs: 300 };
    const slower = { ...plan, setup: { ...setup, settings: { ...setup.settings, hop } } };
    expect(refusal(of([one]), sweepOf('c0de', slower, [two]))).toBe(
      'they are of different plans: setup.settings.hop.meanMs is 250 in one and 300 in the other.',
    );
    const longer = { ...plan, runMs: 120_000 };
    expect(refusal(of([one]), sweepOf('c0de', longer, [two]))).toContain('runMs is 60000 in one');
    const reseeded = { ...plan, setup: { ...setup, seed: 99 } };
    expect(mergeSweeps(of([one]), sweepOf('c0de', reseeded, [two])).ok).toBe(true);
  });

  it('refuses results of other code', () => {
    expect(refusal(of([one]), sweepOf('beef', plan, [two]))).toBe(
      'they are of different versions of the program (c0de and beef).',
    );
  });

  it('refuses a run that was cut', () => {
    expect(refusal(of([one]), of([{ ...two, runUs: 59_999_999 }]))).toBe(
      'seed 2 did not come to its end; run it again.',
    );
  });

  it('what is partial stays so', () => {
    const partial = sweepOf('c0de', plan, [two], { partial: true });
    expect(merged(of([one]), partial).partial).toBe(true);
    expect(merged(partial, of([one])).partial).toBe(true);
  });
});

describe('a sweep’s file', () => {
  const why = (input: unknown): string => {
    const read = parseSweep(input);
    return read.ok ? 'was read' : read.error;
  };
  const good = sweepJson(of([one, two]));

  it('is refused in a sentence', () => {
    expect(why(null)).toBe('it is no result of npm run sim -- --json.');
    expect(why({ format: 'other' })).toBe('it is no result of npm run sim -- --json.');
    expect(why({ ...good, version: 2 })).toBe('it has version 2; this program reads version 1.');
    expect(why({ ...good, seeds: [one, one] })).toBe('a seed is in it twice.');
    expect(why({ ...good, seeds: [{ ...one, events: -1 }] })).toBe(
      'seeds.0.events is not as npm run sim -- --json writes it.',
    );
    expect(why({ ...good, plan: { ...plan, setup: { ...plan.setup, name: '' } } })).toMatch(
      /^its setup: name must/,
    );
  });
});

describe('the summary', () => {
  it('has no interval for one seed, and the seed’s own hash', () => {
    const { intents, logHash } = summarise(of([one]));
    expect(logHash).toBe(one.logHash);
    expect(intents.order.success?.low ?? null).toBe(null);
  });

  it('counts a share by seed, within 0 and 1', () => {
    const seed = (n: number, good: number, failed: number): SeedResult => ({
      ...one,
      seed: n,
      intents: { ...one.intents, order: { ...one.intents.order, good, failed } },
    });
    const { intents } = summarise(of([seed(1, 9, 1), seed(2, 10, 0), seed(3, 0, 0)]));
    // 0.95 ± t(1) · s / √2 = 12.7 · 0.05: the upper end would be above 1. Seed 3 says nothing.
    expect(intents.order.success?.value).toBeCloseTo(0.95);
    expect(intents.order.success?.low).toBeCloseTo(0.315, 2);
    expect(intents.order.success?.high).toBe(1);
  });
});
