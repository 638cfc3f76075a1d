import { Ban, Clock, X } from 'lucide-react';
import {
  formatDuration,
  intentOf,
  type SpanView,
  serviceTitle,
  spanEndWord,
  type TraceView as Trace,
  type Traces,
  type WaterfallRow,
  waterfall,
} from '../../../projections/index.ts';
import { useProjections, useStores, useView } from '../../state/hooks.ts';
import { Empty } from '../../widgets/empty.tsx';
import { OrdersList, useChosenOrder } from './orders-list.tsx';

/** The waterfall of the chosen order. */
export function TraceView() {
  const orderId = useChosenOrder();
  const { projections, nowUs } = useProjections(2);
  const intentId = useView((state) => (state.selection?.kind === 'intent' ? state.selection.intentId : null));
  const intent =
    intentId !== null
      ? intentOf(projections.orders, intentId)
      : orderId === null
        ? undefined
        : projections.orders.byOrder.get(orderId);
  const traceIds = intent?.traceIds ?? [];
  return (
    <div className="split">
      <OrdersList chosen={intentId ?? orderId} />
      <Waterfall traces={projections.traces} traceIds={traceIds} nowUs={nowUs} />
    </div>
  );
}

interface WaterfallProps {
  readonly traces: Traces;
  readonly traceIds: readonly string[];
  readonly nowUs: number;
}

/** Every call of some traces as bars over run time; what failed is marked and says why when clicked. */
export function Waterfall({ traces, traceIds, nowUs }: WaterfallProps) {
  const { view } = useStores();
  const selected = useView((state) => (state.selection?.kind === 'call' ? state.selection.spanId : null));
  const found = traceIds
    .map((traceId) => traces.byId.get(traceId))
    .filter((trace): trace is Trace => trace !== undefined);
  const rows: WaterfallRow[] = found.flatMap((trace) => waterfall(traces, trace));
  if (rows.length === 0) return <Empty>No calls are recorded for this order yet.</Empty>;
  const fromUs = Math.min(...found.map((trace) => trace.firstUs));
  const open = rows.some(({ span }) => span.endedUs === null);
  const toUs = Math.max(...found.map((trace) => trace.lastUs), open ? nowUs : 0, fromUs + 100_000);
  const share = (timeUs: number) => `${(100 * (timeUs - fromUs)) / (toUs - fromUs)}%`;
  const ticks = [0, 0.25, 0.5, 0.75];
  return (
    <div className="waterfall" data-testid="waterfall">
      <div className="waterfall-axis" aria-hidden="true">
        <span />
        <div className="waterfall-scale num">
          {ticks.map((tick) => (
            <span key={tick} style={{ left: `${tick * 100}%` }}>
              {tick === 0 ? '0' : formatDuration(((toUs - fromUs) * tick) / 1000)}
            </span>
          ))}
        </div>
      </div>
      <ul aria-label="Calls">
        {rows.map(({ span, depth }) => (
          <li key={span.spanId}>
            <button
              type="button"
              className="span-row"
              aria-pressed={selected === span.spanId}
              onClick={() => view.select({ kind: 'call', spanId: span.spanId })}
              aria-label={`${serviceTitle(span.from)} to ${serviceTitle(span.to)}, ${span.method} ${span.path}, attempt ${span.attempt}, ${spanEndWord(span)}${span.endedUs === null ? '' : `, ${formatDuration((span.endedUs - span.sentUs) / 1000)}`}`}
            >
              <span className="span-name" style={{ paddingLeft: `${depth * 12}px` }}>
                <b>{serviceTitle(span.to)}</b> <span className="text-muted">{operationWords(span)}</span>
                {span.attempt > 1 && <span className="attempt num">{span.attempt}</span>}
              </span>
              <span className="span-track">
                <SpanBar
                  span={span}
                  left={share(span.sentUs)}
                  right={share(span.endedUs ?? Math.max(nowUs, span.sentUs))}
                  share={share}
                />
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

const toneOf = (span: SpanView): 'ok' | 'fail' | 'open' =>
  span.end === 'ok' || span.end === 'refused' ? 'ok' : span.end === 'pending' ? 'open' : 'fail';

function SpanBar(props: {
  readonly span: SpanView;
  readonly left: string;
  readonly right: string;
  readonly share: (timeUs: number) => string;
}) {
  const { span, left, right, share } = props;
  const tone = toneOf(span);
  const words =
    span.end === 'ok'
      ? formatDuration(((span.endedUs ?? span.sentUs) - span.sentUs) / 1000)
      : spanEndWord(span);
  const Icon = span.end === 'timeout' ? Clock : span.end === 'rejected' ? Ban : X;
  return (
    <>
      <span
        className="span-bar"
        data-tone={tone}
        style={{ left, width: `max(3px, calc(${right} - ${left}))` }}
      />
      {span.receivedUs !== null && (
        <span
          className="span-inside"
          data-tone={tone}
          style={{
            left: share(span.receivedUs),
            width: `max(2px, calc(${share(span.answeredUs ?? span.endedUs ?? span.receivedUs)} - ${share(span.receivedUs)}))`,
          }}
        />
      )}
      <span className="span-end num" data-tone={tone} style={sideOf(left, right, words)}>
        {tone === 'fail' && <Icon size={13} strokeWidth={2.5} aria-hidden="true" />}
        {words}
      </span>
    </>
  );
}

/** The words stand after the bar; before it where there is no room; over it where there is none at all. */
function sideOf(left: string, right: string, words: string): { left: string } | { right: string } {
  const from = Number.parseFloat(left);
  const to = Number.parseFloat(right);
  if (to <= (words.length > LONG_WORDS ? 58 : 80)) return { left: `calc(${right} + 5px)` };
  return { right: `calc(${100 - (from >= 20 ? from : to)}% + 5px)` };
}

const LONG_WORDS = 12;

/** Ids in a path say nothing here. */
const operationWords = (span: SpanView): string => {
  const path = (span.path.split('?')[0] ?? '')
    .split('/')
    .map((part) => (/\d/.test(part) && part.length > 6 ? '…' : part))
    .join('/');
  return `${span.method} ${path}`;
};
