import {
  FIRST_VERSION,
  type InstanceId,
  type Plane,
  type ReleaseFigures,
  type RunEvent,
  type RunTimeUs,
  type ServiceName,
  serviceOf,
  type VersionLabel,
} from '../kernel/index.ts';
import type { InstanceCondition } from '../patterns/index.ts';

/** A life that has not ended. */
export interface SeenLife {
  readonly instance: InstanceId;
  readonly version: VersionLabel;
  readonly condition: InstanceCondition;
  /** Since when it is ready. */
  readonly readyUs: RunTimeUs | null;
}

interface Answer {
  readonly atUs: RunTimeUs;
  readonly version: VersionLabel;
  readonly failures: number;
  readonly requests: number;
}

/** Somebody who wants something. The broker delivers until it is taken, and what is delivered is nobody's request. */
const asks = ({ plane, service }: { readonly plane: Plane; readonly service: ServiceName }): boolean =>
  plane === 'data' && service !== 'broker';

/** No analysis looks further back. */
const KEPT = 20_000;

/** Which version lives where, and what callers saw of each version: read from the log, as a platform reads its metrics. */
export class VersionsSeen {
  readonly #lives = new Map<InstanceId, SeenLife>();
  readonly #answers = new Map<ServiceName, Answer[]>();
  /** Whose last life it was: answers may come after its end. */
  readonly #versions = new Map<InstanceId, VersionLabel>();

  add(event: RunEvent): void {
    const { instance } = event;
    switch (event.type) {
      case 'instance.started': {
        const version = event.version ?? FIRST_VERSION;
        this.#versions.set(instance, version);
        this.#lives.set(instance, { instance, version, condition: 'starting', readyUs: null });
        return;
      }
      case 'instance.ready':
        this.#turns(instance, { condition: 'ready', readyUs: event.timeUs });
        return;
      case 'instance.draining':
        this.#turns(instance, { condition: 'draining' });
        return;
      case 'instance.stopped':
      case 'instance.crashed':
        this.#lives.delete(instance);
        return;
      case 'response.received':
        if (asks(event)) this.#count(event.toInstance, event.timeUs, 1, event.status >= 500 ? 1 : 0);
        return;
      case 'request.failed':
        if (asks(event) && event.error !== 'cancelled') this.#count(event.toInstance, event.timeUs, 1, 1);
        return;
      case 'response.unreadable':
        // Its answer has been counted as a good one.
        if (asks(event)) this.#count(event.toInstance, event.timeUs, 0, 1);
        return;
      default:
    }
  }

  livesOf(service: ServiceName): readonly SeenLife[] {
    return [...this.#lives.values()].filter(({ instance }) => serviceOf(instance) === service);
  }

  /** By version. */
  figuresOf(service: ServiceName, sinceUs: RunTimeUs): ReadonlyMap<VersionLabel, ReleaseFigures> {
    const figures = new Map<VersionLabel, ReleaseFigures>();
    const answers = this.#answers.get(service) ?? [];
    for (let at = answers.length - 1; at >= 0; at -= 1) {
      const answer = answers[at];
      if (answer === undefined || answer.atUs < sinceUs) break;
      const { version } = answer;
      const { requests, failures } = figures.get(version) ?? { requests: 0, failures: 0 };
      figures.set(version, {
        version,
        requests: requests + answer.requests,
        failures: failures + answer.failures,
      });
    }
    return figures;
  }

  /** Nobody looks at what was answered until now. */
  forget(service: ServiceName): void {
    this.#answers.delete(service);
  }

  /** From now on answers are kept. */
  watch(service: ServiceName): void {
    if (!this.#answers.has(service)) this.#answers.set(service, []);
  }

  #turns(instance: InstanceId, change: Partial<SeenLife>): void {
    const life = this.#lives.get(instance);
    if (life !== undefined) this.#lives.set(instance, { ...life, ...change });
  }

  #count(to: InstanceId, atUs: RunTimeUs, requests: number, failures: number): void {
    const answers = this.#answers.get(serviceOf(to));
    if (answers === undefined) return;
    answers.push({ atUs, version: this.#versions.get(to) ?? FIRST_VERSION, requests, failures });
    if (answers.length > 2 * KEPT) answers.splice(0, answers.length - KEPT);
  }
}
