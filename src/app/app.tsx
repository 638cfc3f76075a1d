import { lazy, type ReactNode, Suspense, useEffect, useMemo } from 'react';
import { createPortal } from 'react-dom';
import { openScriptingDoor } from './scripting-door.ts';
import { FiguresStrip } from './shell/figures-strip.tsx';
import { JobBar } from './shell/job-bar.tsx';
import { useKeys } from './shell/keys.ts';
import { NarratorLine } from './shell/narrator-line.tsx';
import { NoticesBar } from './shell/notices-bar.tsx';
import { PastBanner } from './shell/past-banner.tsx';
import { TimeBar } from './shell/time-bar.tsx';
import { Toasts } from './shell/toasts.tsx';
import { TopBar } from './shell/top-bar.tsx';
import { createActions } from './state/actions.ts';
import { isFresh } from './state/calm.ts';
import { followHash, followLab, readCompare, readHash } from './state/hash.ts';
import {
  type AppStores,
  StoresContext,
  useDockOver,
  useHidden,
  useRun,
  useStores,
  useView,
  useWide,
} from './state/hooks.ts';
import { browserPacking } from './state/packing.ts';
import type { StartRun } from './state/page-run.ts';
import { createRunStore } from './state/run-store.ts';
import { followTheme, storedTheme } from './state/theme.ts';
import { createViewStore } from './state/view-store.ts';
import { Controls } from './views/controls/controls.tsx';
import { Diagram } from './views/diagram/diagram.tsx';
import { ErrorBoundary } from './widgets/error-boundary.tsx';
import { Place, useMovableElement } from './widgets/movable.tsx';

const Inspector = lazy(() => import('./views/inspector/inspector.tsx'));
const Dock = lazy(() => import('./views/dock/dock.tsx'));
const PredictionCard = lazy(() => import('./views/prediction/prediction-card.tsx'));
const SplitPanels = lazy(() => import('./shell/split-panels.tsx'));
const HelpDialog = lazy(() => import('./shell/help-dialog.tsx'));
const SetupsDialog = lazy(() => import('./shell/setups-dialog.tsx'));
const CompareView = lazy(() => import('./views/compare/compare-view.tsx'));
const ShareDialog = lazy(() => import('./shell/share-dialog.tsx'));

/** Makes the page's stores, begins the run, and opens the door for scripts. */
export function openShop(start: StartRun): AppStores & { readonly close: () => void } {
  const view = createViewStore({ theme: storedTheme(), ...readHash(location.hash, location.search) });
  const run = createRunStore(start, browserPacking);
  const compare = readCompare(location.hash);
  // A run that goes on after a reload needs no first sentence.
  const known = run.subscribe((state) => {
    if (state.phase !== 'ready') return;
    known();
    if (!isFresh(state.projections)) view.setState({ played: true });
    if (compare) stores.actions.compare();
  });
  const stores: AppStores = { view, run, actions: createActions(run, view) };
  const undo = [
    followTheme(view),
    followHash(view),
    followLab(run),
    openScriptingDoor(window, stores),
    run.stop,
  ];
  return { ...stores, close: () => undo.forEach((action) => action()) };
}

export function App({ stores }: { readonly stores: AppStores }) {
  const value = useMemo(() => stores, [stores]);
  return (
    <StoresContext value={value}>
      <ErrorBoundary name="Bulkhead">
        <Shell />
      </ErrorBoundary>
    </StoresContext>
  );
}

function Shell() {
  const wide = useWide();
  const helpOpen = useView((state) => state.helpOpen);
  const shareOpen = useView((state) => state.shareOpen);
  const setupsOpen = useView((state) => state.setupsOpen);
  const hidden = useView((state) => state.hidden);
  const comparing = useView((state) => state.comparison !== null);
  useKeys();
  useDockOnFailure();
  return (
    <div className="shell" data-hidden={hidden.join(' ')}>
      {!hidden.includes('top') && <TopBar />}
      {!(wide && !hidden.includes('top')) && !hidden.includes('figures') && !comparing && (
        <div className="figures-row">
          <FiguresStrip large />
        </div>
      )}
      <NoticesBar />
      <JobBar />
      <div className="middle">
        {!hidden.includes('controls') && (
          <ErrorBoundary name="The controls">
            <Controls />
          </ErrorBoundary>
        )}
        <Main />
      </div>
      {!hidden.includes('time') && <TimeBar />}
      <Toasts />
      {helpOpen && (
        <Later name="The help">
          <HelpDialog />
        </Later>
      )}
      {setupsOpen && (
        <Later name="The list of setups">
          <SetupsDialog />
        </Later>
      )}
      {shareOpen && (
        <Later name="The dialog for sharing">
          <ShareDialog />
        </Later>
      )}
    </div>
  );
}

