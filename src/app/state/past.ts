import type { StoreApi } from 'zustand/vanilla';
import type { RunEvent } from '../../kernel/index.ts';
import { isStop } from '../../projections/index.ts';
import type { Recording } from './recording.ts';
import type { RunState, RunStore } from './run-store.ts';

/** While the recording is played. */
const FRAME_MS = 33;
/** Events are looked through in parts of so many. */
const PART = 500;

/** A moment of the past. */
interface Cursor {
  readonly seq: number;
  readonly timeUs: number;
  playing: boolean;
}

export interface PastOptions {
  readonly store: StoreApi<RunState>;
  /** What is looked at; null: there is no run. */
  shown(): Recording | null;
  /** Goes to the same moments. */
  peer(): RunStore | null;
  /** Another moment is shown, or it plays, or no longer. */
  moved(): void;
  /** The run itself is to stand still. */
  pauseRun(): Promise<void>;
}

/** Looking at the past of the run that is shown: seeking, scrubbing, and playing what was recorded. */
export class Past {
  readonly #options: PastOptions;
  #cursor: Cursor | null = null;
  /** Where the slider is dragged, only the latest wish counts. */
  #wanted: { readonly seq: number; readonly timeUs: number } | null = null;
  #seeking: Promise<void> | null = null;

  constructor(options: PastOptions) {
    this.#options = options;
  }

  /** The moment that is shown; null: the present. */
  get cursor(): Readonly<Cursor> | null {
    return this.#cursor;
  }

  /** The present again; nobody is told. */
  leave(): void {
    this.#cursor = null;
    this.#wanted = null;
  }

  /** Back to where the run is. */
  follow(): void {
    if (this.#cursor === null) return;
    this.leave();
    this.#options.moved();
    this.#options.peer()?.follow();
  }

  /** Shows a moment, without pausing anything; the present when nothing is recorded after it. */
  async showAt(timeUs: number): Promise<void> {
    const shown = this.#options.shown();
    if (shown === null) return;
    if (timeUs >= shown.run.clock().nowUs) this.follow();
    else await this.#seek(Math.max(shown.history.firstSeq, shown.history.seqAt(timeUs)), timeUs);
  }

  /** Shows a moment; the run is paused. */
  async scrub(timeUs: number): Promise<void> {
    const shown = this.#options.shown();
    if (shown === null) return;
    if (timeUs < this.#options.store.getState().headUs) {
      await this.scrubToSeq(shown.history.seqAt(timeUs), timeUs);
      return;
    }
    await this.#options.pauseRun();
    this.follow();
  }

  /** Shows the moment of an event, or, where events leave a gap, `timeUs` after it; the run is paused. */
  async scrubToSeq(seq: number, timeUs?: number): Promise<void> {
    const shown = this.#options.shown();
    if (shown === null) return;
    await this.#options.pauseRun();
    const { history } = shown;
    const bounded = Math.max(history.firstSeq, Math.min(history.lastSeq, seq));
    this.pause();
    const moment = timeUs ?? history.timeOf(bounded);
    await Promise.all([this.#seek(bounded, moment), this.#options.peer()?.showAt(moment)]);
  }

  /** The next event, from the one that is shown, that `matches`; null: none is recorded. */
  async find(direction: 1 | -1, matches: (event: RunEvent) => boolean): Promise<number | null> {
    const shown = this.#options.shown();
    if (shown === null) return null;
    const { history } = shown;
    const from = this.#cursor?.seq ?? history.lastSeq;
    for (let at = from + direction; at >= history.firstSeq && at <= history.lastSeq; ) {
      const far =
        direction === 1 ? Math.min(history.lastSeq, at + PART) : Math.max(history.firstSeq, at - PART);
      const events = await history.events(Math.min(at, far), Math.max(at, far));
      const found = direction === 1 ? events.find(matches) : events.findLast(matches);
      if (found !== undefined) return found.seq;
      at = far + direction;
    }
    return null;
  }

  /** Plays the recording from the moment that is shown. */
  play(): void {
    if (this.#cursor === null || this.#cursor.playing) return;
    this.#cursor.playing = true;
    this.#options.moved();
    void this.#replay();
  }

  pause(): void {
    if (this.#cursor !== null) this.#cursor.playing = false;
  }

  async #seek(seq: number, timeUs: number): Promise<void> {
    this.#wanted = { seq, timeUs };
    this.#seeking ??= this.#seekWanted().finally(() => {
      this.#seeking = null;
    });
    await this.#seeking;
  }

  async #seekWanted(): Promise<void> {
    const { store, shown, moved } = this.#options;
    for (;;) {
      const wanted = this.#wanted;
      const recording = shown();
      if (wanted === null || recording === null) return;
      this.#wanted = null;
      const { following, projections } = store.getState();
      const next = await recording.history.seek(following ? null : projections, wanted.seq);
      if (recording !== shown()) return;
      this.#cursor = { ...wanted, playing: this.#cursor?.playing ?? false };
      store.setState({ projections: next });
      moved();
    }
  }

  async #replay(): Promise<void> {
    const { store, peer } = this.#options;
    let lastMs = performance.now();
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
      const at = this.#cursor;
      const shown = this.#options.shown();
      if (at?.playing !== true || shown === null) return;
      const nowMs = performance.now();
      const onUs = Math.min(nowMs - lastMs, 250) * 1000 * store.getState().speed;
      lastMs = nowMs;
      const { history } = shown;
      let timeUs = at.timeUs + onUs;
      let seq = Math.max(at.seq, history.seqAt(timeUs));
      const { stopAt } = store.getState();
      if (stopAt !== null && seq > at.seq) {
        const found = (await history.events(at.seq + 1, seq)).find((event) => isStop(event, stopAt));
        if (found !== undefined) {
          seq = found.seq;
          timeUs = history.timeOf(seq);
          at.playing = false;
          store.setState({ stopAt: null });
          shown.run.lab?.stopAt(null);
        }
      }
      if (at.playing && timeUs >= shown.run.clock().nowUs) {
        this.follow();
        // The recording is over: from here on it is the run itself.
        await shown.run.command({ type: 'run.resume' });
        this.#options.moved();
        return;
      }
      await Promise.all([this.#seek(seq, timeUs), peer()?.showAt(timeUs)]);
    }
  }
}
