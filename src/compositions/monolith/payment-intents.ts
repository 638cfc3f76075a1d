import {
  type AnyTable,
  type BackgroundTask,
  type Context,
  defineLocal,
  defineTable,
  type EventId,
  elapsedMs,
  plusMs,
  type RunTimeUs,
  type SpanContext,
  type Transaction,
} from '../../kernel/index.ts';
import { leaseHolder, mayTake, WakeUp } from '../../patterns/index.ts';
import type { OrderRow } from '../../services/order/tables.ts';

// What the monolith remembers of an order while money is under way: the one thing that its transactions
// cannot hold, since the provider is outside. Whoever holds an intent's lease brings its order to its end;
// after a crash the next life of that instance takes it up at once, another instance when the lease has run out.

/**
 * - `authorising`: the money is to be set aside, then the order stored.
 * - `capturing`: order, stock and shipment are stored; the money is to be taken, then all of it confirmed.
 * - `voiding`: it is turned back; what may be set aside is to be given back, then all of it undone.
 * - `completed`, `undone`: it has ended.
 */
export type IntentState = 'authorising' | 'capturing' | 'voiding' | 'completed' | 'undone';

/** `business`: a definite "no"; `gave-up`: not done in time. */
export type IntentFailure = 'business' | 'gave-up' | 'cancelled';

export interface PaymentIntentRow {
  readonly orderId: string;
  readonly paymentId: string;
  readonly customerId: string;
  readonly cardToken: string;
  readonly amountMinor: number;
  readonly weightG: number;
  readonly state: IntentState;
  /** The order as it will be stored, for its customer to see; null: it is stored. */
  readonly order: OrderRow | null;
  /** That order's; absent with it. */
  readonly customerPlaced?: string;
  readonly cancelRequested: string | null;
  /** How often the provider was asked in vain in this state. */
  readonly failures: number;
  /** False only while no call can have set money aside. */
  readonly mayBeSetAside: boolean;
  /** Why it is turned back. */
  readonly failure: IntentFailure | null;
  readonly reason: string | null;
  /** Of all that is done for the order. */
  readonly span: SpanContext;
  /** The last event that was written of it: what is done next is done because of that one, in whichever life. */
  readonly cause: EventId;
  readonly startedUs: RunTimeUs;
  readonly giveUpAtUs: RunTimeUs;
  readonly endedUs: RunTimeUs | null;
  /** When somebody has to look at it: its next attempt, or the end of the lease. Absent: never again. */
  readonly dueUs?: RunTimeUs;
  readonly leaseHolder: string | null;
  readonly fence: number;
  readonly leaseUntilUs: RunTimeUs;
}

export const paymentIntentsTable = defineTable<PaymentIntentRow>('payment-intents', 'orderId', {
  due: 'dueUs',
  customer: 'customerPlaced',
  state: 'state',
});

const wakeUp = defineLocal('payment intents', () => new WakeUp());

/** After a commit that recorded an intent or changed when it is due: this instance looks at once. */
export const wakeIntents = (context: Context): void => context.local(wakeUp).ring();

/** What follows of a transaction for an intent. */
export interface IntentChange {
  readonly row: PaymentIntentRow;
  /** For the log. */
  readonly note: string;
  /** Nobody holds it until then. */
  readonly againAtUs?: RunTimeUs;
}

type Unleased = Omit<PaymentIntentRow, 'cause' | 'dueUs' | 'leaseHolder' | 'fence' | 'leaseUntilUs'>;

/** Stores a new intent, due at once; one that has ended already is only kept. */
export async function recordIntent(tx: Transaction, intent: Unleased, note: string): Promise<void> {
  const nowUs = tx.now();
  const cause = say(tx, intent, note);
  const due = intent.endedUs === null ? { dueUs: nowUs } : {};
  const row = { ...intent, cause, leaseHolder: null, fence: 0, leaseUntilUs: nowUs, ...due };
  await tx.put(paymentIntentsTable, row);
}

const say = (tx: Transaction, { orderId, state }: Unleased, note: string): EventId =>
  tx.emit({
    type: 'service.logged',
    level: 'info',
    message: `${orderId}: ${note}`,
    data: { orderId, state },
  });

/** Somebody else works on it, or it has been let go: what was about to be written is void. */
class LostIntent extends Error {
  override readonly name = 'LostIntent';
  readonly takenBy: string | null;
  constructor(orderId: string, takenBy: string | null) {
    super(`the payment intent of ${orderId} is not held any more`);
    this.takenBy = takenBy;
  }
}

async function held(tx: Transaction, context: Context, mine: PaymentIntentRow): Promise<PaymentIntentRow> {
  const row = await tx.get(paymentIntentsTable, mine.orderId);
  if (row?.fence === mine.fence && row.leaseHolder === leaseHolder(context)) return row;
  throw new LostIntent(mine.orderId, row?.leaseHolder ?? null);
}

