import { expect, it } from 'vitest';
import { runId } from '../../kernel/index.ts';
import { othersGone, showAlive } from './run-alive.ts';

it('waits for a worker that is still there, and no longer than it is', async () => {
  const run = runId('alive-test');
  // A worker's way to hold it, in one that a test can end.
  const script = `navigator.locks.request('bulkhead/alive/${run}', { mode: 'shared' }, () => { postMessage(1); return new Promise(() => {}); });`;
  const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
  await new Promise((resolve) => {
    worker.onmessage = resolve;
  });
  let gone = false;
  const waited = othersGone(run).then(() => {
    gone = true;
  });
  const { pending } = await navigator.locks.query();
  expect(pending?.some(({ name }) => name === `bulkhead/alive/${run}`)).toBe(true);
  expect(gone).toBe(false);
  worker.terminate();
  await waited;
  expect(gone).toBe(true);
});

it('does not keep a run’s own workers from each other', async () => {
  const run = runId('alive-together');
  showAlive(run);
  showAlive(run);
  await expect
    .poll(async () => (await navigator.locks.query()).held?.filter(({ name }) => name?.endsWith(run)).length)
    .toBe(2);
});
