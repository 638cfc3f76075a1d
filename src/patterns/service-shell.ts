import * as z from 'zod/mini';
import {
  type AnyTable,
  ATTEMPT_HEADER,
  type BackgroundTask,
  type Context,
  emptyResponse,
  err,
  type HttpHeaders,
  type HttpRequest,
  type HttpResponse,
  type Json,
  jsonResponse,
  ok,
  parseJsonBody,
  pathnameOf,
  type Result,
  type RunTimeUs,
  type ServiceDefinition,
  type ServiceName,
  splitPath,
  spreadAround,
} from '../kernel/index.ts';
import { controlBreaker, isBreakerCommand } from './circuit-breaker/breaker-control.ts';
import { type AnyContract, type AnyOperation, type Operation, operationName } from './contract.ts';
import { nothing, operation } from './define-contract.ts';
import { unauthorised, verifyBearer } from './key-set.ts';
import { openApiDocument } from './open-api.ts';
import { ModelError, type Problem, problem, problemAnswer } from './problem.ts';
import { createRouter } from './route.ts';
import { eventsOperation, eventsRoute, type Subscription } from './subscription.ts';
import type { Principal } from './token.ts';
import { utf8Bytes } from './utf8.ts';
import { type FieldError, validate } from './validation.ts';
import { workOf, workTimes } from './work-times.ts';

/** Larger bodies are refused with 413. */
export const BODY_LIMIT_BYTES = 65_536;

/** An answer of a handler; without a `body` there is none on the wire. */
export type HttpAnswer =
  | { readonly status: number; readonly body?: unknown; readonly headers?: HttpHeaders }
  | Problem;

export interface HandlerInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly request: HttpRequest;
  /** null: a public operation, or a peer's. */
  readonly principal: Principal | null;
  readonly idempotencyKey: string | null;
}

export type HandlerOf<Op> =
  Op extends Operation<infer Params, infer Query, infer Body, infer _Answer>
    ? (input: HandlerInput<Params, Query, Body>, context: Context) => Promise<HttpAnswer>
    : never;

export type HandlersOf<C extends Pick<AnyContract, 'operations'>> = {
  readonly [Id in keyof C['operations']]: HandlerOf<C['operations'][Id]>;
};

/** Reads the owner of a token; a problem when it is not accepted, or cannot be checked now. */
export type Authorise = (token: string, context: Context) => Promise<Result<Principal, Problem>>;

export interface DoorAnswer {
  /** Who asks; null when nobody knows. */
  readonly principal: Principal | null;
  /** null: come in. */
  readonly refusal: Problem | null;
  /** On the answer, a refusal included. */
  readonly headers: HttpHeaders;
}

/** What stands before a service that customers reach without a gateway. It is asked before the request is parsed. */
export interface Door {
  admit(asked: AnyOperation, request: HttpRequest, context: Context): Promise<DoorAnswer>;
  /** Hears of every answer. */
  answered(
    request: HttpRequest,
    response: HttpResponse,
    principal: Principal | null,
    startedUs: RunTimeUs,
    context: Context,
  ): void;
}

export interface ServiceParts<C extends AnyContract> {
  readonly contract: C;
  /** Of the service's database, the tables of the patterns it uses included. */
  readonly tables: readonly AnyTable[];
  readonly handlers: HandlersOf<C>;
  readonly subscriptions?: readonly Subscription[];
  readonly background?: readonly BackgroundTask[];
  readonly onStart?: (context: Context) => Promise<void>;
  readonly control?: (command: Json, context: Context) => Promise<Json>;
  /** By default with the keys that User publishes; User itself has them in its database. */
  readonly authorise?: Authorise;
  /** In place of `authorise`. */
  readonly door?: Door;
}

/** A definition keeps what it was made of, so that another version can be made of the same. */
const PARTS = Symbol('parts');

/** What a service was made of by `defineService`; null: it was made otherwise. */
export const partsOf = (definition: ServiceDefinition): ServiceParts<AnyContract> | null =>
  (definition as { readonly [PARTS]?: ServiceParts<AnyContract> })[PARTS] ?? null;

type Endpoint = {
  readonly operation: AnyOperation;
  readonly answer: (input: HandlerInput<never, never, never>, context: Context) => Promise<HttpAnswer>;
};

