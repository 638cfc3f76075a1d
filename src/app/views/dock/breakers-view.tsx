import type { CircuitState } from '../../../kernel/index.ts';
import { type BreakerView, formatRunTime, serviceTitle } from '../../../projections/index.ts';
import { useProjections, useStores } from '../../state/hooks.ts';
import { BreakerState } from '../../widgets/breaker-state.tsx';
import { Empty } from '../../widgets/empty.tsx';

const WINDOW_US = 60_000_000;
const WORDS: Readonly<Record<CircuitState, string>> = {
  CLOSED: 'closed',
  OPEN: 'open',
  HALF_OPEN: 'half-open',
  DISABLED: 'disabled',
  FORCED_OPEN: 'forced open',
  METRICS_ONLY: 'metrics only',
};

interface Stretch {
  readonly state: CircuitState;
  readonly fromUs: number;
  readonly toUs: number;
}

/** What the breaker was, stretch by stretch, in the time that is shown. */
function stretches(breaker: BreakerView, fromUs: number, nowUs: number): Stretch[] {
  const found: Stretch[] = [];
  let state: CircuitState = breaker.history[0]?.before ?? breaker.state;
  let since = fromUs;
  for (const change of breaker.history) {
    if (change.timeUs > fromUs) found.push({ state, fromUs: since, toUs: change.timeUs });
    state = change.after;
    since = Math.max(fromUs, change.timeUs);
  }
  found.push({ state, fromUs: since, toUs: nowUs });
  return found;
}

const HEIGHT = 30;
/** Below this a stretch is too narrow for its name. */
const NAMED_SHARE = 0.1;

/** The failure rate over time, as steps. */
function ratePath(breaker: BreakerView, fromUs: number, nowUs: number): string {
  let d = '';
  let y: number | null = null;
  const at = (timeUs: number) => (1000 * (Math.max(timeUs, fromUs) - fromUs)) / Math.max(1, nowUs - fromUs);
  for (const sample of breaker.samples) {
    const next = sample.failureRate < 0 ? null : HEIGHT - (sample.failureRate / 100) * HEIGHT;
    if (next !== null)
      d +=
        y === null
          ? `M${at(sample.timeUs).toFixed(1)},${next.toFixed(1)}`
          : `H${at(sample.timeUs).toFixed(1)}V${next.toFixed(1)}`;
    else if (y !== null) d += `H${at(sample.timeUs).toFixed(1)}`;
    y = next;
  }
  return y === null ? d : `${d}H1000`;
}

/** Every breaker over the last minute of run time. */
export function BreakersView() {
  const { view } = useStores();
  const { projections, nowUs } = useProjections(2);
  const list = [...projections.breakers.byKey.values()].sort(
    (a, b) => b.history.length - a.history.length || a.key.localeCompare(b.key),
  );
  if (list.length === 0)
    return (
      <Empty>
        No call has gone through a breaker yet. Each caller keeps one for every service that it calls.
      </Empty>
    );
  const fromUs = Math.max(0, nowUs - WINDOW_US);
  const share = (timeUs: number) => `${(100 * (timeUs - fromUs)) / Math.max(1, nowUs - fromUs)}%`;
  return (
    <div className="breakers">
      <div className="breaker-row breaker-axis num" aria-hidden="true">
        <span />
        <span />
        <span className="flex justify-between">
          <span>{formatRunTime(fromUs)}</span>
          <span>now {formatRunTime(nowUs)}</span>
        </span>
      </div>
      <ul>
        {list.map((breaker) => (
          <li key={breaker.key}>
            <button
              type="button"
              className="breaker-row"
              onClick={() => view.select({ kind: 'edge', from: breaker.from, to: breaker.to })}
            >
              <span className="truncate">
                <span className="mono">{breaker.instance}</span> → {serviceTitle(breaker.to)}
              </span>
              <BreakerState breaker={breaker} nowUs={nowUs} />
              <span className="breaker-lane">
                {stretches(breaker, fromUs, nowUs).map((stretch) => (
                  <span
                    key={`${stretch.fromUs}/${stretch.state}`}
                    className="stretch"
                    data-state={stretch.state}
                    title={WORDS[stretch.state]}
                    style={{
                      left: share(stretch.fromUs),
                      width: `calc(${share(stretch.toUs)} - ${share(stretch.fromUs)})`,
                    }}
                  >
                    {stretch.state === 'CLOSED' ||
                    (stretch.toUs - stretch.fromUs) / Math.max(1, nowUs - fromUs) < NAMED_SHARE
                      ? ''
                      : WORDS[stretch.state]}
                  </span>
                ))}
                <svg
                  className="rate-line"
                  viewBox={`0 0 1000 ${HEIGHT}`}
                  preserveAspectRatio="none"
                  aria-hidden="true"
                >
                  <line x1="0" x2="1000" y1={HEIGHT / 2} y2={HEIGHT / 2} className="rate-half" />
                  <path
                    d={ratePath(breaker, fromUs, nowUs)}
                    className="rate-path"
                    vectorEffect="non-scaling-stroke"
                  />
                </svg>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <p className="p-2 text-s text-muted">
        The line is the failure rate (dotted: 50 %). A breaker belongs to one instance of the caller.
      </p>
    </div>
  );
}
