import { parseArgs } from 'node:util';
import { UsageError } from './usage-error.ts';

export const SIM_USAGE = `npm run sim -- [options]            runs the shop in the Lab
  --setup NAME|FILE     classroom, or another name of --list, or a JSON file
  --seed N              the first seed (the setup's own)
  --seeds N             how many seeds, from that one on (1)
  --minutes M           how long each run is, in run time (5)
  --from S, --to S      counts only what begins from this second of the run to that one (all of it)
  --composition NAME    microservices or monolith (the setup's own)
  --pump exact          the slow oracle in place of the engine: the log must be the same
  --threads N           how many runs at once (all cores)
  --json                the result as JSON on stdout
  --csv FILE            one row per seed
  --log FILE            the run log, one event a line; of one seed only
  --list                the names of the setups

npm run sim -- merge FILE FILE … [--json] [--csv FILE]
                        results of other seeds of the same plan, as one
npm run sim -- compare [--seed N] [--seeds N] [--threads N] [--json]
                        the monolith beside the services, as a table (30 seeds)
npm run sim -- compare FILE … [--json]
                        the same, of results that compare --json gave`;

export interface SimRun {
  readonly command: 'run';
  readonly setup: string;
  /** null: the setup's own. */
  readonly seed: number | null;
  readonly seeds: number;
  readonly minutes: number;
  /** What begins from this second on is counted … */
  readonly from: number;
  /** … until this one; null: to the end. */
  readonly to: number | null;
  readonly composition: 'microservices' | 'monolith' | null;
  readonly pump: 'counting' | 'exact';
  readonly threads: number | null;
  readonly json: boolean;
  readonly csv: string | null;
  readonly log: string | null;
}

export interface SimMerge {
  readonly command: 'merge';
  readonly files: readonly string[];
  readonly json: boolean;
  readonly csv: string | null;
}

export interface SimCompare {
  readonly command: 'compare';
  /** None: it is run. */
  readonly files: readonly string[];
  readonly seed: number;
  readonly seeds: number;
  readonly threads: number | null;
  readonly json: boolean;
}

export type SimCommand = SimRun | SimMerge | SimCompare | { readonly command: 'help' | 'list' };

const OPTIONS = {
  setup: { type: 'string' },
  seed: { type: 'string' },
  seeds: { type: 'string' },
  minutes: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  composition: { type: 'string' },
  pump: { type: 'string' },
  threads: { type: 'string' },
  json: { type: 'boolean' },
  csv: { type: 'string' },
  log: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;
type OptionName = keyof typeof OPTIONS;

const OF_RUN: readonly OptionName[] = [
  'setup',
  'seed',
  'seeds',
  'minutes',
  'from',
  'to',
  'composition',
  'pump',
  'threads',
  'json',
  'csv',
  'log',
];
const OF_MERGE: readonly OptionName[] = ['json', 'csv'];
const OF_COMPARE: readonly OptionName[] = ['seed', 'seeds', 'threads', 'json'];

const GREATEST_SEED = 4_294_967_295;

/** Reads the command line. Throws a `UsageError` that says what is wrong and what is allowed. */
export function parseSimArguments(args: readonly string[]): SimCommand {
  const { values, positionals } = parsed(args);
  if (values.help === true) return { command: 'help' };
  if (values.list === true) return { command: 'list' };
  const only = (allowed: readonly OptionName[], command: string): void => {
    const stray = Object.keys(values).find((name) => !(allowed as readonly string[]).includes(name));
    if (stray !== undefined) throw new UsageError(`--${stray} is no option of ${command}.`);
  };
  const whole = (name: 'seed' | 'seeds' | 'threads', low: number, high: number): number | null => {
    const text = values[name];
    return text === undefined ? null : numberOf(name, text, low, high, true);
  };
  const json = values.json ?? false;
  const csv = values.csv ?? null;
  const [command, ...files] = positionals;

  if (command === 'merge') {
    only(OF_MERGE, 'merge');
    if (files.length < 2) throw new UsageError('merge needs two files or more.');
    return { command, files, json, csv };
  }
  const seed = whole('seed', 0, GREATEST_SEED);
  const seeds = whole('seeds', 1, 1_000_000);
  const threads = whole('threads', 1, 1024);
  const last = (seed ?? 0) + (seeds ?? 1) - 1;
  if (last > GREATEST_SEED) {
    throw new UsageError(`The last seed would be ${last}; the greatest is ${GREATEST_SEED}.`);
  }
  if (command === 'compare') {
    only(OF_COMPARE, 'compare');
    if (files.length > 0) only(['json'], 'compare with files');
    return { command, files, seed: seed ?? 1, seeds: seeds ?? 30, threads, json };
  }
  if (command !== undefined) {
    throw new UsageError(`There is no command ${JSON.stringify(command)}; there are merge and compare.`);
  }
  only(OF_RUN, 'a run');
  if (values.log !== undefined && (seeds ?? 1) > 1) {
    throw new UsageError('--log keeps the log of one run: leave out --seeds.');
  }
  const minutes = values.minutes === undefined ? 5 : numberOf('minutes', values.minutes, 0.01, 600, false);
  const endS = minutes * 60;
  const from = values.from === undefined ? 0 : numberOf('from', values.from, 0, endS, false);
  const to = values.to === undefined ? null : numberOf('to', values.to, 0, endS, false);
  if (from >= (to ?? endS)) {
    throw new UsageError(
      `--from must be before --to (${to ?? endS}) and the end of the run (${endS} s), not ${from}.`,
    );
  }
  return {
    command: 'run',
    setup: values.setup ?? 'classroom',
    seed,
    seeds: seeds ?? 1,
    minutes,
    from,
    to,
    composition: oneOf('composition', values.composition, ['microservices', 'monolith']),
    pump: oneOf('pump', values.pump, ['counting', 'exact']) ?? 'counting',
    threads,
    json,
    csv,
    log: values.log ?? null,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    const [sentence = ''] = error instanceof Error ? error.message.split('. ') : [String(error)];
    throw new UsageError(`${sentence.replace(/\.$/, '')}.`);
  }
}

function numberOf(name: string, text: string, low: number, high: number, isWhole: boolean): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= low && value <= high && (!isWhole || Number.isInteger(value)))
    return value;
  const kind = isWhole ? 'a whole number' : 'a number';
  throw new UsageError(`--${name} must be ${kind} from ${low} to ${high}, not ${JSON.stringify(text)}.`);
}

function oneOf<Name extends string>(
  option: string,
  text: string | undefined,
  names: readonly Name[],
): Name | null {
  if (text === undefined) return null;
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw new UsageError(`--${option} must be ${names.join(' or ')}, not ${JSON.stringify(text)}.`);
}
