import { ChevronDown, ChevronUp, Pause, Play, SkipBack, SkipForward } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { formatRunTimeTenths, type Stop } from '../../projections/index.ts';
import { SPEEDS } from '../state/actions.ts';
import { useActions, useNarrow, useRun, useStores, useView } from '../state/hooks.ts';
import { DOCK_TABS, type DockTab } from '../state/view-store.ts';
import { TimeSlider } from './time-slider.tsx';

const MoreTabs = lazy(() => import('./more-tabs.tsx'));

export const TAB_TITLES: Readonly<Record<DockTab, string>> = {
  trace: 'Trace',
  saga: 'Saga',
  breakers: 'Breakers',
  databases: 'Databases',
  events: 'Events',
  log: 'Log',
  script: 'Faults',
  api: 'API',
  discovery: 'Discovery',
  releases: 'Releases',
  gateway: 'Gateway',
};

const STOP_TITLES: readonly { readonly value: Stop | ''; readonly title: string }[] = [
  { value: '', title: 'Stop at …' },
  { value: 'breaker', title: 'a breaker' },
  { value: 'undone', title: 'an undo' },
  { value: 'event', title: 'each event' },
];

/** So many tabs are always in sight: in a narrow window, in a wide one. */
const FIRST_TABS = { narrow: 3, wide: 7 } as const;

/** Play and pause, steps, speed, the recorded run; and what the dock shows. */
export function TimeBar() {
  const actions = useActions();
  const { run: store } = useStores();
  const paused = useRun((state) => state.paused);
  const ready = useRun((state) => state.run !== null);
  const speed = useRun((state) => state.speed);
  const stopAt = useRun((state) => state.stopAt);
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
      <div className="flex">
        <button
          type="button"
          className="icon-btn"
          aria-label="Back to the event before"
          title="Back one event (,)"
          disabled={!ready}
          onClick={() => void store.step(-1)}
        >
          <SkipBack size={16} aria-hidden="true" />
        </button>
        <button
          type="button"
          className="icon-btn"
          aria-label="On to the next event"
          title="Next event (.)"
          disabled={!ready}
          onClick={() => void store.step(1)}
          data-testid="step"
        >
          <SkipForward size={16} aria-hidden="true" />
        </button>
      </div>
      <select
        className="select select-small num"
        aria-label="Speed"
        title="Speed ([ ])"
        value={speed}
        onChange={(event) => actions.speed(Number(event.target.value))}
      >
        {[...new Set([...SPEEDS, speed])]
          .sort((a, b) => a - b)
          .map((value) => (
            <option key={value} value={value}>
              {value}×
            </option>
          ))}
      </select>
      <Clock paused={paused} />
      <TimeSlider />
      <select
        className="select select-small"
        aria-label="Stop at"
        title="Pause by itself at …  (PageDown plays to the next one)"
        value={stopAt ?? ''}
        onChange={(event) => store.setStop((event.target.value || null) as Stop | null)}
      >
        {STOP_TITLES.map(({ value, title }) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
      <DockTabs />
    </footer>
  );
}

function DockTabs() {
  const { view } = useStores();
  const narrow = useNarrow();
  const tab = useView((state) => state.dockTab);
  const open = useView((state) => state.dockOpen);
  const [more, setMore] = useState(false);
  const first = DOCK_TABS.slice(0, narrow ? FIRST_TABS.narrow : FIRST_TABS.wide);
  const shown = open && !first.includes(tab) ? [...first, tab] : first;
  const rest = DOCK_TABS.filter((candidate) => !shown.includes(candidate));
  // The menu begins open: gone with its last tab, it must not come back by itself.
  if (more && rest.length === 0) setMore(false);
  return (
    <nav className="dock-tabs" aria-label="Details">
      {shown.map((candidate) => (
        <Tab key={candidate} tab={candidate} />
      ))}
      {rest.length > 0 &&
        (more ? (
          <Suspense fallback={null}>
            <MoreTabs tabs={rest} />
          </Suspense>
        ) : (
          <button type="button" className="dock-tab" aria-haspopup="menu" onClick={() => setMore(true)}>
            More
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
  );
}

function Tab({ tab }: { readonly tab: DockTab }) {
  const { view } = useStores();
  const expanded = useView((state) => state.dockOpen && state.dockTab === tab);
  const news = useView((state) => state.dockNews === tab);
  return (
    <button
      type="button"
      className="dock-tab"
      aria-expanded={expanded}
      aria-controls="dock"
      onClick={() => (expanded ? view.setState({ dockOpen: false, dockTouched: true }) : view.openDock(tab))}
    >
      {TAB_TITLES[tab]}
      {news && (
        <span className="dock-news">
          <span className="sr-only">has something new</span>
        </span>
      )}
    </button>
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
