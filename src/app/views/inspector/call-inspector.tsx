import {
  formatDuration,
  formatRunTimeTenths,
  isUnreadable,
  serviceTitle,
  spanEndWord,
  whySpan,
} from '../../../projections/index.ts';
import { useProjections, useStores } from '../../state/hooks.ts';
import { Empty } from '../../widgets/empty.tsx';
import { WhyList } from '../../widgets/why-list.tsx';

/** One attempt of one call: what became of it, and why. */
export function CallInspector({ spanId }: { readonly spanId: string }) {
  const { view } = useStores();
  const { projections } = useProjections(3);
  const span = projections.traces.spanById.get(spanId);
  if (span === undefined) return <Empty>This call is too old: its record has been let go.</Empty>;
  const order = [...projections.orders.byOrder.values()].find((intent) =>
    intent.traceIds.includes(span.traceId),
  );
  const failed = span.end !== 'ok' || isUnreadable(span);
  return (
    <>
      <p className="mono text-s break-all">
        {span.method} {span.path}
      </p>
      <dl className="facts">
        <div>
          <dt>From</dt>
          <dd>{span.fromInstance}</dd>
        </div>
        <div>
          <dt>To</dt>
          <dd>{span.toInstance ?? serviceTitle(span.to)}</dd>
        </div>
        <div>
          <dt>Attempt</dt>
          <dd className="num">{span.attempt}</dd>
        </div>
        <div>
          <dt>Sent</dt>
          <dd className="num">{formatRunTimeTenths(span.sentUs)}</dd>
        </div>
        <div>
          <dt>Took</dt>
          <dd className="num">
            {span.endedUs === null ? '–' : formatDuration((span.endedUs - span.sentUs) / 1000)}
          </dd>
        </div>
        <div>
          <dt>End</dt>
          <dd>{spanEndWord(span)}</dd>
        </div>
      </dl>
      {failed && (
        <section>
          <h3 className="section-title">Why did this fail?</h3>
          <WhyList chain={whySpan(projections, span)} />
        </section>
      )}
      {order?.orderId != null && (
        <button
          type="button"
          className="btn"
          onClick={() => view.select({ kind: 'order', orderId: order.orderId ?? '' })}
        >
          Open its order
        </button>
      )}
    </>
  );
}
