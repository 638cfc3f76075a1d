import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { err, ok, type Result } from '../kernel/index.ts';
import type { RunPlan } from './run-seed.ts';
import type { SeedResult } from './seed-result.ts';

/** Raised when the meaning of a field changes. */
export const SWEEP_VERSION = 1;
const FORMAT = 'bulkhead-sweep';

/**
 * Results of one plan on many seeds. It keeps each seed's own result, so merging loses nothing, and every figure
 * of the whole is computed from all seeds at once, in whatever parts they came.
 */
export interface Sweep {
  readonly format: typeof FORMAT;
  readonly version: typeof SWEEP_VERSION;
  /** Names the program's code: results of different code are not of one sweep. */
  readonly code: string;
  readonly plan: RunPlan;
  /** It was cut short: not all seeds that were asked for are here, or the only one did not come to its end. */
  readonly partial: boolean;
  /** By seed. */
  readonly seeds: readonly SeedResult[];
}

export function sweepOf(
  code: string,
  plan: RunPlan,
  seeds: readonly SeedResult[],
  { partial = false }: { readonly partial?: boolean } = {},
): Sweep {
  return {
    format: FORMAT,
    version: SWEEP_VERSION,
    code,
    plan,
    partial,
    seeds: [...seeds].sort((one, other) => one.seed - other.seed),
  };
}

/** Both sweeps as one. The order of merging does not matter. Refused, in a sentence, when they are not parts of one. */
export function mergeSweeps(one: Sweep, other: Sweep): Result<Sweep, string> {
  if (one.code !== other.code) {
    return err(`they are of different versions of the program (${one.code} and ${other.code}).`);
  }
  const difference = differenceOf(comparable(one.plan), comparable(other.plan), '');
  if (difference !== null) return err(`they are of different plans: ${difference}.`);
  for (const sweep of [one, other]) {
    const cut = sweep.seeds.find(({ runUs }) => runUs < sweep.plan.runMs * 1000);
    if (cut !== undefined) return err(`seed ${cut.seed} did not come to its end; run it again.`);
  }
  const known = new Set(one.seeds.map(({ seed }) => seed));
  const twice = other.seeds.find(({ seed }) => known.has(seed));
  if (twice !== undefined) return err(`seed ${twice.seed} is in both.`);
  return ok(
    sweepOf(one.code, one.plan, [...one.seeds, ...other.seeds], { partial: one.partial || other.partial }),
  );
}

/** Of all logs: a single seed's own, and for more the SHA-256 of the lines `<seed> <hash>`, by seed. */
export function sweepHash({ seeds }: Sweep): string {
  const [first] = seeds;
  if (first !== undefined && seeds.length === 1) return first.logHash;
  return bytesToHex(sha256(utf8ToBytes(seeds.map(({ seed, logHash }) => `${seed} ${logHash}\n`).join(''))));
}

/** The setup's own seed is not the one that is run. */
const comparable = (plan: RunPlan): unknown => ({ ...plan, setup: { ...plan.setup, seed: 0 } });

/** Where two values of JSON differ first, in words; null when they are equal. */
function differenceOf(one: unknown, other: unknown, path: string): string | null {
  if (isObject(one) && isObject(other)) {
    for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
      const found = differenceOf(one[key], other[key], path === '' ? key : `${path}.${key}`);
      if (found !== null) return found;
    }
    return null;
  }
  return one === other ? null : `${path} is ${show(one)} in one and ${show(other)} in the other`;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function show(value: unknown): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
