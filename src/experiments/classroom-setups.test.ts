import { describe, expect, it } from 'vitest';
import { LabRun } from '../hosts/virtual/index.ts';
import { classroomSettings, type Scenario, type ScheduledCommand, scenarioNamed } from '../setups/index.ts';
import type { Span } from './measurement.ts';
import { runSeed } from './run-seed.ts';
import { percentile } from './samples.ts';
import type { SeedResult } from './seed-result.ts';

// The question of each of the classroom's setups, asked of one short run. What twenty seeds say, with figures, is
// in docs/setups.md.

function named(name: string, composition: 'microservices' | 'monolith' = 'microservices'): Scenario {
  const scenario = scenarioNamed(name, composition);
  if (scenario === null) throw new Error(`there is no setup ${name}`);
  return scenario;
}

const turn = (next: () => void): void => void setImmediate(next);
const UNTIL_20: Span = { fromMs: 8000, toMs: 20_000 };

/** What became of those who came in the span, of seed 1; no invariant is violated. */
async function measured(scenario: Scenario, runMs: number, span: Span = UNTIL_20): Promise<SeedResult> {
  const result = await runSeed({ plan: { ...scenario, runMs, measured: span }, seed: 1, turn });
  expect(result.violations).toEqual([]);
  return result;
}

async function labRun({ setup, commands }: Scenario, runMs: number): Promise<LabRun> {
  const run = await LabRun.create({ setup, commands, seed: 1, turn });
  await run.advanceTo(runMs);
  return run;
}

const rowsOf = (
  run: LabRun,
  database: 'order' | 'product' | 'payment-provider' | 'monolith',
  table: string,
) => (run.tables()[database][table] ?? []) as readonly Readonly<Record<string, unknown>>[];

/** What the rows hold there, in order. */
const valuesOf = (rows: readonly Readonly<Record<string, unknown>>[], field: string): string[] =>
  rows.map((row) => String(row[field])).sort();

const allGood = ({ begun }: { readonly begun: number }) => ({ begun, good: begun });

function attemptsPerCall({ extraCalls }: SeedResult, edge: string): number {
  const { attempts, calls } = extraCalls[edge] ?? { attempts: 0, calls: 0 };
  return attempts / calls;
}

const then = (scenario: Scenario, ...commands: readonly ScheduledCommand[]): Scenario => ({
  ...scenario,
  commands: [...scenario.commands, ...commands],
});

