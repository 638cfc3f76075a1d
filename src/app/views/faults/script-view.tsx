import { formatRunTimeTenths } from '../../../projections/index.ts';
import { useProjections, useRun } from '../../state/hooks.ts';
import { Empty } from '../../widgets/empty.tsx';
import { type ScriptRow, scriptRows } from './script-rows.ts';
import './faults.css';

const STATE_WORDS = { over: 'over', on: 'on now', planned: 'to come' } as const;
/** Beyond the present, where nothing planned reaches further. */
const AHEAD_US = 30_000_000;

/** The run's script: which fault was, is and will be on, and when. */
export default function ScriptView() {
  const { projections, nowUs } = useProjections(2);
  const scenario = useRun((state) => state.scenario);
  const rows = scriptRows(projections.faults, scenario, nowUs);
  if (rows.length === 0)
    return (
      <Empty>
        Nothing has gone wrong yet, and nothing is planned to. “More faults” in the controls can plan one,
        also again and again.
      </Empty>
    );
  const endUs = Math.max(nowUs + AHEAD_US, ...rows.map(({ fromUs, toUs }) => toUs ?? fromUs));
  return (
    <ol className="script-view" aria-label="Faults by time">
      {rows.map((row) => (
        <Row key={row.key} row={row} nowUs={nowUs} endUs={endUs} />
      ))}
    </ol>
  );
}

function Row({
  row: { fromUs, toUs, state, title },
  nowUs,
  endUs,
}: {
  readonly row: ScriptRow;
  readonly nowUs: number;
  readonly endUs: number;
}) {
  const share = (us: number): string => `${(100 * us) / endUs}%`;
  const until = toUs === null ? 'until cleared' : formatRunTimeTenths(toUs);
  return (
    <li className="script-row" data-state={state}>
      <span>
        {title} <span className="text-s text-muted">{STATE_WORDS[state]}</span>
      </span>
      <span className="num text-s">
        {formatRunTimeTenths(fromUs)} – {until}
      </span>
      <span className="script-track" aria-hidden="true">
        <span
          className="script-bar"
          style={{ left: share(fromUs), width: share((toUs ?? endUs) - fromUs) }}
        />
        <span className="script-now" style={{ left: share(nowUs) }} />
      </span>
    </li>
  );
}
