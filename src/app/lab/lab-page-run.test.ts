// @vitest-environment jsdom
import { expect, it, vi } from 'vitest';
import { classroom } from '../../setups/index.ts';
import type { LabPort } from './lab-link.ts';
import { startLabRuns } from './lab-page-run.ts';
import { LabServer } from './lab-server.ts';
import type { FromLab } from './messages.ts';

const plan = { scenario: { setup: classroom, commands: [] }, seed: 3, composition: 'microservices' } as const;

/** Workers in this thread. */
function ports() {
  const ended: LabPort[] = [];
  const newPort = (): LabPort => {
    const server = new LabServer(
      (message: FromLab) =>
        setImmediate(() => port.onmessage?.({ data: structuredClone(message) } as MessageEvent<FromLab>)),
      (next) => setImmediate(next),
    );
    const port: LabPort = {
      postMessage: (message) => setImmediate(() => server.received(structuredClone(message))),
      terminate: () => ended.push(port),
      onmessage: null,
      onerror: null,
    };
    return port;
  };
  return { ended, newPort };
}

const quietly = { progress: () => {}, signal: new AbortController().signal };

async function opened() {
  const { ended, newPort } = ports();
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
