import { Worker } from 'node:worker_threads';

/** A process is stopped and goes on so often that what it does looks slow, and not halting. */
const TURN_MS = 10;

const SLOWER = `
const { workerData: { pids, cell, goMs, stopMs } } = require('node:worker_threads');
const over = new Int32Array(cell);
const signal = (name) => {
  for (const pid of pids) try { process.kill(pid, name); } catch {}
};
while (Atomics.load(over, 0) === 0) {
  signal('SIGSTOP');
  Atomics.wait(over, 0, 0, stopMs);
  signal('SIGCONT');
  Atomics.wait(over, 0, 0, goMs);
}
signal('SIGCONT');
`;

/**
 * Slows all threads of the browser's pages, workers and service workers so many times: what the developer tools'
 * own throttling does to a page's main thread alone. null where processes cannot be stopped.
 *
 * @param {import('@playwright/test').Browser} browser
 * @param {number} times
 */
export async function slowRenderers(browser, times) {
  if (process.platform === 'win32') return null;
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const cell = new SharedArrayBuffer(4);
  const goMs = TURN_MS / times;
  const worker = new Worker(SLOWER, {
    eval: true,
    workerData: {
      pids: processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id),
      cell,
      goMs,
      stopMs: TURN_MS - goMs,
    },
  });
  return async () => {
    const over = new Int32Array(cell);
    Atomics.store(over, 0, 1);
    Atomics.notify(over, 0);
    await new Promise((resolve) => worker.once('exit', resolve));
  };
}
