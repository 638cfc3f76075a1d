import {
  frozenJson,
  type HostTransaction,
  type RunEvent,
  type StoreOperation,
  type StoreOutcome,
  type TransactionMode,
} from '../../kernel/index.ts';
import { type StoreFailure, storeFailure } from './indexeddb-errors.ts';
import { answer, listRows } from './indexeddb-list.ts';
import { LOG_OUTBOX } from './run-databases.ts';
import type { GroupMember, TransactionGroup } from './transaction-group.ts';

/** What a commit leaves in the log outbox. */
export interface OutboxEntry {
  /** Counts the commits of a database: who wrote later has the higher one, whichever instance it is. */
  readonly number: number;
  readonly events: readonly RunEvent[];
}

export interface OpenTransactionOptions {
  readonly operation: string;
  readonly tables: readonly string[];
  readonly mode: TransactionMode;
  opened(outcome: StoreOutcome<HostTransaction>): void;
  committed(entry: OutboxEntry): void;
  noted(events: readonly RunEvent[]): void;
}

type Key = string | number;
/** Rows that are written, by key; null: deleted. */
type Writes = Map<Key, object | null>;

/** How many microtasks a body may take between two operations before it is looked at more closely. */
const MICROTASKS = 32;

/**
 * A transaction of a service. What it writes is kept back until it commits, so that one that fails leaves no trace in
 * the group that it shares a transaction of IndexedDB with.
 */
export class OpenTransaction implements HostTransaction, GroupMember {
  readonly #options: OpenTransactionOptions;
  #group: TransactionGroup | null = null;
  #pending = 0;
  /** How many questions are not answered yet. Who gives up waits for them: only then can anything more be asked. */
  #asked = 0;
  #isLeaving = false;
  #state: 'open' | 'committing' | 'ended' = 'open';
  /** Counts what the body does, so that a body that does nothing can be seen. */
  #steps = 0;
  #watching = false;
  #failure: StoreFailure | null = null;
  #committed: ((outcome: StoreOutcome<void>) => void) | null = null;
  #entry: OutboxEntry | null = null;
  readonly #writes = new Map<string, Writes>();
  /** What was there before what has been written already, newest last. */
  readonly #before: { readonly store: IDBObjectStore; readonly key: Key; readonly row: unknown }[] = [];

  /** Null once nobody waits for it to begin. */
  #opened: OpenTransactionOptions['opened'] | null;

  constructor(options: OpenTransactionOptions) {
    this.#options = options;
    this.#opened = options.opened;
  }

  get tables(): readonly string[] {
    return this.#options.tables;
  }

  /** Somebody waits for it to begin. */
  get isWanted(): boolean {
    return this.#opened !== null;
  }

  /** It is not to begin, if it has not yet. */
  giveUp(): void {
    this.#opened = null;
  }

  /** It cannot begin. */
  refused(error: unknown): void {
    this.#opened?.(storeFailure(this.#options.operation, error));
  }

  /** There is no database that it could begin in. */
  unreachable(error: unknown): void {
    this.#opened?.({ ...storeFailure(this.#options.operation, error), kind: 'unavailable' });
  }

