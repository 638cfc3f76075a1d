import { scrypt } from '@noble/hashes/scrypt.js';
import type { Context, Json } from '../../../kernel/index.ts';
import { asciiOf, bytesOf, hexOf } from '../hex.ts';
import { fieldsOf, type Probe, type Probes } from '../probe.ts';

export interface SignatureVector {
  readonly secretKey: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
}

const sha256: Probe = async ({ crypto }, input) =>
  await Promise.resolve(
    fieldsOf<readonly string[]>(input).map((text) => hexOf(crypto.sha256(asciiOf(text)))),
  );

/** Key, signature and verdicts of each vector; a verdict with a bit turned over; and one on nonsense. */
const signatures: Probe = async ({ crypto }, input) =>
  await Promise.resolve(
    fieldsOf<readonly SignatureVector[]>(input).map(({ secretKey, message, signature }): Json => {
      const key = bytesOf(secretKey);
      const text = bytesOf(message);
      const publicKey = crypto.ed25519PublicKey(key);
      const good = bytesOf(signature);
      const turned = Uint8Array.from(good, (byte, index) => (index === 5 ? byte ^ 1 : byte));
      return {
        publicKey: hexOf(publicKey),
        signature: hexOf(crypto.ed25519Sign(text, key)),
        verdicts: [
          crypto.ed25519Verify(good, text, publicKey),
          crypto.ed25519Verify(turned, text, publicKey),
          crypto.ed25519Verify(asciiOf('no signature'), text, publicKey),
        ],
      };
    }),
  );

/** The port's own cost, and the costs of RFC 7914's vectors with the function that the port uses. */
const passwords: Probe = async ({ crypto }: Context) =>
  await Promise.resolve({
    port: hexOf(crypto.scrypt('pleaseletmein', asciiOf('SodiumChloride'))),
    unicode: hexOf(crypto.scrypt('Grüße, 世界', asciiOf('salt'))),
    rfc7914: [
      hexOf(scrypt('', '', { N: 16, r: 1, p: 1, dkLen: 64 })),
      hexOf(scrypt('password', 'NaCl', { N: 1024, r: 8, p: 16, dkLen: 64 })),
    ],
  });

export const cryptoProbes: Probes = { sha256, signatures, passwords };
