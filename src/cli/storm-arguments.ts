import { parseArgs } from 'node:util';
import { STORM_STYLES, type StormStyle } from '../experiments/storm/index.ts';
import { UsageError } from './usage-error.ts';

export const STORM_USAGE = `npm run storm -- [options]      fault storms: random faults, then healed; every invariant is checked
  --seeds N             how many seeds (20)
  --from S              the first one (1)
  --style NAME          ${STORM_STYLES.join(', ')} (${STORM_STYLES[0]})
  --seconds S           a seed of the last commit, then fresh ones, until S seconds are over and N seeds (200) done
  --resume FILE         goes on where this file stopped, and keeps the results in it
  --json FILE           writes the results
  --threads N           how many storms at once (all cores)
  --mutants             puts known bugs into the shop: each must be found within N seeds (1000)
  --only ID             one mutant
  --starts N            from how many starting points each mutant is looked for (3)

npm run storm -- merge FILE FILE … --json FILE
                        results of other seeds as one`;

export interface StormRun {
  readonly command: 'run';
  readonly from: number;
  readonly seeds: number;
  /** null: not by time. */
  readonly seconds: number | null;
  readonly style: StormStyle;
  readonly resume: string | null;
  readonly json: string | null;
  readonly threads: number | null;
}

export interface MutantsRun {
  readonly command: 'mutants';
  readonly from: number;
  readonly seeds: number;
  readonly starts: number;
  readonly only: string | null;
  readonly resume: string | null;
  readonly json: string | null;
  readonly threads: number | null;
}

export type StormArguments =
  | StormRun
  | MutantsRun
  | { readonly command: 'help' }
  | { readonly command: 'merge'; readonly files: readonly string[]; readonly json: string };

const OPTIONS = {
  seeds: { type: 'string' },
  from: { type: 'string' },
  style: { type: 'string' },
  seconds: { type: 'string' },
  resume: { type: 'string' },
  json: { type: 'string' },
  threads: { type: 'string' },
  mutants: { type: 'boolean' },
  only: { type: 'string' },
  starts: { type: 'string' },
  help: { type: 'boolean' },
} as const;

const GREATEST_SEED = 4_294_967_295;

/** Reads the command line. Throws a `UsageError` that says what is wrong and what is allowed. */
export function parseStormArguments(args: readonly string[]): StormArguments {
  const { values, positionals } = parsed(args);
  if (values.help === true) return { command: 'help' };
  const whole = (name: 'seeds' | 'from' | 'seconds' | 'threads' | 'starts', low: number, high: number) => {
    const text = values[name];
    if (text === undefined) return null;
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= low && value <= high) return value;
    throw new UsageError(
      `--${name} must be a whole number from ${low} to ${high}, not ${JSON.stringify(text)}.`,
    );
  };
  const [command, ...files] = positionals;
  const json = values.json ?? null;
  if (command === 'merge') {
    if (json === null || files.length < 2)
      throw new UsageError('merge needs two files or more, and --json FILE.');
    return { command, files, json };
  }
  if (command !== undefined)
    throw new UsageError(`There is no command ${JSON.stringify(command)}; there is merge.`);
  const seeds = whole('seeds', 1, 10_000_000);
  const from = whole('from', 0, GREATEST_SEED);
  const threads = whole('threads', 1, 1024);
  if (values.mutants === true) {
    const starts = whole('starts', 1, 100) ?? 3;
    return {
      command: 'mutants',
      from: from ?? 1,
      seeds: seeds ?? 1000,
      starts,
      only: values.only ?? null,
      resume: values.resume ?? null,
      json,
      threads,
    };
  }
  const seconds = whole('seconds', 1, 1_000_000);
  const style = STORM_STYLES.find((name) => name === (values.style ?? STORM_STYLES[0]));
  if (style === undefined) throw new UsageError(`--style must be ${STORM_STYLES.join(' or ')}.`);
  return {
    command: 'run',
    from: from ?? 1,
    seeds: seeds ?? (seconds === null ? 20 : 200),
    seconds,
    style,
    resume: values.resume ?? null,
    json,
    threads,
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
