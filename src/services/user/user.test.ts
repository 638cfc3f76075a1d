import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { instanceId } from '../../kernel/index.ts';
import { createTestWorld, type TestWorld } from '../../kernel/testing/test-host.ts';
import { RUN_EPOCH_S, TOKEN_AUDIENCE, TOKEN_ISSUER } from '../../patterns/index.ts';
import { ADA, ADMIN, bearer, tokenFor } from '../testing/test-shop.ts';
import { userService } from './index.ts';
import { PASSWORD_HASH_MS, sameHash } from './password.ts';
import { signingKeysTable, usersTable } from './tables.ts';

const user = instanceId('user', 1);

async function alone(): Promise<TestWorld> {
  const world = createTestWorld();
  world.add(userService);
  await world.runFor(20);
  return world;
}

const slug = (body: unknown) => (body as { type: string }).type.split('/').at(-1);
const post = (world: TestWorld, path: string, body: unknown, headers = {}) =>
  world.ask(user, { method: 'POST', path, body, headers });
const me = (world: TestWorld, token: string) =>
  world.ask(user, { method: 'GET', path: '/users/me', headers: bearer(token) });
const account = { email: 'Zoe@Example.com', password: 'correct horse', name: ' Zoë ' };

describe('accounts', () => {
  test('registers, signs in, reads and changes its profile', async () => {
    const world = await alone();
    const registered = await post(world, '/users', account);
    expect(registered).toMatchObject({
      status: 201,
      headers: { location: '/users/me' },
      body: { email: 'zoe@example.com', name: 'Zoë', phone: null, roles: ['customer'] },
    });
    const session = await post(world, '/sessions', { email: 'ZOE@example.com', password: account.password });
    expect(session).toMatchObject({ status: 201, body: { expiresInS: 3600, customer: registered.body } });
    const { token } = session.body as { token: string };
    expect((await me(world, token)).body).toEqual(registered.body);
    const changed = await world.ask(user, {
      method: 'PATCH',
      path: '/users/me',
      headers: bearer(token),
      body: { phone: '+49 30 123456' },
    });
    expect(changed).toMatchObject({ status: 200, body: { name: 'Zoë', phone: '+49 30 123456' } });
    expect((await me(world, token)).body).toEqual(changed.body);
  });

  test('stores a salted scrypt hash and nothing that tells the password', async () => {
    const world = await alone();
    await post(world, '/users', account);
    await post(world, '/users', { ...account, email: 'other@example.com' });
    const rows = world.rows('user', usersTable).filter(({ email }) => /^(zoe|other)@/.test(email));
    expect(rows).toHaveLength(2);
    expect(new Set(rows.flatMap(({ salt, hash }) => [salt, hash])).size).toBe(4);
    expect(JSON.stringify(world.tables('user'))).not.toContain(account.password);
    expect(JSON.stringify(world.events)).not.toContain(account.password);
  });

  test('keeps hashes, salts and signing keys out of the run log, which people share', async () => {
    const world = await alone();
    await post(world, '/users', account);
    const log = JSON.stringify(world.events);
    const secrets = [
      ...world.rows('user', usersTable).flatMap(({ salt, hash }) => [salt, hash]),
      ...world.rows('user', signingKeysTable).flatMap(({ secretKey }) => secretKey ?? []),
    ];
    expect(secrets.length).toBeGreaterThan(2);
    expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
    expect(log).toContain('zoe@example.com');
  });

  test('one account per e-mail, whatever its case', async () => {
    const world = await alone();
    await post(world, '/users', account);
    const again = await post(world, '/users', { ...account, email: 'zoe@example.COM' });
    expect([again.status, slug(again.body)]).toEqual([409, 'email-taken']);
    expect(world.rows('user', usersTable)).toHaveLength(14);
  });

  test.each([
    [{ ...account, email: 'zoe' }, 'email'],
    [{ ...account, password: 'short' }, 'password'],
    [{ ...account, name: '   ' }, 'name'],
    [{ ...account, roles: ['admin'] }, 'roles'],
    [{ email: account.email, password: account.password }, 'name'],
  ])('refuses %j and names the field', async (body, field) => {
    const world = await alone();
    const { status, body: problem } = await post(world, '/users', body);
    expect(status).toBe(400);
    expect((problem as { errors: { field: string }[] }).errors.map((error) => error.field)).toEqual([field]);
    expect(world.rows('user', usersTable)).toHaveLength(13);
  });

  test('a wrong password and an unknown e-mail get the same answer after the same time', async () => {
    const world = await alone();
    const attempt = async (email: string, password: string) => {
      const before = world.nowMs;
      const { status, headers, body } = await post(world, '/sessions', { email, password });
      return { status, headers, body, tookMs: world.nowMs - before };
    };
    const wrong = await attempt(ADA, 'not-her-password');
    expect([wrong.status, slug(wrong.body)]).toEqual([401, 'wrong-credentials']);
    expect(wrong.tookMs).toBeGreaterThanOrEqual(PASSWORD_HASH_MS);
    expect(await attempt('nobody@example.com', 'not-her-password')).toEqual(wrong);
    expect(await attempt(ADA, '')).toMatchObject({ status: 400 });
  });

  test('hashes are compared as a whole', () => {
    expect(sameHash('abcd', 'abcd')).toBe(true);
    expect(['abcx', 'xbcd', 'abc', 'abcde', ''].map((other) => sameHash('abcd', other))).toEqual(
      Array(5).fill(false),
    );
  });

  test('only administrators see the accounts of others', async () => {
    const world = await alone();
    const read = async (headers: Record<string, string>, id = 'cus_ada') =>
      await world.ask(user, { method: 'GET', path: `/users/${id}`, headers });
    expect((await read({})).status).toBe(401);
    expect((await read(bearer(await tokenFor(world, ADA)))).status).toBe(403);
    const admin = bearer(await tokenFor(world, ADMIN));
    expect(await read(admin)).toMatchObject({ status: 200, body: { email: ADA } });
    expect((await read(admin, 'cus_nobody')).status).toBe(404);
  });
});

