import {
  type ActiveFault,
  CrashTriggers,
  faultyDefinition,
  faultyPorts,
  HangGate,
  type WriteEvent,
} from '../../faults/index.ts';
import {
  type CrashReason,
  createRandom,
  type HostPorts,
  InstanceRuntime,
  nobleCrypto,
  type Reply,
  type RunEvent,
  type RunEventOf,
  type RunSettings,
  type RunTimeUs,
  type ServiceDefinition,
  untracked,
} from '../../kernel/index.ts';
import { IndexedDbStore } from './indexeddb-store.ts';
import type { InstanceStore } from './instance-store.ts';
import { MemoryStore } from './memory-store.ts';
import type { HubToInstance, InstanceBoot, InstanceToHub, Port, TableShape } from './messages.ts';
import { showAlive } from './run-alive.ts';
import { PauseGate, RunClock, RunTimers, wallNowMs, wallOffsetMs } from './run-clock.ts';
import { serviceDatabase } from './run-databases.ts';

interface WorkerScope {
  onmessage: ((event: MessageEvent<InstanceBoot>) => void) | null;
  postMessage(message: 'hello'): void;
}

/** Gives the code of the instance that a worker is told to be. */
export type LoadInstance = (
  boot: Pick<InstanceBoot, 'composition' | 'service' | 'instance' | 'settings'>,
) => Promise<ServiceDefinition>;

/** Runs one instance in this worker: waits to be told which, then answers the hub until it is ended. */
export function serveInstance(scope: WorkerScope, load: LoadInstance): void {
  scope.onmessage = ({ data: boot, ports: [port] }) => {
    if (port === undefined) throw new Error('Invariant broken: an instance gets a port to its hub');
    let instance: Instance | null = null;
    /** Messages that arrive while the instance is being made. */
    const early: HubToInstance[] = [];
    port.onmessage = ({ data }: MessageEvent<HubToInstance>) => {
      if (instance === null) early.push(data);
      else instance.received(data);
    };
    Instance.create(port, boot, load).then(
      (made) => {
        instance = made;
        for (const message of early.splice(0)) made.received(message);
        made.start(boot.cold);
      },
      (error: unknown) =>
        port.postMessage({ type: 'failed', message: messageOf(error) } satisfies InstanceToHub),
    );
  };
  scope.postMessage('hello');
}

/** One life of one instance, between the kernel's runtime and the hub. */
class Instance {
  readonly #port: Port<InstanceToHub>;
  readonly #clock: RunClock;
  readonly #timers: RunTimers;
  readonly #gate: PauseGate;
  #settings: RunSettings;
  #faults: readonly ActiveFault[];
  readonly #hangs: HangGate;
  #store: InstanceStore | null = null;
  #memory: MemoryStore | null = null;
  #runtime: InstanceRuntime | null = null;
  #dead = false;
  #stepUs: RunTimeUs | null = null;

  /** Events not yet told to the hub; what else is told comes after them. */
  #events: RunEvent[] = [];
  #lastEffect: RunEventOf<'fault.injected'> | null = null;
  readonly #replies = new Map<number, (reply: Reply) => void>();
  readonly #cancels = new Map<number, () => void>();
  #sends = 0;

  static async create(port: Port<InstanceToHub>, boot: InstanceBoot, load: LoadInstance): Promise<Instance> {
    showAlive(boot.runId);
    const instance = new Instance(port, boot);
    const definition = await load(boot);
    await instance.#open(boot, definition);
    return instance;
  }

