import type { HostTransaction, RunEvent, StoreOutcome, TransactionMode, Undo } from '../../kernel/index.ts';
import { openServiceDatabase } from './indexeddb-schema.ts';
import type { InstanceStore } from './instance-store.ts';
import type { TableShape } from './messages.ts';
import { OpenTransaction, type OutboxEntry } from './open-transaction.ts';
import type { PauseGate } from './run-clock.ts';
import { LOG_OUTBOX } from './run-databases.ts';
import { TransactionGroup } from './transaction-group.ts';

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

/** So many writers at most share a transaction of IndexedDB: the first is not heard of before the last has ended. */
const MOST_IN_A_GROUP = 8;

/** An instance's view of its service's database in IndexedDB. */
export class IndexedDbStore implements InstanceStore {
  readonly #options: IndexedDbStoreOptions;
  readonly #open = new Set<TransactionGroup>();
  /** Writers that wait for those before them. */
  readonly #writers: OpenTransaction[] = [];
  /** Which writers still join. */
  #writing: TransactionGroup | null = null;
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
    const { committed, noted } = this.#options;
    const transaction = new OpenTransaction({ operation, tables, mode, opened, committed, noted });
    const start = () => {
      if (mode === 'readonly') {
        this.#startReader(transaction);
        return;
      }
      this.#writers.push(transaction);
      this.#startWriters();
    };
    const leave = this.#options.gate.pass(start);
    return () => {
      transaction.giveUp();
      leave();
    };
  }

  abortAll(): void {
    this.#dead = true;
    this.#writers.length = 0;
    for (const group of this.#open) group.silence();
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

  #startReader(transaction: OpenTransaction): void {
    const database = this.#database;
    if (this.#dead || !transaction.isWanted) return;
    if (database === null) {
      this.#connect().then(
        () => this.#startReader(transaction),
        (error: unknown) => transaction.unreachable(error),
      );
      return;
    }
    const alone = [transaction];
    try {
      // A transaction needs at least one store.
      const scope = transaction.tables.length === 0 ? [LOG_OUTBOX] : transaction.tables;
      this.#begin(this.#raw(database, scope, 'readonly'), () => alone.pop()).passOn(true);
    } catch (error) {
      transaction.refused(error);
    }
  }

  /** Begins a transaction for those that wait, if there is none that they join by themselves. */
  #startWriters(): void {
    const database = this.#database;
    if (this.#dead || this.#writing !== null || this.#writers.length === 0) return;
    if (database === null) {
      const unreachable = (error: unknown) => {
        for (const writer of this.#writers.splice(0)) writer.unreachable(error);
      };
      this.#connect().then(() => this.#startWriters(), unreachable);
      return;
    }
    try {
      const raw = this.#raw(database, [...database.objectStoreNames], 'readwrite');
      let room = MOST_IN_A_GROUP;
      this.#writing = this.#begin(raw, () => (room-- > 0 ? this.#nextWriter() : undefined));
    } catch (error) {
      this.#nextWriter()?.refused(error);
      this.#startWriters();
      return;
    }
    this.#writing.passOn(true);
  }

  #nextWriter(): OpenTransaction | undefined {
    let writer = this.#writers.shift();
    while (writer?.isWanted === false) writer = this.#writers.shift();
    return writer;
  }

  #raw(database: IDBDatabase, scope: readonly string[], mode: TransactionMode): IDBTransaction {
    try {
      return database.transaction(scope, mode, { durability: 'relaxed' });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'InvalidStateError') this.#database = null;
      throw error;
    }
  }

  #begin(raw: IDBTransaction, next: () => OpenTransaction | undefined): TransactionGroup {
    const group = new TransactionGroup({
      raw,
      next,
      full: () => {
        if (this.#writing !== group) return;
        this.#writing = null;
        this.#startWriters();
      },
      ended: () => this.#open.delete(group),
    });
    this.#open.add(group);
    return group;
  }
}