/** The operations that every service has besides its own. */
export const standardOperations = (service: ServiceName) => ({
  health: operation(service, {
    id: 'health',
    method: 'GET',
    path: '/health',
    summary: 'Is this instance up?',
    access: { kind: 'public' },
    answers: {
      200: {
        description: 'It is.',
        body: z.object({ status: z.literal('up'), service: z.string(), instance: z.string() }),
      },
    },
    plane: 'control',
    cost: 0,
  }),
  openApi: operation(service, {
    id: 'openApi',
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document.',
    access: { kind: 'public' },
    answers: {
      200: { description: 'An OpenAPI 3.1 document.', body: z.looseObject({ openapi: z.string() }) },
    },
    plane: 'control',
    cost: 0,
  }),
});

/**
 * A service of its contract and its handlers. For each request: route (404, 405), parse (400, 413, 415),
 * authorise (401, 403), take the service time, then the handler.
 */
export function defineService<C extends AnyContract>(parts: ServiceParts<C>): ServiceDefinition {
  const { contract } = parts;
  const { service } = contract;
  const subscriptions = parts.subscriptions ?? [];
  const standard = standardOperations(service);
  const own = Object.entries(contract.operations);
  const receive = subscriptions.length > 0 ? [eventsOperation(service)] : [];
  const described = (): Json =>
    openApiDocument({
      ...contract,
      operations: Object.fromEntries([
        ...own,
        ...[...Object.values(standard), ...receive].map((each) => [each.id, each] as const),
      ]),
    });

  const endpoints: Endpoint[] = own.map(([id, each]) => ({
    operation: each,
    answer: parts.handlers[id as keyof C['operations']] as Endpoint['answer'],
  }));
  endpoints.push({
    operation: standard.health,
    answer: async (_, context) => healthOf(context),
  });
  endpoints.push({ operation: standard.openApi, answer: async () => ({ status: 200, body: described() }) });
  const consumeEvent = eventsRoute(subscriptions) as Endpoint['answer'];
  for (const each of receive) {
    endpoints.push({
      operation: each,
      answer: async (input, context) => await consumeEvent(input, context),
    });
  }

  interface Placed {
    readonly request: HttpRequest;
    readonly pathname: string;
    readonly found: ReturnType<typeof route>;
  }
  const route = createRouter(
    endpoints.map((endpoint) => ({
      method: endpoint.operation.method,
      path: endpoint.operation.path,
      name: operationName(endpoint.operation),
      endpoint,
    })),
  );
  /** The last one: a request that is admitted was asked for its operation just before. */
  let last: Placed | null = null;
  const placeOf = (request: HttpRequest): Placed => {
    if (last?.request === request) return last;
    const pathname = pathnameOf(request.path);
    const placed = { request, pathname, found: route(request.method, pathname) };
    last = placed;
    return placed;
  };
  const authorise = parts.authorise ?? verifyBearer;

  const admit = async (asked: AnyOperation, request: HttpRequest, context: Context): Promise<DoorAnswer> => {
    const principal = await admittedTo(asked, request, context, authorise);
    return principal.ok
      ? { principal: principal.value, refusal: null, headers: {} }
      : { principal: null, refusal: principal.error, headers: {} };
  };

  const answerTo = async (request: HttpRequest, context: Context): Promise<Answered> => {
    const { pathname, found } = placeOf(request);
    if (found.kind === 'unknown') return refused(noSuchPath(pathname));
    if (found.kind === 'wrong-method')
      return refused(methodNotAllowed(request.method, pathname, found.allow));
    const { operation: asked, answer } = found.operation.endpoint;
    const door = asked === standard.health || asked === standard.openApi ? undefined : parts.door;
    let admission = NOBODY_ASKED;
    if (door !== undefined) {
      const tooLarge = sizeRefusal(request);
      if (tooLarge !== null) return refused(tooLarge);
      admission = await door.admit(asked, request, context);
      if (admission.refusal !== null) return refused(admission.refusal, admission);
    }
    const input = readRequest(asked, request, found.params);
    if (!input.ok) return refused(input.error, admission);
    if (door === undefined) {
      admission = await admit(asked, request, context);
      if (admission.refusal !== null) return refused(admission.refusal);
    }
    const { principal, headers } = admission;
    const key = request.headers['idempotency-key'] ?? null;
    const refusal = asked.idempotencyKey === 'required' ? keyRefusal(key) : null;
    if (refusal !== null) return refused(refusal, admission);
    if (asked.cost > 0) await context.work(serviceTimeMs(context, asked, request));
    try {
      const given = await answer({ ...input.value, request, principal, idempotencyKey: key }, context);
      return { answer: given, principal, headers };
    } catch (error) {
      if (error instanceof ModelError) return refused(error.problem, admission);
      throw error;
    }
  };

  const definition: ServiceDefinition = {
    name: service,
    tables: parts.tables,
    operationOf: (request) => {
      const { pathname, found } = placeOf(request);
      return found.kind === 'found' ? found.operation.name : `${request.method} ${pathname}`;
    },
    priorityOf: (request) => {
      const { found } = placeOf(request);
      return found.kind === 'found' ? found.operation.endpoint.operation.priority : 'sheddable';
    },
    handle: async (request, context) => {
      const startedUs = context.clock.now();
      const { answer, principal, headers } = await answerTo(request, context);
      const response = toResponse(answer, request, parts.door === undefined ? undefined : headers);
      parts.door?.answered(request, response, principal, startedUs, context);
      return response;
    },
    background: parts.background ?? [],
    ...(parts.onStart === undefined ? {} : { onStart: parts.onStart }),
    control: async (command, context) => {
      if (isBreakerCommand(command)) return controlBreaker(context, command);
      if (parts.control === undefined) throw new Error(`${service} takes no commands`);
      return await parts.control(command, context);
    },
  };
  return Object.assign(definition, { [PARTS]: parts });
}

