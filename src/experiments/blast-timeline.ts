import type { RunEvent } from '../kernel/index.ts';
import { BlastRadius, type BlastRadiusView } from './blast-radius.ts';

interface Change {
  readonly seq: number;
  readonly view: BlastRadiusView | null;
}

/** Some hours of a busy shop. */
const KEPT = 20_000;

/** The blast radius at every moment of a run: what it became, and when, so that nothing is folded twice. */
export class BlastTimeline {
  readonly #blast = new BlastRadius();
  #changes: Change[] = [];

  add(event: RunEvent): void {
    this.#blast.add(event);
    const { view } = this.#blast;
    if (view === (this.#changes.at(-1)?.view ?? null)) return;
    this.#changes.push({ seq: event.seq, view });
    // By halves, so that it is rare.
    if (this.#changes.length > 2 * KEPT) this.#changes = this.#changes.slice(-KEPT);
  }

  /** Right after event `seq`. */
  at(seq: number): BlastRadiusView | null {
    let from = 0;
    let to = this.#changes.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#changes[middle]?.seq ?? 0) <= seq) from = middle + 1;
      else to = middle;
    }
    return this.#changes[from - 1]?.view ?? null;
  }
}
