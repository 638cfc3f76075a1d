import type { RunEvent, RunEventOf } from '../src/kernel/index.ts';

/** An error or warning of the page's console; `url` is what it is about. */
export interface ConsoleLine {
  readonly type: string;
  readonly text: string;
  readonly url: string;
}

/** A request in the page's network log. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  /** Of its `traceparent`; the log names the attempt by it. */
  readonly spanId: string | null;
  /** Sent by the page for an instance; all others are strangers'. */
  readonly relayed: boolean;
}

/** How an attempt ended for its caller: a status, a connection that failed, or the caller did not wait for it. */
export type AttemptEnd = number | 'failed' | 'given-up';

/** What the run log says of requests that went, or may have gone, through the page. */
export interface LoggedEnds {
  readonly attempts: readonly (readonly [spanId: string, end: AttemptEnd])[];
  /** What the gateway answered to those who are no instance. */
  readonly strangers: readonly { readonly method: string; readonly path: string; readonly status: number }[];
}

/** Runs in the page too, so it uses nothing from outside. */
export function loggedEnds(events: readonly RunEvent[]): LoggedEnds {
  const attempts: [string, AttemptEnd][] = [];
  const strangers: { method: string; path: string; status: number }[] = [];
  const strange = new Set<string>();
  for (const event of events) {
    if (event.spanId === null) continue;
    if (event.type === 'response.received') attempts.push([event.spanId, event.status]);
    else if (event.type === 'request.failed') {
      const failed = event.error === 'connection_refused' || event.error === 'connection_reset';
      attempts.push([event.spanId, failed ? 'failed' : 'given-up']);
    } else if (event.type === 'request.received' && event.from === null) strange.add(event.spanId);
    else if (event.type === 'service.logged' && event.service === 'gateway' && strange.has(event.spanId)) {
      const { method, path, status } = event.data as RunEventOf<'service.logged'>['data'] & {
        method: string;
        path: string;
        status: number;
      };
      strangers.push({ method, path, status });
    }
  }
  return { attempts, strangers };
}

/** Chromium's own line for a fetch that failed; it cannot be silenced, so it is matched with the log. */
const FAILED_RESOURCE = /^Failed to load resource: (?:the server responded with a status of (\d+)|net::)/;

/**
 * What the run log does not explain of the console, and what it says must be there and is not. Each
 * "Failed to load resource" belongs to one failed answer of one request that went through the page, and
 * each such answer has its line. Only where the caller had given up, or the log knows no end (its caller
 * crashed, or still waits), there may or may not be a line: the two ends race.
 */
export function unexplainedLines(
  lines: readonly ConsoleLine[],
  requests: readonly SeenRequest[],
  ends: LoggedEnds,
  base: string,
): string[] {
  const must = new Bag();
  const may = new Bag();
  const attempts = new Map(ends.attempts);
  const api = `${base}api`;
  const strangers = new Map<string, number[]>();
  for (const { method, path, status } of ends.strangers) {
    const key = `${method} ${api}${path}`;
    strangers.set(key, [...(strangers.get(key) ?? []), status]);
  }
  const lastOfSpan = new Map(requests.map((request, index) => [request.spanId, index]));

  requests.forEach(({ method, url: whole, spanId, relayed }, index) => {
    const url = withoutFragment(whole);
    if (!url.startsWith(`${api}/`) && !url.startsWith(`${base}network/`)) return;
    if (!relayed) {
      // What lies behind ./network/ is for services, and the page itself says so; the log hears nothing.
      const status = url.startsWith(`${base}network/`) ? 403 : strangers.get(`${method} ${url}`)?.shift();
      if (status !== undefined && status >= 400) must.add(`${status} ${url}`);
      return;
    }
    const end = spanId === null ? undefined : attempts.get(spanId);
    // A hop whose fetch the browser gave up is fetched again: only the last fetch carries its answer.
    if (end === undefined || end === 'given-up' || lastOfSpan.get(spanId) !== index) may.add(url);
    else if (end === 'failed') must.add(`net:: ${url}`);
    else if (end >= 400) must.add(`${end} ${url}`);
  });

  const unexplained = lines.flatMap(({ type, text, url }) => {
    const failed = FAILED_RESOURCE.exec(text);
    if (failed === null) return [`${type}: ${text}`];
    const at = withoutFragment(url);
    const explained = must.take(`${failed[1] ?? 'net::'} ${at}`) || may.take(at);
    return explained ? [] : [`no failed answer in the log for "${text}" of ${url}`];
  });
  return [...unexplained, ...must.left().map((key) => `no line in the console for ${key}`)];
}

const withoutFragment = (url: string): string => url.replace(/#.*$/, '');

class Bag {
  readonly #counts = new Map<string, number>();

  add(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  take(key: string): boolean {
    const count = this.#counts.get(key) ?? 0;
    if (count > 0) this.#counts.set(key, count - 1);
    return count > 0;
  }

  left(): string[] {
    return [...this.#counts].flatMap(([key, count]) => Array.from({ length: count }, () => key));
  }
}