/** One transaction over an intent and what belongs to its order, by the holder only; it prolongs the lease. */
export async function writeIntent(
  context: Context,
  mine: PaymentIntentRow,
  operation: string,
  tables: readonly AnyTable[],
  body: (tx: Transaction, row: PaymentIntentRow) => Promise<IntentChange>,
): Promise<PaymentIntentRow> {
  return await context.store.transact(
    operation,
    [paymentIntentsTable, ...tables],
    'readwrite',
    async (tx): Promise<PaymentIntentRow> => {
      const { row, note, againAtUs } = await body(tx, await held(tx, context, mine));
      const { dueUs: _, ...rest } = { ...row, cause: say(tx, row, note) };
      const untilUs = plusMs(tx.now(), context.settings.saga.leaseMs);
      const next: PaymentIntentRow =
        rest.endedUs !== null
          ? { ...rest, leaseHolder: null }
          : againAtUs !== undefined
            ? { ...rest, leaseHolder: null, dueUs: againAtUs }
            : { ...rest, leaseUntilUs: untilUs, dueUs: untilUs };
      await tx.put(paymentIntentsTable, next);
      return next;
    },
  );
}

const CLAIM_AT_ONCE = 32;

/** Claims the intents that are due and lets `work` bring each on, many at a time, until it ends or sleeps. */
export const intentsTask = (
  work: (context: Context, intent: PaymentIntentRow) => Promise<void>,
): BackgroundTask => ({
  name: 'orders',
  whenDraining: 'ends',
  leave: async (context) => wakeIntents(context),
  run: async (context) => {
    const rung = context.local(wakeUp);
    // What an earlier life of this instance held need not wait for the end of its lease.
    let intents = await claim(context, 'orders recover');
    while (!context.draining) {
      for (const intent of intents) runDetached(context, intent, work);
      rung.reset();
      const nextUs = await nextDue(context);
      const { leaseMs } = context.settings.saga;
      const waitMs = nextUs === null ? leaseMs : elapsedMs(context.clock.now(), nextUs);
      if (waitMs > 0) await rung.wait(context, Math.min(waitMs, leaseMs));
      intents = waitMs > 0 ? [] : await claim(context, 'orders claim');
    }
  },
});

/** Between two of its steps, because the instance drains: another may go on at once. */
export async function releaseIntent(context: Context, mine: PaymentIntentRow): Promise<void> {
  await context.store.transact('orders released', [paymentIntentsTable], 'readwrite', async (tx) => {
    const row = await held(tx, context, mine);
    await tx.put(paymentIntentsTable, { ...row, leaseHolder: null, dueUs: tx.now() });
  });
}

async function nextDue(context: Context): Promise<RunTimeUs | null> {
  const [first] = await context.store.transact('orders look', [paymentIntentsTable], 'readonly', async (tx) =>
    tx.list(paymentIntentsTable, { index: 'due', limit: 1 }),
  );
  return first?.dueUs ?? null;
}

async function claim(
  context: Context,
  operation: 'orders recover' | 'orders claim',
): Promise<readonly PaymentIntentRow[]> {
  const holder = leaseHolder(context);
  return await context.store.transact(operation, [paymentIntentsTable], 'readwrite', async (tx) => {
    const nowUs = tx.now();
    const which =
      operation === 'orders recover' ? { index: 'due' } : { index: 'due', to: nowUs, limit: CLAIM_AT_ONCE };
    const claimed: PaymentIntentRow[] = [];
    for (const row of await tx.list(paymentIntentsTable, which)) {
      const abandoned = row.leaseHolder !== null;
      if (abandoned && !mayTake(row.leaseHolder, row.leaseUntilUs, holder, nowUs)) continue;
      if (!abandoned && (row.dueUs === undefined || row.dueUs > nowUs)) continue;
      const untilUs = plusMs(nowUs, context.settings.saga.leaseMs);
      const mine: PaymentIntentRow = {
        ...row,
        // What its holder had asked of the provider when it was lost is unknown.
        ...(abandoned ? { mayBeSetAside: true, cause: say(tx, row, 'taken up again') } : {}),
        leaseHolder: holder,
        fence: row.fence + 1,
        leaseUntilUs: untilUs,
        dueUs: untilUs,
      };
      await tx.put(paymentIntentsTable, mine);
      claimed.push(mine);
    }
    return claimed;
  });
}

function runDetached(
  context: Context,
  intent: PaymentIntentRow,
  work: (context: Context, intent: PaymentIntentRow) => Promise<void>,
): void {
  const { orderId, span, cause } = intent;
  context.fork({ name: `order ${orderId}`, span, cause, deadlineUs: null }, async (own) => {
    try {
      await own.race([async (at) => await work(at, intent), async (at) => await keepLease(at, intent)]);
    } catch (error) {
      if (!(error instanceof LostIntent)) throw error;
      if (error.takenBy !== null) own.log.warn(`${error.message}: ${error.takenBy} has taken it over`);
    } finally {
      // It sleeps now, perhaps for less long than the task was going to.
      wakeIntents(own);
    }
  });
}

/** Prolongs the lease while a call takes long. */
async function keepLease(context: Context, intent: PaymentIntentRow): Promise<void> {
  for (;;) {
    const { leaseMs } = context.settings.saga;
    await context.clock.sleep(leaseMs / 3);
    await context.store.transact('orders lease renewed', [paymentIntentsTable], 'readwrite', async (tx) => {
      const row = await held(tx, context, intent);
      const nowUs = tx.now();
      if (elapsedMs(nowUs, row.leaseUntilUs) > leaseMs / 2) return;
      const untilUs = plusMs(nowUs, leaseMs);
      await tx.put(paymentIntentsTable, { ...row, leaseUntilUs: untilUs, dueUs: untilUs });
    });
  }
}
