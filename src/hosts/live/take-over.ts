import { openDB } from 'idb';
import { openExisting } from './open-existing.ts';
import { takeoverOf, VERSIONS_PER_TAKEOVER } from './run-databases.ts';

/**
 * Takes a service's database away from the workers of earlier starts of the run, which may outlive their page for a
 * moment: they let go of it before this is done, and cannot open it again (`openServiceDatabase`). So what they have
 * committed can be read now, and nothing is added to it. Gives the number of the takeover; 0: no such database.
 */
export async function takeOver(name: string): Promise<number> {
  for (;;) {
    const before = await openExisting(name);
    if (before === null) return 0;
    const takeover = takeoverOf(before) + 1;
    before.close();
    try {
      (await openDB(name, takeover * VERSIONS_PER_TAKEOVER)).close();
      return takeover;
    } catch (error) {
      // One of them has given it another table meanwhile.
      if (!(error instanceof DOMException && error.name === 'VersionError')) throw error;
    }
  }
}