/** Readiness: one that drains is up, and wants no more requests. */
export const healthOf = ({ draining, service, instance }: Context): HttpAnswer =>
  draining
    ? problem(503, 'draining', 'Draining', `${instance} is draining: it takes its leave.`)
    : { status: 200, body: { status: 'up', service, instance } };

interface Answered {
  readonly answer: HttpAnswer;
  readonly principal: Principal | null;
  readonly headers: HttpHeaders;
}

const NOBODY_ASKED: DoorAnswer = { principal: null, refusal: null, headers: {} };

const refused = (answer: Problem, { principal, headers }: DoorAnswer = NOBODY_ASKED): Answered => ({
  answer,
  principal,
  headers,
});

/** A handler's answer on the wire; with headers of the door, where there is one. */
export function toResponse(answer: HttpAnswer, request: HttpRequest, ofDoor?: HttpHeaders): HttpResponse {
  const headers = ofDoor === undefined ? answer.headers : { ...answer.headers, ...ofDoor };
  if ('problem' in answer)
    return problemAnswer({ problem: answer.problem, headers: headers ?? {} }, request.path);
  return answer.body === undefined
    ? emptyResponse(answer.status, headers)
    : jsonResponse(answer.status, answer.body, headers);
}

export const noSuchPath = (pathname: string): Problem =>
  problem(404, 'no-such-path', 'No such path', `There is nothing at ${pathname}.`);

export const methodNotAllowed = (method: string, pathname: string, allow: readonly string[]): Problem =>
  problem(
    405,
    'method-not-allowed',
    'Method not allowed',
    `The path ${pathname} does not take ${method}; it takes ${allow.join(', ')}.`,
    {},
    { allow: allow.join(', ') },
  );

/** 413, or null when the body is small enough. */
export function sizeRefusal(request: HttpRequest): Problem | null {
  const { body } = request;
  if (body === null || body.length * 3 <= BODY_LIMIT_BYTES) return null; // a UTF-16 unit is at most 3 bytes
  const bytes = utf8Bytes(body).length;
  if (bytes <= BODY_LIMIT_BYTES) return null;
  return problem(
    413,
    'body-too-large',
    'Body too large',
    `The body has ${bytes} bytes; at most ${BODY_LIMIT_BYTES} are taken.`,
  );
}

const PLACES: Readonly<Record<FieldError['in'], string>> = {
  path: 'In the path,',
  query: 'The query parameter',
  header: 'The header',
  body: 'In the body,',
};

const invalidRequest = (errors: readonly FieldError[]): Problem =>
  problem(
    400,
    'invalid-request',
    'Invalid request',
    errors
      .map(
        ({ in: where, field, message }) =>
          `${field === '' ? `The ${where}` : `${PLACES[where]} '${field}'`} ${message}.`,
      )
      .join(' '),
    { errors },
  );

const NOTHING_READ = ok(Object.freeze({}));

type ParsedRequest = Pick<HandlerInput<never, never, never>, 'params' | 'query' | 'body'>;

