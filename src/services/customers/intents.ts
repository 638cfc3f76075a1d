import * as z from 'zod/mini';
import {
  type Context,
  type HttpOutcome,
  type IntentKind,
  parseJsonBody,
  plusMs,
  type ScopeOptions,
  spanIdFor,
  traceIdFor,
} from '../../kernel/index.ts';
import { chosenCategory, chosenSku } from './choices.ts';
import { placedSchema } from './expectations.ts';
import { type KnownOrder, rememberOrder } from './recent-orders.ts';
import { forgetToken, tokenAtHand, tokenOf } from './sessions.ts';
import { type ShopRequest, sendToShop } from './shop-client.ts';

// One intent is one action of a customer: it begins once, is answered once, and its requests belong to it.

export interface Intent {
  readonly intentId: string;
  readonly kind: IntentKind;
  /** E-mail. */
  readonly customer: string;
  /** What an order is to hold. */
  readonly lines?: OrderWish['lines'];
}

/** How an intent was answered. For an order: answered is not ended. */
export interface IntentAnswer {
  readonly status: number | null;
  readonly orderId: string | null;
  /** The problem document, or what came in its place. */
  readonly problem: unknown;
  readonly outcome: 'ok' | 'rejected' | 'failed';
  readonly reason: string | null;
}

/** A trace of its own for an intent, the same in every replay, and the deadline of its kind. */
export function intentScope(context: Context, { intentId, kind }: Intent): ScopeOptions {
  const { readMs, orderMs } = context.settings.deadlines;
  const name = `${context.random.seed}/${context.incarnation}/${intentId}`;
  return {
    name: `intent ${intentId}`,
    span: { traceId: traceIdFor(name), spanId: spanIdFor(name) },
    deadlineUs: plusMs(context.clock.now(), kind === 'order' ? orderMs : readMs),
  };
}

/** Runs an intent between its two events. */
export async function liveIntent(
  context: Context,
  intent: Intent,
  body: () => Promise<IntentAnswer>,
): Promise<IntentAnswer> {
  context.log.emit({ type: 'intent.started', ...intent });
  const answer = await body();
  const { outcome, status, orderId, reason } = answer;
  context.log.emit({
    type: 'intent.answered',
    intentId: intent.intentId,
    kind: intent.kind,
    outcome,
    status,
    orderId,
    reason,
  });
  return answer;
}

const problemSchema = z.looseObject({ title: z.string(), detail: z.optional(z.string()) });

/** What an HTTP outcome is to a customer: 2xx ok, 4xx a "no", anything else a failure. */
export function judge(outcome: HttpOutcome): IntentAnswer {
  if (!outcome.ok) {
    const reason = `${outcome.error.kind}: ${outcome.error.detail}`;
    return { status: null, orderId: null, problem: null, outcome: 'failed', reason };
  }
  const { status } = outcome.value;
  const json = parseJsonBody(outcome.value.body);
  if (status < 400) {
    const isRead = json.ok || outcome.value.body === null;
    return {
      status,
      orderId: null,
      problem: null,
      outcome: isRead ? 'ok' : 'failed',
      reason: isRead ? null : 'the answer cannot be read',
    };
  }
  const problem = z.safeParse(problemSchema, json.ok ? json.value : null);
  const reason = problem.success ? (problem.data.detail ?? problem.data.title) : `HTTP ${status}`;
  return {
    status,
    orderId: null,
    problem: problem.success ? problem.data : null,
    outcome: status < 500 ? 'rejected' : 'failed',
    reason,
  };
}

/** Sends with the customer's token; a token that is refused is renewed once. */
async function sendSignedIn(
  context: Context,
  intentId: string,
  email: string,
  request: ShopRequest,
): Promise<HttpOutcome | IntentAnswer> {
  for (let round = 1; ; round += 1) {
    const session = await tokenOf(context, `${intentId}/sign-in-${round}`, email);
    if (session.token === null) {
      const isNo = session.status !== null && session.status < 500;
      return {
        status: session.status,
        orderId: null,
        problem: session.body,
        outcome: isNo ? 'rejected' : 'failed',
        reason: session.reason,
      };
    }
    const outcome = await sendToShop(context, `${intentId}/${round}`, { ...request, token: session.token });
    if (!outcome.ok || outcome.value.status !== 401 || round > 1) return outcome;
    forgetToken(context, email, session.token);
  }
}

const isAnswer = (result: HttpOutcome | IntentAnswer): result is IntentAnswer => 'outcome' in result;

export interface OrderWish {
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
  readonly address: unknown;
  readonly cardToken: string;
  readonly idempotencyKey: string;
}

/** `POST /orders`, signed in. */
export async function placeOrder(context: Context, intent: Intent, wish: OrderWish): Promise<IntentAnswer> {
  const { idempotencyKey, ...body } = wish;
  const result = await sendSignedIn(context, intent.intentId, intent.customer, {
    method: 'POST',
    path: '/orders',
    headers: { 'idempotency-key': idempotencyKey },
    body,
  });
  if (isAnswer(result)) return result;
  const answer = judge(result);
  if (answer.outcome !== 'ok' || !result.ok) return answer;
  const json = parseJsonBody(result.value.body);
  const placed = z.safeParse(placedSchema, json.ok ? json.value : null);
  if (!placed.success) return { ...answer, outcome: 'failed', reason: 'the answer names no order' };
  const { orderId } = placed.data;
  rememberOrder(context, { orderId, customer: intent.customer });
  return { ...answer, orderId };
}

/** A look at the catalogue: half of them at a list, half at one good. */
export async function browse(context: Context, intent: Intent): Promise<IntentAnswer> {
  const { intentId, customer } = intent;
  const { random } = context;
  const path =
    random.uniform('customer-browse', intentId) < 0.5
      ? `/products?category=${chosenCategory(random, intentId)}&limit=6`
      : `/products/${chosenSku(random, intentId)}`;
  const token = tokenAtHand(context, customer);
  return judge(await sendToShop(context, `${intentId}/1`, { method: 'GET', path, token }));
}

/** A look at one good, by somebody whose rate limit is their own. */
export async function browseSignedIn(
  context: Context,
  { intentId, customer }: Intent,
): Promise<IntentAnswer> {
  const path = `/products/${chosenSku(context.random, intentId)}`;
  const result = await sendSignedIn(context, intentId, customer, { method: 'GET', path });
  return isAnswer(result) ? result : judge(result);
}

/** "Where is my order?" */
export async function askStatus(
  context: Context,
  intent: Intent,
  { orderId }: KnownOrder,
): Promise<IntentAnswer> {
  const result = await sendSignedIn(context, intent.intentId, intent.customer, {
    method: 'GET',
    path: `/orders/${orderId}`,
  });
  return { ...(isAnswer(result) ? result : judge(result)), orderId };
}
