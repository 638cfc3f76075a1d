import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeStorms, parseStorms, type StormResults, stormJson, stormTotals } from './storm-file.ts';
import type { StormReport } from './storm-report.ts';

const report = (seed: number, more: Partial<StormReport> = {}): StormReport => ({
  seed,
  classes: ['loss'],
  orders: 200,
  completed: 150,
  undone: 50,
  crashes: 3,
  breakerOpenings: 4,
  parked: 0,
  deadLetters: 1,
  events: 50_000,
  stormMs: 600_000,
  settledMs: 1000,
  settlingMs: 10_000,
  violations: [],
  ...more,
});

const resultsOf = (...seeds: number[]): StormResults => ({
  style: 'orchestrated',
  reports: seeds.map((seed) => report(seed)),
  corpus: { held: 2, failed: [] },
});

const merged = (one: StormResults, other: StormResults): StormResults => {
  const both = mergeStorms(one, other);
  if (!both.ok) throw new Error(both.error);
  return both.value;
};

describe('results of storms', () => {
  it('can be read again from what was written', () => {
    const results = resultsOf(1, 2);
    expect(parseStorms(JSON.parse(JSON.stringify(stormJson(results))))).toEqual({ ok: true, value: results });
    expect(parseStorms({ format: 'else' })).toMatchObject({ ok: false });
  });

  it('are the same in whatever order ranges are merged, each seed once', () => {
    const seeds = fc.uniqueArray(fc.nat(50), { minLength: 1 });
    fc.assert(
      fc.property(seeds, seeds, seeds, (a, b, c) => {
        const [one, two, three] = [resultsOf(...a), resultsOf(...b), resultsOf(...c)];
        const left = merged(merged(one, two), three);
        expect(merged(three, merged(two, one))).toEqual(left);
        expect(left.reports.map(({ seed }) => seed)).toEqual(
          [...new Set([...a, ...b, ...c])].toSorted((x, y) => x - y),
        );
      }),
    );
  });

  it('add up, and name the seeds that failed', () => {
    const violations = [{ invariant: 'INV-1', message: 'no', events: [] }];
    const totals = stormTotals({
      style: 'orchestrated',
      reports: [report(1), report(2, { violations, settledMs: null }), report(3, { settledMs: 4000 })],
      corpus: { held: 4, failed: ['corpus 1'] },
    });
    expect(totals).toMatchObject({ seeds: 3, orders: 600, crashes: 9, settledShare: 0.4, failedSeeds: [2] });
    expect(totals).toMatchObject({ passed: 6, failed: 2 });
  });
});
