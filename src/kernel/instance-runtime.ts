import { assert } from './assert.ts';
import type { Branch, Context, Fork, Local, ScopeOptions } from './context.ts';
import { Semaphore } from './coordination.ts';
import type { HostPorts, HostTransaction, InboundMessage, LogPlace, StoreOperation } from './host-ports.ts';
import { type HttpOutcome, type HttpResponse, problemResponse } from './http-message.ts';
import { type EventId, eventId, type InstanceId, serviceOf } from './ids.ts';
import type { Json } from './json.ts';
import {
  type NetworkRequest,
  type Peer,
  StoreError,
  type Transaction,
  type TransactionMode,
} from './ports.ts';
import {
  type Awaitable,
  Cancelled,
  PendingCall,
  type PortCall,
  Process,
  type ProcessInit,
  type ProcessOutcome,
  runProcess,
  type Settle,
} from './process.ts';
import { err, ok, type Result } from './result.ts';
import type { EventDraft, RowChange, RunEvent } from './run-event.ts';
import type { ServiceDefinition } from './service-definition.ts';
import type { ServiceName } from './service-name.ts';
import { type AnyTable, type Key, maskedRow } from './table.ts';
import { formatTraceparent, parseTraceparent, spanIdFor, traceIdFor } from './trace-context.ts';
import { elapsedMs, plusMs, runTimeUs } from './units.ts';

/** Milliseconds that are left for the whole request, sent with each hop (as gRPC's `grpc-timeout`). */
export const DEADLINE_HEADER = 'x-deadline-ms';

/** The logical call and which attempt of it this is, as proxies say it: a fault at the callee's door draws by them. */
export const REQUEST_ID_HEADER = 'x-request-id';
export const ATTEMPT_HEADER = 'x-request-attempt';

const BACKGROUND_RESTART_MS = 1000;

export interface InstanceIdentity {
  readonly instance: InstanceId;
  readonly incarnation: number;
  /** Name of the database that this service's instances share. */
  readonly database: string;
}

export interface AnswerToHost {
  readonly response: HttpResponse;
  /** The `response.sent` event. */
  readonly cause: EventId | null;
}

/**
 * One life of one instance of a service, on any host: admission to its slots, a process per request,
 * and the context that binds each process to the host's ports.
 */
export class InstanceRuntime {
  readonly #definition: ServiceDefinition;
  readonly #identity: InstanceIdentity;
  readonly #service: ServiceName;
  readonly #host: HostPorts;
  readonly #life: { readonly tracker: HostPorts['tracker']; dead: boolean };
  readonly #locals = new Map<Local<unknown>, unknown>();
  readonly #slots: Semaphore;
  readonly #cpu: Semaphore;
  readonly #roots = new Set<Process>();
  #events = 0;
  #spans = 0;
  #state: 'new' | 'starting' | 'ready' | 'draining' = 'new';

  constructor(definition: ServiceDefinition, identity: InstanceIdentity, host: HostPorts) {
    this.#definition = definition;
    this.#identity = identity;
    this.#service = definition.name;
    this.#host = host;
    this.#life = { tracker: host.tracker, dead: false };
    const capacity = host.settings().services[definition.name];
    this.#slots = new Semaphore(capacity.requestSlots);
    this.#cpu = new Semaphore(capacity.cpuSlots);
  }

