import type { ScheduledFault } from '../../faults/index.ts';
import type { RunSettings } from '../../kernel/index.ts';
import type { ScheduledCommand } from '../../setups/index.ts';
import { Draws } from './draws.ts';
import { FAULT_CLASSES } from './fault-classes.ts';
import { SCALABLE } from './places.ts';
import { stormAutoscaler, stormSettings } from './storm-settings.ts';

/** How the order is carried out; others join as the shop learns them. */
export const STORM_STYLES = ['orchestrated'] as const;
export type StormStyle = (typeof STORM_STYLES)[number];

/** All that a storm is. The same plan gives the same run. */
export interface StormPlan {
  readonly seed: number;
  readonly style: StormStyle;
  /** Names of the classes that are on. */
  readonly classes: readonly string[];
  readonly settings: RunSettings;
  readonly faults: readonly ScheduledFault[];
  readonly commands: readonly ScheduledCommand[];
  /** When the administrator asks to cancel the newest order. */
  readonly cancellations: readonly number[];
  /** It is healed then, or as soon afterwards as enough orders were taken. */
  readonly stormMs: number;
  readonly leastOrders: number;
}

/** Ten minutes of run time, and two hundred orders: what every storm has at least. */
export const STORM_MS = 600_000;
export const LEAST_ORDERS = 200;

/** The shop opens, at most 8 s after the run's start. */
const OPEN_MS = 8000;
/** What the customers want in all: more than the orders that are asked for, since some are turned away. */
const ARRIVALS = 225;

interface ActionClass {
  readonly name: string;
  draw(draws: Draws): {
    readonly commands?: readonly ScheduledCommand[];
    readonly cancellations?: readonly number[];
  };
}

const moment = (draws: Draws): number => Math.round(draws.between(OPEN_MS + 1000, STORM_MS, 'at'));

/** `from` to `to` actions, each at a time of its own. */
function severally<T>(draws: Draws, from: number, to: number, make: (own: Draws, index: number) => T): T[] {
  return Array.from({ length: draws.whole(from, to, 'how-many') }, (_, index) =>
    make(draws.of(index), index),
  );
}

const POPULAR = ['kitchen-01', 'office-01', 'outdoor-01', 'games-01'] as const;

const stockTo = (atMs: number, sku: string, stock: number): ScheduledCommand => ({
  atMs,
  command: {
    type: 'request.send',
    method: 'PUT',
    path: `/products/${sku}/stock`,
    body: { stock },
    as: 'admin',
  },
});

const lineOf = (draws: Draws) => [
  { sku: draws.among(POPULAR, 'sku'), quantity: draws.whole(1, 3, 'quantity') },
];

const NOWHERE = { name: 'Ada', street: '1 Station Road', postcode: '00000', city: 'Nowhere', country: 'ZZ' };

/** A few ups and downs of a service, some of them right after one another. */
function scaled(draws: Draws): readonly ScheduledCommand[] {
  // Order most of all: it is what leaves most in other hands.
  const service = draws.among([...SCALABLE, 'order', 'order', 'order'] as const, 'service');
  const to = (atMs: number, instances: number): ScheduledCommand => ({
    atMs,
    command: { type: 'settings.set', patch: { services: { [service]: { instances } } } },
  });
  const atMs = moment(draws);
  const first = draws.chance(0.15, 'none') ? 0 : draws.whole(1, 4, 'first');
  // Soon enough to meet the one that is leaving, or long afterwards.
  const again = atMs + draws.scale(100, 20_000, 'again');
  return first === 0 || draws.chance(0.5, 'changes-again')
    ? [to(atMs, first), to(again, draws.whole(1, 4, 'second'))]
    : [to(atMs, first)];
}

/** A later version of a service, or the way back to the first; some are aborted on their way. */
function released(draws: Draws): readonly ScheduledCommand[] {
  const service = draws.among(['user', 'product', 'order', 'order', 'shipping'] as const, 'service');
  const atMs = moment(draws);
  const start: ScheduledCommand = {
    atMs,
    command: {
      type: 'release.start',
      service,
      version: draws.among(['v1', 'v2', 'v2', 'v3'] as const, 'version'),
      strategy: draws.among(['recreate', 'rolling', 'blue-green', 'canary'] as const, 'strategy'),
      skipContractCheck: draws.chance(0.5, 'skips'),
    },
  };
  if (!draws.chance(0.3, 'aborted')) return [start];
  const abort = { type: 'release.abort', service } as const;
  return [start, { atMs: atMs + draws.scale(100, 40_000, 'aborted-after'), command: abort }];
}

