import type { LiveRun, Notice } from '../../hosts/live/index.ts';
import type { Json, RunEvent, ServiceName } from '../../kernel/index.ts';
import type { Stop } from '../../projections/index.ts';
import type { CommandResult, Scenario } from '../../setups/index.ts';
import type { Recording } from './recording.ts';

export type { Notice } from '../../hosts/live/index.ts';
export type { CommandResult } from '../../setups/index.ts';

/** How far a long piece of work is, and the way to end it early. */
export interface JobOptions {
  readonly progress: (share: number) => void;
  readonly signal: AbortSignal;
}

/** What was found by doing a run again. */
export interface AgainResult {
  readonly same: boolean;
  readonly events: number;
  readonly logHash: string;
}

/** What only a run in the Lab can do. */
export interface LabPowers {
  readonly seed: number;
  /** Lets everything up to a moment happen, as fast as it goes. */
  runTo(timeUs: number, options: JobOptions): Promise<void>;
  /** Where playing stops by itself; the run then stands at that very event. */
  stopAt(stop: Stop | null): void;
  /** What it still is to stop at; null once it has. */
  stopsAt(): Stop | null;
  /** Another run with the same past up to a moment and the same arrivals to come; null: it was cancelled. */
  fork(atUs: number, options: JobOptions): Promise<PageRun | null>;
  /** Gives another run this one's clock, where both stand at the same moment; gives the way to part them again. */
  beside(other: PageRun): () => void;
  /** Does something while all runs of one clock stand at the same moment. */
  between(act: () => void): Promise<void>;
  /** Does it all again and compares by the log's hash; null: it was cancelled. */
  again(options: JobOptions): Promise<AgainResult | null>;
}

/** A run as the page knows it, live or in the Lab. */
export interface PageRun {
  /** Checks a command and does it; what is refused has changed nothing. */
  command(command: unknown): Promise<CommandResult>;
  /** Hears all that has happened, and then each batch, in order. A `seq` of 0 again is a run begun anew. */
  subscribe(listener: (events: readonly RunEvent[]) => void): () => void;
  clock(): { readonly nowUs: number; readonly paused: boolean; readonly speed: number };
  /** A service's rows as its database has them now, by table. */
  tables(service: ServiceName): Promise<Record<string, readonly Json[]>>;
  notices(): readonly Notice[];
  onNotice(listener: (notices: readonly Notice[]) => void): () => void;
  stop(): Promise<void>;
  /** null: it is live. */
  readonly lab: LabPowers | null;
}

/** Begins a run; what it says on the way is for the person who waits. */
export type StartRun = (onProgress: (text: string) => void) => Promise<StartedRun>;

export interface StartedRun {
  readonly run: PageRun;
  /** What it was made of. */
  readonly scenario: Scenario;
  /** It is recorded already, by somebody who goes on with it afterwards. */
  readonly recording?: Recording;
}

const LATEST_BYTES = 1024 * 1024;

/** A live run as the page knows it. */
export const livePageRun = (run: LiveRun): PageRun => ({
  command: (command) => run.command(command),
  subscribe: (listener) => {
    const before = run.events();
    if (before.length > 0) listener(before);
    // The recording has it from here on; twice would be too much.
    run.keepLatest(LATEST_BYTES);
    return run.subscribe(listener);
  },
  clock: () => run.clock(),
  tables: (service) => run.tables(service),
  notices: () => run.notices(),
  onNotice: (listener) => run.onNotice(listener),
  stop: () => run.stop(),
  lab: null,
});
