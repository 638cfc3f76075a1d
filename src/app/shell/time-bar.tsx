import { ChevronDown, ChevronUp, Pause, Play } from 'lucide-react';
import { formatRunTimeTenths } from '../../projections/index.ts';
import { SPEEDS } from '../state/actions.ts';
import { useActions, useRun, useStores, useView } from '../state/hooks.ts';
import { DOCK_TABS, type DockTab } from '../state/view-store.ts';
import { Segmented } from '../widgets/segmented.tsx';

const SPEED_OPTIONS = SPEEDS.map((speed) => ({ value: speed, label: `${speed}×` }));

const TAB_TITLES: Readonly<Record<DockTab, string>> = {
  trace: 'Trace',
  saga: 'Saga',
  breakers: 'Breakers',
  databases: 'Databases',
  events: 'Events',
  log: 'Log',
};

/** Play and pause, speed, the run's clock; and what the dock shows. */
export function TimeBar() {
  const actions = useActions();
  const { view } = useStores();
  const paused = useRun((state) => state.paused);
  const ready = useRun((state) => state.run !== null);
  const speed = useRun((state) => state.speed);
  const tab = useView((state) => state.dockTab);
  const open = useView((state) => state.dockOpen);
  const news = useView((state) => state.dockNews);
  return (
    <footer className="time-bar" data-keys="on">
      <button
        type="button"
        className="btn btn-primary play"
        disabled={!ready}
        onClick={actions.toggle}
        data-testid="play"
      >
        {paused ? (
          <Play size={16} aria-hidden="true" fill="currentColor" />
        ) : (
          <Pause size={16} aria-hidden="true" fill="currentColor" />
        )}
        {paused ? 'Play' : 'Pause'}
      </button>
      <Segmented legend="Speed" options={SPEED_OPTIONS} value={speed} onChange={actions.speed} />
      <Clock paused={paused} />
      <div className="grow" />
      <nav className="dock-tabs" aria-label="Details">
        {DOCK_TABS.map((candidate) => (
          <button
            key={candidate}
            type="button"
            className="dock-tab"
            aria-expanded={open && tab === candidate}
            aria-controls="dock"
            onClick={() =>
              open && tab === candidate
                ? view.setState({ dockOpen: false, dockTouched: true })
                : view.openDock(candidate)
            }
          >
            {TAB_TITLES[candidate]}
            {news === candidate && (
              <span className="dock-news">
                <span className="sr-only">has something new</span>
              </span>
            )}
          </button>
        ))}
        <button
          type="button"
          className="icon-btn"
          aria-label={open ? 'Fold the details' : 'Open the details'}
          onClick={() => (open ? view.setState({ dockOpen: false, dockTouched: true }) : view.openDock(tab))}
        >
          {open ? <ChevronDown size={18} aria-hidden="true" /> : <ChevronUp size={18} aria-hidden="true" />}
        </button>
      </nav>
    </footer>
  );
}

function Clock({ paused }: { readonly paused: boolean }) {
  const text = useRun((state) => formatRunTimeTenths(state.nowUs));
  return (
    <span className="clock" role="timer" aria-label="Run time" aria-live="off">
      <span className="num mono">{text}</span>
      {paused && <span className="text-s text-muted">paused</span>}
    </span>
  );
}
