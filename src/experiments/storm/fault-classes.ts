import type {
  CrashPort,
  Fault,
  FaultTarget,
  PartitionFault,
  PlaceTarget,
  ScheduledFault,
  WayTarget,
} from '../../faults/index.ts';
import {
  type InstanceId,
  instanceId,
  type RunSettings,
  type ServiceName,
  serviceOf,
} from '../../kernel/index.ts';
import type { Draws } from './draws.ts';
import {
  EDGES,
  HANDLED,
  instancesOfService,
  SENT,
  STRIKABLE,
  type Strikable,
  TRANSACTIONS,
} from './places.ts';

// Each class is on in half of all storms (swarm testing: Groce et al. 2012), with ranges as wide as those of
// TigerBeetle's simulator: losses to 30 %, delays of 30–100 ms on average, partitions and clogs of any length.

export interface FaultClass {
  readonly name: string;
  /** Some of it, within the time of the storm. */
  draw(draws: Draws, where: StormPlace): readonly ScheduledFault[];
}

export interface StormPlace {
  readonly settings: RunSettings;
  /** Faults begin in this time. */
  readonly fromMs: number;
  readonly untilMs: number;
}

const SHORTEST_MS = 500;
const LONGEST_MS = 120_000;
const LONGEST_AT_THE_DOOR_MS = 30_000;
const LONGEST_ADDED_MS = 60_000;
const MOST_OF_A_CLASS = 3;

/** Whom the steps of an order ask. */
const SAGA_CALLEES = ['product', 'payment-provider', 'shipping'] as const;

/** Who issues tokens, or checks them. */
const READS_TOKENS = ['gateway', 'user', 'product', 'order', 'shipping'] as const;
/** Who is told of events. */
const CONSUMERS = ['order', 'shipping'] as const;
const CUSTOMERS = { kind: 'service', service: 'customers' } as const;

/** With 4xx too: a proxy that says no has not asked anybody. */
const STATUSES = [500, 502, 503, 504, 429, 408, 400, 404, 409] as const;

const edge = (draws: Draws) => {
  const [from, to] = draws.among(EDGES, 'edge');
  return { kind: 'edge', from, to } as const;
};

/** One edge, or in one of four cases the whole network of the shop. */
const way = (draws: Draws): WayTarget =>
  draws.chance(0.25, 'everywhere') ? { kind: 'network' } : edge(draws);

const instance = (draws: Draws, { settings }: StormPlace, service: Strikable): InstanceId =>
  instanceId(service, draws.whole(1, settings.services[service].instances, 'instance'));

const service = (draws: Draws): PlaceTarget => ({
  kind: 'service',
  service: draws.among(STRIKABLE, 'service'),
});

const someInstance = (draws: Draws, where: StormPlace): PlaceTarget => ({
  kind: 'instance',
  instance: instance(draws, where, draws.among(STRIKABLE, 'service')),
});

/** A service or one of its instances. */
const place = (draws: Draws, where: StormPlace): PlaceTarget =>
  draws.chance(0.5, 'one') ? someInstance(draws, where) : service(draws);

/** Without these nobody can order at all: what keeps customers out ends soon, since a storm needs its orders. */
const WAY_IN: readonly ServiceName[] = ['gateway', 'user', 'order'];

const shutsOut = (target: FaultTarget): boolean => {
  switch (target.kind) {
    case 'network':
      return true;
    case 'edge':
      return WAY_IN.includes(target.to);
    case 'service':
      return WAY_IN.includes(target.service);
    case 'instance':
      return WAY_IN.includes(serviceOf(target.instance));
  }
};

/** One in ten lasts until the storm is healed, unless it keeps customers out. */
function length(draws: Draws, target: FaultTarget): number | null {
  if (shutsOut(target)) return draws.scale(SHORTEST_MS, LONGEST_AT_THE_DOOR_MS, 'length');
  return draws.chance(0.1, 'lasts') ? null : draws.scale(SHORTEST_MS, LONGEST_MS, 'length');
}

/** Whole shares of a hundred: easier to read in a plan. */
const share = (draws: Draws, low: number, high: number): number => draws.whole(low, high, 'share') / 100;

/** From one to `most` faults of a class, each at a time of its own. */
const some =
  (most: number, make: (draws: Draws, where: StormPlace) => Fault): FaultClass['draw'] =>
  (draws, where) =>
    Array.from({ length: draws.whole(1, most, 'how-many') }, (_, index) => {
      const own = draws.of(index);
      return { atMs: Math.round(own.between(where.fromMs, where.untilMs, 'at')), fault: make(own, where) };
    });