/** What people do, each on in half of all storms like the faults. */
const ACTION_CLASSES: readonly ActionClass[] = [
  {
    name: 'last items',
    draw: (draws) => ({
      commands: severally(draws, 1, 4, (own, index) => [
        stockTo(OPEN_MS + 500 * index, POPULAR[index] ?? POPULAR[0], own.whole(0, 12, 'stock')),
        ...(own.chance(0.5, 'restocked')
          ? [stockTo(moment(own), POPULAR[index] ?? POPULAR[0], own.whole(0, 40, 'restock'))]
          : []),
      ]).flat(),
    }),
  },
  {
    name: 'repeated orders',
    draw: (draws) => ({
      commands: severally(draws, 5, 15, (own, index) => {
        const order = {
          type: 'order.place',
          lines: lineOf(own),
          idempotencyKey: `twice-${index}`,
        } as const;
        const atMs = moment(own);
        const again = atMs + own.scale(1, 5000, 'again');
        const other = own.chance(0.2, 'other-payload') ? { ...order, lines: lineOf(own.of('other')) } : order;
        return [
          { atMs, command: order },
          { atMs: again, command: other },
        ];
      }).flat(),
    }),
  },
  {
    name: 'bad cards',
    draw: (draws) => ({
      commands: severally(draws, 5, 20, (own) => ({
        atMs: moment(own),
        command: {
          type: 'order.place',
          cardToken: own.among(['tok_declined', 'tok_capture_declined'] as const, 'card'),
        },
      })),
    }),
  },
  {
    name: 'undeliverable',
    draw: (draws) => ({
      commands: severally(draws, 3, 10, (own) => ({
        atMs: moment(own),
        command: { type: 'order.place', address: NOWHERE },
      })),
    }),
  },
  {
    name: 'scaling',
    draw: (draws) => ({ commands: severally(draws, 10, 50, scaled).flat() }),
  },
  {
    name: 'releases',
    draw: (draws) => ({ commands: severally(draws, 5, 20, released).flat() }),
  },
  {
    name: 'cancellations',
    draw: (draws) => ({ cancellations: severally(draws, 5, 25, moment).sort((a, b) => a - b) }),
  },
];

/** The load of a storm: evenly or at random, or most of it in rushes. */
function stormLoad(draws: Draws): {
  readonly load: RunSettings['load'];
  readonly rushes: ScheduledCommand[];
} {
  const rush = draws.chance(0.5, 'rushes');
  const spanS = (STORM_MS - OPEN_MS) / 1000;
  const calm = Math.round((ARRIVALS / spanS) * (rush ? 0.3 : 1) * 100) / 100;
  const load: RunSettings['load'] = {
    running: true,
    ordersPerSecond: calm,
    browsesPerSecond: 0.02,
    statusesPerSecond: 0.05,
    floodPerSecond: 0,
    arrivals: draws.among(['even', 'poisson'] as const, 'arrivals'),
    spread: draws.between(0, 1, 'spread'),
  };
  if (!rush) return { load, rushes: [] };
  const times = draws.whole(2, 8, 'how-many');
  const rushes = Array.from({ length: times }, (_, index) => {
    const own = draws.of(index);
    const ordersPerSecond = own.scale(2, 20, 'rate');
    const lastsMs = Math.round(((ARRIVALS * 0.7) / times / ordersPerSecond) * 1000);
    // One after the other: the end of one does not cut another short.
    const spanMs = (STORM_MS - OPEN_MS - 2000) / times;
    const atMs = Math.round(
      OPEN_MS + 1000 + spanMs * (index + own.between(0, Math.max(0, 1 - lastsMs / spanMs), 'at')),
    );
    return [
      { atMs, command: { type: 'load.set', ordersPerSecond } },
      { atMs: atMs + lastsMs, command: { type: 'load.set', ordersPerSecond: calm } },
    ] as const;
  });
  return { load, rushes: rushes.flat() };
}

/** Every class that may be on, by name: the faults, then what people do. */
export const STORM_CLASSES: readonly string[] = [
  ...FAULT_CLASSES,
  ...ACTION_CLASSES,
  { name: 'declines' },
  { name: 'autoscaler' },
].map(({ name }) => name);

/** The storm of a seed: sound settings, a load, and faults, all drawn from it. */
export function stormPlan(seed: number, style: StormStyle = 'orchestrated'): StormPlan {
  const draws = Draws.ofSeed(seed);
  const isOn = ({ name }: { readonly name: string }) => draws.of('class').chance(0.5, name);
  const { load, rushes } = stormLoad(draws.of('load'));
  const calm = stormSettings(draws.of('settings'), load);
  const settings: RunSettings = {
    ...calm,
    ...(isOn({ name: 'declines' })
      ? { payment: { declineShare: draws.of('declines').between(0.02, 0.4, 'share') } }
      : {}),
    autoscaler: isOn({ name: 'autoscaler' }) ? stormAutoscaler(draws.of('autoscaler')) : null,
  };
  const place = { settings, fromMs: OPEN_MS + 2000, untilMs: STORM_MS - 1000 };
  const faults = FAULT_CLASSES.filter(isOn).flatMap((each) =>
    each.draw(draws.of('faults', each.name), place),
  );
  const actions = ACTION_CLASSES.filter(isOn).map((each) => each.draw(draws.of('actions', each.name)));
  return {
    seed,
    style,
    classes: STORM_CLASSES.filter((name) => isOn({ name })),
    settings,
    faults: faults.toSorted((a, b) => a.atMs - b.atMs),
    commands: [...rushes, ...actions.flatMap(({ commands = [] }) => commands)].toSorted(
      (a, b) => a.atMs - b.atMs,
    ),
    cancellations: actions.flatMap(({ cancellations = [] }) => cancellations),
    stormMs: STORM_MS,
    leastOrders: LEAST_ORDERS,
  };
}

/** The storm with an earlier end, and without what was to come later. */
export const shortened = (plan: StormPlan, stormMs: number): StormPlan => ({
  ...plan,
  stormMs,
  faults: plan.faults.filter(({ atMs }) => atMs < stormMs),
  commands: plan.commands.filter(({ atMs }) => atMs < stormMs),
  cancellations: plan.cancellations.filter((atMs) => atMs < stormMs),
});
