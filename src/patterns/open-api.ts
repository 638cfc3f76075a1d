import * as z from 'zod/mini';
import type { Json } from '../kernel/index.ts';
import type { AnyContract, AnyOperation } from './contract.ts';

// OpenAPI 3.1 uses JSON Schema 2020-12 as it is, which is what zod writes: the document cannot say
// anything else than what the service checks.

type JsonObject = { readonly [key: string]: Json };

const PROBLEM_SCHEMA: JsonObject = {
  type: 'object',
  description: 'Problem details (RFC 9457).',
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string' },
    instance: { type: 'string', format: 'uri-reference' },
    errors: {
      type: 'array',
      description: 'Each wrong field of the request.',
      items: {
        type: 'object',
        properties: {
          in: { type: 'string', enum: ['path', 'query', 'header', 'body'] },
          field: { type: 'string' },
          message: { type: 'string' },
        },
        required: ['in', 'field', 'message'],
      },
    },
  },
  required: ['type', 'title', 'status'],
};

const RETRY_AFTER: JsonObject = { 'Retry-After': { schema: { type: 'string' }, description: 'Seconds.' } };

const PROBLEMS: Readonly<
  Record<number, { readonly name: string; readonly description: string; readonly headers?: JsonObject }>
> = {
  400: {
    name: 'BadRequest',
    description: 'The request is not what the schema asks for; `errors` names each field.',
  },
  401: {
    name: 'Unauthorised',
    description: 'The token is missing, wrong or expired.',
    headers: { 'WWW-Authenticate': { schema: { type: 'string' } } },
  },
  402: { name: 'PaymentRequired', description: 'The bank said no.' },
  403: { name: 'Forbidden', description: 'Signed in (or connected) as someone who may not do this.' },
  404: { name: 'NotFound', description: 'There is no such thing.' },
  409: { name: 'Conflict', description: 'The current state does not allow it.' },
  413: { name: 'ContentTooLarge', description: 'The body is larger than 64 kB.' },
  415: { name: 'UnsupportedMediaType', description: 'The body is not sent as JSON.' },
  422: { name: 'Unprocessable', description: 'Well formed, but it makes no sense here.' },
  429: { name: 'TooManyRequests', description: 'Over the rate limit.', headers: RETRY_AFTER },
  500: { name: 'InternalServerError', description: 'A mistake of the service.' },
  503: {
    name: 'ServiceUnavailable',
    description: 'Overloaded, or its database failed.',
    headers: RETRY_AFTER,
  },
};

const nameOfProblem = (status: number): string => PROBLEMS[status]?.name ?? 'Problem';

/** Which refusals an operation can answer with; `default` covers what is rarer still. */
function problemStatuses(operation: AnyOperation): readonly number[] {
  const statuses = new Set([400, 500, 503]);
  const { kind } = operation.access;
  if (kind === 'customer' || kind === 'admin') statuses.add(401);
  if (kind !== 'public') statuses.add(403);
  if (operation.path.includes('{')) statuses.add(404);
  if (operation.body !== null) for (const status of [413, 415]) statuses.add(status);
  if (operation.method !== 'GET') for (const status of [409, 422]) statuses.add(status);
  if (kind !== 'services') statuses.add(429);
  return [...statuses].sort((a, b) => a - b);
}

/** What several schemas of a document share: a recursive schema refers to itself by its place in there. */
type SharedSchemas = Record<string, Json>;

