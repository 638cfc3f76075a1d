import { describe, expect, it } from 'vitest';
import { type LabOptions, LabRun, type Pump } from '../hosts/virtual/index.ts';
import { checkInvariants } from '../invariants/index.ts';
import { instanceId, type RunEvent } from '../kernel/index.ts';
import { classroom, type Setup } from '../setups/index.ts';

const turn = (next: () => void) => setImmediate(next);
const SHIPPING = instanceId('shipping', 1);

const withShipping = (setup: Setup, shipping: 'typescript' | 'python'): Setup => ({
  ...setup,
  settings: { ...setup.settings, implementations: { shipping } },
});

async function ran(setup: Setup, forMs: number, options: Partial<LabOptions> = {}): Promise<LabRun> {
  const run = await LabRun.create({ setup, seed: 7, turn, ...options });
  await run.advanceTo(forMs);
  return run;
}

/** The log as text, but for what says which implementation runs. */
const lines = (events: readonly RunEvent[]): string[] =>
  events.map((event) =>
    JSON.stringify(event, (key, value: unknown) =>
      key === 'implementation' || key === 'implementations' ? undefined : value,
    ),
  );

const troubled: Setup = {
  ...classroom,
  name: 'troubled',
  faults: [
    {
      atMs: 6000,
      fault: {
        kind: 'slow',
        target: { kind: 'service', service: 'shipping' },
        addMs: 2000,
        spreadShare: 0.3,
        share: 1,
        lengthMs: 6000,
      },
    },
    {
      atMs: 15_000,
      fault: {
        kind: 'crash-at',
        instance: SHIPPING,
        port: 'store',
        operation: 'hold shipment',
        nth: 3,
        when: 'after',
        restartAfterMs: 2000,
      },
    },
  ],
};

describe('the shop with Shipping in Python, in the Lab', { timeout: 120_000 }, () => {
  it.each([classroom, troubled])('gives the very log that it gives with TypeScript: $name', async (setup) => {
    const [typescript, python] = [
      await ran(withShipping(setup, 'typescript'), 60_000),
      await ran(withShipping(setup, 'python'), 60_000),
    ];
    expect(python.events.filter((event) => event.type === 'saga.completed').length).toBeGreaterThan(15);
    expect(lines(python.events)).toEqual(lines(typescript.events));
    expect(python.tables()).toEqual(typescript.tables());
    expect(checkInvariants(python.events, undefined)).toEqual([]);
    expect(python.logHash()).not.toBe(typescript.logHash());
  });

  it('comes out the same on both pumps', async () => {
    const hash = async (pump: Pump) =>
      (await ran(withShipping(troubled, 'python'), 30_000, { pump })).logHash();
    expect(await hash('counting')).toBe(await hash('exact'));
  });

  it('is swapped in while it runs: a restarted instance comes back in Python, nobody else restarts', async () => {
    const commands = [
      { atMs: 10_000, command: { type: 'settings.set', patch: { implementations: { shipping: 'python' } } } },
      { atMs: 12_000, command: { type: 'instance.restart', instance: SHIPPING } },
    ] as const;
    const run = await ran(classroom, 60_000, { commands });
    const started = run.events.filter((event) => event.type === 'instance.started');
    const again = started.filter((event) => event.incarnation > 1);
    expect(again).toMatchObject([{ instance: SHIPPING, incarnation: 2, implementation: 'python' }]);
    expect(started.find((event) => event.instance === SHIPPING)).not.toHaveProperty('implementation');
    // The choice alone restarts nobody.
    expect(again[0]?.timeUs).toBe(12_000_000);
    expect(checkInvariants(run.events, undefined)).toEqual([]);
    const late = run.events.filter((event) => event.type === 'saga.completed' && event.timeUs > 20_000_000);
    expect(late.length).toBeGreaterThan(10);
    expect((await ran(classroom, 60_000, { commands })).logHash()).toBe(run.logHash());
  });

  it('is swapped in by a command of the moment as well', async () => {
    const run = await ran(classroom, 10_000);
    expect(
      await run.command({ type: 'settings.set', patch: { implementations: { shipping: 'python' } } }),
    ).toMatchObject({ ok: true });
    expect(await run.command({ type: 'instance.restart', instance: SHIPPING })).toMatchObject({ ok: true });
    await run.advanceTo(15_000);
    expect(run.events.findLast((event) => event.type === 'instance.started')).toMatchObject({
      implementation: 'python',
    });
  });
});
