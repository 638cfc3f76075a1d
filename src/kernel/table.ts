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
  /** Only for the type: never set. */
  readonly row?: (row: Row) => void;
}

/** A table of whatever rows. */
export type AnyTable = Table<never>;

export const defineTable = <Row>(
  name: string,
  key: keyof Row & string,
  indexes: Readonly<Record<string, keyof Row & string>> = {},
): Table<Row> => ({ name, key, indexes });

export interface ListOptions {
  readonly index?: string;
  /** Only this value of the index (or the key). */
  readonly equals?: Key;
  readonly from?: Key;
  readonly to?: Key;
  readonly limit?: number;
  readonly reverse?: boolean;
}
