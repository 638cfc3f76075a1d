import type { SlowFault } from '../faults/index.ts';
import type { Turn } from '../hosts/virtual/index.ts';
import {
  type Balancer,
  type EdgePolicy,
  instanceId,
  type RegistrySettings,
  type ReleaseStrategy,
  type RetrySettings,
  type RunSettings,
} from '../kernel/index.ts';
import { EUREKA_REGISTRY, NO_NETS, type Scenario, scenarioNamed } from '../setups/index.ts';
import { type RunPlan, runSeed } from './run-seed.ts';
import { percentile } from './samples.ts';
import type { Kind, SeedResult } from './seed-result.ts';
import { type Estimate, meanEstimate } from './statistics.ts';

/** What a pattern is said to do, as an experiment: the same seeds with it and without it. */
export interface PatternTruth {
  /** A sentence that the experiment must bear out. */
  readonly claim: string;
  readonly figure: string;
  /** What becomes of the figure with the pattern. */
  readonly effect: 'higher' | 'lower';
  readonly without: RunPlan;
  readonly with: RunPlan;
  /** Null: there is too little to say it. */
  figureOf(result: SeedResult): number | null;
}

/** How the truth came out, over all seeds. */
export interface TruthOutcome {
  readonly without: Estimate;
  readonly with: Estimate;
  /** With less without, of each seed by itself. */
  readonly difference: Estimate;
}

function named(name: string): Scenario {
  const scenario = scenarioNamed(name, 'microservices');
  if (scenario === null) throw new Error(`there is no setup ${name}`);
  return scenario;
}

const changed = (scenario: Scenario, change: (settings: RunSettings) => RunSettings): Scenario => ({
  ...scenario,
  setup: { ...scenario.setup, settings: change(scenario.setup.settings) },
});

/** The same change of every policy that an edge has of its own, and of the one that holds for all. */
const withPolicy = (scenario: Scenario, change: (policy: EdgePolicy) => EdgePolicy): Scenario =>
  changed(scenario, (settings) => ({
    ...settings,
    safetyNets: 'custom',
    edge: change(settings.edge),
    edges: Object.fromEntries(Object.entries(settings.edges).map(([edge, policy]) => [edge, change(policy)])),
  }));

/** From `atMs` on, for good, the target takes `addMs` longer. */
const slowed = (
  { setup, commands }: Scenario,
  atMs: number,
  target: SlowFault['target'],
  addMs: number,
): Scenario => ({
  commands,
  setup: {
    ...setup,
    faults: [{ atMs, fault: { kind: 'slow', target, addMs, spreadShare: 0, share: 1, lengthMs: null } }],
  },
});

const goodShare =
  (kind: Kind) =>
  ({ intents }: SeedResult): number | null => {
    const { begun, good } = intents[kind];
    return begun === 0 ? null : good / begun;
  };

const p99Ms =
  (kind: Kind) =>
  ({ goodUs }: SeedResult): number | null => {
    const us = percentile(goodUs[kind], 0.99);
    return us === null ? null : us / 1000;
  };

/** Of the retry storm: Product is slow from 0:08 to 0:14; these come when it has long been well again. */
const longAfter = { measured: { fromMs: 90_000, toMs: 120_000 }, runMs: 126_000 };
const storm = named('retry-storm');
const { edge: usualNets } = named('classroom').setup.settings;

const endsTheCollapse = (pattern: string, change: (policy: EdgePolicy) => EdgePolicy): PatternTruth => ({
  claim: `Retries without a budget turn a short slowdown into a lasting collapse, and ${pattern} ends it.`,
  figure: 'share of browsing that succeeds from 1:30 to 2:00; Product was slow from 0:08 to 0:14',
  effect: 'higher',
  without: { ...storm, ...longAfter },
  with: { ...withPolicy(storm, change), ...longAfter },
  figureOf: goodShare('browse'),
});

/** Four instances, well used, whose work takes anything from nothing to twice its mean. */
const fourProducts = changed(named('classroom'), (settings) => ({
  ...settings,
  safetyNets: 'none',
  edge: NO_NETS,
  hop: { meanMs: 5, spread: 0.1 },
  services: {
    ...settings.services,
    gateway: { ...settings.services.gateway, requestSlots: 500 },
    product: {
      ...settings.services.product,
      instances: 4,
      serviceTimeMs: 200,
      serviceTimeSpread: 1,
      requestSlots: 1,
      cpuSlots: 1,
      queueLimit: 1000,
    },
  },
  load: {
    ...settings.load,
    arrivals: 'poisson',
    ordersPerSecond: 0,
    statusesPerSecond: 0,
    browsesPerSecond: 14,
  },
}));

