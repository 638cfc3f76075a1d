import { lazy, Suspense, useEffect, useMemo } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import { openScriptingDoor } from './scripting-door.ts';
import { FiguresStrip } from './shell/figures-strip.tsx';
import { useKeys } from './shell/keys.ts';
import { NarratorLine } from './shell/narrator-line.tsx';
import { NoticesBar } from './shell/notices-bar.tsx';
import { TimeBar } from './shell/time-bar.tsx';
import { Toasts } from './shell/toasts.tsx';
import { TopBar } from './shell/top-bar.tsx';
import { createActions } from './state/actions.ts';
import { isFresh } from './state/calm.ts';
import { followHash, readHash } from './state/hash.ts';
import {
  type AppStores,
  StoresContext,
  useDockOver,
  useRun,
  useStores,
  useView,
  useWide,
} from './state/hooks.ts';
import type { StartRun } from './state/live-run.ts';
import { createRunStore } from './state/run-store.ts';
import { followTheme, storedTheme } from './state/theme.ts';
import { createViewStore } from './state/view-store.ts';
import { Controls } from './views/controls/controls.tsx';
import { Diagram } from './views/diagram/diagram.tsx';
import { ErrorBoundary } from './widgets/error-boundary.tsx';

const Inspector = lazy(() => import('./views/inspector/inspector.tsx'));
const Dock = lazy(() => import('./views/dock/dock.tsx'));
const HelpDialog = lazy(() => import('./shell/help-dialog.tsx'));

/** Makes the page's stores, begins the run, and opens the door for scripts. */
export function openShop(start: StartRun): AppStores & { readonly close: () => void } {
  const view = createViewStore({ theme: storedTheme(), ...readHash(location.hash) });
  const run = createRunStore(start);
  // A run that goes on after a reload needs no first sentence.
  const known = run.subscribe((state) => {
    if (state.phase !== 'ready') return;
    known();
    if (!isFresh(state.projections)) view.setState({ played: true });
  });
  const undo = [followTheme(view), followHash(view), openScriptingDoor(window, run), run.stop];
  return { view, run, actions: createActions(run, view), close: () => undo.forEach((action) => action()) };
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
  useKeys();
  useDockOnFailure();
  return (
    <div className="shell">
      <TopBar />
      {!wide && (
        <div className="figures-row">
          <FiguresStrip large />
        </div>
      )}
      <NoticesBar />
      <div className="middle">
        <ErrorBoundary name="The controls">
          <Controls />
        </ErrorBoundary>
        <Main />
      </div>
      <TimeBar />
      <Toasts />
      {helpOpen && (
        <Suspense fallback={null}>
          <HelpDialog />
        </Suspense>
      )}
    </div>
  );
}

function Main() {
  const over = useDockOver();
  const dockOpen = useView((state) => state.dockOpen);
  const selected = useView((state) => state.selection !== null);
  const dock = (
    <Suspense fallback={<div className="dock" />}>
      <Dock />
    </Suspense>
  );
  const stage = (
    <div className="stage">
      <div className="stage-diagram">
        <ErrorBoundary name="The diagram">
          <Diagram />
        </ErrorBoundary>
        <StartScreen />
        {selected && (
          <Suspense fallback={null}>
            <Inspector />
          </Suspense>
        )}
      </div>
      <ErrorBoundary name="The narrator">
        <NarratorLine />
      </ErrorBoundary>
    </div>
  );
  if (over) {
    return (
      <main className="main">
        {stage}
        {dockOpen && <div className="dock-over">{dock}</div>}
      </main>
    );
  }
  return (
    <main className="main">
      <Group orientation="vertical" id="main">
        <Panel id="stage" minSize="300px">
          {stage}
        </Panel>
        {dockOpen && (
          <>
            <Separator className="separator" />
            <Panel id="dock-panel" defaultSize="232px" minSize="140px" maxSize="70%">
              {dock}
            </Panel>
          </>
        )}
      </Group>
    </main>
  );
}

/** Until the shop runs: what is being done; and if it cannot: why. */
function StartScreen() {
  const phase = useRun((state) => state.phase);
  const progress = useRun((state) => state.progress);
  const failure = useRun((state) => state.failure);
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
