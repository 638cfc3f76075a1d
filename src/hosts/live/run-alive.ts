import type { RunId } from '../../kernel/index.ts';

// A page that is gone may leave its workers behind for a moment, and they still commit. Who goes on with the run
// would write into the log first what the databases have second.

/** A worker that outlives its page for longer than this is not waited for. */
const GONE_WITHIN_MS = 10_000;

const nameOf = (run: RunId): string => `bulkhead/alive/${run}`;

const locks = (): LockManager | undefined =>
  typeof navigator === 'undefined' ? undefined : (navigator.locks as LockManager | undefined);

/** A sign of life of this worker: the browser takes it away with the worker itself. Without Web Locks there is none. */
export function showAlive(run: RunId): void {
  locks()
    ?.request(nameOf(run), { mode: 'shared' }, () => new Promise<never>(() => {}))
    .catch(() => {});
}

/** Waits until no worker of an earlier page lives, or for long enough. */
export async function othersGone(run: RunId): Promise<void> {
  const signal = AbortSignal.timeout(GONE_WITHIN_MS);
  await locks()
    ?.request(nameOf(run), { mode: 'exclusive', signal }, () => undefined)
    .catch(() => {});
}
