import { useEffect, useState } from 'react';
import { type BlastRadiusView, BlastTimeline } from '../../../experiments/index.ts';
import { followLogs } from '../../state/follow-logs.ts';
import { useRun, useStores } from '../../state/hooks.ts';
import { blastShown } from './blast-words.ts';

/** The blast radius at the moment that is shown; null: nothing is, or was a moment ago, broken. */
export function useBlastRadius(): BlastRadiusView | null {
  const { run } = useStores();
  // Wrapped anew whenever it has grown, so that it is asked again.
  const [{ timeline }, setFollowed] = useState<{ readonly timeline: BlastTimeline | null }>({
    timeline: null,
  });
  useEffect(
    () =>
      followLogs(
        [run],
        () => new BlastTimeline(),
        'recorded',
        ([followed]) => {
          if (followed !== undefined) setFollowed({ timeline: followed.fold });
        },
      ),
    [run],
  );
  return useRun(({ projections, nowUs }) =>
    timeline === null ? null : blastShown(timeline.at(projections.facts.lastSeq), nowUs),
  );
}
