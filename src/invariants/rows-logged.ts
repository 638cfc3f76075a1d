import type { Json } from '../kernel/index.ts';
import { defineInvariant } from './invariant.ts';
import { isRow, LoggedRows } from './rows.ts';

/** JSON with its keys in order, so that equal rows are equal texts. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(',')}]`;
  if (!isRow(value)) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`;
}

const counted = (rows: Iterable<Json>): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const text = canonical(row);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
};

const short = (text: string): string => (text.length > 160 ? `${text.slice(0, 160)}…` : text);

/** What the databases hold in the end is exactly what the log says was committed. */
export const rowsAreLogged = defineInvariant(
  'INV-7',
  'Every committed row is in the log',
  (log, report, tables) => {
    if (tables === undefined) return;
    const logged = new LoggedRows();
    for (const event of log) if (event.type === 'store.committed') logged.apply(event);
    const known = new Map(
      [...logged.tables()].map(({ service, table, rows }) => [`${service}/${table}`, counted(rows.values())]),
    );
    for (const [service, ofService] of Object.entries(tables)) {
      for (const [table, rows] of Object.entries(ofService)) {
        const inLog = known.get(`${service}/${table}`) ?? new Map<string, number>();
        const inDatabase = counted(rows as readonly Json[]);
        for (const [text, count] of inDatabase) {
          if ((inLog.get(text) ?? 0) < count)
            report(`${service}/${table} holds a row that the log does not know: ${short(text)}`);
        }
        for (const [text, count] of inLog) {
          if ((inDatabase.get(text) ?? 0) < count)
            report(`${service}/${table} lacks a row that the log knows: ${short(text)}`);
        }
      }
    }
  },
);
