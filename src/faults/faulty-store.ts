import type {
  HostPorts,
  HostTransaction,
  InstanceId,
  LogPlace,
  RunEvent,
  RunTimeUs,
  StoreErrorKind,
  StoreOperation,
  StoreOutcome,
  TransactionMode,
  Undo,
} from '../kernel/index.ts';
import { type ActiveFault, type ActiveOf, type FaultOf, isOf } from './fault.ts';
import { sitsAt } from './fault-place.ts';
import type { HangGate } from './hang-gate.ts';
import { type DrawKey, hits, injected, type WriteEvent } from './injection.ts';

export interface FaultyStoreOptions {
  readonly instance: InstanceId;
  readonly gate: HangGate;
  /** Faults that are on now. */
  active(): readonly ActiveFault[];
  readonly write: WriteEvent;
  /** A transaction is durable, and nobody has heard of it yet. True: the instance has ended here. */
  durable(operation: string, events: readonly RunEvent[]): boolean;
}

/**
 * An instance's database with its faults, at the edges of each transaction and never inside.
 * - store-slow: half of the time passes before it begins, half after it is durable;
 * - store-errors: it does not begin; or it is undone in place of being committed.
 */
export const faultyBegin =
  (ports: HostPorts, options: FaultyStoreOptions): HostPorts['begin'] =>
  (operation, tables, mode, opened, at) =>
    new FaultyTransaction(ports, options, operation, mode, at).begin(tables, (outcome) => {
      // One that is open is gone through with: a hang acts at its edges, as all faults do.
      if (outcome.ok) opened(outcome);
      else options.gate.pass(() => opened(outcome));
    });

type Failed = Extract<StoreOutcome<never>, { readonly ok: false }>;

const isStoreFault = isOf('store-errors', 'store-slow');
const isStoreErrors = isOf('store-errors');
const isStoreSlow = isOf('store-slow');

/** What a database that is read-only or full refuses is to write. */
const ONLY_WRITES: readonly StoreErrorKind[] = ['read-only', 'quota-exceeded'];
const NONE: readonly ActiveOf<'store-errors' | 'store-slow'>[] = [];
const NOTHING: Undo = () => {};

class FaultyTransaction implements HostTransaction {
  declare private readonly ports: HostPorts;
  declare private readonly options: FaultyStoreOptions;
  declare private readonly operation: string;
  declare private readonly mode: TransactionMode;
  declare private readonly at: LogPlace | undefined;
  declare private readonly askedUs: RunTimeUs;
  declare private slowedMs: number;
  declare private raw: HostTransaction | null;

  constructor(
    ports: HostPorts,
    options: FaultyStoreOptions,
    operation: string,
    mode: TransactionMode,
    at: LogPlace | undefined,
  ) {
    this.ports = ports;
    this.options = options;
    this.operation = operation;
    this.mode = mode;
    this.at = at;
    this.askedUs = ports.now();
    this.slowedMs = 0;
    this.raw = null;
  }

  begin(tables: readonly string[], opened: (outcome: StoreOutcome<HostTransaction>) => void): Undo {
    for (const slow of this.faults().filter(isStoreSlow)) {
      if (!hits(this.ports.random, slow, this.key)) continue;
      this.options.write(
        injected(slow, `slowed the transaction ${this.operation}`, slow.fault.addMs),
        this.at,
      );
      this.slowedMs += slow.fault.addMs;
    }
    if (this.slowedMs === 0) return this.start(tables, opened);
    let undo = this.ports.schedule(this.slowedMs / 2, () => {
      undo = this.start(tables, opened);
    });
    return () => undo();
  }

  private start(tables: readonly string[], opened: (outcome: StoreOutcome<HostTransaction>) => void): Undo {
    const failed = this.failedAt('begin');
    if (failed !== null) {
      opened(failed);
      return NOTHING;
    }
    return this.ports.begin(
      this.operation,
      tables,
      this.mode,
      (outcome) => {
        if (!outcome.ok) {
          opened(outcome);
          return;
        }
        this.raw = outcome.value;
        opened({ ok: true, value: this });
      },
      this.at,
    );
  }

  request(operation: StoreOperation, done: (outcome: StoreOutcome<unknown>) => void): void {
    this.raw?.request(operation, done);
  }

  commit(events: readonly RunEvent[], done: (outcome: StoreOutcome<void>) => void): void {
    const failed = this.failedAt('commit');
    if (failed !== null) {
      this.abort();
      done(failed);
      return;
    }
    this.raw?.commit(events, (outcome) => {
      const tell = () => {
        if (!outcome.ok || !this.options.durable(this.operation, events)) done(outcome);
      };
      if (this.slowedMs === 0) this.options.gate.pass(tell);
      else this.ports.schedule(this.slowedMs / 2, () => this.options.gate.pass(tell));
    });
  }

  abort(): void {
    this.raw?.abort();
  }

  private failedAt(edge: FaultOf<'store-errors'>['at']): Failed | null {
    const faults = this.faults();
    if (faults.length === 0) return null;
    const error = faults.filter(isStoreErrors).find((active) => {
      const { fault } = active;
      if (fault.at !== edge) return false;
      if (this.mode === 'readonly' && ONLY_WRITES.includes(fault.error)) return false;
      return hits(this.ports.random, active, this.key);
    });
    if (error === undefined) return null;
    const { error: kind } = error.fault;
    const where = edge === 'begin' ? 'at its beginning' : 'at its commit';
    const effect = `failed the transaction ${this.operation} ${where} (${kind})`;
    const cause = this.options.write(injected(error, effect), this.at);
    return { ok: false, kind, message: `a fault (${error.faultId}): ${kind}`, cause };
  }

  private faults(): readonly ActiveOf<'store-errors' | 'store-slow'>[] {
    let here = NONE;
    for (const active of this.options.active()) {
      if (isStoreFault(active) && sitsAt(active.fault.target, this.options.instance))
        here = [...here, active];
    }
    return here;
  }

  /** What it is, in which trace, and when it was asked for: none of it moves when others ask for more. */
  private get key(): DrawKey {
    return [this.options.instance, this.operation, this.at?.traceId ?? '', this.askedUs];
  }
}
