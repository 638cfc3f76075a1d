import type { Key } from '../../kernel/index.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Numbers before strings, strings by code unit: IndexedDB's order. */
export function compareKeys(a: Key, b: Key): number {
  if (typeof a === 'number') {
    if (typeof b !== 'number') return -1;
  } else if (typeof b === 'number') return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Rows in the order of one field, then of their keys. All of them have the field. */
export class SortedRows {
  readonly #field: string;
  readonly #key: string;
  readonly #rows: Row[] = [];
  /** The field of each row: a search looks at many of these, and at few rows. */
  readonly #values: Key[] = [];

  constructor(field: string, key: string) {
    this.#field = field;
    this.#key = key;
  }

  insert(row: Row): void {
    const value = row[this.#field] as Key;
    const values = this.#values;
    const last = values.at(-1);
    // Most moments, and many keys, are later than all before.
    if (last === undefined || compareKeys(last, value) < 0) {
      this.#rows.push(row);
      values.push(value);
      return;
    }
    const place = this.#place(row);
    this.#rows.splice(place, 0, row);
    values.splice(place, 0, value);
  }

  remove(row: Row): void {
    const place = this.#place(row);
    if (this.#rows[place] !== row) return;
    this.#rows.splice(place, 1);
    this.#values.splice(place, 1);
  }

  /** `row` belongs where `before` stands. */
  replace(before: Row, row: Row): void {
    this.#rows[this.#place(before)] = row;
  }

  /** The first `limit` rows whose field lies between `from` and `to` (both included), or the last ones first. */
  between(from: Key | null, to: Key | null, limit: number, reverse: boolean): Row[] {
    const first = from === null ? 0 : this.#firstFrom(from);
    const end = to === null ? this.#rows.length : this.#endOf(to);
    if (!reverse) return this.#rows.slice(first, Math.min(end, first + limit));
    return this.#rows.slice(Math.max(first, end - limit), Math.max(first, end)).reverse();
  }

  /** Where a row stands or belongs. */
  #place(row: Row): number {
    const value = row[this.#field] as Key;
    const key = row[this.#key] as Key;
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      let order = compareKeys(this.#values[middle] as Key, value);
      if (order === 0) order = compareKeys((this.#rows[middle] as Row)[this.#key] as Key, key);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #firstFrom(at: Key): number {
    let low = 0;
    let high = this.#values.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareKeys(this.#values[middle] as Key, at) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Behind the last of `at`. */
  #endOf(at: Key): number {
    let low = 0;
    let high = this.#values.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareKeys(this.#values[middle] as Key, at) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
