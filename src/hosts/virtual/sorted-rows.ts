import type { Key } from '../../kernel/index.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Numbers before strings, strings by code unit: IndexedDB's order. */
export function compareKeys(a: Key, b: Key): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

export interface Entry {
  /** The indexed field's value. */
  readonly at: Key;
  readonly key: Key;
  readonly row: Row;
}

/** Rows in the order of one field, then of their keys. */
export class SortedRows {
  readonly #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  insert(entry: Entry): void {
    this.#entries.splice(this.#place(entry.at, entry.key), 0, entry);
  }

  remove(at: Key, key: Key): void {
    const place = this.#place(at, key);
    const found = this.#entries[place];
    if (found !== undefined && found.key === key && found.at === at) this.#entries.splice(place, 1);
  }

  /** The first `limit` rows whose field lies between `from` and `to` (both included), or the last ones first. */
  between(from: Key | null, to: Key | null, limit: number, reverse: boolean): Row[] {
    const first = from === null ? 0 : this.#place(from, null);
    const end = to === null ? this.#entries.length : this.#end(to);
    const rows: Row[] = [];
    if (reverse) {
      for (let index = end - 1; index >= first && rows.length < limit; index -= 1) {
        rows.push((this.#entries[index] as Entry).row);
      }
    } else {
      for (let index = first; index < end && rows.length < limit; index += 1) {
        rows.push((this.#entries[index] as Entry).row);
      }
    }
    return rows;
  }

  /** Where (at, key) stands or belongs; with no key, where the first of `at` does. */
  #place(at: Key, key: Key | null): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#entries[middle] as Entry;
      const order = compareKeys(entry.at, at) || (key === null ? 0 : compareKeys(entry.key, key));
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Behind the last of `at`. */
  #end(at: Key): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareKeys((this.#entries[middle] as Entry).at, at) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
