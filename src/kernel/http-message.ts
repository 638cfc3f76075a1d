import { err, ok, type Result } from './result.ts';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Header names are lowercase. */
export type HttpHeaders = Readonly<Record<string, string>>;

/** A request as plain data: it crosses a worker boundary, and reading its body takes no macrotask. */
export interface HttpRequest {
  readonly method: HttpMethod;
  /** With the query string, beginning with `/`. */
  readonly path: string;
  readonly headers: HttpHeaders;
  readonly body: string | null;
}

/** `status` is 200–599; `body` is null where HTTP demands it (204, 205, 304). */
export interface HttpResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: string | null;
}

/** Why no answer came. The caller of a refused connection knows that nothing happened; else it does not. */
export type NetworkErrorKind = 'connection_refused' | 'connection_reset' | 'timeout' | 'deadline_exceeded';

export interface NetworkError {
  readonly kind: NetworkErrorKind;
  readonly detail: string;
}

export type HttpOutcome = Result<HttpResponse, NetworkError>;

/** A JSON answer. */
export const jsonResponse = (status: number, value: unknown, headers: HttpHeaders = {}): HttpResponse => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(value),
});

export const emptyResponse = (status = 204, headers: HttpHeaders = {}): HttpResponse => ({
  status,
  headers,
  body: null,
});

/** RFC 9457. `instance` names this occurrence; extension members may follow. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance?: string;
  readonly [extension: string]: unknown;
}

export const problemResponse = (problem: ProblemDetails, headers: HttpHeaders = {}): HttpResponse => ({
  status: problem.status,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: JSON.stringify(problem),
});

/** Parses a body as JSON; a cut or corrupt body is an expected failure. */
export function parseJsonBody(body: string | null): Result<unknown, string> {
  if (body === null || body === '') return err('the body is empty');
  try {
    return ok(JSON.parse(body) as unknown);
  } catch (error) {
    return err(`the body is not JSON (${error instanceof Error ? error.message : 'unreadable'})`);
  }
}

/** `/orders/7?full=1` → `/orders/7`. */
export function pathnameOf(path: string): string {
  const mark = path.indexOf('?');
  return mark < 0 ? path : path.slice(0, mark);
}

/** `/orders/7?full=1` → `/orders/7` and its query, decoded. A repeated parameter keeps its last value. */
export function splitPath(path: string): { pathname: string; query: Record<string, string> } {
  const mark = path.indexOf('?');
  if (mark < 0) return { pathname: path, query: {} };
  const query: Record<string, string> = {};
  for (const pair of path.slice(mark + 1).split('&')) {
    if (pair === '') continue;
    const [name = '', value = ''] = pair.split('=', 2);
    query[decodeQueryPart(name)] = decodeQueryPart(value);
  }
  return { pathname: path.slice(0, mark), query };
}

function decodeQueryPart(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text; // a stray % is the sender's mistake; validation will name it
  }
}
