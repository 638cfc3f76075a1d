import type { HttpRequest, HttpResponse, Json, RunId, ServiceName } from '../../kernel/index.ts';
import type { CommandResult, Setup } from '../../setups/index.ts';
import { fetchRelayed } from './browser-edge.ts';
import type { HubToPage, Notice, PageToHub } from './messages.ts';
import {
  type ClockState,
  changedClock,
  RunClock,
  startedClock,
  wallNowMs,
  wallOffsetMs,
} from './run-clock.ts';

export interface HubLinkListener {
  events(events: Extract<HubToPage, { readonly type: 'events' }>['events']): void;
  progress(text: string): void;
  notice(notice: Notice): void;
}

const ENDED: CommandResult = { ok: false, error: { message: 'The run has ended.' } };

/** A hub that has said something, and then not for so many looks, has died (or stands at a breakpoint). */
const LOOK_EVERY_MS = 2000;
const MOST_SILENT_LOOKS = 5;
const SILENT: Notice = {
  id: 'hub-silent',
  level: 'error',
  text: "The run's worker does not answer any more. What was recorded can still be looked at; Reset begins a new run.",
};
const ANSWERS_AGAIN: Notice = { id: 'hub-silent', level: 'info', text: "The run's worker answers again." };

/** What the hub says of the shop when it is open. */
export type OpenShop = Pick<Extract<HubToPage, { readonly type: 'ready' }>, 'entryAnswers'>;

/** The page's side of one hub worker. */
export class HubLink {
  readonly #worker: Worker;
  readonly #listener: HubLinkListener;
  readonly clock: RunClock;
  #wallOffsetMs = 0;
  #ids = 0;
  readonly #results = new Map<number, (result: CommandResult) => void>();
  readonly #answers = new Map<number, (response: HttpResponse | null) => void>();
  readonly #tables = new Map<number, (tables: Readonly<Record<string, readonly Json[]>> | null) => void>();
  readonly #relayed = new Map<string, AbortController>();
  #ready: { resolve(shop: OpenShop): void; reject(error: Error): void } | null = null;
  #stopped: (() => void) | null = null;
  #over = false;
  readonly #stopLooking: () => void;
  readonly #look: ReturnType<typeof setInterval>;
  /** Looks since it last said something; null: its script may still be on its way. */
  #silentLooks: number | null = null;
  /** The clock as it was when the hub fell silent. */
  #silentSince: ClockState | null = null;

