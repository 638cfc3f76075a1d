import {
  createRandom,
  type Deliver,
  type EventDraft,
  type EventId,
  err,
  eventId,
  type HostPorts,
  type HttpOutcome,
  type HttpRequest,
  type InstanceId,
  InstanceRuntime,
  instanceId,
  type OutboundMessage,
  ok,
  plusMs,
  type Reply,
  RUN_START,
  type RunEvent,
  type RunEventOf,
  type RunEventType,
  runTimeUs,
  type ServiceDefinition,
  serviceOf,
  type Undo,
  untracked,
} from '../../kernel/index.ts';
import { MemoryDatabase, type OpenTransaction } from '../../kernel/testing/memory-database.ts';
import { testSettings } from '../../kernel/testing/test-host.ts';
import {
  CrashTriggers,
  FaultSchedule,
  faultyDefinition,
  faultyNetwork,
  faultyPorts,
  type WriteEvent,
} from '../index.ts';

// A host for the tests of faults: it wires the schedule, the network, the doors and the ports as a
// real host does, on a virtual clock, with a hop of 10 ms each way.
declare function setImmediate(callback: () => void): unknown;

const HOP_MS = 10;

interface Life {
  readonly runtime: InstanceRuntime;
  readonly exchanges: Set<(cause: EventId) => void>;
  readonly aborts: Set<() => void>;
  dead: boolean;
}

export class FaultWorld {
  readonly events: RunEvent[] = [];
  /** Instances that the settings no longer have. */
  readonly unwanted = new Set<InstanceId>();
  /** Hears whom the faults start. */
  onStart: (instance: InstanceId) => void = () => {};
  readonly faults: FaultSchedule;
  readonly #random = createRandom(7);
  readonly #settings = testSettings();
  readonly #definitions = new Map<InstanceId, ServiceDefinition>();
  readonly #lives = new Map<InstanceId, Life>();
  readonly #incarnations = new Map<InstanceId, number>();
  readonly #databases = new Map<string, MemoryDatabase>();
  #timers: { atUs: number; run: () => void }[] = [];
  #nowUs = RUN_START;
  #written = 0;
  readonly #network: Deliver;