  /** Writes an event that belongs to no process (the host's own, about this instance). */
  write(
    draft: EventDraft,
    at: Partial<Pick<RunEvent, 'traceId' | 'spanId' | 'parentSpanId' | 'cause'>> = {},
  ): EventId {
    const event = this.#build(this.#newEventId(), draft, {
      traceId: at.traceId ?? null,
      spanId: at.spanId ?? null,
      parentSpanId: at.parentSpanId ?? null,
      cause: at.cause ?? null,
    });
    if (!this.#life.dead) this.#host.emit(event);
    return event.id;
  }

  /** Runs `onStart`, again a moment later when it throws; then opens the door and begins the background tasks. */
  start(): void {
    assert(this.#state === 'new', 'an instance starts once');
    this.#state = 'starting';
    const startedId = this.write({ type: 'instance.started', incarnation: this.#identity.incarnation });
    this.#root(
      { name: 'start', span: null, parentSpanId: null, cause: startedId, deadlineUs: null },
      null,
      async (context) => {
        await this.#untilDone('start', context, async (own) => await this.#definition.onStart?.(own));
        this.#state = 'ready';
        const cause = context.log.emit({ type: 'instance.ready' });
        this.#host.ready();
        for (const task of this.#definition.background)
          this.#runForEver(task.name, cause, (own) => task.run(own));
      },
    );
  }

  /** The settings changed: slots follow at once. */
  settingsChanged(): void {
    const capacity = this.#host.settings().services[this.#service];
    this.#slots.setPermits(capacity.requestSlots);
    this.#cpu.setPermits(capacity.cpuSlots);
  }

  /** No port call of this life settles any more, and nothing it writes is heard. */
  kill(): void {
    this.#life.dead = true;
  }

  get load(): { slotsUsed: number; queued: number } {
    return { slotsUsed: this.#slots.used, queued: this.#slots.waiting };
  }

  /** Takes a request to its answer. Gives the way to cancel it; a cancelled request is not answered. */
  handle(inbound: InboundMessage, respond: (answer: AnswerToHost) => void): () => void {
    const { request, plane, from } = inbound;
    const operation = this.#definition.operationOf(request);
    const startedUs = this.#host.now();
    const remote = parseTraceparent(request.headers['traceparent']);
    // A request from outside brings no span of ours: the server's own span is the root of its trace.
    const span =
      from !== null && remote !== null
        ? remote
        : { traceId: remote?.traceId ?? this.#newTraceId(), spanId: this.#newSpanId() };
    const at = { traceId: span.traceId, spanId: span.spanId, parentSpanId: null, cause: inbound.cause };
    const capacity = this.#host.settings().services[this.#service];
    const needsSlot = plane === 'data';

    const answer = (response: HttpResponse, cause: EventId | null) => {
      if (this.#life.dead) return;
      const id = this.write(
        {
          type: 'response.sent',
          operation,
          status: response.status,
          durationMs: elapsedMs(startedUs, this.#host.now()),
          plane,
          slotsUsed: this.#slots.used,
          queued: this.#slots.waiting,
          problem: problemOf(response),
        },
        { ...at, cause },
      );
      respond({ response, cause: id });
    };

    if (this.#state !== 'ready') {
      answer(
        problemResponse(
          {
            type: 'about:blank',
            title: 'Service Unavailable',
            status: 503,
            detail: `${this.#identity.instance} is ${this.#state === 'draining' ? 'draining' : 'still starting'}.`,
          },
          { 'retry-after': '1' },
        ),
        inbound.cause,
      );
      return () => {};
    }
    if (needsSlot && this.#slots.used >= this.#slots.permits && this.#slots.waiting >= capacity.queueLimit) {
      const cause = this.write(
        { type: 'request.shed', operation, plane, slots: this.#slots.permits, queued: this.#slots.waiting },
        at,
      );
      answer(
        problemResponse(
          {
            type: 'https://bulkhead.dev/problems/overloaded',
            title: 'Overloaded',
            status: 503,
            detail: `All ${this.#slots.permits} request slots of ${this.#identity.instance} are taken and its queue of ${capacity.queueLimit} is full.`,
          },
          { 'retry-after': '1' },
        ),
        cause,
      );
      return () => {};
    }

    let cancelled = false;
    let process: Process | null = null;
    let leaveQueue = () => {};
    const admitted = () => {
      if (this.#life.dead) return;
      const received = this.write(
        {
          type: 'request.received',
          from: from === null ? null : serviceOf(from),
          fromInstance: from,
          operation,
          plane,
          slotsUsed: this.#slots.used,
          slots: this.#slots.permits,
          queued: this.#slots.waiting,
        },
        at,
      );
      const remaining = request.headers[DEADLINE_HEADER];
      const remainingMs = remaining === undefined ? Number.NaN : Number(remaining);
      const init: ProcessInit = {
        name: operation,
        span,
        parentSpanId: null,
        cause: received,
        deadlineUs: Number.isFinite(remainingMs) ? plusMs(startedUs, remainingMs) : null,
      };
      const peer: Peer | null = from === null ? null : { service: serviceOf(from), instance: from };
      process = this.#newProcess(init, null);
      const own = process;
      const context = this.#context(own, peer);
      runProcess(
        own,
        () => this.#definition.handle(request, context),
        (outcome) => {
          this.#roots.delete(own);
          if (needsSlot) this.#slots.release();
          if (cancelled) return;
          if (outcome.ok) {
            answer(outcome.value, own.cause);
          } else {
            const message = messageOf(outcome.error);
            this.write(
              { type: 'process.failed', process: operation, error: message },
              { ...at, cause: own.cause },
            );
            answer(failureResponse(outcome.error), own.cause);
          }
        },
      );
    };
    if (needsSlot) leaveQueue = this.#slots.enter(admitted);
    else admitted();
    return () => {
      if (cancelled) return;
      cancelled = true;
      leaveQueue();
      process?.cancel('the caller gave up');
    };
  }

  /** A command of the run to this instance. */
  control(command: Json, done: (outcome: ProcessOutcome<Json>) => void): void {
    const { control } = this.#definition;
    if (control === undefined) {
      done({ ok: false, error: new Error(`${this.#service} takes no commands`) });
      return;
    }
    const process = this.#newProcess(
      { name: 'control', span: null, parentSpanId: null, cause: null, deadlineUs: null },
      null,
    );
    runProcess(
      process,
      () => control.call(this.#definition, command, this.#context(process, null)),
      (outcome) => {
        this.#roots.delete(process);
        done(outcome);
      },
    );
  }

  #newProcess(init: ProcessInit, parent: Process | null): Process {
    const process = new Process(this.#life, parent, init);
    if (parent === null) this.#roots.add(process);
    return process;
  }

  #root(init: ProcessInit, caller: Peer | null, branch: Branch<void>): Process {
    const process = this.#newProcess(init, null);
    runProcess(
      process,
      () => branch(this.#context(process, caller)),
      (outcome) => {
        this.#roots.delete(process);
        if (!outcome.ok && !(outcome.error instanceof Cancelled)) {
          this.write(
            { type: 'process.failed', process: init.name, error: messageOf(outcome.error) },
            {
              traceId: process.span?.traceId ?? null,
              spanId: process.span?.spanId ?? null,
              cause: process.cause,
            },
          );
        }
      },
    );
    return process;
  }

  #runForEver(name: string, cause: EventId, run: (context: Context) => Promise<void>): void {
    this.#root({ name, span: null, parentSpanId: null, cause, deadlineUs: null }, null, async (context) => {
      await this.#untilDone(name, context, run);
    });
  }

  async #untilDone(name: string, context: Context, run: (context: Context) => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await context.scope({ name }, async (own) => await run(own));
        return;
      } catch (error) {
        if (error instanceof Cancelled) throw error;
        context.log.emit({ type: 'process.failed', process: name, error: messageOf(error) });
        await context.clock.sleep(BACKGROUND_RESTART_MS);
      }
    }
  }

  #newSpanId() {
    this.#spans += 1;
    return spanIdFor(
      `${this.#host.random.seed}/${this.#identity.instance}.${this.#identity.incarnation}.${this.#spans}`,
    );
  }

  #newTraceId() {
    this.#spans += 1;
    return traceIdFor(
      `${this.#host.random.seed}/${this.#identity.instance}.${this.#identity.incarnation}.${this.#spans}`,
    );
  }

  #newEventId(): EventId {
    this.#events += 1;
    return eventId(this.#identity.instance, this.#identity.incarnation, this.#events);
  }

  #build(
    id: EventId,
    draft: EventDraft,
    at: Pick<RunEvent, 'traceId' | 'spanId' | 'parentSpanId' | 'cause'>,
  ): RunEvent {
    return {
      id,
      seq: -1,
      timeUs: this.#host.now(),
      instance: this.#identity.instance,
      service: this.#service,
      ...at,
      ...draft,
    } as RunEvent;
  }

  #emit(process: Process, draft: EventDraft): EventId {
    const id = this.write(draft, placeOf(process));
    process.cause = id;
    return id;
  }

  #child(parent: Process, options: ScopeOptions): Process {
    let span = parent.span;
    let parentSpanId = parent.parentSpanId;
    const above = options.parent ?? (options.span === 'child' ? parent.span : null);
    if (options.parent !== undefined || options.span === 'child') {
      parentSpanId = above?.spanId ?? null;
      span = { traceId: above?.traceId ?? this.#newTraceId(), spanId: this.#newSpanId() };
    } else if (options.span !== undefined) {
      span = options.span;
      parentSpanId = null;
    }
    return new Process(this.#life, parent, {
      name: options.name,
      span,
      parentSpanId,
      cause: options.cause ?? parent.cause,
      deadlineUs: options.deadlineUs === undefined ? parent.deadlineUs : options.deadlineUs,
    });
  }

  #context(process: Process, caller: Peer | null): Context {
    const runtime = this;
    const host = this.#host;
    const call = <T>(name: string, start: (settle: Settle<T>) => (() => void) | undefined, join = false) =>
      new PendingCall<T>(process, name, start, { join });

    const branchOut = <T>(
      options: ScopeOptions,
      branch: Branch<T>,
      done: (outcome: ProcessOutcome<T>, child: Process) => void,
    ): Process => {
      const child = runtime.#child(process, options);
      runProcess(
        child,
        () => branch(runtime.#context(child, caller)),
        (outcome) => done(outcome, child),
      );
      return child;
    };

    const all = <T extends readonly unknown[]>(
      branches: { readonly [K in keyof T]: Branch<T[K]> },
    ): PortCall<T> =>
      call<T>(
        'all',
        (settle) => {
          const values: unknown[] = [];
          const children: Process[] = [];
          let left = branches.length;
          let failure: { error: unknown } | null = null;
          const finish = () => {
            if (failure !== null) settle.reject(failure.error);
            else settle.resolve(values as unknown as T);
          };
          if (left === 0) finish();
          branches.forEach((branch: Branch<unknown>, index: number) => {
            children.push(
              branchOut({ name: `${process.name}/all[${index}]` }, branch, (outcome, child) => {
                left -= 1;
                process.cause = child.cause;
                if (outcome.ok) values[index] = outcome.value;
                else if (failure === null) {
                  failure = { error: outcome.error };
                  for (const other of children) other.cancel('another branch failed');
                }
                if (left === 0) finish();
              }),
            );
          });
          return () => {
            for (const child of children) child.cancel(process.cancelled?.message ?? 'cancelled');
          };
        },
        true,
      );

    const race = <T>(branches: readonly Branch<T>[]): PortCall<T> =>
      call<T>(
        'race',
        (settle) => {
          assert(branches.length > 0, 'a race needs a runner');
          const children: Process[] = [];
          let left = branches.length;
          let winner: ProcessOutcome<T> | null = null;
          branches.forEach((branch, index) => {
            children.push(
              branchOut({ name: `${process.name}/race[${index}]` }, branch, (outcome, child) => {
                left -= 1;
                if (winner === null) {
                  winner = outcome;
                  process.cause = child.cause;
                  for (const other of children) if (other !== child) other.cancel('another branch was first');
                }
                if (left > 0) return;
                if (winner.ok) settle.resolve(winner.value);
                else settle.reject(winner.error);
              }),
            );
            // The first branch may have ended at once; later ones are then born cancelled.
          });
          return () => {
            for (const child of children) child.cancel(process.cancelled?.message ?? 'cancelled');
          };
        },
        true,
      );

    const scope = <T>(options: ScopeOptions, branch: Branch<T>): PortCall<T> =>
      call<T>(
        options.name,
        (settle) => {
          const child = branchOut(options, branch, (outcome, ended) => {
            process.cause = ended.cause;
            if (outcome.ok) settle.resolve(outcome.value);
            else settle.reject(outcome.error);
          });
          return () => child.cancel(process.cancelled?.message ?? 'cancelled');
        },
        true,
      );

    const withSlot = <T>(branch: Branch<T>): PortCall<T> =>
      call<T>(
        'slot',
        (settle) => {
          let child: Process | null = null;
          const leaveQueue = this.#slots.enter(() => {
            if (this.#life.dead) return;
            child = branchOut({ name: `${process.name}/slot` }, branch, (outcome, ended) => {
              this.#slots.release();
              process.cause = ended.cause;
              if (outcome.ok) settle.resolve(outcome.value);
              else settle.reject(outcome.error);
            });
          });
          return () => {
            leaveQueue();
            if (child === null) settle.reject(process.cancelled);
            else child.cancel(process.cancelled?.message ?? 'cancelled');
          };
        },
        true,
      );

    const log =
      (level: 'info' | 'warn' | 'error') =>
      (message: string, data: Json = null) => {
        runtime.#emit(process, { type: 'service.logged', level, message, data });
      };

    return {
      service: this.#service,
      instance: this.#identity.instance,
      incarnation: this.#identity.incarnation,
      caller,
      get span() {
        return process.span;
      },
      get deadlineUs() {
        return process.deadlineUs;
      },
      get settings() {
        return host.settings();
      },
      random: host.random,
      crypto: host.crypto,
      clock: {
        now: () => host.now(),
        sleep: (durationMs) =>
          call<void>('clock.sleep', (settle) =>
            host.schedule(Math.max(0, durationMs), () => settle.resolve()),
          ),
      },
      log: {
        emit: (draft) => runtime.#emit(process, draft),
        info: log('info'),
        warn: log('warn'),
        error: log('error'),
      },
      network: { send: (request) => this.#send(process, request) },
      store: {
        transact: <T>(
          operation: string,
          tables: readonly AnyTable[],
          mode: TransactionMode,
          body: (tx: Transaction) => Promise<T>,
        ) => this.#transact(process, operation, tables, mode, body),
      },
      work: (durationMs) =>
        call<void>('work', (settle) => {
          let undo = () => {};
          let holds = false;
          let over = false;
          const end = () => {
            if (over) return;
            over = true;
            if (holds) this.#cpu.release();
          };
          const leave = this.#cpu.enter(() => {
            holds = true;
            if (this.#life.dead || over) return;
            undo = host.work(Math.max(0, durationMs), () => {
              end();
              settle.resolve();
            });
          });
          return () => {
            leave();
            undo();
            end();
          };
        }),
      withSlot,
      local: <T>(local: Local<T>): T => {
        const key = local as Local<unknown>;
        if (!this.#locals.has(key)) this.#locals.set(key, local.create());
        return this.#locals.get(key) as T;
      },
      all,
      race,
      within: <T>(durationMs: number, branch: Branch<T>): PortCall<Result<T, 'timeout'>> =>
        race<Result<T, 'timeout'>>([
          async (own) => ok(await (branch(own) as Awaitable<T>)),
          async (own) => {
            await own.clock.sleep(durationMs);
            return err('timeout');
          },
        ]),
      scope,
      fork: (options, branch): Fork => {
        const detached = runtime.#child(process, { deadlineUs: null, ...options });
        const init: ProcessInit = {
          name: detached.name,
          span: detached.span,
          parentSpanId: detached.parentSpanId,
          cause: detached.cause,
          deadlineUs: detached.deadlineUs,
        };
        detached.leaveParent();
        const root = runtime.#root(init, null, branch);
        return { cancel: (reason) => root.cancel(reason) };
      },
      portCall: (name, start) => call(name, start),
    };
  }

  #send(process: Process, outbound: NetworkRequest): PortCall<HttpOutcome> {
    const host = this.#host;
    return new PendingCall<HttpOutcome>(process, `network.send ${outbound.operation}`, (settle) => {
      const startedUs = host.now();
      const span = { traceId: process.span?.traceId ?? this.#newTraceId(), spanId: this.#newSpanId() };
      const parentSpanId = process.span?.spanId ?? null;
      const remainingMs = process.deadlineUs === null ? null : elapsedMs(startedUs, process.deadlineUs);
      const limitMs = smallest(outbound.timeoutMs, remainingMs);
      const { callId: call, attempt, plane, to } = outbound;
      const about = { callId: call, attempt, to: serviceOf(to), toInstance: to, plane };
      const sent = this.write(
        {
          type: 'request.sent',
          ...about,
          method: outbound.request.method,
          path: outbound.request.path,
          timeoutMs: limitMs,
          deadlineUs: process.deadlineUs,
        },
        { traceId: span.traceId, spanId: span.spanId, parentSpanId, cause: process.cause },
      );
      process.cause = sent;
      const at = { traceId: span.traceId, spanId: span.spanId, parentSpanId };
      const headers: Record<string, string> = {
        ...outbound.request.headers,
        traceparent: formatTraceparent(span),
        [REQUEST_ID_HEADER]: call,
        [ATTEMPT_HEADER]: String(attempt),
      };
      if (remainingMs !== null) headers[DEADLINE_HEADER] = String(Math.max(0, Math.round(remainingMs)));

      let over = false;
      let undoSend = () => {};
      let undoTimer = () => {};
      const fail = (error: HttpOutcome, kind: NetworkFailure, detail: string, cause: EventId) => {
        over = true;
        undoTimer();
        process.cause = this.write(
          {
            type: 'request.failed',
            ...about,
            error: kind,
            detail,
            durationMs: elapsedMs(startedUs, host.now()),
          },
          { ...at, cause },
        );
        settle.resolve(error);
      };
      if (limitMs !== null) {
        undoTimer = host.schedule(Math.max(0, limitMs), () => {
          if (over) return;
          undoSend();
          const kind = remainingMs !== null && limitMs === remainingMs ? 'deadline_exceeded' : 'timeout';
          const detail = `no answer within ${Math.round(Math.max(0, limitMs))} ms`;
          fail(err({ kind, detail }), kind, detail, sent);
        });
      }
      undoSend = host.send(
        {
          ...outbound,
          request: { ...outbound.request, headers },
          from: this.#identity.instance,
          span,
          cause: sent,
        },
        (reply) => {
          if (over) return;
          if (!reply.outcome.ok) {
            const { kind, detail } = reply.outcome.error;
            fail(reply.outcome, kind, detail, reply.cause ?? sent);
            return;
          }
          over = true;
          undoTimer();
          process.cause = this.write(
            {
              type: 'response.received',
              ...about,
              status: reply.outcome.value.status,
              durationMs: elapsedMs(startedUs, host.now()),
            },
            { ...at, cause: reply.cause ?? sent },
          );
          settle.resolve(reply.outcome);
        },
      );
      return () => {
        if (over) return;
        over = true;
        undoTimer();
        undoSend();
        process.cause = this.write(
          {
            type: 'request.failed',
            ...about,
            error: 'cancelled',
            detail: process.cancelled?.message ?? 'cancelled',
            durationMs: elapsedMs(startedUs, host.now()),
          },
          { ...at, cause: sent },
        );
      };
    });
  }

  #transact<T>(
    process: Process,
    operation: string,
    tables: readonly AnyTable[],
    mode: TransactionMode,
    body: (tx: Transaction) => Promise<T>,
  ): PortCall<T> {
    const host = this.#host;
    const { database } = this.#identity;
    return new PendingCall<T>(
      process,
      `store.transact ${operation}`,
      (settle) => {
        let raw: HostTransaction | null = null;
        let child: Process | null = null;
        const abort = (error: unknown, cause?: EventId) => {
          raw?.abort();
          process.cause = cause ?? process.cause;
          if (mode === 'readwrite') {
            this.#emit(process, { type: 'store.aborted', database, operation, error: messageOf(error) });
          }
          settle.reject(error);
        };
        const undo = host.begin(
          operation,
          tables.map((table) => table.name),
          mode,
          (opened) => {
            if (this.#life.dead) return;
            if (!opened.ok) {
              abort(new StoreError(opened.kind, opened.message), opened.cause);
              return;
            }
            raw = opened.value;
            const transaction = opened.value;
            const inside = new Process(this.#life, process, {
              name: operation,
              span: process.span,
              parentSpanId: process.parentSpanId,
              cause: process.cause,
              deadlineUs: null,
            });
            inside.insideTransaction = operation;
            // The body also sees its process's own context: that one's port calls are refused, by name.
            process.insideTransaction = operation;
            child = inside;
            const rows: RowChange[] = [];
            const drafts: NumberedDraft[] = [];
            const tx = this.#transaction(inside, transaction, rows, drafts, mode);
            runProcess(
              inside,
              () => body(tx),
              (outcome) => {
                process.insideTransaction = null;
                if (!outcome.ok) {
                  abort(outcome.error);
                  return;
                }
                const events: RunEvent[] = [];
                if (rows.length > 0) {
                  const draft = { type: 'store.committed', database, operation, rows } as const;
                  drafts.unshift({ id: this.#newEventId(), draft });
                }
                for (const { id, draft } of drafts) {
                  const event = this.#build(id, draft, {
                    ...placeOf(process),
                    cause: events.at(-1)?.id ?? process.cause,
                  });
                  events.push(event);
                }
                transaction.commit(events, (committed) => {
                  if (this.#life.dead) return;
                  if (!committed.ok) {
                    raw = null;
                    abort(new StoreError(committed.kind, committed.message), committed.cause);
                    return;
                  }
                  process.cause = events.at(-1)?.id ?? process.cause;
                  settle.resolve(outcome.value);
                });
              },
            );
          },
          placeOf(process),
        );
        return () => {
          if (child === null) {
            undo();
            settle.reject(process.cancelled);
          } else {
            child.cancel(process.cancelled?.message ?? 'cancelled');
          }
        };
      },
      { join: true },
    );
  }

  #transaction(
    inside: Process,
    raw: HostTransaction,
    rows: RowChange[],
    drafts: NumberedDraft[],
    mode: TransactionMode,
  ): Transaction {
    const request = <T>(name: string, operation: StoreOperation): PortCall<T> =>
      new PendingCall<T>(
        inside,
        name,
        (settle) => {
          if (mode === 'readonly' && operation.kind !== 'get' && operation.kind !== 'list') {
            settle.reject(new Error(`'${name}' in a read-only transaction`));
            return undefined;
          }
          raw.request(operation, (outcome) => {
            if (outcome.ok) settle.resolve(outcome.value as T);
            else settle.reject(new StoreError(outcome.kind, outcome.message));
          });
          return undefined;
        },
        { ofTransaction: true },
      );
    return {
      get: <Row>(table: AnyTableOf<Row>, key: Key) =>
        request<Row | undefined>(`${table.name}.get`, { kind: 'get', table: table.name, key }),
      put: <Row>(table: AnyTableOf<Row>, row: Row) => {
        rows.push({
          table: table.name,
          key: String((row as Record<string, unknown>)[table.key]),
          after: maskedRow(table, row as Readonly<Record<string, Json>>),
        });
        return request<void>(`${table.name}.put`, { kind: 'put', table: table.name, row });
      },
      delete: <Row>(table: AnyTableOf<Row>, key: Key) => {
        rows.push({ table: table.name, key: String(key), after: null });
        return request<void>(`${table.name}.delete`, { kind: 'delete', table: table.name, key });
      },
      list: <Row>(table: AnyTableOf<Row>, options = {}) =>
        request<Row[]>(`${table.name}.list`, { kind: 'list', table: table.name, options }),
      emit: (draft) => {
        const id = this.#newEventId();
        drafts.push({ id, draft });
        return id;
      },
      now: () => runTimeUs(this.#host.now()),
    };
  }
}

