import type { IntentKind, Json, RunEvent } from '../kernel/index.ts';
import { keepNewest, type Projection } from './projection.ts';

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
  answeredUs: number | null;
  /** The status that the customer was answered with. */
  httpStatus: number | null;
  endedUs: number | null;
  end: IntentEnd | null;
  reason: string | null;
  orderId: string | null;
  /** The order's own status, of its row. */
  orderStatus: string | null;
  readonly traceIds: string[];
}

export interface Orders {
  readonly byIntent: Map<string, IntentView>;
  /** Every order known, with the intent that placed it. Oldest first. */
  readonly byOrder: Map<string, IntentView>;
  /** Whose customer's trace an order was stored in: known even if the answer was lost. */
  readonly byTrace: Map<string, IntentView>;
  /** Ended since the last look; the figures' window reads these. */
  readonly endings: IntentView[];
  /** Orders that a business "no" ended, by order. */
  readonly businessFailures: Map<string, string>;
  readonly reasons: Map<string, string>;
}

const ORDER_END: Readonly<Record<string, true>> = { CONFIRMED: true, REJECTED: true, CANCELLED: true };
const KEPT = 2000;

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

function end(state: Orders, intent: IntentView, how: IntentEnd, timeUs: number): void {
  if (intent.end !== null) return;
  intent.end = how;
  intent.endedUs = timeUs;
  state.endings.push(intent);
  if (state.endings.length > KEPT * 1.25) state.endings.splice(0, state.endings.length - KEPT);
}

function addTrace(intent: IntentView, traceId: string | null): void {
  if (traceId !== null && !intent.traceIds.includes(traceId)) intent.traceIds.push(traceId);
}

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
      intent.reason = business ?? state.reasons.get(orderId) ?? intent.reason;
      end(state, intent, business === undefined ? 'failed' : 'declined', timeUs);
      break;
    }
    default:
  }
}

/** Takes back an ending: the customer heard of a failure, but the order was stored and goes on. */
function reopen(state: Orders, intent: IntentView): void {
  const place = state.endings.lastIndexOf(intent);
  if (place >= 0) state.endings.splice(place, 1);
  intent.end = null;
  intent.endedUs = null;
  intent.reason = null;
}

/** An order seen in a row or a saga, perhaps before its customer heard of it. */
function orderOf(state: Orders, orderId: string, { timeUs, traceId }: RunEvent, kept: number): IntentView {
  let intent = state.byOrder.get(orderId);
  if (intent === undefined) {
    const placed = traceId === null ? undefined : state.byTrace.get(traceId);
    if (placed !== undefined && placed.orderId === null) {
      placed.orderId = orderId;
      if (placed.end === 'failed') reopen(state, placed);
    }
    intent =
      placed?.orderId === orderId
        ? placed
        : {
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
          };
    state.byOrder.set(orderId, intent);
    keepNewest(state.byOrder, kept, (gone) => {
      state.businessFailures.delete(gone.orderId ?? '');
      state.reasons.delete(gone.orderId ?? '');
    });
  }
  return intent;
}

/**
 * Intents and the orders that came of them. An order ends when its row says so, not when it is answered, and
 * whatever its customer was told. `kept`: the oldest intents and orders beyond so many are forgotten.
 */
export const createOrders = (kept: number): Projection<Orders> => ({
  initial: () => ({
    byIntent: new Map(),
    byOrder: new Map(),
    byTrace: new Map(),
    endings: [],
    businessFailures: new Map(),
    reasons: new Map(),
  }),
  apply(state, event) {
    switch (event.type) {
      case 'intent.started': {
        const intent: IntentView = {
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
        };
        state.byIntent.set(event.intentId, intent);
        keepNewest(state.byIntent, kept);
        if (event.kind !== 'order' || event.traceId === null) break;
        state.byTrace.set(event.traceId, intent);
        keepNewest(state.byTrace, kept);
        break;
      }
      case 'intent.answered': {
        const intent = state.byIntent.get(event.intentId);
        if (intent === undefined) break;
        intent.answeredUs = event.timeUs;
        intent.httpStatus = event.status;
        addTrace(intent, event.traceId);
        // Stored: it ends as an order does, though its customer may be told otherwise.
        if (event.outcome !== 'ok' && intent.kind === 'order' && intent.orderId !== null) break;
        if (event.reason !== null) intent.reason = event.reason;
        if (event.orderId !== null && event.outcome === 'ok' && event.kind === 'order') {
          // The order's row may have been committed, and even ended, before its customer heard of it.
          const known = state.byOrder.get(event.orderId);
          intent.orderId = event.orderId;
          if (known !== undefined && known !== intent) {
            intent.orderStatus = known.orderStatus;
            for (const trace of known.traceIds) addTrace(intent, trace);
            if (known.end !== null) {
              intent.end = known.end;
              intent.endedUs = known.endedUs;
              intent.reason = known.reason;
              const place = state.endings.indexOf(known);
              if (place >= 0) state.endings[place] = intent;
            }
          }
          state.byOrder.set(event.orderId, intent);
          break;
        }
        if (event.outcome === 'ok') end(state, intent, 'good', event.timeUs);
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
          const intent = orderOf(state, orderId, event, kept);
          intent.orderStatus = status;
          const reason = reasonOf(change.after);
          if (reason !== null) state.reasons.set(orderId, reason);
          addTrace(intent, event.traceId);
          if (ORDER_END[status]) endOrder(state, intent, orderId, event.timeUs);
        }
        break;
      }
      case 'saga.started':
        addTrace(orderOf(state, event.orderId, event, kept), event.traceId);
        break;
      case 'saga.step.started':
        addTrace(orderOf(state, event.orderId, event, kept), event.traceId);
        break;
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
});

export const orders: Projection<Orders> = createOrders(KEPT);

/** Newest first: orders, and (with `all`) what else customers did. */
export function listIntents(state: Orders, limit: number, all = false): IntentView[] {
  const list = all ? [...state.byIntent.values()] : [...state.byOrder.values()];
  if (all) {
    for (const intent of state.byOrder.values()) if (intent.intentId === '') list.push(intent);
  } else {
    // Orders that were never stored (turned away, timed out) have no id, and matter most.
    for (const intent of state.byIntent.values())
      if (intent.kind === 'order' && intent.orderId === null) list.push(intent);
  }
  return list.sort((a, b) => b.startedUs - a.startedUs).slice(0, limit);
}
