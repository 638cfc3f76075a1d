import { ArrowRight, Ban, MoveRight, ShieldCheck, ShieldHalf, ShieldOff } from 'lucide-react';
import { memo } from 'react';
import type { CircuitState } from '../../../kernel/index.ts';
import { faultBadgeWord, serviceTitle, worstBreaker } from '../../../projections/index.ts';
import { useReducedMotion, useRun, useStores } from '../../state/hooks.ts';
import type { RunState } from '../../state/run-store.ts';
import { extraCallsOf } from './edges.tsx';
import type { EdgePlace } from './geometry.ts';
import { useLayout } from './use-layout.ts';

/** How long a breaker that has just closed is shown in colour. */
const NEWS_US = 6_000_000;

export interface BreakerFacts {
  readonly state: CircuitState | 'NONE';
  readonly rate: number;
  readonly leftS: number | null;
  readonly probes: string | null;
  readonly news: boolean;
  readonly calls: number;
  readonly failures: number;
}

const NONE: BreakerFacts = {
  state: 'NONE',
  rate: -1,
  leftS: null,
  probes: null,
  news: false,
  calls: 0,
  failures: 0,
};

/** Which edges have callers with breakers: customers have none. */
const hasPolicy = (state: RunState, place: EdgePlace): boolean => {
  const { settings } = state.projections.facts;
  if (settings === null || place.from === 'customers') return false;
  return (settings.edges[`${place.from}->${place.to}`] ?? settings.edge).breaker !== null;
};

export function breakerFacts(state: RunState, place: EdgePlace): BreakerFacts {
  const { projections, nowUs } = state;
  if (projections.facts.settings !== null && !hasPolicy(state, place)) return NONE;
  const breaker = worstBreaker(projections.breakers, place.from, place.to);
  if (breaker === null) return hasPolicy(state, place) ? { ...NONE, state: 'CLOSED' } : NONE;
  const { figures } = breaker;
  return {
    state: breaker.state,
    rate: figures.failureRate < 0 ? -1 : Math.round(figures.failureRate),
    leftS:
      breaker.state === 'OPEN' && breaker.untilUs !== null
        ? Math.max(0, Math.ceil((breaker.untilUs - nowUs) / 1_000_000))
        : null,
    probes:
      breaker.state === 'HALF_OPEN' ? `${Math.min(figures.calls, breaker.permits)}/${breaker.permits}` : null,
    news: breaker.history.length > 0 && nowUs - breaker.changedUs < NEWS_US,
    calls: figures.calls,
    failures: figures.failures,
  };
}

const ICON = {
  CLOSED: ShieldCheck,
  OPEN: ShieldOff,
  FORCED_OPEN: ShieldOff,
  HALF_OPEN: ShieldHalf,
  DISABLED: Ban,
  METRICS_ONLY: ShieldCheck,
};
const WORD: Readonly<Record<CircuitState, string>> = {
  CLOSED: 'closed',
  OPEN: 'open',
  FORCED_OPEN: 'forced open',
  HALF_OPEN: 'half-open',
  DISABLED: 'disabled',
  METRICS_ONLY: 'metrics only',
};

const BreakerBadge = memo(function BreakerBadge({ place }: { readonly place: EdgePlace }) {
  const facts = useRun((state) => breakerFacts(state, place));
  const { view } = useStores();
  if (facts.state === 'NONE') return null;
  const Icon = ICON[facts.state];
  const name = `${serviceTitle(place.from)} to ${serviceTitle(place.to)}: breaker ${WORD[facts.state]}`;
  const rate = facts.rate < 0 ? '' : `, ${facts.failures} of ${facts.calls} calls failed`;
  return (
    <button
      type="button"
      className="breaker nopan"
      style={{ left: place.badge.x, top: place.badge.y }}
      data-side={place.badge.side}
      data-state={facts.state}
      data-news={facts.news}
      data-testid={`breaker-${place.from}-${place.to}`}
      aria-label={`${name}${rate}${facts.leftS === null ? '' : `, probes in ${facts.leftS} s`}`}
      onClick={() => view.select({ kind: 'edge', from: place.from, to: place.to })}
    >
      <Icon size={15} strokeWidth={2} aria-hidden="true" />
      {facts.rate > 0 && <span className="num">{facts.rate} %</span>}
      {facts.leftS !== null && <span className="num">{facts.leftS} s</span>}
      {facts.probes !== null && <span className="num">{facts.probes}</span>}
    </button>
  );
});

interface LabelFacts {
  readonly extra: string | null;
  readonly fault: string | null;
  readonly leftS: number | null;
  readonly inFlight: number;
}

function labelFacts(state: RunState, place: EdgePlace, count: boolean): LabelFacts {
  const extra = extraCallsOf(state, place.from, place.to)?.factor ?? null;
  // Beside an open breaker there is no room on a short edge; what is refused is not sent twice anyway.
  const wide = place.tight && ['OPEN', 'FORCED_OPEN', 'HALF_OPEN'].includes(breakerFacts(state, place).state);
  let fault: string | null = null;
  let endsUs: number | null = null;
  for (const view of state.projections.faults.byId.values()) {
    const { target } = view.description;
    if (
      view.endedUs !== null ||
      target?.kind !== 'edge' ||
      target.from !== place.from ||
      target.to !== place.to
    )
      continue;
    fault = faultBadgeWord(view.description);
    endsUs = view.endsUs;
  }
  let inFlight = 0;
  if (count && !wide) {
    for (const call of state.projections.calls.byId.values()) {
      if (call.endedUs === null && call.plane === 'data' && call.from === place.from && call.to === place.to)
        inFlight += 1;
    }
  }
  return {
    extra: extra !== null && extra >= 1.05 && !wide ? `×${extra.toFixed(1)}` : null,
    fault,
    leftS: endsUs === null ? null : Math.max(0, Math.ceil((endsUs - state.nowUs) / 1_000_000)),
    inFlight,
  };
}

const EdgeLabel = memo(function EdgeLabel({ place }: { readonly place: EdgePlace }) {
  const still = useReducedMotion();
  const facts = useRun((state) => labelFacts(state, place, still));
  if (facts.extra === null && facts.fault === null && facts.inFlight === 0) return null;
  return (
    <>
      {facts.fault !== null && (
        <div className="edge-label" style={{ left: place.fault.x, top: place.fault.y }}>
          <span className="fault-badge fault-badge-inline" data-testid={`fault-${place.from}-${place.to}`}>
            <ArrowRight size={13} strokeWidth={2.5} aria-hidden="true" />
            {facts.fault}
            {facts.leftS !== null && <span className="num">· {facts.leftS} s</span>}
          </span>
        </div>
      )}
      <div className="edge-label" style={{ left: place.label.x, top: place.label.y }}>
        {facts.extra !== null && (
          <span className="extra num" title="Attempts sent for each call, over the last 10 s">
            {facts.extra}
          </span>
        )}
        {facts.inFlight > 0 && (
          <span className="in-flight num" title="Calls under way">
            {facts.inFlight}
            <MoveRight size={13} aria-hidden="true" />
            <span className="sr-only"> calls under way</span>
          </span>
        )}
      </div>
    </>
  );
});

/** What sits on the edges: breakers, faults, extra calls. */
export function EdgeBadges() {
  const { edges } = useLayout();
  return (
    <>
      {edges.map((place) => (
        <div key={`${place.from}->${place.to}`}>
          <BreakerBadge place={place} />
          <EdgeLabel place={place} />
        </div>
      ))}
    </>
  );
}
