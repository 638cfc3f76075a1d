import { useEffect, useState } from 'react';
import { type SideFigures, SideMeasurement } from '../../../experiments/index.ts';
import { followLogs } from '../../state/follow-logs.ts';
import type { RunStore } from '../../state/run-store.ts';

export interface Sides {
  readonly services: SideFigures;
  readonly monolith: SideFigures;
}

/** Customers come from here on; what the shops do to open is not compared. */
export const COMPARED_FROM_MS = 2000;

/** The figures of both sides at the moment that is shown, computed from their two logs. */
export function useSides(left: RunStore, right: RunStore): Sides | null {
  const [sides, setSides] = useState<Sides | null>(null);
  useEffect(
    () =>
      followLogs(
        [left, right],
        () => new SideMeasurement(COMPARED_FROM_MS),
        'shown',
        (followed) => {
          const [services, monolith] = followed.map(({ fold, nowUs }) => fold.at(nowUs));
          if (services !== undefined && monolith !== undefined) setSides({ services, monolith });
        },
      ),
    [left, right],
  );
  return sides;
}
