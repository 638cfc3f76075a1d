import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { comparisonPlans, type RunPlan, type Sweep, summarise, sweepJson } from '../experiments/index.ts';
import { LabRun } from '../hosts/virtual/index.ts';
import { forComposition, SCENARIOS, type Scenario } from '../setups/index.ts';
import { comparisonText } from './comparison-text.ts';
import { readComparison, readMerged, readScenario, writeText } from './files.ts';
import { ProgressLine } from './progress-line.ts';
import { runSweep } from './run-sweep.ts';
import { runSeedJob } from './seed-job.ts';
import {
  parseSimArguments,
  SIM_USAGE,
  type SimCompare,
  type SimMerge,
  type SimRun,
} from './sim-arguments.ts';
import { stopOnInterrupt } from './stop-on-interrupt.ts';
import { sweepCsv } from './sweep-csv.ts';
import { planTitle, sweepText } from './sweep-text.ts';
import { messageOf, UsageError } from './usage-error.ts';
import { serveJobs } from './worker-pool.ts';

// npm run sim: docs/laboratory.md. The bundle is named by what it holds, so its name is the code's version.
const script = new URL(import.meta.url);
const code = path.basename(fileURLToPath(script), '.mjs');

async function main(args: readonly string[]): Promise<void> {
  const command = parseSimArguments(args);
  switch (command.command) {
    case 'help':
      console.log(SIM_USAGE);
      return;
    case 'list':
      for (const { setup } of SCENARIOS)
        console.log(`${setup.name.padEnd(20)} ${setup.title}: ${setup.text}`);
      return;
    case 'merge':
      merge(command);
      return;
    case 'compare':
      await compare(command);
      return;
    case 'run':
      await run(command);
  }
}

function merge(command: SimMerge): void {
  const sweep = readMerged(command.files);
  show(sweep, command);
  tellOf(sweep, []);
}

async function run(command: SimRun): Promise<void> {
  const { setup: name, seed, seeds, minutes, from, to, composition, pump, threads, log } = command;
  const given = readScenario(name);
  const scenario: Scenario = composition === null ? given : forComposition(given, composition);
  const runMs = Math.round(minutes * 60_000);
  const plan = {
    ...scenario,
    runMs,
    measured: { fromMs: from * 1000, toMs: to === null ? runMs : to * 1000 },
  };
  const first = seed ?? scenario.setup.seed;
  await checkStart(plan);
  const controller = stopOnInterrupt();
  for (const file of [command.csv, log]) if (file !== null) writeText(file, '');
  const { sweep, failures } = await runSweep({
    script,
    code,
    plan,
    seeds: seedsFrom(first, seeds),
    pump,
    threads,
    log,
    signal: controller.signal,
    progressLine: new ProgressLine(),
    title: planTitle({ plan }),
  });
  show(sweep, command);
  tellOf(sweep, failures);
  if (controller.signal.aborted) process.exitCode = 130;
}

async function compare(command: SimCompare): Promise<void> {
  const sweeps = command.files.length > 0 ? readComparison(command.files) : await runComparison(command);
  process.stdout.write(command.json ? `${JSON.stringify(sweeps.map(sweepJson))}\n` : comparisonText(sweeps));
}

async function runComparison({ seed, seeds, threads }: SimCompare): Promise<readonly Sweep[]> {
  const { signal } = stopOnInterrupt();
  const sweeps: Sweep[] = [];
  for (const plan of comparisonPlans()) {
    const { sweep, failures } = await runSweep({
      script,
      code,
      plan,
      seeds: seedsFrom(seed, seeds),
      threads,
      signal,
      progressLine: new ProgressLine(),
      title: planTitle({ plan }),
    });
    if (sweep.seeds.length > 0) sweeps.push(sweep);
    tellOf(sweep, failures);
    if (signal.aborted) {
      process.exitCode = 130;
      break;
    }
  }
  return sweeps;
}

/** A fault may sit where this composition has nobody: better said once than by every thread. */
async function checkStart({ setup, commands }: RunPlan): Promise<void> {
  try {
    await LabRun.create({ setup, commands, turn: setImmediate });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

const seedsFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);

/** What went wrong, on stderr and in the exit code. */
function tellOf(sweep: Sweep, failures: readonly string[]): void {
  if (sweep.partial) console.error(`PARTIAL: not all of ${planTitle(sweep)} was run.`);
  const violations = sweep.seeds.reduce((sum, seed) => sum + seed.violations.length, 0);
  if (violations > 0) console.error(`${violations} violations of the invariants.`);
  for (const failure of failures) console.error(`The run broke down: ${failure}`);
  if (violations > 0 || failures.length > 0) process.exitCode = 1;
}

function show(sweep: Sweep, { json, csv }: { readonly json: boolean; readonly csv: string | null }): void {
  if (csv !== null) writeText(csv, sweepCsv(sweep));
  process.stdout.write(json ? `${JSON.stringify(sweepJson(sweep))}\n` : sweepText(sweep, summarise(sweep)));
}

if (isMainThread) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\nnpm run sim -- --help says what there is.`);
    process.exitCode = 2;
  }
} else {
  serveJobs(runSeedJob);
}
