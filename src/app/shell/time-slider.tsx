import { formatRunTime, formatRunTimeTenths, type Mark, type MarkKind } from '../../projections/index.ts';
import { useRun, useStores } from '../state/hooks.ts';

/** Marks nearer than this to each other are drawn as one: the gravest. */
const PLACES = 160;
const GRAVITY: readonly MarkKind[] = ['healed', 'deploy', 'undone', 'breaker', 'stuck', 'crash', 'fault'];

interface PlacedMark {
  readonly share: number;
  readonly mark: Mark;
}

/** One mark per place, so that a long run costs no more than a short one. */
export function placeMarks(marks: readonly Mark[], headUs: number): PlacedMark[] {
  const places = new Map<number, Mark>();
  for (const mark of marks) {
    const place = Math.min(PLACES, Math.floor((mark.timeUs / Math.max(1, headUs)) * PLACES));
    const there = places.get(place);
    if (there === undefined || GRAVITY.indexOf(mark.kind) > GRAVITY.indexOf(there.kind))
      places.set(place, mark);
  }
  return [...places].map(([place, mark]) => ({ share: place / PLACES, mark }));
}

/** The recorded run from its beginning to now; dragged, or moved by its keys, it shows that moment. */
export function TimeSlider() {
  const { run } = useStores();
  const nowUs = useRun((state) => state.nowUs);
  const headUs = useRun((state) => state.headUs);
  const following = useRun((state) => state.following);
  const ready = useRun((state) => state.phase === 'ready');
  const lab = useRun((state) => state.run !== null && state.run.lab !== null);
  return (
    <div className="time-slider">
      <Marks />
      <input
        type="range"
        min={0}
        max={Math.max(headUs, 1)}
        step={10_000}
        value={nowUs}
        disabled={!ready}
        aria-label="Moment of the recorded run"
        aria-valuetext={`${formatRunTimeTenths(nowUs)} of ${formatRunTimeTenths(headUs)}`}
        onChange={(event) => void run.scrub(Number(event.target.value))}
        data-testid="slider"
      />
      <button
        type="button"
        className="live-btn"
        aria-pressed={following}
        disabled={!ready}
        title={following ? 'What is shown is now' : `Back to ${formatRunTime(headUs)}`}
        onClick={run.follow}
        data-testid="follow"
      >
        <span className="live-dot" aria-hidden="true" />
        {lab ? 'Now' : 'Live'}
      </button>
    </div>
  );
}

function Marks() {
  const marks = useRun((state) => state.marks);
  const headUs = useRun((state) => state.headUs);
  return (
    <div className="time-marks" aria-hidden="true">
      {placeMarks(marks, headUs).map(({ share, mark }) => (
        <span
          key={mark.seq}
          className="time-mark"
          data-kind={mark.kind}
          title={`${formatRunTime(mark.timeUs)} ${mark.text}`}
          style={{ left: `${share * 100}%` }}
        />
      ))}
    </div>
  );
}
