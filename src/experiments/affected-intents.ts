import type { RunEvent, TraceId } from '../kernel/index.ts';
import {
  createOrders,
  type IntentView,
  intentOf,
  isGoodInTime,
  type Orders,
  type RunFacts,
  runFacts,
} from '../projections/index.ts';
import { HealthyPace } from './healthy-pace.ts';
import { KINDS, type Kind } from './seed-result.ts';
import type { TouchedSpans } from './touched-spans.ts';

export interface AffectedCounts {
  readonly ended: number;
  readonly affected: number;
}

/** Their share; null: none has ended. */
export const affectedOf = ({ ended, affected }: AffectedCounts): number | null =>
  ended === 0 ? null : affected / ended;

interface Counted {
  readonly kind: Kind;
  readonly affected: boolean;
}

const NONE: Readonly<Record<Kind, AffectedCounts>> = {
  order: { ended: 0, affected: 0 },
  browse: { ended: 0, affected: 0 },
  status: { ended: 0, affected: 0 },
};

/** As many as the page knows; an order whose ending is taken back is among the newest. */
const KEPT = 2000;
const projection = createOrders(KEPT);

/** Of the intents begun since a fault began, those that it has spoilt: not ended well, or late. */
export class AffectedIntents {
  readonly #spans: TouchedSpans;
  readonly #orders: Orders = projection.initial();
  readonly #facts: RunFacts = runFacts.initial();
  readonly #pace = new HealthyPace();
  readonly #counted = new Map<string, Counted>();
  #counts: Readonly<Record<Kind, AffectedCounts>> = NONE;
  #fromUs = Number.POSITIVE_INFINITY;

  constructor(spans: TouchedSpans) {
    this.#spans = spans;
  }

  begin(timeUs: number): void {
    this.#fromUs = timeUs;
    this.#counted.clear();
    this.#counts = NONE;
    this.#pace.freeze();
  }

  /** Another object whenever they have changed. */
  get counts(): Readonly<Record<Kind, AffectedCounts>> {
    return this.#counts;
  }

  /** `healthy`: no fault is at work. */
  add(event: RunEvent, healthy: boolean): void {
    projection.apply(this.#orders, event);
    runFacts.apply(this.#facts, event);
    if (event.type === 'intent.started') {
      if (event.traceId !== null) this.#spans.await(event.traceId);
    } else if (event.type === 'intent.answered') {
      this.#look(intentOf(this.#orders, event.intentId), healthy);
    } else if (event.type === 'store.committed') {
      for (const { table, key } of event.rows) {
        if (table === 'orders') this.#look(this.#orders.byOrder.get(key), healthy);
      }
    }
  }

  #look(intent: IntentView | undefined, healthy: boolean): void {
    const kind = KINDS.find((known) => known === intent?.kind);
    if (intent === undefined || kind === undefined) return;
    const key = intent.intentId === '' ? `order ${intent.orderId}` : intent.intentId;
    const before = this.#counted.get(key);
    if (intent.end === null) {
      // Its customer was told of a failure, but the order was stored and goes on.
      if (before !== undefined) this.#uncount(key, before);
      for (const traceId of intent.traceIds) this.#spans.await(traceId as TraceId, before?.affected);
      return;
    }
    const touched = intent.traceIds.some((traceId) => this.#spans.isTouched(traceId));
    for (const traceId of intent.traceIds) this.#spans.settle(traceId as TraceId);
    if (before !== undefined) return;
    const tookUs = (intent.endedUs ?? intent.startedUs) - intent.startedUs;
    if (healthy && !touched && intent.end === 'good') this.#pace.add(kind, tookUs);
    if (intent.startedUs < this.#fromUs) return;
    this.#count(key, { kind, affected: touched && this.#isSpoilt(intent, kind, tookUs) });
  }

  #isSpoilt(intent: IntentView, kind: Kind, tookUs: number): boolean {
    if (intent.end === 'failed') return true;
    if (intent.end !== 'good') return false;
    return !isGoodInTime(intent, this.#facts) || this.#pace.isLate(kind, tookUs);
  }

  #count(key: string, counted: Counted): void {
    this.#counted.set(key, counted);
    this.#change(counted, 1);
    for (const oldest of this.#counted.keys()) {
      if (this.#counted.size <= KEPT) break;
      this.#counted.delete(oldest);
    }
  }

  #uncount(key: string, counted: Counted): void {
    this.#counted.delete(key);
    this.#change(counted, -1);
  }

  #change({ kind, affected }: Counted, by: 1 | -1): void {
    const before = this.#counts[kind];
    const after = { ended: before.ended + by, affected: before.affected + (affected ? by : 0) };
    this.#counts = { ...this.#counts, [kind]: after };
  }
}
