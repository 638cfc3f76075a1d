import { newOwner, type Owner } from './owner.ts';

interface Chunk<Item> {
  readonly owner: Owner;
  /** Never empty. */
  readonly items: Item[];
}

const CHUNK_SIZE = 32;

/** A list that is forked in no time, as `ChunkedMap` is. Items are never changed in place but replaced. */
export class ChunkedList<Item> implements Iterable<Item> {
  /** Oldest first. Replaced, never spliced: somebody may walk along it. */
  #chunks: Chunk<Item>[] = [];
  #ownsList = true;
  #owner: Owner = newOwner();
  #length = 0;

  /** Another list with the same items; what is changed in one is not seen in the other. */
  fork(): ChunkedList<Item> {
    const fork = new ChunkedList<Item>();
    fork.#chunks = this.#chunks;
    fork.#ownsList = false;
    fork.#length = this.#length;
    this.#ownsList = false;
    this.#owner = newOwner();
    return fork;
  }

  get length(): number {
    return this.#length;
  }

  /** Counts from the end when `index` is negative, as an array's. */
  at(index: number): Item | undefined {
    const place = this.#placeOf(index);
    return place === null ? undefined : this.#chunks[place.chunk]?.items[place.item];
  }

  push(item: Item): void {
    const newest = this.#chunks.length - 1;
    if ((this.#chunks[newest]?.items.length ?? CHUNK_SIZE) < CHUNK_SIZE) this.#writable(newest).push(item);
    else this.#ownList().push({ owner: this.#owner, items: [item] });
    this.#length += 1;
  }

  /** Puts another item in the place of the newest one that matches, or takes it out (null). */
  replaceNewest(matches: (item: Item) => boolean, item: Item | null): void {
    for (let chunk = this.#chunks.length - 1; chunk >= 0; chunk -= 1) {
      const at = this.#chunks[chunk]?.items.findLastIndex(matches) ?? -1;
      if (at < 0) continue;
      if (item !== null) this.#writable(chunk)[at] = item;
      else if (this.#chunks[chunk]?.items.length === 1) this.#removeChunk(chunk);
      else this.#writable(chunk).splice(at, 1);
      if (item === null) this.#length -= 1;
      return;
    }
  }

  /** Forgets the oldest items, a whole chunk at a time, as long as `limit` are left. */
  keepNewest(limit: number): void {
    this.#dropChunks(({ items }) => this.#length - items.length >= limit);
  }

  /** Forgets the oldest items, a whole chunk at a time, up to the first chunk whose newest item is not old. */
  dropOld(isOld: (item: Item) => boolean): void {
    this.#dropChunks(({ items }) => {
      const newest = items.at(-1);
      return newest !== undefined && isOld(newest);
    });
  }

  /** The newest `limit` items, newest first. */
  newest(limit: number): Item[] {
    const found: Item[] = [];
    for (const item of this.backwards()) {
      if (found.length >= limit) break;
      found.push(item);
    }
    return found;
  }

  *backwards(): Generator<Item, undefined> {
    const chunks = this.#chunks;
    for (let at = chunks.length - 1; at >= 0; at -= 1) yield* chunks[at]?.items.toReversed() ?? [];
  }

  *[Symbol.iterator](): Generator<Item, undefined> {
    for (const { items } of this.#chunks) yield* items;
  }

  #placeOf(index: number): { readonly chunk: number; readonly item: number } | null {
    if (index < 0) {
      let left = -index;
      for (let chunk = this.#chunks.length - 1; chunk >= 0; chunk -= 1) {
        const { length } = this.#chunks[chunk]?.items ?? [];
        if (left <= length) return { chunk, item: length - left };
        left -= length;
      }
      return null;
    }
    let left = index;
    for (const [chunk, { items }] of this.#chunks.entries()) {
      if (left < items.length) return { chunk, item: left };
      left -= items.length;
    }
    return null;
  }

  #dropChunks(isDone: (oldest: Chunk<Item>) => boolean): void {
    for (;;) {
      const [oldest] = this.#chunks;
      if (oldest === undefined || !isDone(oldest)) return;
      this.#removeChunk(0);
      this.#length -= oldest.items.length;
    }
  }

  #removeChunk(at: number): void {
    this.#chunks = this.#chunks.toSpliced(at, 1);
    this.#ownsList = true;
  }

  #writable(at: number): Item[] {
    const chunk = this.#chunks[at];
    if (chunk?.owner === this.#owner) return chunk.items;
    const items = [...(chunk?.items ?? [])];
    this.#ownList()[at] = { owner: this.#owner, items };
    return items;
  }

  #ownList(): Chunk<Item>[] {
    if (!this.#ownsList) {
      this.#chunks = [...this.#chunks];
      this.#ownsList = true;
    }
    return this.#chunks;
  }
}
