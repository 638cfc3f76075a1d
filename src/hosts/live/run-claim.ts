import { type RunId, runId } from '../../kernel/index.ts';
import { othersGone } from './run-alive.ts';
import { runOfDatabase } from './run-databases.ts';

// A run belongs to one tab. Duplicating a tab copies its sessionStorage, and with it the run's id.

const SESSION_KEY = 'bulkhead/run';
const CHANNEL = 'bulkhead/runs';
/** A reloaded page's predecessor may take a moment to let go. */
const RETRY_FOR_MS = 600;
const RETRY_EVERY_MS = 50;
const ANSWER_WITHIN_MS = 250;
/** Without Web Locks a frozen tab cannot answer for its run, so only old ones are taken as abandoned. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

export interface Claim {
  readonly runId: RunId;
  /** Another tab has the run that this one came with, so it got a run of its own. */
  readonly duplicated: boolean;
  release(): void;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The time is in it, so that the age of an abandoned run can be told. */
function newRunId(): RunId {
  const random = crypto.getRandomValues(new Uint32Array(2));
  return runId(`${Date.now().toString(36)}-${[...random].map((part) => part.toString(36)).join('')}`);
}

const ageOfRunMs = (run: string): number => Date.now() - Number.parseInt(run.split('-')[0] ?? '', 36);

/** `setup`: a run of another setup is not continued. */
export async function claimRun(setup: string): Promise<Claim> {
  const before = rememberedRun(setup);
  if (before !== null) {
    for (const started = performance.now(); ; await wait(RETRY_EVERY_MS)) {
      const release = await tryClaim(before);
      if (release !== null) {
        await othersGone(before);
        return { runId: before, duplicated: false, release };
      }
      if (performance.now() - started > RETRY_FOR_MS) break;
    }
  }
  return { ...(await claimNewRun(setup)), duplicated: before !== null };
}

/** A run id of this tab's own. */
export async function claimNewRun(setup: string): Promise<Claim> {
  const run = newRunId();
  const release = await tryClaim(run);
  try {
    sessionStorage.setItem(SESSION_KEY, JSON.stringify({ run, setup }));
  } catch {
    // Without session storage a reload begins a new run.
  }
  return { runId: run, duplicated: false, release: release ?? (() => {}) };
}

function rememberedRun(setup: string): RunId | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(SESSION_KEY) ?? 'null') as {
      run?: unknown;
      setup?: unknown;
    } | null;
    return kept !== null && typeof kept.run === 'string' && kept.setup === setup ? runId(kept.run) : null;
  } catch {
    return null;
  }
}

/** Gives the way to let go, or null when another tab has it. */
async function tryClaim(run: RunId): Promise<(() => void) | null> {
  const locks: LockManager | undefined = navigator.locks;
  if (locks !== undefined) {
    const byLock = await claimByLock(locks, run);
    if (byLock !== 'unsupported') return byLock;
  }
  return await claimByChannel(run);
}

function claimByLock(locks: LockManager, run: RunId): Promise<(() => void) | null | 'unsupported'> {
  return new Promise((resolve) => {
    locks
      .request(`bulkhead/run/${run}`, { ifAvailable: true }, (lock) => {
        if (lock === null) {
          resolve(null);
          return undefined;
        }
        // Held until this is resolved, or the page is gone.
        return new Promise<void>((release) => resolve(release));
      })
      .catch(() => resolve('unsupported'));
  });
}

type Challenge =
  | { readonly ask: string; readonly nonce: string }
  | { readonly mine: string; readonly nonce: string };

/** Asks the other tabs; whoever has the run says so, and the older of two who ask at once wins. */
async function claimByChannel(run: RunId): Promise<(() => void) | null> {
  if (typeof BroadcastChannel === 'undefined') return () => {};
  const channel = new BroadcastChannel(CHANNEL);
  const nonce = crypto.getRandomValues(new Uint32Array(2)).join('-');
  let taken = false;
  let held = false;
  channel.onmessage = ({ data }: MessageEvent<Challenge>) => {
    if (data.nonce === nonce) return;
    if ('ask' in data && data.ask === run && (held || nonce < data.nonce))
      channel.postMessage({ mine: run, nonce });
    if ('mine' in data && data.mine === run && !held) taken = true;
  };
  channel.postMessage({ ask: run, nonce });
  await wait(ANSWER_WITHIN_MS);
  if (taken) {
    channel.close();
    return null;
  }
  held = true;
  return () => channel.close();
}

/** Deletes the databases of runs that no tab has. */
export async function cleanUpAbandonedRuns(
  own: RunId,
  deleteDatabase: (name: string) => Promise<void>,
): Promise<void> {
  if (typeof indexedDB === 'undefined' || typeof indexedDB.databases !== 'function') return;
  const names = (await indexedDB.databases()).flatMap(({ name }) => (name === undefined ? [] : [name]));
  const runs = new Set(names.flatMap((name) => runOfDatabase(name) ?? []));
  const locks: LockManager | undefined = navigator.locks;
  for (const run of runs) {
    if (run === own) continue;
    if (locks === undefined && !(ageOfRunMs(run) > ABANDONED_AFTER_MS)) continue;
    const release = await tryClaim(runId(run));
    if (release === null) continue;
    for (const name of names) if (runOfDatabase(name) === run) await deleteDatabase(name);
    release();
  }
}
