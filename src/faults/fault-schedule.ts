import {
  assert,
  type CrashReason,
  type EventDraft,
  elapsedMs,
  exponential,
  type FaultId,
  faultId,
  type InstanceId,
  type Json,
  plusMs,
  type RandomPort,
  RUN_START,
  type RunTimeUs,
  type ServiceName,
  serviceOf,
  spreadAround,
  type Undo,
} from '../kernel/index.ts';
import { faultTargetText } from './describe-fault.ts';
import {
  type ActiveFault,
  type ActiveOf,
  type Fault,
  type FaultTarget,
  isOf,
  type ScheduledFault,
} from './fault.ts';
import { sitsAt } from './fault-place.ts';
import { injected } from './injection.ts';

/** What the schedule needs of a host. */
export interface FaultSchedulePorts {
  readonly random: RandomPort;
  now(): RunTimeUs;
  /** In run time. */
  schedule(delayMs: number, wake: () => void): Undo;
  /** Writes an event of the run itself. */
  emit(draft: EventDraft): void;
  /** Ends an instance here and now; false when it is down already. */
  crash(instance: InstanceId, reason: CrashReason): boolean;
  /** Starts it; harmless when it runs already. */
  restart(instance: InstanceId): void;
  /** All that belong to the service, up or down. */
  instancesOf(service: ServiceName): readonly InstanceId[];
  /** Other faults are on now: tell the network and every instance. */
  changed(active: readonly ActiveFault[]): void;
}

export type FaultEnd = 'cleared' | 'elapsed' | 'spent';

interface Armed {
  readonly scheduled: ScheduledFault;
  readonly disarm: Undo;
  /** The log knows of it. */
  readonly isTold: boolean;
}

interface Running {
  active: ActiveFault;
  /** The next time it comes, armed. */
  readonly next: FaultId | null;
  readonly timers: Set<Undo>;
  /** Instances to start at its end: those that it has crashed, or that were to come back while a `down` lasts. */
  readonly toRestart: Set<InstanceId>;
  /** Who waits for its end. */
  readonly wakes: (() => void)[];
}

/**
 * Which faults are on, from when to when, in run time. It acts itself only where instances are to crash
 * (`down`, `crash-loop`) or a way comes and goes (`flapping`), and says of more customers that they come; all others
 * are suffered where they sit (`faultyNetwork`, `faultyDefinition`, `faultyPorts`, `HangGate`).
 */
export class FaultSchedule {
  readonly #ports: FaultSchedulePorts;
  readonly #armed = new Map<FaultId, Armed>();
  readonly #running = new Map<FaultId, Running>();
  readonly #restarts = new Set<Undo>();
  #active: readonly ActiveFault[] = [];
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

