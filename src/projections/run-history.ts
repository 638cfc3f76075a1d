import type { Json, RunEvent, ServiceName } from '../kernel/index.ts';
import { rowsOf } from './data.ts';
import { type RunProjections, runProjections } from './projections.ts';
import { RunningMaximum } from './running-maximum.ts';
import { UnpackedParts } from './unpacked-parts.ts';

/** Makes text small and large again: by the browser's compression, or by Node's. */
export interface Packing {
  pack(text: string): Promise<Uint8Array>;
  unpack(bytes: Uint8Array): Promise<string>;
}

export interface RunHistoryOptions {
  readonly packing: Packing;
  readonly eventsPerSegment?: number;
  /** A packed segment consists of parts, so that no more is unpacked than is needed. */
  readonly eventsPerPart?: number;
  /** So many of the newest segments stay as objects. */
  readonly looseSegments?: number;
  /** When all of it weighs more, the oldest segments leave. Default: it may weigh what it will. */
  readonly maxBytes?: number;
}

/** A stretch of the log, with the state before its first event. */
interface Segment {
  readonly firstSeq: number;
  readonly before: RunProjections;
  /** As objects; null: it is packed. */
  loose: RunEvent[] | null;
  packed: readonly Uint8Array[];
}

/**
 * What a seek costs at most: to unpack 512 events takes about 0.6 ms, to parse them 1.3 ms, and to fold them 1.6 ms. That
 * leaves room in a frame of 16 ms on a machine that is slower, or busy. Half as many would be a third more memory: a
 * state that is kept weighs about 48 kB.
 */
const EVENTS_PER_SEGMENT = 512;
/** Fewer are packed less well: 128 weigh 77 bytes an event, 1000 weigh 67. */
const EVENTS_PER_PART = 128;
const UNPACKED_PARTS = 16;
const DROPPED_SHARE = 0.25;
const LOOSE_SEGMENTS = 4;
/** What an event weighs as an object, and what it leaves in the states that are kept, roughly (in Chromium). */
const LOOSE_EVENT_BYTES = 1500;
const KEPT_EVENT_BYTES = 180;

/**
 * A recorded run: every event, and the state after any of them. The log is cut into segments; the older ones are
 * packed, and before each a fork of the state is kept, from which the state after an event is folded.
 */
export class RunHistory {
  readonly #packing: Packing;
  readonly #eventsPerSegment: number;
  readonly #eventsPerPart: number;
  readonly #looseSegments: number;
  #head: RunProjections = runProjections.initial();
  #segments: Segment[] = [];
  #times = new RunningMaximum();
  readonly #unpacked: UnpackedParts;
  /** States that a seek goes on from as soon as it has the events. */
  readonly #taken = new WeakSet<RunProjections>();
  #packedSegments = 0;
  #packedBytes = 0;
  #isPacking = false;
  readonly #maxBytes: number;
  /** Of the first event that was ever recorded. */
  #origin = 0;

  constructor(options: RunHistoryOptions) {
    this.#packing = options.packing;
    this.#maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY;
    this.#eventsPerSegment = options.eventsPerSegment ?? EVENTS_PER_SEGMENT;
    this.#eventsPerPart = options.eventsPerPart ?? EVENTS_PER_PART;
    this.#looseSegments = Math.max(1, options.looseSegments ?? LOOSE_SEGMENTS);
    this.#unpacked = new UnpackedParts((packed) => this.#packing.unpack(packed), UNPACKED_PARTS);
  }

  /** After the last event. It changes with each `append`; `clear` begins another. */
  get head(): RunProjections {
    return this.#head;
  }

  /** −1 when empty. A run that is continued may begin later than 0. */
  get firstSeq(): number {
    return this.#segments[0]?.firstSeq ?? -1;
  }

  /** −1 when empty. */
  get lastSeq(): number {
    return this.#segments.length === 0 ? -1 : this.#origin + this.#times.length - 1;
  }

