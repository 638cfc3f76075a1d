import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

const FNV_BASIS = 0x811c9dc5;

/** FNV-1a over a text that follows what led to `hash`. */
function followedBy(hash: number, text: string): number {
  let next = hash;
  for (let index = 0; index < text.length; index += 1) {
    next = Math.imul(next ^ text.charCodeAt(index), 0x01000193);
  }
  return next;
}

function avalanche(fnv: number): number {
  let hash = fnv ^ (fnv >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 32-bit FNV-1a with a final avalanche (murmur3's), unsigned. Not for secrets. */
export const hash32 = (text: string): number => avalanche(followedBy(FNV_BASIS, text));

/** `hash32` of texts that all begin alike. */
export function hash32After(prefix: string): (text: string) => number {
  const begun = followedBy(FNV_BASIS, prefix);
  return (text) => avalanche(followedBy(begun, text));
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
  const begun = followedBy(FNV_BASIS, `${seed}/`);
  // The hash of `${seed}/${purpose}/${keys.join('/')}`, which nobody has to put together.
  const generator = (purpose: string, keys: RandomKey[]) => {
    let hash = followedBy(begun, purpose);
    if (keys.length === 0) hash = followedBy(hash, '/');
    for (const key of keys) hash = followedBy(followedBy(hash, '/'), String(key));
    return xoroshiro128plus(avalanche(hash) | 0);
  };
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
