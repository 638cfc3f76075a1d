import type { Json, RunEventOf, ServiceName } from '../kernel/index.ts';

export type Row = Readonly<Record<string, Json>>;
export type Commit = RunEventOf<'store.committed'>;

/** Hears of each row that a transaction wrote: as it was before (undefined: not there), and as it is now. */
export type RowListener = (
  key: string,
  before: Row | undefined,
  now: Row | undefined,
  commit: Commit,
) => void;

export interface LoggedTable {
  readonly service: ServiceName;
  readonly table: string;
  /** By key. */
  readonly rows: ReadonlyMap<string, Row>;
}

interface TableState extends LoggedTable {
  readonly rows: Map<string, Row>;
  readonly listeners: readonly RowListener[];
}

/**
 * The databases as the log tells of them. Rows are as the log carries them, so a field is read by
 * its name and may be missing. Commits of one database are in the log in the order they were made.
 */
export class LoggedRows {
  readonly #databases = new Map<ServiceName, Map<string, TableState>>();
  readonly #named = new Map<string, TableState[]>();
  readonly #listeners = new Map<string, RowListener[]>();

  /** Before the first commit. */
  listen(table: string, listener: RowListener): void {
    const known = this.#listeners.get(table);
    if (known === undefined) this.#listeners.set(table, [listener]);
    else known.push(listener);
  }

  /** Takes over what a transaction wrote, row by row. */
  apply(commit: Commit): void {
    let database = this.#databases.get(commit.service);
    if (database === undefined) {
      database = new Map();
      this.#databases.set(commit.service, database);
    }
    for (const { table, key, after } of commit.rows) {
      const state = database.get(table) ?? this.#begin(database, commit.service, table);
      const now = isRow(after) ? after : undefined;
      const before = state.listeners.length === 0 ? undefined : state.rows.get(key);
      if (now === undefined) state.rows.delete(key);
      else state.rows.set(key, now);
      for (const listener of state.listeners) listener(key, before, now, commit);
    }
  }

  /** A row of the table of this name, in whichever database it is. */
  row(table: string, key: string): Row | undefined {
    for (const { rows } of this.#named.get(table) ?? []) {
      const row = rows.get(key);
      if (row !== undefined) return row;
    }
    return undefined;
  }

  /** The tables of this name: one, or one in each database. */
  named(table: string): readonly LoggedTable[] {
    return this.#named.get(table) ?? [];
  }

  table(service: string, table: string): LoggedTable | undefined {
    return this.#databases.get(service as ServiceName)?.get(table);
  }

  #begin(database: Map<string, TableState>, service: ServiceName, table: string): TableState {
    const state: TableState = {
      service,
      table,
      rows: new Map(),
      listeners: this.#listeners.get(table) ?? [],
    };
    database.set(table, state);
    const named = this.#named.get(table);
    if (named === undefined) this.#named.set(table, [state]);
    else named.push(state);
    return state;
  }
}

export const isRow = (value: Json | undefined): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const numberOf = (row: Row | undefined, field: string): number => {
  const value = row?.[field];
  return typeof value === 'number' ? value : 0;
};

export const textOf = (row: Row | undefined, field: string): string => {
  const value = row?.[field];
  return typeof value === 'string' ? value : '';
};

const NO_LINES: readonly Json[] = [];

/** The lines of an order, a reservation or a hold. */
export function linesOf(row: Row | undefined): readonly Json[] {
  const lines = row?.['lines'];
  return Array.isArray(lines) ? (lines as readonly Json[]) : NO_LINES;
}
