import { type IDBPDatabase, openDB } from 'idb';
import { LOG_OUTBOX } from './run-databases.ts';

/** Opens a service's database if it exists; null when there is none (opening must not make one). */
export async function openExisting(
  name: string,
  closed: () => void = () => {},
): Promise<IDBPDatabase | null> {
  try {
    const database = await openDB(name, undefined, {
      upgrade(_database, _from, _to, transaction) {
        transaction.done.catch(() => {}); // that it was aborted is no news
        transaction.abort();
      },
      blocking(_current, _blocked, event) {
        (event.target as IDBDatabase).close();
        closed();
      },
      terminated: closed,
    });
    if (database.objectStoreNames.contains(LOG_OUTBOX)) return database;
    database.close();
    return null;
  } catch {
    return null;
  }
}
