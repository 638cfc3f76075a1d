import { describe, expect, it, vi } from 'vitest';
import { describeFault, type Fault, type FaultKind } from '../faults/index.ts';
import { LabRun } from '../hosts/virtual/index.ts';
import type { InstanceId, RunEvent, RunEventOf, RunSettings } from '../kernel/index.ts';
import {
  describeFault as describeJson,
  faultWord,
  type RunProjections,
  runProjections,
  whySpan,
} from '../projections/index.ts';
import { classroom, classroomSettings, type ScheduledCommand } from '../setups/index.ts';

// FAULT-1: every fault of the catalogue can be felt. The same seed without it is another run: in the log, in what the
// page shows, and in its words. A kind that is not in this table does not compile.

vi.setConfig({ testTimeout: 120_000 });

const SEED = 11;
const FAULT_AT_MS = 6000;
const UNTIL_MS = 26_000;

/** What the page shows, by the name of the figure. */
const FIGURES = {
  'failed calls': ({ topology }) => sum([...topology.edges.values()].map(({ failed }) => failed)),
  'answer times': ({ traces }) => {
    const ended = [...traces.spanById.values()].flatMap(({ end, endedUs, sentUs }) =>
      end === 'ok' && endedUs !== null ? [endedUs - sentUs] : [],
    );
    return Math.round(sum(ended) / ended.length);
  },
  'what customers did': ({ orders }) => orders.byOrder.size + orders.others.size,
  'what customers were refused': ({ orders }) =>
    [...orders.byOrder.values(), ...orders.others.values()].filter(
      ({ end }) => end === 'failed' || end === 'declined',
    ).length,
  lives: ({ topology }) => sum([...topology.instances.values()].map(({ incarnation }) => incarnation)),
  'ready since': ({ topology }) =>
    [...topology.instances.values()].map(({ instance, sinceUs }) => `${instance} ${sinceUs}`).join(),
  'the story': ({ narrator }) => [...narrator.lines].map(({ text }) => text).join('\n'),
  duplicates: ({ topics }) => sum(groupsOf(topics).map((group) => group.duplicates)),
  'dead letters': ({ topics }) => topics.deadLetters.length,
  'goods that were sold': ({ data }) =>
    [...(data.rows.get('product/products')?.entries() ?? [])]
      .flatMap(([sku, { changedUs }]) => (changedUs > FAULT_AT_MS * 1000 ? [sku] : []))
      .sort()
      .join(),
  'aborted transactions': ({ data }) => sum([...data.byService.values()].map(({ aborts }) => aborts)),
} satisfies Record<string, (shown: RunProjections) => number | string>;

type Figure = keyof typeof FIGURES;

interface Case {
  readonly fault: Fault;
  readonly feltIn: Figure;
  /** What else happens in both runs. */
  readonly commands?: readonly ScheduledCommand[];
  readonly settings?: (settings: RunSettings) => RunSettings;
  /** False: it makes no single call fail or late, so nobody asks why of one. */
  readonly asked?: false;
}

const shipping = { kind: 'service', service: 'shipping' } as const;
const edge = { kind: 'edge', from: 'order', to: 'shipping' } as const;
const customers = { kind: 'service', service: 'customers' } as const;
const [SHIPPING_1, SHIPPING_2] = ['shipping-1' as InstanceId, 'shipping-2' as InstanceId];
const lengthMs = 10_000;

