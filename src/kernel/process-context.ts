import { assert } from './assert.ts';
import type { Branch, Context, Fork, ForkOptions, Local, ScopeOptions } from './context.ts';
import type { HttpOutcome } from './http-message.ts';
import type { EventId, InstanceId } from './ids.ts';
import { type InstanceCore, messageOf } from './instance-core.ts';
import type { Json } from './json.ts';
import { sendRequest } from './outgoing-request.ts';
import type {
  ClockPort,
  CryptoPort,
  LogPort,
  NetworkPort,
  NetworkRequest,
  Peer,
  StorePort,
  Transaction,
  TransactionMode,
} from './ports.ts';
import {
  type Awaitable,
  Cancelled,
  PendingCall,
  type PortCall,
  type Process,
  type ProcessInit,
  type ProcessOutcome,
  runProcess,
  type Settle,
} from './process.ts';
import type { RandomPort } from './random.ts';
import { err, ok, type Result } from './result.ts';
import type { EventDraft } from './run-event.ts';
import type { RunSettings } from './run-settings.ts';
import type { ServiceName } from './service-name.ts';
import { transact } from './store-transaction.ts';
import type { AnyTable } from './table.ts';
import { sleepCall, workCall } from './timed-calls.ts';
import type { SpanContext } from './trace-context.ts';
import type { RunTimeUs } from './units.ts';

const JOIN = { join: true };
/** Whoever loses meets the same error: one for each would cost a stack trace that tells nothing. */
const LOST_RACE = new Cancelled('another branch was first');
const LOST_ALL = new Cancelled('another branch failed');

/**
 * All that one process sees of the world. There is one for every process, so it is a single small object:
 * it is its own clock, log, network and store.
 */
export class ProcessContext implements Context, ClockPort, LogPort, NetworkPort, StorePort {
  readonly caller: Peer | null;
  declare private readonly core: InstanceCore;
  declare private readonly process: Process;

  constructor(core: InstanceCore, process: Process, caller: Peer | null) {
    this.core = core;
    this.process = process;
    this.caller = caller;
  }

  get service(): ServiceName {
    return this.core.service;
  }
  get instance(): InstanceId {
    return this.core.identity.instance;
  }
  get incarnation(): number {
    return this.core.identity.incarnation;
  }
  get span(): SpanContext | null {
    return this.process.span;
  }
  get deadlineUs(): RunTimeUs | null {
    return this.process.deadlineUs;
  }
  get settings(): RunSettings {
    return this.core.host.settings();
  }
  get random(): RandomPort {
    return this.core.host.random;
  }
  get crypto(): CryptoPort {
    return this.core.host.crypto;
  }
  get clock(): ClockPort {
    return this;
  }
  get network(): NetworkPort {
    return this;
  }
  get store(): StorePort {
    return this;
  }
  get log(): LogPort {
    return this;
  }
  get draining(): boolean {
    return this.core.draining;
  }

  now(): RunTimeUs {
    return this.core.host.now();
  }

  timeOfDay(): RunTimeUs {
    const { host } = this.core;
    return host.timeOfDay === undefined ? host.now() : host.timeOfDay(this.process);
  }

  sleep(durationMs: number): PortCall<void> {
    return sleepCall(this.process, this.core.host, durationMs);
  }

  emit(draft: EventDraft): EventId {
    return this.core.emit(this.process, draft);
  }

  info(message: string, data: Json = null): void {
    this.emit({ type: 'service.logged', level: 'info', message, data });
  }

  warn(message: string, data: Json = null): void {
    this.emit({ type: 'service.logged', level: 'warn', message, data });
  }

  error(message: string, data: Json = null): void {
    this.emit({ type: 'service.logged', level: 'error', message, data });
  }

  send(request: NetworkRequest): PortCall<HttpOutcome> {
    return sendRequest(this.core, this.process, request);
  }

  transact<T>(
    operation: string,
    tables: readonly AnyTable[],
    mode: TransactionMode,
    body: (tx: Transaction) => Promise<T>,
  ): PortCall<T> {
    return transact(this.core, this.process, operation, tables, mode, body);
  }

  work(durationMs: number): PortCall<void> {
    return workCall(this.process, this.core.cpu, this.core.host, durationMs);
  }

  withSlot<T>(branch: Branch<T>): PortCall<T> {
    const { slots, life } = this.core;
    const process = this.process;
    return this.join<T>('slot', (settle) => {
      let child: Process | null = null;
      const leaveQueue = slots.enter(() => {
        if (life.dead) return;
        child = this.begin({ name: `${process.name}/slot` }, branch, (outcome, ended) => {
          slots.release();
          process.cause = ended.cause;
          settleWith(settle, outcome);
        });
      });
      return () => {
        leaveQueue();
        if (child === null) settle.reject(process.cancelled);
        else child.cancel(this.why);
      };
    });
  }

