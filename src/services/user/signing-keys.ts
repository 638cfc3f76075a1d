import { type Context, plusMs, type RunTimeUs, type Transaction } from '../../kernel/index.ts';
import { base64url, base64urlBytes, type SigningKey, type VerificationKey } from '../../patterns/index.ts';
import { type SigningKeyRow, signingKeysTable } from './tables.ts';

// KEYS-5 exactly one key is active; KEYS-6 a retired key is published as long as a token signed with it
// may be valid, and its secret is gone at once.

export const TOKEN_LIFETIME_S = 3600;

type KeySource = Pick<Context, 'crypto' | 'random'>;

function newKey({ crypto, random }: KeySource, number: number, nowUs: RunTimeUs): SigningKeyRow {
  const secret = random.bytes(32, 'signing-key', number);
  return {
    kid: `key-${number}`,
    number,
    publicKey: base64url(crypto.ed25519PublicKey(secret)),
    secretKey: base64url(secret),
    createdUs: nowUs,
    retiredUs: null,
  };
}

async function newestKey(tx: Transaction): Promise<SigningKeyRow | undefined> {
  const [row] = await tx.list(signingKeysTable, { index: 'number', reverse: true, limit: 1 });
  return row;
}

/** Makes the first key of a new shop. */
export async function ensureKey(tx: Transaction, source: KeySource): Promise<void> {
  if ((await newestKey(tx)) === undefined) await tx.put(signingKeysTable, newKey(source, 1, tx.now()));
}

/** The key that tokens are signed with now. */
export async function activeKey(tx: Transaction): Promise<SigningKey> {
  const row = await newestKey(tx);
  const secretKey = row?.secretKey == null ? null : base64urlBytes(row.secretKey);
  if (row === undefined || secretKey === null) throw new Error('there is no key to sign with');
  return { kid: row.kid, secretKey };
}

const isPublished = ({ retiredUs }: SigningKeyRow, nowUs: RunTimeUs): boolean =>
  retiredUs === null || nowUs < plusMs(retiredUs, TOKEN_LIFETIME_S * 1000);

/** The keys that a token may be signed with. */
export async function publishedKeys(tx: Transaction): Promise<readonly VerificationKey[]> {
  const rows = await tx.list(signingKeysTable, { index: 'number' });
  return rows
    .filter((row) => isPublished(row, tx.now()))
    .flatMap(({ kid, publicKey }) => {
      const bytes = base64urlBytes(publicKey);
      return bytes === null ? [] : [{ kid, publicKey: bytes }];
    });
}

/** Signs with a new key from now on; forgets the keys whose tokens have all expired. */
export async function rotateKey(
  tx: Transaction,
  source: KeySource,
): Promise<{ readonly kid: string; readonly retired: string | null }> {
  const rows = await tx.list(signingKeysTable, { index: 'number' });
  const before = rows.at(-1);
  for (const row of rows) if (!isPublished(row, tx.now())) await tx.delete(signingKeysTable, row.kid);
  if (before !== undefined)
    await tx.put(signingKeysTable, { ...before, secretKey: null, retiredUs: tx.now() });
  const key = newKey(source, (before?.number ?? 0) + 1, tx.now());
  await tx.put(signingKeysTable, key);
  return { kid: key.kid, retired: before?.kid ?? null };
}
