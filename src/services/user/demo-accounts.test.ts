import { describe, expect, test } from 'vitest';
import { nobleCrypto } from '../../kernel/noble-crypto.ts';
import { DEMO_ADMIN, DEMO_CUSTOMERS, DEMO_PASSWORD } from './contract.ts';
import { DEMO_ACCOUNTS } from './demo-accounts.ts';
import { hashPassword } from './password.ts';

describe('demo accounts', () => {
  test('are the ones that the contract names', () => {
    expect(DEMO_ACCOUNTS.map(({ email }) => email)).toEqual([...DEMO_CUSTOMERS, DEMO_ADMIN]);
    expect(DEMO_ACCOUNTS.filter(({ roles }) => roles.includes('admin')).map(({ email }) => email)).toEqual([
      DEMO_ADMIN,
    ]);
    expect(new Set(DEMO_ACCOUNTS.map(({ salt }) => salt)).size).toBe(13);
  });

  // When the cost of scrypt changes, this says what each hash is now.
  test.each(DEMO_ACCOUNTS)(
    'the hash of $email is what the crypto port makes of its salt',
    ({ salt, hash }) => {
      expect(salt).toMatch(/^[0-9a-f]{32}$/);
      expect(hash).toBe(hashPassword({ crypto: nobleCrypto }, DEMO_PASSWORD, salt));
    },
  );
});
