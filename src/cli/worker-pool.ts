import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { StopSignal } from '../hosts/virtual/index.ts';

/** How a job ended. A job that threw, or whose thread died, does not end the others. */
export type JobOutcome<Job, Result> =
  | { readonly kind: 'done'; readonly job: Job; readonly result: Result }
  | { readonly kind: 'failed'; readonly job: Job; readonly error: Error };

export interface JobsOptions<Job> {
  /** The module that each thread runs; it must call `serveJobs`. Most often the caller's own bundle. */
  readonly script: URL;
  /** Taken one by one as threads become free, so it may be endless. Jobs are cloned to the threads. */
  readonly jobs: Iterable<Job>;
  /** For the message of an error: "seed 7". */
  readonly nameOf: (job: Job) => string;
  /** At most, and never more than there are cores; all of them if left out. */
  readonly threads?: number;
  /** Aborted: no further job begins, and those that run may end early (see `serveJobs`). */
  readonly signal?: AbortSignal;
  /** How long they may take to do so before their threads are ended (3 s). */
  readonly graceMs?: number;
  /** Hears what a job tells of itself while it runs. */
  readonly onProgress?: (job: Job, share: number) => void;
}

type Reply<Result> = { readonly result: Result } | { readonly error: Error };
type Message<Result> = Reply<Result> | { readonly progress: number };

interface Thread<Job> {
  readonly worker: Worker;
  job: Job | undefined;
}

/**
 * Runs jobs on worker threads and gives the outcomes as they come, in no particular order. Leaving the loop early
 * ends the threads.
 */
export async function* runJobs<Job, Result>(
  options: JobsOptions<Job>,
): AsyncGenerator<JobOutcome<Job, Result>> {
  const { script, nameOf, signal, graceMs = 3_000, onProgress } = options;
  const jobs = options.jobs[Symbol.iterator]();
  const stopFlag = new Int32Array(new SharedArrayBuffer(4));
  const threads = new Set<Thread<Job>>();
  const outcomes: JobOutcome<Job, Result>[] = [];
  let wake = (): void => {};
  let graceTimer: NodeJS.Timeout | undefined;

  const end = (thread: Thread<Job>): void => {
    threads.delete(thread);
    void thread.worker.terminate();
    wake();
  };
  const settle = (thread: Thread<Job>, reply: Reply<Result>): void => {
    const { job } = thread;
    if (job === undefined) return;
    thread.job = undefined;
    outcomes.push(
      'result' in reply
        ? { kind: 'done', job, result: reply.result }
        : { kind: 'failed', job, error: named(nameOf(job), reply.error) },
    );
    wake();
  };
  const giveNext = (thread: Thread<Job>): void => {
    const next = signal?.aborted ? undefined : jobs.next();
    if (next === undefined || next.done) return end(thread);
    thread.job = next.value;
    thread.worker.postMessage(next.value);
  };
  const start = (): void => {
    const thread: Thread<Job> = { worker: new Worker(script, { workerData: { stopFlag } }), job: undefined };
    threads.add(thread);
    thread.worker.on('message', (message: Message<Result>) => {
      if ('progress' in message) {
        if (thread.job !== undefined) onProgress?.(thread.job, message.progress);
        return;
      }
      settle(thread, message);
      giveNext(thread);
    });
    // Out of memory, or an error outside the job: the thread is lost, its place is not.
    const lose = (error: Error): void => {
      if (!threads.delete(thread)) return;
      settle(thread, { error });
      start();
    };
    thread.worker.on('error', lose);
    thread.worker.on('exit', (code) => lose(new Error(`its thread ended with code ${code}`)));
    giveNext(thread);
  };
  const onAbort = (): void => {
    Atomics.store(stopFlag, 0, 1);
    graceTimer = setTimeout(() => {
      for (const thread of threads) end(thread);
    }, graceMs);
  };

  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  try {
    const atOnce = Math.min(options.threads ?? Number.POSITIVE_INFINITY, availableParallelism());
    for (let n = 0; n < atOnce; n += 1) start();
    while (threads.size > 0 || outcomes.length > 0) {
      const outcome = outcomes.shift();
      if (outcome !== undefined) yield outcome;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    clearTimeout(graceTimer);
    signal?.removeEventListener('abort', onAbort);
    for (const thread of threads) end(thread);
  }
}

function named(name: string, error: Error): Error {
  return new Error(`${name}: ${error.message}`, { cause: error });
}

/**
 * The threads' side: answers each job with what `run` gives. `signal` is aborted once the caller wants no more:
 * `run` may then end early with what it has. `progress` tells how far it is, 0 … 1.
 */
export function serveJobs<Job, Result>(
  run: (job: Job, signal: StopSignal, progress: (share: number) => void) => Promise<Result>,
): void {
  const port = parentPort;
  if (isMainThread || port === null) throw new Error('serveJobs is for the threads that runJobs starts.');
  const { stopFlag } = workerData as { stopFlag: Int32Array };
  const signal: StopSignal = {
    get aborted() {
      return Atomics.load(stopFlag, 0) === 1;
    },
  };
  port.on('message', (job: Job) => {
    void run(job, signal, (progress) => port.postMessage({ progress } satisfies Message<Result>)).then(
      (result) => port.postMessage({ result } satisfies Reply<Result>),
      (thrown: unknown) => {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        port.postMessage({ error } satisfies Reply<Result>);
      },
    );
  });
}