function jsonSchema(
  schema: z.ZodMiniType,
  io: 'input' | 'output',
  name: string,
  shared: SharedSchemas,
): JsonObject {
  const { $schema: _, $defs, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonObject;
  if ($defs === undefined) return rest;
  // A JSON Schema keeps these in itself; in an OpenAPI document `#` is the whole document.
  const moved = (value: Json): Json =>
    JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', `"#/components/schemas/${name}.`)) as Json;
  for (const [part, definition] of Object.entries($defs as JsonObject))
    shared[`${name}.${part}`] = moved(definition);
  return moved(rest) as JsonObject;
}

function parameters(
  schema: z.ZodMiniType,
  where: 'path' | 'query',
  name: string,
  shared: SharedSchemas,
): Json[] {
  const { properties = {}, required = [] } = jsonSchema(schema, 'input', name, shared) as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([parameter, property]) => ({
    name: parameter,
    in: where,
    required: where === 'path' || required.includes(parameter),
    schema: property,
  }));
}

function security(operation: AnyOperation): Json[] {
  switch (operation.access.kind) {
    case 'public':
      return [];
    case 'customer':
    case 'admin':
      return [{ bearer: [] }];
    case 'services':
      return [{ peer: [] }];
  }
}

const accessText = (operation: AnyOperation): string => {
  switch (operation.access.kind) {
    case 'public':
      return 'For everybody.';
    case 'customer':
      return 'For signed-in customers.';
    case 'admin':
      return 'For administrators.';
    case 'services':
      return `Inside the shop only, for: ${operation.access.services.join(', ')}.`;
  }
};

function describeOperation(operation: AnyOperation, shared: SharedSchemas): JsonObject {
  const { id } = operation;
  const responses: Record<string, Json> = {};
  for (const [status, answer] of Object.entries(operation.answers)) {
    responses[status] = {
      description: answer.description,
      ...(answer.body === null
        ? {}
        : {
            content: {
              'application/json': { schema: jsonSchema(answer.body, 'output', `${id}.${status}`, shared) },
            },
          }),
    };
  }
  for (const status of problemStatuses(operation)) {
    responses[status] ??= { $ref: `#/components/responses/${nameOfProblem(status)}` };
  }
  responses['default'] = { $ref: '#/components/responses/Problem' };
  const key: Json[] =
    operation.idempotencyKey === 'required'
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: true,
            description: 'The same key again gives the stored answer and has no second effect.',
            schema: { type: 'string', minLength: 1, maxLength: 255 },
          },
        ]
      : [];
  const all = [
    ...parameters(operation.params, 'path', `${id}.path`, shared),
    ...parameters(operation.query, 'query', `${id}.query`, shared),
    ...key,
  ];
  return {
    operationId: operation.id,
    summary: operation.summary,
    description: accessText(operation),
    tags: [operation.service],
    security: security(operation),
    ...(all.length > 0 ? { parameters: all } : {}),
    ...(operation.body === null
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              [operation.contentType ?? 'application/json']: {
                schema: jsonSchema(operation.body, 'input', `${id}.request`, shared),
              },
            },
          },
        }),
    responses,
  };
}

/** The contract as an OpenAPI 3.1 document, from the schemas that validate its requests. */
export function openApiDocument(contract: AnyContract): Json {
  const paths: Record<string, Record<string, Json>> = {};
  const shared: SharedSchemas = { Problem: PROBLEM_SCHEMA };
  for (const operation of Object.values(contract.operations)) {
    const path = paths[operation.path] ?? {};
    paths[operation.path] = path;
    path[operation.method.toLowerCase()] = describeOperation(operation, shared);
  }
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  const responses: Record<string, Json> = { Problem: { description: 'Any other refusal.', content } };
  for (const { name, description, headers } of Object.values(PROBLEMS)) {
    responses[name] = { description, content, ...(headers === undefined ? {} : { headers }) };
  }
  return {
    openapi: '3.1.0',
    info: { title: contract.title, version: contract.version },
    servers: [{ url: '/' }],
    tags: [...new Set(Object.values(contract.operations).map(({ service }) => service))].map((name) => ({
      name,
    })),
    paths,
    components: {
      schemas: shared,
      responses,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'From `POST /sessions`.',
        },
        peer: { type: 'mutualTLS', description: 'The connection itself says which service calls.' },
      },
    },
  };
}
