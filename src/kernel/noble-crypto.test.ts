import { hexToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { nobleCrypto } from './noble-crypto.ts';

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const bytes = (text: string): Uint8Array => hexToBytes(text);
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

test('sha256 gives the values of RFC 6234', () => {
  expect(hex(nobleCrypto.sha256(ascii('abc')))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

// RFC 8032, section 7.1.
const vectors = [
  {
    name: 'TEST 1',
    secret: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    name: 'TEST 2',
    secret: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
];

test.each(vectors)('ed25519 gives RFC 8032 $name', ({ secret, publicKey, message, signature }) => {
  expect(hex(nobleCrypto.ed25519PublicKey(bytes(secret)))).toBe(publicKey);
  expect(hex(nobleCrypto.ed25519Sign(bytes(message), bytes(secret)))).toBe(signature);
  expect(nobleCrypto.ed25519Verify(bytes(signature), bytes(message), bytes(publicKey))).toBe(true);
});

test('a changed message, a changed signature and a signature of the wrong length are all refused', () => {
  const secret = bytes('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
  const publicKey = nobleCrypto.ed25519PublicKey(secret);
  const signature = nobleCrypto.ed25519Sign(ascii('pay 10'), secret);
  const changed = Uint8Array.from(signature, (byte, index) => (index === 0 ? byte ^ 1 : byte));
  expect(nobleCrypto.ed25519Verify(signature, ascii('pay 99'), publicKey)).toBe(false);
  expect(nobleCrypto.ed25519Verify(changed, ascii('pay 10'), publicKey)).toBe(false);
  expect(nobleCrypto.ed25519Verify(signature.slice(1), ascii('pay 10'), publicKey)).toBe(false);
});

test('scrypt is RFC 7914 at our cost: same password and salt, same hash; another salt, another hash', () => {
  // Reference: OpenSSL's scrypt with N=4096, r=8, p=1.
  const hash = hex(nobleCrypto.scrypt('pleaseletmein', ascii('SodiumChloride')));
  expect(hash).toBe('4fba64c9568428969e5cd47c2639181238810058ee82cdc42c1b69c15f006c4a');
  expect(hex(nobleCrypto.scrypt('pleaseletmein', ascii('SodiumChlorid3')))).not.toBe(hash);
});
