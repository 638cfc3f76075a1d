import type { RunEvent } from '../../kernel/index.ts';
import type { Sequencer } from '../../run-log/index.ts';

export interface LogKeeperOptions {
  readonly sequencer: Sequencer;
  /** The host's own milliseconds, for patience only. */
  nowMs(): number;
  /** Events in order, in batches, for those who watch. */
  publish(events: readonly RunEvent[]): void;
  /** Puts a batch on disk; null where nothing can be kept. */
  readonly store: ((events: readonly RunEvent[]) => Promise<void>) | null;
  /** A batch is on disk. */
  stored(events: readonly RunEvent[]): void;
  /** The disk refused a batch. Nothing more is put there: the log on disk must have no gap. */
  refused(error: unknown): void;
}

const PUBLISH_EVERY_MS = 16;
const PUBLISH_AT = 200;
const STORE_EVERY_MS = 100;
const LOOK_EVERY_MS = 250;

/** The end of the run log: gives events their order, shows them in batches and puts them on disk. */
export class LogKeeper {
  readonly #options: LogKeeperOptions;
  #toPublish: RunEvent[] = [];
  #toStore: RunEvent[] = [];
  #publishTimer: ReturnType<typeof setTimeout> | null = null;
  #storeTimer: ReturnType<typeof setTimeout> | null = null;
  #patienceTimer: ReturnType<typeof setTimeout> | null = null;
  #storing: Promise<void> | null = null;
  #refused = false;
  #drained = false;

  constructor(options: LogKeeperOptions) {
    this.#options = options;
  }

  add(events: readonly RunEvent[]): void {
    if (this.#drained) return;
    const { sequencer } = this.#options;
    for (const event of events) this.#placed(sequencer.add(event, this.#options.nowMs()));
    if (sequencer.held > 0) this.#patienceTimer ??= setTimeout(() => this.#lookAtHeld(), LOOK_EVERY_MS);
  }

  /** Adds events of a start that is over: what waits for its cause is let in at once, for nobody will tell of that. */
  addPast(events: readonly RunEvent[]): void {
    this.add(events);
    this.#placed(this.#options.sequencer.drain());
  }

  /** The run ends: what waits for its cause is let in, and what comes later is not. */
  drain(): void {
    this.#placed(this.#options.sequencer.drain());
    this.#drained = true;
  }

  /** Resolves when everything that is in order now is on disk. */
  async flush(): Promise<void> {
    this.#publish();
    if (this.#storing !== null) await this.#storing;
    if (this.#toStore.length > 0) await this.#store();
  }

  stop(): void {
    for (const timer of [this.#publishTimer, this.#storeTimer, this.#patienceTimer]) {
      if (timer !== null) clearTimeout(timer);
    }
  }

  #lookAtHeld(): void {
    this.#patienceTimer = null;
    const { sequencer } = this.#options;
    this.#placed(sequencer.giveUp(this.#options.nowMs()));
    if (sequencer.held > 0) this.#patienceTimer = setTimeout(() => this.#lookAtHeld(), LOOK_EVERY_MS);
  }

  #placed(events: readonly RunEvent[]): void {
    if (events.length === 0) return;
    this.#toPublish.push(...events);
    if (this.#toPublish.length >= PUBLISH_AT) this.#publish();
    else this.#publishTimer ??= setTimeout(() => this.#publish(), PUBLISH_EVERY_MS);
    if (this.#options.store === null || this.#refused) return;
    this.#toStore.push(...events);
    this.#storeTimer ??= setTimeout(() => void this.#store(), STORE_EVERY_MS);
  }

  #publish(): void {
    if (this.#publishTimer !== null) clearTimeout(this.#publishTimer);
    this.#publishTimer = null;
    if (this.#toPublish.length === 0) return;
    const events = this.#toPublish;
    this.#toPublish = [];
    this.#options.publish(events);
  }

  #store(): Promise<void> {
    if (this.#storeTimer !== null) clearTimeout(this.#storeTimer);
    this.#storeTimer = null;
    // One batch at a time: they must arrive in order.
    this.#storing ??= this.#storeBatch().finally(() => {
      this.#storing = null;
      if (this.#toStore.length > 0) this.#storeTimer ??= setTimeout(() => void this.#store(), STORE_EVERY_MS);
    });
    return this.#storing;
  }

  async #storeBatch(): Promise<void> {
    const { store } = this.#options;
    const events = this.#toStore;
    if (store === null || events.length === 0) return;
    this.#toStore = [];
    try {
      await store(events);
      this.#options.stored(events);
    } catch (error) {
      this.#refused = true;
      this.#toStore = [];
      this.#options.refused(error);
    }
  }
}
