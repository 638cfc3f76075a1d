import type { Json } from '../kernel/index.ts';

// Whether all that one JSON Schema allows is allowed by another, as far as a contract needs it: fields, types and
// values. Lengths, limits and forms of a text are not compared.

export type JsonSchema = { readonly [keyword: string]: Json };

export interface Misfit {
  /** `lines[].sku`; empty for the whole. */
  readonly field: string;
  /** `missing`: a required field is never there; `optional`: not always; `unknown`: a field that is not taken. */
  readonly kind: 'missing' | 'optional' | 'unknown' | 'other';
}

/** Where what is given is not what is taken. `at`: a schema by its `$ref`. */
export function misfits(
  given: JsonSchema,
  taken: JsonSchema,
  at: (ref: string) => JsonSchema,
  field = '',
): readonly Misfit[] {
  if (typeof given['$ref'] === 'string') return misfits(at(given['$ref']), taken, at, field);
  const others = alternatives(given);
  if (others.length > 1) return distinct(others.flatMap((each) => misfits(each, taken, at, field)));
  const allowed = alternatives(taken);
  if (allowed.length > 1) {
    const found = allowed.map((each) => misfits(given, each, at, field));
    // Of several ways to fit, the nearest says best what is wrong.
    return found.reduce((best, each) => (each.length < best.length ? each : best));
  }
  const [one = given] = others;
  const [want = taken] = allowed;
  const wrong: readonly Misfit[] = [{ field, kind: 'other' }];
  if (!fitsType(one['type'], want['type']) || !fitsValues(one, want)) return wrong;
  if (want['type'] === 'object') return objectMisfits(one, want, at, field);
  const items = want['items'];
  if (want['type'] !== 'array' || !isSchema(items)) return [];
  const own = one['items'];
  return isSchema(own) ? misfits(own, items, at, `${field}[]`) : wrong;
}

function objectMisfits(
  given: JsonSchema,
  taken: JsonSchema,
  at: (ref: string) => JsonSchema,
  field: string,
): readonly Misfit[] {
  const [own, wanted] = [fieldsOf(given), fieldsOf(taken)];
  const named = (name: string) => (field === '' ? name : `${field}.${name}`);
  const found: Misfit[] = [];
  for (const [name, schema] of Object.entries(wanted.fields)) {
    const mine = own.fields[name];
    if (mine !== undefined) found.push(...misfits(mine, schema, at, named(name)));
    if (!wanted.required.includes(name) || own.required.includes(name)) continue;
    found.push({ field: named(name), kind: mine === undefined ? 'missing' : 'optional' });
  }
  if (taken['additionalProperties'] === false) {
    for (const name of Object.keys(own.fields))
      if (wanted.fields[name] === undefined) found.push({ field: named(name), kind: 'unknown' });
  }
  return found;
}

const isSchema = (value: Json | undefined): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listed = (value: Json | undefined): readonly Json[] | null =>
  Array.isArray(value) ? (value as readonly Json[]) : null;

/** The schemas of which one must hold: those of `anyOf` and `oneOf`, and one for each of several types. */
function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const types = listed(schema['type']);
  if (types !== null) return types.map((each) => ({ ...schema, type: each }));
  const several = listed(schema['anyOf'] ?? schema['oneOf']);
  return several !== null ? several.flatMap((each) => (isSchema(each) ? alternatives(each) : [])) : [schema];
}

const fitsType = (given: Json | undefined, taken: Json | undefined): boolean =>
  taken === undefined || given === taken || (given === 'integer' && taken === 'number');

/** The values that a schema names; null: any. */
function valuesOf(schema: JsonSchema): readonly Json[] | null {
  if (schema['const'] !== undefined) return [schema['const']];
  return listed(schema['enum']);
}

function fitsValues(given: JsonSchema, taken: JsonSchema): boolean {
  const [own, wanted] = [valuesOf(given), valuesOf(taken)];
  return wanted === null || own?.every((value) => wanted.includes(value)) === true;
}

function fieldsOf(schema: JsonSchema): {
  readonly fields: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly Json[];
} {
  const { properties, required } = schema;
  return {
    fields: isSchema(properties) ? (properties as Readonly<Record<string, JsonSchema>>) : {},
    required: listed(required) ?? [],
  };
}

const distinct = (found: readonly Misfit[]): readonly Misfit[] =>
  found.filter(
    ({ field, kind }, index) =>
      found.findIndex((other) => other.field === field && other.kind === kind) === index,
  );
