import {
  type AnyTable,
  frozenJson,
  type Key,
  type ListOptions,
  type StoreOperation,
} from '../../kernel/index.ts';
import { compareKeys, type Row, SortedRows } from './sorted-rows.ts';

const isKey = (value: unknown): value is Key =>
  typeof value === 'string' || (typeof value === 'number' && !Number.isNaN(value));

export interface OpenTransaction {
  /** Throws when the operation is wrong (unknown table or index, a row that is not JSON). */
  request(operation: StoreOperation): unknown;
  commit(): void;
  /** Undoes all that it wrote; harmless when it has ended. */
  abort(): void;
}

interface Waiting {
  readonly mode: 'readonly' | 'readwrite';
  readonly open: () => void;
}

/**
 * Tables in memory. Readers run side by side, a writer runs alone, in the order they asked; a writer
 * that aborts (or whose instance dies) leaves no trace. Rows are handed over frozen, not copied.
 */
export class MemoryDatabase {
  readonly name: string;
  readonly #tables = new Map<string, MemoryTable>();
  #waiting: Waiting[] = [];
  #readers = 0;
  #writing = false;

  constructor(name: string) {
    this.name = name;
  }

  define(tables: readonly AnyTable[]): void {
    for (const table of tables) {
      if (!this.#tables.has(table.name)) this.#tables.set(table.name, new MemoryTable(table));
    }
  }

  get tableNames(): string[] {
    return [...this.#tables.keys()];
  }

  /** All rows of a table, in key order. */
  rows(table: string): Row[] {
    return this.#table(table).list({});
  }

  /** Gives the way out of the queue. */
  begin(
    tables: readonly string[],
    mode: 'readonly' | 'readwrite',
    opened: (transaction: OpenTransaction) => void,
  ): () => void {
    for (const table of tables) this.#table(table);
    const waiting: Waiting = { mode, open: () => opened(this.#open(tables, mode)) };
    this.#waiting.push(waiting);
    this.#admit();
    return () => {
      const before = this.#waiting.length;
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      if (this.#waiting.length < before) this.#admit();
    };
  }

  #admit(): void {
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || this.#writing || (next.mode === 'readwrite' && this.#readers > 0)) return;
      this.#waiting.shift();
      if (next.mode === 'readwrite') this.#writing = true;
      else this.#readers += 1;
      next.open();
    }
  }

  #open(scope: readonly string[], mode: 'readonly' | 'readwrite'): OpenTransaction {
    const written: Written[] = [];
    let over = false;
    const end = () => {
      over = true;
      if (mode === 'readwrite') this.#writing = false;
      else this.#readers -= 1;
      this.#admit();
    };
    return {
      request: (operation) => {
        if (over) throw new Error(`${this.name}: the transaction has ended`);
        if (!scope.includes(operation.table)) {
          throw new Error(
            `table '${operation.table}' is not one of this transaction's (${scope.join(', ')})`,
          );
        }
        if (mode === 'readonly' && operation.kind !== 'get' && operation.kind !== 'list') {
          throw new Error(`'${operation.kind}' in a read-only transaction`);
        }
        return this.#table(operation.table).apply(operation, written);
      },
      commit: () => {
        if (over) throw new Error(`${this.name}: the transaction has ended`);
        end();
      },
      abort: () => {
        if (over) return;
        for (const { table, key, before } of written.reverse()) table.set(key, before);
        end();
      },
    };
  }

  #table(name: string): MemoryTable {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`the database '${this.name}' has no table '${name}'`);
    return table;
  }
}

/** A write, as it takes to undo it. */
interface Written {
  readonly table: MemoryTable;
  readonly key: Key;
  readonly before: Row | undefined;
}

class MemoryTable {
  readonly #definition: AnyTable;
  readonly #rows = new Map<Key, Row>();
  /** By the field they sort by; the first is the key's. */
  readonly #sorted: readonly { readonly field: string; readonly rows: SortedRows }[];

  constructor(definition: AnyTable) {
    this.#definition = definition;
    const fields = new Set([definition.key, ...Object.values(definition.indexes)]);
    this.#sorted = [...fields].map((field) => ({ field, rows: new SortedRows(field, definition.key) }));
  }

  apply(operation: StoreOperation, written: Written[]): unknown {
    switch (operation.kind) {
      case 'get':
        return this.#rows.get(operation.key);
      case 'put': {
        const row = frozenJson(operation.row, operation.table) as Row;
        const key = row[this.#definition.key];
        if (!isKey(key)) throw new Error(`a row of '${operation.table}' has no valid key`);
        written.push({ table: this, key, before: this.set(key, row) });
        return undefined;
      }
      case 'delete': {
        const { key } = operation;
        written.push({ table: this, key, before: this.set(key, undefined) });
        return undefined;
      }
      case 'list':
        return this.list(operation.options);
    }
  }

  list(options: ListOptions): Row[] {
    const { index, equals, from, to } = options;
    const { key, indexes, name } = this.#definition;
    const field = index === undefined ? key : indexes[index];
    const sorted = this.#sorted.find((other) => other.field === field);
    if (sorted === undefined) throw new Error(`table '${name}' has no index '${index}'`);
    const low = equals === undefined ? (from ?? null) : later(from, equals);
    const high = equals === undefined ? (to ?? null) : earlier(to, equals);
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    return sorted.rows.between(low, high, limit, options.reverse === true);
  }

  /** Gives what was there before. */
  set(key: Key, row: Row | undefined): Row | undefined {
    const before = this.#rows.get(key);
    if (row === undefined) this.#rows.delete(key);
    else this.#rows.set(key, row);
    for (const { field, rows } of this.#sorted) {
      const was = before?.[field];
      const is = row?.[field];
      if (before !== undefined && row !== undefined && was === is) {
        if (isKey(is)) rows.replace(before, row);
        continue;
      }
      if (before !== undefined && isKey(was)) rows.remove(before);
      if (row !== undefined && isKey(is)) rows.insert(row);
    }
    return before;
  }
}

const later = (a: Key | undefined, b: Key): Key => (a === undefined || compareKeys(a, b) < 0 ? b : a);

const earlier = (a: Key | undefined, b: Key): Key => (a === undefined || compareKeys(a, b) > 0 ? b : a);
