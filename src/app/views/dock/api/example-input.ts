import type { Json } from '../../../../kernel/index.ts';
import type { RunProjections } from '../../../../projections/index.ts';
import type { ApiOperation, JsonSchema } from './api-documents.ts';

/** What is sent, as a person types it. */
export interface Draft {
  /** Path, query and header parameters by name; empty: left out. */
  readonly values: Readonly<Record<string, string>>;
  /** null: the operation takes none. */
  readonly body: string | null;
  readonly as: 'anonymous' | 'customer' | 'admin';
}

/** What this run has that a request may be about. */
export interface Known {
  readonly orderId: string | null;
  readonly sagaId: string | null;
  readonly messageId: string | null;
  readonly nowUs: number;
}

export function knownOf(projections: RunProjections, nowUs: number): Known {
  const orderId = [...projections.orders.byOrder.keys()].at(-1) ?? null;
  const parked = [...projections.sagas.byOrder.values()].filter(({ state }) => state === 'parked');
  return {
    orderId,
    sagaId: parked.at(-1)?.sagaId ?? null,
    messageId: projections.topics.deadLetters.at(-1)?.messageId ?? null,
    nowUs,
  };
}

/** The shop's own things, by the names that the contracts give them. */
const GOOD: Readonly<Record<string, Json>> = {
  sku: 'kitchen-01',
  quantity: 1,
  stock: 100,
  priceMinor: 1490,
  name: 'Ada Lovelace',
  street: '1 Station Road',
  postcode: '10115',
  city: 'Berlin',
  country: 'DE',
  cardToken: 'tok_ok',
  weightG: 800,
  userId: 'cus_ada',
  phone: '+49 30 1234567',
  email: 'ada@example.com',
  password: 'demo-password-1',
};

/** Where the usual value would be refused. */
const OF_OPERATION: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  'user/register': { name: 'Nina Simone', email: 'nina@example.com' },
};

function exampleOf(name: string, schema: JsonSchema, good: Readonly<Record<string, Json>>): Json {
  const known = good[name];
  if (known !== undefined) return known;
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined) return schema.default;
  if (schema.enum !== undefined) return schema.enum[0] ?? null;
  const [first] = schema.anyOf ?? [];
  if (first !== undefined) return exampleOf(name, first, good);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([field, of]) => [field, exampleOf(field, of, good)]),
      );
    case 'array':
      return schema.items === undefined ? [] : [exampleOf(name, schema.items, good)];
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return name;
  }
}

/** As it stands in an address. */
export const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** A key that this run has not seen: the same one again would give the stored answer. */
export const freshKey = (nowUs: number): string => `try-${Math.round(nowUs / 1000)}`;

/** The operation's inputs, filled so that it does something sensible; optional ones are left out. */
export function exampleDraft(operation: ApiOperation, known: Known): Draft {
  const { key, parameters, body, access } = operation;
  const good: Record<string, Json> = { ...GOOD, ...OF_OPERATION[key] };
  for (const name of ['orderId', 'sagaId', 'messageId'] as const) {
    const id = known[name];
    if (id !== null) good[name] = id;
  }
  const values = parameters.map(({ name, in: where, required, schema }): [string, string] => {
    if (where === 'header') return [name, freshKey(known.nowUs)];
    return [name, required ? textOf(exampleOf(name, schema, good)) : ''];
  });
  return {
    values: Object.fromEntries(values),
    body: body === null ? null : JSON.stringify(exampleOf('', body, good), null, 2),
    as: access.kind === 'customer' || access.kind === 'admin' ? access.kind : 'anonymous',
  };
}
