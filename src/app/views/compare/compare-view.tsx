import { X } from 'lucide-react';
import { useMemo } from 'react';
import { formatRunTime } from '../../../projections/index.ts';
import type { Comparison } from '../../state/comparison.ts';
import { StoresContext, useActions, useStores } from '../../state/hooks.ts';
import { ErrorBoundary } from '../../widgets/error-boundary.tsx';
import { TableScroll } from '../../widgets/table-scroll.tsx';
import { Diagram } from '../diagram/diagram.tsx';
import './compare.css';
import { branchRows, type ComparisonRow, comparisonRows } from './rows.ts';
import { useSides } from './use-sides.ts';

const COMPOSITIONS = ['Services', 'Monolith'] as const;

/** Two runs under one clock: services and a monolith with the same customers, faults and seeds; or two branches. */
export default function CompareView({ comparison }: { readonly comparison: Comparison }) {
  const { peer, titles } = comparison;
  const [title, otherTitle] = titles;
  const stores = useStores();
  const actions = useActions();
  const other = useMemo(() => ({ ...stores, run: peer }), [stores, peer]);
  return (
    <div className="compare">
      <div className="compare-shops">
        <section className="compare-shop" aria-label={title}>
          <h2 className="compare-title">{title}</h2>
          <ErrorBoundary name="The first diagram">
            <Diagram />
          </ErrorBoundary>
        </section>
        <section className="compare-shop" aria-label={otherTitle}>
          <h2 className="compare-title">{otherTitle}</h2>
          <StoresContext value={other}>
            <ErrorBoundary name="The second diagram">
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
          <ComparisonTable comparison={comparison} />
        </ErrorBoundary>
      </div>
    </div>
  );
}

function ComparisonTable({ comparison }: { readonly comparison: Comparison }) {
  const sides = useSides(comparison);
  const branches = comparison.branch !== null;
  const names = branches ? comparison.titles : COMPOSITIONS;
  return (
    <TableScroll label="Comparison">
      {sides === null ? (
        <p className="p-3 text-muted" role="status">
          Measuring both runs…
        </p>
      ) : (
        <table data-testid="comparison">
          <caption className="sr-only">
            {branches
              ? 'Both runs since they parted'
              : 'Both sides since the latest fault began, or since customers came'}
          </caption>
          <thead>
            <tr>
              <th scope="col">Since {formatRunTime(sides.fromUs)}</th>
              <th scope="col">{names[0]}</th>
              <th scope="col">{names[1]}</th>
              <th scope="col">Better here</th>
              <th scope="col">{branches ? 'What it shows' : 'What it shows, and when it turns round'}</th>
            </tr>
          </thead>
          <tbody>
            {(branches ? branchRows : comparisonRows)(...sides.figures).map((row) => (
              <Row key={row.key} row={row} names={names} />
            ))}
          </tbody>
        </table>
      )}
      <p className="compare-note">
        The milliseconds are this classroom’s (a hop takes 250 ms) and measure no real system.{' '}
        {branches
          ? 'Both runs have the same customers at the same moments. What began before they parted is not counted.'
          : 'Both sides have the same slots in all, the same customers at the same moments, and the same faults. What began before the latest fault is not counted.'}
      </p>
    </TableScroll>
  );
}

interface RowProps {
  readonly row: ComparisonRow;
  readonly names: readonly [string, string];
}

function Row({ row, names }: RowProps) {
  const better = { left: names[0].toLowerCase(), right: names[1].toLowerCase(), even: 'even' };
  return (
    <tr data-row={row.key}>
      <th scope="row">{row.title}</th>
      <td className="num" data-side="left" data-better={row.better === 'left'}>
        {row.left}
      </td>
      <td className="num" data-side="right" data-better={row.better === 'right'}>
        {row.right}
      </td>
      <td>{row.better === null ? '–' : better[row.better]}</td>
      <td className="compare-says">
        {row.says} <span className="text-muted">{row.turns}</span>
      </td>
    </tr>
  );
}
