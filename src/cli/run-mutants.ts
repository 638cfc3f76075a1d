import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod/mini';
import { STORM_STYLES, type StormReport } from '../experiments/storm/index.ts';
import { type Mutant, mutantPlugin, mutants } from '../mutants/index.ts';
import { readJson, writeText } from './files.ts';
import { ProgressLine } from './progress-line.ts';
import type { MutantsRun } from './storm-arguments.ts';
import { type StormJob, type StormJobResult, stormJobName } from './storm-job.ts';
import { messageOf, UsageError } from './usage-error.ts';
import { runJobs } from './worker-pool.ts';

/** How one mutant was found from one starting point. `seeds`: how many it took; null: it was not found. */
const huntSchema = z.readonly(
  z.object({
    seeds: z.nullable(z.int().check(z.positive())),
    /** By which invariants, of the seed that found it. */
    by: z.readonly(z.array(z.string())),
  }),
);
type Hunt = z.infer<typeof huntSchema>;

const resultsSchema = z.array(z.object({ id: z.string(), hunts: z.array(huntSchema) }));

interface MutantOutcome {
  readonly mutant: Mutant;
  readonly hunts: readonly Hunt[];
}

/** Starting points lie so far apart that their seeds are never the same. */
const APART = 1_000_000;

/** Looks for every known bug with storms, and tells how many seeds that took. Sets the exit code. */
export async function runMutants(command: MutantsRun, signal: AbortSignal): Promise<void> {
  const chosen = command.only === null ? mutants : mutants.filter(({ id }) => id === command.only);
  if (chosen.length === 0) {
    throw new UsageError(
      `There is no mutant ${command.only}; there are ${mutants.map(({ id }) => id).join(', ')}.`,
    );
  }
  const before = resultsBefore(command.resume);
  const bundle = await bundler();
  const outcomes: MutantOutcome[] = [];
  const save = (last: MutantOutcome) => {
    const now = new Map([...outcomes, last].map((outcome) => [outcome.mutant, outcome]));
    const all = mutants.flatMap(
      (mutant) => now.get(mutant) ?? { mutant, hunts: before.get(mutant.id) ?? [] },
    );
    const text = `${JSON.stringify(all.filter(({ hunts }) => hunts.length > 0).map(jsonOf), null, 2)}\n`;
    for (const file of [command.resume, command.json]) if (file !== null) writeText(file, text);
  };
  for (const mutant of chosen) {
    if (signal.aborted) break;
    const known = before.get(mutant.id) ?? [];
    if (known.length >= command.starts) {
      outcomes.push({ mutant, hunts: known });
      continue;
    }
    let script: URL;
    try {
      script = await bundle(mutant);
    } catch (error) {
      console.error(`${mutant.id} cannot be built: ${messageOf(error)}`);
      outcomes.push({ mutant, hunts: [] });
      continue;
    }
    const hunts = [...known];
    for (let start = hunts.length; start < command.starts && !signal.aborted; start += 1) {
      const hunt = await find(mutant, script, command.from + start * APART, command, signal);
      if (hunt !== null) hunts.push(hunt);
      save({ mutant, hunts });
    }
    outcomes.push({ mutant, hunts });
    console.log(lineOf({ mutant, hunts }));
  }
  console.log(`\n${table(outcomes)}\n`);
  const missed = outcomes.filter(({ hunts }) => medianOf(hunts) === null);
  for (const { mutant } of missed) console.log(`not found: ${mutant.id}`);
  console.log(
    `mutants: ${outcomes.length - missed.length} passed, ${missed.length + chosen.length - outcomes.length} failed`,
  );
  if (missed.length > 0 || outcomes.length < chosen.length) process.exitCode = 1;
}

/** What a file of an earlier run holds, by the mutant's id. */
function resultsBefore(file: string | null): ReadonlyMap<string, readonly Hunt[]> {
  if (file === null || !existsSync(file)) return new Map();
  const results = resultsSchema.safeParse(readJson(file));
  if (!results.success) throw new UsageError(`${file} holds no results of npm run storm -- --mutants.`);
  return new Map(results.data.map(({ id, hunts }) => [id, hunts]));
}

