import { Check, LoaderCircle, SkipForward, X } from 'lucide-react';
import { formatSize, type ReleaseView, type StageView } from '../../../../projections/index.ts';
import { STAGES } from './words.ts';

function icon({ outcome }: StageView) {
  if (outcome === 'passed') return <Check size={13} aria-hidden="true" />;
  if (outcome === 'failed') return <X size={13} aria-hidden="true" />;
  if (outcome === 'skipped') return <SkipForward size={13} aria-hidden="true" />;
  return <LoaderCircle size={13} aria-hidden="true" />;
}

const leftMs = ({ untilUs }: StageView, nowUs: number): number | null =>
  untilUs === null ? null : Math.max(0, (untilUs - nowUs) / 1000);

/** The stages of a release in their order, each with how it ended. */
export function StageSteps({ release, nowUs }: { readonly release: ReleaseView; readonly nowUs: number }) {
  return (
    <ol className="release-stages">
      {release.stages.map((stage) => {
        const left = stage.outcome === null ? leftMs(stage, nowUs) : null;
        return (
          <li key={`${stage.stage} ${stage.fromUs}`} data-outcome={stage.outcome ?? 'on'}>
            {icon(stage)}
            {STAGES[stage.stage]}
            <span className="sr-only">{stage.outcome ?? 'goes on'}</span>
            {left !== null && (
              <span className="num text-muted">{formatSize(Math.ceil(left / 100) * 100)}</span>
            )}
          </li>
        );
      })}
    </ol>
  );
}