describe('the setups of the classroom', () => {
  it('1 healthy shop: everything works', async () => {
    const { intents, breakerOpenings } = await measured(named('classroom'), 27_000);
    for (const kind of Object.values(intents)) expect(kind).toMatchObject(allGood(kind));
    expect(breakerOpenings).toEqual({});
  });

  it('2 slow payments: who orders meanwhile is undone, whose money was being taken waits', async () => {
    const { intents, orderEnds, breakerOpenings, halfDone } = await measured(named('slow-payments'), 32_000);
    expect(orderEnds).toMatchObject({ confirmed: 0, undone: intents.order.begun });
    expect(intents.browse).toMatchObject(allGood(intents.browse));
    expect(Object.keys(breakerOpenings)).toEqual(['order->payment-provider']);
    expect(halfDone.oldestUs).toBeGreaterThan(11_000_000); // until 0:20, where the span ends
  });

  it('3 shipping down: browsing does not notice', async () => {
    const { intents, orderEnds } = await measured(named('shipping-down'), 32_000);
    expect(intents.browse).toMatchObject(allGood(intents.browse));
    expect(orderEnds).toMatchObject({ confirmed: 0, undone: intents.order.begun });
  });

  it('4 retry storm: Product is well again at 0:14, and the shop is still down', async () => {
    const late: Span = { fromMs: 30_000, toMs: 50_000 };
    const storm = await measured(named('retry-storm'), 56_000, late);
    expect(storm.intents.browse).toMatchObject({ good: 0, failed: storm.intents.browse.begun });
    expect(storm.intents.browse.begun).toBeGreaterThan(90);
    expect(attemptsPerCall(storm, 'gateway->product')).toBeGreaterThan(2.5);
  });

  it('4 retry storm: it is over with a circuit breaker, and nobody repeats in a monolith', async () => {
    const late: Span = { fromMs: 30_000, toMs: 40_000 };
    const { breaker } = classroomSettings().edge;
    const callers = { 'gateway->product': { breaker }, 'order->product': { breaker } };
    const command = {
      type: 'settings.set',
      patch: { edges: callers },
    } as unknown as ScheduledCommand['command'];
    const guarded = await measured(then(named('retry-storm'), { atMs: 7000, command }), 46_000, late);
    const monolith = await measured(named('retry-storm', 'monolith'), 46_000, late);
    for (const { intents } of [guarded, monolith]) {
      expect(intents.browse).toMatchObject(allGood(intents.browse));
    }
  });

  it('5 declined cards: stock goes back, and nothing is broken', async () => {
    const scenario = named('declined-cards');
    const { intents, breakerOpenings } = await measured(scenario, 26_000);
    expect(intents.order).toMatchObject({ failed: 0, unfinished: 0 });
    expect(intents.order.declined).toBeGreaterThan(2);
    expect(breakerOpenings).toEqual({});
    const run = await labRun(scenario, 26_000);
    const released = rowsOf(run, 'product', 'reservations').filter(({ state }) => state === 'released');
    const rejected = rowsOf(run, 'order', 'orders').filter(({ status }) => status === 'REJECTED');
    expect(valuesOf(released, 'orderId')).toEqual(valuesOf(rejected, 'orderId'));
  });

  it.each(['microservices', 'monolith'] as const)(
    '6 last item, %s: both are accepted, one gets it',
    async (side) => {
      const run = await labRun(named('last-item', side), 16_000);
      const answers = run.events.filter(
        (event) => event.type === 'intent.answered' && event.kind === 'order',
      );
      expect(answers).toMatchObject([{ status: 202 }, { status: 202 }]);
      const isMonolith = side === 'monolith';
      const orders = rowsOf(run, isMonolith ? 'monolith' : 'order', 'orders');
      expect(valuesOf(orders, 'status')).toEqual(['CONFIRMED', 'REJECTED']);
      const goods = rowsOf(run, isMonolith ? 'monolith' : 'product', 'products');
      expect(goods.find(({ sku }) => sku === 'games-06')).toMatchObject({ stock: 0, reserved: 0 });
      const payments = valuesOf(rowsOf(run, 'payment-provider', 'authorisations'), 'status');
      expect(payments).toEqual(isMonolith ? ['captured', 'voided'] : ['captured']);
    },
  );

  it('7 one bad instance: retries hide it, for a price', async () => {
    const sick = await measured(named('one-bad-instance'), 32_000);
    const well = await measured(named('classroom'), 32_000);
    expect(sick.intents.order).toMatchObject(allGood(sick.intents.order));
    expect(attemptsPerCall(sick, 'order->shipping')).toBeGreaterThan(1.1);
    expect(sick.breakerOpenings).toEqual({});
    const slowest = ({ goodUs }: SeedResult) => percentile(goodUs.order, 0.9) ?? 0;
    expect(slowest(sick)).toBeGreaterThan(slowest(well) + 300_000);
  });

  it('8 gateway overload: only who floods gets 429', async () => {
    const { events } = await labRun(named('gateway-overload'), 20_000);
    const customers = new Map<string, string>();
    const refused = new Map<string, number>();
    const others = { answered: 0, ok: 0 };
    for (const event of events) {
      if (event.type === 'intent.started') customers.set(event.intentId, event.customer);
      if (event.type !== 'intent.answered') continue;
      const customer = customers.get(event.intentId) ?? '';
      if (event.status === 429) refused.set(customer, (refused.get(customer) ?? 0) + 1);
      if (customer === 'leo@example.com') continue;
      others.answered += 1;
      if (event.outcome === 'ok') others.ok += 1;
    }
    expect([...refused.keys()]).toEqual(['leo@example.com']);
    expect(refused.get('leo@example.com')).toBeGreaterThan(60);
    expect(others.answered).toBeGreaterThan(30);
    expect(others.ok).toBe(others.answered);
  });

  it('9 lost answers: payments are asked for again, and nobody is charged twice', async () => {
    const scenario = named('lost-answers');
    const result = await measured(scenario, 36_000);
    expect(result.intents.order).toMatchObject(allGood(result.intents.order));
    expect(attemptsPerCall(result, 'order->payment-provider')).toBeGreaterThan(1.05);
    const run = await labRun(scenario, 36_000);
    const payments = rowsOf(run, 'payment-provider', 'authorisations').filter(
      ({ status }) => status === 'captured',
    );
    const orders = rowsOf(run, 'order', 'orders').filter(({ status }) => status === 'CONFIRMED');
    const charged = new Map(payments.map(({ paymentId, capturedMinor }) => [paymentId, capturedMinor]));
    expect(charged.size).toBe(payments.length);
    for (const { paymentId, totalMinor } of orders) expect(charged.get(paymentId)).toBe(totalMinor);
  });

  it('10 everything at once: no order gets through, until the faults are cleared', async () => {
    const scenario = named('everything-at-once');
    expect(scenario.setup.faults).toHaveLength(5);
    const broken = await measured(scenario, 30_000);
    expect(broken.intents.order.good).toBe(0);
    const clear = { atMs: 20_000, command: { type: 'fault.clear-all' } } as const;
    const { intents } = await measured(then(scenario, clear), 46_000, { fromMs: 33_000, toMs: 39_000 });
    expect(intents.order).toMatchObject(allGood(intents.order));
  });
});
