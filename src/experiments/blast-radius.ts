import type { InstanceId, RunEvent, RunEventOf, RunSettings, ServiceName } from '../kernel/index.ts';
import { type AffectedCounts, AffectedIntents } from './affected-intents.ts';
import { HealthyPace } from './healthy-pace.ts';
import type { Kind } from './seed-result.ts';
import { type OpenSpan, TouchedSpans } from './touched-spans.ts';

/** Whose answers count: the shop's own five, or the one that is all of them; not the provider outside of it. */
export const OF_THE_SHOP: readonly ServiceName[] = [
  'gateway',
  'user',
  'product',
  'order',
  'shipping',
  'monolith',
];

export interface BlastRadiusView {
  readonly sinceUs: number;
  /** null: a fault is still at work. */
  readonly endedUs: number | null;
  /** That gave a failed, refused or late answer whose chain of causes reaches the fault. */
  readonly services: readonly ServiceName[];
  readonly ofServices: number;
  /** Of the intents begun since: how many have ended, and how many of them because of the fault not well or late. */
  readonly intents: Readonly<Record<Kind, AffectedCounts>>;
}

/** What a caller's breaker knows of failures that the fault made. */
interface BreakerTouch {
  failures: boolean;
  /** It was opened by them, and has not closed since. */
  opened: boolean;
}

interface Slots {
  used: number;
  all: number;
  /** Touched calls held some since they were all taken: who waits meanwhile, waits for them or for who waited so. */
  held: boolean;
}

interface Episode {
  readonly sinceUs: number;
  endedUs: number | null;
  readonly services: Set<ServiceName>;
}

const operationKey = (service: ServiceName, operation: string): string => `${service} ${operation}`;

/**
 * The blast radius of the faults that are, or were last, at work. An episode begins with a fault, or a crash by
 * hand, while there is none; it is known until the next begins. Calls that a fault touches make their callers
 * touched, and so do slots held by touched calls and breakers opened by them.
 */
export class BlastRadius {
  readonly #spans = new TouchedSpans();
  readonly #intents = new AffectedIntents(this.#spans);
  readonly #pace = new HealthyPace();
  readonly #shop = new Set<ServiceName>();
  readonly #faults = new Set<string>();
  readonly #broken = new Set<InstanceId>();
  readonly #breakers = new Map<string, BreakerTouch>();
  /** As each instance was last heard of. */
  readonly #slots = new Map<InstanceId, Slots>();
  #slower = false;
  #firstSettings: RunSettings | null = null;
  #episode: Episode | null = null;
  #view: BlastRadiusView | null = null;

