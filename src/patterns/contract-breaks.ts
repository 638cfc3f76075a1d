import * as z from 'zod/mini';
import type { HttpMethod, Json, ServiceName, VersionLabel } from '../kernel/index.ts';
import { operationName } from './contract.ts';
import type { Expectation } from './expectation.ts';
import { type JsonSchema, type Misfit, misfits } from './schema-fit.ts';

// The check that PactFlow calls bi-directional: nobody calls anybody. What consumers say that they need is held
// against what a version's own OpenAPI document says that it gives.

/** Something that a consumer needs and a version does not give. */
export interface ContractBreak {
  readonly consumer: ServiceName;
  /** `PUT /reservations/{orderId}`. */
  readonly operation: string;
  /** In words. */
  readonly problem: string;
}

interface Described {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: JsonSchema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>> }>
  >;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

/** All that these consumers miss in what this OpenAPI document describes. More than they need never does harm. */
export function contractBreaks(
  expectations: readonly Expectation[],
  openApi: Json,
  version: VersionLabel,
): readonly ContractBreak[] {
  const document = openApi as unknown as Document;
  const at = (ref: string) => schemaAt(openApi, ref);
  return expectations.flatMap((expectation) => {
    const { consumer, operation } = expectation;
    const name = operationName(operation);
    const who = CONSUMERS[consumer] ?? consumer;
    const described = operationIn(document, operation);
    const problems =
      described === undefined
        ? [`${who} calls ${name}: ${version} does not have it.`]
        : [
            ...unsent(expectation, described, at).map((misfit) => sentence(SENT, who, name, version, misfit)),
            ...unread(expectation, described, at).map((misfit) => sentence(READ, who, name, version, misfit)),
          ];
    return problems.map((problem) => ({ consumer, operation: name, problem }));
  });
}

const CONSUMERS: Readonly<Partial<Record<ServiceName, string>>> = {
  customers: 'A customer',
  gateway: 'The gateway',
  user: 'User',
  product: 'Product',
  order: 'Order',
  shipping: 'Shipping',
};

type Words = Readonly<Record<Misfit['kind'], readonly [does: string, but: string]>>;

const READ: Words = {
  missing: ['reads {} of', 'does not give it'],
  optional: ['reads {} of', 'does not always give it'],
  other: ['reads {} of', 'gives something else there'],
  unknown: ['knows no {} of', 'gives it'],
};

const SENT: Words = {
  missing: ['sends no {} to', 'demands it'],
  optional: ['does not always send {} to', 'demands it'],
  other: ['sends {} to', 'takes something else there'],
  unknown: ['sends {} to', 'does not take it'],
};

function sentence(words: Words, who: string, name: string, version: string, { field, kind }: Misfit): string {
  const [does, but] = words[kind];
  return `${who} ${does.replace('{}', field === '' ? 'the body' : field)} ${name}: ${version} ${but}.`;
}

/** A path's parameters may be called otherwise: nobody sends their names. */
const unnamed = (path: string): string => path.replaceAll(/\{[^}]*\}/g, '{}');

function operationIn(
  { paths }: Document,
  { method, path }: { readonly method: HttpMethod; readonly path: string },
): Described | undefined {
  const [, operations] = Object.entries(paths).find(([each]) => unnamed(each) === unnamed(path)) ?? [];
  return operations?.[method.toLowerCase()];
}

type At = (ref: string) => JsonSchema;

const NOTHING_SENT: JsonSchema = { type: 'object' };

/** Where a request of the consumer is not what the version takes. */
function unsent({ sends }: Expectation, described: Described, at: At): readonly Misfit[] {
  if (sends === null) return [];
  const { parameters = [], requestBody } = described;
  const queries = parameters.filter((each) => each.in === 'query');
  const query: JsonSchema = {
    type: 'object',
    properties: Object.fromEntries(queries.map(({ name, schema }) => [name, schema])),
    required: queries.filter(({ required }) => required === true).map(({ name }) => name),
    additionalProperties: false,
  };
  const keys = parameters.filter((each) => each.in === 'header' && each.required === true);
  const isSent = (name: string) => name.toLowerCase() === 'idempotency-key' && sends.idempotencyKey === true;
  const found: Misfit[] = [
    ...misfits(sends.query === undefined ? NOTHING_SENT : schemaOf(sends.query, 'output'), query, at),
    ...keys.flatMap(({ name }) => (isSent(name) ? [] : [{ field: name, kind: 'missing' as const }])),
  ];
  const body = requestBody === undefined ? undefined : Object.values(requestBody.content)[0]?.schema;
  if (sends.body === undefined)
    return body === undefined ? found : [...found, { field: '', kind: 'missing' }];
  if (body === undefined) return [...found, { field: '', kind: 'unknown' }];
  return [...found, ...misfits(schemaOf(sends.body, 'output'), body, at)];
}

/** Where a successful answer of the version is not what the consumer reads. */
function unread({ operation }: Expectation, { responses }: Described, at: At): readonly Misfit[] {
  if (operation.answer === null) return [];
  const taken = schemaOf(operation.answer, 'input');
  if (Object.keys(taken).length === 0) return [];
  const found = Object.entries(responses).flatMap(([status, { content }]): readonly Misfit[] => {
    if (!status.startsWith('2')) return [];
    const given = content?.['application/json']?.schema;
    return given === undefined ? [{ field: '', kind: 'missing' }] : misfits(given, taken, at);
  });
  const said = new Set<string>();
  return found.filter(({ field, kind }) => {
    const key = `${kind} ${field}`;
    return !said.has(key) && said.add(key);
  });
}

function schemaOf(schema: z.ZodMiniType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema;
  return rest;
}

function schemaAt(document: Json, ref: string): JsonSchema {
  let found: Json | undefined = document;
  for (const part of ref.replace(/^#\//, '').split('/'))
    found = (found as { readonly [key: string]: Json } | undefined)?.[part];
  return (found ?? {}) as JsonSchema;
}
