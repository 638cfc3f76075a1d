import * as z from 'zod/mini';
import { defineContract, jwksOperation, operation } from '../../patterns/index.ts';

/** The accounts that every shop opens with: customers to try it with, and one administrator. */
export const DEMO_CUSTOMERS = [
  'ada',
  'ben',
  'chloe',
  'dmitri',
  'emma',
  'farid',
  'grace',
  'hugo',
  'ines',
  'jonas',
  'kira',
  'leo',
].map((name) => `${name}@example.com`);
export const DEMO_ADMIN = 'admin@example.com';
/** Of all demo accounts. */
export const DEMO_PASSWORD = 'demo-password-1';

export const customerSchema = z.object({
  customerId: z.string(),
  email: z.string(),
  name: z.string(),
  phone: z.nullable(z.string()),
  roles: z.array(z.enum(['customer', 'admin'])),
});

const emailSchema = z.email().check(z.maxLength(254));
const nameSchema = z.string().check(z.minLength(1), z.maxLength(100), z.regex(/\S/));
const phoneSchema = z.nullable(z.string().check(z.regex(/^\+?[0-9 ]{5,20}$/)));

export const userContract = defineContract({
  service: 'user',
  title: 'User service',
  version: '1.0.0',
  operations: {
    register: operation('user', {
      id: 'register',
      method: 'POST',
      path: '/users',
      summary: 'Opens an account.',
      access: { kind: 'public' },
      body: z.strictObject({
        email: emailSchema,
        password: z.string().check(z.minLength(10), z.maxLength(128)),
        name: nameSchema,
      }),
      answers: { 201: { description: 'Opened.', body: customerSchema } },
    }),
    signIn: operation('user', {
      id: 'signIn',
      method: 'POST',
      path: '/sessions',
      summary: 'Signs in: a token for the requests that follow.',
      access: { kind: 'public' },
      body: z.strictObject({
        email: z.string().check(z.minLength(1), z.maxLength(254)),
        password: z.string().check(z.minLength(1), z.maxLength(128)),
      }),
      answers: {
        201: {
          description: 'Signed in.',
          body: z.object({ token: z.string(), expiresInS: z.int(), customer: customerSchema }),
        },
      },
      // A second token does no harm.
      repeatable: true,
    }),
    getProfile: operation('user', {
      id: 'getProfile',
      method: 'GET',
      path: '/users/me',
      summary: 'My own account.',
      access: { kind: 'customer' },
      answers: { 200: { description: 'It.', body: customerSchema } },
    }),
    changeProfile: operation('user', {
      id: 'changeProfile',
      method: 'PATCH',
      path: '/users/me',
      summary: 'Changes my name or telephone number; what is not named stays.',
      access: { kind: 'customer' },
      body: z
        .strictObject({ name: z.optional(nameSchema), phone: z.optional(phoneSchema) })
        .check(
          z.refine((change) => Object.keys(change).length > 0, 'must name at least one field to change'),
        ),
      answers: { 200: { description: 'As it is now.', body: customerSchema } },
      repeatable: true,
    }),
    getUser: operation('user', {
      id: 'getUser',
      method: 'GET',
      path: '/users/{userId}',
      summary: "Somebody's account.",
      access: { kind: 'admin' },
      params: z.strictObject({ userId: z.string().check(z.regex(/^cus_[0-9a-z_]{1,40}$/)) }),
      answers: { 200: { description: 'It.', body: customerSchema } },
    }),
    getKeySet: jwksOperation,
    rotateKey: operation('user', {
      id: 'rotateKey',
      method: 'POST',
      path: '/signing-keys',
      summary: 'Signs new tokens with a new key. The old one is published until its last token has expired.',
      access: { kind: 'admin' },
      answers: {
        201: {
          description: 'The new key is in use.',
          body: z.object({ kid: z.string(), retired: z.nullable(z.string()) }),
        },
      },
    }),
  },
});
