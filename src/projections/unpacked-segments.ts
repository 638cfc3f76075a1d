import type { RunEvent } from '../kernel/index.ts';
import { encodeEvent } from '../run-log/index.ts';

const SEPARATOR = ',\n';
/** Enough to play on, or to drag to and fro about a place, without unpacking again and again. */
const KEPT = 4;

/** A segment's events as text, which can be read from its start as far as is needed. */
export const segmentText = (events: readonly RunEvent[]): string => events.map(encodeEvent).join(SEPARATOR);

/** A segment's text of which the first events have been read. */
class SegmentReader {
  readonly #text: string;
  readonly #events: RunEvent[] = [];
  #readTo = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The events, of which at least the first `count` have been read. */
  first(count: number): readonly RunEvent[] {
    const wanted = count - this.#events.length;
    if (wanted <= 0) return this.#events;
    let end = this.#readTo - SEPARATOR.length;
    for (let found = 0; found < wanted; found += 1) {
      end = this.#text.indexOf(SEPARATOR, end + SEPARATOR.length);
      if (end < 0) break;
    }
    if (end < 0) end = this.#text.length;
    // No line feed stands inside an event's JSON.
    const read = JSON.parse(`[${this.#text.slice(this.#readTo, end)}]`) as RunEvent[];
    for (const event of read) this.#events.push(event);
    this.#readTo = end + SEPARATOR.length;
    return this.#events;
  }

  get length(): number {
    return this.#text.length;
  }
}

/** The segments that were unpacked last. */
export class UnpackedSegments {
  readonly #unpack: (bytes: Uint8Array) => Promise<string>;
  /** By what they were unpacked from, the latest last. */
  readonly #readers = new Map<Uint8Array, SegmentReader>();

  constructor(unpack: (bytes: Uint8Array) => Promise<string>) {
    this.#unpack = unpack;
  }

  /** What they weigh, roughly: their text, and the objects that were made of it. */
  get bytes(): number {
    let bytes = 0;
    for (const { length } of this.#readers.values()) bytes += 4 * length;
    return bytes;
  }

  /** A packed segment's events, at least the first `count`. */
  async first(packed: Uint8Array, count: number): Promise<readonly RunEvent[]> {
    const reader = this.#readers.get(packed) ?? new SegmentReader(await this.#unpack(packed));
    this.#readers.delete(packed);
    this.#readers.set(packed, reader);
    for (const oldest of this.#readers.keys()) {
      if (this.#readers.size <= KEPT) break;
      this.#readers.delete(oldest);
    }
    return reader.first(count);
  }

  clear(): void {
    this.#readers.clear();
  }
}
