import {
  type ActiveFault,
  CrashTriggers,
  type Fault,
  FaultSchedule,
  faultyDefinition,
  faultyNetwork,
  faultyPorts,
  HangGate,
  type WriteEvent,
} from '../../faults/index.ts';
import {
  type CrashReason,
  type CryptoPort,
  createRandom,
  type Deliver,
  type EventDraft,
  type EventId,
  err,
  eventId,
  type FaultId,
  type HostPorts,
  type HostTransaction,
  hopNetwork,
  type InboundMessage,
  type InstanceId,
  InstanceRuntime,
  instanceId,
  type Json,
  OUTSIDE,
  type OutboundMessage,
  ok,
  type ProcessOutcome,
  type RandomPort,
  type Reply,
  type RunEvent,
  type RunSettings,
  type ServiceDefinition,
  type ServiceName,
  type StoreOperation,
  type StoreOutcome,
  serviceOf,
  type TransactionMode,
  type Undo,
} from '../../kernel/index.ts';
import { MemoryDatabase, type OpenTransaction } from './memory-database.ts';
import { type LifeTracker, VirtualTime, type VirtualTimeOptions } from './virtual-time.ts';

export interface VirtualHostOptions extends VirtualTimeOptions {
  readonly seed: number;
  readonly settings: RunSettings;
  readonly crypto: CryptoPort;
  /** Who else than those that were added may be brought back by a fault that ends; default: all. */
  wanted?(): readonly InstanceId[];
  /** Hears each event as it is written. */
  wrote?(event: RunEvent): void;
  /** Hears of the end of each life, whatever ended it. */
  ended?(instance: InstanceId): void;
  /** Whether an instance that starts now takes its cold start; default: it does not. */
  cold?(): boolean;
  /** What stands between instances and the network with its hops, and between an instance and its ports; for tests. */
  readonly wrapNetwork?: (deliver: Deliver) => Deliver;
  readonly wrapPorts?: (ports: HostPorts, instance: InstanceId) => HostPorts;
}

const RUN_INSTANCE = instanceId('run', 1);

/** A request from outside the shop, that no instance of it sent. */
export interface OutsideRequest extends Omit<InboundMessage, 'from' | 'cause'> {
  readonly from?: InstanceId | null;
  readonly cause?: EventId | null;
}

interface Life {
  readonly runtime: InstanceRuntime;
  readonly gate: HangGate;
  readonly tracker: LifeTracker;
  /** Who waits for its answers: tells them that it ended. */
  readonly inbound: Set<(cause: EventId) => void>;
  /** What it waits for: gives it up. */
  readonly outbound: Set<Undo>;
  readonly transactions: Set<HostedTransaction>;
  readonly controls: Set<(outcome: ProcessOutcome<Json>) => void>;
  alive: boolean;
  ready: boolean;
  /** It drains, and listens no more because of that event. */
  closed: EventId | null;
}

interface Instance {
  readonly id: InstanceId;
  /** Of its next life. */
  definition: ServiceDefinition;
  incarnation: number;
  life: Life | null;
  /** Why it does not answer any more. */
  ended: EventId | null;
}

/** Instances of any services on one virtual clock: their network, databases, lives and faults. */
export class VirtualHost {
  readonly events: RunEvent[] = [];
  readonly time: VirtualTime;
  readonly random: RandomPort;
  readonly faults: FaultSchedule;
  readonly #options: VirtualHostOptions;
  readonly #instances = new Map<InstanceId, Instance>();
  readonly #databases = new Map<string, MemoryDatabase>();
  readonly #faultStarts = new Map<FaultId, EventId>();
  readonly #deliver: Deliver;
  #settings: RunSettings;
  #hop: RunSettings['hop'] | null = null;
  #active: readonly ActiveFault[] = [];
  #written = 0;

