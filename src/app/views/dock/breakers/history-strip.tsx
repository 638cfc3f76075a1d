import type { CircuitState } from '../../../../kernel/index.ts';
import {
  type BreakerChange,
  type BreakerView,
  changeReason,
  formatRunTime,
  formatRunTimeTenths,
} from '../../../../projections/index.ts';
import { useRun, useStores } from '../../../state/hooks.ts';
import { stateName } from './state-words.ts';

interface Stretch {
  readonly state: CircuitState;
  readonly fromUs: number;
  readonly toUs: number;
}

/** What the breaker was, stretch by stretch. */
function stretches(history: readonly BreakerChange[], state: CircuitState, untilUs: number): Stretch[] {
  const found: Stretch[] = [];
  let fromUs = 0;
  let was = history[0]?.before ?? state;
  for (const { timeUs, after } of history) {
    found.push({ state: was, fromUs, toUs: timeUs });
    fromUs = timeUs;
    was = after;
  }
  found.push({ state: was, fromUs, toUs: untilUs });
  return found;
}

/** Below this a stretch is too narrow for its name. */
const NAMED_SHARE = 0.11;

/** Its states over the whole run; a stretch, or a line of the list, leads to the moment where it begins. */
export function HistoryStrip({ view, nowUs }: { readonly view: BreakerView; readonly nowUs: number }) {
  const { run } = useStores();
  const headUs = useRun((state) => Math.max(1, state.headUs));
  const share = (timeUs: number) => (100 * timeUs) / headUs;
  return (
    <div className="breaker-strip" aria-hidden="true">
      {stretches(view.history, view.state, nowUs).map(({ state, fromUs, toUs }) => (
        <button
          key={`${fromUs}/${state}`}
          type="button"
          tabIndex={-1}
          className="stretch"
          data-state={state}
          title={`${stateName(state)} from ${formatRunTimeTenths(fromUs)}`}
          style={{ left: `${share(fromUs)}%`, width: `${share(toUs - fromUs)}%` }}
          onClick={() => void run.scrub(fromUs)}
        >
          {(toUs - fromUs) / headUs < NAMED_SHARE ? '' : stateName(state)}
        </button>
      ))}
      <span className="strip-now" style={{ left: `${Math.min(100, share(nowUs))}%` }} />
      <span className="strip-from num">{formatRunTime(0)}</span>
      <span className="strip-to num">{formatRunTime(headUs)}</span>
    </div>
  );
}

const SHOWN = 60;

/** Every change, the newest first, and why. */
export function ChangeList({ view }: { readonly view: BreakerView }) {
  const { run } = useStores();
  if (view.history.length === 0)
    return <p className="text-s text-muted">It has been {stateName(view.state)} since its first call.</p>;
  const older = view.forgotten + Math.max(0, view.history.length - SHOWN);
  return (
    <ol className="change-list" aria-label="Changes, the newest first">
      {view.history
        .slice(-SHOWN)
        .reverse()
        .map((change) => (
          <li key={`${change.timeUs}/${change.after}`}>
            <button
              type="button"
              className="row-link"
              title="Show this moment"
              onClick={() => void run.scrub(change.timeUs)}
            >
              <span className="num mono">{formatRunTimeTenths(change.timeUs)}</span>
              <span className="breaker-state" data-state={change.after}>
                {stateName(change.after)}
              </span>
              <span className="truncate">{changeReason(change)}</span>
            </button>
          </li>
        ))}
      {older > 0 && <li className="text-s text-muted">… and {older} earlier</li>}
    </ol>
  );
}
