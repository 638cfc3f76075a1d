import type { HostTransaction, StoreOperation, StoreOutcome } from './host-ports.ts';
import type { EventId } from './ids.ts';
import { type InstanceCore, messageOf, placeOf } from './instance-core.ts';
import type { Json } from './json.ts';
import { StoreError, type Transaction, type TransactionMode } from './ports.ts';
import {
  PendingCall,
  type PortCall,
  Process,
  type ProcessOutcome,
  runProcess,
  type Settle,
} from './process.ts';
import type { EventDraft, RowChange, RunEvent } from './run-event.ts';
import { type AnyTable, maskedRow } from './table.ts';

/** Runs `body` in a transaction of the service's database, as a process of its own inside `process`. */
export const transact = <T>(
  core: InstanceCore,
  process: Process,
  operation: string,
  tables: readonly AnyTable[],
  mode: TransactionMode,
  body: (tx: Transaction) => Promise<T>,
): PortCall<T> =>
  new PendingCall<T>(
    process,
    `store.transact ${operation}`,
    (settle) => new StoreTransaction(core, process, operation, mode, body, settle).begin(tables),
    { join: true },
  );

/** An event of a transaction: it has its id before it is known whether it will be true. */
interface NumberedDraft {
  readonly id: EventId;
  readonly draft: EventDraft;
}

class StoreTransaction<T> {
  declare private readonly core: InstanceCore;
  declare private readonly process: Process;
  declare private readonly operation: string;
  declare private readonly mode: TransactionMode;
  declare private readonly body: (tx: Transaction) => Promise<T>;
  declare private readonly settle: Settle<T>;
  declare private readonly rows: RowChange[];
  declare private readonly drafts: NumberedDraft[];
  /** Once it may be used. */
  declare private raw: HostTransaction | null;
  declare private failed: boolean;
  declare private inside: Process | null;

  constructor(
    core: InstanceCore,
    process: Process,
    operation: string,
    mode: TransactionMode,
    body: (tx: Transaction) => Promise<T>,
    settle: Settle<T>,
  ) {
    this.core = core;
    this.process = process;
    this.operation = operation;
    this.mode = mode;
    this.body = body;
    this.settle = settle;
    this.rows = [];
    this.drafts = [];
    this.raw = null;
    this.failed = false;
    this.inside = null;
  }

  /** Gives the way to cancel it. */
  begin(tables: readonly AnyTable[]): () => void {
    const process = this.process;
    const undo = this.core.host.begin(
      this.operation,
      tables.map((table) => table.name),
      this.mode,
      (opened) => this.opened(opened),
      placeOf(process),
    );
    return () => {
      if (this.inside !== null) {
        this.inside.cancel(process.cancelled?.message ?? 'cancelled');
        return;
      }
      undo();
      this.settle.reject(process.cancelled);
    };
  }

  /** A plain object: who decorates it spreads it. */
  private operations(): Transaction {
    return {
      get: (table, key) => this.request(`${table.name}.get`, { kind: 'get', table: table.name, key }),
      put: (table, row) => {
        this.rows.push({
          table: table.name,
          key: String((row as Record<string, unknown>)[table.key]),
          after: maskedRow(table as AnyTable, row as Readonly<Record<string, Json>>),
        });
        return this.request(`${table.name}.put`, { kind: 'put', table: table.name, row });
      },
      delete: (table, key) => {
        this.rows.push({ table: table.name, key: String(key), after: null });
        return this.request(`${table.name}.delete`, { kind: 'delete', table: table.name, key });
      },
      list: (table, options = {}) =>
        this.request(`${table.name}.list`, { kind: 'list', table: table.name, options }),
      emit: (draft) => {
        const id = this.core.newEventId();
        this.drafts.push({ id, draft });
        return id;
      },
      now: () => this.core.host.now(),
    };
  }

  private request<Value>(name: string, operation: StoreOperation): PortCall<Value> {
    return new PendingCall<Value>(
      this.inside ?? this.process,
      name,
      (settle) => {
        if (this.mode === 'readonly' && operation.kind !== 'get' && operation.kind !== 'list') {
          settle.reject(new Error(`'${name}' in a read-only transaction`));
        } else {
          this.raw?.request(operation, (outcome) => {
            if (outcome.ok) settle.resolve(outcome.value as Value);
            else settle.reject(new StoreError(outcome.kind, outcome.message));
          });
        }
        return undefined;
      },
      OF_TRANSACTION,
    );
  }

  private opened(opened: StoreOutcome<HostTransaction>): void {
    if (this.core.life.dead) return;
    if (!opened.ok) {
      this.abort(new StoreError(opened.kind, opened.message), opened.cause);
      return;
    }
    this.raw = opened.value;
    const process = this.process;
    const inside = new Process(this.core.life, process, {
      name: this.operation,
      span: process.span,
      parentSpanId: process.parentSpanId,
      cause: process.cause,
      deadlineUs: null,
    });
    inside.insideTransaction = this.operation;
    // The body also sees its process's own context: that one's port calls are refused, by name.
    process.insideTransaction = this.operation;
    this.inside = inside;
    runProcess(
      inside,
      () => this.body(this.operations()),
      (outcome) => this.ended(outcome),
    );
  }

  private ended(outcome: ProcessOutcome<T>): void {
    const process = this.process;
    process.insideTransaction = null;
    if (!outcome.ok) {
      this.abort(outcome.error);
      return;
    }
    const events = this.events();
    this.raw?.commit(events, (committed) => {
      if (this.core.life.dead) return;
      if (!committed.ok) {
        this.failed = true;
        this.abort(new StoreError(committed.kind, committed.message), committed.cause);
        return;
      }
      process.cause = events.at(-1)?.id ?? process.cause;
      this.settle.resolve(outcome.value);
    });
  }

  /** What the log will say of it: the rows first, then what was emitted, each because of the one before. */
  private events(): readonly RunEvent[] {
    const { core, drafts, rows, operation } = this;
    if (rows.length === 0 && drafts.length === 0) return NO_EVENTS;
    const { span, parentSpanId } = this.process;
    const traceId = span?.traceId ?? null;
    const spanId = span?.spanId ?? null;
    let { cause } = this.process;
    const events: RunEvent[] = [];
    const add = (id: EventId, draft: EventDraft): void => {
      events.push(core.build(id, draft, { traceId, spanId, parentSpanId, cause }));
      cause = id;
    };
    if (rows.length > 0) {
      const { database } = core.identity;
      add(core.newEventId(), { type: 'store.committed', database, operation, rows });
    }
    for (const { id, draft } of drafts) add(id, draft);
    return events;
  }

  private abort(error: unknown, cause?: EventId): void {
    const process = this.process;
    if (!this.failed) this.raw?.abort();
    process.cause = cause ?? process.cause;
    if (this.mode === 'readwrite') {
      const { database } = this.core.identity;
      const draft = {
        type: 'store.aborted',
        database,
        operation: this.operation,
        error: messageOf(error),
      } as const;
      this.core.emit(process, draft);
    }
    this.settle.reject(error);
  }
}

const OF_TRANSACTION = { ofTransaction: true };
const NO_EVENTS: readonly RunEvent[] = [];
