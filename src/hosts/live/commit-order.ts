import type { ServiceName } from '../../kernel/index.ts';
import type { OutboxEntry } from './open-transaction.ts';

export interface CommitOrderPorts {
  /** It is its turn. */
  tell(service: ServiceName, entry: OutboxEntry): void;
  /** Some are missing: read what the database holds, and give it to `found`. */
  lookUp(service: ServiceName): void;
}

interface Lane {
  /** The lowest number that has not been told. */
  next: number;
  readonly held: Map<number, OutboxEntry>;
  timer: ReturnType<typeof setTimeout> | null;
}

/** So long a commit waits for an earlier one whose instance has not told of it yet. */
const PATIENCE_MS = 100;

/**
 * Tells of the commits of each database in the order in which they were made; the database itself has
 * numbered them. The news of one comes late when its instance's thread is busy, and never when the
 * instance was ended meanwhile: then the database is asked.
 */
export class CommitOrder {
  readonly #ports: CommitOrderPorts;
  readonly #lanes = new Map<ServiceName, Lane>();

  constructor(ports: CommitOrderPorts) {
    this.#ports = ports;
  }

  /** All commits up to this number have been told, or never will be. */
  begin(service: ServiceName, last: number): void {
    const lane = this.#lane(service);
    lane.next = Math.max(lane.next, last + 1);
  }

  /** The database is gone; another will number its commits from 1 again. */
  beginAgain(service: ServiceName): void {
    const lane = this.#lane(service);
    lane.next = 1;
    lane.held.clear();
  }

  /** An instance tells of its commit. */
  add(service: ServiceName, entry: OutboxEntry): void {
    const lane = this.#lane(service);
    if (entry.number < lane.next) return;
    lane.held.set(entry.number, entry);
    this.#tell(service, lane, lane.next);
  }

  /** All that a database still holds: what is missing below its highest number has been told. */
  found(service: ServiceName, entries: readonly OutboxEntry[]): void {
    const lane = this.#lane(service);
    let highest = lane.next;
    for (const entry of entries) {
      if (entry.number < lane.next) continue;
      lane.held.set(entry.number, entry);
      highest = Math.max(highest, entry.number);
    }
    this.#tell(service, lane, highest);
  }

  stop(): void {
    for (const { timer } of this.#lanes.values()) if (timer !== null) clearTimeout(timer);
  }

  /** Tells of those held up to `known`, below which nothing more can come, and of those that follow without a gap. */
  #tell(service: ServiceName, lane: Lane, known: number): void {
    while (lane.next <= known || lane.held.has(lane.next)) {
      const entry = lane.held.get(lane.next);
      if (entry === undefined && lane.next === known) break;
      lane.held.delete(lane.next);
      lane.next += 1;
      if (entry !== undefined) this.#ports.tell(service, entry);
    }
    if (lane.held.size === 0) {
      if (lane.timer !== null) clearTimeout(lane.timer);
      lane.timer = null;
    } else {
      lane.timer ??= setTimeout(() => {
        lane.timer = null;
        this.#ports.lookUp(service);
      }, PATIENCE_MS);
    }
  }

  #lane(service: ServiceName): Lane {
    const known = this.#lanes.get(service);
    if (known !== undefined) return known;
    const lane: Lane = { next: 1, held: new Map(), timer: null };
    this.#lanes.set(service, lane);
    return lane;
  }
}
