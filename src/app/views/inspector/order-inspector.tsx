import {
  formatDuration,
  formatRunTimeTenths,
  type IntentView,
  intentOf,
  whyIntent,
} from '../../../projections/index.ts';
import { useProjections, useStores } from '../../state/hooks.ts';
import { Empty } from '../../widgets/empty.tsx';
import { orderStatus, StatusWord } from '../../widgets/status-word.tsx';
import { WhyList } from '../../widgets/why-list.tsx';

/** One order: how it stands, and why. */
export function OrderInspector({ orderId }: { readonly orderId: string }) {
  const { view } = useStores();
  const { projections, nowUs } = useProjections(2);
  const intent = projections.orders.byOrder.get(orderId);
  if (intent === undefined) return <Empty>No order of this id is in the log.</Empty>;
  return (
    <>
      <IntentFacts intent={intent} nowUs={nowUs} />
      <div className="flex gap-2">
        <button type="button" className="btn grow" onClick={() => view.openDock('saga')}>
          Saga
        </button>
        <button type="button" className="btn grow" onClick={() => view.openDock('trace')}>
          Trace
        </button>
      </div>
      <p className="text-s text-muted">Its calls stand out on the diagram while it is selected.</p>
    </>
  );
}

export function IntentInspector({ intentId }: { readonly intentId: string }) {
  const { projections, nowUs } = useProjections(2);
  const intent = intentOf(projections.orders, intentId);
  if (intent === undefined) return <Empty>This request is too old: its record has been let go.</Empty>;
  return <IntentFacts intent={intent} nowUs={nowUs} />;
}

function IntentFacts({ intent, nowUs }: { readonly intent: IntentView; readonly nowUs: number }) {
  const { projections } = useProjections(2);
  const saga = intent.orderId === null ? undefined : projections.sagas.byOrder.get(intent.orderId);
  return (
    <>
      <p className="flex items-center justify-between gap-2">
        <span className="mono truncate text-s">{intent.orderId ?? intent.intentId}</span>
        <StatusWord status={orderStatus(intent, saga)} />
      </p>
      <dl className="facts">
        {intent.customer !== '' && (
          <div>
            <dt>Customer</dt>
            <dd className="truncate">{intent.customer}</dd>
          </div>
        )}
        <div>
          <dt>Sent</dt>
          <dd className="num">{formatRunTimeTenths(intent.startedUs)}</dd>
        </div>
        <div>
          <dt>{intent.endedUs === null ? 'Since' : 'Took'}</dt>
          <dd className="num">
            {formatDuration(Math.max(0, (intent.endedUs ?? nowUs) - intent.startedUs) / 1000)}
          </dd>
        </div>
        {intent.orderStatus !== null && (
          <div>
            <dt>Status</dt>
            <dd className="mono text-s">{intent.orderStatus}</dd>
          </div>
        )}
      </dl>
      <section>
        <h3 className="section-title">Why?</h3>
        <WhyList chain={whyIntent(projections, intent)} />
      </section>
    </>
  );
}