const oneOfThemSlow = (balancer: Balancer): Scenario => {
  const scenario = changed(fourProducts, (settings) => ({
    ...settings,
    balancer,
    load: { ...settings.load, browsesPerSecond: 6 },
  }));
  return slowed(scenario, 5000, { kind: 'instance', instance: instanceId('product', 2) }, 1000);
};

/** No net but, perhaps, a bulkhead before Shipping, which takes ten seconds longer from 0:08 on. */
const slowNeighbour = (bulkhead: EdgePolicy['bulkhead']): Scenario => {
  const scenario = changed(named('classroom'), (settings) => ({
    ...settings,
    safetyNets: 'custom',
    edge: NO_NETS,
    edges: { 'order->shipping': { ...NO_NETS, bulkhead } },
    load: { ...settings.load, ordersPerSecond: 2 },
  }));
  return slowed(scenario, 8000, { kind: 'service', service: 'shipping' }, 10_000);
};

/** For three seconds what the gateway sends to Product is stuck on the way; then all of it arrives at once. */
const herd = (jitter: RetrySettings['jitter']): Scenario => {
  const scenario = changed(named('classroom'), (settings) => ({
    ...settings,
    hop: { meanMs: 5, spread: 0.1 },
    safetyNets: 'custom',
    edges: {},
    edge: {
      ...NO_NETS,
      timeoutMs: 10_000,
      retry: {
        maxAttempts: 4,
        backoff: 'fixed',
        baseMs: 2000,
        capMs: 2000,
        jitter,
        budgetShare: 1,
        budgetMinimum: 1000,
      },
    },
    deadlines: { ...settings.deadlines, readMs: 30_000 },
    rateLimit: { perSecond: 1000, burst: 1000 },
    services: {
      ...settings.services,
      gateway: { ...settings.services.gateway, requestSlots: 500 },
      product: { ...settings.services.product, serviceTimeMs: 50, requestSlots: 4, queueLimit: 10 },
    },
    load: { ...settings.load, ordersPerSecond: 0, statusesPerSecond: 0, browsesPerSecond: 30 },
  }));
  const target = { kind: 'edge', from: 'gateway', to: 'product' } as const;
  const fault = { kind: 'clog', target, extraMs: 0, lengthMs: 3000 } as const;
  return { ...scenario, setup: { ...scenario.setup, faults: [{ atMs: 8000, fault }] } };
};

/** Two of four Product instances are down from 0:10 on, for good; the registry is Eureka, ten times as fast. */
const twoOfFourDead = (selfPreservation: RegistrySettings['selfPreservation']): Scenario => {
  const { heartbeatMs, leaseMs, fetchMs, evictionMs, leaseExpiryFactor } = EUREKA_REGISTRY;
  const { commands, setup } = changed(fourProducts, (settings) => ({
    ...settings,
    registry: {
      heartbeatMs: heartbeatMs / 10,
      leaseMs: leaseMs / 10,
      fetchMs: fetchMs / 10,
      evictionMs: evictionMs / 10,
      leaseExpiryFactor,
      selfPreservation,
    },
    load: { ...settings.load, browsesPerSecond: 4 },
  }));
  const down = (number: number) =>
    ({
      atMs: 10_000,
      fault: {
        kind: 'down',
        target: { kind: 'instance', instance: instanceId('product', number) },
        lengthMs: null,
      },
    }) as const;
  return { commands, setup: { ...setup, faults: [down(1), down(3)] } };
};

/** At 0:10 Order v3 is asked for, which fails four orders of ten; nobody looks. */
const badVersion = (strategy: ReleaseStrategy): Scenario => {
  const { setup } = changed(named('classroom'), (settings) => ({
    ...settings,
    load: { ...settings.load, ordersPerSecond: 2, statusesPerSecond: 2, browsesPerSecond: 0 },
  }));
  const release = { type: 'release.start', service: 'order', version: 'v3', strategy } as const;
  return { setup, commands: [{ atMs: 10_000, command: release }] };
};

const minute = { measured: { fromMs: 10_000, toMs: 50_000 }, runMs: 60_000 };
/** Build, test and contract check take 7 s. */
const afterRelease = { measured: { fromMs: 17_000, toMs: 67_000 }, runMs: 85_000 };
const whileStuck = { measured: { fromMs: 8000, toMs: 11_000 }, runMs: 40_000 };
/** The leases of those who died end at 0:28 at the latest, and are taken out 6 s later. */
const longDead = { measured: { fromMs: 40_000, toMs: 58_000 }, runMs: 62_000 };
const whileSlow = { measured: { fromMs: 40_000, toMs: 60_000 }, runMs: 66_000 };

