import type { HttpMethod } from '../../../../kernel/index.ts';
import { requestPath } from '../../../../patterns/index.ts';
import type { ApiOperation } from './api-documents.ts';
import type { Draft } from './example-input.ts';

/** A request to the shop's door, as the command `request.send` takes it. */
export interface ShopRequest {
  readonly method: HttpMethod;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As it is typed; null: none. */
  readonly body: string | null;
  readonly as: Draft['as'];
}

/** Path parameters that are empty: without them there is no path to ask for. */
export const missingParameters = ({ parameters }: ApiOperation, { values }: Draft): readonly string[] =>
  parameters.flatMap(({ name, in: where }) =>
    where === 'path' && (values[name] ?? '') === '' ? [name] : [],
  );

/** The draft as a request; a parameter that is empty is left out, so that a refusal can be tried as well. */
export function shopRequest(operation: ApiOperation, { values, body, as }: Draft): ShopRequest {
  const of = (where: 'path' | 'query' | 'header') =>
    Object.fromEntries(
      operation.parameters.flatMap(({ name, in: place }): [string, string][] => {
        const value = values[name] ?? '';
        return place === where && value !== '' ? [[name, value]] : [];
      }),
    );
  return {
    method: operation.method,
    path: requestPath(operation, { params: of('path'), query: of('query') }),
    headers: of('header'),
    body,
    as,
  };
}

/** A shell reads nothing in single quotes but their end. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The same request for a terminal. `base` is where the page is; no token is written into it. */
export function curlText({ method, path, headers, body, as }: ShopRequest, base: string): string {
  const lines = [`curl ${method === 'GET' ? '' : `-X ${method} `}${quoted(`${base}api${path}`)}`];
  // In double quotes, for the shell to fill it in.
  if (as !== 'anonymous') lines.push('-H "authorization: Bearer $TOKEN"');
  if (body !== null) lines.push(`-H ${quoted('content-type: application/json')}`);
  for (const [name, value] of Object.entries(headers))
    lines.push(`-H ${quoted(`${name.toLowerCase()}: ${value}`)}`);
  // Not `-d`, which would read a file for a body that begins with an @.
  if (body !== null) lines.push(`--data-raw ${quoted(body)}`);
  return lines.join(' \\\n  ');
}