/** A part of the page that is loaded when it is wanted; that it cannot be loaded is no matter of the others. */
function Later({
  name,
  until = null,
  children,
}: {
  readonly name: string;
  readonly until?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <ErrorBoundary name={name}>
      <Suspense fallback={until}>{children}</Suspense>
    </ErrorBoundary>
  );
}

function Main() {
  const over = useDockOver();
  const dockOpen = useView((state) => state.dockOpen && !state.hidden.includes('dock'));
  const inspecting = useView((state) => state.selection !== null && !state.hidden.includes('inspector'));
  const narrated = !useHidden('narrator');
  const comparison = useView((state) => state.comparison);
  const element = useMovableElement();
  const asks = useRun(
    ({ phase, scenario, projections }) =>
      phase === 'ready' && (scenario?.setup.name !== 'classroom' || projections.faults.byId.size > 0),
  );
  const dock = (
    <Later name="The details" until={<div className="dock" />}>
      <Dock />
    </Later>
  );
  const stage = (
    <div className="stage">
      <div className="stage-diagram">
        <ErrorBoundary name="The diagram">
          <Diagram />
        </ErrorBoundary>
        <PastBanner />
        {asks && (
          <Later name="The question">
            <PredictionCard />
          </Later>
        )}
        <StartScreen />
        {inspecting && (
          <Later name="The details of what is selected">
            <Inspector />
          </Later>
        )}
      </div>
      {narrated && (
        <ErrorBoundary name="The narrator">
          <NarratorLine />
        </ErrorBoundary>
      )}
    </div>
  );
  if (comparison !== null) {
    return (
      <main className="main">
        <Later name="The comparison">
          <CompareView comparison={comparison} />
        </Later>
        {dockOpen && <div className="dock-over">{dock}</div>}
      </main>
    );
  }
  const place = <Place element={element} />;
  return (
    <main className="main">
      {createPortal(stage, element)}
      {dockOpen && !over ? (
        <Suspense fallback={place}>
          <SplitPanels stage={place} dock={dock} />
        </Suspense>
      ) : (
        place
      )}
      {dockOpen && over && <div className="dock-over">{dock}</div>}
    </main>
  );
}

/** Until the shop runs: what is being done; and if it cannot: why. */
function StartScreen() {
  const phase = useRun((state) => state.phase);
  const progress = useRun((state) => state.progress);
  const failure = useRun((state) => state.failure);
  const { view } = useStores();
  if (phase === 'ready') return null;
  return (
    <div className="start-screen">
      {phase === 'starting' ? (
        <p role="status">
          <span className="spinner" aria-hidden="true" />
          {progress}
        </p>
      ) : (
        <div role="alert" className="flex flex-col items-center gap-3">
          <p className="font-semibold">The shop could not start.</p>
          <p className="max-w-[60ch] text-center text-muted">{failure}</p>
          <div className="flex gap-2">
            <button type="button" className="btn" onClick={() => location.reload()}>
              Try again
            </button>
            <button type="button" className="btn" onClick={() => view.setState({ setupsOpen: true })}>
              Choose a setup
            </button>
            <button
              type="button"
              className="btn"
              onClick={() => void navigator.clipboard?.writeText(failure ?? '')}
            >
              Copy the error
            </button>
          </div>
        </div>
      )}
    </div>
  );
}

/** The dock opens by itself once: when the first order is being undone, or a breaker opens. */
function useDockOnFailure(): void {
  const { view } = useStores();
  const over = useDockOver();
  const undoing = useRun((state) => {
    for (const saga of state.projections.sagas.byOrder.values())
      if (saga.compensatingUs !== null) return true;
    return false;
  });
  const opened = useRun((state) => {
    for (const breaker of state.projections.breakers.byKey.values())
      if (breaker.state === 'OPEN') return true;
    return false;
  });
  useEffect(() => {
    if (view.getState().dockTouched) return;
    // Where it would lie over the diagram, its tab only says that there is something to see.
    if (over) view.setState({ dockNews: undoing ? 'saga' : opened ? 'breakers' : null });
    else if (undoing) view.openDock('saga');
    else if (opened) view.setState({ dockTab: 'breakers', dockOpen: true });
  }, [undoing, opened, over, view]);
}
