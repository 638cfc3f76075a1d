import { afterEach, expect, it } from 'vitest';
import { checkInvariants } from '../../invariants/index.ts';
import type { RunEvent, RunEventOf, RunEventType } from '../../kernel/index.ts';
import { applySettingsPatch, classroom, type Setup } from '../../setups/index.ts';
import { type LiveRun, startLiveRun } from './index.ts';

// What a release does is tested in the Lab (hosts/virtual/releases.test.ts); here, that workers do it.

let run: LiveRun | null = null;

afterEach(async () => {
  await run?.stop();
  run = null;
});

/** A pipeline of 0.3 s, and hops that take no time. */
function setupWith(name: string, patch: object): Setup {
  const settings = applySettingsPatch(classroom.settings, {
    hop: { meanMs: 0, spread: 0 },
    load: { ordersPerSecond: 4, browsesPerSecond: 0, statusesPerSecond: 4 },
    releases: {
      pipeline: { buildMs: 100, testMs: 100, contractCheckMs: 100 },
      canary: { steps: [0.5], stepMs: 2000 },
    },
    ...patch,
  });
  if (!settings.ok) throw new Error(settings.error.message);
  return { ...classroom, name, settings: settings.value };
}

const of = <Type extends RunEventType>(type: Type): RunEventOf<Type>[] =>
  (run?.events() ?? []).filter((event): event is RunEventOf<Type> => event.type === type);

async function until(type: RunEventType, withinMs = 30_000): Promise<RunEvent> {
  for (const startedMs = performance.now(); ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const [found] = of(type);
    if (found !== undefined) return found;
    if (performance.now() - startedMs > withinMs) throw new Error(`no ${type} in time`);
  }
}

const commanded = async (command: unknown): Promise<void> => {
  const result = await run?.command(command);
  if (result?.ok !== true) throw new Error(JSON.stringify(result));
};

it('REL-2 REL-12 live: Order is deployed while orders go through, and nobody else restarts', {
  timeout: 60_000,
}, async () => {
  sessionStorage.clear();
  run = await startLiveRun({ setup: setupWith('rolling', {}) });
  await commanded({ type: 'release.start', service: 'order', version: 'v2', strategy: 'rolling' });
  await until('release.completed');
  const began = of('instance.started').filter(({ service }) => service === 'order');
  expect(began.map(({ instance, version }) => [instance, version])).toEqual([
    ['order-1', undefined],
    ['order-2', 'v2'],
  ]);
  const ended = of('instance.stopped').map(({ instance }) => instance);
  expect(ended).toEqual(['order-1']);
  expect(of('instance.crashed')).toEqual([]);
  expect(checkInvariants(run.events())).toEqual([]);
});

it('CAN-2 live: the canary of a version that fails aborts itself', { timeout: 60_000 }, async () => {
  sessionStorage.clear();
  run = await startLiveRun({ setup: setupWith('canary', {}) });
  await commanded({ type: 'release.start', service: 'order', version: 'v3', strategy: 'canary' });
  expect(await until('release.aborted')).toMatchObject({ by: 'analysis', version: 'v3' });
  await until('release.rolled-back');
  const alive = of('instance.started').filter(({ service }) => service === 'order');
  expect(alive.map(({ instance }) => instance)).toEqual(['order-1', 'order-2']);
  expect(of('instance.stopped').map(({ instance }) => instance)).toEqual(['order-2']);
});