  add(event: RunEvent): void {
    this.#spans.notePart(event);
    switch (event.type) {
      case 'run.settings.changed':
        this.#settings(event.settings as unknown as RunSettings, event.timeUs);
        break;
      case 'fault.started':
        this.#atWork(event.timeUs);
        this.#faults.add(event.faultId);
        break;
      case 'fault.ended':
        this.#faults.delete(event.faultId);
        this.#endIfOver(event.timeUs);
        break;
      case 'instance.crashed':
        this.#crashed(event);
        break;
      case 'instance.ready':
        if (OF_THE_SHOP.includes(event.service)) this.#shop.add(event.service);
        this.#back(event);
        break;
      case 'instance.stopped':
        this.#back(event);
        break;
      case 'fault.injected':
        this.#spans.touch(event);
        break;
      case 'request.sent':
        this.#sent(event);
        break;
      case 'request.received':
        this.#received(event);
        break;
      case 'request.shed':
        if (this.#isHeldFull(event.instance)) this.#spans.touch(event);
        break;
      case 'response.sent':
        this.#answered(event);
        break;
      case 'response.received':
      case 'request.failed':
        this.#ended(event);
        break;
      case 'call.rejected':
        if (this.#isRejectedByFault(event)) this.#spans.touch(event);
        break;
      case 'breaker.state.changed': {
        const breaker = this.#breaker(event.instance, event.to);
        if (event.after === 'OPEN') breaker.opened ||= breaker.failures;
        else if (event.after === 'CLOSED') this.#breakers.delete(`${event.instance}->${event.to}`);
        break;
      }
      default:
    }
    this.#intents.add(event, this.#isHealthy());
  }

  /** null: there was no fault yet. The same object as long as nothing in it has changed. */
  get view(): BlastRadiusView | null {
    if (this.#episode === null) return null;
    const { sinceUs, endedUs, services } = this.#episode;
    const { counts } = this.#intents;
    const view = this.#view;
    const same =
      view?.sinceUs === sinceUs &&
      view.endedUs === endedUs &&
      view.services.length === services.size &&
      view.ofServices === this.#shop.size &&
      view.intents === counts;
    if (!same)
      this.#view = {
        sinceUs,
        endedUs,
        services: [...services].sort(),
        ofServices: this.#shop.size,
        intents: counts,
      };
    return this.#view;
  }

  #isHealthy(): boolean {
    return this.#episode === null || this.#episode.endedUs !== null;
  }

  #atWork(timeUs: number): void {
    if (!this.#isHealthy()) return;
    this.#episode = { sinceUs: timeUs, endedUs: null, services: new Set() };
    this.#spans.clear();
    this.#breakers.clear();
    for (const slots of this.#slots.values()) slots.held = false;
    this.#pace.freeze();
    this.#intents.begin(timeUs);
  }

  #endIfOver(timeUs: number): void {
    if (this.#episode === null || this.#faults.size > 0 || this.#broken.size > 0 || this.#slower) return;
    this.#episode.endedUs ??= timeUs;
  }

  #crashed({ instance, faultId, timeUs }: RunEventOf<'instance.crashed'>): void {
    // A fault may be spent by the very crash that it made.
    if (faultId !== null && this.#episode !== null) this.#episode.endedUs = null;
    else this.#atWork(timeUs);
    this.#broken.add(instance);
    this.#slots.delete(instance);
    this.#spans.touchCallsTo(instance);
  }

  #back({ instance, timeUs }: RunEvent): void {
    if (this.#broken.delete(instance)) this.#endIfOver(timeUs);
  }

  /** In the monolith a slow service is code that needs longer (`setups/slower-code.ts`). */
  #settings(settings: RunSettings, timeUs: number): void {
    this.#firstSettings ??= settings;
    const first = this.#firstSettings.services;
    const slower =
      this.#shop.has('monolith') &&
      OF_THE_SHOP.some((service) => settings.services[service].serviceTimeMs > first[service].serviceTimeMs);
    if (slower === this.#slower) return;
    if (slower) this.#atWork(timeUs);
    this.#slower = slower;
    if (!slower) this.#endIfOver(timeUs);
  }

  #sent(event: RunEventOf<'request.sent'>): void {
    const span = this.#spans.open(event);
    if (span === null) return;
    if (this.#broken.has(event.toInstance) || (this.#slower && event.to === 'monolith'))
      this.#spans.touch(event);
  }

  #received(event: RunEventOf<'request.received'>): void {
    const span = this.#spans.find(event);
    if (span === undefined || event.plane !== 'data') return;
    // Nothing had come free since: this one has waited for a slot. It is let in before the one that leaves is heard of.
    if (this.#isHeldFull(event.instance)) this.#spans.touch(event);
    this.#spans.admit(span);
    this.#heard(event.instance, event.slotsUsed, event.slots);
  }

  #answered(event: RunEventOf<'response.sent'>): void {
    const span = this.#spans.find(event);
    if (event.plane !== 'data') return;
    this.#heard(event.instance, event.slotsUsed);
    if (span === undefined) return;
    this.#spans.release(span);
    const key = operationKey(event.service, event.operation);
    const tookUs = event.durationMs * 1000;
    if (this.#isHealthy() && !span.touched && event.status < 500) this.#pace.add(key, tookUs);
    const late =
      (span.deadlineUs !== null && event.timeUs > span.deadlineUs) || this.#pace.isLate(key, tookUs);
    if (span.touched && (late || event.status >= 500)) this.#join(event.service);
  }

  #ended(event: RunEventOf<'response.received' | 'request.failed'>): void {
    const span = this.#spans.find(event);
    if (span === undefined) return;
    const failed = event.type === 'request.failed' ? event.error !== 'cancelled' : event.status >= 500;
    // Asked also for one that was let in: it is about to be forgotten, its slot is not free yet.
    if (this.#isHeldFull(span.toInstance) && failed && !span.admitted) this.#spans.touch(event);
    if (failed && span.touched) this.#failed(span);
    this.#spans.close(event, span);
  }

  #failed({ from, to, plane }: OpenSpan): void {
    this.#breaker(from, to).failures = true;
    if (plane === 'data') this.#join(to);
  }

  /** All slots are taken, by touched calls among others. */
  #isHeldFull(instance: InstanceId): boolean {
    const slots = this.#slots.get(instance);
    if (slots === undefined || slots.used < slots.all) return false;
    slots.held ||= this.#spans.touchedHold(instance);
    return slots.held;
  }

  #heard(instance: InstanceId, used: number, all = this.#slots.get(instance)?.all ?? used + 1): void {
    const held = used >= all && this.#isHeldFull(instance);
    this.#slots.set(instance, { used, all, held });
  }

  #isRejectedByFault({ by, instance, to }: RunEventOf<'call.rejected'>): boolean {
    switch (by) {
      case 'circuit-breaker':
        return this.#breakers.get(`${instance}->${to}`)?.opened === true;
      case 'bulkhead':
        return this.#spans.touchedCalls(instance, to);
      case 'no-instance':
        return !this.#isHealthy();
      default:
        return false;
    }
  }

  #breaker(from: InstanceId, to: ServiceName): BreakerTouch {
    const edge = `${from}->${to}`;
    const breaker = this.#breakers.get(edge) ?? { failures: false, opened: false };
    this.#breakers.set(edge, breaker);
    return breaker;
  }

  #join(service: ServiceName): void {
    if (OF_THE_SHOP.includes(service)) this.#episode?.services.add(service);
  }
}
