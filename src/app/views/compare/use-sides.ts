import { useEffect, useState } from 'react';
import { type SideFigures, SideMeasurement } from '../../../experiments/index.ts';
import type { Comparison } from '../../state/comparison.ts';
import { followLogs } from '../../state/follow-logs.ts';
import type { RunStore } from '../../state/run-store.ts';

/** Of the run that the controls are for, and of its peer. */
export type Sides = readonly [SideFigures, SideFigures];

/** The figures of both sides at the moment that is shown, computed from their two logs. */
export function useSides(left: RunStore, { peer, fromUs }: Comparison): Sides | null {
  const [sides, setSides] = useState<Sides | null>(null);
  useEffect(
    () =>
      followLogs(
        [left, peer],
        () => new SideMeasurement(fromUs / 1000),
        'shown',
        (followed) => {
          const [one, other] = followed.map(({ fold, nowUs }) => fold.at(nowUs));
          if (one !== undefined && other !== undefined) setSides([one, other]);
        },
      ),
    [left, peer, fromUs],
  );
  return sides;
}
