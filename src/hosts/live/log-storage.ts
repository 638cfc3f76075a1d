import { type IDBPDatabase, openDB } from 'idb';
import type { ScheduledFault } from '../../faults/index.ts';
import type { RunEvent, RunId, RunSettings, RunTimeUs } from '../../kernel/index.ts';
import type { Setup } from '../../setups/index.ts';
import { logDatabase } from './run-databases.ts';

/** What a run must remember besides its events, to go on after the page was reloaded. */
export interface RunMemory {
  readonly setup: Setup;
  readonly settings: RunSettings;
  readonly speed: number;
  readonly paused: boolean;
  readonly lastUs: RunTimeUs;
  /** How often this run has been started, counting from 1: the run's own incarnation. */
  readonly starts: number;
  /** By instance: lives that were begun. Written before a life begins, so that none is counted twice. */
  readonly incarnations: Readonly<Record<string, number>>;
  /** Scheduled faults that have neither begun nor been cleared. Runs of earlier versions do not say. */
  readonly toCome?: readonly ScheduledFault[];
}

interface Segment {
  readonly firstSeq: number;
  readonly events: readonly RunEvent[];
}

const SEGMENTS = 'segments';
const MEMORY = 'memory';
const MEMORY_KEY = 'run';

/** Somebody deletes the run, or goes on with it. */
const letGo = (_current: number, _blocked: number | null, event: IDBVersionChangeEvent): void =>
  (event.target as IDBDatabase).close();

/** A run's log and memory on disk: the database `bulkhead/<run>/log`. */
export class LogStorage {
  readonly #database: IDBPDatabase;

  private constructor(database: IDBPDatabase) {
    this.#database = database;
  }

  /** Null where the browser lets us keep nothing. */
  static async open(run: RunId): Promise<LogStorage | null> {
    if (typeof indexedDB === 'undefined') return null;
    try {
      const name = logDatabase(run);
      let isNew = false;
      const before = await openDB(name, undefined, {
        upgrade(opened) {
          opened.createObjectStore(SEGMENTS, { keyPath: 'firstSeq' });
          opened.createObjectStore(MEMORY);
          isNew = true;
        },
        blocking: letGo,
      });
      if (isNew) return new LogStorage(before);
      // The hub of the page before may still be at work: it lets go of the log, and has no way back to it.
      before.close();
      const database = await openDB(name, before.version + 1, { blocking: letGo });
      return new LogStorage(database);
    } catch {
      return null;
    }
  }

  async memory(): Promise<RunMemory | null> {
    return ((await this.#database.get(MEMORY, MEMORY_KEY)) as RunMemory | undefined) ?? null;
  }

  async remember(memory: RunMemory): Promise<void> {
    await this.#database.put(MEMORY, memory, MEMORY_KEY);
  }

  /** Adds numbered events, and what to remember beside them, in one transaction. */
  async append(events: readonly RunEvent[], memory: RunMemory): Promise<void> {
    const transaction = this.#database.transaction([SEGMENTS, MEMORY], 'readwrite', {
      durability: 'relaxed',
    });
    const [first] = events;
    if (first !== undefined) {
      const segment: Segment = { firstSeq: first.seq, events };
      void transaction.objectStore(SEGMENTS).put(segment);
    }
    void transaction.objectStore(MEMORY).put(memory, MEMORY_KEY);
    await transaction.done;
  }

  /** All events in order, segment by segment. */
  async read(each: (events: readonly RunEvent[]) => void): Promise<void> {
    let cursor = await this.#database.transaction(SEGMENTS).store.openCursor();
    while (cursor !== null) {
      each((cursor.value as Segment).events);
      cursor = await cursor.continue();
    }
  }

  close(): void {
    this.#database.close();
  }
}
