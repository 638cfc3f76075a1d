import { setTimeout as sleep } from 'node:timers/promises';
import { serveJobs } from '../worker-pool.ts';

/** What a thread is asked to do in the pool's tests. */
export type ToyJob =
  | { readonly seed: number; readonly does: 'square' | 'throw' | 'die' | 'hang' }
  | { readonly seed: number; readonly does: 'until stopped' };

serveJobs<ToyJob, number>(async (job, signal) => {
  switch (job.does) {
    case 'square':
      return job.seed ** 2;
    case 'throw':
      throw new Error('no stock');
    case 'die':
      return process.exit(3);
    case 'hang':
      await sleep(60_000);
      break;
    case 'until stopped':
      while (!signal.aborted) await sleep(5);
  }
  return -1;
});
