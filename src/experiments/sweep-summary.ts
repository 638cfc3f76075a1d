import { mergeSamples, type Samples, sampleCount } from './samples.ts';
import { KINDS, type Kind, type OrderEnds, type SeedResult } from './seed-result.ts';
import { type Estimate, meanEstimate, percentileEstimates } from './statistics.ts';
import { type Sweep, sweepHash } from './sweep.ts';

/** Percentiles in ms of run time, of all seeds' samples together. */
export interface Latency {
  readonly samples: number;
  readonly p50Ms: Estimate | null;
  readonly p95Ms: Estimate | null;
  readonly p99Ms: Estimate | null;
}

export interface KindSummary {
  readonly begun: number;
  readonly good: number;
  readonly failed: number;
  readonly declined: number;
  readonly cancelled: number;
  readonly unfinished: number;
  /** Good ÷ (good + failed), the mean of the seeds' own; null when nothing has ended. */
  readonly success: Estimate | null;
  /** From the send to the good end. */
  readonly latency: Latency;
}

export interface SweepSummary {
  readonly seeds: number;
  readonly logHash: string;
  readonly intents: Readonly<Record<Kind, KindSummary>>;
  readonly orderEnds: OrderEnds;
  /** From the send of an order until it was undone. */
  readonly undone: Latency;
  /** Good answers in time, a second: of all kinds, and of each. */
  readonly goodput: Estimate | null;
  readonly goodputOf: Readonly<Record<Kind, Estimate | null>>;
  /** All endings, a second. */
  readonly throughput: Estimate | null;
  readonly halfDone: {
    /** Over time. */
    readonly mean: Estimate | null;
    /** Of those with stock or a parcel held and not only money. */
    readonly meanOfGoods: Estimate | null;
    readonly maximum: number;
    readonly oldestMs: number;
  };
  /** Attempts ÷ logical calls, by edge, of all seeds. */
  readonly extraCalls: Readonly<Record<string, number>>;
  /** By edge: in all seeds, and for each. */
  readonly breakerOpenings: Readonly<
    Record<string, { readonly total: number; readonly perSeed: Estimate | null }>
  >;
  readonly violations: number;
  readonly events: number;
  readonly clockAdvances: number;
}

/** The figures of a whole sweep. Means are over seeds, with 95 % Student-t intervals. */
export function summarise(sweep: Sweep): SweepSummary {
  const { seeds, plan } = sweep;
  const measuredS = (plan.measured.toMs - plan.measured.fromMs) / 1000;
  const sum = (value: (seed: SeedResult) => number) => seeds.reduce((total, seed) => total + value(seed), 0);
  const most = (value: (seed: SeedResult) => number) =>
    seeds.reduce((highest, seed) => Math.max(highest, value(seed)), 0);
  // No figure here can be below 0, so no interval is.
  const overSeeds = (value: (seed: SeedResult) => number | null) =>
    within(0, Number.POSITIVE_INFINITY, meanEstimate(seeds.map(value).filter((one) => one !== null)));
  const byKind = <Value>(value: (kind: Kind) => Value): Record<Kind, Value> => ({
    order: value('order'),
    browse: value('browse'),
    status: value('status'),
  });
  const edges = (values: (seed: SeedResult) => object) =>
    [...new Set(seeds.flatMap((seed) => Object.keys(values(seed))))].sort();

  return {
    seeds: seeds.length,
    logHash: sweepHash(sweep),
    intents: byKind((kind) => ({
      begun: sum(({ intents }) => intents[kind].begun),
      good: sum(({ intents }) => intents[kind].good),
      failed: sum(({ intents }) => intents[kind].failed),
      declined: sum(({ intents }) => intents[kind].declined),
      cancelled: sum(({ intents }) => intents[kind].cancelled),
      unfinished: sum(({ intents }) => intents[kind].unfinished),
      success: within(
        0,
        1,
        overSeeds(({ intents }) => successOf(intents[kind])),
      ),
      latency: latencyOf(seeds.map(({ goodUs }) => goodUs[kind])),
    })),
    orderEnds: {
      confirmed: sum(({ orderEnds }) => orderEnds.confirmed),
      declined: sum(({ orderEnds }) => orderEnds.declined),
      undone: sum(({ orderEnds }) => orderEnds.undone),
      notPlaced: sum(({ orderEnds }) => orderEnds.notPlaced),
      cancelled: sum(({ orderEnds }) => orderEnds.cancelled),
      unfinished: sum(({ orderEnds }) => orderEnds.unfinished),
    },
    undone: latencyOf(seeds.map(({ undoneUs }) => undoneUs)),
    goodput: overSeeds(
      ({ intents }) => KINDS.reduce((all, kind) => all + intents[kind].inTime, 0) / measuredS,
    ),
    goodputOf: byKind((kind) => overSeeds(({ intents }) => intents[kind].inTime / measuredS)),
    throughput: overSeeds(
      ({ intents }) =>
        KINDS.reduce((all, kind) => all + intents[kind].begun - intents[kind].unfinished, 0) / measuredS,
    ),
    halfDone: {
      mean: overSeeds(({ halfDone }) => halfDone.integralUs / (measuredS * 1_000_000)),
      meanOfGoods: overSeeds(({ halfDone }) => halfDone.goodsIntegralUs / (measuredS * 1_000_000)),
      maximum: most(({ halfDone }) => halfDone.maximum),
      oldestMs: most(({ halfDone }) => halfDone.oldestUs) / 1000,
    },
    extraCalls: Object.fromEntries(
      edges(({ extraCalls }) => extraCalls).map((edge) => [
        edge,
        sum(({ extraCalls }) => extraCalls[edge]?.attempts ?? 0) /
          sum(({ extraCalls }) => extraCalls[edge]?.calls ?? 0),
      ]),
    ),
    breakerOpenings: Object.fromEntries(
      edges(({ breakerOpenings }) => breakerOpenings).map((edge) => [
        edge,
        {
          total: sum(({ breakerOpenings }) => breakerOpenings[edge] ?? 0),
          perSeed: overSeeds(({ breakerOpenings }) => breakerOpenings[edge] ?? 0),
        },
      ]),
    ),
    violations: sum(({ violations }) => violations.length),
    events: sum(({ events }) => events),
    clockAdvances: sum(({ clockAdvances }) => clockAdvances),
  };
}

const successOf = ({ good, failed }: { readonly good: number; readonly failed: number }): number | null =>
  good + failed === 0 ? null : good / (good + failed);

const within = (least: number, most: number, estimate: Estimate | null): Estimate | null =>
  estimate === null
    ? null
    : {
        value: estimate.value,
        low: estimate.low === null ? null : Math.max(least, estimate.low),
        high: estimate.high === null ? null : Math.min(most, estimate.high),
      };

function latencyOf(bySeed: readonly Samples[]): Latency {
  const [p50Ms = null, p95Ms = null, p99Ms = null] = percentileEstimates(bySeed, [0.5, 0.95, 0.99]).map(inMs);
  return { samples: sampleCount(mergeSamples(bySeed)), p50Ms, p95Ms, p99Ms };
}

const inMs = (estimate: Estimate | null): Estimate | null =>
  estimate === null
    ? null
    : {
        value: estimate.value / 1000,
        low: estimate.low === null ? null : estimate.low / 1000,
        high: estimate.high === null ? null : estimate.high / 1000,
      };
