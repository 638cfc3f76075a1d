import type { IntentKind, Json, RunEvent } from '../kernel/index.ts';
import { ChunkedList } from './chunked-list.ts';
import { ChunkedMap } from './chunked-map.ts';
import type { Projection } from './projection.ts';

/**
 * How an intent ended. `good`: what the customer asked for was done. `declined`: the business said no (card, stock,
 * address). `failed`: a technical failure, an undone order among them. `cancelled`: the customer took it back.
 */
export type IntentEnd = 'good' | 'declined' | 'failed' | 'cancelled';

/** One action of a customer; its retries belong to it. */
export interface IntentView {
  readonly intentId: string;
  readonly kind: IntentKind;
  readonly customer: string;
  readonly startedUs: number;
  readonly answeredUs: number | null;
  /** The status that the customer was answered with. */
  readonly httpStatus: number | null;
  readonly endedUs: number | null;
  readonly end: IntentEnd | null;
  readonly reason: string | null;
  readonly orderId: string | null;
  /** The order's own status, of its row. */
  readonly orderStatus: string | null;
  readonly traceIds: readonly string[];
}

export interface Orders {
  /** Every order known, with the intent that placed it (its `intentId` is empty when that is not known). Oldest first. */
  readonly byOrder: ChunkedMap<string, IntentView>;
  /** By intent: what customers did that no order is known of. */
  readonly others: ChunkedMap<string, IntentView>;
  readonly orderOfIntent: ChunkedMap<string, string>;
  /** Whose customer's trace an order was stored in: known even if the answer was lost. */
  readonly intentOfTrace: ChunkedMap<string, string>;
  /** Intents as they were when they ended; the figures' window reads these. */
  readonly endings: ChunkedList<IntentView>;
  /** Orders that a business "no" ended, by order. */
  readonly businessFailures: ChunkedMap<string, string>;
  readonly reasons: ChunkedMap<string, string>;
}

const ORDER_END: Readonly<Record<string, true>> = { CONFIRMED: true, REJECTED: true, CANCELLED: true };
const KEPT = 2000;
/** Twice the figures' window: the page's clock may be a little behind the log. */
const ENDINGS_KEPT_US = 20_000_000;

const fieldOf = (row: Json, name: string): string | null => {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return null;
  const value = (row as { readonly [key: string]: Json })[name];
  return typeof value === 'string' ? value : null;
};

/** Why the order has its present status: of its history's last entry. */
function reasonOf(row: Json): string | null {
  const { history } = row as { readonly history?: Json };
  const last = Array.isArray(history) ? ((history as readonly Json[]).at(-1) ?? null) : null;
  return fieldOf(row, 'reason') ?? fieldOf(last, 'reason');
}

/** The intent as it is now; undefined: never heard of, or forgotten. */
export function intentOf(state: Orders, intentId: string): IntentView | undefined {
  const other = state.others.get(intentId);
  if (other !== undefined) return other;
  const orderId = state.orderOfIntent.get(intentId);
  return orderId === undefined ? undefined : state.byOrder.get(orderId);
}

/** Every intent, and every order that no intent is known of. */
export const allIntents = (state: Orders): IntentView[] => [
  ...state.others.values(),
  ...state.byOrder.values(),
];

/** Keeps the intent in its one place. */
function put(state: Orders, intent: IntentView): IntentView {
  if (intent.orderId === null) state.others.set(intent.intentId, intent);
  else state.byOrder.set(intent.orderId, intent);
  return intent;
}

/** An intent turns out to have placed this order. */
function place(state: Orders, intent: IntentView, orderId: string, kept: number): IntentView {
  if (intent.orderId === null) state.others.delete(intent.intentId);
  else if (intent.orderId !== orderId) state.byOrder.delete(intent.orderId);
  if (intent.intentId !== '') {
    state.orderOfIntent.set(intent.intentId, orderId);
    state.orderOfIntent.keepNewest(kept);
  }
  const placed = put(state, { ...intent, orderId });
  state.byOrder.keepNewest(kept, (gone) => {
    state.businessFailures.deleteOld(gone.orderId ?? '');
    state.reasons.deleteOld(gone.orderId ?? '');
  });
  return placed;
}

