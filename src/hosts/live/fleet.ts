import {
  type CrashReason,
  type EventDraft,
  type EventId,
  err,
  type InstanceId,
  type Json,
  OUTSIDE,
  type OutboundMessage,
  type Reply,
  type RunEvent,
  type ServiceName,
  type StoreOutcome,
  serviceOf,
  type Undo,
} from '../../kernel/index.ts';
import type { ControlOutcome } from '../../setups/index.ts';
import { MemoryTables } from './memory-tables.ts';
import type { HubToInstance, InstanceBoot, InstanceToHub } from './messages.ts';
import type { OutboxEntry } from './open-transaction.ts';

export interface FleetPorts {
  /** A new worker for one instance. */
  spawn(instance: InstanceId): Worker;
  /** Resolves when a life may begin: its number has been written down. */
  prepare(instance: InstanceId): Promise<void>;
  /** What a life is told at its start. From here on it gets every broadcast, so this is what is true now. */
  boot(instance: InstanceId): InstanceBoot;
  /** The way of a message from an instance to another, and its answer's back. */
  route(message: OutboundMessage, reply: (reply: Reply) => void): Undo;
  events(events: readonly RunEvent[]): void;
  committed(service: ServiceName, entry: OutboxEntry): void;
  /** Writes an event of the run about an instance. */
  write(draft: EventDraft, about: InstanceId, cause?: EventId | null): EventId;
  /** The fault's `fault.started`, when that is why. */
  causeOf(reason: CrashReason): EventId | null;
  crashed(instance: InstanceId, reason: CrashReason): void;
  /** A life has ended, for whatever reason. */
  ended(instance: InstanceId): void;
  /** The database that a service's instances share is gone. */
  storeLost(service: ServiceName): void;
  /** Something went wrong in a worker that no service can cause. */
  trouble(instance: InstanceId, message: string): void;
}

interface Life {
  readonly instance: InstanceId;
  readonly service: ServiceName;
  readonly worker: Worker;
  /**
   * A port of its own, not the worker's: what an instance had posted before it was terminated still
   * arrives through it, while the worker's own messages are thrown away.
   */
  readonly port: MessagePort;
  state: 'loading' | 'starting' | 'ready' | 'over';
  draining: boolean;
  /** It drains, and listens no more because of that event. */
  closed: EventId | null;
  /** Its database is gone: what it still tells of it has numbers that mean nothing any more. */
  storeLost: boolean;
  started: { resolve(): void; reject(error: Error): void } | null;
  /** Requests that it is answering. */
  readonly inbound: Map<number, (reply: Reply) => void>;
  /** Requests of its own that are under way. */
  readonly outbound: Map<number, Undo>;
  readonly controls: Map<number, (outcome: ControlOutcome) => void>;
}

/** The workers of a run: one for each instance that lives. */
export class Fleet {
  readonly #ports: FleetPorts;
  readonly #lives = new Map<InstanceId, Life>();
  /** Why an instance does not answer any more. */
  readonly #downSince = new Map<InstanceId, EventId>();
  readonly #memory = new Map<ServiceName, MemoryTables>();
  #ids = 0;

  constructor(ports: FleetPorts) {
    this.#ports = ports;
  }

  runs(instance: InstanceId): boolean {
    return this.#lives.has(instance);
  }

  /** It takes requests and does not drain. */
  isReady(instance: InstanceId): boolean {
    const life = this.#lives.get(instance);
    return life?.state === 'ready' && !life.draining;
  }

  get running(): readonly InstanceId[] {
    return [...this.#lives.keys()];
  }

  /**
   * Begins a new life; resolves when it is ready or has ended before, which is part of the game;
   * rejects when its worker fails. Harmless when it lives.
   */
  start(instance: InstanceId): Promise<void> {
    if (this.#lives.has(instance)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const { port1, port2 } = new MessageChannel();
      const life: Life = {
        instance,
        service: serviceOf(instance),
        worker: this.#ports.spawn(instance),
        port: port1,
        state: 'loading',
        draining: false,
        closed: null,
        storeLost: false,
        started: { resolve, reject },
        inbound: new Map(),
        outbound: new Map(),
        controls: new Map(),
      };
      this.#lives.set(instance, life);
      port1.onmessage = ({ data }: MessageEvent<InstanceToHub>) => this.#received(life, data);
      // Its only message says that its script is loaded: it wants to be told who it is.
      life.worker.onmessage = () => void this.#boot(life, port2);
      life.worker.onerror = (event) => {
        // It would be taken for the hub's own.
        event.preventDefault();
        const message = event.message || 'its script could not be loaded';
        if (life.started === null) this.#ports.trouble(instance, message);
        else this.#failed(life, message);
      };
    });
  }

