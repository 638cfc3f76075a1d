import type { HttpMethod } from '../kernel/index.ts';

export interface Routed {
  readonly method: HttpMethod;
  /** With `{name}` for each path parameter. */
  readonly path: string;
}

export type RouteMatch<Op> =
  | { readonly kind: 'found'; readonly operation: Op; readonly params: Readonly<Record<string, string>> }
  /** The path is known, the method is not: 405 with these in `Allow`. */
  | { readonly kind: 'wrong-method'; readonly allow: readonly string[] }
  | { readonly kind: 'unknown' };

interface Path<Op> {
  readonly segments: readonly string[];
  readonly operations: Map<string, Endpoint<Op>>;
}

interface Endpoint<Op> {
  readonly operation: Op;
  readonly params: readonly { readonly name: string; readonly index: number }[];
}

const isParameter = (segment: string): boolean => segment.startsWith('{');

/**
 * Finds the operation of a request. A literal path goes before one with parameters (`/users/me` before
 * `/users/{userId}`), also where only the method differs.
 */
export function createRouter<Op extends Routed>(
  operations: readonly Op[],
): (method: string, pathname: string) => RouteMatch<Op> {
  const paths = new Map<string, Path<Op>>();
  for (const operation of operations) {
    const shape = operation.path.replaceAll(/\{[^}]*\}/g, '{}');
    const segments = operation.path.split('/');
    let path = paths.get(shape);
    if (path === undefined) {
      path = { segments, operations: new Map() };
      paths.set(shape, path);
    }
    const params = segments.flatMap((segment, index) =>
      isParameter(segment) ? [{ name: segment.slice(1, -1), index }] : [],
    );
    path.operations.set(operation.method, { operation, params });
  }
  const literals = ({ segments }: Path<Op>) => segments.filter((segment) => !isParameter(segment)).length;
  const withParameters = [...paths.values()]
    .filter(({ segments }) => segments.some(isParameter))
    .sort((a, b) => literals(b) - literals(a));

  return (method, pathname) => {
    // A shape without parameters is the path itself.
    let path = pathname.includes('{') ? undefined : paths.get(pathname);
    let segments = NO_SEGMENTS;
    if (path === undefined) {
      const given = pathname.split('/');
      segments = given;
      path = withParameters.find((candidate) => fits(candidate.segments, given));
    }
    if (path === undefined) return { kind: 'unknown' };
    const endpoint = path.operations.get(method);
    if (endpoint === undefined) return { kind: 'wrong-method', allow: [...path.operations.keys()].sort() };
    const params: Record<string, string> = {};
    for (const { name, index } of endpoint.params) params[name] = decodeSegment(segments[index] ?? '');
    return { kind: 'found', operation: endpoint.operation, params };
  };
}

const NO_SEGMENTS: readonly string[] = [];

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false;
  for (let index = 0; index < pattern.length; index += 1) {
    const part = pattern[index] ?? '';
    const given = segments[index];
    if (isParameter(part) ? given === '' : part !== given) return false;
  }
  return true;
}

function decodeSegment(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % is the sender's mistake; validation will name it
  }
}
