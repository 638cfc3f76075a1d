import { describe, expect, it } from 'vitest';
import type { Fault } from '../../faults/index.ts';
import { createRandom, instanceId } from '../../kernel/index.ts';
import { classroom, type RunCommand, type Setup } from '../../setups/index.ts';
import { forkRun, type LabOptions, LabRun, type Pump, type ScheduledCommand } from './index.ts';

const turn = (next: () => void) => setImmediate(next);

const SLOW: Fault = {
  kind: 'slow',
  target: { kind: 'service', service: 'shipping' },
  addMs: 2000,
  spreadShare: 0.3,
  share: 1,
  lengthMs: 6000,
};
const CRASH: Fault = {
  kind: 'crash-at',
  instance: instanceId('order', 1),
  port: 'store',
  operation: '*',
  nth: 40,
  when: 'after',
  restartAfterMs: 2000,
};
const troubled: Setup = {
  ...classroom,
  name: 'troubled',
  faults: [
    { atMs: 6000, fault: SLOW },
    { atMs: 9000, fault: CRASH },
  ],
};
const commands: readonly ScheduledCommand[] = [
  { atMs: 5000, command: { type: 'load.set', ordersPerSecond: 2 } },
  { atMs: 12_000, command: { type: 'order.place' } },
];

const lab = (options: Partial<LabOptions> = {}) =>
  LabRun.create({ setup: troubled, seed: 7, turn, ...options });

async function ran(forMs: number, options: Partial<LabOptions> = {}): Promise<LabRun> {
  const run = await lab(options);
  await run.advanceTo(forMs);
  return run;
}

describe('a run in the Lab', () => {
  it('opens the shop by itself, serves its customers, and does what it was told when it was told', async () => {
    const run = await ran(30_000, { commands });
    expect(run.nowMs).toBe(30_000);
    const answered = run.events.filter((event) => event.type === 'intent.answered');
    expect(answered.filter((event) => event.outcome === 'ok').length).toBeGreaterThan(60);
    const first = run.events.find((event) => event.type === 'intent.started');
    expect((first?.timeUs ?? 0) / 1000).toBeLessThan(8000);
    expect(run.events.find((event) => event.type === 'fault.started')?.timeUs).toBe(6_000_000);
    expect(run.events.find((event) => event.type === 'instance.crashed')).toMatchObject({
      instance: 'order-1',
      cause: run.events.find((event) => event.type === 'fault.injected' && event.kind === 'crash-at')?.id,
    });
    expect(run.events.every((event, seq) => event.seq === seq)).toBe(true);
  });

  it('gives the same log twice, and another with another seed', async () => {
    const hashes = [];
    for (const seed of [7, 7, 8]) hashes.push((await ran(15_000, { seed, commands })).logHash());
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).not.toBe(hashes[2]);
  });

  it.each([1, 2, 3])(
    'gives the same log on the engine and the oracle, with faults and commands, seed %i',
    async (seed) => {
      const hash = async (pump: Pump) => (await ran(15_000, { seed, pump, commands })).logHash();
      expect(await hash('counting')).toBe(await hash('exact'));
    },
  );

  it('moves a breaker by hand (CB-24), and does it again in the same run', async () => {
    const run = await ran(8000, { setup: classroom });
    const command = { type: 'breaker.set-state', instance: 'order-1', to: 'shipping', state: 'FORCED_OPEN' };
    expect(await run.command(command)).toEqual({
      ok: true,
      value: { before: 'CLOSED', after: 'FORCED_OPEN' },
    });
    const events = run.events.length;
    expect(await run.command({ ...command, state: 'FORCED_OPEN' })).toMatchObject({
      ok: false,
      error: { message: 'The circuit breaker of order-1 to shipping is FORCED_OPEN already.' },
    });
    expect(await run.command({ ...command, instance: 'order-9' })).toMatchObject({ ok: false });
    expect(await run.command({ ...command, instance: 'customers-1' })).toMatchObject({ ok: false });
    expect(run.events).toHaveLength(events);
    await run.advanceTo(12_000);
    await run.command({ type: 'breaker.reset', instance: 'order-1', to: 'shipping' });
    await run.advanceTo(15_000);
    const again = await ran(15_000, { setup: classroom, commands: run.commands });
    expect(again.logHash()).toBe(run.logHash());
    expect(again.commands.map(({ command: { type } }) => type)).toEqual([
      'breaker.set-state',
      'breaker.reset',
    ]);
  });

  it('is the same however often one stops on the way', async () => {
    const run = await lab({ commands });
    const random = createRandom(3);
    for (let ms = 0; ms < 15_000; ms += 1 + 400 * random.uniform('step', ms)) await run.advanceTo(ms);
    await run.advanceTo(15_000);
    expect(run.logHash()).toBe((await ran(15_000, { commands })).logHash());
  });

  it('writes down what was done by hand, when, and so that the log alone is enough to have it again', async () => {
    const run = await ran(5000);
    await run.begin({ type: 'fault.add', fault: SLOW });
    await run.advanceTo(9000);
    // It is answered when others let the clock go on.
    const answered = run.begin({ type: 'order.place' });
    await run.advanceTo(20_000);
    expect(await answered).toMatchObject({ ok: true, value: { status: 202 } });
    expect(await run.begin({ type: 'fault.clear', faultId: 'no-such' })).toMatchObject({ ok: false });
    const written = run.events.flatMap((event) =>
      event.type === 'run.commanded'
        ? [{ atMs: event.timeUs / 1000, command: event.command as unknown as RunCommand }]
        : [],
    );
    expect(written.map(({ atMs, command }) => [atMs, command.type])).toEqual([
      [5000, 'fault.add'],
      [9000, 'order.place'],
    ]);
    expect((await ran(20_000, { commands: written })).logHash()).toBe(run.logHash());
  });

  it('answers a command, and can be had again with what was commanded', async () => {
    const run = await ran(4000);
    const result = await run.command({ type: 'order.place' });
    expect(result).toMatchObject({ ok: true, value: { status: 202 } });
    expect(await run.command({ type: 'fault.add', fault: SLOW })).toMatchObject({ ok: true });
    expect(await run.command({ type: 'fault.clear', faultId: 'no-such' })).toMatchObject({ ok: false });
    await run.advanceTo(14_000);
    expect((await ran(14_000, { commands: run.commands })).logHash()).toBe(run.logHash());
  });

  it('refuses a setup whose fault sits where nobody is', async () => {
    const fault: Fault = { ...CRASH, instance: instanceId('order', 9) };
    await expect(lab({ setup: { ...troubled, faults: [{ atMs: 1, fault }] } })).rejects.toThrow(
      /The setup cannot be started: .*order-9/,
    );
  });
});