/** An event of a transaction: it has its id before it is known whether it will be true. */
interface NumberedDraft {
  readonly id: EventId;
  readonly draft: EventDraft;
}

type AnyTableOf<Row> = import('./table.ts').Table<Row>;
type NetworkFailure = 'connection_refused' | 'connection_reset' | 'timeout' | 'deadline_exceeded';

const placeOf = (process: Process): LogPlace => ({
  traceId: process.span?.traceId ?? null,
  spanId: process.span?.spanId ?? null,
  parentSpanId: process.parentSpanId,
  cause: process.cause,
});

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const smallest = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b);

function problemOf(response: HttpResponse): string | null {
  if (response.status < 400 || response.body === null) return null;
  try {
    const problem = JSON.parse(response.body) as { title?: unknown; detail?: unknown };
    const parts = [problem.title, problem.detail].filter((part) => typeof part === 'string');
    return parts.length > 0 ? parts.join(': ') : null;
  } catch {
    return null;
  }
}

/**
 * What a handler's throw becomes: a store that fails is a 503 that may be tried again, anything else a 500.
 * What a bug says of the inside is for the run log (`process.failed`), not for who asked.
 */
function failureResponse(error: unknown): HttpResponse {
  if (error instanceof StoreError) {
    return problemResponse(
      {
        type: 'https://bulkhead.dev/problems/store-failed',
        title: 'Database failed',
        status: 503,
        detail: error.message,
      },
      { 'retry-after': '1' },
    );
  }
  return problemResponse({
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    detail: 'The service failed at this request. The run log says why.',
  });
}
