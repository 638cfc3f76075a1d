import * as z from 'zod/mini';
import { assert, type HttpMethod, type Plane, type Priority, type ServiceName } from '../kernel/index.ts';
import type { Access, AnswerDefinition, AnyOperation, Contract, Operation } from './contract.ts';

/** Of an operation without parameters: whatever is sent, nothing of it is taken. */
export const nothing = z.object({});
type Nothing = typeof nothing;

type Answers = Readonly<Record<number, AnswerDefinition>>;

type BodyOf<Definition> = Definition extends { readonly body: infer Schema }
  ? Schema extends z.ZodMiniType
    ? z.output<Schema>
    : null
  : never;

/** What the successful answer with the lowest status carries. */
type AnswerOf<A extends Answers> = 200 extends keyof A
  ? BodyOf<A[200]>
  : 201 extends keyof A
    ? BodyOf<A[201]>
    : 202 extends keyof A
      ? BodyOf<A[202]>
      : 204 extends keyof A
        ? BodyOf<A[204]>
        : unknown;

export interface OperationSpec<
  Params extends z.ZodMiniType,
  Query extends z.ZodMiniType,
  Body extends z.ZodMiniType | null,
  A extends Answers,
> {
  readonly id: string;
  readonly method: HttpMethod;
  /** With `{name}` for each path parameter. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  /** Default: no parameters. */
  readonly params?: Params;
  /** Default: none. */
  readonly query?: Query;
  /** Default null: it takes no body. */
  readonly body?: Body;
  /** Of the body. Default `application/json`. */
  readonly contentType?: string;
  readonly answers: A;
  /** Default: GET, PUT and DELETE are, and whatever requires an Idempotency-Key. */
  readonly repeatable?: boolean;
  /** Default `none`. */
  readonly idempotencyKey?: 'none' | 'required';
  /** Default `data`. */
  readonly plane?: Plane;
  /** Default 1: the service's whole service time. */
  readonly cost?: number;
  /** Default by its nature: see `priorityOf`. */
  readonly priority?: Priority;
}

/** One operation of a service, with its defaults filled in. */
export function operation<
  const A extends Answers,
  Params extends z.ZodMiniType = Nothing,
  Query extends z.ZodMiniType = Nothing,
  Body extends z.ZodMiniType | null = null,
>(
  service: ServiceName,
  spec: OperationSpec<Params, Query, Body, A>,
): Operation<
  z.output<Params>,
  z.output<Query>,
  Body extends z.ZodMiniType ? z.output<Body> : null,
  AnswerOf<A>
> {
  const idempotencyKey = spec.idempotencyKey ?? 'none';
  const lowest = Object.keys(spec.answers)
    .map(Number)
    .sort((a, b) => a - b)[0];
  assert(lowest !== undefined, `${service}.${spec.id} has no answer`);
  const named = [...spec.path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]);
  assert(
    named.length === 0 || spec.params !== undefined,
    `${service}.${spec.id}: no schema for ${named.join(', ')}`,
  );
  const built: AnyOperation = {
    service,
    id: spec.id,
    method: spec.method,
    path: spec.path,
    summary: spec.summary,
    access: spec.access,
    params: spec.params ?? nothing,
    query: spec.query ?? nothing,
    body: spec.body ?? null,
    ...(spec.contentType === undefined ? {} : { contentType: spec.contentType }),
    answers: spec.answers,
    answer: spec.answers[lowest]?.body ?? null,
    repeatable:
      spec.repeatable ?? (['GET', 'PUT', 'DELETE'].includes(spec.method) || idempotencyKey === 'required'),
    idempotencyKey,
    plane: spec.plane ?? 'data',
    cost: spec.cost ?? 1,
    priority: spec.priority ?? priorityOf(spec),
  };
  // The schemas above are the very ones that these type parameters were read from.
  return built as Operation<
    z.output<Params>,
    z.output<Query>,
    Body extends z.ZodMiniType ? z.output<Body> : null,
    AnswerOf<A>
  >;
}

/** What a service asks belongs to work that is half done; reading can be asked again; a customer's change is between. */
function priorityOf({ method, access }: { readonly method: HttpMethod; readonly access: Access }): Priority {
  if (method === 'GET') return 'sheddable';
  return access.kind === 'services' ? 'critical' : 'normal';
}

/** A service's operations by their ids. Two with the same method and path are an error. */
export function defineContract<const Operations extends Record<string, AnyOperation>>(
  contract: Contract<Operations>,
): Contract<Operations> {
  const seen = new Set<string>();
  for (const [id, each] of Object.entries(contract.operations)) {
    assert(each.id === id, `operation '${each.id}' stands under the name '${id}'`);
    assert(
      each.service === contract.service,
      `operation '${id}' belongs to ${each.service}, not ${contract.service}`,
    );
    const route = `${each.method} ${each.path}`;
    assert(!seen.has(route), `${contract.service} has '${route}' twice`);
    seen.add(route);
  }
  return contract;
}

/** A contract's operations but these. */
export function without<Operations extends object, Id extends keyof Operations & string>(
  operations: Operations,
  ...ids: readonly Id[]
): Omit<Operations, Id> {
  const dropped: readonly string[] = ids;
  const kept = Object.entries(operations).filter(([id]) => !dropped.includes(id));
  return Object.fromEntries(kept) as Omit<Operations, Id>;
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

// Most names and ids are written as they are.
const encoded = (text: string): string => (/^[\w.~-]*$/.test(text) ? text : encodeURIComponent(text));

function filledPath(method: HttpMethod, path: string, input: unknown): string {
  const params = (input ?? {}) as Readonly<Record<string, unknown>>;
  let filled = '';
  let from = 0;
  for (let open = path.indexOf('{'); open >= 0; open = path.indexOf('{', from)) {
    const close = path.indexOf('}', open);
    const name = path.slice(open + 1, close);
    const value = params[name];
    assert(
      value !== undefined && value !== null && value !== '',
      `${method} ${path} needs the parameter '${name}'`,
    );
    filled += path.slice(from, open) + encoded(plain(value));
    from = close + 1;
  }
  return filled + path.slice(from);
}

/** The path of a request: parameters filled in and encoded, query values that are set appended in order. */
export function requestPath(
  { method, path }: { readonly method: HttpMethod; readonly path: string },
  input: { readonly params?: unknown; readonly query?: unknown },
): string {
  const filled = path.includes('{') ? filledPath(method, path, input.params) : path;
  if (input.query === undefined) return filled;
  const query: string[] = [];
  const asked = (input.query ?? {}) as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(asked)) {
    const value = asked[name];
    if (value === undefined || value === null) continue;
    query.push(`${encoded(name)}=${encoded(plain(value))}`);
  }
  return query.length === 0 ? filled : `${filled}?${query.join('&')}`;
}
