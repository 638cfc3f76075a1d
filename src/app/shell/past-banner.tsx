import { History } from 'lucide-react';
import { formatRunTimeTenths } from '../../projections/index.ts';
import { useActions, useRun, useStores } from '../state/hooks.ts';

/** Says that a moment of the past is shown, and the ways on from there. */
export function PastBanner() {
  const { run } = useStores();
  const actions = useActions();
  const following = useRun((state) => state.following);
  const text = useRun((state) => formatRunTimeTenths(state.nowUs));
  const lab = useRun((state) => state.run !== null && state.run.lab !== null);
  if (following) return null;
  return (
    <div className="past-banner" role="status" data-testid="past">
      <History size={16} aria-hidden="true" />
      <span>
        You are looking at <b className="num">{text}</b>
      </span>
      <button type="button" className="btn btn-small" onClick={run.follow}>
        {lab ? 'Back to now' : 'Back to live'}
      </button>
      {lab ? (
        <button type="button" className="btn btn-small" onClick={() => void run.fork()} data-testid="fork">
          Fork here
        </button>
      ) : (
        <button type="button" className="btn btn-small" onClick={actions.toLab}>
          Take it to the Lab
        </button>
      )}
    </div>
  );
}
