import type { EventId, RunEvent, RunEventOf, RunEventType, RunSettings } from '../kernel/index.ts';
import type { Commit, LoggedRows, RowListener } from './rows.ts';

/** One thing that must not have happened, in words, with the events that show it. */
export interface Violation {
  readonly invariant: string;
  readonly message: string;
  readonly events: readonly EventId[];
}

/** What the databases hold in the end: by service, by table, rows of JSON. */
export type FinalTables = Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>;

export type Report = (message: string, ...events: readonly RunEvent[]) => void;

/** What all checkers of a run share. */
export interface RunView {
  /** The databases as the log has told of them so far, the present commit included. */
  readonly rows: LoggedRows;
  /** null until they are known. */
  readonly settings: RunSettings | null;
  /**
   * For what holds between two databases: the check runs after this event when the log has the order in
   * which things happened, else at the log's end (a live run's log may tell of a commit late).
   */
  later(check: () => void): void;
}

/** How a log ends. */
export interface LogEnd {
  /** The faults are over and the log goes on until all has come to rest. */
  readonly healed: boolean;
  readonly tables: FinalTables | undefined;
}

/** An invariant that follows one run. It hears only of what it asks for. */
export interface Checker {
  readonly events?: { readonly [Type in RunEventType]?: (event: RunEventOf<Type>) => void };
  readonly everyEvent?: (event: RunEvent) => void;
  /** By table. */
  readonly rows?: Readonly<Record<string, RowListener>>;
  /** Once a transaction's last row was heard of. */
  readonly committed?: (commit: Commit) => void;
  readonly end?: (end: LogEnd) => void;
}

/** Something that holds in every run, whatever fails. It reads nothing but what is given. */
export interface Invariant {
  /** `INV-1` … */
  readonly id: string;
  readonly title: string;
  follow(run: RunView, report: Report): Checker;
}

export const defineChecker = (id: string, title: string, follow: Invariant['follow']): Invariant => ({
  id,
  title,
  follow,
});
