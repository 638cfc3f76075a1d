import type { CircuitBreakerSettings, CircuitState } from '../../../../kernel/index.ts';
import { isLegalTransition, legalTransitions } from '../../../../patterns/index.ts';
import { type BreakerView, formatSize } from '../../../../projections/index.ts';
import { STATES, stateName } from './state-words.ts';

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

const WIDTH = 372;
const HEIGHT = 196;
const BOX_HEIGHT = 28;
const BOXES: Readonly<Record<CircuitState, Box>> = {
  CLOSED: { x: 4, y: 22, width: 96 },
  OPEN: { x: 272, y: 22, width: 96 },
  HALF_OPEN: { x: 131, y: 92, width: 110 },
  METRICS_ONLY: { x: 4, y: 164, width: 122 },
  FORCED_OPEN: { x: 135, y: 164, width: 118 },
  DISABLED: { x: 262, y: 164, width: 106 },
};

interface Arrow {
  readonly from: CircuitState;
  readonly to: CircuitState;
  readonly d: string;
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
}

/** What a breaker does by itself. */
const arrowsOf = (settings: CircuitBreakerSettings): readonly Arrow[] => [
  {
    from: 'CLOSED',
    to: 'OPEN',
    d: 'M100,36H266',
    label: `≥ ${settings.failureRateThreshold} % fail`,
    x: 186,
    y: 29,
    anchor: 'middle',
  },
  {
    from: 'OPEN',
    to: 'HALF_OPEN',
    d: 'M338,50V106H247',
    label: `after ${formatSize(settings.waitDurationInOpenStateMs)}`,
    x: 336,
    y: 121,
    anchor: 'end',
  },
  {
    from: 'HALF_OPEN',
    to: 'OPEN',
    d: 'M214,92C218,66 244,58 284,53',
    label: 'probes fail',
    x: 256,
    y: 80,
    anchor: 'start',
  },
  {
    from: 'HALF_OPEN',
    to: 'CLOSED',
    d: 'M131,106H52V56',
    label: 'probes succeed',
    x: 58,
    y: 84,
    anchor: 'start',
  },
];

const middleOf = ({ x, width }: Box): number => x + width / 2;
const isBottom = (state: CircuitState): boolean => BOXES[state].y > 150;

/** Where the ways by hand run side by side, above the lower row. */
const BUS_Y = 150;
/** Beside the arrows of what happens by itself. */
const LANES: Readonly<Record<CircuitState, number>> = {
  CLOSED: 20,
  OPEN: 358,
  HALF_OPEN: 186,
  METRICS_ONLY: 65,
  FORCED_OPEN: 194,
  DISABLED: 315,
};

/** From box to box, where a hand may lead it. */
function handPath(from: CircuitState, to: CircuitState): string {
  const a = BOXES[from];
  const b = BOXES[to];
  if (!isBottom(from) && !isBottom(to)) {
    // Above: OPEN → CLOSED is the only one without an arrow of its own, besides those out of HALF_OPEN.
    return `M${middleOf(a)},${a.y}C${middleOf(a)},2 ${middleOf(b)},2 ${middleOf(b)},${b.y - 3}`;
  }
  const start = isBottom(from) ? a.y : a.y + BOX_HEIGHT;
  const end = isBottom(to) ? b.y - 3 : b.y + BOX_HEIGHT + 3;
  return `M${LANES[from]},${start}V${BUS_Y}H${LANES[to]}V${end}`;
}

/** All of it in words, for those who do not see it. */
function inWords(view: BreakerView, arrows: readonly Arrow[]): string {
  const last = view.history.at(-1);
  const own = arrows.map(({ from, to, label }) => `${stateName(from)} to ${stateName(to)}: ${label}`);
  const here = legalTransitions(view.state).map(stateName).join(', ');
  return [
    `The breaker is ${stateName(view.state)}.`,
    last === undefined
      ? 'It has not changed yet.'
      : `Its last change was from ${stateName(last.before)} to ${stateName(last.after)}.`,
    `By itself it goes: ${own.join('; ')}.`,
    `By hand it can go from here to ${here}.`,
  ].join(' ');
}

/** The six states and the ways between them: the present one lit, the last way marked, the ways by hand dashed. */
export function StateChart({
  view,
  settings,
}: {
  readonly view: BreakerView;
  readonly settings: CircuitBreakerSettings;
}) {
  const arrows = arrowsOf(settings);
  const last = view.history.at(-1);
  const isLast = (from: CircuitState, to: CircuitState): boolean =>
    last !== undefined && last.before === from && last.after === to && last.cause !== 'new-life';
  const hasArrow = (from: CircuitState, to: CircuitState): boolean =>
    arrows.some((arrow) => arrow.from === from && arrow.to === to);
  const byHand = legalTransitions(view.state).filter((to) => !hasArrow(view.state, to));
  const lastByHand =
    last !== undefined && isLast(last.before, last.after) && !hasArrow(last.before, last.after) ? last : null;
  return (
    <svg
      className="state-chart"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={inWords(view, arrows)}
      data-testid="state-chart"
      data-state={view.state}
    >
      <defs>
        {['plain', 'last', 'hand'].map((kind) => (
          <marker
            key={kind}
            id={`chart-arrow-${kind}`}
            className={`chart-head chart-head-${kind}`}
            viewBox="0 0 8 8"
            refX="6"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0,0L8,4L0,8z" />
          </marker>
        ))}
      </defs>
      {byHand.map((to) => (
        <path
          key={to}
          className="chart-hand"
          d={handPath(view.state, to)}
          markerEnd="url(#chart-arrow-hand)"
        />
      ))}
      {lastByHand !== null && (
        <path
          className="chart-way"
          data-last="true"
          data-hand="true"
          d={handPath(lastByHand.before, lastByHand.after)}
          markerEnd="url(#chart-arrow-last)"
        />
      )}
      {arrows.map(({ from, to, d, label, x, y, anchor }) => (
        <g key={`${from}/${to}`} data-last={isLast(from, to)} className="chart-arrow">
          <path
            className="chart-way"
            data-last={isLast(from, to)}
            d={d}
            markerEnd={`url(#chart-arrow-${isLast(from, to) ? 'last' : 'plain'})`}
          />
          <text x={x} y={y} textAnchor={anchor}>
            {label}
          </text>
        </g>
      ))}
      {STATES.map((state) => {
        const { x, y, width } = BOXES[state];
        return (
          <g
            key={state}
            className="chart-state"
            data-state={state}
            data-lit={state === view.state}
            data-reached={state === view.state || isLegalTransition(view.state, state)}
          >
            <rect x={x} y={y} width={width} height={BOX_HEIGHT} rx="7" />
            <text x={x + width / 2} y={y + BOX_HEIGHT / 2 + 4.5} textAnchor="middle">
              {stateName(state)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