  started(group: TransactionGroup): void {
    this.#group = group;
    this.#opened?.({ ok: true, value: this });
    this.#watch();
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
        done(this.#failure ?? outcome);
        this.#watch();
      });
      this.#pending += 1;
    } catch (error) {
      done(storeFailure(this.#options.operation, error));
    }
  }

  commit(events: readonly RunEvent[], done: (outcome: StoreOutcome<void>) => void): void {
    this.#steps += 1;
    if (this.#failure !== null) {
      done(this.#failure);
      return;
    }
    if (this.#options.mode === 'readonly') {
      this.#state = 'ended';
      if (events.length > 0) this.#options.noted(events);
      done({ ok: true, value: undefined });
      return;
    }
    let written = 0;
    try {
      for (const [table, writes] of this.#writes) {
        const store = this.#store(table);
        for (const [key, row] of writes) {
          write(store, key, row);
          written += 1;
        }
      }
      if (events.length > 0) {
        // Every writer has the outbox in its scope, so that the numbers are given in the order of the commits.
        const numbered = (number: IDBValidKey) => {
          this.#entry = { number: Number(number), events };
        };
        answer(this.#store(LOG_OUTBOX).put({ events }), numbered, () => {});
        written += 1;
      }
    } catch (error) {
      this.#failure = storeFailure(this.#options.operation, error);
      this.#state = 'ended';
      // A part of it is as bad as nothing.
      if (written + this.#before.length > 0) this.#group?.abort();
      this.#group?.passOn(false);
      done(this.#failure);
      return;
    }
    this.#state = 'committing';
    this.#committed = done;
    this.#group?.passOn(written > 0);
  }

  abort(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    if (this.#options.mode === 'readonly') {
      this.#group?.abort();
      return;
    }
    this.#isLeaving = true;
    if (this.#asked === 0) this.#leave();
  }

  /** Makes room for the next in its group, as if it had never been there. */
  #leave(): void {
    try {
      for (const { store, key, row } of this.#before.reverse()) write(store, key, row ?? null);
    } catch {
      // It cannot be undone alone: it waits for nothing of its own, and so `raw` cannot be asked.
      this.#group?.abort();
    }
    this.#group?.passOn(false);
  }

  tellLog(): void {
    if (this.#committed !== null && this.#entry !== null) this.#options.committed(this.#entry);
  }

  durable(): void {
    const committed = this.#committed;
    this.#committed = null;
    if (this.#state === 'open') this.#failure ??= this.#ended('the transaction ended before its body did');
    this.#state = 'ended';
    committed?.({ ok: true, value: undefined });
  }

  undone(error: DOMException | null): void {
    this.#state = 'ended';
    this.#failure ??= storeFailure(this.#options.operation, error);
    const committed = this.#committed;
    this.#committed = null;
    committed?.(this.#failure);
  }

  /** Has something asked of `raw`. Throws when it cannot be asked now. */
  #ask<Answer>(
    ask: (done: (answer: Answer) => void, failed: (error: DOMException | null) => void) => void,
    done: (answer: Answer) => void,
    failed: (error: DOMException | null) => void = () => {},
  ): void {
    const answered =
      <T>(then: (answer: T) => void) =>
      (found: T) => {
        this.#asked -= 1;
        then(found);
        if (this.#isLeaving && this.#asked === 0) this.#leave();
      };
    ask(answered(done), answered(failed));
    this.#asked += 1;
  }

  /** Reads a row. */
  #get(
    store: IDBObjectStore,
    key: Key,
    done: (row: unknown) => void,
    failed?: (error: DOMException | null) => void,
  ): void {
    this.#ask((found, lost) => answer(store.get(key), found, lost), done, failed);
  }

  /**
   * IndexedDB commits a transaction by itself once nobody asks for anything more: a body that awaits
   * something foreign (a fetch, a timer) would be half stored, without its events. So when a body
   * takes long to ask again, one read of ours keeps the transaction alive; when that has come back
   * and the body still has not asked, it waits for something that is not a microtask: abort, and say so.
   */
  #watch(): void {
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
    const checked = () => {
      this.#watching = false;
      if (!idle()) {
        this.#watch();
        return;
      }
      this.#failure = this.#ended(
        "awaited something inside its transaction that is not the transaction's own operation",
      );
      this.abort();
    };
    try {
      const [table = LOG_OUTBOX] = this.#options.tables;
      this.#get(this.#store(table), 0, checked);
    } catch {
      this.#watching = false;
    }
  }

  #ended(message: string): StoreFailure {
    return { ok: false, kind: 'aborted', message: `${this.#options.operation} ${message}` };
  }

  #store(table: string): IDBObjectStore {
    if (this.#group === null) throw new Error('Invariant broken: a transaction is used before it has begun');
    return this.#group.raw.objectStore(table);
  }

  #run(operation: StoreOperation, done: (outcome: StoreOutcome<unknown>) => void): void {
    const { table } = operation;
    if (!this.#options.tables.includes(table))
      throw new DOMException(`it has no table '${table}'`, 'NotFoundError');
    const failed = (error: DOMException | null) => done(storeFailure(this.#options.operation, error));
    // Not waited for: what the database cannot do undoes the transaction, which the commit tells. So writers hold the
    // database for one way to the disk and back, not for one per row.
    const known = (value?: unknown) => queueMicrotask(() => done({ ok: true, value }));
    const written = this.#writes.get(table);
    switch (operation.kind) {
      case 'get': {
        const { key } = operation;
        const row = written?.get(key);
        if (row !== undefined) known(row ?? undefined);
        else
          this.#get(
            this.#store(table),
            key,
            (found) => done({ ok: true, value: found === undefined ? found : frozenJson(found) }),
            failed,
          );
        return;
      }
      case 'put': {
        const row = frozenJson(operation.row, table) as Readonly<Record<string, unknown>>;
        this.#keep(table, keyOf(table, row[String(this.#store(table).keyPath)]), row);
        known();
        return;
      }
      case 'delete':
        this.#keep(table, keyOf(table, operation.key), null);
        known();
        return;
      case 'list':
        if (written !== undefined) this.#flush(table, written);
        this.#ask<unknown[]>(
          (found, lost) => listRows(this.#store(table), operation.options, found, lost),
          (rows) => done({ ok: true, value: rows.map((row) => frozenJson(row)) }),
          failed,
        );
    }
  }

  #keep(table: string, key: Key, row: object | null): void {
    const writes = this.#writes.get(table) ?? new Map<Key, object | null>();
    this.#writes.set(table, writes.set(key, row));
  }

  /** Writes now what a list has to find, and remembers what was there. */
  #flush(table: string, writes: Writes): void {
    const store = this.#store(table);
    this.#writes.delete(table);
    for (const [key, row] of writes) {
      this.#get(store, key, (found) => this.#before.push({ store, key, row: found }));
      write(store, key, row);
    }
  }
}

function write(store: IDBObjectStore, key: Key, row: unknown): void {
  if (row === null) store.delete(key);
  else store.put(row);
}

/** A key has to be a text or a number: IndexedDB has more kinds of them. */
function keyOf(table: string, key: unknown): Key {
  if (typeof key === 'string' || typeof key === 'number') return key;
  throw new Error(`a row of '${table}' has no valid key`);
}