/** The bundle of this very program, with a known bug in it. */
async function bundler(): Promise<(mutant: Mutant) => Promise<URL>> {
  const module = path.resolve('scripts', 'bundle-for-node.mjs');
  const { bundleForNode } = (await import(pathToFileURL(module).href)) as {
    bundleForNode(entry: string, options: { name: string; plugins: readonly unknown[] }): Promise<string>;
  };
  return async (mutant) =>
    pathToFileURL(
      await bundleForNode('src/cli/storm.ts', {
        name: `mutant-${mutant.id}`,
        plugins: [mutantPlugin(mutant)],
      }),
    );
}

/** Runs seed after seed until one fails; null: stopped. All seeds before the one that counts have held. */
async function find(
  mutant: Mutant,
  script: URL,
  from: number,
  { seeds, threads }: MutantsRun,
  signal: AbortSignal,
): Promise<Hunt | null> {
  const failed = new Map<number, readonly string[]>();
  const held = new Set<number>();
  const progressLine = new ProgressLine();
  const first = () => Math.min(...failed.keys());

  function* jobs(): Generator<StormJob> {
    for (let seed = from; seed < from + seeds && seed < first(); seed += 1)
      yield { kind: 'seed', seed, style: STORM_STYLES[0], stopAtFirst: true };
  }

  for await (const outcome of runJobs<StormJob, StormJobResult>({
    script,
    jobs: jobs(),
    nameOf: stormJobName,
    signal,
    ...(threads === null ? {} : { threads }),
  })) {
    const { job } = outcome;
    if (job.kind !== 'seed') continue;
    // A run that cannot go on is a finding, too.
    if (outcome.kind === 'failed') failed.set(job.seed, ['run']);
    else if (outcome.result.kind === 'storm' && outcome.result.report !== null) {
      const by = findersOf(outcome.result.report);
      if (by.length > 0) failed.set(job.seed, by);
      else held.add(job.seed);
    }
    progressLine.show(`${mutant.id}: ${held.size} seeds held`);
    if (failed.size > 0 && held.size >= first() - from) break;
  }
  progressLine.clear();
  if (failed.size === 0) return signal.aborted ? null : { seeds: null, by: [] };
  return { seeds: first() - from + 1, by: failed.get(first()) ?? [] };
}

const findersOf = ({ violations }: StormReport): readonly string[] => [
  ...new Set(violations.map(({ invariant }) => (invariant === 'STORM-3' ? 'run' : invariant))),
];

/** Of the seed counts; null: it was missed from half of the starting points or more. */
function medianOf(hunts: readonly Hunt[]): number | null {
  const counts = hunts.map(({ seeds }) => seeds ?? Number.POSITIVE_INFINITY).toSorted((a, b) => a - b);
  const median = counts[Math.floor(counts.length / 2)] ?? Number.POSITIVE_INFINITY;
  return Number.isFinite(median) && counts.every(Number.isFinite) ? median : null;
}

const byOf = (hunts: readonly Hunt[]): string => [...new Set(hunts.flatMap(({ by }) => by))].join(', ');

function lineOf({ mutant, hunts }: MutantOutcome): string {
  const seeds = hunts.map((hunt) => hunt.seeds ?? 'never').join(', ');
  return `${mutant.id.padEnd(40)} ${String(medianOf(hunts) ?? '–').padStart(5)} (${seeds}) by ${byOf(hunts)}; expected ${mutant.expects.join(', ')}`;
}

/** For docs/mutants.md. */
const table = (outcomes: readonly MutantOutcome[]): string =>
  [
    '| mutant | what is wrong | seeds (median) | seen by |',
    '|---|---|---|---|',
    ...outcomes.map(
      ({ mutant: { id, title }, hunts }) =>
        `| ${id} | ${title} | ${medianOf(hunts) ?? 'not found'} | ${byOf(hunts)} |`,
    ),
  ].join('\n');

const jsonOf = ({ mutant: { id, title, expects }, hunts }: MutantOutcome) => ({
  id,
  title,
  expects,
  median: medianOf(hunts),
  hunts,
});
