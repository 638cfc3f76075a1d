import { type ComponentType, lazy, Suspense, useEffect, useRef } from 'react';
import { useView } from '../../state/hooks.ts';
import type { DockTab } from '../../state/view-store.ts';
import { Empty } from '../../widgets/empty.tsx';
import { ErrorBoundary } from '../../widgets/error-boundary.tsx';
import { DatabasesView } from './databases-view.tsx';
import { EventsView } from './events-view.tsx';
import { LogView } from './log-view.tsx';
import { SagaView } from './saga-view.tsx';
import { TraceView } from './trace-view.tsx';
import './dock.css';

// It brings every contract with it.
const ScriptView = lazy(() => import('../faults/script-view.tsx'));
const ApiView = lazy(() => import('./api/api-view.tsx'));
const BreakersView = lazy(() => import('./breakers/breakers-view.tsx'));
const GatewayView = lazy(() => import('./gateway/gateway-view.tsx'));
const ReleasesView = lazy(() => import('./releases/releases-view.tsx'));
const DiscoveryView = lazy(() => import('./discovery/discovery-view.tsx'));

const VIEWS: Readonly<Record<DockTab, { readonly title: string; readonly View: ComponentType }>> = {
  trace: { title: 'Trace', View: TraceView },
  saga: { title: 'Saga', View: SagaView },
  breakers: { title: 'Breakers', View: BreakersView },
  databases: { title: 'Databases', View: DatabasesView },
  events: { title: 'Events', View: EventsView },
  log: { title: 'Log', View: LogView },
  script: { title: 'Faults', View: ScriptView },
  api: { title: 'API', View: ApiView },
  gateway: { title: 'Gateway', View: GatewayView },
  releases: { title: 'Releases', View: ReleasesView },
  discovery: { title: 'Discovery', View: DiscoveryView },
};

/** What is looked at closely, below the diagram. */
export default function Dock() {
  const tab = useView((state) => state.dockTab);
  const { title, View } = VIEWS[tab];
  const ref = useRef<HTMLElement>(null);
  // In a small window the page scrolls, and the dock may be below its edge.
  useEffect(() => {
    if (tab) ref.current?.scrollIntoView?.({ block: 'nearest' });
  }, [tab]);
  return (
    <section className="dock" id="dock" ref={ref} aria-label={title} data-testid={`dock-${tab}`}>
      <h2 className="sr-only">{title}</h2>
      <ErrorBoundary name={title} key={tab}>
        <Suspense fallback={<Empty>One moment.</Empty>}>
          <View />
        </Suspense>
      </ErrorBoundary>
    </section>
  );
}
