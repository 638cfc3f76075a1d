import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type MeasuredRun, measuredRun, SECONDS_PER_ROUND } from './classroom-run.ts';
import { runSimPy, type SimPyResult } from './order-workload/sim-py.ts';
import { runTypedArrayKernel } from './order-workload/typed-array-kernel.ts';

export const name = 'the real services in the Lab on all cores, and SimPy on the order workload';

const ORDERS = 20_000;
const SEED = 7;
/** A thread's compiler needs some seconds of this code before its speed settles. */
const WARM_UP = 10;
const ROUNDS = 20;
const turn = (next: () => void) => void setImmediate(next);

/** A thread's part: warms up, waits for the others, then runs its seeds. */
async function runSeeds(firstSeed: number): Promise<void> {
  const port = parentPort;
  if (port === null) return;
  for (let round = 0; round < WARM_UP; round += 1)
    await measuredRun(firstSeed + round, SECONDS_PER_ROUND, turn);
  await new Promise<void>((resolve) => {
    port.once('message', () => resolve());
    port.postMessage('ready');
  });
  const runs: MeasuredRun[] = [];
  for (let round = WARM_UP; round < ROUNDS; round += 1) {
    runs.push(await measuredRun(firstSeed + round, SECONDS_PER_ROUND, turn));
  }
  port.postMessage(runs);
}

/** Clock advances and orders per second of all threads together, from the first one's start to the last one's end. */
async function onAllCores(): Promise<{ clockAdvances: number; orders: number }> {
  const threads = Array.from({ length: availableParallelism() }, (_, index) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { firstSeed: 100 * (index + 1) } });
    const next = <T>(): Promise<T> =>
      new Promise((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    return { worker, ready: next<string>(), next };
  });
  await Promise.all(threads.map(({ ready }) => ready));
  const from = performance.now();
  const results = threads.map(({ worker, next }) => {
    const done = next<MeasuredRun[]>();
    worker.postMessage('go');
    return done;
  });
  const runs = (await Promise.all(results)).flat();
  const seconds = (performance.now() - from) / 1000;
  await Promise.all(threads.map(({ worker }) => worker.terminate()));
  const sum = (of: (run: MeasuredRun) => number) => runs.reduce((total, run) => total + of(run), 0) / seconds;
  return { clockAdvances: sum((run) => run.clockAdvances), orders: sum((run) => run.orders) };
}

async function oneSeedAtATime(): Promise<number> {
  let best = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const { clockAdvances, ms } = await measuredRun(round, SECONDS_PER_ROUND, turn);
    if (round > WARM_UP) best = Math.max(best, (1000 * clockAdvances) / ms);
  }
  return best;
}

function kernelSeconds(): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 20; round += 1) {
    const from = performance.now();
    runTypedArrayKernel(SEED, ORDERS);
    best = Math.min(best, (performance.now() - from) / 1000);
  }
  return best;
}

const rate = ({ counters, seconds }: SimPyResult): number => counters.clockWaits / seconds;

export async function run(): Promise<Record<string, number | string>> {
  const one = await oneSeedAtATime();
  const all = await onAllCores();
  const figures: Record<string, number | string> = {
    'one seed, clock advances per second': one,
    'all cores, clock advances per second': all.clockAdvances,
    'all cores, completed orders per second': all.orders,
  };
  const results = runSimPy(SEED, ORDERS, 3);
  if (results.length === 0) return { ...figures, SimPy: "not installed (Debian's package: python3-simpy)" };
  const expected = sortedText(runTypedArrayKernel(SEED, ORDERS));
  for (const result of results) {
    if (sortedText(result.counters) !== expected) {
      throw new Error(`${result.name} reached other counters than the kernel`);
    }
    figures[`${result.name}, clock advances per second`] = rate(result);
    figures[`${result.name} ÷ typed-array kernel`] = result.seconds / kernelSeconds();
  }
  const simPy = Math.max(...results.map(rate));
  figures['one seed ÷ SimPy, clock advances per second'] = one / simPy;
  figures['all cores ÷ SimPy, clock advances per second'] = all.clockAdvances / simPy;
  return figures;
}

if (!isMainThread) await runSeeds((workerData as { firstSeed: number }).firstSeed);

const sortedText = (counters: object): string =>
  JSON.stringify(Object.entries(counters).sort(([a], [b]) => (a < b ? -1 : 1)));
