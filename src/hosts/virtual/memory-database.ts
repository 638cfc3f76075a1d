import {
  type AnyTable,
  frozenJson,
  type Key,
  type ListOptions,
  type StoreOperation,
  type TransactionMode,
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

const NOTHING = () => {};

interface Waiting {
  readonly mode: TransactionMode;
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
    mode: TransactionMode,
    opened: (transaction: OpenTransaction) => void,
  ): () => void {
    for (const table of tables) this.#table(table);
    if (this.#waiting.length === 0 && this.#hasRoomFor(mode)) {
      opened(this.#open(tables, mode));
      return NOTHING;
    }
    const waiting: Waiting = { mode, open: () => opened(this.#open(tables, mode)) };
    this.#waiting.push(waiting);
    return () => {
      const before = this.#waiting.length;
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      if (this.#waiting.length < before) this.#admit();
    };
  }

  #hasRoomFor(mode: TransactionMode): boolean {
    return !this.#writing && (mode === 'readonly' || this.#readers === 0);
  }

  #admit(): void {
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || !this.#hasRoomFor(next.mode)) return;
      this.#waiting.shift();
      next.open();
    }
  }

  #open(scope: readonly string[], mode: TransactionMode): OpenTransaction {
    if (mode === 'readwrite') this.#writing = true;
    else this.#readers += 1;
    return new MemoryTransaction(this.name, this.#tables, scope, mode, () => {
      if (mode === 'readwrite') this.#writing = false;
      else this.#readers -= 1;
      this.#admit();
    });
  }

  #table(name: string): MemoryTable {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`the database '${this.name}' has no table '${name}'`);
    return table;
  }
}

class MemoryTransaction implements OpenTransaction {
  readonly #database: string;
  readonly #tables: ReadonlyMap<string, MemoryTable>;
  readonly #scope: readonly string[];
  readonly #mode: TransactionMode;
  readonly #ended: () => void;
  readonly #written: Written[] = [];
  #over = false;

  constructor(
    database: string,
    tables: ReadonlyMap<string, MemoryTable>,
    scope: readonly string[],
    mode: TransactionMode,
    ended: () => void,
  ) {
    this.#database = database;
    this.#tables = tables;
    this.#scope = scope;
    this.#mode = mode;
    this.#ended = ended;
  }

  request(operation: StoreOperation): unknown {
    if (this.#over) throw new Error(`${this.#database}: the transaction has ended`);
    const table = this.#scope.includes(operation.table) ? this.#tables.get(operation.table) : undefined;
    if (table === undefined) {
      throw new Error(
        `table '${operation.table}' is not one of this transaction's (${this.#scope.join(', ')})`,
      );
    }
    if (this.#mode === 'readonly' && operation.kind !== 'get' && operation.kind !== 'list') {
      throw new Error(`'${operation.kind}' in a read-only transaction`);
    }
    return table.apply(operation, this.#written);
  }

  commit(): void {
    if (this.#over) throw new Error(`${this.#database}: the transaction has ended`);
    this.#end();
  }

  abort(): void {
    if (this.#over) return;
    for (const { table, key, before } of this.#written.reverse()) table.set(key, before);
    this.#end();
  }

  #end(): void {
    this.#over = true;
    this.#ended();
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
