import { describe, expect, it } from 'vitest';
import { type RunEvent, type RunEventOf, type RunEventType, serviceOf } from '../../kernel/index.ts';
import { applySettingsPatch, classroom, type RunCommandOf, type Setup } from '../../setups/index.ts';
import { LabRun, type ScheduledCommand } from './index.ts';

// Releases of the whole shop (docs/semantics.md, REL-, CAN-, TRF-, PIPE-, TRAIN-). What decides is tested in
// patterns/release; here it acts.

const turn = (next: () => void) => setImmediate(next);
type Start = RunCommandOf<'release.start'>;

const release = (
  atMs: number,
  service: Start['service'],
  version: string,
  strategy: Start['strategy'],
  more: { skipContractCheck?: boolean } = {},
): ScheduledCommand => ({ atMs, command: { type: 'release.start', service, version, strategy, ...more } });

const LOAD = { load: { ordersPerSecond: 3, statusesPerSecond: 2 } };

async function begun(
  commands: readonly ScheduledCommand[],
  {
    composition = 'microservices',
    patch = {},
  }: Partial<Pick<Setup, 'composition'>> & { patch?: object } = {},
): Promise<LabRun> {
  const settings = applySettingsPatch(classroom.settings, { ...LOAD, ...patch });
  if (!settings.ok) throw new Error(settings.error.message);
  const setup: Setup = { ...classroom, composition, settings: settings.value };
  return await LabRun.create({ setup, seed: 11, turn, commands });
}

async function ran(forMs: number, ...args: Parameters<typeof begun>): Promise<LabRun> {
  const run = await begun(...args);
  await run.advanceTo(forMs);
  return run;
}

const of = <Type extends RunEventType>(run: LabRun, type: Type): RunEventOf<Type>[] =>
  run.events.filter((event): event is RunEventOf<Type> => event.type === type);

const seconds = ({ timeUs }: RunEvent): number => timeUs / 1e6;

/** `13.0 build passed` */
const stages = (run: LabRun, releaseId = 'rel-1'): string[] =>
  of(run, 'release.stage.ended')
    .filter((event) => event.releaseId === releaseId)
    .map((event) => `${seconds(event).toFixed(1)} ${event.stage} ${event.outcome}`);

/** Lives that began or ended by the release. */
const turnover = (run: LabRun, afterS: number): RunEvent[] =>
  run.events.filter(
    (event) =>
      ['instance.started', 'instance.stopped', 'instance.crashed'].includes(event.type) &&
      seconds(event) > afterS,
  );

const versions = (run: LabRun, service: 'order' | 'product' | 'monolith'): string | undefined =>
  run.settings.deployments[service]?.instances
    .map(({ number, version }) => `${number} ${version}`)
    .join(', ');

