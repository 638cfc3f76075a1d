import { useEffect, useState } from 'react';
import type { Json, ServiceName } from '../../../kernel/index.ts';
import {
  type Data,
  formatRunTimeTenths,
  type RunProjections,
  rowsOf,
  serviceTitle,
  tablesOf,
} from '../../../projections/index.ts';
import { useProjections, useRun, useStores } from '../../state/hooks.ts';
import { Empty } from '../../widgets/empty.tsx';
import { Segmented } from '../../widgets/segmented.tsx';
import { TableScroll } from '../../widgets/table-scroll.tsx';

const OF_SERVICES: readonly ServiceName[] = [
  'order',
  'product',
  'shipping',
  'user',
  'payment-provider',
  'broker',
  'registry',
];
const OF_MONOLITH: readonly ServiceName[] = ['monolith', 'payment-provider'];
const SHOWN = 100;
const FRESH_US = 1_500_000;
const READ_EVERY_MS = 1000;

type Tables = Readonly<Record<string, readonly Json[]>>;

/** Bookkeeping tables come last: the business first. */
const PATTERN_TABLES = /lease|outbox|inbox|idempotency|subscription|saga/i;

type Counts = Readonly<Record<string, number>>;

/** How many rows a log has seen committed, and not deleted since; of a busy table the latest. */
const committed = (data: Data, service: ServiceName): Counts =>
  Object.fromEntries(
    tablesOf(data, service).map(([table, rows]) => [
      table,
      [...rows.values()].filter(({ deleted }) => !deleted).length,
    ]),
  );

const countsOf = (tables: Tables): Counts =>
  Object.fromEntries(Object.entries(tables).map(([table, rows]) => [table, rows.length]));

interface PastRows {
  readonly service: ServiceName;
  readonly table: string;
  readonly rows: readonly Json[];
}

/** What a table held at the moment of the past that is shown: read from the recording. null: not read yet. */
function usePastRows(
  following: boolean,
  projections: RunProjections,
  service: ServiceName,
  table: string | undefined,
): readonly Json[] | null {
  const { run } = useStores();
  const [past, setPast] = useState<PastRows | null>(null);
  const { lastSeq } = projections.facts;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the state changes in place; lastSeq says that it has
  useEffect(() => {
    if (following || table === undefined) return;
    let stopped = false;
    const read = async () => {
      const rows = await run.recording()?.history.rows(projections, { service, table }, SHOWN);
      if (!stopped && rows !== undefined) setPast({ service, table, rows });
    };
    void read();
    return () => {
      stopped = true;
    };
  }, [run, following, projections, lastSeq, service, table]);
  return past?.service === service && past.table === table ? past.rows : null;
}

/** The rows as they stand in the service's own database, read from it while this is open. */
export function DatabasesView() {
  const run = useRun((state) => state.run);
  const following = useRun((state) => state.following);
  const { projections, nowUs } = useProjections(3);
  const whose = projections.facts.composition === 'monolith' ? OF_MONOLITH : OF_SERVICES;
  const [chosen, setChosen] = useState<ServiceName | null>(null);
  const service = chosen ?? whose[0] ?? 'order';
  const [tables, setTables] = useState<{ readonly service: ServiceName; readonly tables: Tables } | null>(
    null,
  );
  const [failure, setFailure] = useState<string | null>(null);
  const [name, setName] = useState<string | null>(null);

  useEffect(() => {
    if (run === null) return;
    let stopped = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      try {
        const next = await run.tables(service);
        if (stopped) return;
        setTables({ service, tables: next });
        setFailure(null);
      } catch (error) {
        if (!stopped) setFailure(error instanceof Error ? error.message : String(error));
      }
      if (!stopped) timer = setTimeout(read, READ_EVERY_MS);
    };
    void read();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [run, service]);

  // What a database holds can be asked only now; of the past it is known what it committed.
  const present = tables?.service === service ? tables.tables : {};
  const counts = following ? countsOf(present) : committed(projections.data, service);
  const names = Object.keys(counts).sort(
    (a, b) => Number(PATTERN_TABLES.test(a)) - Number(PATTERN_TABLES.test(b)) || a.localeCompare(b),
  );
  const table =
    name !== null && names.includes(name)
      ? name
      : (names.find((candidate) => (counts[candidate] ?? 0) > 0) ?? names[0]);
  const changes = table === undefined ? undefined : rowsOf(projections.data, service, table);
  const past = usePastRows(following, projections, service, table);
  const rows = (following && table !== undefined ? present[table] : past) ?? [];
  return (
    <div className="databases">
      <div className="dock-bar">
        <Segmented
          legend="Whose database"
          options={whose.map((value) => ({ value, label: serviceTitle(value) }))}
          value={service}
          onChange={setChosen}
        />
        <nav className="flex flex-wrap gap-1" aria-label="Tables">
          {names.map((candidate) => (
            <button
              key={candidate}
              type="button"
              className="chip"
              aria-pressed={candidate === table}
              onClick={() => setName(candidate)}
            >
              {candidate} <span className="num text-muted">{counts[candidate] ?? 0}</span>
            </button>
          ))}
        </nav>
      </div>
      {failure !== null ? (
        <Empty>The database could not be read: {failure}</Empty>
      ) : table === undefined ? (
        <Empty>
          {tables?.service === service ? 'This service stores nothing yet.' : 'Reading the database.'}
        </Empty>
      ) : rows.length === 0 ? (
        <Empty>{following || past !== null ? `“${table}” has no rows yet.` : 'Reading the recording.'}</Empty>
      ) : (
        <RowsTable
          caption={`${serviceTitle(service)}: ${table}`}
          rows={rows}
          changedUs={(row) => changeOf(changes, row)}
          nowUs={nowUs}
        />
      )}
    </div>
  );
}

