import * as z from 'zod/mini';
import {
  type BackgroundTask,
  type Context,
  defineLocal,
  err,
  Mutex,
  ok,
  plusMs,
  type Result,
  RUN_START,
  type RunTimeUs,
} from '../kernel/index.ts';
import { call } from './call.ts';
import { operation } from './define-contract.ts';
import { type Problem, problem } from './problem.ts';
import {
  type Principal,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  tokenKeyId,
  type VerificationKey,
  verifyToken,
} from './token.ts';
import { base64url, base64urlBytes } from './utf8.ts';

// The keys that tokens are checked with (RFC 7517), as User publishes them, cached by each instance.
// KEYS-1 a kid that is not known fetches the set again, so a rotation needs no restart; KEYS-2 but not
// more often than every REFETCH_MS, so that forged kids are no way to flood User; KEYS-3 a set older
// than MAX_AGE_MS is fetched again, so that a withdrawn key ends; KEYS-4 when User is down, the cached
// keys go on, and nobody waits for User whose key is cached.

/** One Ed25519 public key as a JSON Web Key (RFC 8037). */
export const jsonWebKeySchema = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  kid: z.string(),
  use: z.literal('sig'),
  alg: z.literal('EdDSA'),
  x: z.string(),
});

export type JsonWebKey = z.output<typeof jsonWebKeySchema>;

export const jwksOperation = operation('user', {
  id: 'getKeySet',
  method: 'GET',
  path: '/.well-known/jwks.json',
  summary: 'The public keys that tokens are checked with.',
  access: { kind: 'public' },
  answers: {
    200: { description: 'A JSON Web Key Set.', body: z.object({ keys: z.array(jsonWebKeySchema) }) },
  },
  plane: 'control',
  cost: 0,
});

export const toJsonWebKey = ({ kid, publicKey }: VerificationKey): JsonWebKey => ({
  kty: 'OKP',
  crv: 'Ed25519',
  kid,
  use: 'sig',
  alg: 'EdDSA',
  x: base64url(publicKey),
});

const REFETCH_MS = 5_000;
const RETRY_MS = 1_000;
const MAX_AGE_MS = 300_000;
const FETCH_TIMEOUT_MS = 2_000;

interface KeyCache {
  keys: readonly VerificationKey[];
  /** From then on the keys are too old. */
  oldUs: RunTimeUs;
  /** Not asked again before. */
  nextFetchUs: RunTimeUs;
  readonly fetching: Mutex;
  /** An old set is being fetched anew behind the requests. */
  refreshing: boolean;
}

const keyCache = defineLocal<KeyCache>('key-set', () => ({
  keys: [],
  oldUs: RUN_START,
  nextFetchUs: RUN_START,
  fetching: new Mutex(),
  refreshing: false,
}));

const isCached = (cache: KeyCache, kid: string): boolean => cache.keys.some((key) => key.kid === kid);

function needsFetch(cache: KeyCache, context: Context, kid: string): boolean {
  const nowUs = context.clock.now();
  if (nowUs < cache.nextFetchUs) return false;
  return nowUs >= cache.oldUs || !isCached(cache, kid);
}

/** The keys to check a token of this `kid` with; an error in words when User cannot be asked and nothing is cached. */
async function keysFor(context: Context, kid: string): Promise<Result<readonly VerificationKey[], string>> {
  const cache = context.local(keyCache);
  if (needsFetch(cache, context, kid)) {
    if (isCached(cache, kid)) refreshBehind(context, cache, kid);
    else await fetchIfNeeded(context, cache, kid);
  }
  return cache.keys.length > 0 ? ok(cache.keys) : err('the keys of User cannot be fetched');
}

async function fetchIfNeeded(context: Context, cache: KeyCache, kid: string): Promise<void> {
  await cache.fetching.run(context, async () => {
    // Another process may have fetched while this one waited.
    if (needsFetch(cache, context, kid)) await fetchKeys(context, cache);
  });
}

/** One at a time; the request that found the set old goes on with it. */
function refreshBehind(context: Context, cache: KeyCache, kid: string): void {
  if (cache.refreshing) return;
  cache.refreshing = true;
  context.fork({ name: 'key set refresh' }, async (own) => {
    try {
      await fetchIfNeeded(own, cache, kid);
    } finally {
      cache.refreshing = false;
    }
  });
}

async function fetchKeys(context: Context, cache: KeyCache): Promise<void> {
  const answer = await call(context, jwksOperation, {}, { policy: 'none', timeoutMs: FETCH_TIMEOUT_MS });
  const nowUs = context.clock.now();
  cache.nextFetchUs = plusMs(nowUs, answer.ok ? REFETCH_MS : RETRY_MS);
  if (!answer.ok) return;
  cache.oldUs = plusMs(nowUs, MAX_AGE_MS);
  cache.keys = answer.value.value.keys.flatMap((key) => {
    const publicKey = base64urlBytes(key.x);
    return publicKey === null ? [] : [{ kid: key.kid, publicKey }];
  });
}

/** Fetches the keys as soon as User can be asked, so that the first customer need not wait for them. */
export const keySetTask: BackgroundTask = {
  name: 'key set',
  run: async (context) => {
    const cache = context.local(keyCache);
    for (;;) {
      await cache.fetching.run(context, async () => {
        if (cache.keys.length === 0) await fetchKeys(context, cache);
      });
      if (cache.keys.length > 0) return;
      await context.clock.sleep(RETRY_MS);
    }
  },
};

/** 401 with the challenge that RFC 6750 asks for; no error code when no token came at all. */
export const unauthorised = (detail: string, code: 'invalid_token' | 'invalid_request' | null): Problem =>
  problem(
    401,
    code === null ? 'sign-in-required' : 'token-refused',
    code === null ? 'Sign in first' : 'Token refused',
    detail,
    {},
    { 'www-authenticate': `Bearer realm="bulkhead"${code === null ? '' : `, error="${code}"`}` },
  );

/** The owner of a token by these keys. */
export function ownerOf(
  context: Context,
  token: string,
  keys: readonly VerificationKey[],
): Result<Principal, Problem> {
  const owner = verifyToken(context, token, keys, {
    audience: TOKEN_AUDIENCE,
    issuer: TOKEN_ISSUER,
    nowUs: context.clock.timeOfDay(),
  });
  return owner.ok
    ? owner
    : err(unauthorised(`The token is refused: ${owner.error}. Sign in again.`, 'invalid_token'));
}

/** The owner of a token by the keys that User publishes; 503 when they cannot be had. */
export async function verifyBearer(token: string, context: Context): Promise<Result<Principal, Problem>> {
  const kid = tokenKeyId(token);
  if (kid === null) return ownerOf(context, token, []);
  const keys = await keysFor(context, kid);
  if (keys.ok) return ownerOf(context, token, keys.value);
  return err(
    problem(
      503,
      'keys-unavailable',
      'Token cannot be checked',
      `The token cannot be checked now: ${keys.error}.`,
      {},
      { 'retry-after': '1' },
    ),
  );
}