describe('a run again', () => {
  it('is in the same state at each of 100 of its events', { timeout: 180_000 }, async () => {
    const first = await ran(16_000, { commands });
    const random = createRandom(11);
    const points = Array.from({ length: 100 }, (_, n) =>
      Math.ceil(first.events.length * random.uniform('point', n)),
    ).sort((a, b) => a - b);
    const once = await lab({ commands });
    for (const point of points) {
      await once.advanceUntil(() => once.events.length >= point, 16_000);
      const again = await lab({ commands });
      await again.advanceUntil(() => again.events.length >= point, 16_000);
      expect(again.stateHash(), `at event ${point}`).toBe(once.stateHash());
    }
  });

  it('forked, keeps its past and the arrivals to come', async () => {
    const options: LabOptions = { setup: troubled, seed: 7, turn, commands };
    const first = await ran(20_000, options);
    const heal: RunCommand = { type: 'fault.clear-all' };
    const shares: number[] = [];
    const fork = await forkRun({
      run: options,
      past: first.events,
      atMs: 8000,
      commands: [{ atMs: 8000, command: heal }],
      progress: (share) => shares.push(share),
    });
    await fork?.advanceTo(20_000);
    const past = first.events.filter((event) => event.timeUs <= 8_000_000);
    expect(fork?.events.slice(0, past.length)).toEqual(past);
    expect(fork?.events.some((event) => event.type === 'instance.crashed')).toBe(false);
    const arrivals = (run: LabRun | null) =>
      run?.events
        .filter((event) => event.type === 'intent.started')
        .map((event) => [event.intentId, event.timeUs]);
    expect(arrivals(fork)).toEqual(arrivals(first));
    expect(shares.at(-1)).toBe(1);
  });

  it('forked into what has been is refused, and so is a past that is not its own', async () => {
    const options: LabOptions = { setup: troubled, seed: 7, turn };
    const first = await ran(9000, options);
    const command: RunCommand = { type: 'fault.clear-all' };
    const fork = (atMs: number, past = first.events) =>
      forkRun({ run: options, past, atMs, commands: [{ atMs: 5000, command }] });
    await expect(fork(8000)).rejects.toThrow(/its past/);
    const other = await ran(9000, { ...options, seed: 8 });
    await expect(fork(5000, other.events)).rejects.toThrow(/came out otherwise at event 0/);
  });

  it('stops when told to', async () => {
    const options: LabOptions = { setup: troubled, seed: 7, turn };
    const first = await ran(9000, options);
    const signal = { aborted: false };
    const progress = (share: number) => {
      if (share > 0.5) signal.aborted = true;
    };
    expect(
      await forkRun({ run: options, past: first.events, atMs: 8000, commands: [], signal, progress }),
    ).toBeNull();
  });
});
