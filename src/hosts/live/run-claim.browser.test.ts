import { deleteDB, openDB } from 'idb';
import { afterEach, describe, expect, it } from 'vitest';
import { type Claim, claimNewRun, claimRun, cleanUpAbandonedRuns } from './run-claim.ts';

const claims: Claim[] = [];
const kept = async (claim: Promise<Claim>): Promise<Claim> => {
  claims.push(await claim);
  return await claim;
};

/** As on plain http, where browsers have no Web Locks. */
function withoutLocks(): () => void {
  Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true });
  return () => Reflect.deleteProperty(navigator, 'locks');
}

let restore = () => {};
afterEach(() => {
  restore();
  restore = () => {};
  for (const claim of claims.splice(0)) claim.release();
  sessionStorage.clear();
});

describe.each(['Web Locks', 'a challenge to the other tabs'])('a run belongs to one tab, by %s', (by) => {
  const prepare = () => {
    if (by !== 'Web Locks') restore = withoutLocks();
  };

  it('a reload comes back to its run; a copy of the tab gets one of its own', async () => {
    prepare();
    const first = await kept(claimRun('shop/1'));
    expect(first.duplicated).toBe(false);
    first.release();
    const reloaded = await kept(claimRun('shop/1'));
    expect(reloaded.runId).toBe(first.runId);
    // The copy has the same session storage, and the run is held.
    const copy = await kept(claimRun('shop/1'));
    expect(copy.duplicated).toBe(true);
    expect(copy.runId).not.toBe(first.runId);
  });

  it('another setup is another run', async () => {
    prepare();
    const first = await kept(claimRun('shop/1'));
    first.release();
    const other = await kept(claimRun('shop/2'));
    expect(other.runId).not.toBe(first.runId);
    expect(other.duplicated).toBe(false);
  });
});

describe('cleaning up', () => {
  it('deletes the databases of runs that nobody has, and only those', async () => {
    const own = await kept(claimNewRun('shop/1'));
    const others = await kept(claimNewRun('shop/1'));
    const gone = await claimNewRun('shop/1');
    gone.release();
    const names = [
      `bulkhead/${own.runId}/log`,
      `bulkhead/${others.runId}/log`,
      `bulkhead/${gone.runId}/shop/order`,
      'somebody-else/x/y',
    ];
    for (const name of names) (await openDB(name, 1)).close();
    await cleanUpAbandonedRuns(own.runId, (name) => deleteDB(name));
    const left = (await indexedDB.databases()).map(({ name }) => name);
    expect(names.map((name) => left.includes(name))).toEqual([true, true, false, true]);
    for (const name of names) await deleteDB(name);
  });

  it('without Web Locks it keeps what may belong to a tab that is asleep', async () => {
    restore = withoutLocks();
    const own = await kept(claimNewRun('shop/1'));
    const recent = await claimNewRun('shop/1');
    recent.release();
    const old = `${(Date.now() - 25 * 3_600_000).toString(36)}-abc`;
    const names = [`bulkhead/${recent.runId}/log`, `bulkhead/${old}/log`];
    for (const name of names) (await openDB(name, 1)).close();
    await cleanUpAbandonedRuns(own.runId, (name) => deleteDB(name));
    const left = (await indexedDB.databases()).map(({ name }) => name);
    expect(names.map((name) => left.includes(name))).toEqual([true, false]);
    for (const name of names) await deleteDB(name);
  });
});
