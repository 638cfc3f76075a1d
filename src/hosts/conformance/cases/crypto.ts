import { expect } from 'vitest';
import { instanceId, type Json } from '../../../kernel/index.ts';
import { probe } from '../conformance-host.ts';
import type { SignatureVector } from '../probes/crypto.ts';
import type { PortCases } from './case.ts';

const ORDER = instanceId('order', 1);

/** RFC 8032, section 7.1, TEST 1 to 3. */
const RFC_8032: readonly SignatureVector[] = [
  {
    secretKey: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    secretKey: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    secretKey: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
];

/** RFC 7914, section 12: N = 16 and N = 1024. */
const RFC_7914 = [
  '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906',
  'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
];

export const cryptoCases: PortCases = {
  port: 'crypto',
  cases: [
    {
      title: 'sha256 gives the values of FIPS 180-4',
      check: async (host) => {
        const texts = [
          '',
          'abc',
          'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
          'a'.repeat(1000),
        ];
        expect(await probe(host, ORDER, 'sha256', texts)).toEqual([
          'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
          'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
          '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
          '41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3',
        ]);
      },
    },
    {
      title: 'ed25519 gives RFC 8032: keys, signatures, and no other signature is good',
      check: async (host) => {
        expect(await probe(host, ORDER, 'signatures', RFC_8032 as unknown as Json)).toEqual(
          RFC_8032.map(({ publicKey, signature }) => ({
            publicKey,
            signature,
            verdicts: [true, false, false],
          })),
        );
      },
    },
    {
      title: 'scrypt gives RFC 7914, and at the cost of the port what OpenSSL gives',
      check: async (host) => {
        expect(await probe(host, ORDER, 'passwords')).toEqual({
          port: '4fba64c9568428969e5cd47c2639181238810058ee82cdc42c1b69c15f006c4a',
          unicode: UNICODE,
          rfc7914: RFC_7914,
        });
      },
    },
  ],
};

/** Node's `scryptSync('Grüße, 世界', 'salt', 32, { N: 4096, r: 8, p: 1 })`. */
const UNICODE = '0820bea7f3d9f4b2fd76b73ab19753019d321c4098a4bd7da783292fa2d96d94';
