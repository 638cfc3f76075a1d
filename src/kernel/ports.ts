import type { HttpOutcome, HttpRequest } from './http-message.ts';
import type { CallId, EventId, FaultId, InstanceId } from './ids.ts';
import type { Json } from './json.ts';
import type { PortCall } from './process.ts';
import type { EventDraft, Plane } from './run-event.ts';
import type { ServiceName } from './service-name.ts';
import type { AnyTable, Key, ListOptions, Table } from './table.ts';
import type { RunTimeUs } from './units.ts';

/** Run time, never the wall clock. */
export interface ClockPort {
  now(): RunTimeUs;
  /**
   * What this instance takes the time of day to be, which may be wrong: only for what is compared with the
   * clocks of others, such as when a token expires.
   */
  timeOfDay(): RunTimeUs;
  sleep(durationMs: number): PortCall<void>;
}

export interface NetworkRequest {
  readonly to: InstanceId;
  readonly request: HttpRequest;
  /** `POST /orders`, with parameters as templates: what logs, faults and figures group by. */
  readonly operation: string;
  readonly callId: CallId;
  /** 1 for the first. */
  readonly attempt: number;
  readonly plane: Plane;
  /** null: only the process's deadline ends it. */
  readonly timeoutMs: number | null;
}

export interface NetworkPort {
  /** One attempt. Expected failures (refused, reset, timed out) are values; it rejects only when cancelled. */
  send(request: NetworkRequest): PortCall<HttpOutcome>;
}

export type TransactionMode = 'readonly' | 'readwrite';

/** Rows must be JSON. All operations belong to one transaction: all of it happens or none. */
export interface Transaction {
  get<Row>(table: Table<Row>, key: Key): PortCall<Row | undefined>;
  put<Row>(table: Table<Row>, row: Row): PortCall<void>;
  delete<Row>(table: Table<Row>, key: Key): PortCall<void>;
  /** In key order (or the index's order, then key order). */
  list<Row>(table: Table<Row>, options?: ListOptions): PortCall<Row[]>;
  /** An event of the run log that is true exactly if this transaction commits. Gives its id, so that a row can name its cause. */
  emit(draft: EventDraft): EventId;
  now(): RunTimeUs;
}

export interface StorePort {
  /**
   * Runs `body` in one transaction over `tables`. `operation` names it in the log and for faults.
   * Inside, only the transaction's own operations may be awaited. A throw in `body` aborts and is rethrown;
   * a store that fails rejects with `StoreError`.
   */
  transact<T>(
    operation: string,
    tables: readonly AnyTable[],
    mode: TransactionMode,
    body: (tx: Transaction) => Promise<T>,
  ): PortCall<T>;
}

export type StoreErrorKind = 'quota-exceeded' | 'aborted' | 'read-only' | 'unavailable';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: StoreErrorKind;
  constructor(kind: StoreErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Synchronous and deterministic. Its cost in run time is charged by the caller through `work`. */
export interface CryptoPort {
  sha256(data: Uint8Array): Uint8Array;
  /** RFC 7914. */
  scrypt(password: string, salt: Uint8Array): Uint8Array;
  ed25519PublicKey(secretKey: Uint8Array): Uint8Array;
  ed25519Sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array;
  ed25519Verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

export interface LogPort {
  /** Writes one event of the run log and gives its id. */
  emit(draft: EventDraft): EventId;
  info(message: string, data?: Json): void;
  warn(message: string, data?: Json): void;
  error(message: string, data?: Json): void;
}

/** Who stands at the other end of a request, as mutual TLS would tell: the host says so, a header cannot. */
export interface Peer {
  readonly service: ServiceName;
  readonly instance: InstanceId;
}

/** Why an instance ends, as the log shall say it. */
export interface CrashReason {
  readonly reason: string;
  readonly faultId: FaultId | null;
}
