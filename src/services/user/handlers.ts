import type { Context } from '../../kernel/index.ts';
import {
  type Authorise,
  epochSeconds,
  type HandlersOf,
  hex,
  ownerOf,
  type Principal,
  problem,
  signToken,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  toJsonWebKey,
} from '../../patterns/index.ts';
import {
  changeProfile,
  findByEmail,
  getUser,
  normalEmail,
  register,
  seedAccounts,
  toCustomer,
} from './account-model.ts';
import type { userContract } from './contract.ts';
import { hashPassword, NOBODY, PASSWORD_HASH_MS, SALT_BYTES, sameHash } from './password.ts';
import { activeKey, ensureKey, publishedKeys, rotateKey, TOKEN_LIFETIME_S } from './signing-keys.ts';
import { signingKeysTable, usersTable } from './tables.ts';

/** Checks tokens with the keys in one's own database: nobody is needed for that. */
export const authoriseByOwnKeys: Authorise = async (token, context) => {
  const keys = await context.store.transact('get key set', [signingKeysTable], 'readonly', publishedKeys);
  return ownerOf(context, token, keys);
};

/** The accounts and the first key of a new shop. */
export async function seedUser(context: Context): Promise<void> {
  await context.store.transact('seed accounts', [usersTable, signingKeysTable], 'readwrite', async (tx) => {
    await seedAccounts(tx);
    await ensureKey(tx, context);
  });
}

const ownId = (principal: Principal | null): string => principal?.customerId ?? '';

export const userHandlers: HandlersOf<typeof userContract> = {
  register: async ({ body }, context) => {
    const email = normalEmail(body.email);
    await context.work(PASSWORD_HASH_MS);
    const salt = hex(context.random.bytes(SALT_BYTES, 'password-salt', email));
    const hash = hashPassword(context, body.password, salt);
    const customerId = `cus_${hex(context.random.bytes(8, 'customer-id', email))}`;
    const row = await context.store.transact('register', [usersTable], 'readwrite', (tx) =>
      register(tx, { customerId, email, name: body.name.trim(), salt, hash }),
    );
    return { status: 201, body: toCustomer(row), headers: { location: '/users/me' } };
  },
  signIn: async ({ body }, context) => {
    const found = await context.store.transact(
      'sign in',
      [usersTable, signingKeysTable],
      'readonly',
      async (tx) => ({
        user: await findByEmail(tx, body.email),
        key: await activeKey(tx),
      }),
    );
    // An unknown e-mail costs a hash too: the time of an answer must not tell who has an account.
    await context.work(PASSWORD_HASH_MS);
    const { salt, hash } = found.user ?? NOBODY;
    const fits = sameHash(hashPassword(context, body.password, salt), hash);
    if (found.user === undefined || !fits) {
      return problem(
        401,
        'wrong-credentials',
        'E-mail or password wrong',
        'There is no account with this e-mail and password.',
        {},
        { 'www-authenticate': 'Bearer realm="bulkhead"' },
      );
    }
    const issuedAtS = epochSeconds(context.clock.timeOfDay());
    const token = signToken(
      context,
      {
        customerId: found.user.customerId,
        email: found.user.email,
        roles: found.user.roles,
        issuer: TOKEN_ISSUER,
        audience: TOKEN_AUDIENCE,
        issuedAtS,
        expiresAtS: issuedAtS + TOKEN_LIFETIME_S,
      },
      found.key,
    );
    return { status: 201, body: { token, expiresInS: TOKEN_LIFETIME_S, customer: toCustomer(found.user) } };
  },
  getProfile: async ({ principal }, context) => {
    const row = await context.store.transact('get profile', [usersTable], 'readonly', (tx) =>
      getUser(tx, ownId(principal)),
    );
    return { status: 200, body: toCustomer(row) };
  },
  changeProfile: async ({ principal, body }, context) => {
    const row = await context.store.transact('change profile', [usersTable], 'readwrite', (tx) =>
      changeProfile(tx, ownId(principal), body),
    );
    return { status: 200, body: toCustomer(row) };
  },
  getUser: async ({ params }, context) => {
    const row = await context.store.transact('get user', [usersTable], 'readonly', (tx) =>
      getUser(tx, params.userId),
    );
    return { status: 200, body: toCustomer(row) };
  },
  getKeySet: async (_, context) => {
    const keys = await context.store.transact('get key set', [signingKeysTable], 'readonly', publishedKeys);
    return {
      status: 200,
      body: { keys: keys.map(toJsonWebKey) },
      headers: { 'cache-control': 'max-age=300' },
    };
  },
  rotateKey: async (_, context) => {
    const rotated = await context.store.transact(
      'rotate signing key',
      [signingKeysTable],
      'readwrite',
      (tx) => rotateKey(tx, context),
    );
    return { status: 201, body: rotated };
  },
};
