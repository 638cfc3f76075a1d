import { useEffect, useState } from 'react';
import { type SideFigures, SideMeasurement } from '../../../experiments/index.ts';
import type { RunHistory } from '../../../projections/index.ts';
import type { RunStore } from '../../state/run-store.ts';

export interface Sides {
  readonly services: SideFigures;
  readonly monolith: SideFigures;
}

/** Customers come from here on; what the shops do to open is not compared. */
export const COMPARED_FROM_MS = 2000;
const MEASURE_EVERY_MS = 400;
const PART = 2000;

/** Keeps up with one side's log; when the past is shown, it is measured again up to there. */
class Follower {
  #measurement = new SideMeasurement(COMPARED_FROM_MS);
  #seq = -1;
  #history: RunHistory | null = null;

  async at(store: RunStore): Promise<SideFigures> {
    const history = store.recording()?.history ?? null;
    const { projections, nowUs } = store.getState();
    const { lastSeq } = projections.facts;
    if (history !== this.#history || lastSeq < this.#seq) {
      this.#history = history;
      this.#measurement = new SideMeasurement(COMPARED_FROM_MS);
      this.#seq = -1;
    }
    while (history !== null && this.#seq < lastSeq) {
      const events = await history.events(this.#seq + 1, Math.min(lastSeq, this.#seq + PART));
      if (events.length === 0) break;
      for (const event of events) this.#measurement.add(event);
      this.#seq = events.at(-1)?.seq ?? lastSeq;
    }
    return this.#measurement.at(nowUs);
  }
}

/** The figures of both sides at the moment that is shown, computed from their two logs. */
export function useSides(left: RunStore, right: RunStore): Sides | null {
  const [sides, setSides] = useState<Sides | null>(null);
  useEffect(() => {
    const followers = [new Follower(), new Follower()] as const;
    let stopped = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let shown = '';
    const measure = async () => {
      const moment = `${left.getState().tick}/${right.getState().tick}`;
      if (moment !== shown) {
        shown = moment;
        const [services, monolith] = await Promise.all([followers[0].at(left), followers[1].at(right)]);
        if (!stopped) setSides({ services, monolith });
      }
      if (!stopped) timer = setTimeout(() => void measure(), MEASURE_EVERY_MS);
    };
    void measure();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [left, right]);
  return sides;
}
