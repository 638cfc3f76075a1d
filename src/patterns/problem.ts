import {
  type HttpHeaders,
  type HttpResponse,
  type ProblemDetails,
  problemResponse,
} from '../kernel/index.ts';

/** Where the types of our problems live. A type is a name, never fetched. */
export const PROBLEM_BASE = 'https://bulkhead.dev/problems/';

/** A refusal as an answer (RFC 9457): what a handler returns, and what a `ModelError` carries. */
export interface Problem {
  readonly problem: ProblemDetails;
  readonly headers: HttpHeaders;
}

/**
 * Makes a problem answer. `slug` is the last part of its type; `title` is the same for every occurrence,
 * `detail` says what is wrong this time. `extra` holds extension members.
 */
export const problem = (
  status: number,
  slug: string,
  title: string,
  detail: string,
  extra: Readonly<Record<string, unknown>> = {},
  headers: HttpHeaders = {},
): Problem => ({
  problem: { ...extra, type: `${PROBLEM_BASE}${slug}`, title, status, detail },
  headers,
});

/** Thrown by a model inside a transaction: the transaction is aborted, the caller gets the problem. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly problem: Problem;

  constructor(refusal: Problem) {
    super(refusal.problem.detail ?? refusal.problem.title);
    this.problem = refusal;
  }
}

/** The answer on the wire, with the request's path as the occurrence. */
export const problemAnswer = (refusal: Problem, path?: string): HttpResponse =>
  problemResponse(
    path === undefined || refusal.problem.instance !== undefined
      ? refusal.problem
      : { ...refusal.problem, instance: path },
    refusal.headers,
  );
