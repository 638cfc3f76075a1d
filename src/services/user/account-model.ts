import type { Transaction } from '../../kernel/index.ts';
import { ModelError, problem } from '../../patterns/index.ts';
import { DEMO_ACCOUNTS } from './demo-accounts.ts';
import { type UserRow, usersTable } from './tables.ts';

export const normalEmail = (email: string): string => email.trim().toLowerCase();

export const toCustomer = ({ customerId, email, name, phone, roles }: UserRow) => ({
  customerId,
  email,
  name,
  phone,
  roles: [...roles],
});

export async function findByEmail(tx: Transaction, email: string): Promise<UserRow | undefined> {
  const [row] = await tx.list(usersTable, { index: 'email', equals: normalEmail(email), limit: 1 });
  return row;
}

/** Opens an account; 409 when the e-mail has one. */
export async function register(
  tx: Transaction,
  account: Pick<UserRow, 'customerId' | 'email' | 'name' | 'salt' | 'hash'>,
): Promise<UserRow> {
  const email = normalEmail(account.email);
  if ((await findByEmail(tx, email)) !== undefined) {
    throw new ModelError(
      problem(
        409,
        'email-taken',
        'E-mail has an account',
        `There is an account for ${email} already. Sign in instead.`,
      ),
    );
  }
  const row: UserRow = { ...account, email, phone: null, roles: ['customer'], createdUs: tx.now() };
  await tx.put(usersTable, row);
  return row;
}

/** An account; 404 when there is none. */
export async function getUser(tx: Transaction, customerId: string): Promise<UserRow> {
  const row = await tx.get(usersTable, customerId);
  if (row === undefined) {
    throw new ModelError(problem(404, 'unknown-user', 'Unknown user', `There is no account ${customerId}.`));
  }
  return row;
}

/** Changes what is named. */
export async function changeProfile(
  tx: Transaction,
  customerId: string,
  change: { readonly name?: string | undefined; readonly phone?: string | null | undefined },
): Promise<UserRow> {
  const before = await getUser(tx, customerId);
  const after: UserRow = {
    ...before,
    name: change.name ?? before.name,
    phone: change.phone === undefined ? before.phone : change.phone,
  };
  await tx.put(usersTable, after);
  return after;
}

/** Gives an empty shop its demo accounts; does nothing where there are accounts. */
export async function seedAccounts(tx: Transaction): Promise<void> {
  const [any] = await tx.list(usersTable, { limit: 1 });
  if (any !== undefined) return;
  for (const account of DEMO_ACCOUNTS)
    await tx.put(usersTable, { ...account, phone: null, createdUs: tx.now() });
}