  /** At its time, and says so; now when that has passed. */
  schedule(scheduled: ScheduledFault): FaultId {
    if (plusMs(RUN_START, scheduled.atMs) <= this.#ports.now()) return this.addDue(scheduled);
    return this.#plan(scheduled);
  }

  /** Begins one now whose time has come or has passed; it comes again as it was planned to. */
  addDue(scheduled: ScheduledFault): FaultId {
    const id = this.#nextId();
    this.#begin(id, scheduled.fault, scheduled);
    return id;
  }

  /** Begins each at its time after the run's start; one whose time has passed begins now. */
  arm(faults: readonly ScheduledFault[]): readonly FaultId[] {
    return faults.map((scheduled) => this.#arm(scheduled, false));
  }

  /** False when there is no such fault, or it has ended. One that has not begun yet never will, nor come again. */
  clear(id: FaultId): boolean {
    const armed = this.#armed.get(id);
    if (armed !== undefined) {
      armed.disarm();
      if (armed.isTold) this.#ports.emit({ type: 'fault.ended', faultId: id, reason: 'cleared' });
      return this.#armed.delete(id);
    }
    const running = this.#running.get(id);
    if (running === undefined) return false;
    this.#end(id, 'cleared');
    if (running.next !== null) this.clear(running.next);
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
    return this.#active;
  }

  /** Calls back once this fault has ended, in the order asked; never when it is not on, or the run ends before. */
  whenEnded(id: FaultId, wake: () => void): void {
    this.#running.get(id)?.wakes.push(wake);
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

  /**
   * The host says of every crash: a `crash-at` that caused it is spent, and its instance may come back; one that was
   * killed for its memory comes back too.
   */
  instanceCrashed(instance: InstanceId, id: FaultId | null): void {
    const running = id === null ? undefined : this.#running.get(id);
    if (running?.active.fault.kind === 'memory-limit') {
      running.toRestart.add(instance);
      this.#later(running, running.active.fault.restartAfterMs, () => {
        if (running.toRestart.delete(instance)) this.#bringBack(instance);
      });
    }
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
    for (const { timers } of this.#running.values()) for (const undo of timers) undo();
    this.#armed.clear();
    this.#restarts.clear();
    this.#running.clear();
    this.#active = [];
  }

  #nextId(): FaultId {
    this.#added += 1;
    return faultId(`fault-${this.#added}`);
  }

  #plan(scheduled: ScheduledFault): FaultId {
    const id = this.#arm(scheduled, true);
    const { atMs, fault, repeat = null } = scheduled;
    this.#ports.emit({
      type: 'fault.planned',
      faultId: id,
      fault: fault as unknown as Json,
      atUs: plusMs(RUN_START, atMs),
      repeat: repeat as unknown as Json,
    });
    return id;
  }

  #arm(scheduled: ScheduledFault, isTold: boolean): FaultId {
    const id = this.#nextId();
    const delayMs = elapsedMs(this.#ports.now(), plusMs(RUN_START, scheduled.atMs));
    const disarm = this.#ports.schedule(Math.max(0, delayMs), () => {
      this.#armed.delete(id);
      this.#begin(id, scheduled.fault, scheduled);
    });
    this.#armed.set(id, { scheduled, disarm, isTold });
    return id;
  }

  #begin(id: FaultId, fault: Fault, planned: ScheduledFault | null = null): void {
    const again = planned === null ? null : nextTime(planned, this.#ports.random);
    const next = again === null ? null : this.#plan(again);
    const startedUs = this.#ports.now();
    const lengthMs = fault.kind === 'crash-at' ? null : fault.lengthMs;
    const endsUs = lengthMs === null ? null : plusMs(startedUs, lengthMs);
    const active: ActiveFault = { faultId: id, fault, startedUs, endsUs };
    const running: Running = { active, next, timers: new Set(), toRestart: new Set(), wakes: [] };
    if (lengthMs !== null) this.#later(running, lengthMs, () => this.#end(id, 'elapsed'));
    this.#running.set(id, running);
    this.#ports.emit({ type: 'fault.started', faultId: id, fault: fault as unknown as Json });
    this.#changed();
    if (isOf('down')(active)) {
      for (const instance of this.#instancesAt(active.fault.target)) {
        if (this.#ports.crash(instance, { reason: 'a fault: down', faultId: id }))
          running.toRestart.add(instance);
      }
    } else if (isOf('crash-loop')(active)) {
      for (const instance of this.#instancesAt(active.fault.target))
        this.#crashLater(running, active, instance, 1);
    } else if (isOf('flapping')(active)) {
      this.#flap(running, active, 1);
    } else {
      const effect = onCustomers(fault);
      if (effect !== null) this.#ports.emit(injected(active, effect));
    }
  }

  /** The nth phase of a way that comes and goes: the odd ones are cut. */
  #flap(running: Running, flapping: ActiveOf<'flapping'>, n: number): void {
    const { faultId, fault } = flapping;
    const resting = n % 2 === 0;
    running.active = { ...flapping, resting };
    this.#ports.emit(injected(flapping, resting ? 'the way is open' : 'the way is cut'));
    this.#changed();
    const draw = this.#ports.random.uniform('fault.flap', faultId, n);
    const phaseMs = exponential(resting ? fault.meanUpMs : fault.meanDownMs, draw);
    this.#later(running, phaseMs, () => this.#flap(running, flapping, n + 1));
  }

  #end(id: FaultId, reason: FaultEnd): void {
    const running = this.#running.get(id);
    assert(running !== undefined, `fault ${id} is on`);
    for (const undo of running.timers) undo();
    this.#running.delete(id);
    this.#ports.emit({ type: 'fault.ended', faultId: id, reason });
    this.#changed();
    for (const instance of running.toRestart) this.#bringBack(instance);
    for (const wake of running.wakes) wake();
  }

  #changed(): void {
    this.#active = [...this.#running.values()].map(({ active }) => active);
    this.#ports.changed(this.#active);
  }

  /** In its time, unless the fault has ended. */
  #later(running: Running, delayMs: number, what: () => void): void {
    const undo = this.#ports.schedule(delayMs, () => {
      running.timers.delete(undo);
      what();
    });
    running.timers.add(undo);
  }

  /** The nth crash of an instance in a loop. One that is down already is not crashed again. */
  #crashLater(running: Running, loop: ActiveOf<'crash-loop'>, instance: InstanceId, n: number): void {
    const { faultId: id, fault } = loop;
    const draw = this.#ports.random.uniform('fault.crash', id, instance, n);
    this.#later(running, exponential(fault.meanUpMs, draw), () => {
      if (this.#ports.crash(instance, { reason: 'a fault: crash loop', faultId: id })) {
        running.toRestart.add(instance);
        this.#ports.emit(injected(loop, `crashed ${instance}`));
      }
      this.#later(running, fault.restartAfterMs, () => {
        if (running.toRestart.delete(instance)) this.#bringBack(instance);
        this.#crashLater(running, loop, instance, n + 1);
      });
    });
  }

  /** Starts an instance, or leaves that to the fault that still holds it down. One that is wanted no more stays away. */
  #bringBack(instance: InstanceId): void {
    if (!this.#ports.instancesOf(serviceOf(instance)).includes(instance)) return;
    const holder = this.#holder(instance);
    if (holder === undefined) this.#ports.restart(instance);
    else holder.toRestart.add(instance);
  }

  #holder(instance: InstanceId): Running | undefined {
    return [...this.#running.values()].find(
      ({ active }) => isOf('down')(active) && sitsAt(active.fault.target, instance),
    );
  }

  #instancesAt(target: FaultTarget): readonly InstanceId[] {
    switch (target.kind) {
      case 'service':
        return this.#ports.instancesOf(target.service);
      case 'instance':
        return this.#ports.instancesOf(serviceOf(target.instance)).filter((id) => id === target.instance);
      case 'edge':
      case 'network':
        return [];
    }
  }
}

/** When a fault comes again: a gap after the end that is planned for it, drawn by its own time. Null: no more. */
export function nextTime(planned: ScheduledFault, random: RandomPort): ScheduledFault | null {
  const { atMs, fault, repeat } = planned;
  if (repeat === undefined || repeat.count === 1 || fault.kind === 'crash-at' || fault.lengthMs === null)
    return null;
  const { count, gapMs, gapSpread } = repeat;
  const draw = random.uniform('fault.gap', fault.kind, faultTargetText(fault), atMs);
  const nextMs = atMs + fault.lengthMs + spreadAround(gapMs, gapSpread, draw);
  const left = count === null ? null : count - 1;
  // Run time has microseconds.
  return { atMs: Math.round(nextMs * 1000) / 1000, fault, repeat: { ...repeat, count: left } };
}

/** What the log says of faults that make customers come: nobody else is told. */
function onCustomers(fault: Fault): string | null {
  switch (fault.kind) {
    case 'spike':
      return `customers come ${fault.factor} times as often`;
    case 'ramp':
      return `more and more customers come, in the end ${fault.factor} times as many`;
    case 'hot-product':
      return `${Math.round(fault.share * 100)} % of the orders are for ${fault.sku}`;
    default:
      return null;
  }
}
