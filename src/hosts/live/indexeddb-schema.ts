import { type IDBPDatabase, openDB, unwrap } from 'idb';
import type { TableShape } from './messages.ts';
import { LOG_OUTBOX, takeoverOf } from './run-databases.ts';

/** Numbered by the database, so that its commits are told in the order in which they were made. */
const SHAPE_OF_OUTBOX: TableShape = { name: LOG_OUTBOX, key: 'number', indexes: {} };

export interface OpenCallbacks {
  /** The connection is gone; `lost`: not for another instance's upgrade, but because somebody took the database away. */
  closed(lost: boolean): void;
}

const keyPathOf = (store: { readonly keyPath: string | string[] | null }): string => String(store.keyPath);

function covers(database: IDBPDatabase, tables: readonly TableShape[]): boolean {
  if (tables.some((table) => !database.objectStoreNames.contains(table.name))) return false;
  const transaction = database.transaction(tables.map((table) => table.name));
  return tables.every((table) => {
    const store = transaction.objectStore(table.name);
    if (keyPathOf(store) !== table.key) return false;
    return Object.entries(table.indexes).every(
      ([name, field]) => store.indexNames.contains(name) && keyPathOf(store.index(name)) === field,
    );
  });
}

/**
 * Opens a service's database with all its tables, the log outbox among them. A database that lacks
 * some gets them by a version upgrade; several instances may do this at once. Throws when a later start of the run
 * has taken it over than the one of `takeover`.
 */
export async function openServiceDatabase(
  name: string,
  serviceTables: readonly TableShape[],
  takeover: number,
  callbacks: OpenCallbacks,
): Promise<IDBDatabase> {
  const tables = [...serviceTables, SHAPE_OF_OUTBOX];
  let version: number | undefined;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    let database: IDBPDatabase;
    try {
      database = await openDB(name, version, {
        upgrade(opened, _from, _to, transaction) {
          for (const table of tables) {
            const exists = opened.objectStoreNames.contains(table.name);
            // A store under another key belongs to another version of the program: its rows cannot be kept.
            if (exists && keyPathOf(transaction.objectStore(table.name)) !== table.key)
              opened.deleteObjectStore(table.name);
            const store = opened.objectStoreNames.contains(table.name)
              ? transaction.objectStore(table.name)
              : opened.createObjectStore(table.name, {
                  keyPath: table.key,
                  autoIncrement: table === SHAPE_OF_OUTBOX,
                });
            for (const [index, field] of Object.entries(table.indexes)) {
              if (store.indexNames.contains(index)) store.deleteIndex(index);
              store.createIndex(index, field);
            }
          }
        },
        blocking(_current, _blocked, event) {
          (event.target as IDBDatabase).close();
          callbacks.closed(event.newVersion === null);
        },
        terminated: () => callbacks.closed(true),
      });
    } catch (error) {
      // Somebody else has upgraded meanwhile.
      if (error instanceof DOMException && error.name === 'VersionError') {
        version = undefined;
        continue;
      }
      throw error;
    }
    if (takeoverOf(database) > takeover) {
      database.close();
      throw new Error(`The database ${name} belongs to a later start of the run.`);
    }
    if (covers(database, tables)) return unwrap(database);
    version = database.version + 1;
    database.close();
  }
  throw new Error(`The database ${name} could not be given its tables.`);
}
