import {
  frozenJson,
  type HostTransaction,
  type ListOptions,
  type RunEvent,
  type StoreErrorKind,
  type StoreOperation,
  type StoreOutcome,
  type TransactionMode,
  type Undo,
} from '../../kernel/index.ts';
import { openServiceDatabase } from './indexeddb-schema.ts';
import type { InstanceStore } from './instance-store.ts';
import type { TableShape } from './messages.ts';
import type { PauseGate } from './run-clock.ts';
import { LOG_OUTBOX } from './run-databases.ts';

/** What a commit leaves in the log outbox. */
export interface OutboxEntry {
  /** Counts the commits of a database: who wrote later has the higher one, whichever instance it is. */
  readonly number: number;
  readonly events: readonly RunEvent[];
}

export interface IndexedDbStoreOptions {
  readonly database: string;
  readonly tables: readonly TableShape[];
  /** Which takeover of the database this instance belongs to (`takeOver`). */
  readonly takeover: number;
  /** Transactions begin when the run is not paused. */
  readonly gate: Pick<PauseGate, 'pass'>;
  /** Durable now, with the rows that they tell of. */
  committed(entry: OutboxEntry): void;
  /** Events of a transaction that wrote nothing. */
  noted(events: readonly RunEvent[]): void;
  /** Somebody outside the run has taken the database away, with all that was in it. */
  lost(): void;
}

/** An instance's view of its service's database in IndexedDB. */
export class IndexedDbStore implements InstanceStore {
  readonly #options: IndexedDbStoreOptions;
  readonly #open = new Set<OpenTransaction>();
  #database: IDBDatabase | null = null;
  #opening: Promise<IDBDatabase> | null = null;
  #dead = false;

  private constructor(options: IndexedDbStoreOptions) {
    this.#options = options;
  }

  static async open(options: IndexedDbStoreOptions): Promise<IndexedDbStore> {
    const store = new IndexedDbStore(options);
    await store.#connect();
    return store;
  }

  begin(
    operation: string,
    tables: readonly string[],
    mode: TransactionMode,
    opened: (outcome: StoreOutcome<HostTransaction>) => void,
  ): Undo {
    let wanted = true;
    const start = () => {
      if (!wanted || this.#dead) return;
      const database = this.#database;
      if (database !== null) {
        this.#begin(database, operation, tables, mode, opened);
        return;
      }
      this.#connect().then(start, (error: unknown) => {
        if (wanted && !this.#dead) opened({ ok: false, kind: 'unavailable', message: messageOf(error) });
      });
    };
    const leave = this.#options.gate.pass(start);
    return () => {
      wanted = false;
      leave();
    };
  }

  abortAll(): void {
    this.#dead = true;
    for (const transaction of this.#open) transaction.abort();
    this.close();
  }

  close(): void {
    this.#database?.close();
    this.#database = null;
  }

  #connect(): Promise<IDBDatabase> {
    const { database: name, tables, takeover } = this.#options;
    this.#opening ??= openServiceDatabase(name, tables, takeover, {
      closed: (lost) => {
        this.#database = null;
        if (lost && !this.#dead) this.#options.lost();
      },
    }).then(
      (database) => {
        this.#opening = null;
        this.#database = database;
        return database;
      },
      (error: unknown) => {
        this.#opening = null;
        throw error;
      },
    );
    return this.#opening;
  }

  #begin(
    database: IDBDatabase,
    operation: string,
    tables: readonly string[],
    mode: TransactionMode,
    opened: (outcome: StoreOutcome<HostTransaction>) => void,
  ): void {
    // A transaction needs at least one store.
    const scope =
      mode === 'readwrite' || tables.length === 0 ? new Set([...tables, LOG_OUTBOX]) : new Set(tables);
    let raw: IDBTransaction;
    try {
      raw = database.transaction([...scope], mode, { durability: 'relaxed' });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'InvalidStateError') this.#database = null;
      opened({ ok: false, kind: kindOf(error), message: `${operation}: ${messageOf(error)}` });
      return;
    }
    const transaction = new OpenTransaction(raw, operation, mode, this.#options, () =>
      this.#open.delete(transaction),
    );
    this.#open.add(transaction);
    opened({ ok: true, value: transaction });
    transaction.watch();
  }
}

