import {
  frozenJson,
  type HostTransaction,
  type StoreOutcome,
  type TransactionMode,
  type Undo,
} from '../../kernel/index.ts';
import type { InstanceStore } from './instance-store.ts';
import type { HubToInstance, InstanceToHub } from './messages.ts';
import type { PauseGate } from './run-clock.ts';

interface OpenTransaction {
  readonly opened: (outcome: StoreOutcome<HostTransaction>) => void;
  readonly requests: Map<number, (outcome: StoreOutcome<unknown>) => void>;
  committed: ((outcome: StoreOutcome<void>) => void) | null;
  lastRequest: number;
}

type FromHub = Extract<HubToInstance, { readonly type: `memory.${string}` }>;

/** An instance's side of tables that live in the hub, for browsers without IndexedDB. */
export class MemoryStore implements InstanceStore {
  readonly #post: (message: InstanceToHub) => void;
  readonly #gate: Pick<PauseGate, 'pass'>;
  readonly #open = new Map<number, OpenTransaction>();
  #last = 0;

  constructor(post: (message: InstanceToHub) => void, gate: Pick<PauseGate, 'pass'>) {
    this.#post = post;
    this.#gate = gate;
  }

  begin(
    _operation: string,
    tables: readonly string[],
    mode: TransactionMode,
    opened: (outcome: StoreOutcome<HostTransaction>) => void,
  ): Undo {
    this.#last += 1;
    const id = this.#last;
    const leave = this.#gate.pass(() => {
      this.#open.set(id, { opened, requests: new Map(), committed: null, lastRequest: 0 });
      this.#post({ type: 'memory.begin', id, tables, mode });
    });
    return () => {
      leave();
      this.#abort(id);
    };
  }

  abortAll(): void {
    for (const id of [...this.#open.keys()]) this.#abort(id);
  }

  received(message: FromHub): void {
    const transaction = this.#open.get(message.id);
    if (transaction === undefined) return;
    switch (message.type) {
      case 'memory.opened':
        transaction.opened({ ok: true, value: this.#transaction(message.id, transaction) });
        return;
      case 'memory.done': {
        const done = transaction.requests.get(message.request);
        transaction.requests.delete(message.request);
        const { outcome } = message;
        done?.(outcome.ok ? { ok: true, value: frozenRows(outcome.value) } : outcome);
        return;
      }
      case 'memory.committed':
        this.#open.delete(message.id);
        transaction.committed?.({ ok: true, value: undefined });
    }
  }

  #transaction(id: number, transaction: OpenTransaction): HostTransaction {
    return {
      request: (operation, done) => {
        try {
          if (operation.kind === 'put') frozenJson(operation.row, operation.table);
        } catch (error) {
          done({
            ok: false,
            kind: 'aborted',
            message: error instanceof Error ? error.message : String(error),
          });
          return;
        }
        transaction.lastRequest += 1;
        transaction.requests.set(transaction.lastRequest, done);
        this.#post({ type: 'memory.request', id, request: transaction.lastRequest, operation });
      },
      commit: (events, done) => {
        transaction.committed = done;
        this.#post({ type: 'memory.commit', id, events });
      },
      abort: () => this.#abort(id),
    };
  }

  #abort(id: number): void {
    if (this.#open.delete(id)) this.#post({ type: 'memory.abort', id });
  }
}

/** A row, a list of rows, or nothing. */
function frozenRows(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((row: unknown) => frozenJson(row));
  return value === undefined ? value : frozenJson(value);
}
