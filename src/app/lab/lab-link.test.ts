import { afterEach, expect, it, vi } from 'vitest';
import { LabLink, type LabPort } from './lab-link.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** A worker that answers pings while it lives, and no questions. */
function link() {
  const worker = { lives: true, ended: false };
  const port: LabPort = {
    onmessage: null,
    onerror: null,
    postMessage({ type }) {
      if (type === 'ping' && worker.lives) port.onmessage?.({ data: { type: 'pong' } } as MessageEvent);
    },
    terminate() {
      worker.ended = true;
    },
  };
  const failures: string[] = [];
  return { link: new LabLink(port, (message) => failures.push(message)), worker, failures };
}

it('waits for a worker that lives, however long it takes', () => {
  vi.useFakeTimers();
  const { link: made, failures } = link();
  vi.advanceTimersByTime(600_000);
  expect({ failures, over: made.over }).toEqual({ failures: [], over: false });
  void made.leave('branch-1');
});

it('sees that its worker has died, leaves nobody waiting, and says so once', async () => {
  vi.useFakeTimers();
  const { link: made, worker, failures } = link();
  const refused = made.ask('close', { branch: 'branch-1' }).catch(String);
  vi.advanceTimersByTime(2000);
  worker.lives = false;
  vi.advanceTimersByTime(60_000);
  expect(await refused).toBe("Error: The Lab's worker does not answer any more.");
  expect({ failures, over: made.over, ended: worker.ended }).toEqual({
    failures: ["The Lab's worker does not answer any more."],
    over: true,
    ended: true,
  });
  await expect(made.ask('close', { branch: 'branch-1' })).rejects.toThrow('does not answer');
});

it('ends its worker with the last of its runs, and not before', async () => {
  const { link: made, worker } = link();
  made.join();
  void made.leave('branch-2');
  expect({ ended: worker.ended, over: made.over }).toEqual({ ended: false, over: false });
  await made.leave('branch-1');
  expect({ ended: worker.ended, over: made.over }).toEqual({ ended: true, over: true });
});
