import fc from 'fast-check';
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { createRandom, plusMs, RUN_START } from '../kernel/index.ts';
import { nobleCrypto } from '../kernel/noble-crypto.ts';
import { epochSeconds, RUN_EPOCH_S, signToken, type TokenClaims, tokenKeyId, verifyToken } from './token.ts';
import { base64url, utf8Bytes } from './utf8.ts';

const context = { crypto: nobleCrypto };
const random = createRandom(7);
const secretKey = random.bytes(32, 'key', 1);
const publicKey = nobleCrypto.ed25519PublicKey(secretKey);
const otherSecret = random.bytes(32, 'key', 2);
const keys = [{ kid: 'key-1', publicKey }];
const expected = { audience: 'shop', issuer: 'user', nowUs: plusMs(RUN_START, 60_000) };
const claims: TokenClaims = {
  customerId: 'cus_1',
  email: 'zoë@example.com',
  roles: ['customer'],
  issuer: 'user',
  audience: 'shop',
  issuedAtS: RUN_EPOCH_S + 60,
  expiresAtS: RUN_EPOCH_S + 3660,
};
const sign = (changed: Partial<TokenClaims> = {}, key = secretKey) =>
  signToken(context, { ...claims, ...changed }, { kid: 'key-1', secretKey: key });
const check = (token: string, at = expected) => verifyToken(context, token, keys, at);
const json = (value: unknown) => base64url(utf8Bytes(JSON.stringify(value)));

describe('token', () => {
  test('what is signed here is accepted here and tells its owner', () => {
    expect(check(sign())).toEqual({
      ok: true,
      value: { customerId: 'cus_1', email: 'zoë@example.com', roles: ['customer'] },
    });
    expect(tokenKeyId(sign())).toBe('key-1');
  });

  test('jose accepts what is signed here', async () => {
    const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: base64url(publicKey) }, 'EdDSA');
    const { payload, protectedHeader } = await jwtVerify(sign(), key, {
      issuer: 'user',
      audience: 'shop',
      algorithms: ['EdDSA'],
      currentDate: new Date((RUN_EPOCH_S + 60) * 1000),
    });
    expect(payload).toMatchObject({ sub: 'cus_1', email: 'zoë@example.com', roles: ['customer'] });
    expect(protectedHeader).toEqual({ alg: 'EdDSA', typ: 'JWT', kid: 'key-1' });
  });

  test('what jose signs is accepted here', async () => {
    const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const jwk = await exportJWK(pair.publicKey);
    const token = await new SignJWT({ email: 'a@b.c', roles: ['admin'] })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'jose' })
      .setSubject('cus_2')
      .setIssuer('user')
      .setAudience(['else', 'shop'])
      .setExpirationTime(RUN_EPOCH_S + 100)
      .sign(pair.privateKey);
    const joseKey = { kid: 'jose', publicKey: Buffer.from(jwk.x ?? '', 'base64url') };
    expect(verifyToken(context, token, [joseKey], expected)).toEqual({
      ok: true,
      value: { customerId: 'cus_2', email: 'a@b.c', roles: ['admin'] },
    });
  });

  test('its time ends at exp, exactly', () => {
    const at = (seconds: number) => ({ ...expected, nowUs: plusMs(RUN_START, seconds * 1000) });
    expect(check(sign(), at(3659.999)).ok).toBe(true);
    expect(check(sign(), at(3660))).toEqual({ ok: false, error: 'it has expired' });
    expect(epochSeconds(plusMs(RUN_START, 1500))).toBe(RUN_EPOCH_S + 1);
  });

  test('a token that is not valid yet is refused', async () => {
    const key = await importJWK(
      { kty: 'OKP', crv: 'Ed25519', x: base64url(publicKey), d: base64url(secretKey) },
      'EdDSA',
    );
    const token = await new SignJWT({ email: 'a@b.c', roles: [] })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'key-1' })
      .setSubject('cus_2')
      .setIssuer('user')
      .setAudience('shop')
      .setNotBefore(RUN_EPOCH_S + 61)
      .setExpirationTime(RUN_EPOCH_S + 100)
      .sign(key);
    expect(check(token)).toEqual({ ok: false, error: 'it is not valid yet' });
  });

  const [header = '', payload = '', signature = ''] = sign().split('.');
  const forged = (head: unknown) => {
    const signed = `${json(head)}.${payload}`;
    return `${signed}.${base64url(nobleCrypto.ed25519Sign(utf8Bytes(signed), secretKey))}`;
  };
  test.each([
    ['alg none, without a signature', `${json({ alg: 'none', kid: 'key-1' })}.${payload}.`],
    ['alg none, with one', `${json({ alg: 'none', kid: 'key-1' })}.${payload}.${signature}`],
    ['alg none, validly signed', forged({ alg: 'none', kid: 'key-1' })],
    ['alg HS256', forged({ alg: 'HS256', kid: 'key-1' })],
    ['alg in small letters', forged({ alg: 'eddsa', kid: 'key-1' })],
    ['no kid', forged({ alg: 'EdDSA' })],
    ['an unknown kid', forged({ alg: 'EdDSA', kid: 'key-9' })],
    ['an unknown critical extension', forged({ alg: 'EdDSA', kid: 'key-1', crit: ['b64'] })],
    ['another key', sign({}, otherSecret)],
    ['another payload', `${header}.${json({ ...claims, roles: ['admin'] })}.${signature}`],
    ['another audience', sign({ audience: 'bank' })],
    ['another issuer', sign({ issuer: 'mallory' })],
    ['expired', sign({ expiresAtS: RUN_EPOCH_S + 59 })],
    ['no owner', sign({ customerId: '' })],
    ['a payload that is no object', `${header}.${json(7)}.${signature}`],
    ['no signature', `${header}.${payload}.`],
    ['a cut signature', `${header}.${payload}.${signature.slice(0, -4)}`],
    ['two parts', `${header}.${payload}`],
    ['four parts', `${header}.${payload}.${signature}.${signature}`],
    ['padding', `${header}.${payload}.${signature}==`],
    ['nothing', ''],
    ['garbage', 'Æ.Ø.Å'],
  ])('refuses %s', (_, token) => {
    expect(check(token).ok).toBe(false);
  });

  test('refuses every token with one changed character', () => {
    const token = sign();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.nat(alphabet.length - 1), (place, letter) => {
        const changed = token.slice(0, place) + alphabet[letter] + token.slice(place + 1);
        return changed === token || !check(changed).ok;
      }),
      { numRuns: 60 },
    );
  });

  test('never throws, whatever it gets', () => {
    fc.assert(fc.property(fc.string(), (text) => !check(text).ok));
    fc.assert(
      fc.property(fc.json(), fc.json(), fc.string(), (a, b, c) => {
        const part = (text: string) => base64url(utf8Bytes(text));
        return !check(`${part(a)}.${part(b)}.${part(c)}`).ok;
      }),
    );
  });
});
