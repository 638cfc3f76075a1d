import * as z from 'zod/mini';
import { type Context, defineLocal, type HttpOutcome, type Json, parseJsonBody } from '../../kernel/index.ts';
import { validate } from '../../patterns/index.ts';
import { DEMO_ADMIN, DEMO_CUSTOMERS } from '../user/contract.ts';
import { type Intent, intentScope, judge, liveIntent, placeOrder } from './intents.ts';
import { lifeOf, wishOf } from './load.ts';
import { forgetToken, signIn, tokenOf } from './sessions.ts';
import { sendToShop } from './shop-client.ts';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** What the run may ask of the customers; whoever sends it has checked it already. */
const commandSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('order.place'),
    customer: z.optional(z.string()),
    lines: z.optional(z.array(z.object({ sku: z.string(), quantity: z.number() }))),
    cardToken: z.optional(z.string()),
    address: z.optional(z.unknown()),
    idempotencyKey: z.optional(z.string()),
  }),
  z.object({ type: z.literal('customer.sign-in'), email: z.string(), password: z.string() }),
  z.object({
    type: z.literal('request.send'),
    method: z.enum(methods),
    path: z.string(),
    headers: z.optional(z.record(z.string(), z.string())),
    body: z.optional(z.unknown()),
    as: z.optional(z.enum(['customer', 'admin', 'anonymous'])),
  }),
]);

type CommandOf<Type> = Extract<z.output<typeof commandSchema>, { readonly type: Type }>;

/** Who acts by hand: a demo customer until somebody signs in. */
const byHand = defineLocal('by-hand', () => ({ email: DEMO_CUSTOMERS[0] ?? '', commands: 0 }));

/** Does what a person at the page asks a customer to do, and gives what came of it. */
export async function control(command: Json, context: Context): Promise<Json> {
  const parsed = validate(commandSchema, command, 'body');
  if (!parsed.ok) {
    throw new Error(
      `Not a command: ${parsed.error.map(({ field, message }) => `${field} ${message}`).join('; ')}`,
    );
  }
  const local = context.local(byHand);
  local.commands += 1;
  const id = `${lifeOf(context)}${local.commands}`;
  switch (parsed.value.type) {
    case 'order.place':
      return await placeByHand(context, parsed.value, id);
    case 'customer.sign-in':
      return await signInByHand(context, parsed.value, id);
    case 'request.send':
      return await sendByHand(context, parsed.value, id);
  }
}

async function placeByHand(context: Context, command: CommandOf<'order.place'>, id: string): Promise<Json> {
  const about = {
    intentId: `hand-order-${id}`,
    kind: 'order',
    customer: command.customer ?? context.local(byHand).email,
  } as const;
  const wish = wishOf(context, about);
  const lines = command.lines ?? wish.lines;
  const intent: Intent = { ...about, lines };
  return await context.scope(intentScope(context, intent), async (own) => {
    const answer = await liveIntent(
      own,
      intent,
      async () =>
        await placeOrder(own, intent, {
          lines,
          address: command.address ?? wish.address,
          cardToken: command.cardToken ?? wish.cardToken,
          idempotencyKey: command.idempotencyKey ?? wish.idempotencyKey,
        }),
    );
    const { status, orderId, problem, reason } = answer;
    return { intentId: intent.intentId, status, orderId, problem: problem as Json, reason };
  });
}

async function signInByHand(
  context: Context,
  { email, password }: CommandOf<'customer.sign-in'>,
  id: string,
): Promise<Json> {
  const intent: Intent = { intentId: `hand-sign-in-${id}`, kind: 'other', customer: email };
  return await context.scope(intentScope(context, intent), async (own) => {
    let body: unknown = null;
    const { status, reason } = await liveIntent(own, intent, async () => {
      const result = await signIn(own, `${intent.intentId}/1`, email, password);
      body = result.body;
      if (result.token !== null) own.local(byHand).email = email;
      return {
        status: result.status,
        orderId: null,
        problem: result.token === null ? result.body : null,
        outcome:
          result.token !== null
            ? 'ok'
            : result.status === null || result.status >= 500
              ? 'failed'
              : 'rejected',
        reason: result.reason,
      };
    });
    return { status, body: body as Json, reason };
  });
}

async function sendByHand(context: Context, command: CommandOf<'request.send'>, id: string): Promise<Json> {
  const { email } = context.local(byHand);
  const as = command.as ?? 'anonymous';
  const who = as === 'admin' ? DEMO_ADMIN : email;
  const intent: Intent = {
    intentId: `hand-request-${id}`,
    kind: 'other',
    customer: as === 'anonymous' ? '' : who,
  };
  return await context.scope(intentScope(context, intent), async (own) => {
    let reply: Json = { status: null, headers: {}, body: null };
    await liveIntent(own, intent, async () => {
      const send = async (round: number, token: string | null): Promise<HttpOutcome> =>
        await sendToShop(own, `${intent.intentId}/${round}`, {
          method: command.method,
          path: command.path,
          token,
          ...(command.headers === undefined ? {} : { headers: lowercased(command.headers) }),
          ...(command.body === undefined ? {} : { body: command.body }),
        });
      const signedIn = async (round: number): Promise<string | null> =>
        as === 'anonymous' ? null : (await tokenOf(own, `${intent.intentId}/sign-in-${round}`, who)).token;
      const token = await signedIn(1);
      let outcome = await send(1, token);
      if (token !== null && outcome.ok && outcome.value.status === 401) {
        forgetToken(own, who, token);
        outcome = await send(2, await signedIn(2));
      }
      if (outcome.ok) {
        const { status, headers, body } = outcome.value;
        const json = parseJsonBody(body);
        reply = { status, headers, body: json.ok ? (json.value as Json) : body };
      } else {
        reply = {
          status: null,
          headers: {},
          body: null,
          error: `${outcome.error.kind}: ${outcome.error.detail}`,
        };
      }
      return judge(outcome);
    });
    return reply;
  });
}

const lowercased = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
