import type { Local, ScopeOptions } from './context.ts';
import { Semaphore } from './coordination.ts';
import type { HostPorts, LogPlace } from './host-ports.ts';
import { type EventId, eventId, type InstanceId, type SpanId, type TraceId } from './ids.ts';
import { type Life, Process, type ProcessInit } from './process.ts';
import type { EventDraft, RunEvent } from './run-event.ts';
import type { CapacitySettings } from './run-settings.ts';
import type { ServiceName } from './service-name.ts';
import { spanIdFor, traceIdFor } from './trace-context.ts';

export interface InstanceIdentity {
  readonly instance: InstanceId;
  readonly incarnation: number;
  /** Name of the database that this service's instances share. */
  readonly database: string;
}

/** What the processes of one life of an instance share: its name, slots and memory, and the ids that it gives. */
export class InstanceCore {
  readonly identity: InstanceIdentity;
  readonly service: ServiceName;
  readonly host: HostPorts;
  readonly life: Life;
  /** Request slots. */
  readonly slots: Semaphore;
  readonly cpu: Semaphore;
  /** Processes without a parent. */
  readonly roots = new Set<Process>();
  /** Those of them that a drain does not wait for. */
  readonly aside = new Set<Process>();
  draining = false;
  /** Hears of the end of each root while it is set. */
  rootEnded: (() => void) | null = null;
  readonly #locals = new Map<Local<unknown>, unknown>();
  #events = 0;
  #spans = 0;

  constructor(service: ServiceName, identity: InstanceIdentity, host: HostPorts) {
    this.service = service;
    this.identity = identity;
    this.host = host;
    this.life = { tracker: host.tracker, dead: false };
    this.slots = new Semaphore(this.capacity.requestSlots);
    this.cpu = new Semaphore(this.capacity.cpuSlots);
  }

  get capacity(): CapacitySettings {
    return this.host.settings().services[this.service];
  }

  local<T>(local: Local<T>): T {
    const key = local as Local<unknown>;
    if (!this.#locals.has(key)) this.#locals.set(key, local.create());
    return this.#locals.get(key) as T;
  }

  newSpanId(): SpanId {
    return spanIdFor(this.#newSpanName());
  }

  newTraceId(): TraceId {
    return traceIdFor(this.#newSpanName());
  }

  newEventId(): EventId {
    this.#events += 1;
    return eventId(this.identity.instance, this.identity.incarnation, this.#events);
  }

  /** An event of this instance, at this moment. */
  build(id: EventId, draft: EventDraft, at: Partial<LogPlace>): RunEvent {
    return {
      id,
      seq: -1,
      timeUs: this.host.now(),
      instance: this.identity.instance,
      service: this.service,
      traceId: at.traceId ?? null,
      spanId: at.spanId ?? null,
      parentSpanId: at.parentSpanId ?? null,
      cause: at.cause ?? null,
      ...draft,
    } as RunEvent;
  }

  /** Writes an event that belongs to no process. */
  write(draft: EventDraft, at: Partial<LogPlace> = {}): EventId {
    const event = this.build(this.newEventId(), draft, at);
    if (!this.life.dead) this.host.emit(event);
    return event.id;
  }

  /** Writes an event of a process; it is the cause of the process's next one. */
  emit(process: Process, draft: EventDraft): EventId {
    const id = this.write(draft, placeOf(process));
    process.cause = id;
    return id;
  }

  newRoot(init: ProcessInit): Process {
    const process = new Process(this.life, null, init);
    this.roots.add(process);
    return process;
  }

  endRoot(process: Process): void {
    this.roots.delete(process);
    this.aside.delete(process);
    this.rootEnded?.();
  }

  newChild(parent: Process, options: ScopeOptions): Process {
    let { span, parentSpanId } = parent;
    const above = options.parent ?? (options.span === 'child' ? parent.span : null);
    if (options.parent !== undefined || options.span === 'child') {
      parentSpanId = above?.spanId ?? null;
      span = { traceId: above?.traceId ?? this.newTraceId(), spanId: this.newSpanId() };
    } else if (options.span !== undefined) {
      span = options.span;
      parentSpanId = null;
    }
    return new Process(this.life, parent, {
      name: options.name,
      span,
      parentSpanId,
      cause: options.cause ?? parent.cause,
      deadlineUs: options.deadlineUs === undefined ? parent.deadlineUs : options.deadlineUs,
    });
  }

  #newSpanName(): string {
    this.#spans += 1;
    const { instance, incarnation } = this.identity;
    return `${this.host.random.seed}/${instance}.${incarnation}.${this.#spans}`;
  }
}

export const placeOf = (process: Process): LogPlace => ({
  traceId: process.span?.traceId ?? null,
  spanId: process.span?.spanId ?? null,
  parentSpanId: process.parentSpanId,
  cause: process.cause,
});

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
