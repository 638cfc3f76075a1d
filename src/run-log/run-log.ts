import type { RunEvent } from '../kernel/index.ts';

export interface RunLogOptions {
  /** What the events in memory may weigh, roughly. Default 64 MB. */
  readonly maxBytes?: number;
}

/** The share that is dropped at once when the log is full, so that this is rare. */
const DROPPED_SHARE = 0.25;

/** A run's events in memory, append-only; the oldest leave when they weigh too much (RLOG-8, RLOG-9). */
export class RunLog {
  #maxBytes: number;
  #events: RunEvent[] = [];
  #weights: number[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(options: RunLogOptions = {}) {
    this.#maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
  }

  /** Roughly what the events weigh in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#events.length;
  }

  /** How many events have left memory. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The number that the next event must have; null while the log is empty. */
  get nextSeq(): number | null {
    const last = this.#events.at(-1);
    return last === undefined ? null : last.seq + 1;
  }

  /** Adds events in order; a gap or a repetition is a broken invariant. Gives how many old ones had to leave. */
  append(events: readonly RunEvent[]): number {
    for (const event of events) {
      const expected = this.nextSeq;
      if (expected !== null && event.seq !== expected) {
        throw new Error(
          `Invariant broken: the log expects event ${expected}, not ${event.seq} (${event.id})`,
        );
      }
      const weight = approximateBytes(event);
      this.#events.push(event);
      this.#weights.push(weight);
      this.#bytes += weight;
    }
    return this.#bytes > this.#maxBytes ? this.#dropOldest() : 0;
  }

  /** What is in memory from `fromSeq` on, as a copy of the list. */
  slice(fromSeq = 0): readonly RunEvent[] {
    const [first] = this.#events;
    if (first === undefined) return [];
    return this.#events.slice(Math.max(0, fromSeq - first.seq));
  }

  /** Another weight from now on. */
  limit(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    if (this.#bytes > maxBytes) this.#dropOldest();
  }

  clear(): void {
    this.#events = [];
    this.#weights = [];
    this.#bytes = 0;
    this.#dropped = 0;
  }

  #dropOldest(): number {
    const target = this.#maxBytes * (1 - DROPPED_SHARE);
    let count = 0;
    while (this.#bytes > target && count < this.#events.length - 1) {
      this.#bytes -= this.#weights[count] ?? 0;
      count += 1;
    }
    this.#events = this.#events.slice(count);
    this.#weights = this.#weights.slice(count);
    this.#dropped += count;
    return count;
  }
}

/** A rough weight: two bytes a character, and what an object and its fields cost in an engine. */
export function approximateBytes(value: unknown): number {
  if (typeof value === 'string') return 24 + 2 * value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let bytes = 32;
  for (const inner of Object.values(value)) bytes += 8 + approximateBytes(inner);
  return bytes;
}
