import { SlidersHorizontal } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import {
  type BreakerView,
  breakersByTrouble,
  breakerTally,
  breakerWindow,
  serviceTitle,
} from '../../../../projections/index.ts';
import { useProjections, useView } from '../../../state/hooks.ts';
import { BreakerState } from '../../../widgets/breaker-state.tsx';
import { Empty } from '../../../widgets/empty.tsx';
import { Term } from '../../../widgets/term.tsx';
import { ByHand } from './by-hand.tsx';
import { ChangeList, HistoryStrip } from './history-strip.tsx';
import { NoBreaker, NowPanel } from './now-panel.tsx';
import { RateBar } from './rate-bar.tsx';
import { StateChart } from './state-chart.tsx';
import { WindowDrawing } from './window-drawing.tsx';
import './breakers.css';

const NetsDialog = lazy(() => import('../../nets/nets-dialog.tsx'));

/** One circuit breaker, closely; all of them beside it. */
export default function BreakersView() {
  const { projections, nowUs } = useProjections();
  const [chosen, setChosen] = useState<string | null>(null);
  const selection = useView((state) => state.selection);
  const list = breakersByTrouble(projections.breakers.byKey.values());
  const ofSelection =
    selection?.kind === 'edge'
      ? list.find(({ from, to }) => from === selection.from && to === selection.to)
      : undefined;
  const breaker = list.find(({ key }) => key === chosen) ?? ofSelection ?? list[0];
  if (breaker === undefined)
    return (
      <Empty>
        No call has gone through a breaker yet. Each caller keeps one for every service that it calls.
      </Empty>
    );
  return (
    <div className="split breakers">
      <ul className="orders" aria-label="Circuit breakers">
        {list.map((one) => (
          <li key={one.key}>
            <button
              type="button"
              className="order"
              aria-pressed={one.key === breaker.key}
              onClick={() => setChosen(one.key)}
            >
              <span className="grow truncate">
                <span className="mono">{one.instance}</span> → {serviceTitle(one.to)}
              </span>
              <BreakerState breaker={one} nowUs={nowUs} />
            </button>
          </li>
        ))}
      </ul>
      <BreakerPane key={breaker.key} breaker={breaker} nowUs={nowUs} />
    </div>
  );
}

function BreakerPane({ breaker, nowUs }: { readonly breaker: BreakerView; readonly nowUs: number }) {
  const { facts } = useProjections().projections;
  const [editing, setEditing] = useState(false);
  const { from, to } = breaker;
  const policy = facts.settings?.edges[`${from}->${to}`] ?? facts.settings?.edge;
  const settings = policy?.breaker ?? null;
  const title = `${breaker.instance} → ${serviceTitle(to)}`;
  const tally = settings === null ? null : breakerTally(breaker, settings, nowUs);
  return (
    <section className="breaker-pane" aria-label={title} data-testid="breaker">
      {settings !== null && <StateChart view={breaker} settings={settings} />}
      <div className="breaker-main">
        <header className="breaker-head">
          <h3 className="font-semibold">
            <span className="mono">{breaker.instance}</span> → {serviceTitle(to)}
          </h3>
          <BreakerState breaker={breaker} nowUs={nowUs} />
          <Term tip="It belongs to one instance of the caller and one callee. Envoy calls its bulkheads “circuit breakers”: limits on connections and requests. Its outlier detection puts hosts aside. Neither is this.">
            circuit breaker
          </Term>
          <span className="grow" />
          <button type="button" className="btn btn-small" onClick={() => setEditing(true)}>
            <SlidersHorizontal size={14} aria-hidden="true" />
            Change…
          </button>
        </header>
        {settings === null || tally === null ? (
          <NoBreaker />
        ) : (
          <>
            <div>
              <WindowDrawing window={breakerWindow(breaker, settings, nowUs)} tally={tally} />
              <p className="window-legend">
                <span className="num">
                  {tally.failures} of {tally.calls} failed
                </span>
                <span data-sign="ok">ok</span>
                <span data-sign="failed">failed</span>
                <span data-sign="slow">slow</span>
                <span data-sign="ignored">ignored</span>
                {breaker.notPermitted > 0 && <span className="num">{breaker.notPermitted} turned back</span>}
              </p>
            </div>
            <div className="breaker-middle">
              <RateBar title="Failures" rate={tally.failureRate} threshold={settings.failureRateThreshold} />
              <RateBar title="Slow" rate={tally.slowCallRate} threshold={settings.slowCallRateThreshold} />
              <NowPanel view={breaker} settings={settings} tally={tally} nowUs={nowUs} />
            </div>
          </>
        )}
        <HistoryStrip view={breaker} nowUs={nowUs} />
        {settings !== null && <ByHand breaker={breaker} />}
        <ChangeList view={breaker} />
      </div>
      {editing && (
        <Suspense fallback={null}>
          <NetsDialog from={from} to={to} onClose={() => setEditing(false)} />
        </Suspense>
      )}
    </section>
  );
}
