import { Check, CircleAlert, CornerDownRight, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import type { Json } from '../../../../kernel/index.ts';
import { formatDuration, formatRunTimeTenths } from '../../../../projections/index.ts';
import { useProjections, useRun, useStores } from '../../../state/hooks.ts';
import { Empty } from '../../../widgets/empty.tsx';
import { TableScroll } from '../../../widgets/table-scroll.tsx';
import { Term } from '../../../widgets/term.tsx';
import type { ApiOperation } from './api-documents.ts';
import { type Attempt, apiStoreOf, type Outcome } from './api-store.ts';
import { statusMeaning, statusName } from './status-text.ts';
import { type TryTrace, traceOfTry } from './try-trace.ts';

/** What came of the last request to this operation. */
export function AnswerPane({ operation }: { readonly operation: ApiOperation }) {
  const attempt = useStore(apiStoreOf(useStores()), (state) => state.attempt);
  return (
    <TableScroll label="Answer">
      <div className="api-pane">
        {attempt === null || attempt.operation !== operation ? (
          <Empty>Its answer will be here, with the calls that it took.</Empty>
        ) : (
          <Answer attempt={attempt} />
        )}
      </div>
    </TableScroll>
  );
}

function Answer({ attempt }: { readonly attempt: Attempt }) {
  const { projections } = useProjections(2);
  const seen = useSeenInBrowser();
  const trace = traceOfTry(projections, attempt, seen);
  return (
    <>
      <Told attempt={attempt} tookMs={trace?.tookMs ?? attempt.tookMs} />
      {trace !== null && <Calls trace={trace} seen={seen} />}
      {attempt.outcome.kind === 'answer' && <Contents outcome={attempt.outcome} />}
    </>
  );
}

/** What of a request's calls the browser's developer tools show. */
function useSeenInBrowser(): 'all' | 'first' | 'none' {
  return useRun(({ projections: { facts }, notices }) => {
    if (facts.host === 'virtual' || notices.some(({ id }) => id === 'no-service-worker')) return 'none';
    return facts.settings?.everyHopThroughBrowser === true ? 'all' : 'first';
  });
}

interface ToldProps {
  readonly attempt: Attempt;
  readonly tookMs: number | null;
}

/** How it stands, in a line that screen readers hear. */
function Told({ attempt, tookMs }: ToldProps) {
  const paused = useRun((state) => state.paused);
  const { outcome, operation, sentUs } = attempt;
  const took = tookMs === null ? '' : ` in ${formatDuration(tookMs)}`;
  switch (outcome.kind) {
    case 'waiting':
      return (
        <p role="status" className="api-told">
          {!paused && <span className="spinner" aria-hidden="true" />}
          {paused
            ? 'The run is paused: the answer comes when it plays.'
            : `Sent at ${formatRunTimeTenths(sentUs)}. Waiting for the answer.`}
        </p>
      );
    case 'refused':
      return (
        <Bad headline="Not sent">
          <p>{outcome.message}</p>
        </Bad>
      );
    case 'silence':
      return (
        <Bad headline={`No answer${took}`}>
          <p>{outcome.error}</p>
        </Bad>
      );
    case 'answer': {
      const { status } = outcome;
      const tone = status >= 500 ? 'fail' : status >= 400 ? 'refused' : 'ok';
      const Icon = tone === 'ok' ? Check : tone === 'fail' ? X : CircleAlert;
      return (
        <div role="status">
          <p className="api-told num" data-tone={tone} data-testid="api-status">
            <Icon size={16} aria-hidden="true" />
            <b>{statusName(status)}</b>
            <span className="text-muted">{took.trim()}</span>
          </p>
          <p>{statusMeaning(status, operation.answers)}</p>
        </div>
      );
    }
  }
}

function Bad({ headline, children }: { readonly headline: string; readonly children: ReactNode }) {
  return (
    <div role="alert">
      <p className="api-told num" data-tone="fail" data-testid="api-status">
        <X size={16} aria-hidden="true" />
        <b>{headline}</b>
      </p>
      {children}
    </div>
  );
}

const SEEN_TIP = {
  first:
    'Your page’s own request goes through the browser’s network (a service worker), so the developer tools’ network tab shows it. What the services then ask each other goes from worker to worker.',
  all: 'Every hop goes through the browser’s network just now, so the developer tools’ network tab shows them all.',
  none: 'None of them goes through the browser’s network here, so the developer tools’ network tab shows nothing of it.',
} as const;

/** "6 calls, 1 visible in DevTools", and the way to see the others. */
function Calls({ trace, seen }: { readonly trace: TryTrace; readonly seen: keyof typeof SEEN_TIP }) {
  const { view } = useStores();
  const { calls, visible, intent } = trace;
  return (
    <p className="api-calls">
      <Term tip={SEEN_TIP[seen]}>
        {calls} {calls === 1 ? 'call' : 'calls'}, {visible} visible in DevTools
      </Term>
      <button
        type="button"
        className="btn btn-small"
        onClick={() => {
          view.select({ kind: 'intent', intentId: intent.intentId });
          view.openDock('trace');
        }}
      >
        <CornerDownRight size={13} aria-hidden="true" /> Show its trace
      </button>
    </p>
  );
}

const pretty = (body: Json): string => (typeof body === 'string' ? body : JSON.stringify(body, null, 2));

function Contents({ outcome }: { readonly outcome: Extract<Outcome, { kind: 'answer' }> }) {
  const headers = Object.entries(outcome.headers);
  return (
    <>
      <details>
        <summary className="text-s text-muted">
          {headers.length} {headers.length === 1 ? 'header' : 'headers'}
        </summary>
        <dl className="api-facts">
          {headers.map(([name, value]) => (
            <div key={name}>
              <dt className="mono">{name}</dt>
              <dd className="mono">{value}</dd>
            </div>
          ))}
        </dl>
      </details>
      {outcome.body === null ? (
        <p className="text-s text-muted">It has no body.</p>
      ) : (
        <pre className="api-code" data-testid="api-body">
          {pretty(outcome.body)}
        </pre>
      )}
    </>
  );
}
