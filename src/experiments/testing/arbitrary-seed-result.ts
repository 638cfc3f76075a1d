import fc from 'fast-check';
import { classroom } from '../../setups/index.ts';
import { type RunPlan, type SeedResult, samplesOf } from '../index.ts';

export const plan: RunPlan = {
  setup: classroom,
  commands: [],
  runMs: 60_000,
  measured: { fromMs: 0, toMs: 60_000 },
};

const samples = fc.array(fc.nat(5_000_000), { maxLength: 8 }).map(samplesOf);
const count = fc.nat(50);
const counts = fc.record({
  begun: count,
  good: count,
  inTime: count,
  failed: count,
  declined: count,
  cancelled: count,
  unfinished: count,
});
const byKind = <Value>(value: fc.Arbitrary<Value>) =>
  fc.record({ order: value, browse: value, status: value });
const edge = fc.constantFrom('order->shipping', 'gateway->product', 'gateway->order');

/** Any result of one whole run of `plan`. */
export const seedResult = (seed: number): fc.Arbitrary<SeedResult> =>
  fc.record({
    seed: fc.constant(seed),
    logHash: fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 }),
    runUs: fc.constant(60_000_000),
    intents: byKind(counts),
    orderEnds: fc.record({
      confirmed: count,
      declined: count,
      undone: count,
      notPlaced: count,
      cancelled: count,
      unfinished: count,
    }),
    goodUs: byKind(samples),
    undoneUs: samples,
    halfDone: fc.record({
      integralUs: fc.nat(),
      goodsIntegralUs: fc.nat(),
      maximum: count,
      oldestUs: fc.nat(),
    }),
    extraCalls: fc.dictionary(
      edge,
      fc.record({ attempts: fc.integer({ min: 1, max: 99 }), calls: fc.integer({ min: 1, max: 9 }) }),
    ),
    breakerOpenings: fc.dictionary(edge, count),
    violations: fc.constant([]),
    events: count,
    clockAdvances: count,
  });

/** Results of some seeds from 1 on. */
export const seedResults: fc.Arbitrary<SeedResult[]> = fc
  .integer({ min: 3, max: 8 })
  .chain((seeds) => fc.tuple(...Array.from({ length: seeds }, (_, index) => seedResult(index + 1))));