function readRequest(
  asked: AnyOperation,
  request: HttpRequest,
  params: Readonly<Record<string, string>>,
): Result<ParsedRequest, Problem> {
  const tooLarge = sizeRefusal(request);
  if (tooLarge !== null) return err(tooLarge);
  let json: unknown;
  if (asked.body !== null) {
    const type = request.headers['content-type'] ?? '';
    if (!/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
      return err(
        problem(
          415,
          'unsupported-media-type',
          'Unsupported media type',
          type === ''
            ? 'The request has no content-type; send application/json.'
            : `The body is sent as '${type}'; send application/json.`,
        ),
      );
    }
    const parsed = parseJsonBody(request.body);
    if (!parsed.ok) {
      return err(
        problem(
          400,
          'body-not-json',
          'The body cannot be read',
          `The request cannot be read: ${parsed.error}.`,
          {
            errors: [{ in: 'body', field: '', message: parsed.error }],
          },
        ),
      );
    }
    json = parsed.value;
  }
  const readParams = asked.params === nothing ? NOTHING_READ : validate(asked.params, params, 'path');
  const readQuery =
    asked.query === nothing ? NOTHING_READ : validate(asked.query, splitPath(request.path).query, 'query');
  const readBody = asked.body === null ? ok(undefined) : validate(asked.body, json, 'body');
  if (readParams.ok && readQuery.ok && readBody.ok) {
    return ok({
      params: readParams.value as never,
      query: readQuery.value as never,
      body: readBody.value as never,
    });
  }
  return err(
    invalidRequest([readParams, readQuery, readBody].flatMap((outcome) => (outcome.ok ? [] : outcome.error))),
  );
}

/** Who asks, if they may. */
async function admittedTo(
  asked: AnyOperation,
  request: HttpRequest,
  context: Context,
  authorise: Authorise,
): Promise<Result<Principal | null, Problem>> {
  const { access } = asked;
  if (access.kind === 'public') return ok(null);
  if (access.kind === 'services') {
    const caller = context.caller?.service;
    if (caller !== undefined && access.services.includes(caller)) return ok(null);
    return err(
      problem(
        403,
        'not-a-peer',
        'Not for you',
        `Only ${access.services.join(' and ')} may call this; you are ${caller ?? 'outside the shop'}.`,
      ),
    );
  }
  const principal = await signedIn(request, context, authorise);
  if (!principal.ok) return principal;
  return access.kind === 'admin' && !principal.value.roles.includes('admin') ? err(adminOnly()) : principal;
}

/** The owner of the request's bearer token. */
export async function signedIn(
  request: HttpRequest,
  context: Context,
  authorise: Authorise,
): Promise<Result<Principal, Problem>> {
  const header = request.headers['authorization'];
  if (header === undefined) {
    return err(
      unauthorised('Sign in first: send the token of POST /sessions as "Authorization: Bearer …".', null),
    );
  }
  const [, token] = /^Bearer +([^\s]+) *$/i.exec(header) ?? [];
  if (token === undefined)
    return err(unauthorised('The Authorization header is not "Bearer" and a token.', 'invalid_request'));
  return await authorise(token, context);
}

export const adminOnly = (): Problem =>
  problem(
    403,
    'admin-only',
    'Administrators only',
    'You are signed in as a customer; only an administrator may do this.',
    {},
    { 'www-authenticate': 'Bearer realm="bulkhead", error="insufficient_scope"' },
  );

function keyRefusal(key: string | null): Problem | null {
  if (key === null || key === '') {
    return problem(
      400,
      'idempotency-key-missing',
      'Idempotency-Key missing',
      'Send an Idempotency-Key header: then a repeated request cannot take effect twice.',
      { errors: [{ in: 'header', field: 'idempotency-key', message: 'is missing' }] },
    );
  }
  if (key.length > 255) {
    return invalidRequest([
      { in: 'header', field: 'idempotency-key', message: 'must have at most 255 characters' },
    ]);
  }
  return null;
}

/**
 * Milliseconds of CPU for one request. Drawn for this operation on this path in this trace and attempt, so
 * that a request costs the same however many others came before it, and whichever process does the work.
 * `service`: whose service time it is.
 */
export function serviceTimeMs(
  context: Context,
  asked: Pick<AnyOperation, 'service' | 'id' | 'method' | 'path' | 'cost'>,
  request: Pick<HttpRequest, 'path' | 'headers'>,
  service: ServiceName = asked.service,
): number {
  const { serviceTimeMs: meanMs, serviceTimeSpread } = context.settings.services[service];
  const draw = context.random.uniform(
    'service-time',
    service,
    operationName(asked),
    pathnameOf(request.path),
    context.span?.traceId ?? '',
    request.headers[ATTEMPT_HEADER] ?? '1',
  );
  const times = service === asked.service ? (context.local(workTimes).get(workOf(asked)) ?? 1) : 1;
  return times * spreadAround(meanMs * asked.cost, serviceTimeSpread, draw);
}