describe('a pipeline', () => {
  it('PIPE-1 build, test, contract check, deployment; then the new version runs', async () => {
    const run = await ran(30_000, [release(10_000, 'order', 'v2', 'rolling')]);
    expect(stages(run)).toEqual([
      '13.0 build passed',
      '16.0 test passed',
      '17.0 contract-check passed',
      expect.stringMatching(/^2\d\.\d deploy passed$/),
    ]);
    expect(of(run, 'release.completed')).toMatchObject([{ of: 'order', version: 'v2' }]);
    expect(run.settings.deployments.order).toMatchObject({ stable: 'v2', traffic: null });
  });

  it('PIPE-1 two services go side by side; of one there is one release at a time', async () => {
    const run = await begun([release(10_000, 'order', 'v2', 'rolling')]);
    await run.advanceTo(11_000);
    const again = await run.command({
      type: 'release.start',
      service: 'order',
      version: 'v3',
      strategy: 'rolling',
    });
    expect(again).toMatchObject({ ok: false, error: { message: expect.stringContaining('is under way') } });
    const other = await run.command({
      type: 'release.start',
      service: 'product',
      version: 'v2',
      strategy: 'rolling',
    });
    expect(other).toMatchObject({ ok: true, value: { releaseId: 'rel-2' } });
    await run.advanceTo(40_000);
    expect(of(run, 'release.completed').map((event) => event.of)).toEqual(['order', 'product']);
    const same = { type: 'release.start', service: 'order', version: 'v2', strategy: 'rolling' };
    expect(await run.command(same)).toMatchObject({
      ok: false,
      error: { message: 'order runs v2 already.' },
    });
    expect(await run.command({ ...same, version: 'v9' })).toMatchObject({
      ok: false,
      error: { field: 'version' },
    });
  });

  it('PIPE-2 a version that breaks a consumer ends at the check, and nobody is touched', async () => {
    const run = await ran(30_000, [release(10_000, 'product', 'v3', 'rolling')]);
    expect(stages(run).at(-1)).toBe('17.0 contract-check failed');
    expect(of(run, 'release.aborted')).toMatchObject([
      {
        by: 'check',
        reason: expect.stringContaining('Order reads totalMinor of PUT /reservations/{orderId}'),
      },
    ]);
    expect(turnover(run, 9)).toEqual([]);
  });

  it('PIPE-3 skipped, it runs, and its consumer cannot read it; the way back is a release', async () => {
    const run = await begun([
      release(10_000, 'product', 'v3', 'recreate', { skipContractCheck: true }),
      release(40_000, 'product', 'v1', 'recreate'),
    ]);
    await run.advanceTo(39_000);
    expect(stages(run)[2]).toBe('16.0 contract-check skipped');
    expect(versions(run, 'product')).toBe('1 v3');
    const unreadable = of(run, 'response.unreadable');
    expect(unreadable.length).toBeGreaterThan(2);
    expect(unreadable[0]).toMatchObject({
      service: 'order',
      to: 'product',
      detail: expect.stringContaining('totalMinor'),
    });
    await run.advanceTo(70_000);
    const confirmedAfter = of(run, 'saga.completed').filter((event) => seconds(event) > 60);
    expect(confirmedAfter.length).toBeGreaterThan(5);
  });
});

