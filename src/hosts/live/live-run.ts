import { deleteDB } from 'idb';
import type { Json, RunEvent, RunId, RunTimeUs, ServiceName } from '../../kernel/index.ts';
import { RunLog } from '../../run-log/index.ts';
import type { CommandResult, Setup } from '../../setups/index.ts';
import { type BrowserEdge, baseUrl, startBrowserEdge } from './browser-edge.ts';
import { HIDDEN_NOTICE } from './hidden-notice.ts';
import { HubLink } from './hub-link.ts';
import type { Notice } from './messages.ts';
import { openExisting } from './open-existing.ts';
import { type Claim, claimNewRun, claimRun, cleanUpAbandonedRuns } from './run-claim.ts';
import { LOG_OUTBOX, runOfDatabase, serviceDatabase } from './run-databases.ts';

export interface LiveRun {
  /** Another one after `run.reset`. */
  readonly runId: RunId;
  /** Checks a command and does it; what is refused has changed nothing. */
  command(command: unknown): Promise<CommandResult>;
  /** What is in memory of the run's log, from `fromSeq` on. */
  events(fromSeq?: number): readonly RunEvent[];
  /** Batches in order. After `run.reset` the numbers begin at 0 again: that is how a listener knows. */
  subscribe(listener: (events: readonly RunEvent[]) => void): () => void;
  /** From now on no more than about so many bytes of the log stay in memory here: somebody else keeps it. */
  keepLatest(bytes: number): void;
  clock(): { readonly nowUs: RunTimeUs; readonly paused: boolean; readonly speed: number };
  /** A service's rows as its database has them now, by table. */
  tables(service: ServiceName): Promise<Record<string, readonly Json[]>>;
  notices(): readonly Notice[];
  onNotice(listener: (notices: readonly Notice[]) => void): () => void;
  /** Ends all workers. The databases stay until the run is cleaned up. */
  stop(): Promise<void>;
}

export interface LiveRunOptions {
  readonly setup: Setup;
  readonly onProgress?: (text: string) => void;
}

export interface LiveRunParts {
  /** The hub's worker. */
  hub(): Worker;
  readonly composition: string;
}

const ENTRY_WITHIN_MS = 5000;

/**
 * Starts the setup's shop in this tab, or goes on with it after a reload. Resolves when its door
 * answers, or has been given time enough: a broken shop is a run like any other.
 */
export async function startRun(options: LiveRunOptions, parts: LiveRunParts): Promise<LiveRun> {
  const run = new Run(options, parts);
  await run.start();
  return run;
}

class Run implements LiveRun {
  readonly #options: LiveRunOptions;
  readonly #parts: LiveRunParts;
  readonly #log = new RunLog();
  readonly #listeners = new Set<(events: readonly RunEvent[]) => void>();
  readonly #noticeListeners = new Set<(notices: readonly Notice[]) => void>();
  #notices: readonly Notice[] = [];
  #claim: Claim | null = null;
  #link: HubLink;
  #edge: BrowserEdge | null = null;
  #over = false;
  #resetting: Promise<CommandResult> | null = null;
  readonly #onVisibility = () => this.#visibilityChanged();

  constructor(options: LiveRunOptions, parts: LiveRunParts) {
    this.#options = options;
    this.#parts = parts;
    this.#link = this.#newLink();
  }