  local<T>(local: Local<T>): T {
    return this.core.local(local);
  }

  all<T extends readonly unknown[]>(branches: { readonly [K in keyof T]: Branch<T[K]> }): PortCall<T> {
    const process = this.process;
    return this.join<T>('all', (settle) => {
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
          this.begin({ name: `${process.name}/all[${index}]` }, branch, (outcome, child) => {
            left -= 1;
            process.cause = child.cause;
            if (outcome.ok) values[index] = outcome.value;
            else if (failure === null) {
              failure = { error: outcome.error };
              for (const other of children) other.cancel(LOST_ALL);
            }
            if (left === 0) finish();
          }),
        );
      });
      return () => {
        for (const child of children) child.cancel(this.why);
      };
    });
  }

  race<T>(branches: readonly Branch<T>[]): PortCall<T> {
    const process = this.process;
    return this.join<T>('race', (settle) => {
      assert(branches.length > 0, 'a race needs a runner');
      const children: Process[] = [];
      let left = branches.length;
      let winner: ProcessOutcome<T> | null = null;
      branches.forEach((branch, index) => {
        children.push(
          this.begin({ name: `${process.name}/race[${index}]` }, branch, (outcome, child) => {
            left -= 1;
            if (winner === null) {
              winner = outcome;
              process.cause = child.cause;
              for (const other of children) if (other !== child) other.cancel(LOST_RACE);
            }
            if (left === 0) settleWith(settle, winner);
          }),
        );
        // The first branch may have ended at once; later ones are then born cancelled.
      });
      return () => {
        for (const child of children) child.cancel(this.why);
      };
    });
  }

  within<T>(durationMs: number, branch: Branch<T>): PortCall<Result<T, 'timeout'>> {
    return this.race<Result<T, 'timeout'>>([
      async (own) => ok(await (branch(own) as Awaitable<T>)),
      async (own) => {
        await own.clock.sleep(durationMs);
        return err('timeout');
      },
    ]);
  }

  scope<T>(options: ScopeOptions, branch: Branch<T>): PortCall<T> {
    const process = this.process;
    return this.join<T>(options.name, (settle) => {
      const child = this.begin(options, branch, (outcome, ended) => {
        process.cause = ended.cause;
        settleWith(settle, outcome);
      });
      return () => child.cancel(this.why);
    });
  }

  fork({ aside = false, ...options }: ForkOptions, branch: Branch<void>): Fork {
    const detached = this.core.newChild(this.process, { deadlineUs: null, ...options });
    detached.leaveParent();
    const { name, span, parentSpanId, cause, deadlineUs } = detached;
    const root = runRoot(this.core, { name, span, parentSpanId, cause, deadlineUs }, branch, aside);
    return { cancel: (reason) => root.cancel(reason) };
  }

  portCall<T>(name: string, start: (settle: Settle<T>) => (() => void) | undefined): PortCall<T> {
    return new PendingCall<T>(this.process, name, start);
  }

  private get why(): string {
    return this.process.cancelled?.message ?? 'cancelled';
  }

  private join<T>(name: string, start: (settle: Settle<T>) => () => void): PortCall<T> {
    return new PendingCall<T>(this.process, name, start, JOIN);
  }

  private begin<T>(
    options: ScopeOptions,
    branch: Branch<T>,
    done: (outcome: ProcessOutcome<T>, child: Process) => void,
  ): Process {
    const child = this.core.newChild(this.process, options);
    runProcess(
      child,
      () => branch(new ProcessContext(this.core, child, this.caller)),
      (outcome) => done(outcome, child),
    );
    return child;
  }
}

function settleWith<T>(settle: Settle<T>, outcome: ProcessOutcome<T>): void {
  if (outcome.ok) settle.resolve(outcome.value);
  else settle.reject(outcome.error);
}

/** Runs a branch as a process that nobody waits for; `aside`: not even a drain. A throw is logged as `process.failed`. */
export function runRoot(core: InstanceCore, init: ProcessInit, branch: Branch<void>, aside = false): Process {
  const process = core.newRoot(init);
  if (aside) core.aside.add(process);
  runProcess(
    process,
    () => branch(new ProcessContext(core, process, null)),
    (outcome) => {
      if (!outcome.ok && !(outcome.error instanceof Cancelled)) {
        const draft = {
          type: 'process.failed',
          process: init.name,
          error: messageOf(outcome.error),
        } as const;
        const { span, cause } = process;
        core.write(draft, { traceId: span?.traceId ?? null, spanId: span?.spanId ?? null, cause });
      }
      core.endRoot(process);
    },
  );
  return process;
}
