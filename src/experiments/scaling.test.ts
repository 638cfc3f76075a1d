import { describe, expect, it } from 'vitest';
import type { CompositionName } from '../compositions/index.ts';
import { LabRun, type ScheduledCommand } from '../hosts/virtual/index.ts';
import { checkInvariants } from '../invariants/index.ts';
import { instanceId, type RunEventOf, type ServiceName } from '../kernel/index.ts';
import { applySettingsPatch, classroom, type Setup } from '../setups/index.ts';
import { SideMeasurement } from './side-figures.ts';

const turn = (next: () => void) => setImmediate(next);

function setupWith(patch: object): Setup {
  const settings = applySettingsPatch(classroom.settings, {
    rateLimit: { perSecond: 1000, burst: 1000 },
    ...patch,
  });
  if (!settings.ok) throw new Error(settings.error.message);
  return { ...classroom, settings: settings.value };
}

const scale = (atMs: number, service: ServiceName, instances: number): ScheduledCommand => ({
  atMs,
  command: { type: 'settings.set', patch: { services: { [service]: { instances } } } },
});

interface Wish {
  readonly patch?: object;
  readonly commands?: readonly ScheduledCommand[];
  readonly composition?: CompositionName;
  readonly untilMs: number;
}

async function ran({
  patch = {},
  commands = [],
  composition = 'microservices',
  untilMs,
}: Wish): Promise<LabRun> {
  const run = await LabRun.create({ setup: setupWith(patch), seed: 5, composition, turn, commands });
  await run.advanceTo(untilMs);
  return run;
}

/** Slots in use ÷ slots of a service's instances, as its requests meet them. */
function saturation(run: LabRun, service: ServiceName, fromMs: number, toMs: number): number {
  const met = run.events.filter(
    (event): event is RunEventOf<'request.received'> =>
      event.type === 'request.received' &&
      event.service === service &&
      event.plane === 'data' &&
      event.timeUs >= fromMs * 1000 &&
      event.timeUs < toMs * 1000,
  );
  return met.reduce((sum, event) => sum + event.slotsUsed / event.slots, 0) / met.length;
}

const CALM: ScheduledCommand = { atMs: 60_000, command: { type: 'load.set', running: false } };

describe('scaling', () => {
  it('SCALE-1 out under load lowers the saturation', async () => {
    const run = await ran({
      patch: { load: { browsesPerSecond: 32, ordersPerSecond: 1 } },
      commands: [scale(20_000, 'product', 3)],
      untilMs: 40_000,
    });
    const [before, after] = [
      saturation(run, 'product', 12_000, 20_000),
      saturation(run, 'product', 26_000, 40_000),
    ];
    expect(before).toBeGreaterThan(0.8);
    expect(after).toBeLessThan(0.55);
  });

  it.each([
    ['microservices', ['order', 'shipping', 'product', 'broker', 'user', 'gateway']],
    ['monolith', ['monolith']],
  ] as const)(
    'SCALE-9 in and out again in the middle of orders breaks no rule and loses none: %s',
    async (composition, services) => {
      const commands = services.flatMap((service, index) => [
        scale(15_000 + 1700 * index, service, 1),
        scale(30_000 + 900 * index, service, 3),
        scale(34_000 + 900 * index, service, 1),
      ]);
      const patch = {
        load: { ordersPerSecond: 4, browsesPerSecond: 4 },
        services: Object.fromEntries(
          services.map((service) => [service, { instances: 3, coldStartMs: 500 }]),
        ),
      };
      const run = await ran({ patch, commands: [...commands, CALM], composition, untilMs: 150_000 });
      expect(run.events.filter(({ type }) => type === 'instance.stopped').length).toBe(4 * services.length);
      expect(
        checkInvariants(run.events, run.tables(), {
          healed: true,
          inTrueOrder: true,
          settings: run.settings,
        }),
      ).toEqual([]);
      const orders = run.events.filter(({ type }) => type === 'intent.answered').length;
      expect(orders).toBeGreaterThan(300);
    },
  );

  it('SCALE-8 a crash in the middle of a drain breaks no rule', async () => {
    const commands: ScheduledCommand[] = [0, 1, 2, 3].flatMap((round) => [
      scale(12_000 + 10_000 * round, 'order', 1),
      {
        atMs: 12_100 + 10_000 * round + 600 * round,
        command: { type: 'instance.crash' as const, instance: instanceId('order', 2) },
      },
      scale(17_000 + 10_000 * round, 'order', 2),
    ]);
    const run = await ran({
      patch: { load: { ordersPerSecond: 5 }, services: { order: { instances: 2 } } },
      commands: [...commands, CALM],
      untilMs: 150_000,
    });
    expect(run.events.filter(({ type }) => type === 'instance.crashed').length).toBe(4);
    expect(
      checkInvariants(run.events, run.tables(), { healed: true, inTrueOrder: true, settings: run.settings }),
    ).toEqual([]);
  });

  it('SCALE-13 instance-seconds are counted from the start to the end of each life', async () => {
    const measured = (run: LabRun, atMs: number) => {
      const side = new SideMeasurement(0);
      for (const event of run.events) if (event.timeUs <= atMs * 1000) side.add(event);
      return side.at(atMs * 1000).instanceUs / 1_000_000;
    };
    const cold = { services: { product: { coldStartMs: 4000 } } };
    const alone = await ran({ patch: cold, untilMs: 40_000 });
    const run = await ran({
      patch: cold,
      commands: [scale(10_000, 'product', 3), scale(20_000, 'product', 1)],
      untilMs: 40_000,
    });
    const extra = measured(run, 40_000) - measured(alone, 40_000);
    // Two for ten seconds, their cold start among them, and the 2 s of grace in which they drain.
    expect(extra).toBeGreaterThan(2 * 12);
    expect(extra).toBeLessThan(2 * 13.5);
    expect(measured(run, 15_000) - measured(alone, 15_000)).toBeCloseTo(10, 3);

    const whole = await ran({
      composition: 'monolith',
      commands: [scale(10_000, 'monolith', 2)],
      untilMs: 40_000,
    });
    expect(measured(whole, 40_000)).toBeCloseTo(40 + 30, 0);
  });
});