function end(state: Orders, intent: IntentView, how: IntentEnd, timeUs: number): void {
  if (intent.end !== null) return;
  state.endings.push(put(state, { ...intent, end: how, endedUs: timeUs }));
  state.endings.dropOld(({ endedUs }) => (endedUs ?? 0) < timeUs - ENDINGS_KEPT_US);
}

const withTrace = (intent: IntentView, traceId: string | null): IntentView =>
  traceId === null || intent.traceIds.includes(traceId)
    ? intent
    : { ...intent, traceIds: [...intent.traceIds, traceId] };

function endOrder(state: Orders, intent: IntentView, orderId: string, timeUs: number): void {
  switch (intent.orderStatus) {
    case 'CONFIRMED':
      end(state, intent, 'good', timeUs);
      break;
    case 'CANCELLED':
      end(state, intent, 'cancelled', timeUs);
      break;
    case 'REJECTED': {
      const business = state.businessFailures.get(orderId);
      const reason = business ?? state.reasons.get(orderId) ?? intent.reason;
      const rejected = put(state, { ...intent, reason });
      end(state, rejected, business === undefined ? 'failed' : 'declined', timeUs);
      break;
    }
    default:
  }
}

/** Takes back an ending: the customer heard of a failure, but the order was stored and goes on. */
function reopened(state: Orders, intent: IntentView): IntentView {
  state.endings.replaceNewest(({ intentId }) => intentId === intent.intentId, null);
  return { ...intent, end: null, endedUs: null, reason: null };
}

/** An order seen in a row or a saga, perhaps before its customer heard of it. */
function orderOf(state: Orders, orderId: string, { timeUs, traceId }: RunEvent, kept: number): IntentView {
  const known = state.byOrder.get(orderId);
  if (known !== undefined) return known;
  const intentId = traceId === null ? undefined : state.intentOfTrace.get(traceId);
  const intent = intentId === undefined ? undefined : state.others.get(intentId);
  if (intent !== undefined)
    return place(state, intent.end === 'failed' ? reopened(state, intent) : intent, orderId, kept);
  return place(
    state,
    {
      intentId: '',
      kind: 'order',
      customer: '',
      startedUs: timeUs,
      answeredUs: null,
      httpStatus: null,
      endedUs: null,
      end: null,
      reason: null,
      orderId,
      orderStatus: null,
      traceIds: [],
    },
    orderId,
    kept,
  );
}

/** The customer hears of the order that was placed: its row may have been committed, and even ended, before. */
function answered(state: Orders, intent: IntentView, orderId: string, kept: number): void {
  const known = state.byOrder.get(orderId);
  if (known === undefined || known.intentId === intent.intentId) {
    place(state, intent, orderId, kept);
    return;
  }
  const heard = known.traceIds.reduce(withTrace, { ...intent, orderStatus: known.orderStatus });
  if (known.end === null) {
    place(state, heard, orderId, kept);
    return;
  }
  const { end: how, endedUs, reason } = known;
  const ended = place(state, { ...heard, end: how, endedUs, reason }, orderId, kept);
  state.endings.replaceNewest((ending) => ending.orderId === orderId, ended);
}

/**
 * Intents and the orders that came of them. An order ends when its row says so, not when it is answered, and
 * whatever its customer was told. `kept`: the oldest intents and orders beyond so many are forgotten.
 */
