import { VirtualHost } from '../../hosts/virtual/virtual-host.ts';
import type { Branch } from '../context.ts';
import type { Deliver, HostPorts, OutboundMessage, Reply, StoreOutcome, Undo } from '../host-ports.ts';
import type {
  HttpHeaders,
  HttpMethod,
  HttpOutcome,
  HttpResponse,
  NetworkErrorKind,
} from '../http-message.ts';
import { callId, type EventId, type InstanceId, OUTSIDE } from '../ids.ts';
import type { Json } from '../json.ts';
import { nobleCrypto } from '../noble-crypto.ts';
import type { CrashReason, StoreErrorKind } from '../ports.ts';
import type { ProcessOutcome } from '../process.ts';
import { err, ok } from '../result.ts';
import type { Plane, RunEvent, RunEventOf, RunEventType } from '../run-event.ts';
import type { RunSettings } from '../run-settings.ts';
import type { ServiceDefinition } from '../service-definition.ts';
import type { ServiceName } from '../service-name.ts';
import type { AnyTable, Table } from '../table.ts';
import { parseTraceparent, spanIdFor, traceIdFor } from '../trace-context.ts';
import { elapsedMs, plusMs, RUN_START, type RunTimeUs } from '../units.ts';
import { type DeepPartial, patched, testSettings } from './test-settings.ts';

// The virtual host for tests of services and patterns, on its exact pump, with hooks at its network and ports.
declare function setImmediate(callback: () => void): unknown;

export interface TestWorldOptions {
  readonly settings?: DeepPartial<RunSettings>;
  readonly seed?: number;
}

export interface TestRequest {
  readonly method: HttpMethod;
  readonly path: string;
  readonly headers?: HttpHeaders;
  /** Sent as JSON, unless it is a string. */
  readonly body?: unknown;
  readonly plane?: Plane;
  /** Who sends it, as mutual TLS would tell; none: from outside the shop. */
  readonly from?: InstanceId;
}

/** What a send hook may decide; null: leave the message alone. */
export type SendDecision =
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'fail'; readonly error: NetworkErrorKind }
  /** Never arrives and is never answered. */
  | { readonly kind: 'blackhole' }
  /** Arrives and takes effect, but its answer is lost. */
  | { readonly kind: 'lose-answer' }
  | { readonly kind: 'answer'; readonly response: HttpResponse };

export interface CrashPoint {
  readonly instance: InstanceId;
  readonly port: 'network' | 'store';
  /** As it is named in the log: `PUT /reservations/{orderId}`, or the store operation's name. */
  readonly operation: string;
  /** 1 (default): the first time. */
  readonly nth?: number;
  /** Before the message leaves or the transaction begins; after the answer is here or the commit is durable. */
  readonly when: 'before' | 'after';
  readonly restartAfterMs?: number;
}

export interface StoreFailure {
  readonly database: string;
  readonly operation: string;
  readonly kind: StoreErrorKind;
  readonly at?: 'begin' | 'commit';
  /** Default 1. */
  readonly times?: number;
}

/** Something under way: `outcome` is set once it has ended. */
export interface Pending<T> {
  outcome: T | null;
  cancel(): void;
}

const TEST_BRANCH = '$testBranch';
const NOTHING: Undo = () => {};

export const createTestWorld = (options: TestWorldOptions = {}): TestWorld => new TestWorld(options);

export class TestWorld {
  readonly #host: VirtualHost;
  readonly #sendHooks = new Set<(message: OutboundMessage) => SendDecision | null>();
  readonly #crashPoints = new Set<CrashPoint & { seen: number }>();
  readonly #storeFailures = new Set<StoreFailure & { left: number }>();
  readonly #branches = new Map<number, Branch<unknown>>();
  #branchCount = 0;
  #sent = 0;

