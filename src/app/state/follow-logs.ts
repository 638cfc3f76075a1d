import type { RunEvent } from '../../kernel/index.ts';
import type { RunHistory } from '../../projections/index.ts';
import type { RunStore } from './run-store.ts';

interface LogFold {
  add(event: RunEvent): void;
}

/** How far a fold of a run's log has come: to the moment that is shown, or to the end of what is recorded. */
type UpTo = 'shown' | 'recorded';

export interface Followed<Fold> {
  readonly fold: Fold;
  /** Of the moment that was shown when it was asked. */
  readonly nowUs: number;
}

const EVERY_MS = 400;
const PART = 2000;

/** Keeps up with a run's log; when it is to stand at an earlier moment, it is folded again up to there. */
class Follower<Fold extends LogFold> {
  readonly #store: RunStore;
  readonly #begin: () => Fold;
  readonly #upTo: UpTo;
  #fold: Fold;
  #seq = -1;
  #history: RunHistory | null = null;

  constructor(store: RunStore, begin: () => Fold, upTo: UpTo) {
    this.#store = store;
    this.#begin = begin;
    this.#upTo = upTo;
    this.#fold = begin();
  }

  async read(): Promise<Followed<Fold>> {
    const history = this.#store.recording()?.history ?? null;
    const { projections, nowUs } = this.#store.getState();
    const shownSeq = projections.facts.lastSeq;
    const lastSeq = this.#upTo === 'shown' ? shownSeq : (history?.lastSeq ?? shownSeq);
    if (history !== this.#history || lastSeq < this.#seq) {
      this.#history = history;
      this.#fold = this.#begin();
      this.#seq = -1;
    }
    while (history !== null && this.#seq < lastSeq) {
      const events = await history.events(this.#seq + 1, Math.min(lastSeq, this.#seq + PART));
      if (events.length === 0) break;
      for (const event of events) this.#fold.add(event);
      this.#seq = events.at(-1)?.seq ?? lastSeq;
    }
    return { fold: this.#fold, nowUs };
  }
}

/** Folds the logs of runs as they go on, and shows what has come of it a few times a second. Gives the way to stop. */
export function followLogs<Fold extends LogFold>(
  stores: readonly RunStore[],
  begin: () => Fold,
  upTo: UpTo,
  show: (followed: readonly Followed<Fold>[]) => void,
): () => void {
  const followers = stores.map((store) => new Follower(store, begin, upTo));
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let shown = '';
  const look = async () => {
    const moment = stores.map((store) => store.getState().tick).join('/');
    if (moment !== shown) {
      shown = moment;
      const followed = await Promise.all(followers.map((follower) => follower.read()));
      if (!stopped) show(followed);
    }
    if (!stopped) timer = setTimeout(() => void look(), EVERY_MS);
  };
  void look();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
