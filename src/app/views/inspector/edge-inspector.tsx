import { lazy, Suspense, useState } from 'react';
import type { EdgePolicy, ServiceName } from '../../../kernel/index.ts';
import {
  activeFaults,
  type BreakerView,
  breakersOfEdge,
  faultLeftMs,
  faultWord,
  formatDuration,
  formatSize,
  latestFailures,
} from '../../../projections/index.ts';
import { useProjections, useStores } from '../../state/hooks.ts';
import { BreakerState } from '../../widgets/breaker-state.tsx';
import { extraCallsOf } from '../diagram/edges.tsx';
import { Failures } from './failures.tsx';

const NetsDialog = lazy(() => import('../nets/nets-dialog.tsx'));

/** One connection: its safety nets with their settings, its breakers with their windows, its failures. */
export function EdgeInspector({ from, to }: { readonly from: ServiceName; readonly to: ServiceName }) {
  const { run, view } = useStores();
  const { projections, nowUs } = useProjections(2);
  const { settings } = projections.facts;
  const policy =
    settings === null || from === 'customers' ? null : (settings.edges[`${from}->${to}`] ?? settings.edge);
  const breakers = breakersOfEdge(projections.breakers, from, to);
  const edge = projections.topology.edges.get(`${from}->${to}`);
  const extra = extraCallsOf(run.getState(), from, to);
  const faults = activeFaults(projections.faults).filter(
    ({ description: { target } }) => target?.kind === 'edge' && target.from === from && target.to === to,
  );
  const failures = latestFailures(projections.traces, (span) => span.from === from && span.to === to, 6);
  return (
    <>
      <dl className="facts">
        <div>
          <dt>Attempts so far</dt>
          <dd className="num">{edge?.attempts ?? 0}</dd>
        </div>
        <div>
          <dt>Failed</dt>
          <dd className="num">{edge?.failed ?? 0}</dd>
        </div>
        <div>
          <dt>Extra calls, last 10 s</dt>
          <dd className="num">{extra?.factor == null ? '–' : `×${extra.factor.toFixed(2)}`}</dd>
        </div>
      </dl>

      {breakers.length > 0 && (
        <section>
          <h3 className="section-title">Circuit breaker</h3>
          <ul className="flex flex-col gap-3">
            {breakers.map((breaker) => (
              <BreakerDetails key={breaker.key} breaker={breaker} nowUs={nowUs} policy={policy} />
            ))}
          </ul>
        </section>
      )}

      {faults.length > 0 && (
        <section>
          <h3 className="section-title">Active faults</h3>
          <ul>
            {faults.map((fault) => {
              const leftMs = faultLeftMs(fault, nowUs);
              return (
                <li key={fault.faultId}>
                  <button
                    type="button"
                    className="row-link"
                    onClick={() => view.select({ kind: 'fault', faultId: fault.faultId })}
                  >
                    <span className="fault-mark" aria-hidden="true" />
                    <span className="grow">{faultWord(fault.description)}</span>
                    <span className="num text-s text-muted">
                      {leftMs === null ? 'until cleared' : `${Math.ceil(leftMs / 1000)} s left`}
                    </span>
                  </button>
                </li>
              );
            })}
          </ul>
        </section>
      )}

      <section>
        <h3 className="section-title">Safety nets here</h3>
        {policy === null ? (
          <p className="text-s text-muted">Customers wait up to their own deadline and try once.</p>
        ) : (
          <>
            <Policy policy={policy} />
            <ChangeNets from={from} to={to} />
          </>
        )}
      </section>

      <Failures spans={failures} />
    </>
  );
}

function ChangeNets({ from, to }: { readonly from: ServiceName; readonly to: ServiceName }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="btn btn-small mt-2" onClick={() => setOpen(true)}>
        Change…
      </button>
      {open && (
        <Suspense fallback={null}>
          <NetsDialog from={from} to={to} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

/** What the breaker has counted since its state last changed: calls when closed, else probes. */
function countedSentence({ state, figures }: BreakerView, policy: EdgePolicy | null): string {
  const { failures, calls, failureRate } = figures;
  const rate = failureRate < 0 ? '' : `${Math.round(failureRate)} %: `;
  if (state === 'HALF_OPEN') return `${failures} of ${calls} probes failed so far`;
  if (state === 'OPEN') return `${rate}${failures} of the ${calls} calls that it looked at failed`;
  const minimum = policy?.breaker?.minimumNumberOfCalls;
  if (failureRate < 0 && minimum !== undefined)
    return `${failures} of ${calls} calls failed; it decides from ${minimum} calls on`;
  return `${rate}${failures} of the last ${calls} calls failed`;
}

function BreakerDetails({
  breaker,
  nowUs,
  policy,
}: {
  readonly breaker: BreakerView;
  readonly nowUs: number;
  readonly policy: EdgePolicy | null;
}) {
  const { figures } = breaker;
  const threshold = policy?.breaker?.failureRateThreshold ?? 50;
  const rate = figures.failureRate;
  return (
    <li>
      <p className="flex items-center justify-between">
        <span className="mono text-s">{breaker.instance}</span>
        <BreakerState breaker={breaker} nowUs={nowUs} />
      </p>
      <div
        className="meter"
        role="img"
        aria-label={
          rate < 0 ? 'No rate yet' : `${Math.round(rate)} % of calls failed, opens at ${threshold} %`
        }
      >
        <span
          className="meter-fill"
          data-over={rate >= threshold}
          style={{ width: `${Math.max(0, Math.min(100, rate))}%` }}
        />
        <span className="meter-mark" style={{ left: `${threshold}%` }} />
      </div>
      <p className="num text-s text-muted">
        {countedSentence(breaker, policy)}
        {breaker.notPermitted > 0 ? ` · ${breaker.notPermitted} turned back` : ''}
      </p>
    </li>
  );
}

/** In the order of decoration, outermost first. */
function Policy({ policy }: { readonly policy: EdgePolicy }) {
  const { retry, breaker, timeoutMs, bulkhead } = policy;
  return (
    <dl className="facts">
      <div>
        <dt>Retry</dt>
        <dd className="num">
          {retry === null
            ? 'none'
            : `${retry.maxAttempts} attempts, ${formatDuration(retry.baseMs)} ${retry.backoff}`}
        </dd>
      </div>
      <div>
        <dt>Breaker</dt>
        <dd className="num">
          {breaker === null
            ? 'none'
            : `≥ ${breaker.failureRateThreshold} % of ${breaker.slidingWindowSize}, from ${breaker.minimumNumberOfCalls} calls`}
        </dd>
      </div>
      {breaker !== null && (
        <>
          <div>
            <dt>Open for</dt>
            <dd className="num">{formatSize(breaker.waitDurationInOpenStateMs)}</dd>
          </div>
          <div>
            <dt>Probes</dt>
            <dd className="num">{breaker.permittedNumberOfCallsInHalfOpenState}</dd>
          </div>
        </>
      )}
      <div>
        <dt>Timeout</dt>
        <dd className="num">{timeoutMs === null ? 'none' : formatSize(timeoutMs)}</dd>
      </div>
      <div>
        <dt>Bulkhead</dt>
        <dd className="num">{bulkhead === null ? 'none' : `${bulkhead.maxConcurrentCalls} at once`}</dd>
      </div>
    </dl>
  );
}
