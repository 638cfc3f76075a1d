import { newOwner, type Owner } from './owner.ts';

interface Chunk<Key, Value> {
  readonly owner: Owner;
  /** Never empty. */
  readonly entries: Map<Key, Value>;
}

/** A power of two fills a JavaScript Map exactly; one more would double it. */
const CHUNK_SIZE = 32;

/**
 * A map in order of insertion that is forked in no time: forks share its chunks, and copy one when they first
 * change it. Values are never changed in place but replaced. Reading looks at the newest chunk first, as what is
 * asked for is mostly new. Smaller chunks are copied faster, and are found more slowly.
 */
export class ChunkedMap<Key, Value extends NonNullable<unknown>> implements Iterable<[Key, Value]> {
  readonly #chunkSize: number;
  /** Oldest first. Replaced, never spliced: somebody may walk along it. */
  #chunks: Chunk<Key, Value>[] = [];
  #ownsList = true;
  #owner: Owner = newOwner();
  #size = 0;

  constructor(chunkSize: number = CHUNK_SIZE) {
    this.#chunkSize = chunkSize;
  }

  /** Another map with the same entries; what is changed in one is not seen in the other. */
  fork(): ChunkedMap<Key, Value> {
    const fork = new ChunkedMap<Key, Value>(this.#chunkSize);
    fork.#chunks = this.#chunks;
    fork.#ownsList = false;
    fork.#size = this.#size;
    this.#ownsList = false;
    this.#owner = newOwner();
    return fork;
  }

  get size(): number {
    return this.#size;
  }

  get(key: Key): Value | undefined {
    const chunks = this.#chunks;
    for (let at = chunks.length - 1; at >= 0; at -= 1) {
      const value = chunks[at]?.entries.get(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined;
  }

  oldest(): [Key, Value] | undefined {
    return this.#chunks[0]?.entries.entries().next().value;
  }

  /** A key that is there keeps its place. */
  set(key: Key, value: Value): this {
    const found = this.#placeOf(key);
    if (found >= 0) {
      this.#writable(found).set(key, value);
      return this;
    }
    return this.add(key, value);
  }

  /** As `set`, of a key that is known to be new: not looked for, which is what costs when there are many. */
  add(key: Key, value: Value): this {
    const newest = this.#chunks.length - 1;
    if ((this.#chunks[newest]?.entries.size ?? this.#chunkSize) < this.#chunkSize) {
      this.#writable(newest).set(key, value);
    } else {
      this.#ownList().push({ owner: this.#owner, entries: new Map([[key, value]]) });
    }
    this.#size += 1;
    return this;
  }

  /** As `set`, and makes it the newest. */
  renew(key: Key, value: Value): this {
    this.delete(key);
    return this.add(key, value);
  }

  delete(key: Key): boolean {
    return this.#deleteAt(this.#placeOf(key), key);
  }

  /** As `delete`, faster for what is among the oldest. */
  deleteOld(key: Key): boolean {
    return this.#deleteAt(
      this.#chunks.findIndex((chunk) => chunk.entries.has(key)),
      key,
    );
  }

  /** Forgets the oldest entries, a whole chunk at a time, as long as `limit` are left. */
  keepNewest(limit: number, forgotten?: (value: Value) => void): void {
    for (;;) {
      const [oldest] = this.#chunks;
      if (oldest === undefined || this.#size - oldest.entries.size < limit) return;
      this.#removeChunk(0);
      this.#size -= oldest.entries.size;
      if (forgotten !== undefined) for (const value of oldest.entries.values()) forgotten(value);
    }
  }

  *keys(): Generator<Key, undefined> {
    for (const chunk of this.#chunks) yield* chunk.entries.keys();
  }

  *values(): Generator<Value, undefined> {
    for (const chunk of this.#chunks) yield* chunk.entries.values();
  }

  *entries(): Generator<[Key, Value], undefined> {
    for (const chunk of this.#chunks) yield* chunk.entries;
  }

  [Symbol.iterator](): Generator<[Key, Value], undefined> {
    return this.entries();
  }

  #placeOf(key: Key): number {
    const chunks = this.#chunks;
    for (let at = chunks.length - 1; at >= 0; at -= 1) if (chunks[at]?.entries.has(key)) return at;
    return -1;
  }

  #deleteAt(at: number, key: Key): boolean {
    const chunk = this.#chunks[at];
    if (chunk === undefined) return false;
    if (chunk.entries.size === 1) this.#removeChunk(at);
    else this.#writable(at).delete(key);
    this.#size -= 1;
    return true;
  }

  #removeChunk(at: number): void {
    this.#chunks = this.#chunks.toSpliced(at, 1);
    this.#ownsList = true;
  }

  #writable(at: number): Map<Key, Value> {
    const chunk = this.#chunks[at];
    if (chunk?.owner === this.#owner) return chunk.entries;
    const entries = new Map(chunk?.entries);
    this.#ownList()[at] = { owner: this.#owner, entries };
    return entries;
  }

  #ownList(): Chunk<Key, Value>[] {
    if (!this.#ownsList) {
      this.#chunks = [...this.#chunks];
      this.#ownsList = true;
    }
    return this.#chunks;
  }
}
