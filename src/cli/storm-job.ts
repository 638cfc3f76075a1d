import {
  runStorm,
  type StormPlan,
  type StormReport,
  type StormStyle,
  shrunkPlan,
  stormPlan,
} from '../experiments/storm/index.ts';
import type { StopSignal } from '../hosts/virtual/index.ts';

/** What a thread is asked for. */
export type StormJob =
  | {
      readonly kind: 'seed';
      readonly seed: number;
      readonly style: StormStyle;
      readonly stopAtFirst?: boolean;
    }
  | { readonly kind: 'plan'; readonly name: string; readonly plan: StormPlan }
  | {
      readonly kind: 'shrink';
      readonly plan: StormPlan;
      /** One of these is still to be found. */
      readonly invariants: readonly string[];
      readonly withinMs: number;
    };

export type StormJobResult =
  /** null: it was stopped. */
  | { readonly kind: 'storm'; readonly report: StormReport | null; readonly tookMs: number }
  | { readonly kind: 'shrunk'; readonly plan: StormPlan };

const turn = (next: () => void): void => void setImmediate(next);

export async function runStormJob(job: StormJob, signal: StopSignal): Promise<StormJobResult> {
  if (job.kind === 'shrink') return { kind: 'shrunk', plan: await shrink(job, signal) };
  const beganMs = performance.now();
  const plan = job.kind === 'seed' ? stormPlan(job.seed, job.style) : job.plan;
  const stopAtFirst = job.kind === 'seed' && job.stopAtFirst === true;
  const report = await runStorm(plan, { turn, signal, stopAtFirst });
  return { kind: 'storm', report, tookMs: performance.now() - beganMs };
}

async function shrink(
  { plan, invariants, withinMs }: Extract<StormJob, { readonly kind: 'shrink' }>,
  signal: StopSignal,
): Promise<StormPlan> {
  const untilMs = performance.now() + withinMs;
  return await shrunkPlan(
    plan,
    async (smaller) => {
      const report = await runStorm(smaller, { turn, signal, stopAtFirst: true });
      return report?.violations.some(({ invariant }) => invariants.includes(invariant)) === true;
    },
    () => !signal.aborted && performance.now() < untilMs,
  );
}

export const stormJobName = (job: StormJob): string =>
  job.kind === 'seed'
    ? `seed ${job.seed}`
    : job.kind === 'plan'
      ? job.name
      : `seed ${job.plan.seed}, shrinking`;
