import type * as z from 'zod/mini';
import type {
  HttpMethod,
  Plane,
  Priority,
  ProblemDetails,
  RejectedBy,
  Result,
  ServiceName,
} from '../kernel/index.ts';

/** Who may call. `services`: only these peers, known by the connection itself; never routed by the gateway. */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'customer' }
  | { readonly kind: 'admin' }
  | { readonly kind: 'services'; readonly services: readonly ServiceName[] };

export interface AnswerDefinition {
  readonly description: string;
  /** null: no body. */
  readonly body: z.ZodMiniType | null;
}

/** One operation: the schemas that validate it, document it (OpenAPI) and type its callers. */
export interface Operation<Params = unknown, Query = unknown, Body = unknown, Answer = unknown> {
  readonly service: ServiceName;
  readonly id: string;
  readonly method: HttpMethod;
  /** With `{name}` for each path parameter. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly params: z.ZodMiniType<Params>;
  readonly query: z.ZodMiniType<Query>;
  /** null: it takes no body. */
  readonly body: z.ZodMiniType<Body> | null;
  /** Of the body: `application/json` unless told. */
  readonly contentType?: string;
  /** The successful answers by status; problems are described once for all operations. */
  readonly answers: Readonly<Record<number, AnswerDefinition>>;
  /** Of the successful answer with the lowest status. */
  readonly answer: z.ZodMiniType<Answer> | null;
  /** May be sent again without a second effect: by its nature, or because it carries an Idempotency-Key. */
  readonly repeatable: boolean;
  readonly idempotencyKey: 'none' | 'required';
  readonly plane: Plane;
  /** Share of the service's service time that it costs: 1 as a rule, 0 for health. */
  readonly cost: number;
  readonly priority: Priority;
}

/** An operation of whatever types. */
export type AnyOperation = Operation<unknown, unknown, unknown, unknown>;

export interface Contract<Operations extends Record<string, AnyOperation> = Record<string, AnyOperation>> {
  readonly service: ServiceName;
  readonly title: string;
  readonly version: string;
  readonly operations: Operations;
}

/** A contract of whatever operations. */
export type AnyContract = Contract<Record<string, AnyOperation>>;

/** What a caller gives to an operation. */
export interface OperationInput<Params, Query, Body> {
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** A customer's token, passed on. */
  readonly bearer?: string;
  readonly idempotencyKey?: string;
}

export interface CallSuccess<Answer> {
  readonly status: number;
  readonly value: Answer;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * - `refused`: a definite 4xx answer, with its problem: a business "no", or our mistake. Do not repeat.
 * - `unavailable`: no usable answer. `mayHaveHappened` is false only when it surely had no effect
 *   (never sent, or the connection was refused).
 */
export type CallFailure =
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly problem: ProblemDetails;
      readonly headers: Readonly<Record<string, string>>;
      /** An attempt before the refused one has an unknown outcome: it may still take effect. */
      readonly earlierMayHaveHappened?: boolean;
    }
  | {
      readonly kind: 'unavailable';
      readonly reason: string;
      readonly mayHaveHappened: boolean;
      readonly status: number | null /** Set when the last attempt never left. */;
      readonly rejectedBy?: RejectedBy;
    };

export type CallOutcome<Answer> = Result<CallSuccess<Answer>, CallFailure>;

/** `POST /orders/{id}/cancellation`: what the log, faults and figures call it. */
export const operationName = (operation: { readonly method: HttpMethod; readonly path: string }): string =>
  `${operation.method} ${operation.path}`;
