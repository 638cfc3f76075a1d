import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { RunEvent } from '../kernel/index.ts';

const LINES_AT_ONCE = 500;

/**
 * SHA-256, in hex, of the first `count` events as lines of JSON: two runs with the same hash had the same
 * events with the same fields at the same microseconds, in the same order.
 */
export function logHash(events: readonly RunEvent[], count = events.length): string {
  const hash = sha256.create();
  for (let from = 0; from < count; from += LINES_AT_ONCE) {
    const lines = events
      .slice(from, Math.min(from + LINES_AT_ONCE, count))
      .map((event) => JSON.stringify(event));
    hash.update(utf8ToBytes(`${lines.join('\n')}\n`));
  }
  return bytesToHex(hash.digest());
}

/** SHA-256, in hex, of a text. */
export const textHash = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)));
