import type { Context } from '../../kernel/index.ts';
import { hex, hexBytes } from '../../patterns/index.ts';

/** Milliseconds of CPU that one scrypt takes here, besides the operation's own service time. */
export const PASSWORD_HASH_MS = 40;

export const SALT_BYTES = 16;

/** scrypt of the password with this salt (hex), in hex. The caller charges `PASSWORD_HASH_MS` before. */
export const hashPassword = ({ crypto }: Pick<Context, 'crypto'>, password: string, salt: string): string =>
  hex(crypto.scrypt(password.normalize('NFKC'), hexBytes(salt)));

/** Whether two hex texts are the same, in a time that does not tell where they differ. */
export function sameHash(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index += 1) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
}

/** What an unknown e-mail is checked against, so that it takes as long as a known one and never fits. */
export const NOBODY = { salt: '00'.repeat(SALT_BYTES), hash: '' } as const;
