import type { EventId } from '../kernel/index.ts';

interface Parts {
  /** `order-1.2`: an instance's one life. */
  readonly life: string;
  readonly n: number;
}

/** `order-1.2.17` → the life `order-1.2` and 17; null when the text is no event id. */
export function splitEventId(id: string): Parts | null {
  const match = /^([a-z][a-z-]*-\d+\.\d+)\.(\d+)$/.exec(id);
  const [, life, number] = match ?? [];
  if (life === undefined || number === undefined) return null;
  return { life, n: Number(number) };
}

/**
 * Which events the log has, exactly, in little memory: an event's number counts up within one life of
 * an instance, so the known ones are a few ranges per life however long the run is.
 */
export class KnownEvents {
  /** Per life, ascending and apart: [from, to, from, to, …], both inclusive. */
  readonly #ranges = new Map<string, number[]>();
  /** Ids of another shape; a run of ours has none. */
  readonly #others = new Set<string>();

  has(id: EventId): boolean {
    const parts = splitEventId(id);
    if (parts === null) return this.#others.has(id);
    const ranges = this.#ranges.get(parts.life);
    if (ranges === undefined) return false;
    const at = rangeBefore(ranges, parts.n);
    return at >= 0 && parts.n <= (ranges[at + 1] ?? -1);
  }

  /** False when it was known already. */
  add(id: EventId): boolean {
    const parts = splitEventId(id);
    if (parts === null) {
      if (this.#others.has(id)) return false;
      this.#others.add(id);
      return true;
    }
    const { life, n } = parts;
    const ranges = this.#ranges.get(life);
    if (ranges === undefined) {
      this.#ranges.set(life, [n, n]);
      return true;
    }
    const at = rangeBefore(ranges, n);
    const end = at >= 0 ? (ranges[at + 1] ?? -1) : -1;
    if (at >= 0 && n <= end) return false;
    const nextAt = at >= 0 ? at + 2 : 0;
    const joinsBefore = at >= 0 && end === n - 1;
    const joinsAfter = ranges[nextAt] === n + 1;
    if (joinsBefore && joinsAfter) ranges.splice(at + 1, 2);
    else if (joinsBefore) ranges[at + 1] = n;
    else if (joinsAfter) ranges[nextAt] = n;
    else ranges.splice(nextAt, 0, n, n);
    return true;
  }

  /** The highest life that wrote anything, by instance: `order-1` → 2. */
  incarnations(): Map<string, number> {
    const highest = new Map<string, number>();
    for (const life of this.#ranges.keys()) {
      const dot = life.lastIndexOf('.');
      const instance = life.slice(0, dot);
      highest.set(instance, Math.max(highest.get(instance) ?? 0, Number(life.slice(dot + 1))));
    }
    return highest;
  }

  /** How many ranges are kept: what the memory of it grows with. */
  get ranges(): number {
    let count = this.#others.size;
    for (const ranges of this.#ranges.values()) count += ranges.length / 2;
    return count;
  }
}

/** Index of the last range that begins at or before `n`; −1 when there is none. Searched from the end: ids mostly come in order. */
function rangeBefore(ranges: readonly number[], n: number): number {
  let low = 0;
  let high = ranges.length / 2 - 1;
  if ((ranges[2 * high] ?? Number.POSITIVE_INFINITY) <= n) return 2 * high;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((ranges[2 * middle] ?? 0) <= n) low = middle;
    else high = middle - 1;
  }
  return (ranges[2 * low] ?? Number.POSITIVE_INFINITY) <= n ? 2 * low : -1;
}
