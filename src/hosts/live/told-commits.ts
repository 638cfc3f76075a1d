import type { EventId, RunEvent, RunId, ServiceName } from '../../kernel/index.ts';
import { CommitOrder } from './commit-order.ts';
import { inOrderOfCause } from './left-behind.ts';
import type { LogKeeper } from './log-keeper.ts';
import type { OutboxEntry } from './open-transaction.ts';
import { OutboxKeeper } from './outbox-keeper.ts';

export interface ToldCommitsOptions {
  readonly runId: RunId;
  readonly composition: string;
  readonly log: Pick<LogKeeper, 'add' | 'addPast' | 'flush'>;
  /** Whether the log has an event. */
  knows(id: EventId): boolean;
}

/** A killed worker's last transaction may still have been on its way into the database. */
const LOOK_AGAIN_MS = 1000;

/** What is committed in the services' databases, on its way into the run log: all of it, once, in its order. */
export class ToldCommits {
  readonly #options: ToldCommitsOptions;
  readonly #outbox: OutboxKeeper;
  readonly #order: CommitOrder;
  readonly #takeovers = new Map<ServiceName, number>();
  #over = false;

  constructor(options: ToldCommitsOptions) {
    this.#options = options;
    this.#outbox = new OutboxKeeper(options.runId, options.composition);
    this.#order = new CommitOrder({
      tell: (service, entry) => {
        this.#outbox.expect(service, entry);
        options.log.add(entry.events);
      },
      lookUp: (service) => void this.look(service),
    });
  }

  /**
   * Locks out the workers of earlier starts, and lets what they have left into the log before anything is done to the
   * databases again: else what was written last would not be told last.
   */
  async takeOver(services: readonly ServiceName[]): Promise<void> {
    const { log } = this.#options;
    const left = await Promise.all(
      services.map(async (service) => {
        const takeover = await this.#outbox.takeOver(service);
        this.#takeovers.set(service, takeover);
        return { service, entries: takeover === 0 ? [] : await this.#outbox.read(service) };
      }),
    );
    for (const { service, entry } of inOrderOfCause(left)) {
      this.#outbox.expect(service, entry);
      log.addPast(entry.events);
    }
    await log.flush();
    await Promise.all(
      left.map(async ({ service, entries }) => {
        this.#nowStored(entries);
        if (this.takeoverOf(service) > 0) this.#order.begin(service, await this.#outbox.lastCommit(service));
      }),
    );
  }

  /** Which takeover of its database a service's instances belong to; 0: there was none to take over. */
  takeoverOf(service: ServiceName): number {
    return this.#takeovers.get(service) ?? 0;
  }

  /** An instance tells of its commit. */
  add(service: ServiceName, entry: OutboxEntry): void {
    this.#order.add(service, entry);
  }

  /** Tells what nobody has told of: whoever committed it may have ended before. */
  async look(service: ServiceName): Promise<void> {
    const entries = await this.#outbox.read(service);
    if (entries.length === 0) return;
    this.#order.found(service, entries);
    await this.#options.log.flush();
    this.#nowStored(entries);
  }

  async lookTwice(service: ServiceName): Promise<void> {
    await this.look(service);
    setTimeout(() => {
      if (!this.#over) void this.look(service);
    }, LOOK_AGAIN_MS);
  }

  /** The log has these on disk. */
  stored(events: readonly RunEvent[]): void {
    this.#outbox.stored(events);
  }

  /** The log is not stored any more. */
  giveUp(): void {
    this.#outbox.giveUp();
  }

  /** A service's database is gone; another begins anew. */
  lost(service: ServiceName): void {
    this.#order.beginAgain(service);
    this.#outbox.lost(service);
  }

  stop(): void {
    this.#over = true;
    this.#order.stop();
    this.#outbox.close();
  }

  /** Some have been in the log before they were read. */
  #nowStored(entries: readonly OutboxEntry[]): void {
    const events = entries.flatMap((entry) => entry.events);
    this.#outbox.stored(events.filter(({ id }) => this.#options.knows(id)));
  }
}
