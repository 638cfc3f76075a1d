import * as z from 'zod/mini';
import { type Context, defineLocal, Mutex, parseJsonBody } from '../../kernel/index.ts';
import { DEMO_PASSWORD } from '../user/contract.ts';
import { signedInSchema } from './expectations.ts';
import { sendToShop } from './shop-client.ts';

interface Session {
  token: string | null;
  /** The one that last worked; a demo account's until then. */
  password: string;
  readonly signingIn: Mutex;
}

const sessions = defineLocal('sessions', () => new Map<string, Session>());

function sessionOf(context: Context, email: string): Session {
  const all = context.local(sessions);
  const session = all.get(email) ?? { token: null, password: DEMO_PASSWORD, signingIn: new Mutex() };
  all.set(email, session);
  return session;
}

/** What a sign-in came to; `body` is the answer's, for whoever asked by hand. */
export interface SignIn {
  readonly token: string | null;
  readonly status: number | null;
  readonly body: unknown;
  readonly reason: string | null;
}

/** Asks for a token, and keeps it. `id` names the request. */
export async function signIn(context: Context, id: string, email: string, password: string): Promise<SignIn> {
  const outcome = await sendToShop(context, id, {
    method: 'POST',
    path: '/sessions',
    body: { email, password },
  });
  if (!outcome.ok)
    return { token: null, status: null, body: null, reason: `sign-in: ${outcome.error.detail}` };
  const { status } = outcome.value;
  const json = parseJsonBody(outcome.value.body);
  const body = json.ok ? json.value : null;
  const answer = z.safeParse(signedInSchema, body);
  const token = status === 201 && answer.success ? answer.data.token : null;
  if (token !== null) Object.assign(sessionOf(context, email), { token, password });
  return { token, status, body, reason: token === null ? `sign-in answered ${status}` : null };
}

/** The token of a customer: the one at hand, or a new one. Customers who come at once sign in once. */
export async function tokenOf(context: Context, id: string, email: string): Promise<SignIn> {
  const session = sessionOf(context, email);
  const atHand = (): SignIn | null =>
    session.token === null ? null : { token: session.token, status: 201, body: null, reason: null };
  const now = atHand();
  if (now !== null) return now;
  return await session.signingIn.run(
    context,
    async () => atHand() ?? (await signIn(context, id, email, session.password)),
  );
}

/** The token at hand, if any. */
export const tokenAtHand = (context: Context, email: string): string | null =>
  sessionOf(context, email).token;

/** The shop refused this token: the next request signs in again. */
export function forgetToken(context: Context, email: string, token: string): void {
  const session = sessionOf(context, email);
  if (session.token === token) session.token = null;
}
