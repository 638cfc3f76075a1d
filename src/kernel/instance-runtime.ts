import { assert } from './assert.ts';
import type { Context } from './context.ts';
import type { HostPorts, InboundMessage, LogPlace } from './host-ports.ts';
import { type HttpResponse, problemResponse } from './http-message.ts';
import { type EventId, type InstanceId, serviceOf } from './ids.ts';
import { InstanceCore, type InstanceIdentity, messageOf } from './instance-core.ts';
import type { Json } from './json.ts';
import { DEADLINE_HEADER } from './outgoing-request.ts';
import { type Peer, StoreError } from './ports.ts';
import { Cancelled, type Process, type ProcessInit, type ProcessOutcome, runProcess } from './process.ts';
import { ProcessContext, runRoot } from './process-context.ts';
import { RequestQueue, type Waiting } from './request-queue.ts';
import type { EventDraft } from './run-event.ts';
import type { BackgroundTask, ServiceDefinition } from './service-definition.ts';
import { SlotMeter } from './slot-meter.ts';
import { parseTraceparent } from './trace-context.ts';
import { elapsedMs, plusMs } from './units.ts';

const BACKGROUND_RESTART_MS = 1000;
const LOAD_REPORT_MS = 1000;

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
  readonly #core: InstanceCore;
  readonly #queue = new RequestQueue();
  #state: 'new' | 'starting' | 'ready' | 'draining' | 'closed' = 'new';
  /** Background tasks and their processes, from readiness on. */
  readonly #tasks = new Map<BackgroundTask, Process>();
  #meter: SlotMeter | null = null;

  constructor(definition: ServiceDefinition, identity: InstanceIdentity, host: HostPorts) {
    this.#definition = definition;
    this.#core = new InstanceCore(definition.name, identity, host);
  }

  /** Writes an event that belongs to no process (the host's own, about this instance). */
  write(draft: EventDraft, at: Partial<LogPlace> = {}): EventId {
    return this.#core.write(draft, at);
  }

  /**
   * Runs `onStart`, again a moment later when it throws; then opens the door and begins the background tasks.
   * `cold`: it takes its cold start first.
   */
  start({ cold = false }: { readonly cold?: boolean } = {}): void {
    assert(this.#state === 'new', 'an instance starts once');
    this.#state = 'starting';
    const { incarnation } = this.#core.identity;
    const { implementation, version } = this.#definition;
    const started = this.write({
      type: 'instance.started',
      incarnation,
      ...(implementation === undefined ? {} : { implementation }),
      ...(version === undefined ? {} : { version }),
    });
    runRoot(this.#core, background('start', started), async (context) => {
      const { coldStartMs } = this.#core.capacity;
      if (cold && coldStartMs > 0) await context.clock.sleep(coldStartMs);
      await untilDone('start', context, async (own) => await this.#definition.onStart?.(own));
      this.#state = 'ready';
      const ready = context.log.emit({ type: 'instance.ready' });
      this.#core.host.ready();
      this.#keepMeter();
      for (const task of this.#definition.background) {
        const root = runRoot(this.#core, background(task.name, ready), async (own) => {
          await untilDone(task.name, own, (again) => task.run(again));
        });
        this.#tasks.set(task, root);
      }
    });
  }

  /**
   * Takes its leave: says goodbye, begins nothing more by itself, takes requests until its grace is over, and
   * tells the host when nothing is under way any more. False when it is not ready: then there is nothing to end well.
   */
  drain(): boolean {
    if (this.#state !== 'ready') return false;
    const core = this.#core;
    const { host } = core;
    this.#state = 'draining';
    core.draining = true;
    const cause = this.write({ type: 'instance.draining' });
    for (const [task, process] of this.#tasks) {
      const { name, whenDraining = 'cancelled', leave } = task;
      if (whenDraining === 'goes-on' && core.roots.has(process)) core.aside.add(process);
      if (whenDraining === 'cancelled') process.cancel('its instance drains');
      if (leave !== undefined) {
        runRoot(core, background(`${name}/leave`, cause), async (context) => await leave.call(task, context));
      }
    }
    host.schedule(host.settings().drain.graceMs, () => {
      this.#state = 'closed';
      host.closed(cause);
      core.rootEnded = () => this.#endIfIdle(cause);
      this.#endIfIdle(cause);
    });
    return true;
  }

  #endIfIdle(cause: EventId): void {
    const core = this.#core;
    if (core.slots.waiting > 0 || core.roots.size > core.aside.size) return;
    core.rootEnded = null;
    core.host.drained(cause);
  }

  /** The settings changed: slots follow at once. */
  settingsChanged(): void {
    const { slots, cpu, capacity } = this.#core;
    slots.setPermits(capacity.requestSlots);
    cpu.setPermits(capacity.cpuSlots);
    this.#keepMeter();
  }

  /** AS-9: while there is an autoscaler, one that is ready says every second how busy it was. */
  #keepMeter(): void {
    const { host, slots } = this.#core;
    const isAsked = () => this.#state === 'ready' && host.settings().autoscaler !== null;
    if (this.#meter !== null || !isAsked()) return;
    const meter = new SlotMeter(slots, () => host.now());
    this.#meter = meter;
    const report = () => {
      if (!isAsked()) {
        meter.stop();
        this.#meter = null;
        return;
      }
      const busySlots = meter.read();
      this.write({ type: 'instance.load', busySlots, slots: slots.permits, queued: slots.waiting });
      host.schedule(LOAD_REPORT_MS, report);
    };
    host.schedule(LOAD_REPORT_MS, report);
  }

  /** No port call of this life settles any more, and nothing it writes is heard. */
  kill(): void {
    this.#core.life.dead = true;
  }

  get load(): { slotsUsed: number; queued: number } {
    const { slots } = this.#core;
    return { slotsUsed: slots.used, queued: slots.waiting };
  }

  /** Takes a request to its answer. Gives the way to cancel it; a cancelled request is not answered. */
  handle(inbound: InboundMessage, respond: (answer: AnswerToHost) => void): () => void {
    const { request, plane, from } = inbound;
    const core = this.#core;
    const { host, slots } = core;
    const { instance } = core.identity;
    const operation = this.#definition.operationOf(request);
    const startedUs = host.now();
    const remote = parseTraceparent(request.headers['traceparent']);
    // A request from outside brings no span of ours: the server's own span is the root of its trace.
    const span =
      from !== null && remote !== null
        ? remote
        : { traceId: remote?.traceId ?? core.newTraceId(), spanId: core.newSpanId() };
    const at = { traceId: span.traceId, spanId: span.spanId, parentSpanId: null, cause: inbound.cause };
    const needsSlot = plane === 'data';

    const answer = (response: HttpResponse, cause: EventId | null) => {
      if (core.life.dead) return;
      const id = this.write(
        {
          type: 'response.sent',
          operation,
          status: response.status,
          durationMs: elapsedMs(startedUs, host.now()),
          plane,
          slotsUsed: slots.used,
          queued: slots.waiting,
          problem: problemOf(response),
        },
        { ...at, cause },
      );
      respond({ response, cause: id });
    };

    // One that drains says so of its health alone: who comes all the same is served until it has closed.
    if (this.#state !== 'ready' && this.#state !== 'draining') {
      answer(
        problemResponse(
          {
            type: 'about:blank',
            title: 'Service Unavailable',
            status: 503,
            detail: `${instance} is ${this.#core.draining ? 'draining' : 'still starting'}.`,
          },
          { 'retry-after': '1' },
        ),
        inbound.cause,
      );
      return () => {};
    }
    const priority = this.#definition.priorityOf?.(request) ?? 'normal';
    const shed = () => {
      const { permits, waiting: queued } = slots;
      const leastWaiting = this.#queue.least()?.priority ?? null;
      const cause = this.write(
        { type: 'request.shed', operation, plane, slots: permits, queued, priority, leastWaiting },
        at,
      );
      answer(overloaded(instance, permits, core.capacity.queueLimit), cause);
    };
    if (needsSlot && slots.used >= slots.permits && slots.waiting >= core.capacity.queueLimit) {
      const other = core.host.settings().shedding === 'newest' ? null : this.#queue.lessThan(priority);
      if (other === null) {
        shed();
        return () => {};
      }
      other.shed();
    }

    let cancelled = false;
    let process: Process | null = null;
    let leaveQueue = () => {};
    const waiting: Waiting = {
      priority,
      shed: () => {
        this.#queue.leave(waiting);
        shed();
        leaveQueue();
        core.rootEnded?.();
      },
    };
    const admitted = () => {
      if (core.life.dead) return;
      this.#queue.leave(waiting);
      const received = this.write(
        {
          type: 'request.received',
          from: from === null ? null : serviceOf(from),
          fromInstance: from,
          operation,
          plane,
          slotsUsed: slots.used,
          slots: slots.permits,
          queued: slots.waiting,
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
      const own = core.newRoot(init);
      const context = new ProcessContext(core, own, peer);
      process = own;
      runProcess(
        own,
        () => this.#definition.handle(request, context),
        (outcome) => {
          if (needsSlot) slots.release();
          if (!cancelled) {
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
          }
          core.endRoot(own);
        },
      );
    };
    if (needsSlot) {
      if (slots.used >= slots.permits) this.#queue.enter(waiting);
      leaveQueue = slots.enter(admitted);
    } else admitted();
    return () => {
      if (cancelled) return;
      cancelled = true;
      this.#queue.leave(waiting);
      leaveQueue();
      process?.cancel('the caller gave up');
      core.rootEnded?.();
    };
  }

  /** A command of the run to this instance. */
  control(command: Json, done: (outcome: ProcessOutcome<Json>) => void): void {
    const { control } = this.#definition;
    const core = this.#core;
    if (control === undefined) {
      done({ ok: false, error: new Error(`${core.service} takes no commands`) });
      return;
    }
    const process = core.newRoot(background('control', null));
    runProcess(
      process,
      () => control.call(this.#definition, command, new ProcessContext(core, process, null)),
      (outcome) => {
        core.endRoot(process);
        done(outcome);
      },
    );
  }
}

const background = (name: string, cause: EventId | null): ProcessInit => ({
  name,
  span: null,
  parentSpanId: null,
  cause,
  deadlineUs: null,
});

async function untilDone(
  name: string,
  context: Context,
  run: (context: Context) => Promise<void>,
): Promise<void> {
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

const overloaded = (instance: InstanceId, slots: number, queueLimit: number): HttpResponse =>
  problemResponse(
    {
      type: 'https://bulkhead.dev/problems/overloaded',
      title: 'Overloaded',
      status: 503,
      detail: `All ${slots} request slots of ${instance} are taken and its queue of ${queueLimit} is full.`,
    },
    { 'retry-after': '1' },
  );

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
