import * as z from 'zod/mini';
import { err, ok, type Result } from '../kernel/index.ts';
import { parseScenario } from '../setups/index.ts';
import { seedResultSchema } from './seed-result.ts';
import { SWEEP_VERSION, type Sweep, sweepHash, sweepOf } from './sweep.ts';
import { type SweepSummary, summarise } from './sweep-summary.ts';

/** A sweep as it is written: its results, and what can be computed from them for whoever only reads. */
export const sweepJson = (
  sweep: Sweep,
): Sweep & { readonly logHash: string; readonly summary: SweepSummary } => ({
  ...sweep,
  logHash: sweepHash(sweep),
  summary: summarise(sweep),
});

const ms = z.number().check(z.minimum(0));
const sweepFile = z.looseObject({
  format: z.literal('bulkhead-sweep'),
  version: z.number(),
  code: z.string(),
  plan: z.strictObject({
    setup: z.unknown(),
    commands: z.unknown(),
    runMs: ms,
    measured: z.strictObject({ fromMs: ms, toMs: ms }),
  }),
  partial: z.boolean(),
  seeds: z.array(seedResultSchema),
});

/** Reads what `sweepJson` made. A refusal says in a sentence what is wrong. */
export function parseSweep(input: unknown): Result<Sweep, string> {
  const parsed = sweepFile.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    if (issue === undefined || issue.path[0] === 'format' || issue.path.length === 0) {
      return err('it is no result of npm run sim -- --json.');
    }
    return err(`${issue.path.join('.')} is not as npm run sim -- --json writes it.`);
  }
  const { version, code, plan, partial, seeds } = parsed.data;
  if (version !== SWEEP_VERSION) {
    return err(`it has version ${version}; this program reads version ${SWEEP_VERSION}.`);
  }
  const scenario = parseScenario(
    typeof plan.setup === 'object' ? { ...plan.setup, commands: plan.commands } : plan.setup,
  );
  if (!scenario.ok) return err(`its setup: ${scenario.error.message}`);
  if (new Set(seeds.map(({ seed }) => seed)).size < seeds.length) return err('a seed is in it twice.');
  const { runMs, measured } = plan;
  return ok(sweepOf(code, { ...scenario.value, runMs, measured }, seeds, { partial }));
}