  /** False when it does not live. What waits for its answers gets connection_reset, and hears why. */
  crash(instance: InstanceId, reason: CrashReason, cause = this.#ports.causeOf(reason)): boolean {
    const life = this.#lives.get(instance);
    if (life === undefined) return false;
    this.#end(life, () =>
      this.#ports.write(
        { type: 'instance.crashed', reason: reason.reason, faultId: reason.faultId },
        instance,
        cause,
      ),
    );
    this.#ports.crashed(instance, reason);
    return true;
  }

  /** Ends it because somebody wants that: as a crash for those who wait, but not called one. */
  stop(instance: InstanceId, cause: EventId | null = null): boolean {
    const life = this.#lives.get(instance);
    if (life === undefined) return false;
    this.#end(life, () => this.#ports.write({ type: 'instance.stopped' }, instance, cause));
    return true;
  }

  /** Asks it to take its leave; false when it is not ready. */
  drain(instance: InstanceId): boolean {
    const life = this.#lives.get(instance);
    if (life?.state !== 'ready') return false;
    life.draining = true;
    this.#post(life, { type: 'drain' });
    return true;
  }

  /** Gives the instances whose database is gone; they are to be ended. */
  storeLost(service: ServiceName): readonly InstanceId[] {
    const lives = [...this.#lives.values()].filter((life) => life.service === service);
    for (const life of lives) life.storeLost = true;
    return lives.map(({ instance }) => instance);
  }

  /** Ends all of them without a word. */
  terminate(): void {
    for (const life of this.#lives.values()) {
      life.state = 'over';
      life.worker.terminate();
    }
    this.#lives.clear();
  }

  broadcast(message: HubToInstance): void {
    for (const life of this.#lives.values()) if (life.state !== 'loading') this.#post(life, message);
  }

  /** Hands a message to its callee. Nobody there is a refused connection. */
  deliver(message: OutboundMessage, reply: (reply: Reply) => void): Undo {
    const life = this.#lives.get(message.to);
    if (life === undefined || life.state === 'loading' || life.closed !== null) {
      reply({
        outcome: err({ kind: 'connection_refused', detail: `nobody listens at ${message.to}` }),
        cause: life?.closed ?? this.#downSince.get(message.to) ?? null,
      });
      return () => {};
    }
    const id = this.#nextId();
    life.inbound.set(id, reply);
    this.#post(life, {
      type: 'request',
      id,
      message: {
        request: message.request,
        plane: message.plane,
        from: message.from === OUTSIDE ? null : message.from,
        cause: message.from === OUTSIDE ? null : message.cause,
      },
    });
    return () => {
      if (life.inbound.delete(id) && life.state !== 'over') this.#post(life, { type: 'cancel', id });
    };
  }

  /** A command of the run to one instance. */
  control(instance: InstanceId, command: Json): Promise<ControlOutcome> {
    const life = this.#lives.get(instance);
    if (life === undefined || life.state === 'loading') {
      return Promise.resolve({ ok: false, message: `${instance} is not running.` });
    }
    return new Promise((resolve) => {
      const id = this.#nextId();
      life.controls.set(id, resolve);
      this.#post(life, { type: 'control', id, command });
    });
  }

  /** A service's rows, where they are kept in memory. */
  memoryRows(service: ServiceName): Record<string, Json[]> {
    return this.#memory.get(service)?.rows() ?? {};
  }

  #nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  #post(life: Life, message: HubToInstance): void {
    life.port.postMessage(message);
  }

  async #boot(life: Life, port: MessagePort): Promise<void> {
    try {
      await this.#ports.prepare(life.instance);
      if (life.state === 'over') return;
      life.state = 'starting';
      life.worker.postMessage(this.#ports.boot(life.instance), [port]);
    } catch (error) {
      this.#failed(life, error instanceof Error ? error.message : String(error));
    }
  }

  #received(life: Life, message: InstanceToHub): void {
    // What a life has told is true, even when the news comes after its end.
    if (message.type === 'events') {
      this.#ports.events(message.events);
      return;
    }
    if (message.type === 'committed' && life.storeLost) {
      this.#ports.events(message.events);
      return;
    }
    if (message.type === 'committed') {
      this.#ports.committed(life.service, message);
      return;
    }
    if (life.state === 'over') return;
    switch (message.type) {
      case 'ready':
        life.state = 'ready';
        life.started?.resolve();
        life.started = null;
        return;
      case 'closed':
        life.closed = message.cause;
        return;
      case 'drained':
        this.stop(life.instance, message.cause);
        return;
      case 'failed':
        this.#failed(life, message.message);
        return;
      case 'crash':
        this.crash(life.instance, message.reason, message.cause ?? undefined);
        return;
      case 'store.lost':
        this.#ports.storeLost(life.service);
        return;
      case 'send': {
        const { id } = message;
        let answered = false;
        const undo = this.#ports.route(message.message, (reply) => {
          answered = true;
          life.outbound.delete(id);
          if (life.state !== 'over') this.#post(life, { type: 'reply', id, reply });
        });
        if (!answered) life.outbound.set(id, undo);
        return;
      }
      case 'unsend': {
        const undo = life.outbound.get(message.id);
        life.outbound.delete(message.id);
        undo?.();
        return;
      }
      case 'answer': {
        const reply = life.inbound.get(message.id);
        life.inbound.delete(message.id);
        reply?.({ outcome: { ok: true, value: message.response }, cause: message.cause });
        return;
      }
      case 'controlled': {
        const done = life.controls.get(message.id);
        life.controls.delete(message.id);
        done?.(message.outcome);
        return;
      }
      default:
        this.#memoryRequest(life, message);
    }
  }

  /** A worker that could not become its instance: its life is over, and those who wait for it hear so. */
  #failed(life: Life, message: string): void {
    if (life.state === 'over') return;
    this.#ports.trouble(life.instance, message);
    life.started?.reject(new Error(`${life.instance} could not start: ${message}`));
    life.started = null;
    this.crash(life.instance, { reason: 'its worker failed', faultId: null });
  }

  #end(life: Life, write: () => EventId): void {
    life.state = 'over';
    this.#lives.delete(life.instance);
    life.worker.terminate();
    this.#memory.get(life.service)?.abortAll(`${life.instance}/`);
    const cause = write();
    this.#downSince.set(life.instance, cause);
    life.started?.resolve();
    life.started = null;
    for (const reply of [...life.inbound.values()]) {
      reply({
        outcome: err({ kind: 'connection_reset', detail: `${life.instance} ended before it answered` }),
        cause,
      });
    }
    life.inbound.clear();
    for (const undo of [...life.outbound.values()]) undo();
    life.outbound.clear();
    for (const done of life.controls.values())
      done({ ok: false, message: `${life.instance} ended before it answered.` });
    life.controls.clear();
    this.#ports.ended(life.instance);
  }

  #memoryRequest(life: Life, message: Extract<InstanceToHub, { readonly type: `memory.${string}` }>): void {
    const tables = this.#memory.get(life.service) ?? new MemoryTables();
    this.#memory.set(life.service, tables);
    if (message.type === 'memory.define') {
      tables.define(message.tables);
      return;
    }
    const { id } = message;
    const key = `${life.instance}/${id}`;
    switch (message.type) {
      case 'memory.begin':
        tables.begin(key, message.tables, message.mode, () =>
          this.#post(life, { type: 'memory.opened', id }),
        );
        return;
      case 'memory.request': {
        let outcome: StoreOutcome<unknown>;
        try {
          outcome = { ok: true, value: tables.request(key, message.operation) };
        } catch (error) {
          outcome = {
            ok: false,
            kind: 'aborted',
            message: error instanceof Error ? error.message : String(error),
          };
        }
        this.#post(life, { type: 'memory.done', id, request: message.request, outcome });
        return;
      }
      case 'memory.commit':
        if (tables.commit(key)) {
          this.#ports.events(message.events);
          this.#post(life, { type: 'memory.committed', id });
        }
        return;
      case 'memory.abort':
        tables.abort(key);
    }
  }
}
