import { type InstanceId, type RunEvent, type ServiceName, serviceOf } from '../kernel/index.ts';
import { BlastRadius, type BlastRadiusView, OF_THE_SHOP } from './blast-radius.ts';
import { Measurement } from './measurement.ts';
import { ORDER_PATH_LINES } from './order-path-lines.ts';
import { percentile } from './samples.ts';
import { KINDS, type Kind } from './seed-result.ts';

const FOR_EVER_MS = 1e9;
const OUTSIDE: readonly ServiceName[] = ['customers', 'payment-provider'];

export interface KindFigures {
  readonly begun: number;
  readonly good: number;
  readonly failed: number;
  /** Good ÷ (good + failed); null: nothing has ended. */
  readonly success: number | null;
  /** From the send to the good end, in µs; null: nothing has ended well. */
  readonly p50Us: number | null;
  readonly p95Us: number | null;
  readonly p99Us: number | null;
}

/** One side of a comparison: what the log of one run says of it. */
export interface SideFigures {
  readonly kinds: Readonly<Record<Kind, KindFigures>>;
  /** Intents ended well and in time, a second; null: no time has passed. */
  readonly goodput: number | null;
  readonly halfDoneNow: number;
  /** Over time. */
  readonly halfDoneMean: number | null;
  /** Of those with stock or a parcel held, and not only money. */
  readonly halfDoneGoodsMean: number | null;
  readonly oldestHalfDoneUs: number;
  /** What the fault that is, or was last, at work has done; null: there was none. */
  readonly blast: BlastRadiusView | null;
  readonly services: number;
  /** Requests over a network that an order needed, its customer's own among them; null: none is confirmed. */
  readonly callsPerOrder: number | null;
  /** Of the shop's own code, for one order; null: the log does not say which shop it is. */
  readonly orderPathLines: number | null;
  readonly deployables: number;
  readonly databases: number;
  /** How long instances of the shop were up, all together. */
  readonly instanceUs: number;
}

const isComposition = (name: string): name is keyof typeof ORDER_PATH_LINES =>
  Object.hasOwn(ORDER_PATH_LINES, name);

/** Folds one side's log, from its first event on. `fromMs`: what begins earlier is not counted. */
export class SideMeasurement {
  readonly #fromMs: number;
  readonly #measurement: Measurement;
  readonly #callsOfTrace = new Map<string, number>();
  readonly #deployables = new Set<ServiceName>();
  readonly #databases = new Set<ServiceName>();
  readonly #blast = new BlastRadius();
  readonly #upSinceUs = new Map<InstanceId, number>();
  #upUs = 0;
  #orderPathLines: number | null = null;

  constructor(fromMs: number) {
    this.#fromMs = fromMs;
    this.#measurement = new Measurement({ fromMs, toMs: FOR_EVER_MS });
  }

  add(event: RunEvent): void {
    this.#measurement.add(event);
    this.#blast.add(event);
    switch (event.type) {
      case 'run.started':
        this.#orderPathLines = isComposition(event.composition) ? ORDER_PATH_LINES[event.composition] : null;
        break;
      case 'request.sent':
        if (event.plane === 'data' && event.traceId !== null)
          this.#callsOfTrace.set(event.traceId, (this.#callsOfTrace.get(event.traceId) ?? 0) + 1);
        break;
      case 'instance.ready':
        if (!OUTSIDE.includes(event.service)) this.#deployables.add(event.service);
        break;
      case 'instance.started':
        // One that is not ready yet is paid for like the others.
        if (OUTSIDE.includes(event.service)) break;
        if (!this.#upSinceUs.has(event.instance)) this.#upSinceUs.set(event.instance, event.timeUs);
        break;
      case 'instance.crashed':
      case 'instance.stopped':
        this.#down(event.instance, event.timeUs);
        break;
      case 'store.committed':
        if (!OUTSIDE.includes(event.service)) this.#databases.add(event.service);
        break;
      default:
    }
  }

  /** What there is when the run stands at `nowUs`. */
  at(nowUs: number): SideFigures {
    const { intents, goodUs, halfDone } = this.#measurement.at(nowUs);
    const spanUs = nowUs - this.#fromMs * 1000;
    const kind = (of: Kind): KindFigures => {
      const { begun, good, failed } = intents[of];
      return {
        begun,
        good,
        failed,
        success: good + failed === 0 ? null : good / (good + failed),
        p50Us: percentile(goodUs[of], 0.5),
        p95Us: percentile(goodUs[of], 0.95),
        p99Us: percentile(goodUs[of], 0.99),
      };
    };
    const mean = (integralUs: number) => (spanUs > 0 ? integralUs / spanUs : null);
    const inTime = KINDS.reduce((sum, of) => sum + intents[of].inTime, 0);
    let upUs = this.#upUs;
    for (const sinceUs of this.#upSinceUs.values()) upUs += Math.max(0, nowUs - sinceUs);
    return {
      kinds: { order: kind('order'), browse: kind('browse'), status: kind('status') },
      goodput: spanUs > 0 ? (inTime * 1_000_000) / spanUs : null,
      halfDoneNow: this.#measurement.halfDone.count,
      halfDoneMean: mean(halfDone.integralUs),
      halfDoneGoodsMean: mean(halfDone.goodsIntegralUs),
      oldestHalfDoneUs: halfDone.oldestUs,
      blast: this.#blast.view,
      services: [...this.#deployables].filter((service) => OF_THE_SHOP.includes(service)).length,
      callsPerOrder: this.#callsPerOrder(),
      orderPathLines: this.#orderPathLines,
      deployables: this.#deployables.size,
      databases: this.#databases.size,
      instanceUs: upUs,
    };
  }

  #down(instance: InstanceId, timeUs: number): void {
    const sinceUs = this.#upSinceUs.get(instance);
    if (sinceUs === undefined || OUTSIDE.includes(serviceOf(instance))) return;
    this.#upUs += Math.max(0, timeUs - sinceUs);
    this.#upSinceUs.delete(instance);
  }

  #callsPerOrder(): number | null {
    let calls = 0;
    let orders = 0;
    for (const { end, orderId, traceIds } of this.#measurement.ordersBegun()) {
      if (end !== 'good' || orderId === null) continue;
      orders += 1;
      for (const trace of traceIds) calls += this.#callsOfTrace.get(trace) ?? 0;
    }
    return orders === 0 ? null : calls / orders;
  }
}
