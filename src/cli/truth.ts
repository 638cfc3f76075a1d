import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import {
  GREATEST_HALF_WIDTH,
  isTrue,
  meanWaitOf,
  STATIONS,
  type Station,
  type Truth,
  truthOf,
  UTILISATION,
} from '../experiments/queueing-truth.ts';
import { ProgressLine } from './progress-line.ts';
import { stopOnInterrupt } from './stop-on-interrupt.ts';
import { UsageError } from './usage-error.ts';
import { runJobs, serveJobs } from './worker-pool.ts';

const USAGE = `npm run truth -- [options]      the Lab's stations against queueing theory
  --seeds N             over how many seeds (40; 30 at least)
  --threads N           how many at once (all cores)
  --json                as JSON`;

const DEFAULT_SEEDS = 40;
const FEWEST_SEEDS = 30;

interface Job {
  readonly station: Station;
  readonly seed: number;
}

interface Options {
  readonly seeds: number;
  readonly threads: number | null;
  readonly json: boolean;
  readonly help: boolean;
}

function parse(args: readonly string[]): Options {
  const whole = (name: string, text: string | undefined, low: number): number | null => {
    if (text === undefined) return null;
    const value = Number(text);
    if (Number.isInteger(value) && value >= low && value <= 10_000) return value;
    throw new UsageError(`--${name} takes a whole number from ${low} to 10000.`);
  };
  const options = {
    seeds: { type: 'string' },
    threads: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  return {
    seeds: whole('seeds', values.seeds, FEWEST_SEEDS) ?? DEFAULT_SEEDS,
    threads: whole('threads', values.threads, 1),
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

function* jobsOf(seeds: number): Generator<Job> {
  for (const station of STATIONS) {
    for (let seed = 1; seed <= seeds; seed += 1) yield { station, seed };
  }
}

/** Each station's means, by seed; null when it was interrupted. */
async function measure({ seeds, threads }: Options): Promise<readonly Truth[] | null> {
  const { signal } = stopOnInterrupt();
  const line = new ProgressLine();
  const total = seeds * STATIONS.length;
  const waits = new Map<string, number[]>(STATIONS.map(({ name }) => [name, []]));
  let done = 0;
  const outcomes = runJobs<Job, number>({
    script: new URL(import.meta.url),
    jobs: jobsOf(seeds),
    nameOf: ({ station, seed }) => `${station.name}, seed ${seed}`,
    signal,
    graceMs: 0,
    ...(threads === null ? {} : { threads }),
  });
  for await (const outcome of outcomes) {
    if (outcome.kind === 'failed') throw outcome.error;
    waits.get(outcome.job.station.name)?.push(outcome.result);
    done += 1;
    line.show(`queueing truth: ${done} of ${total} runs`);
  }
  line.clear();
  if (done < total) return null;
  // Seeds end in any order, and floating-point sums depend on theirs.
  return STATIONS.map((station) =>
    truthOf(
      station,
      (waits.get(station.name) ?? []).sort((a, b) => a - b),
    ),
  );
}

const ms = (value: number | null): string => (value ?? Number.NaN).toFixed(2);

function tableOf(truths: readonly Truth[]): string {
  const rows = [
    ['station', 'theory', 'measured', '95 % interval', '± of theory', ''],
    ...truths.map((truth) => [
      truth.station,
      `${ms(truth.theoryMs)} ms`,
      `${ms(truth.measured.value)} ms`,
      `${ms(truth.measured.low)} … ${ms(truth.measured.high)} ms`,
      `${(100 * truth.halfWidth).toFixed(2)} %`,
      isTrue(truth) ? 'true' : truth.contains ? 'TOO WIDE' : 'NOT TRUE',
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

async function main(args: readonly string[]): Promise<void> {
  const options = parse(args);
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const truths = await measure(options);
  if (truths === null) {
    console.error('Interrupted: nothing can be said yet.');
    process.exitCode = 130;
    return;
  }
  if (options.json) {
    console.log(JSON.stringify({ utilisation: UTILISATION, seeds: options.seeds, truths }));
  } else {
    console.log(
      `Mean wait for a server at ρ = ${UTILISATION}, over ${options.seeds} seeds:\n\n${tableOf(truths)}`,
    );
  }
  if (!truths.every(isTrue)) {
    console.error(
      `Each interval has to contain theory's mean and be at most ±${100 * GREATEST_HALF_WIDTH} % wide.`,
    );
    process.exitCode = 1;
  }
}

if (isMainThread) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    process.exitCode = 2;
  }
} else {
  serveJobs<Job, number>(({ station, seed }) => meanWaitOf(station, seed, (next) => void setImmediate(next)));
}