  constructor() {
    this.faults = new FaultSchedule({
      random: this.#random,
      now: () => this.#nowUs,
      schedule: (delayMs, wake) => this.#schedule(delayMs, wake),
      emit: (draft) => void this.#write(draft),
      crash: (instance, reason) => this.crash(instance, reason),
      restart: (instance) => {
        this.onStart(instance);
        this.start(instance);
      },
      instancesOf: (service) =>
        [...this.#definitions.keys()].filter((id) => serviceOf(id) === service && !this.unwanted.has(id)),
      changed: () => {},
    });
    this.#network = faultyNetwork((message, reply) => this.#deliver(message, reply), {
      random: this.#random,
      schedule: (delayMs, wake) => this.#schedule(delayMs, wake),
      active: () => this.faults.active(),
      whenEnded: (faultId, wake) => this.faults.whenEnded(faultId, wake),
      write: this.#write,
    });
  }

  add(definition: ServiceDefinition, number = 1): InstanceId {
    const id = instanceId(definition.name, number);
    this.#definitions.set(id, definition);
    const database = this.#databases.get(definition.name) ?? new MemoryDatabase(definition.name);
    database.define(definition.tables);
    this.#databases.set(definition.name, database);
    this.start(id);
    return id;
  }

  get nowMs(): number {
    return this.#nowUs / 1000;
  }

  up(id: InstanceId): boolean {
    return this.#lives.has(id);
  }

  rows(service: string, table: string): unknown[] {
    return this.#databases.get(service)?.rows(table) ?? [];
  }

  of<Type extends RunEventType>(type: Type): RunEventOf<Type>[] {
    return this.events.filter((event) => event.type === type) as RunEventOf<Type>[];
  }

  /** Cause by cause back to the beginning, as types. */
  chain(event: RunEvent | undefined): string[] {
    const types: string[] = [];
    for (let at = event; at !== undefined; at = this.events.find(({ id }) => id === at?.cause))
      types.push(at.type);
    return types;
  }

  /** From outside; `outcome` is set once it is answered. */
  ask(
    to: InstanceId,
    method: HttpRequest['method'],
    path: string,
  ): { outcome: HttpOutcome | null; atMs: number | null } {
    const asked: { outcome: HttpOutcome | null; atMs: number | null } = { outcome: null, atMs: null };
    const life = this.#lives.get(to);
    if (life === undefined) throw new Error(`${to} is down`);
    life.runtime.handle(
      { request: { method, path, headers: {}, body: null }, plane: 'data', from: null, cause: null },
      ({ response }) => {
        asked.outcome = ok(response);
        asked.atMs = this.nowMs;
      },
    );
    return asked;
  }

  async runFor(durationMs: number): Promise<void> {
    const endUs = plusMs(this.#nowUs, durationMs);
    await settled();
    for (;;) {
      this.#timers.sort((a, b) => a.atUs - b.atUs);
      const next = this.#timers[0];
      if (next === undefined || next.atUs > endUs) break;
      this.#timers.shift();
      this.#nowUs = runTimeUs(next.atUs);
      next.run();
      await settled();
    }
    this.#nowUs = endUs;
  }

  crash(id: InstanceId, reason: Parameters<HostPorts['crash']>[0]): boolean {
    const life = this.#lives.get(id);
    if (life === undefined) return false;
    const cause = life.runtime.write({ type: 'instance.crashed', ...reason });
    life.runtime.kill();
    life.dead = true;
    this.#lives.delete(id);
    for (const abort of life.aborts) abort();
    for (const reset of life.exchanges) reset(cause);
    this.faults.instanceCrashed(id, reason.faultId);
    return true;
  }

  start(id: InstanceId): void {
    const definition = this.#definitions.get(id);
    if (definition === undefined || this.#lives.has(id)) return;
    const incarnation = (this.#incarnations.get(id) ?? 0) + 1;
    this.#incarnations.set(id, incarnation);
    const triggers = new CrashTriggers(id, () => this.faults.active());
    const aborts = new Set<() => void>();
    const own: { life: Life | null } = { life: null };
    const ports = faultyPorts(
      this.#ports(id, definition, aborts, () => own.life?.dead !== true),
      {
        instance: id,
        active: () => this.faults.active(),
        triggers,
        write: (draft, at) => runtime.write(draft, at),
      },
    );
    const door = { active: () => this.faults.active(), triggers, crash: ports.crash };
    const runtime: InstanceRuntime = new InstanceRuntime(
      faultyDefinition(definition, door),
      { instance: id, incarnation, database: definition.name },
      ports,
    );
    own.life = { runtime, exchanges: new Set(), aborts, dead: false };
    this.#lives.set(id, own.life);
    runtime.start();
  }

  readonly #write: WriteEvent = (draft: EventDraft, at = {}) => {
    this.#written += 1;
    const run = instanceId('run', 1);
    const id = eventId(run, 1, this.#written);
    const head = { id, seq: -1, timeUs: this.#nowUs, instance: run, service: 'run' };
    this.events.push({
      traceId: null,
      spanId: null,
      parentSpanId: null,
      cause: null,
      ...head,
      ...at,
      ...draft,
    } as RunEvent);
    return id;
  };

  #ports(
    id: InstanceId,
    definition: ServiceDefinition,
    aborts: Set<() => void>,
    alive: () => boolean,
  ): HostPorts {
    const later = (delayMs: number, what: () => void): Undo =>
      this.#schedule(delayMs, () => {
        if (alive()) what();
      });
    return {
      tracker: untracked,
      random: this.#random,
      crypto: {} as HostPorts['crypto'],
      now: () => this.#nowUs,
      settings: () => this.#settings,
      schedule: later,
      work: later,
      send: (message, reply) => this.#send(message, (given) => alive() && reply(given)),
      begin: (_operation, tables, mode, opened) => {
        let transaction: OpenTransaction | null = null;
        const leave = this.#databases.get(definition.name)?.begin(tables, mode, (open) => {
          transaction = open;
          later(0, () =>
            opened({
              ok: true,
              value: {
                request: (operation, done) => {
                  const value = open.request(operation);
                  later(0, () => done({ ok: true, value }));
                },
                commit: (events, done) =>
                  void later(1, () => {
                    aborts.delete(abort);
                    open.commit();
                    this.events.push(...events);
                    done({ ok: true, value: undefined });
                  }),
                abort: () => abort(),
              },
            }),
          );
        });
        const abort = () => {
          aborts.delete(abort);
          leave?.();
          transaction?.abort();
        };
        aborts.add(abort);
        return abort;
      },
      emit: (event) => void this.events.push(event),
      crash: (reason) => void this.crash(id, reason),
      ready: () => {},
    };
  }

  /** The hops lie around the faulty network. */
  #send(message: OutboundMessage, reply: (reply: Reply) => void): Undo {
    let undo: Undo | null = null;
    let over = false;
    this.#schedule(HOP_MS, () => {
      undo = this.#network(message, (given) => void this.#schedule(HOP_MS, () => !over && reply(given)));
    });
    return () => {
      over = true;
      this.#schedule(HOP_MS, () => undo?.());
    };
  }

  #deliver(message: OutboundMessage, reply: (reply: Reply) => void): Undo {
    const life = this.#lives.get(message.to);
    if (life === undefined) {
      reply({
        outcome: err({ kind: 'connection_refused', detail: `${message.to} is not there` }),
        cause: null,
      });
      return () => {};
    }
    const reset = (cause: EventId) =>
      reply({ outcome: err({ kind: 'connection_reset', detail: `${message.to} crashed` }), cause });
    life.exchanges.add(reset);
    const { request, plane, from, cause } = message;
    return life.runtime.handle({ request, plane, from, cause }, (answer) => {
      life.exchanges.delete(reset);
      reply({ outcome: ok(answer.response), cause: answer.cause });
    });
  }

  #schedule(delayMs: number, run: () => void): Undo {
    const timer = { atUs: plusMs(this.#nowUs, delayMs), run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
}

/** One macrotask: by then every promise that can settle has settled. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
