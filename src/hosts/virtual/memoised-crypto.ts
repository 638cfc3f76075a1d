import type { CryptoPort } from '../../kernel/index.ts';

const MOST_KEPT = 5000;

/**
 * The same crypto, computed once for the same inputs: pure functions, whose cost in run time is charged
 * elsewhere. Runs of many seeds sign in the same demo customers, and check each token at every hop.
 */
export function memoisedCrypto(crypto: CryptoPort): CryptoPort {
  return {
    sha256: (data) => crypto.sha256(data),
    scrypt: keep((password: string, salt: Uint8Array) => crypto.scrypt(password, salt)),
    ed25519PublicKey: keep((secretKey: Uint8Array) => crypto.ed25519PublicKey(secretKey)),
    ed25519Sign: keep((message: Uint8Array, secretKey: Uint8Array) => crypto.ed25519Sign(message, secretKey)),
    ed25519Verify: keep((signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) =>
      crypto.ed25519Verify(signature, message, publicKey),
    ),
  };
}

function keep<Arguments extends readonly (string | Uint8Array)[], Value>(
  compute: (...given: Arguments) => Value,
): (...given: Arguments) => Value {
  const kept = new Map<string, Value>();
  return (...given) => {
    const key = given.map(textOf).join('/');
    let value = kept.get(key);
    if (value === undefined) {
      value = compute(...given);
      // The whole of it at once: what is asked again comes back soon enough.
      if (kept.size >= MOST_KEPT) kept.clear();
      kept.set(key, value);
    }
    return value;
  };
}

/** Unambiguous: bytes as characters of the same codes, with their number in front. */
function textOf(part: string | Uint8Array): string {
  // A typed array is as good as the list of numbers that `apply` asks for.
  const text = typeof part === 'string' ? part : String.fromCharCode.apply(null, part as unknown as number[]);
  return `${typeof part === 'string' ? 's' : 'b'}${text.length}:${text}`;
}
