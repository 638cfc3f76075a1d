import type { EventId, Json, ServiceName } from '../kernel/index.ts';
import { keepNewest, type Projection } from './projection.ts';

export interface RowView {
  readonly table: string;
  readonly key: string;
  /** null: deleted. */
  readonly row: Json;
  readonly changedUs: number;
  readonly cause: EventId;
  readonly operation: string;
}

export interface TableView {
  readonly table: string;
  /** The rows that changed, newest last; bounded. */
  readonly rows: Map<string, RowView>;
  changes: number;
}

export interface DatabaseView {
  readonly service: ServiceName;
  readonly tables: Map<string, TableView>;
  /** Commits that changed more than bookkeeping (leases, subscriptions). */
  commits: number;
  lastCommitUs: number | null;
  lastOperation: string | null;
  aborts: number;
}

export interface Data {
  readonly byService: Map<ServiceName, DatabaseView>;
}

const ROWS_KEPT = 400;

/** Renewing a lease every second is no news. */
const isBookkeeping = (table: string): boolean => /lease|subscription|instances/i.test(table);

function databaseOf(state: Data, service: ServiceName): DatabaseView {
  let view = state.byService.get(service);
  if (view === undefined) {
    view = { service, tables: new Map(), commits: 0, lastCommitUs: null, lastOperation: null, aborts: 0 };
    state.byService.set(service, view);
  }
  return view;
}

/** What the databases committed: rows by table, when each changed and why. */
export const data: Projection<Data> = {
  initial: () => ({ byService: new Map() }),
  apply(state, event) {
    if (event.type === 'store.aborted') databaseOf(state, event.service).aborts += 1;
    if (event.type !== 'store.committed') return state;
    const database = databaseOf(state, event.service);
    if (event.rows.some((change) => !isBookkeeping(change.table))) {
      database.commits += 1;
      database.lastCommitUs = event.timeUs;
      database.lastOperation = event.operation;
    }
    for (const change of event.rows) {
      let table = database.tables.get(change.table);
      if (table === undefined) {
        table = { table: change.table, rows: new Map(), changes: 0 };
        database.tables.set(change.table, table);
      }
      table.changes += 1;
      table.rows.delete(change.key);
      table.rows.set(change.key, {
        table: change.table,
        key: change.key,
        row: change.after,
        changedUs: event.timeUs,
        cause: event.id,
        operation: event.operation,
      });
      keepNewest(table.rows, ROWS_KEPT);
    }
    return state;
  },
};
