import { describe, expect, test } from 'vitest';
import { instanceId } from '../kernel/index.ts';
import { nobleCrypto } from '../kernel/noble-crypto.ts';
import type { TestWorld } from '../kernel/testing/test-host.ts';
import { RUN_EPOCH_S, signToken, TOKEN_AUDIENCE, TOKEN_ISSUER } from '../patterns/index.ts';
import { productService } from './product/index.ts';
import { ADA, ADMIN, bearer, openShop, tokenFor } from './testing/test-shop.ts';

// The cache of User's keys in the services that check tokens; here in Product.
const user = instanceId('user', 1);
const product = instanceId('product', 1);

const hold = async (world: TestWorld, token: string) =>
  await world.ask(product, {
    method: 'POST',
    path: '/cart-holds',
    headers: bearer(token),
    body: { lines: [{ sku: 'games-01', quantity: 1 }] },
  });
const fetches = (world: TestWorld) =>
  world.eventsOf('request.received').filter(({ operation }) => operation === 'GET /.well-known/jwks.json')
    .length;
const rotate = async (world: TestWorld) =>
  await world.ask(user, {
    method: 'POST',
    path: '/signing-keys',
    headers: bearer(await tokenFor(world, ADMIN)),
  });
const forged = (kid: string) =>
  signToken(
    { crypto: nobleCrypto },
    {
      customerId: 'cus_ada',
      email: ADA,
      roles: ['admin'],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      issuedAtS: RUN_EPOCH_S,
      expiresAtS: RUN_EPOCH_S + 1e6,
    },
    { kid, secretKey: new Uint8Array(32).fill(7) },
  );

describe('key set', () => {
  test('is fetched once for many, on the control plane', async () => {
    const world = await openShop([productService]);
    const token = await tokenFor(world, ADA);
    const sent = Array.from({ length: 5 }, () =>
      world.send(product, {
        method: 'POST',
        path: '/cart-holds',
        headers: bearer(token),
        body: { lines: [{ sku: 'games-01', quantity: 1 }] },
      }),
    );
    await world.runUntil(() => sent.every(({ outcome }) => outcome !== null));
    expect(sent.map(({ outcome }) => outcome?.ok === true && outcome.value.status)).toEqual(
      Array(5).fill(201),
    );
    expect(fetches(world)).toBe(1);
    expect(world.eventsOf('request.sent').find(({ path }) => path.includes('jwks'))?.plane).toBe('control');
  });

  test('KEYS-1 a token of a new key is accepted without a restart', async () => {
    const world = await openShop([productService]);
    const before = await tokenFor(world, ADA);
    expect((await hold(world, before)).status).toBe(201);
    await world.runFor(5000);
    expect((await rotate(world)).status).toBe(201);
    expect((await hold(world, await tokenFor(world, ADA))).status).toBe(201);
    expect((await hold(world, before)).status).toBe(201);
    expect(fetches(world)).toBe(2);
  });

  test('KEYS-2 forged kids do not flood User, and are refused', async () => {
    const world = await openShop([productService]);
    await hold(world, await tokenFor(world, ADA));
    for (let number = 0; number < 20; number += 1) {
      expect((await hold(world, forged(`forged-${number}`))).status).toBe(401);
    }
    expect(fetches(world)).toBe(1);
    await world.runFor(5000);
    for (let number = 0; number < 20; number += 1) await hold(world, forged(`forged-${number}`));
    expect(fetches(world)).toBe(2);
    expect((await hold(world, forged('key-1'))).status).toBe(401);
  });

  test('KEYS-3 the set is fetched again when it is old', async () => {
    const world = await openShop([productService]);
    const token = await tokenFor(world, ADA);
    await hold(world, token);
    await world.runFor(299_000);
    await hold(world, token);
    expect(fetches(world)).toBe(1);
    await world.runFor(2000);
    await hold(world, token);
    await world.runFor(100);
    expect(fetches(world)).toBe(2);
  });

  test('KEYS-4 nobody whose key is cached waits for User', async () => {
    const world = await openShop([productService]);
    const token = await tokenFor(world, ADA);
    await hold(world, token);
    await world.runFor(301_000);
    world.onSend(({ to }) => (to === user ? { kind: 'blackhole' } : null));
    const before = world.nowMs;
    for (let time = 0; time < 5; time += 1) expect((await hold(world, token)).status).toBe(201);
    expect(world.nowMs - before).toBeLessThan(1000);
    const asked = world.eventsOf('request.sent').filter(({ path }) => path.includes('jwks'));
    expect(asked).toHaveLength(2);
  });

  test('KEYS-4 with User down the cached keys go on; without any it is a 503, not a 401', async () => {
    const world = await openShop([productService]);
    const token = await tokenFor(world, ADA);
    world.crash(user);
    const unknown = await hold(world, token);
    expect(unknown.status).toBe(503);
    expect(unknown.headers['retry-after']).toBe('1');
    world.restart(user);
    await world.runFor(2000);
    expect((await hold(world, token)).status).toBe(201);
    world.crash(user);
    await world.runFor(400_000);
    expect((await hold(world, token)).status).toBe(201);
  });
});
