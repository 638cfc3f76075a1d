import * as z from 'zod/mini';
import type { VersionLabel } from '../../kernel/index.ts';
import type { ServiceChange } from '../../patterns/index.ts';
import { customerSchema, userContract } from './contract.ts';

type Customer = z.output<typeof customerSchema>;
type SignedIn = z.output<NonNullable<typeof userContract.operations.signIn.answer>>;

/** `Ada King Lovelace` → `AL`: the first letters of the first name and the last. */
export function initialsOf(name: string): string {
  const names = name.trim().split(/\s+/);
  const ends = names.length > 1 ? [names[0], names.at(-1)] : names;
  return ends.map((each) => [...(each ?? '')].slice(0, 1).join('').toUpperCase()).join('');
}

const withInitials = (customer: Customer) => ({ ...customer, initials: initialsOf(customer.name) });
const customerWithInitials = z.extend(customerSchema, { initials: z.string() });
const showsInitials = { answer: customerWithInitials, answered: withInitials };

const SLOW = { timesTheWork: 20 };

/** The versions after the first. */
export const userVersions: Readonly<Record<VersionLabel, ServiceChange>> = {
  v2: {
    service: 'user',
    version: '2.0.0',
    operations: {
      register: showsInitials,
      getProfile: showsInitials,
      changeProfile: showsInitials,
      getUser: showsInitials,
      signIn: {
        answer: z.object({ token: z.string(), expiresInS: z.int(), customer: customerWithInitials }),
        answered: (body: SignedIn) => ({ ...body, customer: withInitials(body.customer) }),
      },
    },
  },
  v3: {
    service: 'user',
    version: '3.0.0',
    operations: { register: SLOW, signIn: SLOW, getProfile: SLOW, changeProfile: SLOW },
  },
};
