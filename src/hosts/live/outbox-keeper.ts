import type { IDBPDatabase } from 'idb';
import type { EventId, RunId, ServiceName } from '../../kernel/index.ts';
import { openExisting } from './open-existing.ts';
import type { OutboxEntry } from './open-transaction.ts';
import { LOG_OUTBOX, serviceDatabase } from './run-databases.ts';
import { takeOver } from './take-over.ts';

const DELETE_EVERY_MS = 1000;

/**
 * Empties the log outboxes of the services' databases. An entry stays until the run log has all of
 * its events on disk, so that whatever dies in between, a committed row is told of sooner or later.
 * Entries may be read twice: the sequencer knows what it has (RLOG-4).
 */
export class OutboxKeeper {
  readonly #databaseName: (service: ServiceName) => string;
  readonly #connections = new Map<ServiceName, Promise<IDBPDatabase | null>>();
  /** Events whose entry waits for them to be on disk. */
  readonly #waiting = new Map<
    EventId,
    { readonly service: ServiceName; readonly number: number; left: number }
  >();
  readonly #deletable = new Map<ServiceName, number[]>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #givenUp = false;

  constructor(run: RunId, composition: string) {
    this.#databaseName = (service) => serviceDatabase(run, composition, service);
  }

  /** Locks out whoever has a service's database from an earlier start (`takeOver`). */
  async takeOver(service: ServiceName): Promise<number> {
    return await takeOver(this.#databaseName(service));
  }

  /** An entry's events are on their way into the log. */
  expect(service: ServiceName, { number, events }: OutboxEntry): void {
    if (this.#givenUp) {
      this.#forget(service, number);
      return;
    }
    const entry = { service, number, left: 0 };
    for (const event of events) {
      if (this.#waiting.has(event.id)) continue;
      this.#waiting.set(event.id, entry);
      entry.left += 1;
    }
  }

  /** The log has these on disk. */
  stored(events: readonly { readonly id: EventId }[]): void {
    for (const { id } of events) {
      const entry = this.#waiting.get(id);
      if (entry === undefined) continue;
      this.#waiting.delete(id);
      entry.left -= 1;
      if (entry.left === 0) this.#forget(entry.service, entry.number);
    }
  }

  /** The log is not stored any more: entries wait for nothing, and would only fill the disk. */
  giveUp(): void {
    this.#givenUp = true;
    const entries = new Set(this.#waiting.values());
    this.#waiting.clear();
    for (const { service, number } of entries) this.#forget(service, number);
  }

  /** The database is gone, and its entries with it: in another one these numbers are others' entries. */
  lost(service: ServiceName): void {
    // This worker may not have heard of it yet, and would read what the others have given up.
    void this.#connections.get(service)?.then((database) => database?.close());
    this.#connections.delete(service);
    this.#deletable.delete(service);
    for (const [id, entry] of this.#waiting) if (entry.service === service) this.#waiting.delete(id);
  }

  /** The number of a database's latest commit; 0 when there is no such database. */
  async lastCommit(service: ServiceName): Promise<number> {
    const database = await this.#connect(service);
    if (database === null) return 0;
    try {
      // Its counter cannot be read, only used.
      const transaction = database.transaction(LOG_OUTBOX, 'readwrite', { durability: 'relaxed' });
      const number = Number(await transaction.store.add({ events: [] }));
      await transaction.store.delete(number);
      await transaction.done;
      return number;
    } catch {
      this.#connections.delete(service);
      return 0;
    }
  }

  /** All entries that a database holds, in the order of their commits; none when there is no such database. */
  async read(service: ServiceName): Promise<OutboxEntry[]> {
    const connection = this.#connect(service);
    const database = await connection;
    if (database === null) return [];
    try {
      const entries = (await database.getAll(LOG_OUTBOX)) as OutboxEntry[];
      // Not of a database that has been lost meanwhile.
      return this.#connections.get(service) === connection ? entries : [];
    } catch {
      this.#connections.delete(service);
      return [];
    }
  }

  /** Deletes an entry in one of the next batches. */
  #forget(service: ServiceName, number: number): void {
    const numbers = this.#deletable.get(service);
    if (numbers === undefined) this.#deletable.set(service, [number]);
    else numbers.push(number);
    this.#timer ??= setTimeout(() => void this.#deleteAll(), DELETE_EVERY_MS);
  }

  async #deleteAll(): Promise<void> {
    this.#timer = null;
    for (const [service, numbers] of [...this.#deletable]) {
      this.#deletable.delete(service);
      const database = await this.#connect(service);
      if (database === null) continue;
      try {
        const transaction = database.transaction(LOG_OUTBOX, 'readwrite', { durability: 'relaxed' });
        for (const [first, last] of stretchesOf(numbers))
          void transaction.store.delete(IDBKeyRange.bound(first, last));
        await transaction.done;
      } catch {
        // The connection has gone; the entries stay and are read once more at the next start.
        this.#connections.delete(service);
      }
    }
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const connection of this.#connections.values())
      void connection.then((database) => database?.close());
    this.#connections.clear();
  }

  #connect(service: ServiceName): Promise<IDBPDatabase | null> {
    const known = this.#connections.get(service);
    if (known !== undefined) return known;
    const connection = openExisting(this.#databaseName(service), () => this.#connections.delete(service));
    this.#connections.set(service, connection);
    void connection.then((database) => {
      if (database === null) this.#connections.delete(service);
    });
    return connection;
  }
}

/** The stretches without a gap that the numbers make: one request deletes a whole one. */
function stretchesOf(numbers: readonly number[]): [first: number, last: number][] {
  const stretches: [first: number, last: number][] = [];
  for (const number of numbers.toSorted((one, other) => one - other)) {
    const newest = stretches.at(-1);
    if (newest !== undefined && number <= newest[1] + 1) newest[1] = number;
    else stretches.push([number, number]);
  }
  return stretches;
}
