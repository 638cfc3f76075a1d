import { type BreakerOutcome, type BreakerTally, type BreakerWindow } from '../../../../projections/index.ts';

const WIDTH = 480;

/** How large a cell is drawn: all of them fit into a few rows. */
const cellOf = (size: number): number =>
  size <= 24 ? WIDTH / Math.max(20, size) : size <= 120 ? 12 : size <= 400 ? 7 : 5;

const signOf = ({ failed, slow }: BreakerOutcome): string =>
  `${failed ? 'failed' : 'succeeded'}${slow ? ', slow' : ''}`;

/** A circle for what went well, a diamond for what did not; slow has a bar below it. */
function Outcome({
  outcome,
  x,
  y,
  cell,
}: {
  readonly outcome: BreakerOutcome;
  readonly x: number;
  readonly y: number;
  readonly cell: number;
}) {
  const middleX = x + cell / 2;
  const middleY = y + cell / 2;
  const radius = cell * 0.34;
  const reach = cell * 0.46;
  return (
    <g data-outcome={signOf(outcome)}>
      {outcome.failed ? (
        <path
          className="outcome-failed"
          d={`M${middleX},${middleY - reach}L${middleX + reach},${middleY}L${middleX},${middleY + reach}L${middleX - reach},${middleY}z`}
        />
      ) : (
        <circle className="outcome-ok" cx={middleX} cy={middleY} r={radius} />
      )}
      {outcome.slow && (
        <rect
          className="outcome-slow"
          x={x + 1}
          y={y + cell}
          width={cell - 2}
          height={Math.max(1.5, cell / 6)}
        />
      )}
    </g>
  );
}

const inWords = (window: BreakerWindow, { calls, failures, slowCalls, minimum }: BreakerTally): string => {
  const what = window.kind === 'count' ? `the last ${window.size} calls` : `the last ${window.size} seconds`;
  const decides =
    calls < minimum
      ? ` It decides from ${minimum} calls on.`
      : ` It may decide: at least ${minimum} were counted.`;
  return `Window of ${what}: ${calls} counted, ${failures} failed, ${slowCalls} slow.${decides}`;
};

/** What the breaker looks at, outcome by outcome, the oldest first. */
export function WindowDrawing({
  window,
  tally,
}: {
  readonly window: BreakerWindow;
  readonly tally: BreakerTally;
}) {
  const label = inWords(window, tally);
  return window.kind === 'count' ? (
    <CountWindow window={window} tally={tally} label={label} />
  ) : (
    <TimeWindow window={window} label={label} />
  );
}

function CountWindow({
  window,
  tally,
  label,
}: {
  readonly window: Extract<BreakerWindow, { kind: 'count' }>;
  readonly tally: BreakerTally;
  readonly label: string;
}) {
  const { size, outcomes, ignoredUs } = window;
  const cell = cellOf(size);
  const gap = Math.max(2, cell / 5);
  const columns = Math.floor(WIDTH / cell + 1e-9);
  const rows = Math.ceil(size / columns);
  const place = (index: number) => ({
    x: (index % columns) * cell,
    y: 12 + Math.floor(index / columns) * (cell + gap),
  });
  const cells = Array.from({ length: size }, (_, index) => place(index));
  const minimumAt = tally.minimum < size ? place(tally.minimum) : null;
  return (
    <svg
      className="window-drawing"
      viewBox={`0 0 ${WIDTH} ${14 + rows * (cell + gap)}`}
      role="img"
      aria-label={label}
      data-testid="breaker-window"
    >
      {cells.map(({ x, y }, index) => {
        const outcome = outcomes[index];
        return outcome === undefined ? (
          <circle
            // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
            key={index}
            className="outcome-none"
            cx={x + cell / 2}
            cy={y + cell / 2}
            r={Math.max(0.8, cell * 0.12)}
          />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
          <Outcome key={index} outcome={outcome} x={x} y={y} cell={cell} />
        );
      })}
      {ignoredUs.map((timeUs, index) => {
        const before = outcomes.findIndex((outcome) => outcome.timeUs > timeUs);
        const { x, y } = place(before < 0 ? outcomes.length : before);
        return (
          <path
            // biome-ignore lint/suspicious/noArrayIndexKey: two may end at the same moment
            key={`${timeUs}/${index}`}
            className="outcome-ignored"
            data-outcome="ignored"
            d={`M${x - 2},${y - 4}h4`}
          />
        );
      })}
      {minimumAt !== null && (
        <g className="window-minimum">
          <path d={`M${minimumAt.x},${minimumAt.y - 4}v${cell + 6}`} />
          <text x={minimumAt.x + 3} y={10}>
            {minimumAt.y > 12 ? '' : `from ${tally.minimum} calls`}
          </text>
        </g>
      )}
    </svg>
  );
}

const COLUMN_HEIGHT = 48;

function TimeWindow({
  window,
  label,
}: {
  readonly window: Extract<BreakerWindow, { kind: 'time' }>;
  readonly label: string;
}) {
  const { size, seconds } = window;
  const width = WIDTH / size;
  const most = Math.max(4, ...seconds.map(({ outcomes }) => outcomes.length));
  const unit = COLUMN_HEIGHT / most;
  return (
    <svg
      className="window-drawing"
      viewBox={`0 0 ${WIDTH} ${COLUMN_HEIGHT + 4}`}
      role="img"
      aria-label={label}
      data-testid="breaker-window"
      preserveAspectRatio="none"
    >
      {seconds.map(({ second, outcomes }, index) => {
        const failed = outcomes.filter((outcome) => outcome.failed).length;
        const slow = outcomes.filter((outcome) => outcome.slow).length;
        const x = index * width + width * 0.12;
        const wide = width * 0.76;
        const bar = (className: string, from: number, to: number) => (
          <rect
            className={className}
            x={x}
            width={wide}
            y={COLUMN_HEIGHT - to * unit}
            height={(to - from) * unit}
          />
        );
        return (
          <g key={second} data-second={second} data-calls={outcomes.length} data-failed={failed}>
            <title>{`${outcomes.length} calls, ${failed} failed, ${slow} slow`}</title>
            <rect className="second-none" x={x} width={wide} y={COLUMN_HEIGHT} height={1.5} />
            {failed > 0 && bar('outcome-failed', 0, failed)}
            {outcomes.length > failed && bar('second-ok', failed, outcomes.length)}
            {slow > 0 && (
              <rect className="outcome-slow" x={x} width={wide} y={COLUMN_HEIGHT + 2} height={2} />
            )}
          </g>
        );
      })}
    </svg>
  );
}
