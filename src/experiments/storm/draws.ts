import { assert, createRandom, type RandomKey, type RandomPort } from '../../kernel/index.ts';

/**
 * What a storm is made of, drawn by name: each draw depends on the seed and its own name only, so that
 * one draw more, or a class of faults switched off, moves nothing elsewhere.
 */
export class Draws {
  readonly #random: RandomPort;
  readonly #path: readonly RandomKey[];

  constructor(random: RandomPort, path: readonly RandomKey[] = []) {
    this.#random = random;
    this.#path = path;
  }

  static ofSeed(seed: number): Draws {
    return new Draws(createRandom(seed));
  }

  /** The draws under a name of their own. */
  of(...names: RandomKey[]): Draws {
    return new Draws(this.#random, [...this.#path, ...names]);
  }

  chance(share: number, name: RandomKey): boolean {
    return this.#uniform(name) < share;
  }

  between(low: number, high: number, name: RandomKey): number {
    return low + (high - low) * this.#uniform(name);
  }

  /** From `low` to `high`, both included. */
  whole(low: number, high: number, name: RandomKey): number {
    return low + Math.floor((high - low + 1) * this.#uniform(name));
  }

  /** As many small as large: uniform in the logarithm, rounded to a whole number. `low` is above 0. */
  scale(low: number, high: number, name: RandomKey): number {
    return Math.round(low * (high / low) ** this.#uniform(name));
  }

  /** One of them; there must be one. */
  among<T>(items: readonly T[], name: RandomKey): T {
    assert(items.length > 0, 'there is something to choose from');
    return items[Math.floor(this.#uniform(name) * items.length)] as T;
  }

  #uniform(name: RandomKey): number {
    return this.#random.uniform('storm', ...this.#path, name);
  }
}