  constructor(worker: Worker, listener: HubLinkListener) {
    this.#worker = worker;
    this.#listener = listener;
    const stopped: ClockState = { ...startedClock(wallNowMs()), paused: true };
    this.clock = new RunClock(stopped, () => wallNowMs() + this.#wallOffsetMs);
    this.#stopLooking = this.clock.keepLooking();
    this.#look = setInterval(() => this.#lookAfter(), LOOK_EVERY_MS);
    worker.onmessage = ({ data }: MessageEvent<HubToPage>) => this.#received(data);
    worker.onerror = (event) => {
      const message = `The run's worker failed: ${event.message || 'its script could not be loaded'}.`;
      this.#listener.notice({ id: 'hub-failed', level: 'error', text: message });
      this.#ready?.reject(new Error(message));
      this.#ready = null;
    };
  }

  /** True while it gives no sign of life: nothing that is asked of it is answered. */
  get silent(): boolean {
    return this.#silentSince !== null;
  }

  /** Resolves when the shop is open. */
  boot(runId: RunId, setup: Setup): Promise<OpenShop> {
    return new Promise((resolve, reject) => {
      this.#ready = { resolve, reject };
      this.post({ type: 'boot', runId, setup, wallMs: wallNowMs() });
    });
  }

  post(message: PageToHub): void {
    this.#worker.postMessage(message);
  }

  command(command: unknown): Promise<CommandResult> {
    if (this.#over) return Promise.resolve(ENDED);
    const id = this.#nextId();
    return new Promise((resolve) => {
      this.#results.set(id, resolve);
      try {
        this.post({ type: 'command', id, command });
      } catch {
        // What cannot even be sent to a worker is no JSON.
        this.#results.delete(id);
        resolve({ ok: false, error: { message: 'A command must be plain JSON.' } });
      }
    });
  }

  /** A request of the page at its edge. */
  request(request: HttpRequest, token: string | null, signal: AbortSignal): Promise<HttpResponse | null> {
    if (this.#over) return Promise.resolve(null);
    const id = this.#nextId();
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      signal.addEventListener('abort', () => {
        if (!this.#answers.delete(id)) return;
        this.post({ type: 'edge.cancel', id });
        resolve(null);
      });
      this.post({ type: 'edge.request', id, request, token });
    });
  }

  /** A service's rows where the hub keeps them; null when they are in IndexedDB. */
  memoryTables(service: ServiceName): Promise<Readonly<Record<string, readonly Json[]>> | null> {
    if (this.#over) return Promise.resolve(null);
    const id = this.#nextId();
    return new Promise((resolve) => {
      this.#tables.set(id, resolve);
      this.post({ type: 'tables', id, service });
    });
  }

  /** Ends the run's workers; what is in order has been written down. */
  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#stopped = resolve;
      setTimeout(resolve, 2000); // a hub that does not answer is ended all the same
      this.post({ type: 'stop' });
    });
    this.#over = true;
    this.#stopLooking();
    clearInterval(this.#look);
    this.#worker.terminate();
    for (const controller of this.#relayed.values()) controller.abort();
    for (const answer of this.#answers.values()) answer(null);
    for (const result of this.#results.values()) result(ENDED);
    for (const tables of this.#tables.values()) tables(null);
    this.#ready?.reject(new Error('The run has ended.'));
    this.#ready = null;
    this.#answers.clear();
    this.#results.clear();
    this.#tables.clear();
  }

  #nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  #lookAfter(): void {
    if (this.#silentLooks !== null) this.#silentLooks += 1;
    if ((this.#silentLooks ?? 0) > MOST_SILENT_LOOKS && this.#silentSince === null) {
      this.#silentSince = this.clock.state;
      this.clock.apply(changedClock(this.clock.state, this.clock.wallMs, { paused: true }));
      this.#listener.notice(SILENT);
    }
    this.post({ type: 'ping' });
  }

  #lives(): void {
    this.#silentLooks = 0;
    if (this.#silentSince === null) return;
    this.clock.apply(this.#silentSince);
    this.#silentSince = null;
    this.#listener.notice(ANSWERS_AGAIN);
  }

  #received(message: HubToPage): void {
    this.#lives();
    switch (message.type) {
      case 'pong':
        return;
      case 'events':
        this.#listener.events(message.events);
        return;
      case 'clock':
        this.#wallOffsetMs = wallOffsetMs(message.wallMs, wallNowMs());
        this.clock.apply(message.clock);
        return;
      case 'progress':
        this.#listener.progress(message.text);
        return;
      case 'notice':
        this.#listener.notice(message.notice);
        return;
      case 'ready':
        this.#ready?.resolve(message);
        this.#ready = null;
        return;
      case 'failed':
        this.#ready?.reject(new Error(message.message));
        this.#ready = null;
        return;
      case 'result':
        take(this.#results, message.id)?.(message.result);
        return;
      case 'edge.answer':
        take(this.#answers, message.id)?.(message.response);
        return;
      case 'tables':
        take(this.#tables, message.id)?.(message.tables);
        return;
      case 'relay': {
        const { hop } = message;
        const controller = new AbortController();
        this.#relayed.set(hop.token, controller);
        void fetchRelayed(hop, controller.signal).then((response) => {
          if (this.#relayed.get(hop.token) === controller) this.#relayed.delete(hop.token);
          if (!controller.signal.aborted)
            this.post({ type: 'relayed', token: hop.token, outcome: { response } });
        });
        return;
      }
      case 'relay.cancel':
        take(this.#relayed, message.token)?.abort();
        return;
      case 'stopped':
        this.#stopped?.();
    }
  }
}

function take<Key, Value>(map: Map<Key, Value>, key: Key): Value | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}
