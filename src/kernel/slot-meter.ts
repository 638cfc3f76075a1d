import type { Semaphore } from './coordination.ts';
import { elapsedMs, type RunTimeUs } from './units.ts';

/** How many slots are in use on average, between two readings. */
export class SlotMeter {
  readonly #slots: Semaphore;
  readonly #now: () => RunTimeUs;
  #readUs: RunTimeUs;
  #changedUs: RunTimeUs;
  /** Slots × ms. */
  #busy = 0;

  constructor(slots: Semaphore, now: () => RunTimeUs) {
    this.#slots = slots;
    this.#now = now;
    this.#readUs = now();
    this.#changedUs = this.#readUs;
    slots.changes = () => this.#add();
  }

  /** Since the reading before. */
  read(): number {
    this.#add();
    const overMs = elapsedMs(this.#readUs, this.#changedUs);
    const average = overMs > 0 ? this.#busy / overMs : this.#slots.used;
    this.#readUs = this.#changedUs;
    this.#busy = 0;
    return Math.round(average * 1000) / 1000;
  }

  stop(): void {
    this.#slots.changes = null;
  }

  #add(): void {
    const nowUs = this.#now();
    this.#busy += this.#slots.used * elapsedMs(this.#changedUs, nowUs);
    this.#changedUs = nowUs;
  }
}