  constructor(options: VirtualHostOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.time = new VirtualTime(options);
    this.random = createRandom(options.seed);
    this.faults = new FaultSchedule({
      random: this.random,
      now: () => this.time.nowUs,
      schedule: (delayMs, wake) => this.time.schedule(delayMs, wake),
      emit: (draft) => {
        const id = this.write(draft);
        if (draft.type === 'fault.started') this.#faultStarts.set(draft.faultId, id);
      },
      crash: (instance, reason) => this.crash(instance, reason),
      restart: (instance) => this.start(instance),
      instancesOf: (service) => this.#wanted().filter((instance) => serviceOf(instance) === service),
      changed: (active) => {
        this.#active = active;
        for (const { life } of this.#instances.values()) life?.gate.changed(active);
      },
    });
    const faulty = faultyNetwork((message, reply) => this.#arrive(message, reply), {
      random: this.random,
      now: () => this.time.nowUs,
      schedule: (delayMs, wake) => this.time.schedule(delayMs, wake),
      active: () => this.#active,
      whenEnded: (faultId, wake) => this.faults.whenEnded(faultId, wake),
      write: (draft, at) => this.write(draft, at),
    });
    const network = hopNetwork(faulty, {
      random: this.random,
      now: () => this.time.nowUs,
      settings: () => (this.#hop === null ? this.#settings : { hop: this.#hop }),
      after: (delayMs, run) => this.time.schedule(delayMs, run),
    });
    this.#deliver = options.wrapNetwork?.(network) ?? network;
  }

  get settings(): RunSettings {
    return this.#settings;
  }

  /** Those that have been added, up or down. */
  get instances(): readonly InstanceId[] {
    return [...this.#instances.keys()];
  }

  changeSettings(settings: RunSettings): void {
    this.#settings = settings;
    for (const { life } of this.#instances.values()) life?.runtime.settingsChanged();
  }

  /** Hops of another length than the settings say; null: as they say. */
  setHop(hop: RunSettings['hop'] | null): void {
    this.#hop = hop;
  }

  /** Adds an instance; it does not run until it is started. */
  add(definition: ServiceDefinition, number = 1): InstanceId {
    const id = instanceId(definition.name, number);
    if (this.#instances.has(id)) throw new Error(`${id} exists already`);
    this.#database(definition.name).define(definition.tables);
    this.#instances.set(id, { id, definition, incarnation: 0, life: null, ended: null });
    return id;
  }

  /** Gives an instance other code, with the same tables: it runs from its next start on. */
  replace(id: InstanceId, definition: ServiceDefinition): void {
    this.#instance(id).definition = definition;
  }

  has(id: InstanceId): boolean {
    return this.#instances.has(id);
  }

  isUp(id: InstanceId): boolean {
    return this.#instances.get(id)?.life != null;
  }

  isReady(id: InstanceId): boolean {
    return this.#instances.get(id)?.life?.ready ?? false;
  }

  /** Begins a new life; harmless when it lives. */
  start(id: InstanceId): void {
    const instance = this.#instance(id);
    if (instance.life !== null) return;
    instance.incarnation += 1;
    const { definition } = instance;
    const tracker = this.time.track();
    const triggers = new CrashTriggers(id, () => this.#active);
    const own: { life: Life | null } = { life: null };
    let lastEffect: RunEvent | null = null;
    const crash = (reason: CrashReason) => {
      const because =
        lastEffect?.type === 'fault.injected' && lastEffect.faultId === reason.faultId ? lastEffect.id : null;
      this.#crash(instance, reason, because);
    };
    const write: WriteEvent = (draft, at) => runtime.write(draft, at);
    const schedule = (delayMs: number, wake: () => void): Undo =>
      this.time.schedule(delayMs, () => {
        if (own.life?.alive === true) wake();
      });
    const gate = new HangGate({ instance: id, active: this.#active, write, schedule });
    const ports = faultyPorts(
      this.#ports(
        instance,
        tracker,
        crash,
        () => own.life,
        (event) => {
          if (event.type === 'fault.injected') lastEffect = event;
        },
      ),
      { instance: id, active: () => this.#active, triggers, gate, write },
    );
    const door = faultyDefinition(definition, { instance: id, active: () => this.#active, triggers, crash });
    const identity = { instance: id, incarnation: instance.incarnation, database: definition.name };
    const runtime: InstanceRuntime = new InstanceRuntime(door, identity, ports);
    const life: Life = {
      runtime,
      gate,
      tracker,
      inbound: new Set(),
      outbound: new Set(),
      transactions: new Set(),
      controls: new Set(),
      alive: true,
      ready: false,
      closed: null,
    };
    own.life = life;
    instance.life = life;
    runtime.start({ cold: this.#options.cold?.() ?? false });
  }

  /** Lets it take its leave; false when it is not ready. */
  drain(id: InstanceId): boolean {
    const { life } = this.#instance(id);
    return life?.ready === true && life.runtime.drain();
  }

  /** Ends a life as a crash does: no `finally`, open transactions undone, callers reset. False when it is down. */
  crash(id: InstanceId, reason: CrashReason): boolean {
    return this.#crash(this.#instance(id), reason, null);
  }

  /** Ends it because somebody wants that: as a crash for those who wait, but not called one. */
  stop(id: InstanceId, cause: EventId | null = null): boolean {
    const instance = this.#instance(id);
    if (instance.life === null) return false;
    this.#end(instance, instance.life, this.write({ type: 'instance.stopped' }, { instance: id, cause }));
    return true;
  }

  /** A command to one instance; `done` hears how it ended. */
  control(id: InstanceId, command: Json, done: (outcome: ProcessOutcome<Json>) => void): void {
    const life = this.#instances.get(id)?.life ?? null;
    if (life === null) {
      done({ ok: false, error: new Error(`${id} is not running.`) });
      return;
    }
    const once = (outcome: ProcessOutcome<Json>) => {
      if (life.controls.delete(once)) done(outcome);
    };
    life.controls.add(once);
    life.gate.pass(() => life.runtime.control(command, once));
  }

  /** Takes a message over the network, hops, faults and all. */
  send(message: OutboundMessage, reply: (reply: Reply) => void): Undo {
    return this.#deliver(message, reply);
  }

  /** Hands a request straight to an instance, without a network. */
  ask(to: InstanceId, request: OutsideRequest, reply: (reply: Reply) => void): Undo {
    return this.#receive(to, { from: null, cause: null, ...request }, reply);
  }

  /** Writes an event of the run, or of the run about an instance. */
  write(
    draft: EventDraft,
    at: Partial<Pick<RunEvent, 'traceId' | 'spanId' | 'parentSpanId' | 'cause' | 'instance'>> = {},
  ): EventId {
    this.#written += 1;
    const instance = at.instance ?? RUN_INSTANCE;
    const event = {
      id: eventId(RUN_INSTANCE, 1, this.#written),
      seq: -1,
      timeUs: this.time.nowUs,
      instance,
      service: serviceOf(instance),
      traceId: at.traceId ?? null,
      spanId: at.spanId ?? null,
      parentSpanId: at.parentSpanId ?? null,
      cause: at.cause ?? null,
      ...draft,
    } as RunEvent;
    this.#record(event);
    return event.id;
  }

  addFault(fault: Fault): FaultId {
    return this.faults.add(fault);
  }

  /** Every database's tables, rows in key order. The rows are frozen. */
  tables(): Record<ServiceName, Record<string, readonly Json[]>> {
    const found: Partial<Record<ServiceName, Record<string, readonly Json[]>>> = {};
    for (const [name, database] of this.#databases) {
      found[name as ServiceName] = Object.fromEntries(
        database.tableNames.map((table) => [table, database.rows(table) as unknown as readonly Json[]]),
      );
    }
    return found as Record<ServiceName, Record<string, readonly Json[]>>;
  }

  #wanted(): readonly InstanceId[] {
    return this.#options.wanted?.() ?? this.instances;
  }

  /** The order in which events are written is the order of the log: nothing here is ever heard of later. */
  #record(event: RunEvent): void {
    (event as { seq: number }).seq = this.events.length;
    this.events.push(event);
    this.#options.wrote?.(event);
  }

  readonly #recordAll = (events: readonly RunEvent[]): void => {
    for (const event of events) this.#record(event);
  };

  #database(name: string): MemoryDatabase {
    let database = this.#databases.get(name);
    if (database === undefined) {
      database = new MemoryDatabase(name);
      this.#databases.set(name, database);
    }
    return database;
  }

  #instance(id: InstanceId): Instance {
    const instance = this.#instances.get(id);
    if (instance === undefined) throw new Error(`there is no ${id}`);
    return instance;
  }

  #crash(instance: Instance, reason: CrashReason, because: EventId | null): boolean {
    const { life, id } = instance;
    if (life === null) return false;
    const started = reason.faultId === null ? undefined : this.#faultStarts.get(reason.faultId);
    const draft = { type: 'instance.crashed', reason: reason.reason, faultId: reason.faultId } as const;
    this.#end(instance, life, this.write(draft, { instance: id, cause: because ?? started ?? null }));
    this.faults.instanceCrashed(id, reason.faultId);
    return true;
  }

  #end(instance: Instance, life: Life, cause: EventId): void {
    life.runtime.kill();
    life.alive = false;
    instance.life = null;
    instance.ended = cause;
    for (const transaction of [...life.transactions]) transaction.abort();
    for (const reset of [...life.inbound]) reset(cause);
    for (const undo of [...life.outbound]) undo();
    for (const done of [...life.controls])
      done({ ok: false, error: new Error(`${instance.id} ended before it answered.`) });
    life.tracker.over();
    this.#options.ended?.(instance.id);
  }

  #arrive(message: OutboundMessage, reply: (reply: Reply) => void): Undo {
    const { request, plane } = message;
    const sender = message.from === OUTSIDE ? OUT_OF_NOWHERE : message;
    return this.#receive(message.to, { request, plane, from: sender.from, cause: sender.cause }, reply);
  }

  #receive(to: InstanceId, message: InboundMessage, reply: (reply: Reply) => void): Undo {
    const instance = this.#instances.get(to);
    const life = instance?.life ?? null;
    if (life === null || life.closed !== null) {
      const error = { kind: 'connection_refused', detail: `nobody listens at ${to}` } as const;
      reply({ outcome: err(error), cause: life?.closed ?? instance?.ended ?? null });
      return NOTHING;
    }
    const reset = (cause: EventId) => {
      life.inbound.delete(reset);
      const error = { kind: 'connection_reset', detail: `${to} ended before it answered` } as const;
      reply({ outcome: err(error), cause });
    };
    life.inbound.add(reset);
    const cancel = life.gate.handle(life.runtime, message, ({ response, cause }) => {
      if (!life.inbound.delete(reset)) return;
      Object.freeze(response.headers);
      reply({ outcome: ok(Object.freeze(response)), cause });
    });
    return () => {
      if (life.inbound.delete(reset)) cancel();
    };
  }

  #ports(
    instance: Instance,
    tracker: LifeTracker,
    crash: (reason: CrashReason) => void,
    lifeOf: () => Life | null,
    noted: (event: RunEvent) => void,
  ): HostPorts {
    const alive = () => lifeOf()?.alive === true;
    const schedule = (delayMs: number, wake: () => void): Undo =>
      this.time.schedule(delayMs, () => {
        if (alive()) wake();
      });
    const database = this.#database(instance.definition.name);
    const ports: HostPorts = {
      tracker,
      random: this.random,
      crypto: this.#options.crypto,
      now: () => this.time.nowUs,
      settings: () => this.#settings,
      schedule,
      work: schedule,
      send: (message, reply) => {
        const life = lifeOf();
        if (life?.alive !== true) return NOTHING;
        Object.freeze(message.request.headers);
        Object.freeze(message.request);
        const undo = this.#deliver(message, (answer) => {
          life.outbound.delete(giveUp);
          if (life.alive) reply(answer);
        });
        const giveUp = () => {
          life.outbound.delete(giveUp);
          undo();
        };
        life.outbound.add(giveUp);
        return giveUp;
      },
      begin: (_operation, tables, mode, opened) => {
        const life = lifeOf();
        if (life?.alive !== true) return NOTHING;
        return new HostedTransaction(life, this.#recordAll).begin(database, tables, mode, opened);
      },
      emit: (event) => {
        noted(event);
        this.#record(event);
      },
      crash,
      ready: () => {
        const life = lifeOf();
        if (life !== null) life.ready = true;
      },
      closed: (cause) => {
        const life = lifeOf();
        if (life !== null) life.closed = cause;
      },
      drained: (cause) => {
        // Not inside the end of its last process.
        schedule(0, () => this.stop(instance.id, cause));
      },
    };
    return this.#options.wrapPorts?.(ports, instance.id) ?? ports;
  }
}

/** A transaction of one life: it is undone when that ends first. */
class HostedTransaction implements HostTransaction {
  declare private readonly life: Life;
  declare private readonly record: (events: readonly RunEvent[]) => void;
  /** Once it may be used. */
  declare private open: OpenTransaction | null;
  declare private leaveQueue: Undo;