/** The way of messages to one of their consumers, or to all. */
const deliveries = (draws: Draws): WayTarget =>
  draws.chance(0.5, 'all')
    ? { kind: 'network' }
    : { kind: 'edge', from: 'broker', to: draws.among(CONSUMERS, 'consumer') };

/** One short fault that comes again, at gaps of its own. */
function again(draws: Draws, where: StormPlace): readonly ScheduledFault[] {
  const target = someInstance(draws, where);
  const lengthMs = draws.scale(SHORTEST_MS, 5000, 'length');
  const fault: Fault = draws.chance(0.5, 'hangs')
    ? { kind: 'hang', target, lengthMs }
    : { kind: 'down', target, lengthMs };
  return [
    {
      atMs: Math.round(draws.between(where.fromMs, where.untilMs, 'at')),
      fault,
      repeat: {
        count: draws.chance(0.5, 'for-ever') ? null : draws.whole(2, 10, 'count'),
        gapMs: draws.scale(5000, 60_000, 'gap'),
        gapSpread: draws.between(0, 1, 'gap-spread'),
      },
    },
  ];
}

/** Some instances against all others, or against some of them. */
function partition(draws: Draws, { settings }: StormPlace): PartitionFault {
  const all = STRIKABLE.flatMap((service) => instancesOfService(settings, service));
  const side = all.filter((id) => draws.of('side').chance(0.4, id));
  const instances = side.length === 0 || side.length === all.length ? all.slice(0, 1) : side;
  const rest = all.filter((id) => !instances.includes(id) && draws.of('others').chance(0.5, id));
  return {
    kind: 'partition',
    instances,
    others: draws.chance(0.5, 'all-others') || rest.length === 0 ? null : rest,
    way: draws.among(['both', 'out', 'in'] as const, 'way'),
    lengthMs: length(draws, { kind: 'network' }),
  };
}

function crashAt(draws: Draws, where: StormPlace): Fault {
  const from = draws.among(STRIKABLE, 'service');
  const ports: readonly { readonly port: CrashPort; readonly operations: readonly string[] }[] = [
    { port: 'handler', operations: HANDLED[from] },
    { port: 'network', operations: SENT[from] },
    { port: 'store', operations: TRANSACTIONS[from] },
    { port: 'work', operations: ['*'] },
  ];
  const usable = ports.filter(({ operations }) => operations.length > 0);
  const { port, operations } = draws.among(usable, 'port');
  const any = draws.chance(0.3, 'any');
  return {
    kind: 'crash-at',
    instance: instance(draws, where, from),
    port,
    operation: any ? '*' : draws.among(operations, 'operation'),
    nth: draws.scale(1, any ? 1000 : 30, 'nth'),
    when: draws.among(['before', 'after'] as const, 'when'),
    restartAfterMs:
      !WAY_IN.includes(from) && draws.chance(0.1, 'stays') ? null : draws.scale(1, 20_000, 'restart'),
  };
}

/** A fault at a place or on a way that is drawn first, since its length may depend on it. */
const on =
  <Target extends FaultTarget>(
    where: (draws: Draws, place: StormPlace) => Target,
    make: (draws: Draws, target: Target, lengthMs: number | null) => Fault,
  ) =>
  (draws: Draws, place: StormPlace): Fault => {
    const target = where(draws, place);
    return make(draws, target, length(draws, target));
  };

const anywhere = (draws: Draws, where: StormPlace): FaultTarget =>
  draws.chance(0.5, 'on-the-way') ? way(draws) : place(draws, where);

