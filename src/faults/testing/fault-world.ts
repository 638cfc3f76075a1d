import { VirtualHost } from '../../hosts/virtual/virtual-host.ts';
import {
  type CrashReason,
  elapsedMs,
  type HttpOutcome,
  type HttpRequest,
  type InstanceId,
  nobleCrypto,
  plusMs,
  RUN_START,
  type RunEvent,
  type RunEventOf,
  type RunEventType,
  type ServiceDefinition,
  type ServiceName,
} from '../../kernel/index.ts';
import { testSettings } from '../../kernel/testing/test-settings.ts';
import type { FaultSchedule } from '../index.ts';

/** A request from outside: what is answered, and when. */
export interface Asked {
  outcome: HttpOutcome | null;
  atMs: number | null;
}

/** The virtual host, on the engine's pump and with hops of 10 ms, and what tests of faults ask of it. */
export class FaultWorld {
  /** Instances that the settings no longer have. */
  readonly unwanted = new Set<InstanceId>();
  readonly #host: VirtualHost = new VirtualHost({
    pump: 'counting',
    turn: (next) => void setImmediate(next),
    seed: 7,
    settings: testSettings({ hop: { meanMs: 10 } }),
    crypto: nobleCrypto,
    wanted: () => this.#host.instances.filter((id) => !this.unwanted.has(id)),
  });

  get faults(): FaultSchedule {
    return this.#host.faults;
  }

  get events(): readonly RunEvent[] {
    return this.#host.events;
  }

  get nowMs(): number {
    return elapsedMs(RUN_START, this.#host.time.nowUs);
  }

  /** Adds an instance and starts it. */
  add(definition: ServiceDefinition, number = 1): InstanceId {
    const id = this.#host.add(definition, number);
    this.#host.start(id);
    return id;
  }

  start(id: InstanceId): void {
    this.#host.start(id);
  }

  crash(id: InstanceId, reason: CrashReason): void {
    this.#host.crash(id, reason);
  }

  up(id: InstanceId): boolean {
    return this.#host.isUp(id);
  }

  rows(service: ServiceName, table: string): readonly unknown[] {
    return this.#host.tables()[service][table] ?? [];
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

  /** From outside, without a network; `outcome` is set once it is answered. */
  ask(to: InstanceId, method: HttpRequest['method'], path: string): Asked {
    const asked: Asked = { outcome: null, atMs: null };
    const request = { method, path, headers: {}, body: null };
    this.#host.ask(to, { request, plane: 'data' }, ({ outcome }) => {
      asked.outcome = outcome;
      asked.atMs = this.nowMs;
    });
    return asked;
  }

  async runFor(durationMs: number): Promise<void> {
    const { time } = this.#host;
    const end = plusMs(time.nowUs, durationMs);
    await time.run(end);
    time.standAt(end);
  }
}