/** How many microtasks a body may take between two operations before it is looked at more closely. */
const MICROTASKS = 32;

class OpenTransaction implements HostTransaction {
  readonly #raw: IDBTransaction;
  readonly #operation: string;
  readonly #mode: TransactionMode;
  readonly #options: Pick<IndexedDbStoreOptions, 'committed' | 'noted'>;
  readonly #ended: () => void;
  #pending = 0;
  #state: 'open' | 'committing' | 'ended' = 'open';
  /** Counts what the body does, so that a body that does nothing can be seen. */
  #steps = 0;
  #watching = false;
  #failure: StoreOutcome<never> | null = null;
  #committed: ((outcome: StoreOutcome<void>) => void) | null = null;
  #entry: OutboxEntry | null = null;

  constructor(
    raw: IDBTransaction,
    operation: string,
    mode: TransactionMode,
    options: Pick<IndexedDbStoreOptions, 'committed' | 'noted'>,
    ended: () => void,
  ) {
    this.#raw = raw;
    this.#operation = operation;
    this.#mode = mode;
    this.#options = options;
    this.#ended = ended;
    raw.addEventListener('complete', () => this.#completed());
    raw.addEventListener('abort', () => this.#aborted());
  }

  request(operation: StoreOperation, done: (outcome: StoreOutcome<unknown>) => void): void {
    this.#steps += 1;
    if (this.#failure !== null) {
      done(this.#failure);
      return;
    }
    try {
      this.#run(operation, (outcome) => {
        this.#pending -= 1;
        done(outcome);
        this.watch();
      });
      this.#pending += 1;
    } catch (error) {
      done({ ok: false, kind: kindOf(error), message: `${this.#operation}: ${messageOf(error)}` });
    }
  }

  commit(events: readonly RunEvent[], done: (outcome: StoreOutcome<void>) => void): void {
    this.#steps += 1;
    if (this.#failure !== null) {
      done(this.#failure);
      return;
    }
    if (this.#mode === 'readonly') {
      this.#state = 'committing';
      if (events.length > 0) this.#options.noted(events);
      done({ ok: true, value: undefined });
      return;
    }
    try {
      if (events.length > 0) {
        // Every writer has the outbox in its scope, so that the numbers are given in the order of the commits.
        const put = this.#raw.objectStore(LOG_OUTBOX).put({ events });
        put.addEventListener('success', () => {
          this.#entry = { number: Number(put.result), events };
        });
      }
      this.#state = 'committing';
      this.#committed = done;
      this.#raw.commit();
    } catch (error) {
      this.#committed = null;
      const outcome = {
        ok: false,
        kind: kindOf(error),
        message: `${this.#operation}: ${messageOf(error)}`,
      } as const;
      this.#failure = outcome;
      this.abort();
      done(outcome);
    }
  }

  abort(): void {
    if (this.#state === 'ended') return;
    try {
      this.#raw.abort();
    } catch {
      // It has ended by itself: there is nothing left to undo.
    }
  }

  /**
   * IndexedDB commits a transaction by itself once nobody asks for anything more: a body that awaits
   * something foreign (a fetch, a timer) would be half stored, without its events. So when a body
   * takes long to ask again, one read of ours keeps the transaction alive; when that has come back
   * and the body still has not asked, it waits for something that is not a microtask: abort, and say so.
   */
  watch(): void {
    if (this.#watching || this.#state !== 'open' || this.#pending > 0) return;
    this.#watching = true;
    const steps = this.#steps;
    let left = MICROTASKS;
    const idle = () =>
      this.#state === 'open' && this.#pending === 0 && this.#steps === steps && this.#failure === null;
    const look = () => {
      if (!idle()) {
        this.#watching = false;
        return;
      }
      left -= 1;
      if (left > 0) queueMicrotask(look);
      else this.#keepAlive(idle);
    };
    queueMicrotask(look);
  }

  #keepAlive(idle: () => boolean): void {
    try {
      const [store] = this.#raw.objectStoreNames;
      const read = this.#raw.objectStore(store ?? LOG_OUTBOX).count();
      read.addEventListener('success', () => {
        this.#watching = false;
        if (!idle()) {
          this.watch();
          return;
        }
        this.#failure = {
          ok: false,
          kind: 'aborted',
          message: `${this.#operation} awaited something inside its transaction that is not the transaction's own operation`,
        };
        this.abort();
      });
    } catch {
      this.#watching = false;
    }
  }

  #completed(): void {
    const committing = this.#state === 'committing';
    this.#state = 'ended';
    this.#ended();
    if (!committing) {
      this.#failure ??= {
        ok: false,
        kind: 'aborted',
        message: `${this.#operation}: the transaction ended before its body did`,
      };
      return;
    }
    const done = this.#committed;
    this.#committed = null;
    if (this.#entry !== null) this.#options.committed(this.#entry);
    done?.({ ok: true, value: undefined });
  }

  #aborted(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#ended();
    const error = this.#raw.error;
    this.#failure ??= {
      ok: false,
      kind: error === null ? 'aborted' : kindOf(error),
      message: `${this.#operation}: ${error === null ? 'the transaction was aborted' : messageOf(error)}`,
    };
    const done = this.#committed;
    this.#committed = null;
    done?.(this.#failure);
  }

