import {
  assert,
  type EventDraft,
  elapsedMs,
  type FaultId,
  faultId,
  type InstanceId,
  type Json,
  plusMs,
  RUN_START,
  type RunTimeUs,
  type ServiceName,
  serviceOf,
  type Undo,
} from '../kernel/index.ts';
import type { ActiveFault, DownFault, Fault, ScheduledFault } from './fault.ts';

/** What the schedule needs of a host. */
export interface FaultSchedulePorts {
  now(): RunTimeUs;
  /** In run time. */
  schedule(delayMs: number, wake: () => void): Undo;
  /** Writes an event of the run itself. */
  emit(draft: EventDraft): void;
  /** Ends an instance here and now; false when it is down already. */
  crash(instance: InstanceId, faultId: FaultId): boolean;
  /** Starts it; harmless when it runs already. */
  restart(instance: InstanceId): void;
  /** All that belong to the service, up or down. */
  instancesOf(service: ServiceName): readonly InstanceId[];
  /** Other faults are on now: tell the network and every instance. */
  changed(active: readonly ActiveFault[]): void;
}

export type FaultEnd = 'cleared' | 'elapsed' | 'spent';

interface Running {
  readonly active: ActiveFault;
  stopTimer: Undo;
  /** Instances to start when a `down` ends: those it found running, or that were to come back meanwhile. */
  readonly toRestart: Set<InstanceId>;
}

/**
 * Which faults are on, from when to when, in run time. It acts itself only for `down` on a service or
 * an instance; all others are suffered where they sit (`faultyNetwork`, `faultyDefinition`, `faultyPorts`).
 */
export class FaultSchedule {
  readonly #ports: FaultSchedulePorts;
  readonly #armed = new Map<FaultId, { readonly scheduled: ScheduledFault; readonly disarm: Undo }>();
  readonly #running = new Map<FaultId, Running>();
  readonly #restarts = new Set<Undo>();
  #added: number;

  /** `lastNumber`: of the faults that this run had before, when it goes on after a reload. */
  constructor(ports: FaultSchedulePorts, { lastNumber = 0 }: { readonly lastNumber?: number } = {}) {
    this.#ports = ports;
    this.#added = lastNumber;
  }

  /** Begins a fault now; gives its id (`fault-1`, `fault-2`, …). */
  add(fault: Fault): FaultId {
    const id = this.#nextId();
    this.#begin(id, fault);
    return id;
  }

