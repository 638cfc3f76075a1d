import type { Json, RunEventOf, ServiceName } from '../kernel/index.ts';

export type Row = Readonly<Record<string, Json>>;
export type Commit = RunEventOf<'store.committed'>;

/**
 * The databases as the log tells of them. Rows are as the log carries them, so a field is read by
 * its name and may be missing. Commits of one database are in the log in the order they were made.
 */
export class LoggedRows {
  readonly #tables = new Map<string, Map<string, Row>>();

  /** Takes over what a transaction wrote; a row written twice in it keeps its last state. */
  apply(commit: Commit): void {
    for (const { table, key, after } of commit.rows) {
      const rows = this.table(commit.service, table);
      if (isRow(after)) rows.set(key, after);
      else rows.delete(key);
    }
  }

  /** By key. */
  table(service: ServiceName, table: string): Map<string, Row> {
    const name = `${service}/${table}`;
    const found = this.#tables.get(name) ?? new Map<string, Row>();
    this.#tables.set(name, found);
    return found;
  }

  *tables(): Iterable<{
    readonly service: ServiceName;
    readonly table: string;
    readonly rows: ReadonlyMap<string, Row>;
  }> {
    for (const [name, rows] of this.#tables) {
      const slash = name.indexOf('/');
      yield { service: name.slice(0, slash) as ServiceName, table: name.slice(slash + 1), rows };
    }
  }
}

export const isRow = (value: Json | undefined): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const numberOf = (row: Row | undefined, field: string): number => {
  const value = row?.[field];
  return typeof value === 'number' ? value : 0;
};

export const textOf = (row: Row | undefined, field: string): string => {
  const value = row?.[field];
  return typeof value === 'string' ? value : '';
};

export function linesOf(
  row: Row | undefined,
): readonly { readonly sku: string; readonly quantity: number }[] {
  const lines = row?.['lines'];
  if (!Array.isArray(lines)) return [];
  return (lines as readonly Json[])
    .filter(isRow)
    .map((line) => ({ sku: textOf(line, 'sku'), quantity: numberOf(line, 'quantity') }));
}
