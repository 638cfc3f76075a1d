import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import {
  type CorpusEntry,
  mergeStorms,
  parseStorms,
  type StormReport,
  type StormResults,
  stormJson,
  stormPlan,
  stormTotals,
} from '../experiments/storm/index.ts';
import { readJson, writeText } from './files.ts';
import { ProgressLine } from './progress-line.ts';
import { runMutants } from './run-mutants.ts';
import { stopOnInterrupt } from './stop-on-interrupt.ts';
import { parseStormArguments, STORM_USAGE, type StormRun } from './storm-arguments.ts';
import { addToCorpus, CORPUS_FILE, readCorpus } from './storm-corpus.ts';
import { runStormJob, type StormJob, type StormJobResult, stormJobName } from './storm-job.ts';
import { UsageError } from './usage-error.ts';
import { runJobs, serveJobs } from './worker-pool.ts';

// npm run storm: docs/storms.md.
const script = new URL(import.meta.url);

const SAVE_EVERY_MS = 15_000;
/** Of one failing seed; and so many of them are shrunk at most. */
const SHRINK_WITHIN_MS = 120_000;
const SHRINK_AT_MOST = 3;
const NO_CORPUS: StormResults['corpus'] = { held: 0, failed: [] };

async function main(args: readonly string[]): Promise<void> {
  const command = parseStormArguments(args);
  switch (command.command) {
    case 'help':
      console.log(STORM_USAGE);
      return;
    case 'merge': {
      const merged = command.files.map(readResults).reduce(bothOf);
      save(merged, [command.json]);
      conclude(merged);
      return;
    }
    case 'mutants':
      await runMutants(command, stopOnInterrupt().signal);
      return;
    case 'run':
      await run(command);
  }
}

async function run(command: StormRun): Promise<void> {
  const { style, threads } = command;
  const controller = stopOnInterrupt();
  const corpus = readCorpus().filter(({ plan }) => plan.style === style);
  const files = [command.resume, command.json].filter((file) => file !== null);
  const before: StormResults =
    command.resume !== null && existsSync(command.resume)
      ? readResults(command.resume)
      : { style, reports: [], corpus: NO_CORPUS };
  if (before.style !== style) throw new UsageError(`${command.resume} is of storms of another style.`);
  const done = new Set(before.reports.map(({ seed }) => seed));
  const reports: StormReport[] = [...before.reports];
  const corpusOutcome = { held: 0, failed: [] as string[] };
  let tookMs = 0;
  let broken = 0;
  const progressLine = new ProgressLine();
  const beganMs = performance.now();
  let savedMs = beganMs;
  const seeds = seedsOf(command, beganMs);
  console.log(
    `Storms: ${corpus.length} of the corpus, then ${seeds.text}${done.size > 0 ? `; ${done.size} are done` : ''}.`,
  );

  function* jobs(): Generator<StormJob> {
    for (const [index, { plan }] of corpus.entries())
      yield { kind: 'plan', name: `corpus ${index} (seed ${plan.seed})`, plan };
    for (const seed of seeds.take()) if (!done.has(seed)) yield { kind: 'seed', seed, style };
  }

  for await (const outcome of runJobs<StormJob, StormJobResult>({
    script,
    jobs: jobs(),
    nameOf: stormJobName,
    signal: controller.signal,
    ...(threads === null ? {} : { threads }),
  })) {
    if (outcome.kind === 'failed') {
      progressLine.clear();
      console.error(outcome.error.message);
      broken += 1;
      continue;
    }
    const { job, result } = outcome;
    if (result.kind !== 'storm' || result.report === null) continue;
    const { report } = result;
    const failed = report.violations.length > 0;
    if (failed) {
      progressLine.clear();
      tell(stormJobName(job), report);
    }
    if (job.kind === 'seed') {
      reports.push(report);
      tookMs += result.tookMs;
    } else if (failed) corpusOutcome.failed.push(stormJobName(job));
    else corpusOutcome.held += 1;
    const bad =
      reports.filter(({ violations }) => violations.length > 0).length + corpusOutcome.failed.length;
    progressLine.show(`${reports.length}${seeds.ofHowMany} seeds, ${bad} failed`);
    if (performance.now() - savedMs > SAVE_EVERY_MS) {
      savedMs = performance.now();
      save({ style, reports, corpus: corpusOutcome }, files);
    }
  }
  progressLine.clear();
  const results: StormResults = {
    style,
    reports: reports.toSorted((a, b) => a.seed - b.seed),
    corpus: corpusOutcome,
  };
  save(results, files);
  const failing = results.reports.filter(({ seed, violations }) => violations.length > 0 && !done.has(seed));
  if (!controller.signal.aborted) await shrinkAll(failing, command, controller.signal);
  const fresh = reports.length - before.reports.length;
  if (fresh > 0) console.log(`${(tookMs / fresh / 1000).toFixed(2)} s of a thread each.`);
  conclude(results);
  if (broken > 0) process.exitCode = 1;
  if (controller.signal.aborted) process.exitCode = 130;
}