  /** Begins each at its time after the run's start; one whose time has passed begins now. */
  arm(faults: readonly ScheduledFault[]): readonly FaultId[] {
    return faults.map((scheduled) => {
      const { atMs, fault } = scheduled;
      const id = this.#nextId();
      const delayMs = elapsedMs(this.#ports.now(), plusMs(RUN_START, atMs));
      const disarm = this.#ports.schedule(Math.max(0, delayMs), () => {
        this.#armed.delete(id);
        this.#begin(id, fault);
      });
      this.#armed.set(id, { scheduled, disarm });
      return id;
    });
  }

  /** False when there is no such fault, or it has ended. One that has not begun yet never will. */
  clear(id: FaultId): boolean {
    const armed = this.#armed.get(id);
    if (armed !== undefined) {
      armed.disarm();
      return this.#armed.delete(id);
    }
    if (!this.#running.has(id)) return false;
    this.#end(id, 'cleared');
    return true;
  }

  clearAll(): void {
    for (const id of [...this.#armed.keys(), ...this.#running.keys()]) this.clear(id);
  }

  /** Armed, and neither begun nor cleared yet. */
  toCome(): readonly ScheduledFault[] {
    return [...this.#armed.values()].map(({ scheduled }) => scheduled);
  }

  /** In the order they began. */
  active(): readonly ActiveFault[] {
    return [...this.#running.values()].map(({ active }) => active);
  }

  /**
   * The fault that keeps an instance down, or null. A host asks before it starts one by hand, and
   * refuses while there is one, naming it: the instance could only crash again.
   */
  heldDownBy(instance: InstanceId): FaultId | null {
    return this.#holder(instance)?.active.faultId ?? null;
  }

  /**
   * The service has an instance more. True when a fault holds it down: do not start it; it starts when
   * the fault ends.
   */
  instanceAdded(instance: InstanceId): boolean {
    const holder = this.#holder(instance);
    holder?.toRestart.add(instance);
    return holder !== undefined;
  }

  /** The host says of every crash: a `crash-at` that caused it is spent, and its instance may come back. */
  instanceCrashed(instance: InstanceId, id: FaultId | null): void {
    const running = id === null ? undefined : this.#running.get(id);
    if (running?.active.fault.kind !== 'crash-at') return;
    const { restartAfterMs } = running.active.fault;
    this.#end(running.active.faultId, 'spent');
    if (restartAfterMs === null) return;
    const undo = this.#ports.schedule(restartAfterMs, () => {
      this.#restarts.delete(undo);
      this.#bringBack(instance);
    });
    this.#restarts.add(undo);
  }

  /** Gives up all timers, without a word to the log: the run is over. */
  stop(): void {
    for (const { disarm } of this.#armed.values()) disarm();
    for (const undo of this.#restarts) undo();
    for (const { stopTimer } of this.#running.values()) stopTimer();
    this.#armed.clear();
    this.#restarts.clear();
    this.#running.clear();
  }

  #nextId(): FaultId {
    this.#added += 1;
    return faultId(`fault-${this.#added}`);
  }

  #begin(id: FaultId, fault: Fault): void {
    const startedUs = this.#ports.now();
    const lengthMs = fault.kind === 'crash-at' ? null : fault.lengthMs;
    const endsUs = lengthMs === null ? null : plusMs(startedUs, lengthMs);
    const running: Running = {
      active: { faultId: id, fault, startedUs, endsUs },
      stopTimer:
        lengthMs === null ? () => {} : this.#ports.schedule(lengthMs, () => this.#end(id, 'elapsed')),
      toRestart: new Set(),
    };
    this.#running.set(id, running);
    this.#ports.emit({ type: 'fault.started', faultId: id, fault: fault as unknown as Json });
    this.#ports.changed(this.active());
    if (fault.kind !== 'down') return;
    for (const instance of this.#targetsOf(fault)) {
      if (this.#ports.crash(instance, id)) running.toRestart.add(instance);
    }
  }

  #end(id: FaultId, reason: FaultEnd): void {
    const running = this.#running.get(id);
    assert(running !== undefined, `fault ${id} is on`);
    running.stopTimer();
    this.#running.delete(id);
    this.#ports.emit({ type: 'fault.ended', faultId: id, reason });
    this.#ports.changed(this.active());
    for (const instance of running.toRestart) this.#bringBack(instance);
  }

  /** Starts an instance, or leaves that to the fault that still holds it down. One that is wanted no more stays away. */
  #bringBack(instance: InstanceId): void {
    if (!this.#ports.instancesOf(serviceOf(instance)).includes(instance)) return;
    const holder = this.#holder(instance);
    if (holder === undefined) this.#ports.restart(instance);
    else holder.toRestart.add(instance);
  }

  #holder(instance: InstanceId): Running | undefined {
    return [...this.#running.values()].find(({ active: { fault } }) => {
      if (fault.kind !== 'down') return false;
      if (fault.target.kind === 'instance') return fault.target.instance === instance;
      return fault.target.kind === 'service' && fault.target.service === serviceOf(instance);
    });
  }

  #targetsOf({ target }: DownFault): readonly InstanceId[] {
    switch (target.kind) {
      case 'service':
        return this.#ports.instancesOf(target.service);
      case 'instance':
        return this.#ports.instancesOf(serviceOf(target.instance)).filter((id) => id === target.instance);
      case 'edge':
        return [];
    }
  }
}
