import { percentile, samplesOf } from './samples.ts';

/** Enough for a p95, and bounded however long the run is. */
const KEPT = 200;
const FEWEST = 5;
const P95 = 0.95;
/** So many times the healthy p95 is late. */
const TIMES = 2;

/** How long things take in a healthy shop, by name, and what is late by that measure. */
export class HealthyPace {
  readonly #tookUs = new Map<string, number[]>();
  #lateUs: ReadonlyMap<string, number> = new Map();

  add(name: string, tookUs: number): void {
    const kept = this.#tookUs.get(name) ?? [];
    kept.push(tookUs);
    if (kept.length > KEPT) kept.shift();
    this.#tookUs.set(name, kept);
  }

  /** From here on what was added so far is the measure. */
  freeze(): void {
    const lateUs = new Map<string, number>();
    for (const [name, took] of this.#tookUs) {
      const p95 = took.length < FEWEST ? null : percentile(samplesOf(took), P95);
      if (p95 !== null) lateUs.set(name, TIMES * p95);
    }
    this.#lateUs = lateUs;
  }

  isLate(name: string, tookUs: number): boolean {
    return tookUs > (this.#lateUs.get(name) ?? Number.POSITIVE_INFINITY);
  }
}
