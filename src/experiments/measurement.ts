import type { RunEvent } from '../kernel/index.ts';
import {
  allIntents,
  attemptOf,
  createFigures,
  createOrders,
  type FiguresState,
  type HalfDone,
  halfDoneOf,
  type IntentView,
  isGoodInTime,
} from '../projections/index.ts';
import { type Samples, samplesOf } from './samples.ts';
import { type IntentCounts, KINDS, type Kind, type OrderEnds, type SeedResult } from './seed-result.ts';

/** A span of run time, its end not in it. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

type Measured = Pick<
  SeedResult,
  'intents' | 'orderEnds' | 'goodUs' | 'undoneUs' | 'halfDone' | 'extraCalls' | 'breakerOpenings'
>;

/** Folds a log, from its first event on, to the figures of one run. What the figures are, projections/ says. */
export class Measurement {
  readonly #figures = createFigures(createOrders(Number.POSITIVE_INFINITY));
  readonly #state: FiguresState = this.#figures.initial();
  readonly #fromUs: number;
  readonly #toUs: number;
  readonly #attempts = new Map<string, { attempts: number; logical: Set<string> }>();
  readonly #openings = new Map<string, number>();
  #halfDoneUntilUs = 0;
  #halfDone: HalfDone = { count: 0, goods: 0, sinceUs: null };
  #integralUs = 0;
  #goodsIntegralUs = 0;
  #maximum = 0;
  #oldestUs = 0;

  constructor({ fromMs, toMs }: Span) {
    this.#fromUs = fromMs * 1000;
    this.#toUs = toMs * 1000;
  }

  add(event: RunEvent): void {
    this.#passTo(event.timeUs);
    this.#figures.apply(this.#state, event);
    switch (event.type) {
      case 'request.sent': {
        const attempt = attemptOf(event);
        if (attempt === null) break;
        const edge = this.#attempts.get(attempt.edge) ?? { attempts: 0, logical: new Set() };
        edge.attempts += 1;
        edge.logical.add(attempt.logical);
        this.#attempts.set(attempt.edge, edge);
        break;
      }
      case 'breaker.state.changed': {
        if (event.after !== 'OPEN') break;
        const edge = `${event.service}->${event.to}`;
        this.#openings.set(edge, (this.#openings.get(edge) ?? 0) + 1);
        break;
      }
      case 'store.committed':
      case 'saga.completed':
      case 'saga.compensated':
        this.#halfDone = halfDoneOf(this.#state);
        if (this.#isMeasured(event.timeUs)) this.#maximum = Math.max(this.#maximum, this.#halfDone.count);
        break;
      default:
    }
  }

  /** What there is when the run stands at `nowUs`. */
  at(nowUs: number): Measured {
    this.#passTo(nowUs);
    const begun = this.#begun();
    const byKind = <Value>(value: (intents: readonly IntentView[]) => Value): Record<Kind, Value> => ({
      order: value(begun.order),
      browse: value(begun.browse),
      status: value(begun.status),
    });
    return {
      intents: byKind((intents) => this.#countsOf(intents)),
      orderEnds: endsOf(begun.order),
      goodUs: byKind((intents) => tookUs(intents.filter(({ end }) => end === 'good'))),
      undoneUs: tookUs(begun.order.filter((intent) => endOf(intent) === 'undone')),
      halfDone: {
        integralUs: this.#integralUs,
        goodsIntegralUs: this.#goodsIntegralUs,
        maximum: this.#maximum,
        oldestUs: this.#oldestUs,
      },
      extraCalls: Object.fromEntries(
        sortedByKey(this.#attempts).map(([edge, { attempts, logical }]) => [
          edge,
          { attempts, calls: logical.size },
        ]),
      ),
      breakerOpenings: Object.fromEntries(sortedByKey(this.#openings)),
    };
  }

  /** Right now. */
  get halfDone(): HalfDone {
    return this.#halfDone;
  }

  /** Orders that began in the span. */
  ordersBegun(): readonly IntentView[] {
    return this.#begun().order;
  }

  /** Time goes on with as many half-done orders as there are. */
  #passTo(timeUs: number): void {
    const fromUs = Math.max(this.#halfDoneUntilUs, this.#fromUs);
    const toUs = Math.min(timeUs, this.#toUs);
    this.#halfDoneUntilUs = Math.max(this.#halfDoneUntilUs, timeUs);
    const { count, goods, sinceUs } = this.#halfDone;
    if (toUs <= fromUs || sinceUs === null) return;
    this.#integralUs += count * (toUs - fromUs);
    this.#goodsIntegralUs += goods * (toUs - fromUs);
    this.#maximum = Math.max(this.#maximum, count);
    this.#oldestUs = Math.max(this.#oldestUs, toUs - sinceUs);
  }

  #isMeasured(timeUs: number): boolean {
    return timeUs >= this.#fromUs && timeUs < this.#toUs;
  }

  /** By kind, those that began in the span; an order that no intent is known of too (it was placed by hand). */
  #begun(): Record<Kind, IntentView[]> {
    const begun: Record<Kind, IntentView[]> = { order: [], browse: [], status: [] };
    for (const intent of allIntents(this.#state.orders)) {
      const kind = KINDS.find((known) => known === intent.kind);
      if (kind !== undefined && this.#isMeasured(intent.startedUs)) begun[kind].push(intent);
    }
    return begun;
  }

  #countsOf(intents: readonly IntentView[]): IntentCounts {
    const ended = (end: IntentView['end']) => intents.filter((intent) => intent.end === end).length;
    return {
      begun: intents.length,
      good: ended('good'),
      inTime: intents.filter((intent) => isGoodInTime(intent, this.#state.facts)).length,
      failed: ended('failed'),
      declined: ended('declined'),
      cancelled: ended('cancelled'),
      unfinished: ended(null),
    };
  }
}

function endOf({ end, orderId }: IntentView): keyof OrderEnds {
  switch (end) {
    case 'good':
      return 'confirmed';
    case 'failed':
      return orderId === null ? 'notPlaced' : 'undone';
    case null:
      return 'unfinished';
    default:
      return end;
  }
}

function endsOf(orders: readonly IntentView[]): OrderEnds {
  const ends: OrderEnds = {
    confirmed: 0,
    declined: 0,
    undone: 0,
    notPlaced: 0,
    cancelled: 0,
    unfinished: 0,
  };
  for (const order of orders) ends[endOf(order)] += 1;
  return ends;
}

const tookUs = (intents: readonly IntentView[]): Samples =>
  samplesOf(intents.map(({ startedUs, endedUs }) => (endedUs ?? startedUs) - startedUs));

const sortedByKey = <Value>(map: ReadonlyMap<string, Value>): [string, Value][] =>
  [...map].sort(([one], [other]) => (one < other ? -1 : 1));
