import { type RunPlan, type SeedResult, type Sweep, sweepOf } from '../experiments/index.ts';
import type { ProgressLine } from './progress-line.ts';
import type { SeedJob } from './seed-job.ts';
import { runJobs } from './worker-pool.ts';

export interface SweepOptions {
  /** The bundle itself: its threads run it too. */
  readonly script: URL;
  readonly code: string;
  readonly plan: RunPlan;
  readonly seeds: readonly number[];
  readonly pump?: SeedJob['pump'];
  readonly threads: number | null;
  readonly log?: string | null;
  readonly signal: AbortSignal;
  readonly progressLine: Pick<ProgressLine, 'show' | 'clear'>;
  /** What is said before the progress. */
  readonly title: string;
}

/** Runs one plan on many seeds, all cores at once. `failures`: seeds whose run broke down, in words. */
export async function runSweep(
  options: SweepOptions,
): Promise<{ readonly sweep: Sweep; readonly failures: readonly string[] }> {
  const {
    script,
    code,
    plan,
    seeds,
    pump = 'counting',
    threads,
    log = null,
    signal,
    progressLine,
    title,
  } = options;
  const results: SeedResult[] = [];
  const failures: string[] = [];
  const shares = new Map<number, number>();
  let violations = 0;
  const showProgress = (): void => {
    const done =
      results.length + failures.length + [...shares.values()].reduce((sum, share) => sum + share, 0);
    const percent = `${Math.floor((100 * done) / seeds.length)} %`;
    const ofSeeds = seeds.length === 1 ? '' : ` · ${results.length} of ${seeds.length} seeds`;
    const bad = violations === 0 ? '' : ` · ${violations} violations`;
    progressLine.show(`${title}: ${percent}${ofSeeds}${bad}`);
  };
  const outcomes = runJobs<SeedJob, SeedResult>({
    script,
    jobs: jobsOf(plan, seeds, pump, log),
    nameOf: ({ seed }) => `seed ${seed}`,
    signal,
    // A cut run of a sweep is not kept; of a single one the invariants are looked at first.
    ...(seeds.length === 1 ? { graceMs: 600_000 } : {}),
    onProgress: ({ seed }, share) => {
      shares.set(seed, share);
      showProgress();
    },
    threads: Math.min(seeds.length, threads ?? Number.POSITIVE_INFINITY),
  });
  for await (const outcome of outcomes) {
    shares.delete(outcome.job.seed);
    if (outcome.kind === 'failed') failures.push(outcome.error.message);
    else if (seeds.length === 1 || outcome.result.runUs >= plan.runMs * 1000) {
      // Of a sweep only whole runs count; a single one is kept as far as it came.
      results.push(outcome.result);
      violations += outcome.result.violations.length;
    }
    showProgress();
  }
  progressLine.clear();
  const isWhole = results.length === seeds.length && !results.some(({ runUs }) => runUs < plan.runMs * 1000);
  return { sweep: sweepOf(code, plan, results, { partial: !isWhole }), failures };
}

function* jobsOf(
  plan: RunPlan,
  seeds: readonly number[],
  pump: SeedJob['pump'],
  log: string | null,
): Generator<SeedJob> {
  for (const seed of seeds) yield { plan, seed, pump, log };
}
