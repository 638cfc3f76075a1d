import { memo, type ReactNode } from 'react';
import type { ServiceName } from '../../kernel/index.ts';
import { formatDuration, type Success, serviceTitle } from '../../projections/index.ts';
import { useRun } from '../state/hooks.ts';
import type { RunState } from '../state/run-store.ts';
import { figuresOf } from '../views/diagram/edges.tsx';
import { Term } from '../widgets/term.tsx';

const share = (success: Success): string =>
  success.share === null ? '–' : `${Math.round(success.share * 100)} %`;
const bad = (success: Success): boolean => success.share !== null && success.share < 0.95;

interface FigureProps {
  readonly label: string;
  readonly tip: string;
  readonly select: (state: RunState) => {
    readonly text: string;
    readonly bad: boolean;
    readonly more?: string;
  };
}

const Figure = memo(function Figure({ label, tip, select }: FigureProps) {
  const { text, bad: failing, more } = useRun(select);
  return (
    <div className="figure" data-bad={failing}>
      <dt>
        <Term tip={more === undefined || more === '' ? tip : `${tip} ${more}`}>{label}</Term>
      </dt>
      <dd className="num">
        {failing && <span className="fault-mark" aria-hidden="true" />}
        {text}
      </dd>
    </div>
  );
});

const successOf = (kind: 'orders' | 'browsing' | 'status') => (state: RunState) => {
  const success = figuresOf(state)[kind];
  return {
    text: share(success),
    bad: bad(success),
    more:
      success.declined > 0
        ? `Refused by the shop itself (card, stock): ${success.declined}, not counted.`
        : '',
  };
};

const SELECT = {
  orders: successOf('orders'),
  browsing: successOf('browsing'),
  status: successOf('status'),
  goodput: (state: RunState) => {
    const { goodput } = figuresOf(state);
    return { text: goodput === null ? '–' : `${goodput.toFixed(1)}/s`, bad: false };
  },
  undone: (state: RunState) => ({ text: String(figuresOf(state).undone), bad: false }),
  stuck: (state: RunState) => ({ text: String(figuresOf(state).stuck), bad: figuresOf(state).stuck > 0 }),
  halfDone: (state: RunState) => {
    const { halfDone, oldestHalfDoneMs } = figuresOf(state);
    return {
      text: String(halfDone),
      bad: false,
      more: oldestHalfDoneMs === null ? '' : `The oldest for ${formatDuration(oldestHalfDoneMs)}.`,
    };
  },
  extra: (state: RunState) => {
    const worst = figuresOf(state).extraCalls.find((edge) => edge.factor !== null);
    if (worst?.factor == null) return { text: '–', bad: false };
    const [from = '', to = ''] = worst.edge.split('->');
    return {
      text: `×${worst.factor.toFixed(1)}`,
      bad: worst.factor >= 1.5,
      more: `Worst edge: ${serviceTitle(from as ServiceName)} → ${serviceTitle(to as ServiceName)}, ${worst.attempts} attempts for ${worst.calls} calls.`,
    };
  },
};

const GROUPS: readonly {
  readonly key: string;
  readonly figures: readonly (FigureProps & { readonly key: string })[];
}[] = [
  {
    key: 'success',
    figures: [
      {
        key: 'orders',
        label: 'Orders',
        tip: 'Success rate of orders: good endings of all endings in the last 10 s. “–” below five.',
        select: SELECT.orders,
      },
      {
        key: 'browsing',
        label: 'Browsing',
        tip: 'Success rate of browsing, last 10 s.',
        select: SELECT.browsing,
      },
      {
        key: 'status',
        label: 'Status',
        tip: 'Success rate of looking up an order’s status, last 10 s.',
        select: SELECT.status,
      },
    ],
  },
  {
    key: 'rest',
    figures: [
      {
        key: 'goodput',
        label: 'Good answers',
        tip: 'Goodput: what customers asked for, done well within its deadline, per second.',
        select: SELECT.goodput,
      },
      {
        key: 'undone',
        label: 'Undone',
        tip: 'Compensated orders so far: begun, then taken back step by step.',
        select: SELECT.undone,
      },
      {
        key: 'halfDone',
        label: 'Half-done',
        tip: 'Orders with an effect in another service while they have not ended. About two are normal.',
        select: SELECT.halfDone,
      },
      {
        key: 'stuck',
        label: 'Stuck',
        tip: 'Half-done for more than 5 s past the time to give up, or parked for a person.',
        select: SELECT.stuck,
      },
      {
        key: 'extra',
        label: 'Extra calls',
        tip: 'Retry amplification: attempts sent for each call, on the worst edge, last 10 s.',
        select: SELECT.extra,
      },
    ],
  },
];

/** The figures, as the classroom defines them. */
export function FiguresStrip({ large = false }: { readonly large?: boolean }): ReactNode {
  return (
    <section className={large ? 'figures figures-large' : 'figures'} aria-label="Figures">
      {GROUPS.map((group) => (
        <dl key={group.key} className="figure-group">
          {group.figures.map(({ key, ...figure }) => (
            <Figure key={key} {...figure} />
          ))}
        </dl>
      ))}
    </section>
  );
}
