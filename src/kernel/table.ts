import type { Json } from './json.ts';

/** A row's key. Numbers sort before strings, as in IndexedDB. */
export type Key = string | number;

/**
 * A table of a service's own database. `Row` is a JSON object; `key` names the field that identifies
 * it; each index names the field it sorts by (rows without that field are not in it).
 */
export interface Table<Row> {
  readonly name: string;
  readonly key: string;
  readonly indexes: Readonly<Record<string, string>>;
  /** Fields that never leave the database: the run log, which people share, shows `MASK` in their place. */
  readonly secrets: readonly string[];
  /** Only for the type: never set. */
  readonly row?: (row: Row) => void;
}

/** A table of whatever rows. */
export type AnyTable = Table<never>;

export const defineTable = <Row>(
  name: string,
  key: keyof Row & string,
  indexes: Readonly<Record<string, keyof Row & string>> = {},
  secrets: readonly (keyof Row & string)[] = [],
): Table<Row> => ({ name, key, indexes, secrets });

/** What the log shows of a secret field that is set. */
export const MASK = '•••';

/** The row as the log may show it. */
export function maskedRow(table: AnyTable, row: Readonly<Record<string, Json>>): Json {
  if (table.secrets.length === 0) return row;
  const masked: Record<string, Json> = { ...row };
  for (const field of table.secrets) if ((masked[field] ?? null) !== null) masked[field] = MASK;
  return masked;
}

export interface ListOptions {
  readonly index?: string;
  /** Only this value of the index (or the key). */
  readonly equals?: Key;
  readonly from?: Key;
  readonly to?: Key;
  readonly limit?: number;
  readonly reverse?: boolean;
}
