import type { HttpMethod, HttpRequest, HttpResponse } from '../../kernel/index.ts';

// Between the plain messages of services and the web's Request and Response.

const encoder = new TextEncoder();

/** Bytes, since a text would be given a content type of its own. */
const bytesOf = (body: string | null): Uint8Array<ArrayBuffer> | null =>
  body === null ? null : encoder.encode(body);

export const webRequest = (url: string, { method, headers, body }: HttpRequest): Request =>
  new Request(url, { method, headers: { ...headers }, body: method === 'GET' ? null : bytesOf(body) });

/** `path` as the service sees it: without host and prefix. */
export async function plainRequest(request: Request, path: string): Promise<HttpRequest> {
  const body = request.body === null && request.method === 'GET' ? '' : await request.text();
  return {
    method: request.method as HttpMethod,
    path,
    headers: Object.fromEntries(request.headers),
    body: body === '' ? null : body,
  };
}

const NULL_BODY_STATUS = new Set([204, 205, 304]);

export const webResponse = ({ status, headers, body }: HttpResponse): Response =>
  new Response(NULL_BODY_STATUS.has(status) ? null : bytesOf(body), { status, headers: { ...headers } });

export async function plainResponse(response: Response): Promise<HttpResponse> {
  const body = NULL_BODY_STATUS.has(response.status) ? '' : await response.text();
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: body === '' ? null : body,
  };
}
