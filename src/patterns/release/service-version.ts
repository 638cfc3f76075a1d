import {
  ATTEMPT_HEADER,
  type Context,
  type HttpRequest,
  type HttpResponse,
  type Json,
  parseJsonBody,
  pathnameOf,
  problemResponse,
  type ServiceDefinition,
  type ServiceName,
  type VersionLabel,
} from '../../kernel/index.ts';
import { PROBLEM_BASE } from '../problem.ts';

export type JsonObject = { readonly [key: string]: Json };

/** One operation of a version, as it differs from the first's. */
export interface ChangedOperation {
  /** Takes so many times the first version's mean work, besides it. */
  readonly extraWork?: number;
  /** So many of its requests are answered with 500 before anything is done. */
  readonly failingShare?: number;
  /** Its good answer's body, made of the first version's. */
  readonly answer?: (body: JsonObject) => JsonObject;
  /** The schema of that body, made of the first version's. */
  readonly answerSchema?: (schema: JsonObject) => JsonObject;
}

/** By the operation's name: `GET /products/{sku}`. */
export type VersionChanges = Readonly<Record<string, ChangedOperation>>;

const OPEN_API = 'GET /openapi.json';

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Another version of a service: the first one's code, with some operations otherwise. `service`: whose operations
 * they are, which in a monolith is one of its modules.
 */
export function changedService(
  first: ServiceDefinition,
  service: ServiceName,
  label: VersionLabel,
  changes: VersionChanges,
): ServiceDefinition {
  return {
    ...first,
    version: label,
    handle: async (request, context) => {
      const operation = first.operationOf(request);
      if (operation === OPEN_API)
        return withBody(await first.handle(request, context), (body) =>
          isObject(body) ? changedDocument(body, label, changes) : body,
        );
      const change = changes[operation];
      if (change === undefined) return await first.handle(request, context);
      const draw = () => drawn(operation, request, context);
      if (change.failingShare !== undefined && draw() < change.failingShare) return mistake(request);
      if (change.extraWork !== undefined)
        await context.work(change.extraWork * context.settings.services[service].serviceTimeMs);
      const { answer } = change;
      const response = await first.handle(request, context);
      if (answer === undefined || response.status >= 300) return response;
      return withBody(response, (body) => (isObject(body) ? answer(body) : body));
    },
  };
}

/** The same for a request however many others came before it, and anew for each attempt. */
const drawn = (operation: string, request: HttpRequest, context: Context): number =>
  context.random.uniform(
    'version',
    operation,
    pathnameOf(request.path),
    context.span?.traceId ?? '',
    request.headers[ATTEMPT_HEADER] ?? '1',
  );

const mistake = ({ path }: HttpRequest): HttpResponse =>
  problemResponse({
    type: `${PROBLEM_BASE}internal-error`,
    title: 'Internal server error',
    status: 500,
    detail: 'A mistake of this version: it read a field of an order that was not there.',
    instance: path,
  });

function withBody(response: HttpResponse, change: (body: Json) => Json): HttpResponse {
  const read = parseJsonBody(response.body);
  return read.ok ? { ...response, body: JSON.stringify(change(read.value as Json)) } : response;
}

/** The OpenAPI document of a version, made of the first one's. Operations that it does not describe are left out. */
export function changedDocument(
  document: JsonObject,
  label: VersionLabel,
  changes: VersionChanges,
): JsonObject {
  const paths = isObject(document['paths']) ? document['paths'] : {};
  const changed = { ...paths };
  for (const [name, { answerSchema }] of Object.entries(changes)) {
    const [method = '', path = ''] = name.split(' ');
    const item = changed[path];
    if (answerSchema === undefined || !isObject(item)) continue;
    const operation = item[method.toLowerCase()];
    if (isObject(operation))
      changed[path] = { ...item, [method.toLowerCase()]: withAnswer(operation, answerSchema) };
  }
  const info = isObject(document['info']) ? document['info'] : {};
  return { ...document, info: { ...info, version: `${label.slice(1)}.0.0` }, paths: changed };
}

function withAnswer(operation: JsonObject, change: (schema: JsonObject) => JsonObject): JsonObject {
  const responses = isObject(operation['responses']) ? operation['responses'] : {};
  const changed = Object.entries(responses).map(([status, response]): [string, Json] => {
    if (!/^2/.test(status) || !isObject(response)) return [status, response];
    const content = isObject(response['content']) ? response['content'] : {};
    const media = content['application/json'];
    const schema = isObject(media) ? media['schema'] : undefined;
    if (!isObject(media) || !isObject(schema)) return [status, response];
    const json = { ...media, schema: change(schema) };
    return [status, { ...response, content: { ...content, 'application/json': json } }];
  });
  return { ...operation, responses: Object.fromEntries(changed) };
}

/** An object's schema with one field more, which every answer has. */
export const withField =
  (name: string, field: JsonObject) =>
  (schema: JsonObject): JsonObject => ({
    ...schema,
    properties: { ...(isObject(schema['properties']) ? schema['properties'] : {}), [name]: field },
    required: [...requiredOf(schema), name],
  });

/** An object's schema with another name for a field. */
export const withRenamed =
  (before: string, after: string) =>
  (schema: JsonObject): JsonObject => {
    const { [before]: field = {}, ...others } = isObject(schema['properties']) ? schema['properties'] : {};
    return {
      ...schema,
      properties: { ...others, [after]: field },
      required: requiredOf(schema).map((name) => (name === before ? after : name)),
    };
  };

export const requiredOf = (schema: JsonObject): readonly string[] =>
  Array.isArray(schema['required']) ? (schema['required'] as readonly string[]) : [];
