import type { RunEvent } from '../kernel/index.ts';

interface Part {
  readonly packed: Uint8Array;
  readonly events: readonly RunEvent[];
}

/** The parts of the log that were unpacked last: enough to play on, or to drag to and fro about a place. */
export class UnpackedParts {
  readonly #unpack: (packed: Uint8Array) => Promise<string>;
  readonly #kept: number;
  /**
   * The latest first. A short list that is replaced, not a Map: an engine links a Map's old tables to its new one, and
   * what they hold then outlives many collections (three times as much did, in Chromium).
   */
  #parts: readonly Part[] = [];

  constructor(unpack: (packed: Uint8Array) => Promise<string>, kept: number) {
    this.#unpack = unpack;
    this.#kept = kept;
  }

  /** How many events are kept as objects. */
  get size(): number {
    return this.#parts.reduce((sum, { events }) => sum + events.length, 0);
  }

  async events(packed: Uint8Array): Promise<readonly RunEvent[]> {
    const isIt = (part: Part): boolean => part.packed === packed;
    const events = this.#parts.find(isIt)?.events ?? (JSON.parse(await this.#unpack(packed)) as RunEvent[]);
    const others = this.#parts.filter((part) => !isIt(part));
    this.#parts = [{ packed, events }, ...others].slice(0, this.#kept);
    return events;
  }

  clear(): void {
    this.#parts = [];
  }
}