  constructor(options: TestWorldOptions) {
    this.#host = new VirtualHost({
      pump: 'exact',
      turn: (next) => setImmediate(next),
      seed: options.seed ?? 1,
      settings: testSettings(options.settings),
      crypto: nobleCrypto,
      wrapNetwork: (deliver) => this.#hooked(deliver),
      wrapPorts: (ports, instance) => this.#withPoints(ports, instance),
    });
  }

  get events(): RunEvent[] {
    return this.#host.events;
  }

  get random() {
    return this.#host.random;
  }

  get nowUs(): RunTimeUs {
    return this.#host.time.nowUs;
  }

  get nowMs(): number {
    return elapsedMs(RUN_START, this.nowUs);
  }

  get settings(): RunSettings {
    return this.#host.settings;
  }

  changeSettings(patch: DeepPartial<RunSettings>): void {
    this.#host.changeSettings(patched<RunSettings>(this.settings, patch));
  }

  /** Adds instance `<service>-<number>` (number 1 unless told) and starts it at this moment of run time. */
  add(definition: ServiceDefinition, number = 1): InstanceId {
    const id = this.#host.add(this.#withTestBranches(definition), number);
    this.#host.start(id);
    return id;
  }

  /** Ends an instance as a crash does: no `finally`, open transactions undone, callers reset one hop later. */
  crash(id: InstanceId, reason: CrashReason = { reason: 'test', faultId: null }): void {
    this.#host.crash(id, reason);
  }

  /** A new incarnation of a crashed instance. */
  restart(id: InstanceId): void {
    if (this.#host.isUp(id)) throw new Error(`${id} is running`);
    this.#host.start(id);
  }

  isUp(id: InstanceId): boolean {
    return this.#host.isReady(id);
  }

  /** Until it returns null for a message, hooks are asked in the order they were added. Gives its removal. */
  onSend(hook: (message: OutboundMessage) => SendDecision | null): Undo {
    this.#sendHooks.add(hook);
    return () => this.#sendHooks.delete(hook);
  }

  crashAt(point: CrashPoint): void {
    this.#crashPoints.add({ ...point, seen: 0 });
  }

  failStore(failure: StoreFailure): void {
    this.#storeFailures.add({ ...failure, left: failure.times ?? 1 });
  }

  /** Every table of a service's database, in key order. */
  tables(database: string): Record<string, readonly Record<string, unknown>[]> {
    return (this.#host.tables()[database as ServiceName] ?? {}) as Record<
      string,
      readonly Record<string, unknown>[]
    >;
  }

  rows<Row>(database: string, table: Table<Row>): Row[] {
    return [...(this.tables(database)[table.name] ?? [])] as Row[];
  }

  eventsOf<Type extends RunEventType>(type: Type): RunEventOf<Type>[] {
    return this.events.filter((event) => event.type === type) as RunEventOf<Type>[];
  }

  /** Sends a request over the network and goes on: look at `outcome` later. */
  send(to: InstanceId, request: TestRequest): Pending<HttpOutcome> {
    const { method, path, from = OUTSIDE, plane = 'data' } = request;
    const body =
      request.body === undefined || request.body === null
        ? null
        : typeof request.body === 'string'
          ? request.body
          : JSON.stringify(request.body);
    const headers: HttpHeaders =
      body === null || request.headers?.['content-type'] !== undefined
        ? { ...request.headers }
        : { 'content-type': 'application/json', ...request.headers };
    this.#sent += 1;
    const name = `test/${this.#sent}`;
    const pending: Pending<HttpOutcome> = { outcome: null, cancel: NOTHING };
    pending.cancel = this.#host.send(
      {
        from,
        to,
        request: { method, path, headers, body },
        operation: `${method} ${path}`,
        callId: callId(name),
        attempt: 1,
        plane,
        timeoutMs: null,
        span: parseTraceparent(headers['traceparent']) ?? {
          traceId: traceIdFor(name),
          spanId: spanIdFor(name),
        },
        cause: this.events[0]?.id ?? (name as EventId),
      },
      ({ outcome }) => {
        pending.outcome = outcome;
      },
    );
    return pending;
  }

  /** Sends a request and runs the world until its answer is here. */
  async request(to: InstanceId, request: TestRequest, maxMs = 60_000): Promise<HttpOutcome> {
    const pending = this.send(to, request);
    await this.runUntil(
      () => pending.outcome !== null,
      maxMs,
      () => `${request.method} ${request.path} to ${to}`,
    );
    return pending.outcome as HttpOutcome;
  }

  /** As `request`, for tests that only care for an answer: parses its JSON. */
  async ask(
    to: InstanceId,
    request: TestRequest,
    maxMs = 60_000,
  ): Promise<{ status: number; headers: HttpHeaders; body: unknown }> {
    const outcome = await this.request(to, request, maxMs);
    if (!outcome.ok)
      throw new Error(`${request.method} ${request.path}: ${outcome.error.kind} (${outcome.error.detail})`);
    const { status, headers, body } = outcome.value;
    return { status, headers, body: body === null ? null : (JSON.parse(body) as unknown) };
  }

  /** Begins `branch` as a process of its own inside an instance. */
  begin<T>(id: InstanceId, branch: Branch<T>): Pending<ProcessOutcome<T>> {
    if (!this.#host.isUp(id)) throw new Error(`${id} is down`);
    this.#branchCount += 1;
    const number = this.#branchCount;
    let cancelBranch: (reason: string) => void = () => {};
    // A race against a process that only waits to be told: the way to cancel a branch from outside.
    this.#branches.set(number, (context) =>
      context.race<T>([
        branch,
        (own) =>
          own.portCall<T>('test.cancel', (settle) => {
            cancelBranch = (reason) => settle.reject(new Error(reason));
            return undefined;
          }),
      ]),
    );
    const pending: Pending<ProcessOutcome<T>> = {
      outcome: null,
      cancel: () => cancelBranch('cancelled by the test'),
    };
    this.#host.control(id, { [TEST_BRANCH]: number }, (outcome) => {
      pending.outcome = outcome as ProcessOutcome<T>;
    });
    return pending;
  }

  /** Runs `branch` inside an instance, and the world until it has ended; a throw is rethrown. */
  async run<T>(id: InstanceId, branch: Branch<T>, maxMs = 60_000): Promise<T> {
    const pending = this.begin(id, branch);
    await this.runUntil(
      () => pending.outcome !== null,
      maxMs,
      () => `a branch in ${id}`,
    );
    const outcome = pending.outcome as ProcessOutcome<T>;
    if (!outcome.ok) throw outcome.error;
    return outcome.value;
  }

  /** A command of the run to an instance (customers). */
  async control(id: InstanceId, command: Json, maxMs = 60_000): Promise<Json> {
    if (!this.#host.isUp(id)) throw new Error(`${id} is down`);
    let result: ProcessOutcome<Json> | null = null;
    this.#host.control(id, command, (outcome) => {
      result = outcome;
    });
    await this.runUntil(
      () => result !== null,
      maxMs,
      () => `a command to ${id}`,
    );
    const outcome = result as unknown as ProcessOutcome<Json>;
    if (!outcome.ok) throw outcome.error;
    return outcome.value;
  }

  /** Runs `what` at a moment of the future, in the order of the clock. */
  after(delayMs: number, what: () => void): Undo {
    return this.#host.time.schedule(delayMs, what);
  }

  async runFor(durationMs: number): Promise<void> {
    const endUs = plusMs(this.nowUs, durationMs);
    await this.#host.time.run(endUs);
    this.#host.time.standAt(endUs);
  }

  /** Until `done()` holds; throws when `maxMs` of run time pass first, or when nothing is left to happen. */
  async runUntil(
    done: () => boolean,
    maxMs = 60_000,
    what: () => string = () => 'the condition',
  ): Promise<void> {
    const end = await this.#host.time.run(plusMs(this.nowUs, maxMs), done);
    if (end === 'done') return;
    const last = this.events
      .slice(-8)
      .map((event) => `${elapsedMs(RUN_START, event.timeUs)} ms ${event.instance} ${event.type}`);
    throw new Error(
      `${what()}: not within ${maxMs} ms${end === 'idle' ? ' (nothing is left to happen)' : ''}. Last events:\n${last.join('\n')}`,
    );
  }

  #withTestBranches(definition: ServiceDefinition): ServiceDefinition {
    return {
      ...definition,
      control: async (command, context) => {
        const number = (command as { [TEST_BRANCH]?: unknown } | null)?.[TEST_BRANCH];
        if (typeof number === 'number') {
          const branch = this.#branches.get(number);
          this.#branches.delete(number);
          return (await branch?.(context)) as Json;
        }
        if (definition.control === undefined) throw new Error(`${definition.name} takes no commands`);
        return await definition.control(command, context);
      },
    };
  }

  #hooked(deliver: Deliver): Deliver {
    return (message, reply) => {
      let decision: SendDecision | null = null;
      for (const hook of this.#sendHooks) {
        decision = hook(message);
        if (decision !== null) break;
      }
      switch (decision?.kind) {
        case undefined:
          return deliver(message, reply);
        case 'delay': {
          let undo: Undo = NOTHING;
          const leave = this.after(decision.delayMs, () => {
            undo = deliver(message, reply);
          });
          return () => {
            leave();
            undo();
          };
        }
        case 'blackhole':
          return NOTHING;
        case 'lose-answer':
          return deliver(message, NOTHING);
        case 'fail': {
          const error = { kind: decision.error, detail: `${decision.error} (test)` };
          return this.#hopBack(() => reply({ outcome: err(error), cause: null }));
        }
        case 'answer': {
          const { response } = decision;
          return this.#hopBack(() => reply({ outcome: ok(response), cause: null }));
        }
      }
    };
  }

  #hopBack(reply: () => void): Undo {
    return this.after(this.settings.hop.meanMs, reply);
  }

  #withPoints(ports: HostPorts, id: InstanceId): HostPorts {
    return {
      ...ports,
      send: (message, reply) => {
        if (this.#reached(id, 'network', message.operation, 'before')) return NOTHING;
        return ports.send(message, (answer: Reply) => {
          if (!this.#reached(id, 'network', message.operation, 'after')) reply(answer);
        });
      },
      begin: (operation, tables, mode, opened) => {
        if (this.#reached(id, 'store', operation, 'before')) return NOTHING;
        const database = id.slice(0, id.lastIndexOf('-'));
        const failure = this.#storeFailure(database, operation, 'begin');
        if (failure !== null) return ports.schedule(0, () => opened(failure));
        return ports.begin(operation, tables, mode, (outcome) => {
          if (!outcome.ok) {
            opened(outcome);
            return;
          }
          const transaction = outcome.value;
          opened({
            ok: true,
            value: {
              request: (asked, done) => transaction.request(asked, done),
              commit: (events, done) => {
                const failed = this.#storeFailure(database, operation, 'commit');
                if (failed !== null) {
                  transaction.abort();
                  done(failed);
                  return;
                }
                transaction.commit(events, (committed) => {
                  if (!this.#reached(id, 'store', operation, 'after')) done(committed);
                });
              },
              abort: () => transaction.abort(),
            },
          });
        });
      },
    };
  }

  #storeFailure(
    database: string,
    operation: string,
    at: 'begin' | 'commit',
  ): (StoreOutcome<never> & { ok: false }) | null {
    for (const failure of this.#storeFailures) {
      if (failure.database !== database || failure.operation !== operation || (failure.at ?? 'commit') !== at)
        continue;
      failure.left -= 1;
      if (failure.left <= 0) this.#storeFailures.delete(failure);
      return { ok: false, kind: failure.kind, message: `${operation}: ${failure.kind} (test)` };
    }
    return null;
  }

  /** Crashes the instance if a crash point is met here. */
  #reached(id: InstanceId, port: 'network' | 'store', operation: string, when: 'before' | 'after'): boolean {
    for (const point of this.#crashPoints) {
      if (
        point.instance !== id ||
        point.port !== port ||
        point.operation !== operation ||
        point.when !== when
      )
        continue;
      point.seen += 1;
      if (point.seen < (point.nth ?? 1)) continue;
      this.#crashPoints.delete(point);
      this.crash(id, { reason: `crash point: ${when} ${operation}`, faultId: null });
      if (point.restartAfterMs !== undefined) this.after(point.restartAfterMs, () => this.#host.start(id));
      return true;
    }
    return false;
  }
}

export interface TestServiceOptions {
  readonly tables?: readonly AnyTable[];
  readonly handle?: ServiceDefinition['handle'];
  readonly operationOf?: ServiceDefinition['operationOf'];
  readonly background?: ServiceDefinition['background'];
  readonly onStart?: ServiceDefinition['onStart'];
  readonly control?: ServiceDefinition['control'];
}

/** A service of so few lines as a test needs; it answers 200 `{}` unless told otherwise. */
export function testService(name: ServiceName, options: TestServiceOptions = {}): ServiceDefinition {
  return {
    name,
    tables: options.tables ?? [],
    background: options.background ?? [],
    operationOf: options.operationOf ?? ((request) => `${request.method} ${request.path.split('?', 1)[0]}`),
    handle:
      options.handle ??
      (() => Promise.resolve({ status: 200, headers: { 'content-type': 'application/json' }, body: '{}' })),
    ...(options.onStart ? { onStart: options.onStart } : {}),
    ...(options.control ? { control: options.control } : {}),
  };
}

export { testSettings };
