import { formatRunTime, type SpanView, serviceTitle, spanEndWord } from '../../../projections/index.ts';
import { useStores } from '../../state/hooks.ts';

/** The last failures, each with the question that matters. */
export function Failures({ spans }: { readonly spans: readonly SpanView[] }) {
  const { view } = useStores();
  return (
    <section>
      <h3 className="section-title">Last failures</h3>
      {spans.length === 0 ? (
        <p className="text-s text-muted">None.</p>
      ) : (
        <ul className="flex flex-col">
          {spans.map((span) => (
            <li key={span.spanId} className="failure">
              <span className="num mono text-s text-muted">{formatRunTime(span.endedUs ?? span.sentUs)}</span>
              <span className="min-w-0 grow">
                <span className="block truncate">
                  {serviceTitle(span.from)} → {serviceTitle(span.to)}
                </span>
                <span className="block truncate text-s text-muted">{spanEndWord(span)}</span>
              </span>
              <button
                type="button"
                className="link"
                onClick={() => view.select({ kind: 'call', spanId: span.spanId })}
              >
                Why?
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
