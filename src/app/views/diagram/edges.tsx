import type { EdgeProps } from '@xyflow/react';
import { memo } from 'react';
import { type ExtraCalls, type Figures, figuresAt } from '../../../projections/index.ts';
import { useRun, useView } from '../../state/hooks.ts';
import type { RunState } from '../../state/run-store.ts';
import type { EdgePlace } from './geometry.ts';

export type CallEdgeData = { readonly place: EdgePlace };

/** How long an edge shows that a call on it failed. */
const TROUBLE_US = 2_500_000;

export interface EdgeFacts {
  readonly trouble: boolean;
  readonly used: boolean;
  readonly cut: boolean;
}

export function edgeFacts(state: RunState, place: EdgePlace): EdgeFacts {
  const { projections, nowUs } = state;
  let trouble = false;
  let used = false;
  for (const key of [`${place.from}->${place.to}`, `${place.to}->${place.from}`]) {
    const edge = projections.topology.edges.get(key);
    if (edge === undefined) continue;
    used = true;
    if (edge.lastFailureUs !== null && nowUs - edge.lastFailureUs < TROUBLE_US) trouble = true;
  }
  let cut = false;
  for (const fault of projections.faults.byId.values()) {
    const { target, kind } = fault.description;
    if (
      fault.endedUs === null &&
      kind === 'down' &&
      target?.kind === 'edge' &&
      target.from === place.from &&
      target.to === place.to
    )
      cut = true;
  }
  return { trouble, used, cut };
}

let cached: { readonly state: RunState; readonly figures: Figures } | null = null;

/** The figures of this state; many views ask at the same tick. */
export function figuresOf(state: RunState): Figures {
  if (cached?.state !== state) cached = { state, figures: figuresAt(state.projections.figures, state.nowUs) };
  return cached.figures;
}

export const extraCallsOf = (state: RunState, from: string, to: string): ExtraCalls | undefined =>
  figuresOf(state).extraCalls.find((edge) => edge.edge === `${from}->${to}`);

export const CallEdge = memo(function CallEdge({ id, data }: EdgeProps & { data: CallEdgeData }) {
  const { place } = data;
  const facts = useRun((state) => edgeFacts(state, place));
  const selected = useView(
    (state) =>
      state.selection?.kind === 'edge' &&
      state.selection.from === place.from &&
      state.selection.to === place.to,
  );
  const shown = useView(
    (state) =>
      place.kind !== 'registry' ||
      (state.selection?.kind === 'service' && state.selection.service === 'registry'),
  );
  if (!shown) return null;
  const tone = facts.trouble || facts.cut ? 'trouble' : 'calm';
  return (
    <g className="edge" data-tone={tone} data-kind={place.kind} data-selected={selected} data-cut={facts.cut}>
      <path
        id={id}
        d={place.way.d}
        className="edge-line"
        markerEnd={`url(#arrow-${selected ? 'selected' : tone})`}
        {...(place.kind === 'events' ? { markerStart: `url(#arrow-${selected ? 'selected' : tone})` } : {})}
      />
      <path d={place.way.d} className="edge-target" />
    </g>
  );
});

/** Arrow heads, one for each tone of an edge. */
export function EdgeMarkers() {
  return (
    <svg className="absolute size-0" aria-hidden="true">
      <defs>
        {['calm', 'trouble', 'selected'].map((tone) => (
          <marker
            key={tone}
            id={`arrow-${tone}`}
            viewBox="0 0 10 10"
            refX="9"
            refY="5"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto-start-reverse"
          >
            <path d="M0,1 L9,5 L0,9 z" className={`arrow-${tone}`} />
          </marker>
        ))}
      </defs>
    </svg>
  );
}
