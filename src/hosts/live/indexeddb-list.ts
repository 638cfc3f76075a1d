import type { ListOptions } from '../../kernel/index.ts';

/**
 * Rows by key or by an index, as `ListOptions` has it. `done` gets them in that order, or `failed` what went wrong.
 * Throws what IndexedDB throws at once: a transaction that has ended, an index that does not exist.
 */
export function listRows(
  store: IDBObjectStore,
  options: ListOptions,
  done: (rows: unknown[]) => void,
  failed: (error: DOMException | null) => void,
): void {
  const source = options.index === undefined ? store : store.index(options.index);
  const range = rangeOf(options);
  if (range === 'empty' || options.limit === 0) {
    answer(store.get(0), () => done([]), failed);
  } else if (options.reverse === true) {
    listBackwards(source, range, options.limit ?? Number.POSITIVE_INFINITY, done, failed);
  } else {
    answer(source.getAll(range, options.limit), done, failed);
  }
}

/** Hears the end of a request. */
export function answer<T>(
  request: IDBRequest<T>,
  done: (result: T) => void,
  failed: (error: DOMException | null) => void,
): void {
  request.addEventListener('success', () => done(request.result));
  request.addEventListener('error', () => failed(request.error));
}

/** `getAll` knows no direction everywhere yet: a cursor fires once per row. */
function listBackwards(
  source: IDBObjectStore | IDBIndex,
  range: IDBKeyRange | null,
  limit: number,
  done: (rows: unknown[]) => void,
  failed: (error: DOMException | null) => void,
): void {
  const rows: unknown[] = [];
  const next = (cursor: IDBCursorWithValue | null) => {
    if (cursor !== null) rows.push(cursor.value);
    if (cursor === null || rows.length >= limit) done(rows);
    else cursor.continue();
  };
  answer(source.openCursor(range, 'prev'), next, failed);
}

/** Both ends belong to it; a value is a range of one. */
function rangeOf({ equals, from, to }: ListOptions): IDBKeyRange | null | 'empty' {
  if (equals !== undefined) {
    const isBelow = from !== undefined && indexedDB.cmp(equals, from) < 0;
    const isAbove = to !== undefined && indexedDB.cmp(equals, to) > 0;
    return isBelow || isAbove ? 'empty' : IDBKeyRange.only(equals);
  }
  if (from !== undefined && to !== undefined) {
    return indexedDB.cmp(from, to) > 0 ? 'empty' : IDBKeyRange.bound(from, to);
  }
  if (from !== undefined) return IDBKeyRange.lowerBound(from);
  return to === undefined ? null : IDBKeyRange.upperBound(to);
}
