// @vitest-environment jsdom
import { expect, it, vi } from 'vitest';
import { classroom } from '../../setups/index.ts';
import { startLabRuns } from './lab-page-run.ts';
import { portsInThread } from './testing/ports-in-thread.ts';

const plan = { scenario: { setup: classroom, commands: [] }, seed: 3, composition: 'microservices' } as const;

const quietly = { progress: () => {}, signal: new AbortController().signal };

async function opened() {
  const { ended, newPort } = portsInThread();
  const [run] = await startLabRuns({ plans: [plan], newPort });
  if (run?.lab == null) throw new Error('one plan is one run');
  await run.lab.runTo(3_000_000, quietly);
  return { run, lab: run.lab, ended };
}

it('leaves nothing of a fork that was cancelled', async () => {
  const listening = vi.spyOn(document, 'addEventListener');
  const silent = vi.spyOn(document, 'removeEventListener');
  const { run, lab, ended } = await opened();
  const cancelled = new AbortController();
  cancelled.abort();
  expect(await lab.fork(2_000_000, { progress: () => {}, signal: cancelled.signal })).toBe(null);
  await run.stop();
  expect(ended).toHaveLength(1);
  const count = (calls: readonly unknown[][]) => calls.filter(([type]) => type === 'visibilitychange').length;
  expect(count(silent.mock.calls)).toBe(count(listening.mock.calls));
});

it('ends a fork without the run that it came from, and their worker with the last of them', async () => {
  const { run, lab, ended } = await opened();
  const fork = await lab.fork(2_000_000, quietly);
  if (fork === null) throw new Error('nobody cancelled it');
  expect(fork.clock().nowUs).toBe(2_000_000);
  await fork.stop();
  expect(ended).toEqual([]);
  await lab.runTo(4_000_000, quietly);
  expect(run.clock().nowUs).toBe(4_000_000);
  await run.stop();
  expect(ended).toHaveLength(1);
});

it('refuses what the shop would refuse, in the same words', async () => {
  const { run } = await opened();
  expect(await run.command({ type: 'run.speed', speed: 99 })).toMatchObject({
    ok: false,
    error: { field: 'speed' },
  });
  await run.stop();
});

it('moves two runs by one clock while they are side by side, and each by its own again afterwards', async () => {
  const { run, lab } = await opened();
  const fork = await lab.fork(2_000_000, quietly);
  if (fork?.lab == null) throw new Error('nobody cancelled it');
  await fork.lab.runTo(3_000_000, quietly);
  const part = lab.beside(fork);
  await lab.runTo(4_000_000, quietly);
  expect([run, fork].map((one) => one.clock().nowUs)).toEqual([4_000_000, 4_000_000]);
  await fork.command({ type: 'run.speed', speed: 4 });
  expect(run.clock().speed).toBe(4);
  part();
  // It parts once no step is under way.
  await Promise.resolve();
  await fork.command({ type: 'run.speed', speed: 2 });
  expect([run, fork].map((one) => one.clock().speed)).toEqual([4, 2]);
  await fork.lab.runTo(5_000_000, quietly);
  expect([run, fork].map((one) => one.clock().nowUs)).toEqual([4_000_000, 5_000_000]);
  await lab.runTo(4_500_000, quietly);
  expect([run, fork].map((one) => one.clock().nowUs)).toEqual([4_500_000, 5_000_000]);
  await Promise.all([run.stop(), fork.stop()]);
});
