import { type Json, MASK } from '../kernel/index.ts';
import { deepEqual } from './deep-equal.ts';
import { defineChecker } from './invariant.ts';
import { isRow, type LoggedTable, type Row } from './rows.ts';

/** A key as the log says it; null: this is none. */
const keyText = (value: Json | undefined): string | null =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null;

/** The field that a table's keys are in; the log says the key of each row, not its field. */
function keyFieldOf({ rows }: LoggedTable): string | null {
  let fields: readonly string[] | null = null;
  for (const [key, row] of rows) {
    fields = (fields ?? Object.keys(row)).filter((field) => keyText(row[field]) === key);
    if (fields.length < 2) break;
  }
  return fields?.[0] ?? null;
}

/** As the log shows it: it masks secrets, and then says no more than that there is one. */
function masked(row: Row, logged: Row): Row {
  let shown: Record<string, Json> | null = null;
  for (const field in logged) {
    if (logged[field] !== MASK || (row[field] ?? null) === null) continue;
    shown ??= { ...row };
    shown[field] = MASK;
  }
  return shown ?? row;
}

const short = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
};

/** What the databases hold in the end is exactly what the log says was committed. */
export const rowsAreLogged = defineChecker('INV-7', 'Every committed row is in the log', (run, report) => ({
  end({ tables }) {
    for (const [service, ofService] of Object.entries(tables ?? {})) {
      for (const [table, rows] of Object.entries(ofService)) {
        const name = `${service}/${table}`;
        const logged = run.rows.table(service, table);
        const keyField = logged === undefined ? null : keyFieldOf(logged);
        const seen = new Set<string>();
        for (const row of rows as readonly Row[]) {
          const key = keyField === null ? null : keyText(row[keyField]);
          const inLog = key === null ? undefined : logged?.rows.get(key);
          if (key === null || !isRow(inLog)) {
            report(`${name} holds a row that the log does not know: ${short(row)}`);
            continue;
          }
          seen.add(key);
          if (!deepEqual(masked(row, inLog), inLog))
            report(`${name} holds ${short(row)}, but the log says ${short(inLog)}`);
        }
        if (logged === undefined || seen.size === logged.rows.size) continue;
        for (const [key, row] of logged.rows)
          if (!seen.has(key)) report(`${name} lacks a row that the log knows: ${short(row)}`);
      }
    }
  },
}));