type Row = { readonly [field: string]: Json };

const asRow = (json: Json): Row =>
  typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Row) : { value: json };

interface Change {
  readonly timeUs: number;
  readonly operation: string;
}

/** A row's key is the value of one of its fields; the log names it as text. */
function changeOf(changes: ReturnType<typeof rowsOf>, row: Row): Change | null {
  if (changes === undefined) return null;
  for (const value of Object.values(row).slice(0, 3)) {
    const change =
      typeof value === 'string' || typeof value === 'number' ? changes.get(String(value)) : undefined;
    if (change !== undefined) return { timeUs: change.changedUs, operation: change.operation };
  }
  return null;
}

const textOf = (value: Json | undefined): string => {
  if (value === undefined) return '';
  if (value === null) return '–';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

/** The row's own key, then how it stands, then plain values; what is long comes last. */
function orderedFields(rows: readonly Row[]): string[] {
  const sample = rows.slice(0, 20);
  const names = [...new Set(sample.flatMap((row) => Object.keys(row)))];
  const rank = (name: string, index: number): number => {
    if (index === 0) return 0;
    if (/^(status|state)$/i.test(name)) return 1;
    if (sample.some((row) => typeof row[name] === 'object' && row[name] !== null)) return 4;
    if (name.endsWith('Id')) return 3;
    return 2;
  };
  return names
    .map((name, index) => ({ name, rank: rank(name, index) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ name }) => name)
    .slice(0, 12);
}

interface RowsTableProps {
  readonly caption: string;
  readonly rows: readonly Json[];
  readonly changedUs: (row: Row) => Change | null;
  readonly nowUs: number;
}

function RowsTable({ caption, rows, changedUs, nowUs }: RowsTableProps) {
  const list = rows
    .map((json) => {
      const row = asRow(json);
      return { row, change: changedUs(row) };
    })
    .sort((a, b) => (b.change?.timeUs ?? -1) - (a.change?.timeUs ?? -1))
    .slice(0, SHOWN);
  const fields = orderedFields(list.map(({ row }) => row));
  return (
    <TableScroll label={caption}>
      <table className="rows">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">changed</th>
            {fields.map((field) => (
              <th key={field} scope="col">
                {field}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {list.map(({ row, change }, index) => (
            <tr
              key={textOf(row[fields[0] ?? '']) || index}
              data-fresh={change !== null && nowUs - change.timeUs < FRESH_US}
            >
              <td className="num" title={change?.operation}>
                {change === null ? '' : formatRunTimeTenths(change.timeUs)}
              </td>
              {fields.map((field) => (
                <td key={field} title={textOf(row[field])}>
                  {textOf(row[field]).slice(0, 80)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > SHOWN && (
        <p className="p-2 text-s text-muted">
          The {SHOWN} that changed last, of {rows.length}.
        </p>
      )}
    </TableScroll>
  );
}
