/** Whether what was found is still there with only these. */
export type StillFails<T> = (items: readonly T[]) => Promise<boolean>;

/**
 * Delta debugging (Zeller & Hildebrandt 2002, `ddmin`): a part of `items` with which it still fails and from which
 * no single one can be left out. `items` itself is taken to fail. Gives the best so far once `mayGoOn` says no.
 */
export async function minimalFailing<T>(
  items: readonly T[],
  stillFails: StillFails<T>,
  mayGoOn: () => boolean = () => true,
): Promise<readonly T[]> {
  let left = items;
  if (left.length > 0 && mayGoOn() && (await stillFails([]))) return [];
  let parts = 2;
  while (left.length >= 2) {
    const size = Math.ceil(left.length / parts);
    let smaller: readonly T[] | null = null;
    for (let start = 0; start < left.length && smaller === null; start += size) {
      if (!mayGoOn()) return left;
      const without = [...left.slice(0, start), ...left.slice(start + size)];
      if (await stillFails(without)) smaller = without;
    }
    if (smaller !== null) {
      left = smaller;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) {
      return left;
    } else {
      parts = Math.min(left.length, parts * 2);
    }
  }
  return left;
}

/** Applies each change in turn and keeps those with which it still fails. */
export async function simplified<T>(
  start: T,
  changes: readonly ((value: T) => T)[],
  stillFails: (value: T) => Promise<boolean>,
  mayGoOn: () => boolean = () => true,
): Promise<T> {
  let best = start;
  for (const change of changes) {
    if (!mayGoOn()) return best;
    const simpler = change(best);
    if (simpler !== best && (await stillFails(simpler))) best = simpler;
  }
  return best;
}
