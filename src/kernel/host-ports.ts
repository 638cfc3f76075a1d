import type { HttpOutcome } from './http-message.ts';
import type { EventId, InstanceId } from './ids.ts';
import type { CrashReason, CryptoPort, NetworkRequest, StoreErrorKind, TransactionMode } from './ports.ts';
import type { Process, ProcessTracker } from './process.ts';
import type { RandomPort } from './random.ts';
import type { RunEvent } from './run-event.ts';
import type { RunSettings } from './run-settings.ts';
import type { Key, ListOptions } from './table.ts';
import type { SpanContext } from './trace-context.ts';
import type { RunTimeUs } from './units.ts';

/** Where in a trace something happens, and because of what. */
export type LogPlace = Pick<RunEvent, 'traceId' | 'spanId' | 'parentSpanId' | 'cause'>;

/** The process that asks: where it is in its trace. */
export type Asker = Pick<Process, 'span' | 'parentSpanId' | 'cause'>;

/** Gives up what was begun; harmless when it is done already. */
export type Undo = () => void;

export interface OutboundMessage extends NetworkRequest {
  readonly from: InstanceId;
  readonly span: SpanContext;
  /** The `request.sent` event. */
  readonly cause: EventId;
}

export interface Reply {
  readonly outcome: HttpOutcome;
  /** The callee's `response.sent`, or the fault or crash that answered in its place; null when nobody did. */
  readonly cause: EventId | null;
}

/** Takes a message to its callee and its answer back. Its undo tells the callee that the caller gave up. */
export type Deliver = (message: OutboundMessage, reply: (reply: Reply) => void) => Undo;

export interface InboundMessage {
  readonly request: NetworkRequest['request'];
  readonly plane: NetworkRequest['plane'];
  /** null: a request from outside the shop. */
  readonly from: InstanceId | null;
  readonly cause: EventId | null;
}

export type StoreOperation =
  | { readonly kind: 'get'; readonly table: string; readonly key: Key }
  | { readonly kind: 'put'; readonly table: string; readonly row: unknown }
  | { readonly kind: 'delete'; readonly table: string; readonly key: Key }
  | { readonly kind: 'list'; readonly table: string; readonly options: ListOptions };

export type StoreOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly kind: StoreErrorKind;
      readonly message: string;
      /** The event that says what made it fail, where there is one. */
      readonly cause?: EventId;
    };

/** A host's own transaction. Operations are answered in the order they are asked. */
export interface HostTransaction {
  request(operation: StoreOperation, done: (outcome: StoreOutcome<unknown>) => void): void;
  /** Writes `events` to the log outbox in the same transaction, commits, and only then hands them to the sequencer. */
  commit(events: readonly RunEvent[], done: (outcome: StoreOutcome<void>) => void): void;
  abort(): void;
}

/**
 * What a host gives to one instance. Callback-shaped, so that a fault can wrap any of it and a host
 * can be live or virtual; services never see it.
 */
export interface HostPorts {
  readonly tracker: ProcessTracker;
  readonly random: RandomPort;
  readonly crypto: CryptoPort;
  now(): RunTimeUs;
  settings(): RunSettings;
  schedule(delayMs: number, wake: () => void): Undo;
  /** Takes `durationMs` of the instance's CPU. */
  work(durationMs: number, done: () => void, asker?: Asker): Undo;
  /** What the instance takes the time of day to be; absent: run time. */
  readonly timeOfDay?: (asker: Asker) => RunTimeUs;
  send(message: OutboundMessage, reply: (reply: Reply) => void): Undo;
  /** `opened` hears of the transaction once it may be used. `at`: who asks, for what the log says of it. */
  begin(
    operation: string,
    tables: readonly string[],
    mode: TransactionMode,
    opened: (outcome: StoreOutcome<HostTransaction>) => void,
    at?: LogPlace,
  ): Undo;
  emit(event: RunEvent): void;
  /** Ends the instance here and now; nothing of it runs afterwards. */
  crash(reason: CrashReason): void;
  /** Tells the host of the instance's own lifecycle: it takes requests. */
  ready(): void;
  /** It drains and listens no more: who knocks now is refused a connection. `cause`: its `instance.draining`. */
  closed(cause: EventId): void;
  /** Nothing is under way in it any more: it may be ended. */
  drained(cause: EventId): void;
}
