import { defineTable, type RunTimeUs } from '../../kernel/index.ts';
import type { Role } from '../../patterns/index.ts';

export interface UserRow {
  readonly customerId: string;
  /** In lower case; one account each. */
  readonly email: string;
  readonly name: string;
  readonly phone: string | null;
  readonly roles: readonly Role[];
  /** 16 bytes in hex. */
  readonly salt: string;
  /** scrypt(password, salt), 32 bytes in hex. */
  readonly hash: string;
  readonly createdUs: RunTimeUs;
}

export interface SigningKeyRow {
  /** `key-<number>`. */
  readonly kid: string;
  readonly number: number;
  /** base64url. */
  readonly publicKey: string;
  /** base64url; null once retired: nothing may be signed with it any more. */
  readonly secretKey: string | null;
  readonly createdUs: RunTimeUs;
  readonly retiredUs: RunTimeUs | null;
}

export const usersTable = defineTable<UserRow>('users', 'customerId', { email: 'email' }, ['salt', 'hash']);
export const signingKeysTable = defineTable<SigningKeyRow>('signing_keys', 'kid', { number: 'number' }, [
  'secretKey',
]);