export const PATTERN_TRUTHS: readonly PatternTruth[] = [
  endsTheCollapse('a retry budget', ({ retry, ...rest }) => ({
    ...rest,
    retry: retry && { ...retry, budgetShare: 0.2, budgetMinimum: 3 },
  })),
  endsTheCollapse('a circuit breaker', (policy) => ({ ...policy, breaker: usualNets.breaker })),
  endsTheCollapse('client-side throttling', (policy) => ({
    ...policy,
    throttle: { multiplier: 2, windowMs: 120_000 },
  })),
  {
    claim: 'The better of two random instances beats a random one on tail latency.',
    figure: '99th percentile of browsing, in ms',
    effect: 'lower',
    without: { ...changed(fourProducts, (settings) => ({ ...settings, balancer: 'random' })), ...minute },
    with: { ...changed(fourProducts, (settings) => ({ ...settings, balancer: 'two-choices' })), ...minute },
    figureOf: p99Ms('browse'),
  },
  {
    claim: 'Peak EWMA beats taking turns on tail latency when one instance of four is slow.',
    figure: '99th percentile of browsing, in ms',
    effect: 'lower',
    without: { ...oneOfThemSlow('round-robin'), ...minute },
    with: { ...oneOfThemSlow('peak-ewma'), ...minute },
    figureOf: p99Ms('browse'),
  },
  {
    claim: 'Jitter beats none: without it a herd that was turned away comes back as a herd.',
    figure: 'share of browsing that succeeds, begun in the three seconds in which it was stuck',
    effect: 'higher',
    without: { ...herd('none'), ...whileStuck },
    with: { ...herd('equal'), ...whileStuck },
    figureOf: goodShare('browse'),
  },
  {
    claim: 'A full bulkhead keeps the neighbour healthy.',
    figure: "share of look-ups of an order's status that succeed, while Shipping takes 10 s longer",
    effect: 'higher',
    without: { ...slowNeighbour(null), ...whileSlow },
    with: {
      ...slowNeighbour({ maxConcurrentCalls: 4, maxWaitMs: 0, queueLimit: 0 }),
      ...whileSlow,
    },
    figureOf: goodShare('status'),
  },
  {
    claim: 'Self-preservation keeps dead instances in the list, and their callers go on failing.',
    figure: 'share of browsing that succeeds, long after two of four Product instances died',
    effect: 'lower',
    without: { ...twoOfFourDead({ renewalShare: 0 }), ...longDead },
    with: { ...twoOfFourDead(EUREKA_REGISTRY.selfPreservation), ...longDead },
    figureOf: goodShare('browse'),
  },
  {
    claim: 'A canary loses fewer orders than recreate when the version is bad.',
    figure: 'share of orders that succeed in the fifty seconds after the pipeline',
    effect: 'higher',
    without: { ...badVersion('recreate'), ...afterRelease },
    with: { ...badVersion('canary'), ...afterRelease },
    figureOf: goodShare('order'),
  },
];

/**
 * Runs both sides with each seed and gives the means with their 95 % intervals (Student's t), paired for the
 * difference. Throws when a run violates an invariant, or has nothing to say.
 */
export async function truthOutcome(
  truth: PatternTruth,
  seeds: readonly number[],
  turn: Turn,
): Promise<TruthOutcome> {
  const figureOf = async (plan: RunPlan, seed: number): Promise<number> => {
    const result = await runSeed({ plan, seed, turn });
    const [violation] = result.violations;
    if (violation !== undefined)
      throw new Error(`seed ${seed}: ${violation.invariant}: ${violation.message}`);
    const figure = truth.figureOf(result);
    if (figure === null) throw new Error(`seed ${seed} says nothing of the ${truth.figure}`);
    return figure;
  };
  const without: number[] = [];
  const withIt: number[] = [];
  for (const seed of seeds) {
    without.push(await figureOf(truth.without, seed));
    withIt.push(await figureOf(truth.with, seed));
  }
  const estimate = (values: readonly number[]): Estimate => {
    const found = meanEstimate(values);
    if (found === null) throw new Error('there are no seeds');
    return found;
  };
  return {
    without: estimate(without),
    with: estimate(withIt),
    difference: estimate(withIt.map((value, at) => value - (without[at] ?? Number.NaN))),
  };
}
