import { ChevronDown } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import type { ServiceName } from '../../../kernel/index.ts';
import { serviceTitle } from '../../../projections/index.ts';
import {
  type FaultPlace,
  type FaultWish,
  isBreakable,
  makeFault,
  placeTitle,
  USUAL_WISHES,
} from '../../state/actions.ts';
import { useActions, useRun, useStores, useView } from '../../state/hooks.ts';
import type { Selection } from '../../state/view-store.ts';
import { Segmented } from '../../widgets/segmented.tsx';
import { useLayout } from '../diagram/use-layout.ts';

const FaultCatalogue = lazy(() => import('../faults/fault-catalogue.tsx'));

const SLOW = [
  { value: 300, label: '+0.3 s' },
  { value: 2000, label: '+2 s' },
  { value: 10_000, label: '+10 s' },
] as const;
const ERRORS = [
  { value: 0.2, label: '20 %' },
  { value: 0.8, label: '80 %' },
] as const;
const SHARES = [
  { value: 1, label: 'all', name: 'all calls' },
  { value: 0.5, label: '50 %', name: '50 % of calls' },
  { value: 0.2, label: '20 %', name: '20 % of calls' },
] as const;
const LENGTHS = [
  { value: 0, label: 'until cleared' },
  { value: 10_000, label: '10 s' },
  { value: 30_000, label: '30 s' },
] as const;

const keyOf = (place: FaultPlace): string =>
  place.kind === 'edge'
    ? `${place.from}->${place.to}`
    : place.kind === 'service'
      ? place.service
      : place.instance;

function placeOf(key: string): FaultPlace {
  const [from = '', to] = key.split('->');
  return to === undefined
    ? { kind: 'service', service: from as ServiceName }
    : { kind: 'edge', from: from as ServiceName, to: to as ServiceName };
}

function placeOfSelection(selection: Selection | null): FaultPlace | null {
  if (selection?.kind === 'service' && isBreakable(selection.service))
    return { kind: 'service', service: selection.service };
  if (selection?.kind === 'edge' && isBreakable(selection.from))
    return { kind: 'edge', from: selection.from, to: selection.to };
  return null;
}

/** Where, what and how much. Slow, Errors and Down act at once; every one can be undone. */
export function BreakSection({ onBreak }: { readonly onBreak?: (() => void) | undefined }) {
  const actions = useActions();
  const { view } = useStores();
  const ready = useRun((state) => state.run !== null);
  const selection = useView((state) => state.selection);
  const { services, edges } = useLayout();
  const [chosen, setPlace] = useState<FaultPlace | null>(null);
  const place = chosen ?? {
    kind: 'service',
    service: services.includes('shipping') ? 'shipping' : 'monolith',
  };
  const [addMs, setAddMs] = useState<number>(USUAL_WISHES.slow.addMs);
  const [errorShare, setErrorShare] = useState<number>(USUAL_WISHES.errors.share);
  const [share, setShare] = useState<number>(USUAL_WISHES.slow.share);
  const [lengthMs, setLengthMs] = useState<number>(0);
  const [more, setMore] = useState(false);

  // What is selected on the diagram is what gets broken.
  const [seen, setSeen] = useState<Selection | null>(null);
  if (selection !== seen) {
    setSeen(selection);
    const selected = placeOfSelection(selection);
    if (selected !== null) setPlace(selected);
  }

  const add = (wish: FaultWish) => {
    actions.addFault(makeFault(wish, place, lengthMs === 0 ? null : lengthMs));
    onBreak?.();
  };
  const title = placeTitle(place);
  return (
    <section aria-labelledby="break-title" className="section">
      <h2 id="break-title" className="section-title">
        Break
      </h2>
      <label className="select-wrap">
        <span className="sr-only">What to break</span>
        <select
          className="select"
          value={keyOf(place)}
          onChange={(event) => {
            const next = placeOf(event.target.value);
            setPlace(next);
            view.select(
              next.kind === 'edge'
                ? { kind: 'edge', from: next.from, to: next.to }
                : { kind: 'service', service: (next as { service: ServiceName }).service },
            );
          }}
        >
          <optgroup label="A service">
            {services.filter(isBreakable).map((service) => (
              <option key={service} value={service}>
                {serviceTitle(service)}
              </option>
            ))}
          </optgroup>
          <optgroup label="A connection">
            {edges
              .filter((edge) => isBreakable(edge.from))
              .map((edge) => (
                <option key={`${edge.from}->${edge.to}`} value={`${edge.from}->${edge.to}`}>
                  {serviceTitle(edge.from)} → {serviceTitle(edge.to)}
                </option>
              ))}
          </optgroup>
        </select>
        <ChevronDown size={15} aria-hidden="true" />
      </label>
      <div className="faults-grid">
        <button
          type="button"
          className="btn"
          disabled={!ready}
          onClick={() => add({ kind: 'slow', addMs, share })}
          aria-label={`Slow: make ${title} slow`}
        >
          Slow
        </button>
        <Segmented legend="How much slower" options={SLOW} value={addMs} onChange={setAddMs} />
        <button
          type="button"
          className="btn"
          disabled={!ready}
          onClick={() => add({ kind: 'errors', share: errorShare })}
          aria-label={`Errors: make ${title} answer with errors`}
        >
          Errors
        </button>
        <Segmented
          legend="Share of calls that fail"
          options={ERRORS}
          value={errorShare}
          onChange={setErrorShare}
        />
        <button
          type="button"
          className="btn"
          disabled={!ready}
          onClick={() => add(USUAL_WISHES.down)}
          aria-label={place.kind === 'edge' ? `Down: cut ${title}` : `Down: take ${title} down`}
        >
          {place.kind === 'edge' ? 'Cut' : 'Down'}
        </button>
        <span className="self-center text-s text-muted">
          {place.kind === 'edge' ? 'nothing gets through' : 'crashed until it ends'}
        </span>
      </div>
      <Segmented
        legend="Slow hits (of all calls)"
        showLegend
        options={SHARES}
        value={share}
        onChange={setShare}
      />
      <Segmented
        legend="The fault lasts"
        showLegend
        options={LENGTHS}
        value={lengthMs}
        onChange={setLengthMs}
      />
      <button type="button" className="link self-start" aria-haspopup="dialog" onClick={() => setMore(true)}>
        More faults…
      </button>
      {more && (
        <Suspense fallback={null}>
          <FaultCatalogue placeKey={keyOf(place)} onClose={() => setMore(false)} />
        </Suspense>
      )}
    </section>
  );
}
