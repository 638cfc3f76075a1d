import type { Branch } from '../context.ts';
import type { HostPorts, OutboundMessage, Reply, StoreOutcome, Undo } from '../host-ports.ts';
import type {
  HttpHeaders,
  HttpMethod,
  HttpOutcome,
  HttpResponse,
  NetworkErrorKind,
} from '../http-message.ts';
import { type EventId, type InstanceId, instanceId } from '../ids.ts';
import { InstanceRuntime } from '../instance-runtime.ts';
import type { Json } from '../json.ts';
import { nobleCrypto } from '../noble-crypto.ts';
import type { CrashReason, StoreErrorKind } from '../ports.ts';
import type { ProcessOutcome } from '../process.ts';
import { createRandom, spreadAround } from '../random.ts';
import { err, ok } from '../result.ts';
import type { Plane, RunEvent, RunEventOf, RunEventType } from '../run-event.ts';
import type { RunSettings } from '../run-settings.ts';
import type { ServiceDefinition } from '../service-definition.ts';
import type { ServiceName } from '../service-name.ts';
import type { AnyTable, Table } from '../table.ts';
import { elapsedMs, plusMs, RUN_START, type RunTimeUs } from '../units.ts';
import { MemoryDatabase, type OpenTransaction } from './memory-database.ts';
import { type DeepPartial, patched, testSettings } from './test-settings.ts';

// A host for tests: several instances on one virtual clock. It knows that all promises have settled
// because it takes a macrotask turn after each event: slow, but right whatever the code does.
declare function setImmediate(callback: () => void): unknown;

export interface TestWorldOptions {
  readonly settings?: DeepPartial<RunSettings>;
  readonly seed?: number;
  /** Fails a test whose service waits for something that is no port call (the Lab would stall there). Default true. */
  readonly strict?: boolean;
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

interface Timer {
  readonly atUs: number;
  readonly order: number;
  run: (() => void) | null;
}

interface Exchange {
  readonly from: InstanceId | null;
  readonly to: InstanceId;
  reset(cause: EventId): void;
}

interface Life {
  readonly runtime: InstanceRuntime;
  readonly exchanges: Set<Exchange>;
  readonly transactions: Set<() => void>;
  running: number;
  lastCall: string;
  alive: boolean;
  ready: boolean;
}

interface Instance {
  readonly id: InstanceId;
  readonly definition: ServiceDefinition;
  incarnation: number;
  life: Life | null;
}

const TEST_BRANCH = '$testBranch';

export const createTestWorld = (options: TestWorldOptions = {}): TestWorld => new TestWorld(options);

export class TestWorld {
  readonly events: RunEvent[] = [];
  readonly random;
  #settings: RunSettings;
  readonly #strict: boolean;
  #nowUs: RunTimeUs = RUN_START;
  readonly #timers: Timer[] = [];
  #order = 0;
  #pumping = false;
  readonly #instances = new Map<InstanceId, Instance>();
  readonly #databases = new Map<string, MemoryDatabase>();
  readonly #sendHooks = new Set<(message: OutboundMessage) => SendDecision | null>();
  readonly #crashPoints = new Set<CrashPoint & { seen: number }>();
  readonly #storeFailures = new Set<StoreFailure & { left: number }>();
  readonly #branches = new Map<number, Branch<unknown>>();
  #branchCount = 0;

  constructor(options: TestWorldOptions) {
    this.#settings = testSettings(options.settings);
    this.#strict = options.strict ?? true;
    this.random = createRandom(options.seed ?? 1);
  }

  get nowUs(): RunTimeUs {
    return this.#nowUs;
  }

