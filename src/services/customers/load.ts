import type { BackgroundTask, Context } from '../../kernel/index.ts';
import { CARD_TOKENS } from '../payment-provider/contract.ts';
import { DEMO_CUSTOMERS } from '../user/contract.ts';
import { arrivalGap, LOAD_KINDS, type LoadKind, ratePerSecond } from './arrivals.ts';
import { chosenAddress, chosenLines, hotLines } from './choices.ts';
import {
  askStatus,
  browse,
  browseSignedIn,
  type Intent,
  intentScope,
  liveIntent,
  placeOrder,
} from './intents.ts';
import { anyRecentOrder } from './recent-orders.ts';

const POLL_MS = 200;
/** One of them all, who orders and browses like the others too. */
const FLOODER = DEMO_CUSTOMERS.at(-1) ?? '';

/** Customers of one kind, one after the other, each a process of their own. */
const arrivalsTask = (kind: LoadKind): BackgroundTask => ({
  name: `arrivals ${kind}`,
  run: async (context) => {
    for (let number = 1; ; number += 1) {
      await nextArrival(context, kind, number);
      arrive(context, kind, number);
    }
  },
});

async function nextArrival(context: Context, kind: LoadKind, number: number): Promise<void> {
  const uniform = context.random.uniform('arrival', kind, context.incarnation, number);
  let waited = 0;
  for (;;) {
    const { load } = context.settings;
    const rate = ratePerSecond(load, kind);
    const leftMs = rate > 0 ? ((arrivalGap(load, uniform) - waited) / rate) * 1000 : POLL_MS;
    if (rate > 0 && leftMs <= 0) return;
    const sleepMs = Math.min(POLL_MS, leftMs);
    await context.clock.sleep(sleepMs);
    if (rate > 0 && sleepMs === leftMs) return;
    waited += (rate * sleepMs) / 1000;
  }
}

function arrive(context: Context, kind: LoadKind, number: number): void {
  const intentId = `${kind}-${lifeOf(context)}${number}`;
  if (kind === 'flood') {
    // Of no kind that is counted: the figures are of the others, who come as often as without it.
    const flooding: Intent = { intentId, kind: 'other', customer: FLOODER };
    begin(context, flooding, async (own) => await browseSignedIn(own, flooding));
    return;
  }
  const customer = DEMO_CUSTOMERS[(number - 1) % DEMO_CUSTOMERS.length] ?? '';
  const intent: Intent = { intentId, kind, customer };
  switch (kind) {
    case 'order': {
      const wish = wishOf(context, intent);
      const ordering: Intent = { ...intent, lines: wish.lines };
      begin(context, ordering, async (own) => await placeOrder(own, ordering, wish));
      return;
    }
    case 'browse':
      begin(context, intent, async (own) => await browse(own, intent));
      return;
    case 'status': {
      const order = anyRecentOrder(context, context.random.uniform('customer-status', intent.intentId));
      if (order === null) return; // nobody has an order to ask for yet
      const asking: Intent = { ...intent, customer: order.customer };
      begin(context, asking, async (own) => await askStatus(own, asking, order));
    }
  }
}

/** Ids of a later life must not meet those of an earlier one: their idempotency keys would. */
export const lifeOf = ({ incarnation }: Context): string => (incarnation === 1 ? '' : `${incarnation}.`);

function begin(context: Context, intent: Intent, act: (own: Context) => ReturnType<typeof placeOrder>): void {
  context.fork(intentScope(context, intent), async (own) => {
    await liveIntent(own, intent, async () => await act(own));
  });
}

/** What a customer orders who is left to themselves. */
export const wishOf = ({ random, settings }: Context, { intentId, customer }: Intent) => ({
  lines: hotLines(random, settings.load, intentId) ?? chosenLines(random, intentId),
  address: chosenAddress(random, customer.replace(/@.*/, ''), intentId),
  cardToken: CARD_TOKENS.ok,
  idempotencyKey: intentId,
});

export const loadTasks: readonly BackgroundTask[] = LOAD_KINDS.map(arrivalsTask);
