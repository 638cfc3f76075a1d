import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** 32-bit FNV-1a with a final avalanche (murmur3's), unsigned. Not for secrets. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export type RandomKey = string | number;

/** Draws that depend on what they are for, never on how many were made before (architecture: ground rule 2). */
export interface RandomPort {
  readonly seed: number;
  /** Uniform in [0, 1), fixed by (seed, purpose, keys). */
  uniform(purpose: string, ...keys: RandomKey[]): number;
  /** `count` bytes for salts and ids, fixed likewise. */
  bytes(count: number, purpose: string, ...keys: RandomKey[]): Uint8Array;
}

/** The random port of a run. The same seed gives the same draws on every host. */
export function createRandom(seed: number): RandomPort {
  const generator = (purpose: string, keys: RandomKey[]) =>
    xoroshiro128plus(hash32(`${seed}/${purpose}/${keys.join('/')}`) | 0);
  return {
    seed,
    uniform: (purpose, ...keys) => uniformFloat64(generator(purpose, keys)),
    bytes(count, purpose, ...keys) {
      const stream = generator(purpose, keys);
      return Uint8Array.from({ length: count }, () => stream.next() & 0xff);
    },
  };
}

/** `mean` ± `spread` (a share of it), uniform: the classroom's service times and hops. */
export const spreadAround = (mean: number, spread: number, uniform: number): number =>
  mean * (1 + spread * (2 * uniform - 1));

/** A draw of the exponential distribution with this mean (by inverse transform). */
export const exponential = (mean: number, uniform: number): number => -mean * Math.log1p(-uniform);
