import { CircleDashed, ShieldAlert, ShieldCheck } from 'lucide-react';
import { formatRunTime, formatSize, preservationView } from '../../../../projections/index.ts';
import { useProjections } from '../../../state/hooks.ts';

const WORDS = {
  counting: 'evicts: enough renew',
  'too-few': 'would evict nobody: too few renew',
  keeping: 'preserves itself: evicts nobody',
} as const;

/** Self-preservation, with the figures that decide. */
export function PreservationFacts() {
  const { projections, nowUs } = useProjections(2);
  const settings = projections.facts.settings?.registry;
  const view = preservationView(projections, nowUs, settings);
  const { keeping } = projections.discovery;
  const Icon = view === null ? CircleDashed : view.state === 'keeping' ? ShieldAlert : ShieldCheck;
  return (
    <section aria-label="Self-preservation">
      <h3 className="section-title">Self-preservation</h3>
      <p className="belief" data-verdict={view?.state === 'keeping' ? 'stale' : 'agrees'}>
        <Icon size={14} aria-hidden="true" />
        <span className="belief-word">
          {view !== null
            ? WORDS[view.state]
            : settings?.selfPreservation == null
              ? 'off: whoever is overdue is dropped'
              : 'on: nothing is counted yet'}
        </span>
      </p>
      {view !== null && (
        <dl className="facts">
          <div>
            <dt>last {formatSize(view.windowMs)}</dt>
            <dd className="num">
              {view.renewals} of {view.expected} renewals
            </dd>
          </div>
          <div>
            <dt>evicts above</dt>
            <dd className="num">{view.threshold}</dd>
          </div>
          <div>
            <dt>so far in this</dt>
            <dd className="num">
              {view.soFar} in {formatSize(Math.round(view.windowPassedMs / 1000) * 1000)}
            </dd>
          </div>
          {keeping !== null && (
            <div>
              <dt>keeps since {formatRunTime(keeping.sinceUs)}</dt>
              <dd className="mono">{keeping.kept.join(', ')}</dd>
            </div>
          )}
        </dl>
      )}
    </section>
  );
}