export const createOrders = (kept: number): Projection<Orders> => ({
  initial: () => ({
    byOrder: new ChunkedMap(),
    others: new ChunkedMap(),
    orderOfIntent: new ChunkedMap(),
    intentOfTrace: new ChunkedMap(),
    endings: new ChunkedList(),
    businessFailures: new ChunkedMap(),
    reasons: new ChunkedMap(),
  }),
  apply(state, event) {
    switch (event.type) {
      case 'intent.started': {
        state.others.set(event.intentId, {
          intentId: event.intentId,
          kind: event.kind,
          customer: event.customer,
          startedUs: event.timeUs,
          answeredUs: null,
          httpStatus: null,
          endedUs: null,
          end: null,
          reason: null,
          orderId: null,
          orderStatus: null,
          traceIds: event.traceId === null ? [] : [event.traceId],
        });
        state.others.keepNewest(kept);
        if (event.kind !== 'order' || event.traceId === null) break;
        state.intentOfTrace.set(event.traceId, event.intentId);
        state.intentOfTrace.keepNewest(kept);
        break;
      }
      case 'intent.answered': {
        const known = intentOf(state, event.intentId);
        if (known === undefined) break;
        // Stored: it ends as an order does, though its customer may be told otherwise.
        const goesOn = event.outcome !== 'ok' && known.kind === 'order' && known.orderId !== null;
        const intent: IntentView = {
          ...withTrace(known, event.traceId),
          answeredUs: event.timeUs,
          httpStatus: event.status,
          reason: goesOn ? known.reason : (event.reason ?? known.reason),
        };
        put(state, intent);
        if (goesOn) break;
        if (event.orderId !== null && event.outcome === 'ok' && event.kind === 'order')
          answered(state, intent, event.orderId, kept);
        else if (event.outcome === 'ok') end(state, intent, 'good', event.timeUs);
        // 429 turns a customer away though nothing is wrong with the request.
        else if (event.outcome === 'rejected' && event.status !== 429)
          end(state, intent, 'declined', event.timeUs);
        else end(state, intent, 'failed', event.timeUs);
        break;
      }
      case 'store.committed': {
        if (event.service !== 'order' && event.service !== 'monolith') break;
        for (const { table, key, after } of event.rows) {
          // The monolith's own note of why an order is turned back.
          if (table === 'payment-intents' && fieldOf(after, 'failure') === 'business')
            state.businessFailures.set(key, fieldOf(after, 'reason') ?? '');
        }
        for (const change of event.rows) {
          if (change.table !== 'orders' || change.after === null) continue;
          const status = fieldOf(change.after, 'status');
          if (status === null) continue;
          const orderId = fieldOf(change.after, 'orderId') ?? fieldOf(change.after, 'id') ?? change.key;
          const known = orderOf(state, orderId, event, kept);
          const intent = put(state, { ...withTrace(known, event.traceId), orderStatus: status });
          const reason = reasonOf(change.after);
          if (reason !== null) state.reasons.set(orderId, reason);
          if (ORDER_END[status]) endOrder(state, intent, orderId, event.timeUs);
        }
        break;
      }
      case 'saga.started':
      case 'saga.step.started': {
        const known = orderOf(state, event.orderId, event, kept);
        const intent = withTrace(known, event.traceId);
        if (intent !== known) put(state, intent);
        break;
      }
      case 'saga.step.failed':
        if (event.lane === 'forward') {
          if (event.kind === 'business') state.businessFailures.set(event.orderId, event.reason);
          else state.reasons.set(event.orderId, event.reason);
        }
        break;
      default:
    }
    return state;
  },
  fork: (state) => ({
    byOrder: state.byOrder.fork(),
    others: state.others.fork(),
    orderOfIntent: state.orderOfIntent.fork(),
    intentOfTrace: state.intentOfTrace.fork(),
    endings: state.endings.fork(),
    businessFailures: state.businessFailures.fork(),
    reasons: state.reasons.fork(),
  }),
});

export const orders: Projection<Orders> = createOrders(KEPT);

/** Newest first: orders, and (with `all`) what else customers did. */
export function listIntents(state: Orders, limit: number, all = false): IntentView[] {
  // Orders that were never stored (turned away, timed out) have no id, and matter most.
  const list = allIntents(state).filter(({ kind, orderId }) => all || kind === 'order' || orderId !== null);
  return list.sort((a, b) => b.startedUs - a.startedUs).slice(0, limit);
}
