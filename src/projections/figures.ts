import type { IntentKind, Json, RunEvent, RunEventOf } from '../kernel/index.ts';
import { ChunkedList } from './chunked-list.ts';
import { ChunkedMap } from './chunked-map.ts';
import { type IntentView, type Orders, orders } from './orders.ts';
import type { Projection } from './projection.ts';
import { type RunFacts, runFacts } from './run-facts.ts';

export const WINDOW_US = 10_000_000;
/** Below this many samples a share is not shown ("–"). */
export const MINIMUM_SAMPLES = 5;
const STUCK_AFTER_US = 5_000_000;
/** The page's clock may be a little behind the log. */
const ATTEMPTS_KEPT_US = 2 * WINDOW_US;
const PAYMENTS_KEPT = 2000;

export interface Attempt {
  readonly timeUs: number;
  readonly edge: string;
  /** Attempts of one logical call share it. */
  readonly logical: string;
}

interface OpenOrder {
  readonly orderId: string;
  readonly giveUpAtUs: number | null;
  readonly parked: boolean;
  /** Since when something outside Order's database is done for it. */
  readonly halfDoneUs: number | null;
  /** Since when that is so of stock or a parcel, not of the payment alone. */
  readonly goodsUs: number | null;
}

export interface FiguresState {
  readonly orders: Orders;
  readonly facts: RunFacts;
  /** Of the last while: the window reads these. */
  readonly attempts: ChunkedList<Attempt>;
  readonly open: ChunkedMap<string, OpenOrder>;
  /** Which order a payment belongs to: the provider's rows do not know orders. */
  readonly orderOfPayment: ChunkedMap<string, string>;
  undone: number;
}

const EFFECT_SERVICES: Readonly<Record<string, true>> = {
  product: true,
  shipping: true,
  'payment-provider': true,
};

const GOODS_TABLES: Readonly<Record<string, true>> = { reservations: true, shipments: true };

/** By its own id, or by that of its payment. */
function openOrder(state: FiguresState, id: string): OpenOrder | undefined {
  const own = state.open.get(id);
  if (own !== undefined) return own;
  const orderId = state.orderOfPayment.get(id);
  return orderId === undefined ? undefined : state.open.get(orderId);
}