describe('strategies', () => {
  it('REL-1 recreate: in between nobody answers', async () => {
    const patch = { services: { order: { instances: 2 } } };
    const run = await ran(40_000, [release(10_000, 'order', 'v2', 'recreate')], { patch });
    const [ended, began] = ['instance.stopped', 'instance.started'].map((type) =>
      turnover(run, 10).filter((event) => event.type === type),
    );
    expect(ended).toHaveLength(2);
    expect(began).toHaveLength(2);
    expect(Math.max(...(ended ?? []).map(seconds))).toBeLessThanOrEqual(
      Math.min(...(began ?? []).map(seconds)),
    );
    expect(versions(run, 'order')).toBe('1 v2, 2 v2');
  });

  it('REL-2 REL-3 REL-5 REL-12 rolling: nobody notices, and nobody else restarts', async () => {
    const patch = { services: { order: { instances: 3 } } };
    const run = await ran(60_000, [release(10_000, 'order', 'v2', 'rolling')], { patch });
    const began = of(run, 'instance.started').filter((event) => seconds(event) > 10);
    expect(began.map((event) => event.version)).toEqual(['v2', 'v2', 'v2']);
    // One after the other, each ready for 2 s before an old one goes.
    const [first, second] = began.map(seconds);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(2);
    expect(new Set(turnover(run, 9).map((event) => serviceOf(event.instance)))).toEqual(new Set(['order']));
    const failed = of(run, 'intent.answered').filter(({ outcome }) => outcome === 'failed');
    expect(failed).toEqual([]);
  });

  it('REL-6 CAN-5 blue-green: all requests at once, and back while the old ones are kept', async () => {
    const patch = { services: { order: { instances: 2 } } };
    const run = await ran(60_000, [release(10_000, 'order', 'v3', 'blue-green')], { patch });
    expect(of(run, 'release.traffic.shifted').map(({ traffic }) => traffic)).toEqual([
      { v1: 1 },
      { v3: 1 },
      { v1: 1 },
      null,
    ]);
    expect(of(run, 'release.aborted')).toMatchObject([{ by: 'analysis' }]);
    expect(versions(run, 'order')).toBe('1 v1, 2 v1');
    // The old ones never left.
    expect(turnover(run, 9).some(({ instance }) => ['order-1', 'order-2'].includes(instance))).toBe(false);
  });

  it('REL-7 REL-8 TRF-1 canary of a good version: its shares, its instances, then all', async () => {
    const patch = { services: { order: { instances: 4 } } };
    const run = await ran(120_000, [release(10_000, 'order', 'v2', 'canary')], { patch });
    expect(of(run, 'release.traffic.shifted').map(({ traffic }) => traffic)).toEqual([
      { v1: 1 },
      { v1: 0.75, v2: 0.25 },
      { v1: 0.5, v2: 0.5 },
      { v2: 1 },
      null,
    ]);
    expect(of(run, 'release.analysed').map(({ verdict }) => verdict)).toEqual(['go-on', 'go-on']);
    const [, second] = of(run, 'release.analysed');
    const asked = (second?.candidate.requests ?? 0) + (second?.stable.requests ?? 0);
    expect((second?.candidate.requests ?? 0) / asked).toBeGreaterThan(0.3);
    expect((second?.candidate.requests ?? 0) / asked).toBeLessThan(0.7);
    expect(versions(run, 'order')).toBe('5 v2, 6 v2, 7 v2, 8 v2');
  });

  it('CAN-2 REL-10 canary of a bad version aborts itself, and few have noticed', async () => {
    const run = await ran(60_000, [release(10_000, 'order', 'v3', 'canary')]);
    const [aborted] = of(run, 'release.aborted');
    expect(aborted).toMatchObject({ by: 'analysis', reason: expect.stringMatching(/requests to v3 failed/) });
    expect(of(run, 'release.rolled-back')).toHaveLength(1);
    expect(versions(run, 'order')).toBe('1 v1');
    // From the moment of the abort nothing more goes to it.
    const sent = of(run, 'request.sent').filter(
      (event) => event.toInstance === 'order-2' && event.plane === 'data' && event.service === 'gateway',
    );
    expect(sent.length).toBeGreaterThan(5);
    expect(Math.max(...sent.map(seconds))).toBeLessThanOrEqual(seconds(aborted as RunEvent));
  });

  it('REL-9 an instance that never becomes ready ends the release', async () => {
    const run = await begun([
      {
        atMs: 9000,
        command: { type: 'settings.set', patch: { services: { order: { coldStartMs: 60_000 } } } },
      },
      release(10_000, 'order', 'v2', 'rolling'),
    ]);
    await run.advanceTo(60_000);
    const [aborted] = of(run, 'release.aborted');
    expect(aborted).toMatchObject({ by: 'progress-deadline' });
    expect(seconds(aborted as RunEvent)).toBeCloseTo(47, 0);
    expect(versions(run, 'order')).toBe('1 v1');
    expect(of(run, 'release.rolled-back')).toHaveLength(1);
  });

  it('REL-10 aborted by hand, in the pipeline and in the middle of rolling', async () => {
    const patch = { services: { order: { instances: 3 } } };
    const run = await begun([release(10_000, 'order', 'v2', 'rolling')], { patch });
    const abort = { type: 'release.abort', service: 'order' };
    await run.advanceTo(12_000);
    expect(await run.command(abort)).toMatchObject({ ok: true });
    expect(await run.command(abort)).toMatchObject({ ok: false });
    expect(of(run, 'release.aborted')).toMatchObject([{ by: 'hand' }]);
    await run.command({ type: 'release.start', service: 'order', version: 'v2', strategy: 'rolling' });
    await run.advanceTo(22_000);
    expect(versions(run, 'order')).toContain('v2');
    expect(await run.command(abort)).toMatchObject({ ok: true });
    await run.advanceTo(60_000);
    expect(of(run, 'release.rolled-back')).toHaveLength(1);
    expect(versions(run, 'order')).not.toContain('v2');
    expect(run.settings.deployments.order?.instances).toHaveLength(3);
    expect(of(run, 'intent.answered').filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  });

  it('REL-11 while it is released it is not scaled, and can be afterwards', async () => {
    const run = await begun([release(10_000, 'order', 'v2', 'rolling')]);
    const scale = { type: 'settings.set', patch: { services: { order: { instances: 3 } } } };
    await run.advanceTo(11_000);
    expect(await run.command(scale)).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('while it is released') },
    });
    await run.advanceTo(40_000);
    expect(await run.command(scale)).toMatchObject({ ok: true });
    await run.advanceTo(45_000);
    expect(versions(run, 'order')).toBe('2 v2, 1 v2, 3 v2');
    expect(await run.command({ ...scale, patch: { services: { order: { instances: 1 } } } })).toMatchObject({
      ok: true,
    });
    await run.advanceTo(60_000);
    expect(versions(run, 'order')).toBe('2 v2');
  });
});