  private constructor(port: Port<InstanceToHub>, boot: InstanceBoot) {
    this.#port = port;
    const offsetMs = wallOffsetMs(boot.wallMs, wallNowMs());
    this.#clock = new RunClock(boot.clock, () => wallNowMs() + offsetMs);
    this.#clock.keepLooking();
    this.#timers = new RunTimers(this.#clock);
    this.#gate = new PauseGate(this.#clock);
    this.#settings = boot.settings;
    this.#faults = boot.faults;
    const write: WriteEvent = (draft, at) => this.#running().write(draft, at);
    this.#hangs = new HangGate({
      instance: boot.instance,
      active: boot.faults,
      write,
      schedule: (delayMs, wake) => this.#timers.schedule(delayMs, wake),
    });
  }

  async #open(boot: InstanceBoot, definition: ServiceDefinition): Promise<void> {
    const database = serviceDatabase(boot.runId, boot.composition, boot.service);
    const tables: TableShape[] = definition.tables.map(({ name, key, indexes }) => ({ name, key, indexes }));
    if (boot.storage === 'indexeddb') {
      this.#store = await IndexedDbStore.open({
        database,
        tables,
        takeover: boot.takeover,
        gate: this.#gate,
        committed: ({ number, events }) => this.#tell({ type: 'committed', number, events }),
        noted: (events) => this.#note(events),
        lost: () => this.#tell({ type: 'store.lost' }),
      });
    } else {
      this.#memory = new MemoryStore((message) => this.#tell(message), this.#gate);
      this.#store = this.#memory;
      this.#tell({ type: 'memory.define', tables });
    }
    const triggers = new CrashTriggers(boot.instance, () => this.#faults);
    const ports = faultyPorts(this.#hostPorts(boot, this.#store), {
      instance: boot.instance,
      active: () => this.#faults,
      triggers,
      gate: this.#hangs,
      write: (draft, at) => this.#running().write(draft, at),
    });
    const door = faultyDefinition(definition, {
      instance: boot.instance,
      active: () => this.#faults,
      triggers,
      crash: (reason) => this.#crash(reason),
    });
    this.#runtime = new InstanceRuntime(
      door,
      { instance: boot.instance, incarnation: boot.incarnation, database },
      ports,
    );
  }

  start(cold: boolean): void {
    this.#running().start({ cold });
  }

  received(message: HubToInstance): void {
    if (this.#dead) return;
    switch (message.type) {
      case 'clock':
        this.#clock.apply(message.clock);
        return;
      case 'settings':
        this.#settings = message.settings;
        this.#running().settingsChanged();
        return;
      case 'faults':
        this.#faults = message.faults;
        this.#hangs.changed(message.faults);
        return;
      case 'request': {
        const { id } = message;
        let answered = false;
        const cancel = this.#hangs.handle(this.#running(), message.message, ({ response, cause }) => {
          answered = true;
          this.#cancels.delete(id);
          this.#tell({ type: 'answer', id, response, cause });
        });
        if (!answered) this.#cancels.set(id, cancel);
        return;
      }
      case 'cancel':
        this.#cancels.get(message.id)?.();
        this.#cancels.delete(message.id);
        return;
      case 'reply': {
        const reply = this.#replies.get(message.id);
        this.#replies.delete(message.id);
        reply?.(message.reply);
        return;
      }
      case 'control':
        this.#hangs.pass(() =>
          this.#running().control(message.command, (outcome) =>
            this.#tell({
              type: 'controlled',
              id: message.id,
              outcome: outcome.ok ? outcome : { ok: false, message: messageOf(outcome.error) },
            }),
          ),
        );
        return;
      case 'drain':
        this.#running().drain();
        return;
      default:
        this.#memory?.received(message);
    }
  }

  #hostPorts(boot: InstanceBoot, store: InstanceStore): HostPorts {
    return {
      tracker: untracked,
      random: createRandom(boot.seed),
      crypto: nobleCrypto,
      now: () => this.#now(),
      settings: () => this.#settings,
      schedule: (delayMs, wake) => this.#timers.schedule(delayMs, wake),
      work: (durationMs, done) => this.#timers.schedule(durationMs, done),
      send: (message, reply) => {
        this.#sends += 1;
        const id = this.#sends;
        this.#replies.set(id, reply);
        this.#tell({ type: 'send', id, message });
        return () => {
          if (this.#replies.delete(id)) this.#tell({ type: 'unsend', id });
        };
      },
      begin: (operation, tables, mode, opened) => store.begin(operation, tables, mode, opened),
      emit: (event) => this.#note([event]),
      crash: (reason) => this.#crash(reason),
      ready: () => this.#tell({ type: 'ready' }),
      closed: (cause) => this.#tell({ type: 'closed', cause }),
      drained: (cause) => this.#tell({ type: 'drained', cause }),
    };
  }

  /**
   * Run time stands still within a step of the code, as it does in the Lab: two readings with no wait
   * between them agree, so what is computed from one is true of an event that carries the other.
   */
  #now(): RunTimeUs {
    if (this.#stepUs === null) {
      this.#stepUs = this.#clock.now();
      queueMicrotask(() => {
        this.#stepUs = null;
      });
    }
    return this.#stepUs;
  }

  /** Marks itself dead first: nothing of this life may run on while the hub gets to hear of it. */
  #crash(reason: CrashReason): void {
    if (this.#dead) return;
    this.#running().kill();
    this.#store?.abortAll();
    const effect = this.#lastEffect;
    this.#tell({ type: 'crash', reason, cause: effect?.faultId === reason.faultId ? effect.id : null });
    this.#dead = true;
  }

  #running(): InstanceRuntime {
    if (this.#runtime === null) throw new Error('Invariant broken: an instance is used before it is made');
    return this.#runtime;
  }

  #note(events: readonly RunEvent[]): void {
    if (this.#events.length === 0) queueMicrotask(() => this.#flush());
    for (const event of events) {
      this.#events.push(event);
      if (event.type === 'fault.injected') this.#lastEffect = event;
    }
  }

  #flush(): void {
    if (this.#events.length === 0) return;
    const events = this.#events;
    this.#events = [];
    this.#port.postMessage({ type: 'events', events });
  }

  #tell(message: InstanceToHub): void {
    if (this.#dead) return;
    this.#flush();
    this.#port.postMessage(message);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
