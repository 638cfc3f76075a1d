import { type Json, MASK } from '../kernel/index.ts';
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

/** The rows with those fields masked that the log masks too: it shows no secrets. */
function maskedLike(logged: Iterable<Json>, rows: readonly Json[]): Json[] {
  const secret = new Set<string>();
  for (const row of logged) {
    if (!isRow(row)) continue;
    for (const [name, value] of Object.entries(row)) if (value === MASK) secret.add(name);
  }
  const mask = (name: string, value: Json): Json => (secret.has(name) && value !== null ? MASK : value);
  return rows.map((row) =>
    isRow(row)
      ? Object.fromEntries(Object.entries(row).map(([name, value]) => [name, mask(name, value)]))
      : row,
  );
}

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
      [...logged.tables()].map(({ service, table, rows }) => [`${service}/${table}`, [...rows.values()]]),
    );
    for (const [service, ofService] of Object.entries(tables)) {
      for (const [table, rows] of Object.entries(ofService)) {
        const ofLog = known.get(`${service}/${table}`) ?? [];
        const inLog = counted(ofLog);
        const inDatabase = counted(maskedLike(ofLog, rows as readonly Json[]));
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
