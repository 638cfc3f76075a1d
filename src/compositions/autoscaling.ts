import {
  deployedInstances,
  type EventDraft,
  type EventId,
  elapsedMs,
  type InstanceId,
  type RunEvent,
  type RunSettings,
  type RunTimeUs,
  type ServiceName,
  type Undo,
} from '../kernel/index.ts';
import { decideScale, type InstanceFigures, type Recommendation } from '../patterns/index.ts';

/** What the autoscaler needs of a host. */
export interface AutoscalerPorts {
  readonly services: readonly ServiceName[];
  settings(): RunSettings;
  now(): RunTimeUs;
  /** In run time. */
  schedule(delayMs: number, wake: () => void): Undo;
  write(draft: EventDraft): EventId;
  scale(service: ServiceName, instances: number, cause: EventId): void;
}

interface Report {
  readonly atUs: RunTimeUs;
  readonly utilisation: number;
}

/**
 * The run's autoscaler, on any host. It knows what the platform of a real shop knows: who is ready, and what each
 * instance reports of itself (`instance.load`).
 */
export class Autoscaler {
  readonly #ports: AutoscalerPorts;
  readonly #ready = new Set<InstanceId>();
  readonly #reports = new Map<InstanceId, Report[]>();
  readonly #recommended = new Map<ServiceName, readonly Recommendation[]>();
  /** What was last told of each. */
  readonly #told = new Map<ServiceName, string>();
  #next: Undo | null = null;
  #everyMs = 0;

  constructor(ports: AutoscalerPorts) {
    this.#ports = ports;
  }

  hears(event: RunEvent): void {
    const { instance } = event;
    switch (event.type) {
      case 'instance.ready':
        this.#ready.add(instance);
        break;
      case 'instance.started':
      case 'instance.draining':
      case 'instance.stopped':
      case 'instance.crashed':
        this.#ready.delete(instance);
        this.#reports.delete(instance);
        break;
      case 'instance.load': {
        const reports = this.#reports.get(instance) ?? [];
        reports.push({ atUs: event.timeUs, utilisation: event.busySlots / event.slots });
        this.#reports.set(instance, reports);
        break;
      }
      default:
    }
  }

  /** Begins, ends or changes its pace. */
  settingsChanged(): void {
    const { autoscaler } = this.#ports.settings();
    const everyMs = autoscaler?.everyMs ?? 0;
    if (everyMs === this.#everyMs) return;
    this.#everyMs = everyMs;
    this.#next?.();
    this.#next = null;
    if (autoscaler === null) {
      this.#recommended.clear();
      this.#told.clear();
      this.#reports.clear();
    } else this.#look();
  }

  #look(): void {
    this.#next = this.#ports.schedule(this.#everyMs, () => {
      this.#look();
      for (const service of this.#ports.services) this.#decide(service);
    });
  }

  #decide(service: ServiceName): void {
    const settings = this.#ports.settings();
    const target = settings.autoscaler?.services[service];
    if (settings.autoscaler === null || target === undefined || target === null) return;
    const nowUs = this.#ports.now();
    const current = settings.services[service].instances;
    const instances = deployedInstances(settings.deployments, service, current);
    const decision = decideScale({
      nowUs,
      current,
      instances: instances.map((instance) =>
        this.#figuresOf(instance, nowUs, settings.autoscaler?.windowMs ?? 0),
      ),
      target,
      settings: settings.autoscaler,
      before: this.#recommended.get(service) ?? [],
    });
    this.#recommended.set(service, decision.recommendations);
    const { desired, recommended, reason, utilisation } = decision;
    const said = `${current} ${recommended} ${desired} ${reason}`;
    if (said === this.#told.get(service) && desired === current) return;
    this.#told.set(service, said);
    const cause = this.#ports.write({
      type: 'autoscaler.decided',
      of: service,
      current,
      utilisation,
      target: target.utilisation,
      recommended,
      desired,
      reason,
    });
    if (desired !== current) this.#ports.scale(service, desired, cause);
  }

  #figuresOf(instance: InstanceId, nowUs: RunTimeUs, windowMs: number): InstanceFigures {
    if (!this.#ready.has(instance)) return { kind: 'not-ready' };
    const recent = (this.#reports.get(instance) ?? []).filter(
      ({ atUs }) => elapsedMs(atUs, nowUs) < windowMs,
    );
    if (recent.length === 0) return { kind: 'silent' };
    this.#reports.set(instance, recent);
    const sum = recent.reduce((total, { utilisation }) => total + utilisation, 0);
    return { kind: 'reported', utilisation: sum / recent.length };
  }
}
