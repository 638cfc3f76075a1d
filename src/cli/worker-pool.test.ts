import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleForNode } from '../../scripts/bundle-for-node.mjs';
import type { ToyJob } from './testing/toy-job.ts';
import { type JobOutcome, type JobsOptions, runJobs } from './worker-pool.ts';

let script: URL;
beforeAll(async () => {
  script = pathToFileURL(await bundleForNode('src/cli/testing/toy-job.ts', { name: 'test-toy-job' }));
});

const nameOf = (job: ToyJob) => `seed ${job.seed}`;
const squares = (seeds: readonly number[]): ToyJob[] => seeds.map((seed) => ({ seed, does: 'square' }));

async function outcomesOf(jobs: Iterable<ToyJob>, options: Partial<JobsOptions<ToyJob>> = {}) {
  const outcomes: JobOutcome<ToyJob, number>[] = [];
  for await (const outcome of runJobs<ToyJob, number>({ script, jobs, nameOf, threads: 2, ...options })) {
    outcomes.push(outcome);
  }
  return outcomes;
}
const results = (outcomes: readonly JobOutcome<ToyJob, number>[]) =>
  outcomes
    .flatMap((outcome) => (outcome.kind === 'done' ? [outcome.result] : []))
    .sort((one, other) => one - other);

describe('the worker pool', () => {
  test('every job is answered, with more jobs than threads and with fewer', async () => {
    expect(results(await outcomesOf(squares([1, 2, 3, 4, 5])))).toEqual([1, 4, 9, 16, 25]);
    expect(results(await outcomesOf(squares([6])))).toEqual([36]);
    expect(await outcomesOf([])).toEqual([]);
  });

  test('a job that throws, and a thread that dies, fail under their names and take no other with them', async () => {
    const outcomes = await outcomesOf([
      { seed: 1, does: 'throw' },
      { seed: 2, does: 'die' },
      { seed: 3, does: 'die' },
      ...squares([4, 5]),
    ]);
    const failed = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [outcome.error.message] : []));
    expect(failed.sort()).toEqual([
      'seed 1: no stock',
      'seed 2: its thread ended with code 3',
      'seed 3: its thread ended with code 3',
    ]);
    expect(results(outcomes)).toEqual([16, 25]);
  });

  test('stopped: what runs may end early, nothing new begins, and an endless list ends', async () => {
    const controller = new AbortController();
    let begun = 0;
    function* endless(): Generator<ToyJob> {
      for (;;) {
        begun += 1;
        yield { seed: begun, does: begun <= 2 ? 'square' : 'until stopped' };
      }
    }
    const outcomes: JobOutcome<ToyJob, number>[] = [];
    for await (const outcome of runJobs<ToyJob, number>({
      script,
      jobs: endless(),
      nameOf,
      threads: 2,
      signal: controller.signal,
    })) {
      outcomes.push(outcome);
      if (outcomes.length === 2) controller.abort();
    }
    expect(results(outcomes)).toEqual([-1, -1, 1, 4]);
    expect(begun).toBe(4);
  });

  test('a job that does not hear the stop is ended after the grace time', async () => {
    const controller = new AbortController();
    const outcomes = outcomesOf([...squares([1]), { seed: 2, does: 'hang' }], {
      signal: controller.signal,
      graceMs: 50,
    });
    controller.abort();
    expect(results(await outcomes).length).toBeLessThanOrEqual(1);
  });

  test('leaving the loop early ends the threads', async () => {
    for await (const outcome of runJobs<ToyJob, number>({
      script,
      jobs: [
        { seed: 1, does: 'square' },
        { seed: 2, does: 'hang' },
      ],
      nameOf,
      threads: 2,
    })) {
      expect(outcome.kind).toBe('done');
      break;
    }
  });
});
