import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { serviceTitle } from '../../../projections/index.ts';
import { useStores, useView } from '../../state/hooks.ts';
import type { Selection } from '../../state/view-store.ts';
import { ErrorBoundary } from '../../widgets/error-boundary.tsx';
import { CallInspector } from './call-inspector.tsx';
import { EdgeInspector } from './edge-inspector.tsx';
import { FaultInspector } from './fault-inspector.tsx';
import { IntentInspector, OrderInspector } from './order-inspector.tsx';
import { ServiceInspector } from './service-inspector.tsx';

const titleOf = (selection: Selection): string => {
  switch (selection.kind) {
    case 'service':
      return serviceTitle(selection.service);
    case 'edge':
      return `${serviceTitle(selection.from)} → ${serviceTitle(selection.to)}`;
    case 'order':
      return 'Order';
    case 'intent':
      return 'Request';
    case 'call':
      return 'Call';
    default:
      return 'Fault';
  }
};

function bodyOf(selection: Selection): ReactNode {
  switch (selection.kind) {
    case 'service':
      return <ServiceInspector service={selection.service} />;
    case 'edge':
      return <EdgeInspector from={selection.from} to={selection.to} />;
    case 'order':
      return <OrderInspector orderId={selection.orderId} />;
    case 'intent':
      return <IntentInspector intentId={selection.intentId} />;
    case 'call':
      return <CallInspector spanId={selection.spanId} />;
    default:
      return <FaultInspector faultId={selection.faultId} />;
  }
}

/** Everything about what is selected. */
export default function Inspector() {
  const { view } = useStores();
  const selection = useView((state) => state.selection);
  if (selection === null) return null;
  const title = titleOf(selection);
  return (
    <aside className="inspector" aria-label={`Details: ${title}`} data-testid="inspector">
      <header className="inspector-head">
        <h2 className="text-l font-semibold">{title}</h2>
        <button
          type="button"
          className="icon-btn"
          aria-label="Close the details"
          onClick={() => view.select(null)}
        >
          <X size={18} aria-hidden="true" />
        </button>
      </header>
      <div className="inspector-body">
        <ErrorBoundary name="The details" key={JSON.stringify(selection)}>
          {bodyOf(selection)}
        </ErrorBoundary>
      </div>
    </aside>
  );
}