  constructor(life: Life, record: (events: readonly RunEvent[]) => void) {
    this.life = life;
    this.record = record;
    this.open = null;
    this.leaveQueue = NOTHING;
  }

  /** Gives the way to abort it. */
  begin(
    database: MemoryDatabase,
    tables: readonly string[],
    mode: TransactionMode,
    opened: (outcome: StoreOutcome<HostTransaction>) => void,
  ): Undo {
    this.life.transactions.add(this);
    this.leaveQueue = database.begin(tables, mode, (open) => {
      this.open = open;
      opened({ ok: true, value: this });
    });
    return () => this.abort();
  }

  request(operation: StoreOperation, done: (outcome: StoreOutcome<unknown>) => void): void {
    if (this.open !== null) done(outcomeOf(this.open, operation));
  }

  commit(events: readonly RunEvent[], done: (outcome: StoreOutcome<void>) => void): void {
    this.life.transactions.delete(this);
    this.record(events);
    this.open?.commit();
    done(COMMITTED);
  }

  abort(): void {
    this.life.transactions.delete(this);
    this.leaveQueue();
    this.open?.abort();
  }
}

const OUT_OF_NOWHERE = { from: null, cause: null };
const NOTHING: Undo = () => {};
const COMMITTED: StoreOutcome<void> = { ok: true, value: undefined };

function outcomeOf(transaction: OpenTransaction, operation: StoreOperation): StoreOutcome<unknown> {
  try {
    return { ok: true, value: transaction.request(operation) };
  } catch (error) {
    return { ok: false, kind: 'aborted', message: error instanceof Error ? error.message : String(error) };
  }
}