describe('the monolith’s train', () => {
  const monolith = { composition: 'monolith' } as const;

  it('TRAIN-1 TRAIN-2 leaves at the full minute with all that wait, and deploys them together', async () => {
    const run = await ran(
      100_000,
      [release(10_000, 'order', 'v2', 'rolling'), release(50_000, 'product', 'v2', 'rolling')],
      monolith,
    );
    expect(stages(run, 'rel-1').slice(0, 3)).toEqual([
      '60.0 queue passed',
      '66.0 build passed',
      '78.0 test passed',
    ]);
    expect(stages(run, 'rel-2')).toEqual(stages(run, 'rel-1'));
    expect(of(run, 'release.completed').map(({ leadTimeMs }) => Math.round(leadTimeMs / 1000))).toEqual([
      72, 32,
    ]);
    expect(run.settings.deployments.monolith?.stable).toBe('product v2 + order v2');
    expect(of(run, 'instance.started').at(-1)?.version).toBe('product v2 + order v2');
  });

  it('TRAIN-3 one that does not compile stops the train; the others wait for the next', async () => {
    const run = await ran(
      150_000,
      [
        release(10_000, 'order', 'v2', 'rolling'),
        release(20_000, 'product', 'v3', 'rolling', { skipContractCheck: true }),
      ],
      monolith,
    );
    expect(of(run, 'release.aborted')).toMatchObject([
      { of: 'product', by: 'check', reason: expect.stringContaining('It does not compile') },
    ]);
    expect(stages(run, 'rel-1')).toEqual([
      '60.0 queue passed',
      '66.0 build failed',
      '120.0 queue passed',
      '126.0 build passed',
      '138.0 test passed',
      expect.stringContaining('deploy passed'),
    ]);
  });

  it('TRAIN-2 a bad change takes the others of its train back with it', async () => {
    const run = await ran(
      140_000,
      [release(10_000, 'order', 'v3', 'blue-green'), release(20_000, 'product', 'v2', 'rolling')],
      monolith,
    );
    expect(of(run, 'release.aborted').map((event) => [event.of, event.by])).toEqual([
      ['order', 'analysis'],
      ['product', 'analysis'],
    ]);
    expect(versions(run, 'monolith')).toBe('1 v1');
  });
});

it('a run with releases is the same again', async () => {
  const commands = [release(10_000, 'order', 'v3', 'canary')];
  const [one, other] = [await ran(50_000, commands), await ran(50_000, commands)];
  expect(one.logHash()).toBe(other.logHash());
});
