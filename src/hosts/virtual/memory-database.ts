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
    return new MemoryTransaction(this, scope, mode);
  }

  /** A transaction of this mode has ended. */
  ended(mode: TransactionMode): void {
    if (mode === 'readwrite') this.#writing = false;
    else this.#readers -= 1;
    if (this.#waiting.length > 0) this.#admit();
  }

  find(table: string): MemoryTable | undefined {
    return this.#tables.get(table);
  }

  #table(name: string): MemoryTable {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`the database '${this.name}' has no table '${name}'`);
    return table;
  }
}

/** There is one for every look at a database: fields that are only declared cost less than ones that a class initialises. */
class MemoryTransaction implements OpenTransaction {
  declare private readonly database: MemoryDatabase;
  declare private readonly scope: readonly string[];
  declare private readonly mode: TransactionMode;
  declare private written: Written[] | null;
  declare private over: boolean;

  constructor(database: MemoryDatabase, scope: readonly string[], mode: TransactionMode) {
    this.database = database;
    this.scope = scope;
    this.mode = mode;
    this.written = null;
    this.over = false;
  }

  request(operation: StoreOperation): unknown {
    const { database, scope, mode } = this;
    if (this.over) throw new Error(`${database.name}: the transaction has ended`);
    const table = scope.includes(operation.table) ? database.find(operation.table) : undefined;
    if (table === undefined) {
      throw new Error(`table '${operation.table}' is not one of this transaction's (${scope.join(', ')})`);
    }
    if (operation.kind === 'get') return table.get(operation.key);
    if (operation.kind === 'list') return table.list(operation.options);
    if (mode === 'readonly') throw new Error(`'${operation.kind}' in a read-only transaction`);
    this.written ??= [];
    this.written.push(operation.kind === 'put' ? table.put(operation.row) : table.delete(operation.key));
    return undefined;
  }

  commit(): void {
    if (this.over) throw new Error(`${this.database.name}: the transaction has ended`);
    this.end();
  }

  abort(): void {
    if (this.over) return;
    for (const { table, key, before } of (this.written ?? []).reverse()) table.set(key, before);
    this.end();
  }

  private end(): void {
    this.over = true;
    this.database.ended(this.mode);
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
  /** By the field they sort by. Made when it is first asked for: most tables are hardly ever listed by their key. */
  readonly #sorted: { readonly field: string; readonly rows: SortedRows }[] = [];

  constructor(definition: AnyTable) {
    this.#definition = definition;
  }

  get(key: Key): Row | undefined {
    return this.#rows.get(key);
  }

  put(given: unknown): Written {
    const { name } = this.#definition;
    const row = frozenJson(given, name) as Row;
    const key = row[this.#definition.key];
    if (!isKey(key)) throw new Error(`a row of '${name}' has no valid key`);
    return { table: this, key, before: this.set(key, row) };
  }

  delete(key: Key): Written {
    return { table: this, key, before: this.set(key, undefined) };
  }

  list(options: ListOptions): Row[] {
    const { index, equals, from, to } = options;
    const { key, indexes, name } = this.#definition;
    const field = index === undefined ? key : indexes[index];
    if (field === undefined) throw new Error(`table '${name}' has no index '${index}'`);
    const low = equals === undefined ? (from ?? null) : later(from, equals);
    const high = equals === undefined ? (to ?? null) : earlier(to, equals);
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    return this.#sortedBy(field).between(low, high, limit, options.reverse === true);
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

  #sortedBy(field: string): SortedRows {
    for (const known of this.#sorted) if (known.field === field) return known.rows;
    const rows = new SortedRows(field, this.#definition.key);
    for (const row of this.#rows.values()) if (isKey(row[field])) rows.insert(row);
    this.#sorted.push({ field, rows });
    return rows;
  }
}

const later = (a: Key | undefined, b: Key): Key => (a === undefined || compareKeys(a, b) < 0 ? b : a);

const earlier = (a: Key | undefined, b: Key): Key => (a === undefined || compareKeys(a, b) > 0 ? b : a);