/** Which seeds, and how that is said. */
function seedsOf({ from, seeds, seconds }: StormRun, beganMs: number) {
  if (seconds === null) {
    return {
      text: `seeds ${from} to ${from + seeds - 1}`,
      ofHowMany: ` of ${seeds}`,
      *take(): Generator<number> {
        for (let seed = from; seed < from + seeds; seed += 1) yield seed;
      },
    };
  }
  const ofCommit = seedOfCommit();
  const fresh = Math.floor(Date.now() / 1000) % 2_000_000_000;
  return {
    text: `seed ${ofCommit} of the commit, then from ${fresh} on for ${seconds} s and ${seeds} seeds at least`,
    ofHowMany: '',
    *take(): Generator<number> {
      yield ofCommit;
      for (let taken = 1; taken < seeds || performance.now() - beganMs < seconds * 1000; taken += 1)
        yield fresh + taken - 1;
    },
  };
}

function seedOfCommit(): number {
  try {
    const hash = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' });
    return Number.parseInt(hash.slice(0, 7), 16);
  } catch {
    // A copy without its history.
    return 1;
  }
}

const repeatLine = (seed: number): string => `npm run storm -- --from ${seed} --seeds 1`;

function tell(name: string, { seed, violations, classes }: StormReport): void {
  console.log(`\n${name} FAILED (${classes.join(', ')})`);
  for (const { invariant, message } of violations.slice(0, 10)) console.log(`  ${invariant} ${message}`);
  if (violations.length > 10) console.log(`  … and ${violations.length - 10} more`);
  console.log(`  again: ${repeatLine(seed)}`);
}

/** Makes the first failing storms smaller and keeps them for ever. */
async function shrinkAll(
  failing: readonly StormReport[],
  { style, threads }: StormRun,
  signal: AbortSignal,
): Promise<void> {
  const found: CorpusEntry[] = [];
  const jobs = failing.slice(0, SHRINK_AT_MOST).map(
    ({ seed, violations }): StormJob => ({
      kind: 'shrink',
      plan: stormPlan(seed, style),
      invariants: [...new Set(violations.map(({ invariant }) => invariant))],
      withinMs: SHRINK_WITHIN_MS,
    }),
  );
  if (jobs.length === 0) return;
  console.log(`\nShrinking ${jobs.length} of them, for at most ${SHRINK_WITHIN_MS / 1000} s each …`);
  for await (const outcome of runJobs<StormJob, StormJobResult>({
    script,
    jobs,
    nameOf: stormJobName,
    signal,
    ...(threads === null ? {} : { threads }),
  })) {
    if (outcome.kind === 'failed') {
      console.error(outcome.error.message);
      continue;
    }
    if (outcome.result.kind !== 'shrunk') continue;
    const { plan } = outcome.result;
    const [first] = failing.find(({ seed }) => seed === plan.seed)?.violations ?? [];
    found.push({
      found: first === undefined ? '' : `${first.invariant} ${first.message}`,
      foundOn: new Date().toISOString().slice(0, 10),
      fixedOn: null,
      plan,
    });
    const { faults, commands, cancellations, stormMs } = plan;
    console.log(
      `seed ${plan.seed}: ${faults.length} faults, ${commands.length} commands, ${cancellations.length} cancellations in ${stormMs / 1000} s`,
    );
    for (const { atMs, fault } of faults) console.log(`  ${atMs} ms: ${JSON.stringify(fault)}`);
  }
  addToCorpus(found);
  console.log(`Kept in ${CORPUS_FILE}.`);
}

function readResults(file: string): StormResults {
  const results = parseStorms(readJson(file));
  if (!results.ok) throw new UsageError(`${file} cannot be read: ${results.error}`);
  return results.value;
}

function bothOf(one: StormResults, other: StormResults): StormResults {
  const merged = mergeStorms(one, other);
  if (!merged.ok) throw new UsageError(`They cannot be merged: ${merged.error}`);
  return merged.value;
}

function save(results: StormResults, files: readonly string[]): void {
  for (const file of files) writeText(file, `${JSON.stringify(stormJson(results))}\n`);
}

/** The last lines, and the exit code. */
function conclude(results: StormResults): void {
  const totals = stormTotals(results);
  const { orders, completed, undone, crashes, breakerOpenings, parked, deadLetters, events } = totals;
  console.log(
    `${orders} orders (${completed} confirmed, ${undone} undone), ${crashes} crashes, ${breakerOpenings} breaker openings, ${parked} times parked, ${deadLetters} dead letters, ${events} events; at most ${Math.round(totals.settledShare * 100)} % of the settling time was needed.`,
  );
  for (const seed of totals.failedSeeds) console.log(`failed: ${repeatLine(seed)}`);
  for (const name of results.corpus.failed) console.log(`failed: ${name}`);
  const ofCorpus = results.corpus.held + results.corpus.failed.length;
  console.log(
    `storm: ${totals.seeds} seeds and ${ofCorpus} of the corpus: ${totals.passed} passed, ${totals.failed} failed`,
  );
  if (totals.failed > 0) process.exitCode = 1;
}

if (isMainThread) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\nnpm run storm -- --help says what there is.`);
    process.exitCode = 2;
  }
} else {
  serveJobs(runStormJob);
}
