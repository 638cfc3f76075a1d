import type { Key } from '../../kernel/index.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Numbers before strings, strings by code unit: IndexedDB's order. */
export function compareKeys(a: Key, b: Key): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Rows in the order of one field, then of their keys. All of them have the field. */
export class SortedRows {
  readonly #field: string;
  readonly #key: string;
  readonly #rows: Row[] = [];

  constructor(field: string, key: string) {
    this.#field = field;
    this.#key = key;
  }

  insert(row: Row): void {
    const rows = this.#rows;
    const last = rows.at(-1);
    // Most moments, and many keys, are later than all before.
    if (last === undefined || this.#compare(last, row) < 0) rows.push(row);
    else rows.splice(this.#place(row), 0, row);
  }

  remove(row: Row): void {
    const place = this.#place(row);
    if (this.#rows[place] === row) this.#rows.splice(place, 1);
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

  #compare(a: Row, b: Row): number {
    const order = compareKeys(a[this.#field] as Key, b[this.#field] as Key);
    return order === 0 ? compareKeys(a[this.#key] as Key, b[this.#key] as Key) : order;
  }

  /** Where a row stands or belongs. */
  #place(row: Row): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(this.#rows[middle] as Row, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #firstFrom(at: Key): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareKeys((this.#rows[middle] as Row)[this.#field] as Key, at) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Behind the last of `at`. */
  #endOf(at: Key): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareKeys((this.#rows[middle] as Row)[this.#field] as Key, at) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
