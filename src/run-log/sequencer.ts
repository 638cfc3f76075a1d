import type { EventId, RunEvent } from '../kernel/index.ts';
import { KnownEvents } from './known-events.ts';

export interface SequencerOptions {
  /** The first number to give; a log that is continued goes on after its last. Default 0. */
  readonly nextSeq?: number;
  /** What the log has already. */
  readonly known?: KnownEvents;
  /** How long an event may wait for its cause, in the host's own milliseconds (RLOG-6). Default 2000. */
  readonly patienceMs?: number;
  /** How many may wait at once (RLOG-6). Default 10 000. */
  readonly maxHeld?: number;
}

interface Held {
  readonly event: RunEvent;
  readonly sinceMs: number;
}

/** Gives the run's events their one order: by cause, then by arrival, never by time. Rules: SPEC.md. */
export class Sequencer {
  readonly #known: KnownEvents;
  readonly #patienceMs: number;
  readonly #maxHeld: number;
  /** In order of arrival. */
  readonly #held = new Map<EventId, Held>();
  readonly #waitingFor = new Map<EventId, EventId[]>();
  #nextSeq: number;

  constructor(options: SequencerOptions = {}) {
    this.#known = options.known ?? new KnownEvents();
    this.#nextSeq = options.nextSeq ?? 0;
    this.#patienceMs = options.patienceMs ?? 2000;
    this.#maxHeld = options.maxHeld ?? 10_000;
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** How many events wait for their cause. */
  get held(): number {
    return this.#held.size;
  }

  knows(id: EventId): boolean {
    return this.#known.has(id);
  }

  /** Takes one event; gives those that are now in order, numbered. `nowMs`: the host's clock, only for patience. */
  add(event: RunEvent, nowMs: number): RunEvent[] {
    const placed: RunEvent[] = [];
    if (this.#known.has(event.id) || this.#held.has(event.id)) return placed;
    if (event.cause !== null && event.cause !== event.id && !this.#known.has(event.cause)) {
      this.#held.set(event.id, { event, sinceMs: nowMs });
      const others = this.#waitingFor.get(event.cause);
      if (others === undefined) this.#waitingFor.set(event.cause, [event.id]);
      else others.push(event.id);
      while (this.#held.size > this.#maxHeld) this.#releaseOldest(placed);
      return placed;
    }
    this.#place(event, placed);
    return placed;
  }

  /** Lets go those that have waited too long: their cause is lost. */
  giveUp(nowMs: number): RunEvent[] {
    const placed: RunEvent[] = [];
    for (;;) {
      const [oldest] = this.#held.values();
      if (oldest === undefined || nowMs - oldest.sinceMs < this.#patienceMs) return placed;
      this.#releaseOldest(placed);
    }
  }

  /** Lets go all that wait, at the end of a run. */
  drain(): RunEvent[] {
    const placed: RunEvent[] = [];
    while (this.#held.size > 0) this.#releaseOldest(placed);
    return placed;
  }

  #releaseOldest(placed: RunEvent[]): void {
    const [oldest] = this.#held.values();
    if (oldest === undefined) return;
    const { event } = oldest;
    this.#held.delete(event.id);
    if (event.cause !== null) {
      const others = this.#waitingFor.get(event.cause)?.filter((id) => id !== event.id) ?? [];
      if (others.length > 0) this.#waitingFor.set(event.cause, others);
      else this.#waitingFor.delete(event.cause);
    }
    this.#place(event, placed);
  }

  #place(first: RunEvent, placed: RunEvent[]): void {
    const ready = [first];
    for (let next = ready.shift(); next !== undefined; next = ready.shift()) {
      this.#known.add(next.id);
      placed.push({ ...next, seq: this.#nextSeq });
      this.#nextSeq += 1;
      const waiting = this.#waitingFor.get(next.id);
      if (waiting === undefined) continue;
      this.#waitingFor.delete(next.id);
      for (const id of waiting) {
        const held = this.#held.get(id);
        if (held === undefined) continue;
        this.#held.delete(id);
        ready.push(held.event);
      }
    }
  }
}