  get runId(): RunId {
    if (this.#claim === null) throw new Error('Invariant broken: a run has an id once it is claimed');
    return this.#claim.runId;
  }

  async start(): Promise<void> {
    this.#progress('Claiming a run for this tab…');
    this.#claim = await claimRun(this.#setupKey());
    if (this.#claim.duplicated) {
      this.#notice({
        id: 'duplicated',
        level: 'info',
        text: 'Another tab has the run that this one was copied from, so this tab has begun a run of its own.',
      });
    }
    try {
      // The hub's network comes from one part of MSW, the page's from another: they load side by side.
      const [edge, shop] = await Promise.all([
        this.#startEdge(),
        this.#link.boot(this.runId, this.#options.setup),
      ]);
      this.#edge = edge;
      this.#link.post({ type: 'edge.ready' });
      if (shop.entryAnswers) await this.#askEntry();
    } catch (error) {
      await this.stop();
      throw error;
    }
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#visibilityChanged();
    void cleanUpAbandonedRuns(this.runId, (name) => deleteDB(name)).catch(() => {});
  }

  async command(command: unknown): Promise<CommandResult> {
    if (this.#over) return { ok: false, error: { message: 'The run has ended.' } };
    if (this.#resetting !== null) await this.#resetting;
    const type =
      typeof command === 'object' && command !== null ? (command as { type?: unknown }).type : null;
    // A dead hub is not asked whether it may be replaced.
    const isReset = type === 'run.reset';
    if (this.#link.silent && !isReset)
      return { ok: false, error: { message: 'The run has ended. Reset begins a new one.' } };
    const result: CommandResult = this.#link.silent
      ? { ok: true, value: {} }
      : await this.#link.command(command);
    if (!result.ok || !isReset) return result;
    this.#resetting ??= this.#reset().finally(() => {
      this.#resetting = null;
    });
    return await this.#resetting;
  }

  events(fromSeq = 0): readonly RunEvent[] {
    return this.#log.slice(fromSeq);
  }

  subscribe(listener: (events: readonly RunEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  keepLatest(bytes: number): void {
    this.#log.limit(bytes);
  }

  clock(): { nowUs: RunTimeUs; paused: boolean; speed: number } {
    const { clock } = this.#link;
    return { nowUs: clock.now(), paused: clock.paused, speed: clock.speed };
  }

  async tables(service: ServiceName): Promise<Record<string, readonly Json[]>> {
    const inMemory = await this.#link.memoryTables(service);
    if (inMemory !== null) return inMemory;
    const database = await openExisting(serviceDatabase(this.runId, this.#parts.composition, service));
    if (database === null) return {};
    try {
      const names = [...database.objectStoreNames].filter((name) => name !== LOG_OUTBOX);
      if (names.length === 0) return {};
      const transaction = database.transaction(names);
      const rows = await Promise.all(
        names.map(async (name) => [name, (await transaction.objectStore(name).getAll()) as Json[]] as const),
      );
      return Object.fromEntries(rows);
    } finally {
      database.close();
    }
  }

  notices(): readonly Notice[] {
    return this.#notices;
  }

  onNotice(listener: (notices: readonly Notice[]) => void): () => void {
    this.#noticeListeners.add(listener);
    return () => this.#noticeListeners.delete(listener);
  }

  async stop(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    document.removeEventListener('visibilitychange', this.#onVisibility);
    await this.#link.stop();
    await this.#edge?.stop().catch(() => {});
    this.#claim?.release();
  }

  /** A run of the same name but other content is another setup. */
  #setupKey(): string {
    const { name, seed } = this.#options.setup;
    return `${this.#parts.composition}/${name}/${seed}`;
  }

  async #reset(): Promise<CommandResult> {
    const before = this.runId;
    await this.#link.stop();
    this.#claim?.release();
    this.#log.clear();
    // The others were about the run before.
    const { notice } = this.#edge ?? { notice: null };
    this.#setNotices(notice === null ? [] : [notice]);
    this.#claim = await claimNewRun(this.#setupKey());
    this.#link = this.#newLink();
    await deleteRun(before);
    try {
      const shop = await this.#link.boot(this.runId, this.#options.setup);
      if (this.#edge !== null) this.#link.post({ type: 'edge.ready' });
      if (shop.entryAnswers) await this.#askEntry();
    } catch (error) {
      return { ok: false, error: { message: error instanceof Error ? error.message : String(error) } };
    }
    this.#visibilityChanged();
    return { ok: true, value: { runId: this.runId } };
  }

  #newLink(): HubLink {
    return new HubLink(this.#parts.hub(), {
      events: (events) => this.#append(events),
      progress: (text) => this.#progress(text),
      notice: (notice) => this.#notice(notice),
    });
  }

  async #startEdge(): Promise<BrowserEdge> {
    const edge = await startBrowserEdge({
      request: (request, token, signal) => this.#link.request(request, token, signal),
    });
    if (edge.notice !== null) this.#notice(edge.notice);
    return edge;
  }

  /**
   * The whole way of a customer's request: page, service worker, hub, the shop's door, and back. When nothing
   * comes back the run goes on with a notice: what is wrong is there to be seen.
   */
  async #askEntry(): Promise<void> {
    this.#progress('Asking the shop…');
    if (this.#link.clock.paused) return; // it answers when the run goes on
    const until = performance.now() + ENTRY_WITHIN_MS;
    let last = 'no answer';
    while (performance.now() < until) {
      try {
        const response = await fetch(new URL('api/health', baseUrl()), {
          cache: 'no-store',
          signal: AbortSignal.timeout(Math.max(1, until - performance.now())),
        });
        if (response.ok && response.headers.get('content-type')?.includes('json') === true) return;
        last = `status ${response.status}`;
      } catch (error) {
        last = error instanceof Error ? error.message : String(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    this.#notice({
      id: 'entry-silent',
      level: 'warning',
      text: `The shop did not answer when it opened: ${last}. The run goes on.`,
    });
  }

  #append(events: readonly RunEvent[]): void {
    this.#log.append(events);
    for (const listener of [...this.#listeners]) listener(events);
  }

  #visibilityChanged(): void {
    if (document.visibilityState === 'hidden') {
      // The hub decides: the clock here may not have heard yet that the run goes on.
      this.#link.post({ type: 'hold', reason: 'the tab is hidden' });
      if (!this.#link.clock.paused) this.#notice(HIDDEN_NOTICE);
    } else {
      this.#link.post({ type: 'release' });
    }
  }

  #notice(notice: Notice): void {
    this.#setNotices([...this.#notices.filter(({ id }) => id !== notice.id), notice]);
  }

  #setNotices(notices: readonly Notice[]): void {
    this.#notices = notices;
    for (const listener of [...this.#noticeListeners]) listener(this.#notices);
  }

  #progress(text: string): void {
    this.#options.onProgress?.(text);
  }
}

async function deleteRun(run: RunId): Promise<void> {
  if (typeof indexedDB === 'undefined' || typeof indexedDB.databases !== 'function') return;
  try {
    for (const { name } of await indexedDB.databases()) {
      if (name !== undefined && runOfDatabase(name) === run) await deleteDB(name);
    }
  } catch {
    // They are cleaned up when another run starts.
  }
}
