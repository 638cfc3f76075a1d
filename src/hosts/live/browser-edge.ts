import type { HttpRequest, HttpResponse, Json } from '../../kernel/index.ts';
import { provideLocalStorage } from './local-storage-shim.ts';
import type { Notice, RelayedHop } from './messages.ts';
import { plainRequest, plainResponse, webResponse } from './plain-http.ts';

/** Who carries the page's requests to the hub. */
export interface EdgeHub {
  /** Gives the answer; null is a network error. `signal` ends the request. */
  request(request: HttpRequest, token: string | null, signal: AbortSignal): Promise<HttpResponse | null>;
}

export interface BrowserEdge {
  /** `service-worker`: the developer tools show requests. `interceptor`: only this page's own `fetch` is answered. */
  readonly kind: 'service-worker' | 'interceptor';
  /** What the person should know. */
  readonly notice: Notice | null;
  stop(): Promise<void>;
}

/** Says which relayed hop a fetch is. */
const TOKEN_HEADER = 'x-bulkhead-hop';
const SERVICE_WORKER = 'service-worker.js';
const CLAIM = 'bulkhead/claim';
const START_WITHIN_MS = 10_000;
const CLAIM_WITHIN_MS = 2000;

/** What belongs to the page's folder: `./api/…` is the gateway, `./network/…` a relayed hop. */
export const baseUrl = (): string => new URL('./', document.baseURI).href;

/** A service worker sees the URL's fragment, which no server ever does. */
const pathUnder = (start: string, { url }: Request): string => url.slice(start.length).replace(/#.*$/, '');

const NOTICE_WITHOUT_WORKER =
  "This browser runs no service worker here (it needs https or localhost, and no private window). Requests are answered inside the page, so the developer tools' network tab does not show them.";

/** Lets the page's own requests reach the shop: by MSW's service worker, or else by its interceptors. */
export async function startBrowserEdge(hub: EdgeHub): Promise<BrowserEdge> {
  provideLocalStorage();
  const [{ http, HttpResponse }, { setupWorker, defaultNetworkOptions }] = await Promise.all([
    import('msw/http'),
    import('msw/browser'),
  ]);
  // `msw/browser` makes a source for those who configure a network themselves. Nobody starts it, and until somebody
  // does it keeps all that the service worker says, requests with their bodies (MSW 3.0.5).
  for (const source of defaultNetworkOptions.sources) if ('terminate' in source) await source.terminate();
  const base = baseUrl();

  const answer = async (request: Request, path: string): Promise<Response> => {
    const token = request.headers.get(TOKEN_HEADER);
    const { headers, ...plain } = await plainRequest(request, path);
    const { [TOKEN_HEADER]: _, ...others } = headers;
    const response = await hub.request({ ...plain, headers: others }, token, request.signal);
    return response === null ? HttpResponse.error() : webResponse(response);
  };
  const handlers = [
    http.all(`${base}api/*`, ({ request }) => answer(request, pathUnder(`${base}api`, request))),
    http.all(`${base}network/*`, ({ request }) => {
      if (request.headers.get(TOKEN_HEADER) === null) {
        return HttpResponse.json(
          {
            type: 'about:blank',
            title: 'Forbidden',
            status: 403,
            detail: 'Only services talk to each other here. The way into the shop is ./api/.',
          } satisfies Record<string, Json>,
          { status: 403, headers: { 'content-type': 'application/problem+json' } },
        );
      }
      const [, , , ...rest] = pathUnder(`${base}network`, request).split('/');
      return answer(request, `/${rest.join('/')}`);
    }),
  ];

  if (mayHaveServiceWorker()) {
    const worker = setupWorker(...handlers);
    const url = new URL(SERVICE_WORKER, base).href;
    try {
      await comeUnderControl(url);
      await within(
        START_WITHIN_MS,
        worker.start({
          serviceWorker: { url, options: { scope: base } },
          findWorker: (scriptUrl) => scriptUrl === url,
          onUnhandledFrame: 'bypass',
          quiet: true,
        }),
      );
      return {
        kind: 'service-worker',
        notice: null,
        stop: async () => {
          await worker.stop();
        },
      };
    } catch {
      // Refused (private windows, policies) or silent: the interceptors do without.
    }
  }
  return await startInterceptors(handlers);
}

async function startInterceptors(
  handlers: Parameters<typeof import('msw/browser').setupWorker>,
): Promise<BrowserEdge> {
  const [{ defineNetwork, InterceptorSource }, { FetchInterceptor }] = await Promise.all([
    import('msw/experimental'),
    import('@mswjs/interceptors/fetch'),
  ]);
  const network = defineNetwork({
    sources: [new InterceptorSource({ interceptors: [new FetchInterceptor()] })],
    handlers,
    onUnhandledFrame: 'bypass',
    context: { quiet: true },
  });
  network.enable();
  return {
    kind: 'interceptor',
    notice: { id: 'no-service-worker', level: 'warning', text: NOTICE_WITHOUT_WORKER },
    stop: async () => {
      network.disable();
    },
  };
}

const mayHaveServiceWorker = (): boolean =>
  'serviceWorker' in navigator && globalThis.isSecureContext && location.protocol.startsWith('http');

/**
 * A page that was reloaded past its service worker (Shift+Reload) has a registration and no
 * controller: MSW would reload it. Ask the worker to take the page instead.
 */
async function comeUnderControl(url: string): Promise<void> {
  const { serviceWorker } = navigator;
  for (const registration of await serviceWorker.getRegistrations()) {
    const { active } = registration;
    if (active?.scriptURL !== url) continue;
    mayFailToUpdate(registration);
    if (serviceWorker.controller?.scriptURL === url) continue;
    await within(
      CLAIM_WITHIN_MS,
      new Promise<void>((resolve) => {
        serviceWorker.addEventListener('controllerchange', () => resolve(), { once: true });
        active.postMessage(CLAIM);
      }),
    );
  }
}

/** MSW looks for a newer script whenever it starts, and does not expect that there may be no network. */
function mayFailToUpdate(registration: ServiceWorkerRegistration): void {
  const update = registration.update.bind(registration);
  registration.update = () => update().catch(() => registration);
}

/** Makes the relayed hop's fetch; null when it fails, as fetches do. */
export async function fetchRelayed(
  { token, url, request }: RelayedHop,
  signal: AbortSignal,
): Promise<HttpResponse | null> {
  try {
    const response = await fetch(new URL(url, baseUrl()), {
      method: request.method,
      headers: { ...request.headers, [TOKEN_HEADER]: token },
      body: request.method === 'GET' || request.body === null ? null : new TextEncoder().encode(request.body),
      cache: 'no-store',
      credentials: 'omit',
      signal,
    });
    return await plainResponse(response);
  } catch {
    return null;
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
