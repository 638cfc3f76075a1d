import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { RunEvent } from '../kernel/index.ts';

const LINES_AT_ONCE = 500;

/**
 * Hashes a log as it grows. SHA-256 over its events as lines of JSON: two logs with the same hash have
 * the same events with the same fields at the same microseconds, in the same order.
 */
export class LogHash {
  readonly #hash = sha256.create();
  #count = 0;

  /** Takes in what is new: the events up to `count` that it has not seen yet. */
  add(events: readonly RunEvent[], count = events.length): void {
    while (this.#count < count) {
      const until = Math.min(this.#count + LINES_AT_ONCE, count);
      let lines = '';
      for (; this.#count < until; this.#count += 1) lines += `${JSON.stringify(events[this.#count])}\n`;
      this.#hash.update(utf8ToBytes(lines));
    }
  }

  /** Of all that was taken in so far, in hex. */
  digest(): string {
    return bytesToHex(this.#hash.clone().digest());
  }
}

/** The hash of the first `count` events of a log. */
export function logHash(events: readonly RunEvent[], count = events.length): string {
  const hash = new LogHash();
  hash.add(events, count);
  return hash.digest();
}

/** SHA-256, in hex, of a text. */
export const textHash = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)));
