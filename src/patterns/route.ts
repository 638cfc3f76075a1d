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
  readonly operations: Map<string, Op>;
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
    let path = paths.get(shape);
    if (path === undefined) {
      path = { segments: operation.path.split('/'), operations: new Map() };
      paths.set(shape, path);
    }
    path.operations.set(operation.method, operation);
  }
  const literals = ({ segments }: Path<Op>) => segments.filter((segment) => !isParameter(segment)).length;
  const ordered = [...paths.values()].sort((a, b) => literals(b) - literals(a));

  return (method, pathname) => {
    const segments = pathname.split('/');
    const path = ordered.find((candidate) => fits(candidate.segments, segments));
    if (path === undefined) return { kind: 'unknown' };
    const operation = path.operations.get(method);
    if (operation === undefined) return { kind: 'wrong-method', allow: [...path.operations.keys()].sort() };
    const params: Record<string, string> = {};
    operation.path.split('/').forEach((segment, index) => {
      if (isParameter(segment)) params[segment.slice(1, -1)] = decodeSegment(segments[index] ?? '');
    });
    return { kind: 'found', operation, params };
  };
}

const fits = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.length === segments.length &&
  pattern.every((part, index) => (isParameter(part) ? segments[index] !== '' : part === segments[index]));

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % is the sender's mistake; validation will name it
  }
}
