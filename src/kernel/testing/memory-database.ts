import type { StoreOperation } from '../host-ports.ts';
import type { AnyTable, Key } from '../table.ts';

type Row = Record<string, unknown>;

/** Numbers before strings, strings by code unit: IndexedDB's order. */
export function compareKeys(a: Key, b: Key): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

const isKey = (value: unknown): value is Key =>
  typeof value === 'string' || (typeof value === 'number' && !Number.isNaN(value));

/** A copy that shares nothing, and a throw for what JSON cannot carry. */
export function jsonClone(value: unknown, path = 'row'): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Error(`${path} is ${value}, which JSON cannot carry`);
    return value;
  }
  if (Array.isArray(value)) return value.map((item, index) => jsonClone(item, `${path}[${index}]`));
  if (typeof value === 'object') {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw new Error(`${path} is a ${value.constructor.name}, not plain JSON`);
    }
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [name, jsonClone(field, `${path}.${name}`)]),
    );
  }
  throw new Error(
    `${path} is ${value === undefined ? 'undefined' : `a ${typeof value}`}, which JSON cannot carry`,
  );
}

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
 * that aborts (or whose instance dies) leaves no trace.
 */
export class MemoryDatabase {
  readonly name: string;
  readonly #definitions = new Map<string, AnyTable>();
  readonly #rows = new Map<string, Map<Key, Row>>();
  readonly #waiting: Waiting[] = [];
  #readers = 0;
  #writing = false;

  constructor(name: string) {
    this.name = name;
  }

  define(tables: readonly AnyTable[]): void {
    for (const table of tables) {
      this.#definitions.set(table.name, table);
      if (!this.#rows.has(table.name)) this.#rows.set(table.name, new Map());
    }
  }

  /** All rows of a table, in key order, as copies. */
  rows(table: string): Row[] {
    return this.#list(table, {}).map((row) => jsonClone(row) as Row);
  }

  get tableNames(): string[] {
    return [...this.#definitions.keys()];
  }

  /** Gives the way out of the queue. */
  begin(
    tables: readonly string[],
    mode: 'readonly' | 'readwrite',
    opened: (transaction: OpenTransaction) => void,
  ): () => void {
    for (const table of tables) this.#definition(table);
    const waiting: Waiting = { mode, open: () => opened(this.#open(new Set(tables), mode)) };
    this.#waiting.push(waiting);
    this.#admit();
    return () => {
      const index = this.#waiting.indexOf(waiting);
      if (index >= 0) this.#waiting.splice(index, 1);
      this.#admit();
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

  #open(scope: ReadonlySet<string>, mode: 'readonly' | 'readwrite'): OpenTransaction {
    const undo: (() => void)[] = [];
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
        if (!scope.has(operation.table)) {
          throw new Error(
            `table '${operation.table}' is not one of this transaction's (${[...scope].join(', ')})`,
          );
        }
        if (mode === 'readonly' && operation.kind !== 'get' && operation.kind !== 'list') {
          throw new Error(`'${operation.kind}' in a read-only transaction`);
        }
        return this.#apply(operation, undo);
      },
      commit: () => {
        if (over) throw new Error(`${this.name}: the transaction has ended`);
        end();
      },
      abort: () => {
        if (over) return;
        for (const back of undo.reverse()) back();
        end();
      },
    };
  }

  #definition(table: string): AnyTable {
    const definition = this.#definitions.get(table);
    if (definition === undefined) throw new Error(`the database '${this.name}' has no table '${table}'`);
    return definition;
  }

  #table(table: string): Map<Key, Row> {
    this.#definition(table);
    return this.#rows.get(table) as Map<Key, Row>;
  }

  #apply(operation: StoreOperation, undo: (() => void)[]): unknown {
    const rows = this.#table(operation.table);
    const remember = (key: Key) => {
      const before = rows.get(key);
      undo.push(() => {
        if (before === undefined) rows.delete(key);
        else rows.set(key, before);
      });
    };
    switch (operation.kind) {
      case 'get': {
        const row = rows.get(operation.key);
        return row === undefined ? undefined : jsonClone(row);
      }
      case 'put': {
        const row = jsonClone(operation.row, operation.table) as Row;
        const key = row[this.#definition(operation.table).key];
        if (!isKey(key)) throw new Error(`a row of '${operation.table}' has no valid key`);
        remember(key);
        rows.set(key, row);
        return undefined;
      }
      case 'delete':
        remember(operation.key);
        rows.delete(operation.key);
        return undefined;
      case 'list':
        return this.#list(operation.table, operation.options).map((row) => jsonClone(row));
    }
  }

  #list(table: string, options: Extract<StoreOperation, { kind: 'list' }>['options']): Row[] {
    const definition = this.#definition(table);
    const field = options.index === undefined ? definition.key : definition.indexes[options.index];
    if (field === undefined) throw new Error(`table '${table}' has no index '${options.index}'`);
    const { equals, from, to } = options;
    const found: { key: Key; at: Key; row: Row }[] = [];
    for (const [key, row] of this.#table(table)) {
      const at = row[field];
      if (!isKey(at)) continue;
      if (equals !== undefined && compareKeys(at, equals) !== 0) continue;
      if (from !== undefined && compareKeys(at, from) < 0) continue;
      if (to !== undefined && compareKeys(at, to) > 0) continue;
      found.push({ key, at, row });
    }
    found.sort((a, b) => compareKeys(a.at, b.at) || compareKeys(a.key, b.key));
    if (options.reverse === true) found.reverse();
    return found.slice(0, options.limit).map((entry) => entry.row);
  }
}