  get nowMs(): number {
    return elapsedMs(RUN_START, this.#nowUs);
  }

  get settings(): RunSettings {
    return this.#settings;
  }

  changeSettings(patch: DeepPartial<RunSettings>): void {
    this.#settings = patched<RunSettings>(this.#settings, patch);
    for (const { life } of this.#instances.values()) life?.runtime.settingsChanged();
  }

  /** Adds instance `<service>-<number>` (number 1 unless told) and starts it at this moment of run time. */
  add(definition: ServiceDefinition, number = 1): InstanceId {
    const id = instanceId(definition.name, number);
    if (this.#instances.has(id)) throw new Error(`${id} exists already`);
    this.#database(definition.name).define(definition.tables);
    const instance: Instance = { id, definition, incarnation: 0, life: null };
    this.#instances.set(id, instance);
    this.#start(instance);
    return id;
  }

  /** Ends an instance as a crash does: no `finally`, open transactions undone, callers reset one hop later. */
  crash(id: InstanceId, reason: CrashReason = { reason: 'test', faultId: null }): void {
    const { life } = this.#instance(id);
    if (life === null) return;
    const cause = life.runtime.write({ type: 'instance.crashed', ...reason });
    life.runtime.kill();
    life.alive = false;
    this.#instance(id).life = null;
    for (const abort of [...life.transactions]) abort();
    for (const exchange of [...life.exchanges]) exchange.reset(cause);
  }

  /** A new incarnation of a crashed instance. */
  restart(id: InstanceId): void {
    const instance = this.#instance(id);
    if (instance.life !== null) throw new Error(`${id} is running`);
    this.#start(instance);
  }

  isUp(id: InstanceId): boolean {
    return this.#instances.get(id)?.life?.ready ?? false;
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

  /** Every table of a service's database, as copies, in key order. */
  tables(database: string): Record<string, Record<string, unknown>[]> {
    const found = this.#database(database);
    return Object.fromEntries(found.tableNames.map((name) => [name, found.rows(name)]));
  }

  rows<Row>(database: string, table: Table<Row>): Row[] {
    return this.#database(database).rows(table.name) as Row[];
  }

  eventsOf<Type extends RunEventType>(type: Type): RunEventOf<Type>[] {
    return this.events.filter((event) => event.type === type) as RunEventOf<Type>[];
  }

  /** Sends a request and goes on: look at `outcome` later. */
  send(to: InstanceId, request: TestRequest): Pending<HttpOutcome> {
    const pending: Pending<HttpOutcome> & { over: boolean } = {
      outcome: null,
      over: false,
      cancel: () => {},
    };
    const body =
      request.body === undefined || request.body === null
        ? null
        : typeof request.body === 'string'
          ? request.body
          : JSON.stringify(request.body);
    const headers =
      body === null || request.headers?.['content-type'] !== undefined
        ? { ...request.headers }
        : { 'content-type': 'application/json', ...request.headers };
    pending.cancel = this.#carry(
      {
        from: request.from ?? null,
        to,
        request: { method: request.method, path: request.path, headers, body },
        plane: request.plane ?? 'data',
        cause: null,
        hopKey: `test/${this.#order}`,
        decision: null,
      },
      (reply) => {
        pending.outcome = reply.outcome;
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
    const { life } = this.#instance(id);
    if (life === null) throw new Error(`${id} is down`);
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
    life.runtime.control({ [TEST_BRANCH]: number }, (outcome) => {
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
    const { life } = this.#instance(id);
    if (life === null) throw new Error(`${id} is down`);
    let result: ProcessOutcome<Json> | null = null;
    life.runtime.control(command, (outcome) => {
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
    return this.#schedule(delayMs, what);
  }

  async runFor(durationMs: number): Promise<void> {
    const endUs = plusMs(this.#nowUs, durationMs);
    await this.#pump(() => {
      const next = this.#peek();
      return next === null || next.atUs > endUs;
    });
    this.#nowUs = endUs;
  }

  /** Until `done()` holds; throws when `maxMs` of run time pass first, or when nothing is left to happen. */
  async runUntil(
    done: () => boolean,
    maxMs = 60_000,
    what: () => string = () => 'the condition',
  ): Promise<void> {
    const endUs = plusMs(this.#nowUs, maxMs);
    let end: 'done' | 'late' | 'idle' = 'idle';
    await this.#pump(() => {
      const next = this.#peek();
      if (done()) end = 'done';
      else if (next === null) end = 'idle';
      else if (next.atUs > endUs) end = 'late';
      else return false;
      return true;
    });
    const reached: string = end;
    if (reached !== 'done') {
      const last = this.events
        .slice(-8)
        .map((event) => `${elapsedMs(RUN_START, event.timeUs)} ms ${event.instance} ${event.type}`);
      throw new Error(
        `${what()}: not within ${maxMs} ms${reached === 'idle' ? ' (nothing is left to happen)' : ''}. Last events:\n${last.join('\n')}`,
      );
    }
  }

  async #pump(finished: () => boolean): Promise<void> {
    if (this.#pumping)
      throw new Error('the world runs already: use send or begin for what shall go on meanwhile');
    this.#pumping = true;
    try {
      await this.#settle();
      while (!finished()) {
        const timer = this.#pop();
        if (timer === null) return;
        this.#nowUs = Math.max(timer.atUs, this.#nowUs) as RunTimeUs;
        timer.run?.();
        await this.#settle();
      }
    } finally {
      this.#pumping = false;
    }
  }

  /** One macrotask: by then every promise that can settle has settled. */
  async #settle(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (!this.#strict) return;
    for (const { id, life } of this.#instances.values()) {
      if (life !== null && life.running !== 0) {
        throw new Error(
          `${id}: ${life.running} process(es) wait for something that is no port call, or were woken twice (last port call: ${life.lastCall || 'none'})`,
        );
      }
    }
  }

  // A binary heap by (time, order of scheduling).
  #peek(): Timer | null {
    while (this.#timers.length > 0 && this.#timers[0]?.run === null) this.#remove();
    return this.#timers[0] ?? null;
  }

  #pop(): Timer | null {
    const first = this.#peek();
    if (first !== null) this.#remove();
    return first;
  }

  #remove(): void {
    const last = this.#timers.pop();
    if (last === undefined || this.#timers.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const left = this.#timers[child];
      if (left === undefined) break;
      const right = this.#timers[child + 1];
      let best = left;
      if (right !== undefined && before(right, left)) {
        best = right;
        child += 1;
      }
      if (!before(best, last)) break;
      this.#timers[at] = best;
      at = child;
    }
    this.#timers[at] = last;
  }

  #schedule(delayMs: number, run: () => void): Undo {
    this.#order += 1;
    const timer: Timer = { atUs: plusMs(this.#nowUs, Math.max(0, delayMs)), order: this.#order, run };
    let at = this.#timers.length;
    this.#timers.push(timer);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = this.#timers[up];
      if (parent === undefined || !before(timer, parent)) break;
      this.#timers[at] = parent;
      at = up;
    }
    this.#timers[at] = timer;
    return () => {
      timer.run = null;
    };
  }

  #database(name: string): MemoryDatabase {
    const found = this.#databases.get(name) ?? new MemoryDatabase(name);
    this.#databases.set(name, found);
    return found;
  }

  #instance(id: InstanceId): Instance {
    const instance = this.#instances.get(id);
    if (instance === undefined) throw new Error(`there is no ${id}`);
    return instance;
  }

  #record(event: RunEvent): void {
    this.events.push({ ...event, seq: this.events.length });
  }

  #start(instance: Instance): void {
    instance.incarnation += 1;
    const { definition, id } = instance;
    const own: { life: Life | null } = { life: null };
    const identity = { instance: id, incarnation: instance.incarnation, database: definition.name };
    const runtime = new InstanceRuntime(
      this.#withTestBranches(definition),
      identity,
      this.#ports(id, definition, () => own.life),
    );
    const life: Life = {
      runtime,
      exchanges: new Set(),
      transactions: new Set(),
      running: 0,
      lastCall: '',
      alive: true,
      ready: false,
    };
    own.life = life;
    instance.life = life;
    runtime.start();
  }

