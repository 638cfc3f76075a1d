import type { RunEvent } from '../../kernel/index.ts';
import { isStop, type Mark, markOf, type Packing, RunHistory, type Stop } from '../../projections/index.ts';
import type { Scenario } from '../../setups/index.ts';
import type { PageRun } from './page-run.ts';

const MARKS_KEPT = 4000;
const MOST_BYTES = 64 * 1024 * 1024;

/** Where a run has its past from. */
export interface Parting {
  readonly from: string;
  readonly atUs: number;
}

/** A run with all that was recorded of it. */
export class Recording {
  readonly id: string;
  readonly title: string;
  readonly run: PageRun;
  readonly scenario: Scenario;
  readonly history: RunHistory;
  /** null: it has its past from nobody. */
  readonly parted: Parting | null;
  /** In order of time; another list whenever there is a new one. */
  marks: readonly Mark[] = [];
  /** What stands out in the log, for stops: the seq of the latest event of its kind. */
  readonly lastStop: Record<Stop, number> = { breaker: -1, undone: -1, event: -1 };
  readonly #listeners = new Set<(recording: Recording) => void>();
  readonly #stop: () => void;

  constructor(
    about: {
      readonly id: string;
      readonly title: string;
      readonly scenario: Scenario;
      readonly run: PageRun;
      readonly parted: Parting | null;
    },
    packing: Packing,
  ) {
    this.id = about.id;
    this.title = about.title;
    this.run = about.run;
    this.scenario = about.scenario;
    this.parted = about.parted;
    this.history = new RunHistory({ packing, maxBytes: MOST_BYTES });
    this.#stop = about.run.subscribe((events) => {
      this.#add(events);
      for (const listener of this.#listeners) listener(this);
    });
  }

  /** Calls back whenever the run has gone on; gives the way to stop. */
  onHeard(listener: (recording: Recording) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#stop();
  }

  #add(events: readonly RunEvent[]): void {
    let fresh = events;
    const begun = events.findLastIndex(({ seq }) => seq === 0);
    if (begun >= 0 && this.history.lastSeq >= 0) {
      // A reset: the setup begins again, with nothing of what was.
      this.history.clear();
      this.marks = [];
      for (const stop of STOPS) this.lastStop[stop] = -1;
      fresh = events.slice(begun);
    } else if ((events[0]?.seq ?? 0) <= this.history.lastSeq) {
      fresh = events.filter(({ seq }) => seq > this.history.lastSeq);
    }
    this.history.append(fresh);
    const marks = fresh.flatMap((event) => markOf(event) ?? []);
    if (marks.length > 0) this.marks = [...this.marks, ...marks].slice(-MARKS_KEPT);
    for (const event of fresh) {
      for (const stop of STOPS) if (isStop(event, stop)) this.lastStop[stop] = event.seq;
    }
  }
}

export const STOPS: readonly Stop[] = ['breaker', 'undone', 'event'];
