import type { Json, Key, StoreOperation, TransactionMode } from '../../kernel/index.ts';
import type { TableShape } from './messages.ts';

type Row = Readonly<Record<string, unknown>>;
type Undo = { readonly table: string; readonly key: Key; readonly before: Row | undefined };

interface Waiting {
  readonly id: string;
  readonly tables: readonly string[];
  readonly mode: TransactionMode;
  readonly opened: () => void;
}

/** IndexedDB's order: numbers before strings. */
const compareKeys = (a: Key, b: Key): number => {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
};

const isKey = (value: unknown): value is Key =>
  typeof value === 'string' || (typeof value === 'number' && !Number.isNaN(value));

/**
 * A service's tables where there is no IndexedDB. They live in the hub, so that they outlast an
 * instance. Readers share, a writer is alone, in the order they asked.
 */
export class MemoryTables {
  readonly #shapes = new Map<string, TableShape>();
  readonly #rows = new Map<string, Map<Key, Row>>();
  readonly #waiting: Waiting[] = [];
  readonly #open = new Map<string, Pick<Waiting, 'tables' | 'mode'> & { readonly undo: Undo[] }>();

  define(tables: readonly TableShape[]): void {
    for (const table of tables) {
      this.#shapes.set(table.name, table);
      if (!this.#rows.has(table.name)) this.#rows.set(table.name, new Map());
    }
  }

  begin(id: string, tables: readonly string[], mode: TransactionMode, opened: () => void): void {
    this.#waiting.push({ id, tables, mode, opened });
    this.#admit();
  }

  /** Throws when the operation is wrong. */
  request(id: string, operation: StoreOperation): unknown {
    const transaction = this.#open.get(id);
    const shape = this.#shapes.get(operation.table);
    const rows = this.#rows.get(operation.table);
    if (transaction === undefined) throw new Error('the transaction has ended');
    if (shape === undefined || rows === undefined) throw new Error(`there is no table '${operation.table}'`);
    if (!transaction.tables.includes(operation.table))
      throw new Error(`table '${operation.table}' is not one of this transaction's`);
    switch (operation.kind) {
      case 'get':
        return rows.get(operation.key);
      case 'put': {
        const row = operation.row as Row;
        const key = row[shape.key];
        if (!isKey(key)) throw new Error(`a row of '${shape.name}' has no key '${shape.key}'`);
        transaction.undo.push({ table: shape.name, key, before: rows.get(key) });
        rows.set(key, row);
        return undefined;
      }
      case 'delete':
        transaction.undo.push({ table: shape.name, key: operation.key, before: rows.get(operation.key) });
        rows.delete(operation.key);
        return undefined;
      case 'list': {
        const { options } = operation;
        const field = options.index === undefined ? shape.key : shape.indexes[options.index];
        if (field === undefined) throw new Error(`table '${shape.name}' has no index '${options.index}'`);
        const found: { key: Key; at: Key; row: Row }[] = [];
        for (const [key, row] of rows) {
          const at = row[field];
          if (!isKey(at)) continue;
          if (options.equals !== undefined && compareKeys(at, options.equals) !== 0) continue;
          if (options.from !== undefined && compareKeys(at, options.from) < 0) continue;
          if (options.to !== undefined && compareKeys(at, options.to) > 0) continue;
          found.push({ key, at, row });
        }
        found.sort((a, b) => compareKeys(a.at, b.at) || compareKeys(a.key, b.key));
        if (options.reverse === true) found.reverse();
        return found.slice(0, options.limit).map((entry) => entry.row);
      }
    }
  }

  commit(id: string): boolean {
    const known = this.#open.delete(id);
    this.#admit();
    return known;
  }

  /** Undoes what it wrote, or takes it out of the queue. */
  abort(id: string): void {
    const queued = this.#waiting.findIndex((waiting) => waiting.id === id);
    if (queued >= 0) this.#waiting.splice(queued, 1);
    for (const { table, key, before } of this.#open.get(id)?.undo.toReversed() ?? []) {
      const rows = this.#rows.get(table);
      if (before === undefined) rows?.delete(key);
      else rows?.set(key, before);
    }
    this.#open.delete(id);
    this.#admit();
  }

  /** An instance has died: all of its transactions are undone. */
  abortAll(prefix: string): void {
    for (const id of [...this.#waiting.map((waiting) => waiting.id), ...this.#open.keys()]) {
      if (id.startsWith(prefix)) this.abort(id);
    }
  }

  rows(): Record<string, Json[]> {
    const tables: Record<string, Json[]> = {};
    for (const [name, rows] of this.#rows) {
      const entries = [...rows].sort(([a], [b]) => compareKeys(a, b));
      tables[name] = entries.map(([, row]) => row as Json);
    }
    return tables;
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const writing = [...this.#open.values()].some((transaction) => transaction.mode === 'readwrite');
      if (writing || (next.mode === 'readwrite' && this.#open.size > 0)) return;
      this.#waiting.shift();
      this.#open.set(next.id, { tables: next.tables, mode: next.mode, undo: [] });
      next.opened();
    }
  }
}