  #withTestBranches(definition: ServiceDefinition): ServiceDefinition {
    return {
      name: definition.name,
      tables: definition.tables,
      background: definition.background,
      operationOf: (request) => definition.operationOf(request),
      handle: (request, context) => definition.handle(request, context),
      ...(definition.onStart
        ? { onStart: (context) => definition.onStart?.(context) ?? Promise.resolve() }
        : {}),
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

  #ports(id: InstanceId, definition: ServiceDefinition, lifeOf: () => Life | null): HostPorts {
    const alive = () => lifeOf()?.alive === true;
    const count = (by: number, call?: string) => {
      const life = lifeOf();
      if (life === null) return;
      life.running += by;
      if (call !== undefined) life.lastCall = call;
    };
    const schedule = (delayMs: number, wake: () => void): Undo =>
      this.#schedule(delayMs, () => {
        if (alive()) wake();
      });
    return {
      tracker: {
        started: () => count(1),
        ended: () => count(-1),
        blocked: (call) => count(-1, call),
        woken: (call) => count(1, call),
      },
      random: this.random,
      crypto: nobleCrypto,
      now: () => this.#nowUs,
      settings: () => this.#settings,
      schedule,
      work: schedule,
      send: (message, reply) => this.#send(id, message, reply, alive),
      begin: (operation, tables, mode, opened) => {
        const life = lifeOf();
        const database = this.#database(definition.name);
        if (life === null || this.#reached(id, 'store', operation, 'before')) return () => {};
        const failure = this.#storeFailure(database.name, operation, 'begin');
        if (failure !== null) return schedule(0, () => opened(failure));
        let transaction: OpenTransaction | null = null;
        const abort = () => {
          life.transactions.delete(abort);
          leave();
          transaction?.abort();
        };
        life.transactions.add(abort);
        let leave = () => {};
        leave = database.begin(tables, mode, (open) => {
          transaction = open;
          schedule(0, () =>
            opened({
              ok: true,
              value: {
                request: (request, done) => {
                  const outcome = attempt(() => open.request(request));
                  schedule(0, () => done(outcome));
                },
                commit: (events, done) => {
                  const failed = this.#storeFailure(database.name, operation, 'commit');
                  schedule(0, () => {
                    if (failed !== null) {
                      abort();
                      done(failed);
                      return;
                    }
                    life.transactions.delete(abort);
                    open.commit();
                    for (const event of events) this.#record(event);
                    if (this.#reached(id, 'store', operation, 'after')) return;
                    done({ ok: true, value: undefined });
                  });
                },
                abort,
              },
            }),
          );
        });
        return abort;
      },
      emit: (event) => this.#record(event),
      crash: (reason) => this.crash(id, reason),
      ready: () => {
        const life = lifeOf();
        if (life !== null) life.ready = true;
      },
    };
  }

  #storeFailure(database: string, operation: string, at: 'begin' | 'commit') {
    for (const failure of this.#storeFailures) {
      if (failure.database !== database || failure.operation !== operation || (failure.at ?? 'commit') !== at)
        continue;
      failure.left -= 1;
      if (failure.left <= 0) this.#storeFailures.delete(failure);
      return { ok: false, kind: failure.kind, message: `${operation}: ${failure.kind} (test)` } as const;
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
      if (point.restartAfterMs !== undefined) this.#schedule(point.restartAfterMs, () => this.restart(id));
      return true;
    }
    return false;
  }