describe('signing keys', () => {
  const rotate = (world: TestWorld, token: string) =>
    world.ask(user, { method: 'POST', path: '/signing-keys', headers: bearer(token) });
  const keySet = async (world: TestWorld) => {
    const { body } = await world.ask(user, {
      method: 'GET',
      path: '/.well-known/jwks.json',
      plane: 'control',
    });
    return body as { keys: { kid: string; x: string }[] };
  };
  const kids = async (world: TestWorld) => (await keySet(world)).keys.map(({ kid }) => kid);

  test('jose accepts a token with the published set', async () => {
    const world = await alone();
    const token = await tokenFor(world, ADA);
    const set = createLocalJWKSet((await keySet(world)) as Parameters<typeof createLocalJWKSet>[0]);
    const { payload } = await jwtVerify(token, set, {
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      currentDate: new Date(RUN_EPOCH_S * 1000 + world.nowMs),
    });
    expect(payload).toMatchObject({ sub: 'cus_ada', email: ADA, roles: ['customer'] });
  });

  test('the published set holds nothing secret', async () => {
    const world = await alone();
    const [row] = world.rows('user', signingKeysTable);
    expect(row?.secretKey).toMatch(/^[\w-]{43}$/);
    expect(JSON.stringify(await keySet(world))).not.toContain(row?.secretKey);
  });

  test('KEYS-5 KEYS-6 after a rotation old tokens hold until they expire, the old secret is gone', async () => {
    const world = await alone();
    const before = await tokenFor(world, ADA);
    const admin = await tokenFor(world, ADMIN);
    expect((await rotate(world, before)).status).toBe(403);
    expect(await rotate(world, admin)).toMatchObject({
      status: 201,
      body: { kid: 'key-2', retired: 'key-1' },
    });
    const after = await tokenFor(world, ADA);
    expect(await kids(world)).toEqual(['key-1', 'key-2']);
    expect((await me(world, before)).status).toBe(200);
    expect((await me(world, after)).status).toBe(200);
    expect(world.rows('user', signingKeysTable).map(({ secretKey }) => secretKey !== null)).toEqual([
      false,
      true,
    ]);

    await world.runFor(3_600_000);
    expect(await kids(world)).toEqual(['key-2']);
    const expired = await me(world, before);
    expect([expired.status, slug(expired.body)]).toEqual([401, 'token-refused']);
    await rotate(world, await tokenFor(world, ADMIN));
    expect(await kids(world)).toEqual(['key-2', 'key-3']);
    expect(world.rows('user', signingKeysTable).map(({ kid }) => kid)).toEqual(['key-2', 'key-3']);
  });

  test('two instances that open a shop at once share one key and one set of accounts', async () => {
    const world = createTestWorld();
    world.add(userService, 1);
    world.add(userService, 2);
    await world.runFor(30);
    expect(world.rows('user', signingKeysTable)).toHaveLength(1);
    expect(world.rows('user', usersTable)).toHaveLength(13);
    const token = await tokenFor(world, ADA);
    expect(
      (await world.ask(instanceId('user', 2), { method: 'GET', path: '/users/me', headers: bearer(token) }))
        .status,
    ).toBe(200);
  });
});
