import { useEffect, useState } from 'react';
import { type SideFigures, SideMeasurement } from '../../../experiments/index.ts';
import type { Comparison } from '../../state/comparison.ts';
import { countedFromUs } from '../../state/counted-from.ts';
import { followLogs } from '../../state/follow-logs.ts';
import { useRun, useStores } from '../../state/hooks.ts';

/** What is counted of both sides, and since when. */
export interface Sides {
  /** Of the run that the controls are for, and of its peer. */
  readonly figures: readonly [SideFigures, SideFigures];
  readonly fromUs: number;
}

/** The figures of both sides at the moment that is shown, computed from their two logs; null: not yet. */
export function useSides(comparison: Comparison): Sides | null {
  const { run } = useStores();
  const { peer } = comparison;
  // The faults of one side tell it for both: one moment, or nothing could be compared.
  const fromUs = useRun(({ projections, nowUs }) => countedFromUs(comparison, projections.faults, nowUs));
  const [sides, setSides] = useState<Sides | null>(null);
  useEffect(
    () =>
      followLogs(
        [run, peer],
        () => new SideMeasurement(fromUs / 1000),
        'shown',
        (followed) => {
          const [one, other] = followed.map(({ fold, nowUs }) => fold.at(nowUs));
          if (one !== undefined && other !== undefined) setSides({ figures: [one, other], fromUs });
        },
      ),
    [run, peer, fromUs],
  );
  return sides;
}