export const FAULT_CLASSES: readonly FaultClass[] = [
  {
    name: 'loss',
    draw: some(
      MOST_OF_A_CLASS,
      on(way, (draws, target, lengthMs) => ({
        kind: 'loss',
        target,
        way: draws.among(['request', 'response', 'both'] as const, 'way'),
        share: share(draws, 1, 30),
        lengthMs,
      })),
    ),
  },
  {
    name: 'latency',
    draw: some(
      2,
      on(way, (draws, target, lengthMs) => ({
        kind: 'latency',
        target,
        meanMs: draws.whole(30, 100, 'mean'),
        lengthMs,
      })),
    ),
  },
  { name: 'partition', draw: some(3, partition) },
  {
    name: 'cut',
    draw: some(
      3,
      on(edge, (_, target, lengthMs) => ({ kind: 'down', target, lengthMs })),
    ),
  },
  {
    name: 'clog',
    draw: some(
      MOST_OF_A_CLASS,
      on(way, (draws, target) => ({
        kind: 'clog',
        target,
        extraMs: draws.chance(0.5, 'spreads') ? draws.scale(10, 5000, 'extra') : 0,
        lengthMs: draws.scale(100, LONGEST_AT_THE_DOOR_MS, 'length'),
      })),
    ),
  },
  {
    name: 'reset',
    draw: some(
      MOST_OF_A_CLASS,
      on(way, (draws, target, lengthMs) => ({
        kind: 'reset',
        target,
        when: draws.among(['before', 'after'] as const, 'when'),
        share: share(draws, 1, 30),
        lengthMs,
      })),
    ),
  },
  {
    name: 'duplicates',
    draw: some(
      MOST_OF_A_CLASS,
      on(way, (draws, target, lengthMs) => ({
        kind: 'duplicate',
        target,
        share: share(draws, 1, 50),
        withinMs: draws.scale(1, 20_000, 'within'),
        lengthMs,
      })),
    ),
  },
  {
    name: 'slow way',
    draw: some(
      MOST_OF_A_CLASS,
      on(way, (draws, target, lengthMs) => ({
        kind: 'slow',
        target,
        addMs: draws.scale(20, 20_000, 'add'),
        spreadShare: draws.between(0, 1, 'spread'),
        distribution: draws.among(['uniform', 'normal', 'lognormal', 'pareto'] as const, 'distribution'),
        correlation: draws.among([0, 0.5, 0.9] as const, 'correlation'),
        share: share(draws, 1, 100),
        lengthMs,
      })),
    ),
  },
  {
    // Later than a saga's patience: a step's request arrives when its compensation may have been there already.
    name: 'late requests',
    draw: some(2, (draws, { settings }) => ({
      kind: 'slow',
      target: { kind: 'edge', from: 'order', to: draws.among(SAGA_CALLEES, 'to') },
      addMs: Math.min(LONGEST_ADDED_MS, Math.round(settings.saga.giveUpMs * draws.between(0.7, 2, 'add'))),
      spreadShare: draws.between(0, 0.5, 'spread'),
      share: share(draws, 30, 90),
      lengthMs: draws.scale(10_000, LONGEST_MS, 'length'),
    })),
  },
  {
    name: 'slow service',
    draw: some(
      MOST_OF_A_CLASS,
      on(place, (draws, target, lengthMs) => ({
        kind: 'slow',
        target,
        addMs: draws.scale(20, 10_000, 'add'),
        spreadShare: draws.between(0, 1, 'spread'),
        share: share(draws, 1, 100),
        lengthMs,
      })),
    ),
  },
  {
    name: 'errors',
    draw: some(
      MOST_OF_A_CLASS,
      on(anywhere, (draws, target, lengthMs) => ({
        kind: 'errors',
        target,
        status: draws.among(STATUSES, 'status'),
        share: share(draws, 1, 100),
        lengthMs,
      })),
    ),
  },
  {
    name: 'store errors',
    draw: some(
      MOST_OF_A_CLASS,
      on(place, (draws, target, lengthMs) => ({
        kind: 'store-errors',
        target,
        at: draws.among(['begin', 'commit'] as const, 'when'),
        error: draws.among(['quota-exceeded', 'aborted', 'read-only', 'unavailable'] as const, 'error'),
        share: share(draws, 1, 50),
        lengthMs,
      })),
    ),
  },
  {
    name: 'slow store',
    draw: some(
      MOST_OF_A_CLASS,
      on(place, (draws, target, lengthMs) => ({
        kind: 'store-slow',
        target,
        addMs: draws.scale(5, 5000, 'add'),
        share: share(draws, 1, 100),
        lengthMs,
      })),
    ),
  },
  {
    name: 'outage',
    draw: some(
      2,
      on(service, (_, target, lengthMs) => ({ kind: 'down', target, lengthMs })),
    ),
  },
  {
    name: 'crash',
    draw: some(
      6,
      on(someInstance, (draws, target) => ({
        kind: 'down',
        target,
        lengthMs: draws.scale(100, 20_000, 'length'),
      })),
    ),
  },
  {
    name: 'crash loop',
    draw: some(
      2,
      on(place, (draws, target, lengthMs) => ({
        kind: 'crash-loop',
        target,
        meanUpMs: draws.scale(2000, 60_000, 'up'),
        restartAfterMs: draws.scale(10, 10_000, 'restart'),
        lengthMs,
      })),
    ),
  },
  { name: 'crash at a step', draw: some(6, crashAt) },
  {
    name: 'throttling',
    draw: some(
      MOST_OF_A_CLASS,
      on(anywhere, (draws, target, lengthMs) => ({
        kind: 'errors',
        target,
        status: draws.among([429, 503] as const, 'status'),
        retryAfterS: draws.whole(0, 5, 'retry-after'),
        share: share(draws, 1, 100),
        lengthMs,
      })),
    ),
  },
  {
    name: 'slow body',
    draw: some(
      MOST_OF_A_CLASS,
      on(anywhere, (draws, target, lengthMs) => ({
        kind: 'slow-body',
        target,
        bytesPerSecond: draws.scale(500, 20_000, 'rate'),
        share: share(draws, 1, 100),
        lengthMs,
      })),
    ),
  },
  {
    name: 'corrupt body',
    draw: some(
      MOST_OF_A_CLASS,
      on(anywhere, (draws, target, lengthMs) => ({
        kind: 'corrupt-body',
        target,
        how: draws.among(['cut', 'garble'] as const, 'how'),
        share: share(draws, 1, 50),
        lengthMs,
      })),
    ),
  },
  {
    name: 'flapping',
    draw: some(2, (draws, where) => {
      const { instances, others, way: sides, lengthMs } = partition(draws, where);
      return {
        kind: 'flapping',
        instances,
        others,
        way: sides,
        meanDownMs: draws.scale(100, 5000, 'down'),
        meanUpMs: draws.scale(100, 5000, 'up'),
        lengthMs,
      };
    }),
  },
  {
    name: 'hang',
    draw: some(4, (draws, where) => ({
      kind: 'hang',
      target: place(draws, where),
      lengthMs: draws.scale(SHORTEST_MS, LONGEST_AT_THE_DOOR_MS, 'length'),
    })),
  },
  {
    name: 'slow cpu',
    draw: some(
      MOST_OF_A_CLASS,
      on(place, (draws, target, lengthMs) => ({
        kind: 'slow-cpu',
        target,
        factor: draws.scale(2, 30, 'factor'),
        lengthMs,
      })),
    ),
  },
  {
    name: 'memory limit',
    draw: some(
      2,
      on(place, (draws, target, lengthMs) => ({
        kind: 'memory-limit',
        target,
        leakKbPerRequest: 1024,
        limitMb: draws.scale(5, 200, 'limit'),
        restartAfterMs: draws.scale(10, 10_000, 'restart'),
        lengthMs,
      })),
    ),
  },
  {
    name: 'slow start',
    draw: some(
      2,
      on(place, (draws, target, lengthMs) => ({
        kind: 'slow-start',
        target,
        addMs: draws.scale(100, 10_000, 'add'),
        lengthMs,
      })),
    ),
  },
  {
    name: 'wrong clock',
    draw: some(2, (draws, where) => {
      const service = draws.among(READS_TOKENS, 'service');
      return {
        kind: 'clock-offset',
        target: draws.chance(0.5, 'one')
          ? { kind: 'instance', instance: instance(draws, where, service) }
          : { kind: 'service', service },
        offsetMs: draws.scale(60_000, 86_400_000, 'offset') * (draws.chance(0.5, 'behind') ? -1 : 1),
        lengthMs: draws.scale(SHORTEST_MS, LONGEST_AT_THE_DOOR_MS, 'length'),
      };
    }),
  },
  {
    name: 'messages twice',
    draw: some(
      MOST_OF_A_CLASS,
      on(deliveries, (draws, target, lengthMs) => ({
        kind: 'message-duplicate',
        target,
        share: share(draws, 1, 50),
        withinMs: draws.scale(1, 20_000, 'within'),
        lengthMs,
      })),
    ),
  },
  {
    name: 'poisoned messages',
    draw: some(2, (draws) => ({
      kind: 'message-poison',
      target: { kind: 'service', service: draws.among(CONSUMERS, 'service') },
      share: share(draws, 1, 30),
      messageType: null,
      lengthMs: draws.scale(SHORTEST_MS, LONGEST_MS, 'length'),
    })),
  },
  {
    name: 'stale registry',
    draw: some(2, (draws) => ({
      kind: 'registry-stale',
      target: { kind: 'service', service: 'registry' },
      lengthMs: draws.scale(SHORTEST_MS, LONGEST_AT_THE_DOOR_MS, 'length'),
    })),
  },
  {
    name: 'more customers',
    draw: some(2, (draws) => {
      const factor = draws.between(1.5, 5, 'factor');
      const lengthMs = draws.scale(1000, LONGEST_AT_THE_DOOR_MS, 'length');
      return draws.chance(0.5, 'slowly')
        ? { kind: 'ramp', target: CUSTOMERS, factor, overMs: lengthMs, lengthMs }
        : { kind: 'spike', target: CUSTOMERS, factor, lengthMs };
    }),
  },
  {
    name: 'hot product',
    draw: some(1, (draws) => ({
      kind: 'hot-product',
      target: CUSTOMERS,
      sku: draws.among(['kitchen-01', 'games-02', 'office-03'] as const, 'sku'),
      share: share(draws, 30, 100),
      lengthMs: draws.scale(1000, LONGEST_MS, 'length'),
    })),
  },
  { name: 'trouble again and again', draw: again },
];
