import { type ComponentType, lazy, Suspense } from 'react';
import { useView } from '../../state/hooks.ts';
import type { DockTab } from '../../state/view-store.ts';
import { Empty } from '../../widgets/empty.tsx';
import { ErrorBoundary } from '../../widgets/error-boundary.tsx';
import { BreakersView } from './breakers-view.tsx';
import { DatabasesView } from './databases-view.tsx';
import { EventsView } from './events-view.tsx';
import { LogView } from './log-view.tsx';
import { SagaView } from './saga-view.tsx';
import { TraceView } from './trace-view.tsx';

// It brings every contract with it.
const ApiView = lazy(() => import('./api/api-view.tsx'));

const VIEWS: Readonly<Record<DockTab, { readonly title: string; readonly View: ComponentType }>> = {
  trace: { title: 'Trace', View: TraceView },
  saga: { title: 'Saga', View: SagaView },
  breakers: { title: 'Breakers', View: BreakersView },
  databases: { title: 'Databases', View: DatabasesView },
  events: { title: 'Events', View: EventsView },
  log: { title: 'Log', View: LogView },
  api: { title: 'API', View: ApiView },
};

/** What is looked at closely, below the diagram. */
export default function Dock() {
  const tab = useView((state) => state.dockTab);
  const { title, View } = VIEWS[tab];
  return (
    <section className="dock" id="dock" aria-label={title} data-testid={`dock-${tab}`}>
      <ErrorBoundary name={title} key={tab}>
        <Suspense fallback={<Empty>Reading the contracts.</Empty>}>
          <View />
        </Suspense>
      </ErrorBoundary>
    </section>
  );
}