  #run(operation: StoreOperation, done: (outcome: StoreOutcome<unknown>) => void): void {
    const store = this.#raw.objectStore(operation.table);
    const failed = (error: DOMException | null) =>
      done(
        this.#failure ?? {
          ok: false,
          kind: kindOf(error),
          message: `${this.#operation}: ${messageOf(error)}`,
        },
      );
    const answer = <T>(request: IDBRequest<T>, valueOf: (result: T) => unknown) => {
      request.addEventListener('success', () => done({ ok: true, value: valueOf(request.result) }));
      request.addEventListener('error', () => failed(request.error));
    };
    // Not waited for: the database does what it is asked in that order, and what it cannot do undoes the transaction,
    // which the commit tells. So writers hold their tables for one way to the disk and back, not for one per row.
    const written = () => queueMicrotask(() => done(this.#failure ?? { ok: true, value: undefined }));
    switch (operation.kind) {
      case 'get':
        answer(store.get(operation.key), (row: unknown) => (row === undefined ? row : frozenJson(row)));
        return;
      case 'put':
        store.put(keyedRow(operation.table, store.keyPath, operation.row));
        written();
        return;
      case 'delete':
        store.delete(operation.key);
        written();
        return;
      case 'list': {
        const { options } = operation;
        const source = options.index === undefined ? store : store.index(options.index);
        const range = rangeOf(options);
        if (range === 'empty' || options.limit === 0) {
          answer(store.count(), () => []);
        } else if (options.reverse === true) {
          listBackwards(
            source,
            range,
            options.limit ?? Number.POSITIVE_INFINITY,
            (rows) => done({ ok: true, value: rows.map((row) => frozenJson(row)) }),
            failed,
          );
        } else {
          answer(source.getAll(range, options.limit), (rows: unknown[]) =>
            rows.map((row) => frozenJson(row)),
          );
        }
      }
    }
  }
}

/** A row as it may be stored: JSON, under a key that is a text or a number (IndexedDB has more kinds of keys). */
function keyedRow(table: string, keyPath: string | string[] | null, row: unknown): unknown {
  const key = (frozenJson(row, table) as Readonly<Record<string, unknown>>)[String(keyPath)];
  if (typeof key === 'string' || typeof key === 'number') return row;
  throw new Error(`a row of '${table}' has no valid key`);
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
  const walk = source.openCursor(range, 'prev');
  walk.addEventListener('error', () => failed(walk.error));
  walk.addEventListener('success', () => {
    const cursor = walk.result;
    if (cursor !== null) rows.push(cursor.value);
    if (cursor === null || rows.length >= limit) done(rows);
    else cursor.continue();
  });
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

/** What a browser's error means to a service. */
export function kindOf(error: unknown): StoreErrorKind {
  switch (error instanceof DOMException ? error.name : '') {
    case 'QuotaExceededError':
      return 'quota-exceeded';
    case 'ReadOnlyError':
      return 'read-only';
    case 'InvalidStateError':
    case 'NotFoundError':
    case 'UnknownError':
    case 'InvalidAccessError':
    case 'SecurityError':
      return 'unavailable';
    default:
      return 'aborted';
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error || error instanceof DOMException ? error.message || error.name : String(error);