/** Compiles only with every kind of the union. */
const CATALOGUE: Record<FaultKind, readonly Case[]> = {
  slow: [
    {
      fault: { kind: 'slow', target: shipping, addMs: 2000, spreadShare: 0.1, share: 1, lengthMs },
      feltIn: 'failed calls',
    },
    ...(['normal', 'lognormal', 'pareto'] as const).map(
      (distribution): Case => ({
        fault: {
          kind: 'slow',
          target: edge,
          addMs: 900,
          spreadShare: 0.5,
          distribution,
          correlation: 0.5,
          share: 1,
          lengthMs,
        },
        feltIn: 'failed calls',
      }),
    ),
  ],
  errors: [
    {
      fault: { kind: 'errors', target: shipping, status: 503, share: 0.8, lengthMs },
      feltIn: 'failed calls',
    },
    {
      fault: { kind: 'errors', target: edge, status: 429, retryAfterS: 2, share: 1, lengthMs },
      feltIn: 'what customers were refused',
    },
  ],
  down: [
    { fault: { kind: 'down', target: shipping, lengthMs }, feltIn: 'lives' },
    { fault: { kind: 'down', target: edge, lengthMs }, feltIn: 'failed calls' },
  ],
  loss: [
    { fault: { kind: 'loss', target: edge, way: 'both', share: 0.5, lengthMs }, feltIn: 'failed calls' },
  ],
  latency: [{ fault: { kind: 'latency', target: edge, meanMs: 600, lengthMs }, feltIn: 'failed calls' }],
  partition: [
    {
      fault: { kind: 'partition', instances: [SHIPPING_1], others: null, way: 'both', lengthMs },
      feltIn: 'failed calls',
    },
  ],
  clog: [{ fault: { kind: 'clog', target: edge, extraMs: 0, lengthMs }, feltIn: 'failed calls' }],
  reset: [
    { fault: { kind: 'reset', target: edge, when: 'after', share: 0.8, lengthMs }, feltIn: 'failed calls' },
  ],
  duplicate: [
    {
      fault: { kind: 'duplicate', target: { kind: 'network' }, share: 1, withinMs: 500, lengthMs },
      feltIn: 'answer times',
      asked: false,
    },
  ],
  'store-errors': [
    {
      fault: { kind: 'store-errors', target: shipping, at: 'commit', error: 'aborted', share: 0.8, lengthMs },
      feltIn: 'aborted transactions',
    },
  ],
  'store-slow': [
    {
      fault: { kind: 'store-slow', target: shipping, addMs: 3000, share: 1, lengthMs },
      feltIn: 'failed calls',
    },
  ],
  'crash-loop': [
    {
      fault: { kind: 'crash-loop', target: shipping, meanUpMs: 1500, restartAfterMs: 1000, lengthMs },
      feltIn: 'lives',
    },
  ],
  'crash-at': [
    {
      fault: {
        kind: 'crash-at',
        instance: SHIPPING_1,
        port: 'handler',
        operation: '*',
        nth: 5,
        when: 'before',
        restartAfterMs: 2000,
      },
      feltIn: 'lives',
    },
  ],
  'slow-body': [
    {
      fault: { kind: 'slow-body', target: edge, bytesPerSecond: 50, share: 1, lengthMs },
      feltIn: 'failed calls',
    },
    {
      fault: { kind: 'slow-body', target: shipping, bytesPerSecond: 50, share: 1, lengthMs },
      feltIn: 'failed calls',
    },
  ],
  'corrupt-body': [
    {
      fault: { kind: 'corrupt-body', target: edge, how: 'cut', share: 1, lengthMs },
      feltIn: 'what customers were refused',
    },
    {
      fault: { kind: 'corrupt-body', target: shipping, how: 'garble', share: 1, lengthMs },
      feltIn: 'what customers were refused',
    },
  ],
  flapping: [
    {
      fault: {
        kind: 'flapping',
        instances: [SHIPPING_1],
        others: null,
        way: 'both',
        meanDownMs: 2000,
        meanUpMs: 1000,
        lengthMs,
      },
      feltIn: 'failed calls',
    },
  ],
  hang: [{ fault: { kind: 'hang', target: shipping, lengthMs }, feltIn: 'failed calls' }],
  'slow-cpu': [
    { fault: { kind: 'slow-cpu', target: shipping, factor: 60, lengthMs }, feltIn: 'failed calls' },
  ],
  'memory-limit': [
    {
      fault: {
        kind: 'memory-limit',
        target: shipping,
        leakKbPerRequest: 1024,
        limitMb: 8,
        restartAfterMs: 1500,
        lengthMs,
      },
      feltIn: 'lives',
    },
  ],
  'slow-start': [
    {
      fault: { kind: 'slow-start', target: shipping, addMs: 4000, lengthMs },
      commands: [{ atMs: 9000, command: { type: 'instance.restart', instance: SHIPPING_1 } }],
      feltIn: 'ready since',
      asked: false,
    },
  ],
  'clock-offset': [
    {
      fault: {
        kind: 'clock-offset',
        target: { kind: 'service', service: 'gateway' },
        offsetMs: 7_200_000,
        lengthMs,
      },
      feltIn: 'what customers were refused',
    },
  ],
  'message-duplicate': [
    {
      fault: { kind: 'message-duplicate', target: { kind: 'network' }, share: 1, withinMs: 500, lengthMs },
      feltIn: 'duplicates',
      asked: false,
    },
  ],
  'message-poison': [
    {
      fault: { kind: 'message-poison', target: shipping, share: 1, messageType: null, lengthMs: 15_000 },
      feltIn: 'dead letters',
    },
  ],
  'registry-stale': [
    {
      fault: { kind: 'registry-stale', target: { kind: 'service', service: 'registry' }, lengthMs: 15_000 },
      settings: (settings) => ({
        ...settings,
        services: { ...settings.services, shipping: { ...settings.services.shipping, instances: 2 } },
      }),
      commands: [{ atMs: 10_000, command: { type: 'instance.crash', instance: SHIPPING_2 } }],
      feltIn: 'failed calls',
    },
  ],
  spike: [
    { fault: { kind: 'spike', target: customers, factor: 20, lengthMs }, feltIn: 'what customers did' },
  ],
  ramp: [
    {
      fault: { kind: 'ramp', target: customers, factor: 20, overMs: 5000, lengthMs },
      feltIn: 'what customers did',
    },
  ],
  'hot-product': [
    {
      fault: { kind: 'hot-product', target: customers, sku: 'games-05', share: 1, lengthMs },
      feltIn: 'goods that were sold',
      asked: false,
    },
  ],
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const groupsOf = ({ byName }: RunProjections['topics']) =>
  [...byName.values()].flatMap(({ groups }) => [...groups.values()]);

async function runOf({ settings = (same) => same, commands = [] }: Case, fault: Fault | null) {
  const calm = classroomSettings();
  const load = { ...calm.load, running: true, ordersPerSecond: 2 };
  const run = await LabRun.create({
    setup: {
      ...classroom,
      settings: settings({ ...calm, load }),
      faults: fault === null ? [] : [{ atMs: FAULT_AT_MS, fault }],
    },
    seed: SEED,
    turn: (next) => setImmediate(next),
    commands,
  });
  await run.advanceTo(UNTIL_MS);
  const shown = run.events.reduce(runProjections.apply, runProjections.initial());
  return { events: run.events, shown };
}

/** Runs without a fault are the same for all cases that do nothing else. */
const healthy = new Map<string, ReturnType<typeof runOf>>();
async function without(each: Case): ReturnType<typeof runOf> {
  const key = JSON.stringify([each.commands ?? [], each.settings === undefined]);
  const known = healthy.get(key) ?? runOf(each, null);
  healthy.set(key, known);
  return await known;
}

const cases = Object.values(CATALOGUE).flatMap((all) =>
  all.map((each) => [describeFault(each.fault), each] as const),
);

describe('FAULT-1 no silent fault', () => {
  it.each(cases)('%s', async (_, each) => {
    const { fault, feltIn, asked = true } = each;
    const before = await without(each);
    const { events, shown } = await runOf(each, fault);

    const of = <Type extends RunEvent['type']>(type: Type) =>
      events.filter((event) => event.type === type) as unknown as RunEventOf<Type>[];
    expect(of('fault.started'), 'it begins').toHaveLength(1);
    // What `down` does to an instance is `instance.crashed`, with the fault's id.
    const effects = [...of('fault.injected'), ...of('instance.crashed')].filter(
      (event) => event.faultId === 'fault-1',
    );
    expect(effects.length, 'its effects are in the log').toBeGreaterThan(0);

    const now = FIGURES[feltIn](shown);
    expect(now, `${feltIn} differ`).not.toEqual(FIGURES[feltIn](before.shown));

    const view = shown.faults.byId.get('fault-1' as never);
    expect(view?.injected ?? 0).toBe(of('fault.injected').length);
    // The words of the kind are not its name.
    const word = faultWord(describeJson(JSON.parse(JSON.stringify(fault))));
    expect(word).not.toMatch(/^[a-z]|[a-z]-[a-z]/);
    if (!asked) return;
    const why = [...shown.traces.spanById.values()]
      .filter(({ sentUs }) => sentUs >= FAULT_AT_MS * 1000)
      .flatMap((span) => whySpan(shown, span).lines.map(({ text }) => text))
      .filter((text) => text.startsWith(`Your fault ${word} on `));
    expect(why.length, `why says “${word}”`).toBeGreaterThan(0);
  });
});