  /** How many events had to leave. The state before the first that is left knows of them. */
  get dropped(): number {
    return this.#segments.length === 0 ? 0 : this.firstSeq - this.#origin;
  }

  /** What all of it weighs in memory, roughly. */
  get bytes(): number {
    const kept = this.#times.length - this.dropped;
    const loose = kept - this.#packedSegments * this.#eventsPerSegment;
    return (
      this.#packedBytes +
      (loose + this.#unpacked.size) * LOOSE_EVENT_BYTES +
      kept * KEPT_EVENT_BYTES +
      this.#times.bytes
    );
  }

  /** Adds events in order of seq; a gap is a broken invariant. */
  append(events: readonly RunEvent[]): void {
    for (const event of events) {
      const { lastSeq } = this;
      if (lastSeq >= 0 && event.seq !== lastSeq + 1)
        throw new Error(
          `Invariant broken: the history expects event ${lastSeq + 1}, not ${event.seq} (${event.id})`,
        );
      this.#openSegment(event.seq).push(event);
      runProjections.apply(this.#head, event);
      this.#times.push(event.timeUs);
    }
    if (this.bytes > this.#maxBytes) this.#dropOldest();
    // awaited elsewhere: nowhere. It goes on in the background, and what fails stays as it is.
    void this.#packOld();
  }

  /** Forgets everything: the run begins again. What is being looked up still comes from the run that was. */
  clear(): void {
    this.#head = runProjections.initial();
    this.#segments = [];
    this.#times = new RunningMaximum();
    this.#unpacked.clear();
    this.#packedSegments = 0;
    this.#packedBytes = 0;
    this.#origin = 0;
  }

  /** Older segments are being packed, in the background. */
  get isPacking(): boolean {
    return this.#isPacking;
  }

  /** The last seq that has happened at a moment; −1 before the first. The log orders by cause, not by time. */
  seqAt(timeUs: number): number {
    const count = this.#times.countUpTo(timeUs);
    return count === 0 ? -1 : Math.max(this.firstSeq, this.#origin + count - 1);
  }

  /** When an event and all before it have happened. */
  timeOf(seq: number): number {
    this.#segmentOf(seq);
    return this.#times.at(seq - this.#origin);
  }

  /** A state of its own, right after event `seq`. */
  at(seq: number): Promise<RunProjections> {
    return this.seek(null, seq);
  }

  /** As `at`, but goes on from `state`, which it changes, when that is nearer than the checkpoint. */
  async seek(state: RunProjections | null, seq: number): Promise<RunProjections> {
    const segment = this.#segmentOf(seq);
    const { before, firstSeq } = segment;
    const reached = state?.facts.lastSeq ?? -1;
    const goesOn = state !== null && reached <= seq && reached >= firstSeq && !this.#taken.has(state);
    const found = goesOn ? state : runProjections.fork(before);
    this.#taken.add(found);
    try {
      const from = goesOn ? reached + 1 : firstSeq;
      for (const event of await this.#read(segment, from - firstSeq, seq - firstSeq + 1))
        runProjections.apply(found, event);
    } finally {
      this.#taken.delete(found);
    }
    return found;
  }

  /** From one seq to another, both with them; what the history does not have is left out. */
  async events(fromSeq: number, toSeq: number = this.lastSeq): Promise<RunEvent[]> {
    const first = Math.max(fromSeq, this.firstSeq, 0);
    const last = Math.min(toSeq, this.lastSeq);
    const segments = this.#segments.filter(
      ({ firstSeq }) => firstSeq <= last && firstSeq + this.#eventsPerSegment > first,
    );
    const found: RunEvent[] = [];
    for (const segment of segments) {
      const from = Math.max(0, first - segment.firstSeq);
      const to = Math.min(last - segment.firstSeq + 1, this.#eventsPerSegment);
      for (const event of await this.#read(segment, from, to)) found.push(event);
    }
    return found;
  }

  /** What the newest `limit` rows of a table hold in a state of this history, newest last. */
  async rows(
    { data }: RunProjections,
    { service, table }: { readonly service: ServiceName; readonly table: string },
    limit: number,
  ): Promise<Json[]> {
    const views = [...(rowsOf(data, service, table) ?? [])].filter(([, { deleted }]) => !deleted);
    const found: Json[] = [];
    for (const [key, { seq }] of views.slice(-limit)) {
      const [event] = await this.events(seq, seq);
      if (event?.type !== 'store.committed') continue;
      const row = event.rows.findLast((change) => change.table === table && change.key === key);
      if (row !== undefined) found.push(row.after);
    }
    return found;
  }

  #segmentOf(seq: number): Segment {
    const { firstSeq, lastSeq } = this;
    const segment = this.#segments[Math.floor((seq - firstSeq) / this.#eventsPerSegment)];
    if (segment === undefined || seq > lastSeq) {
      const recorded = lastSeq < 0 ? 'nothing is recorded' : `${firstSeq} to ${lastSeq} are recorded`;
      throw new RangeError(`there is no event ${seq}: ${recorded}`);
    }
    return segment;
  }

  /** A segment's events from one place in it up to another, without that one. */
  async #read({ loose, packed }: Segment, from: number, to: number): Promise<readonly RunEvent[]> {
    if (loose !== null) return loose.slice(from, to);
    const firstPart = Math.floor(from / this.#eventsPerPart);
    const events: RunEvent[] = [];
    for (const part of packed.slice(firstPart, Math.ceil(to / this.#eventsPerPart))) {
      for (const event of await this.#unpacked.events(part)) events.push(event);
    }
    const before = firstPart * this.#eventsPerPart;
    return events.slice(from - before, to - before);
  }

  /** Where the next event belongs; the state is kept where a segment begins. */
  #openSegment(seq: number): RunEvent[] {
    const newest = this.#segments.at(-1)?.loose;
    if (newest && newest.length < this.#eventsPerSegment) return newest;
    const loose: RunEvent[] = [];
    if (this.#segments.length === 0) this.#origin = seq;
    this.#segments.push({ firstSeq: seq, before: runProjections.fork(this.#head), loose, packed: [] });
    return loose;
  }

  /** A part at once, so that it is rare. What is not packed yet stays: it is the newest. */
  #dropOldest(): void {
    const target = this.#maxBytes * (1 - DROPPED_SHARE);
    while (this.bytes > target && this.#packedSegments > 0 && this.#segments.length > this.#looseSegments) {
      const gone = this.#segments.shift();
      this.#packedSegments -= 1;
      this.#packedBytes -= bytesOf(gone?.packed ?? []);
    }
  }

  /** Packs the older segments one after the other. One that cannot be packed is tried again with the next events. */
  async #packOld(): Promise<void> {
    if (this.#isPacking) return;
    this.#isPacking = true;
    try {
      for (;;) {
        const segment = this.#segments[this.#packedSegments];
        if (segment === undefined || this.#packedSegments >= this.#segments.length - this.#looseSegments)
          break;
        if (segment.loose === null) break;
        const packed = await this.#pack(segment.loose);
        // Cleared in the meantime: it is of no use any more.
        if (this.#segments[this.#packedSegments] !== segment) continue;
        segment.loose = null;
        segment.packed = packed;
        this.#packedSegments += 1;
        this.#packedBytes += bytesOf(packed);
      }
    } catch {
      // It stays as it is: larger, and no worse.
    } finally {
      this.#isPacking = false;
    }
  }
  async #pack(events: readonly RunEvent[]): Promise<Uint8Array[]> {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < events.length; at += this.#eventsPerPart) {
      const part = events.slice(at, at + this.#eventsPerPart);
      parts.push(await this.#packing.pack(JSON.stringify(part)));
    }
    return parts;
  }
}

const bytesOf = (packed: readonly Uint8Array[]): number =>
  packed.reduce((sum, { byteLength }) => sum + byteLength, 0);
