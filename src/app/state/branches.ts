import type { Parting } from './recording.ts';

/** A run and where it has its past from. */
export interface Branch {
  readonly id: string;
  readonly parted: Parting | null;
}

/** The moments (run time, µs) at which a branch has left each of those that it has its past from. */
function leftAtUs(branches: readonly Branch[], { id, parted }: Branch): ReadonlyMap<string, number> {
  const left = new Map([[id, Number.POSITIVE_INFINITY]]);
  let atUs = Number.POSITIVE_INFINITY;
  for (let at = parted; at !== null; at = branches.find((branch) => branch.id === at?.from)?.parted ?? null) {
    // What was forked at a later moment than its own beginning has left the earlier ones at its beginning.
    atUs = Math.min(atUs, at.atUs);
    left.set(at.from, atUs);
  }
  return left;
}

/** The moment (run time, µs) up to which two branches are one run; 0 for runs that have nothing in common. */
export function partedUs(branches: readonly Branch[], one: Branch, other: Branch): number {
  const [left, right] = [leftAtUs(branches, one), leftAtUs(branches, other)];
  const common = [...left].flatMap(([id, atUs]) => {
    const there = right.get(id);
    return there === undefined ? [] : [Math.min(atUs, there)];
  });
  return Math.max(0, ...common);
}
