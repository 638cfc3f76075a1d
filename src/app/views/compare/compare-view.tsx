import { X } from 'lucide-react';
import { useMemo } from 'react';
import { StoresContext, useActions, useStores } from '../../state/hooks.ts';
import type { RunStore } from '../../state/run-store.ts';
import { ErrorBoundary } from '../../widgets/error-boundary.tsx';
import { TableScroll } from '../../widgets/table-scroll.tsx';
import { Diagram } from '../diagram/diagram.tsx';
import './compare.css';
import { type Better, type ComparisonRow, comparisonRows } from './rows.ts';
import { useSides } from './use-sides.ts';

const BETTER: Readonly<Record<Exclude<Better, null>, string>> = {
  services: 'services',
  monolith: 'monolith',
  even: 'even',
};

/** The same customers, faults and seeds, as services and as a monolith, under one clock. */
export default function CompareView({ peer }: { readonly peer: RunStore }) {
  const stores = useStores();
  const actions = useActions();
  const other = useMemo(() => ({ ...stores, run: peer }), [stores, peer]);
  return (
    <div className="compare">
      <div className="compare-shops">
        <section className="compare-shop" aria-label="As services">
          <h2 className="compare-title">As services</h2>
          <ErrorBoundary name="The services’ diagram">
            <Diagram />
          </ErrorBoundary>
        </section>
        <section className="compare-shop" aria-label="As a monolith">
          <h2 className="compare-title">As a monolith</h2>
          <StoresContext value={other}>
            <ErrorBoundary name="The monolith’s diagram">
              <Diagram />
            </ErrorBoundary>
          </StoresContext>
        </section>
        <button type="button" className="btn btn-small compare-end" onClick={actions.compare}>
          <X size={14} aria-hidden="true" /> End the comparison
        </button>
      </div>
      <div className="compare-table">
        <ErrorBoundary name="The comparison">
          <ComparisonTable left={stores.run} right={peer} />
        </ErrorBoundary>
      </div>
    </div>
  );
}

function ComparisonTable({ left, right }: { readonly left: RunStore; readonly right: RunStore }) {
  const sides = useSides(left, right);
  return (
    <TableScroll label="Comparison">
      {sides === null ? (
        <p className="p-3 text-muted" role="status">
          Measuring both runs…
        </p>
      ) : (
        <table data-testid="comparison">
          <caption className="sr-only">Both sides since customers came</caption>
          <thead>
            <tr>
              <th scope="col">Since 0:02</th>
              <th scope="col">Services</th>
              <th scope="col">Monolith</th>
              <th scope="col">Better here</th>
              <th scope="col">What it shows, and when it turns round</th>
            </tr>
          </thead>
          <tbody>
            {comparisonRows(sides.services, sides.monolith).map((row) => (
              <Row key={row.key} row={row} />
            ))}
          </tbody>
        </table>
      )}
      <p className="compare-note">
        The milliseconds are this classroom’s (a hop takes 250 ms) and measure no real system. Both sides have
        the same slots in all, the same customers at the same moments, and the same faults.
      </p>
    </TableScroll>
  );
}

function Row({ row }: { readonly row: ComparisonRow }) {
  return (
    <tr data-row={row.key}>
      <th scope="row">{row.title}</th>
      <td className="num" data-side="services" data-better={row.better === 'services'}>
        {row.services}
      </td>
      <td className="num" data-side="monolith" data-better={row.better === 'monolith'}>
        {row.monolith}
      </td>
      <td>{row.better === null ? '–' : BETTER[row.better]}</td>
      <td className="compare-says">
        {row.says} <span className="text-muted">{row.turns}</span>
      </td>
    </tr>
  );
}
