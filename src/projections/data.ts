import type { ServiceName } from '../kernel/index.ts';
import { ChunkedMap } from './chunked-map.ts';
import { ForkedOnWrite } from './forked-on-write.ts';
import type { Projection } from './projection.ts';

/** The latest change of a row. What it holds is in the log: it would be most of what a state weighs. */
export interface RowView {
  /** Of the event that changed it. */
  readonly seq: number;
  readonly changedUs: number;
  readonly operation: string;
  readonly deleted: boolean;
}

export interface DatabaseView {
  readonly service: ServiceName;
  /** Commits that changed more than bookkeeping (leases, subscriptions). */
  readonly commits: number;
  readonly lastCommitUs: number | null;
  readonly lastOperation: string | null;
  readonly aborts: number;
}

export interface Data {
  readonly byService: ChunkedMap<ServiceName, DatabaseView>;
  /** By `service/table`: the rows that changed, newest last; bounded. */
  readonly rows: ForkedOnWrite<string, ChunkedMap<string, RowView>>;
}

const ROWS_KEPT = 400;
/** Small: there are two dozen tables, and most are written to between two checkpoints. */
const ROWS_CHUNK = 16;

/** Renewing a lease every second is no news. */
const isBookkeeping = (table: string): boolean => /lease|subscription|instances/i.test(table);

const databaseOf = (state: Data, service: ServiceName): DatabaseView =>
  state.byService.get(service) ?? {
    service,
    commits: 0,
    lastCommitUs: null,
    lastOperation: null,
    aborts: 0,
  };

/** What the databases committed: rows by table, when each changed and why. */
export const data: Projection<Data> = {
  initial: () => ({ byService: new ChunkedMap(), rows: new ForkedOnWrite() }),
  apply(state, event) {
    if (event.type === 'store.aborted') {
      const database = databaseOf(state, event.service);
      state.byService.set(event.service, { ...database, aborts: database.aborts + 1 });
    }
    if (event.type !== 'store.committed') return state;
    if (event.rows.some((change) => !isBookkeeping(change.table))) {
      const database = databaseOf(state, event.service);
      state.byService.set(event.service, {
        ...database,
        commits: database.commits + 1,
        lastCommitUs: event.timeUs,
        lastOperation: event.operation,
      });
    }
    for (const change of event.rows) {
      const rows = state.rows.writable(`${event.service}/${change.table}`, () => new ChunkedMap(ROWS_CHUNK));
      rows.renew(change.key, {
        seq: event.seq,
        changedUs: event.timeUs,
        operation: event.operation,
        deleted: change.after === null,
      });
      rows.keepNewest(ROWS_KEPT);
    }
    return state;
  },
  fork: ({ byService, rows }) => ({ byService: byService.fork(), rows: rows.fork() }),
};

/** The rows of a table that changed, by their keys, newest last. */
export const rowsOf = (
  state: Data,
  service: ServiceName,
  table: string,
): ChunkedMap<string, RowView> | undefined => state.rows.get(`${service}/${table}`);

/** Every table of a service that anything was committed to, with its rows as `rowsOf` gives them. */
export const tablesOf = (
  state: Data,
  service: ServiceName,
): [table: string, rows: ChunkedMap<string, RowView>][] =>
  [...state.rows].flatMap(([name, rows]) =>
    name.startsWith(`${service}/`) ? [[name.slice(service.length + 1), rows]] : [],
  );
