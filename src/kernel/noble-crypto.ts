import { ed25519 } from '@noble/curves/ed25519.js';
import { scrypt } from '@noble/hashes/scrypt.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { CryptoPort } from './ports.ts';

/**
 * Cost of one password hash (RFC 7914: N, r, p). About 4 MB and 10–40 ms in a browser: enough to be
 * the real algorithm, small enough that a class of 30 customers does not wait. Production uses N ≥ 2^17.
 */
export const SCRYPT_COST = { N: 4096, r: 8, p: 1, dkLen: 32 } as const;

/** The crypto port of every host: pure functions, no keys and no randomness of their own. */
export const nobleCrypto: CryptoPort = {
  sha256: (data) => sha256(data),
  scrypt: (password, salt) => scrypt(utf8ToBytes(password), salt, SCRYPT_COST),
  ed25519PublicKey: (secretKey) => ed25519.getPublicKey(secretKey),
  ed25519Sign: (message, secretKey) => ed25519.sign(message, secretKey),
  ed25519Verify(signature, message, publicKey) {
    try {
      return ed25519.verify(signature, message, publicKey);
    } catch {
      return false; // a key or signature of the wrong shape is no valid signature
    }
  },
};