  #send(id: InstanceId, message: OutboundMessage, reply: (reply: Reply) => void, alive: () => boolean): Undo {
    if (this.#reached(id, 'network', message.operation, 'before')) return () => {};
    let decision: SendDecision | null = null;
    for (const hook of this.#sendHooks) {
      decision = hook(message);
      if (decision !== null) break;
    }
    return this.#carry({ ...message, hopKey: `${message.callId}/${message.attempt}`, decision }, (answer) => {
      if (!alive() || this.#reached(id, 'network', message.operation, 'after')) return;
      reply(answer);
    });
  }

  /** One exchange: a hop there, the handler, a hop back. */
  #carry(
    message: Pick<OutboundMessage, 'to' | 'request' | 'plane'> & {
      readonly from: InstanceId | null;
      readonly cause: EventId | null;
      readonly hopKey: string;
      readonly decision: SendDecision | null;
    },
    reply: (reply: Reply) => void,
  ): Undo {
    const { decision, to } = message;
    const hopMs = (way: string) => {
      const { meanMs, spread } = this.#settings.hop;
      return spread === 0
        ? meanMs
        : spreadAround(meanMs, spread, this.random.uniform('hop', message.hopKey, way));
    };
    let over = false;
    const answer = (outcome: HttpOutcome, cause: EventId | null) => {
      this.#schedule(hopMs('back'), () => {
        if (over) return;
        over = true;
        reply({ outcome, cause });
      });
    };
    let cancelHandler: Undo | null = null;
    const deliver = () => {
      if (over) return;
      const life = this.#instances.get(to)?.life ?? null;
      if (life === null) {
        answer(err({ kind: 'connection_refused', detail: `${to} is not there` }), null);
        return;
      }
      const exchange: Exchange = {
        from: message.from,
        to,
        reset: (cause) => {
          if (decision?.kind !== 'lose-answer') {
            answer(err({ kind: 'connection_reset', detail: `${to} crashed before it answered` }), cause);
          }
        },
      };
      life.exchanges.add(exchange);
      cancelHandler = life.runtime.handle(
        { request: message.request, plane: message.plane, from: message.from, cause: message.cause },
        ({ response, cause }) => {
          life.exchanges.delete(exchange);
          if (decision?.kind !== 'lose-answer') answer(ok(response), cause);
        },
      );
    };
    if (decision?.kind === 'fail')
      answer(err({ kind: decision.error, detail: `${decision.error} (test)` }), null);
    else if (decision?.kind === 'answer') answer(ok(decision.response), null);
    else if (decision?.kind !== 'blackhole') {
      this.#schedule(hopMs('there') + (decision?.kind === 'delay' ? decision.delayMs : 0), deliver);
    }
    return () => {
      if (over) return;
      over = true;
      // The callee learns of it one hop later.
      this.#schedule(hopMs('cancel'), () => cancelHandler?.());
    };
  }
}

const before = (a: Timer, b: Timer): boolean => a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order);

function attempt(body: () => unknown): StoreOutcome<unknown> {
  try {
    return { ok: true, value: body() };
  } catch (error) {
    return { ok: false, kind: 'aborted', message: error instanceof Error ? error.message : String(error) };
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