/** The order that a row of another service belongs to. */
function orderOfRow(state: FiguresState, key: string, after: unknown): OpenOrder | undefined {
  if (state.open.size === 0) return undefined;
  const byKey = openOrder(state, key);
  if (byKey !== undefined) return byKey;
  if (typeof after !== 'object' || after === null) return undefined;
  const row = after as Record<string, unknown>;
  for (const field of ['orderId', 'paymentId', 'id']) {
    const value = row[field];
    if (typeof value !== 'string') continue;
    const found = openOrder(state, value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Who brings orders to their end, step by step. */
const ORDER_SERVICES: Readonly<Record<string, true>> = { order: true, monolith: true };

/** Attempts of one call; an order's step that is repeated is the same call (same method and path). */
const logicalOf = ({ service, to, callId, method, path }: RunEventOf<'request.sent'>): string =>
  ORDER_SERVICES[service] && to !== 'broker' ? `${method} ${path}` : callId;

function notePayment(state: FiguresState, paymentId: unknown, orderId: string): void {
  if (typeof paymentId !== 'string') return;
  state.orderOfPayment.set(paymentId, orderId);
  state.orderOfPayment.keepNewest(PAYMENTS_KEPT);
}

/** In the monolith an order is under way from the intent to pay for it until that has ended. */
function notePaymentIntent(state: FiguresState, orderId: string, after: Json): void {
  const intent = (after ?? {}) as Readonly<Record<string, Json>>;
  const { paymentId, giveUpAtUs, endedUs, state: now } = intent;
  if (typeof giveUpAtUs !== 'number') return;
  notePayment(state, paymentId, orderId);
  if (endedUs === null) {
    if (state.open.has(orderId)) return;
    state.open.set(orderId, { orderId, giveUpAtUs, parked: false, halfDoneUs: null, goodsUs: null });
  } else if (state.open.delete(orderId) && now === 'undone') {
    state.undone += 1;
  }
}

/** In one database stock and parcel are held together with the order, or something is half-done. */
function noteGoods(state: FiguresState, orderId: string, timeUs: number): void {
  const order = state.open.get(orderId);
  if (order === undefined || state.orders.byOrder.has(orderId)) return;
  noteEffect(state, order, timeUs, true);
}

/** States of goods, parcels and payments in which nothing is kept for the order: undone, or refused at once. */
const NOTHING_HELD: ReadonlySet<unknown> = new Set(['released', 'cancelled', 'voided', 'declined']);

const holdsNothing = (row: Json): boolean => {
  const { state, status } = (row ?? {}) as { readonly state?: unknown; readonly status?: unknown };
  return NOTHING_HELD.has(state ?? status);
};

/** Something outside Order's database is done for an order. */
function noteEffect(state: FiguresState, order: OpenOrder, timeUs: number, goods: boolean): void {
  const halfDoneUs = order.halfDoneUs ?? timeUs;
  const goodsUs = order.goodsUs ?? (goods ? timeUs : null);
  if (halfDoneUs !== order.halfDoneUs || goodsUs !== order.goodsUs)
    state.open.set(order.orderId, { ...order, halfDoneUs, goodsUs });
}

/** An attempt as the extra calls count it; null: the event is none (a compensation, control traffic, a customer). */
export function attemptOf(event: RunEvent): Attempt | null {
  if (event.type !== 'request.sent' || event.plane !== 'data' || event.service === 'customers') return null;
  // Compensations are told apart by their method: each undoes with DELETE.
  if (ORDER_SERVICES[event.service] && event.method === 'DELETE') return null;
  return {
    timeUs: event.timeUs,
    edge: `${event.service}->${event.to}`,
    logical: logicalOf(event),
  };
}

/** What the figures are computed from (`classroom.md`, "Figures, exactly"), with that fold of the orders in it. */
export const createFigures = (orders: Projection<Orders>): Projection<FiguresState> => ({
  initial: () => ({
    orders: orders.initial(),
    facts: runFacts.initial(),
    attempts: new ChunkedList(),
    open: new ChunkedMap(),
    orderOfPayment: new ChunkedMap(),
    undone: 0,
  }),
  apply(state, event) {
    orders.apply(state.orders, event);
    runFacts.apply(state.facts, event);
    switch (event.type) {
      case 'request.sent': {
        const attempt = attemptOf(event);
        if (attempt === null) break;
        state.attempts.push(attempt);
        state.attempts.dropOld(({ timeUs }) => timeUs < event.timeUs - ATTEMPTS_KEPT_US);
        break;
      }
      case 'saga.started':
        state.open.set(event.orderId, {
          orderId: event.orderId,
          giveUpAtUs: event.giveUpAtUs,
          parked: false,
          halfDoneUs: null,
          goodsUs: null,
        });
        break;
      case 'saga.parked': {
        const order = state.open.get(event.orderId);
        if (order !== undefined) state.open.set(event.orderId, { ...order, parked: true });
        break;
      }
      case 'saga.compensated':
        state.undone += 1;
        state.open.delete(event.orderId);
        break;
      case 'saga.completed':
        state.open.delete(event.orderId);
        break;
      case 'store.committed': {
        if (EFFECT_SERVICES[event.service]) {
          for (const change of event.rows) {
            const order = orderOfRow(state, change.key, change.after);
            if (order === undefined || holdsNothing(change.after)) continue;
            noteEffect(state, order, event.timeUs, event.service !== 'payment-provider');
          }
        } else if (ORDER_SERVICES[event.service]) {
          for (const change of event.rows) {
            if (change.table === 'payment-intents') notePaymentIntent(state, change.key, change.after);
            if (GOODS_TABLES[change.table]) noteGoods(state, change.key, event.timeUs);
            if (change.table !== 'orders') continue;
            const { paymentId } = (change.after ?? {}) as { readonly paymentId?: unknown };
            notePayment(state, paymentId, change.key);
            // The monolith's ends with its payment intent, in the same transaction.
            if (event.service === 'monolith') continue;
            if ((state.orders.byOrder.get(change.key)?.end ?? null) !== null) state.open.delete(change.key);
          }
        }
        break;
      }
      default:
    }
    return state;
  },
  fork: (state) => ({
    orders: orders.fork(state.orders),
    facts: runFacts.fork(state.facts),
    attempts: state.attempts.fork(),
    open: state.open.fork(),
    orderOfPayment: state.orderOfPayment.fork(),
    undone: state.undone,
  }),
});

export const figures: Projection<FiguresState> = createFigures(orders);

export interface Success {
  readonly good: number;
  readonly endings: number;
  /** Shown apart: a "no" of the business is neither a success nor a failure of the shop. */
  readonly declined: number;
  /** null: fewer than five samples. */
  readonly share: number | null;
}

export interface ExtraCalls {
  readonly edge: string;
  readonly attempts: number;
  readonly calls: number;
  /** Attempts per logical call; null: fewer than five calls. */
  readonly factor: number | null;
}

export interface Figures {
  readonly orders: Success;
  readonly browsing: Success;
  readonly status: Success;
  /** Intents ended well within their deadline, per second. */
  readonly goodput: number | null;
  readonly throughput: number | null;
  readonly undone: number;
  readonly halfDone: number;
  readonly oldestHalfDoneMs: number | null;
  readonly stuck: number;
  /** Per edge, the worst first. */
  readonly extraCalls: readonly ExtraCalls[];
}

const deadlineUs = (facts: RunFacts, kind: IntentKind): number =>
  1000 *
  (kind === 'order'
    ? (facts.settings?.deadlines.orderMs ?? 15_000)
    : (facts.settings?.deadlines.readMs ?? 5_000));

/** Ended well and within its deadline: what goodput counts. */
export const isGoodInTime = (intent: IntentView, facts: RunFacts): boolean =>
  intent.end === 'good' && (intent.endedUs ?? 0) - intent.startedUs <= deadlineUs(facts, intent.kind);

function success(endings: readonly IntentView[], kind: IntentKind): Success {
  let good = 0;
  let all = 0;
  let declined = 0;
  for (const intent of endings) {
    if (intent.kind !== kind) continue;
    if (intent.end === 'declined') declined += 1;
    else if (intent.end === 'good') {
      good += 1;
      all += 1;
    } else if (intent.end === 'failed') all += 1;
  }
  return { good, endings: all, declined, share: all < MINIMUM_SAMPLES ? null : good / all };
}

export interface HalfDone {
  readonly count: number;
  /** Of them, with stock or a parcel held and not only money. */
  readonly goods: number;
  /** Since when the oldest of them. */
  readonly sinceUs: number | null;
}

export function halfDoneOf(state: FiguresState): HalfDone {
  let count = 0;
  let goods = 0;
  let sinceUs: number | null = null;
  for (const { halfDoneUs, goodsUs } of state.open.values()) {
    if (goodsUs !== null) goods += 1;
    if (halfDoneUs === null) continue;
    count += 1;
    sinceUs = sinceUs === null ? halfDoneUs : Math.min(sinceUs, halfDoneUs);
  }
  return { count, goods, sinceUs };
}

/** The figures at a moment. */
export function figuresAt(state: FiguresState, nowUs: number): Figures {
  const fromUs = nowUs - WINDOW_US;
  const endings: IntentView[] = [];
  for (const intent of state.orders.endings.backwards()) {
    if ((intent.endedUs ?? 0) <= fromUs) break;
    endings.push(intent);
  }
  const windowS = Math.min(WINDOW_US, Math.max(nowUs, 1)) / 1_000_000;
  const inTime = endings.filter((intent) => isGoodInTime(intent, state.facts)).length;

  const { count: halfDone, sinceUs: oldestUs } = halfDoneOf(state);
  let stuck = 0;
  for (const order of state.open.values()) {
    if (order.parked) stuck += 1;
    if (order.halfDoneUs === null) continue;
    if (!order.parked && order.giveUpAtUs !== null && nowUs > order.giveUpAtUs + STUCK_AFTER_US) stuck += 1;
  }

  const perEdge = new Map<string, { attempts: number; logical: Set<string> }>();
  for (const attempt of state.attempts.backwards()) {
    if (attempt.timeUs <= fromUs) break;
    let edge = perEdge.get(attempt.edge);
    if (edge === undefined) {
      edge = { attempts: 0, logical: new Set() };
      perEdge.set(attempt.edge, edge);
    }
    edge.attempts += 1;
    edge.logical.add(attempt.logical);
  }
  const extraCalls = [...perEdge]
    .map(([edge, { attempts, logical }]) => ({
      edge,
      attempts,
      calls: logical.size,
      factor: logical.size < MINIMUM_SAMPLES ? null : attempts / logical.size,
    }))
    .sort((a, b) => (b.factor ?? 0) - (a.factor ?? 0) || a.edge.localeCompare(b.edge));

  return {
    orders: success(endings, 'order'),
    browsing: success(endings, 'browse'),
    status: success(endings, 'status'),
    goodput: endings.length < MINIMUM_SAMPLES ? null : inTime / windowS,
    throughput: endings.length < MINIMUM_SAMPLES ? null : endings.length / windowS,
    undone: state.undone,
    halfDone,
    oldestHalfDoneMs: oldestUs === null ? null : (nowUs - oldestUs) / 1000,
    stuck,
    extraCalls,
  };
}
