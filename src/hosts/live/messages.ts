import type { ActiveFault } from '../../faults/index.ts';
import type {
  CrashReason,
  EventId,
  HttpRequest,
  HttpResponse,
  InboundMessage,
  InstanceId,
  Json,
  OutboundMessage,
  Reply,
  RunEvent,
  RunId,
  RunSettings,
  ServiceName,
  StoreOperation,
  StoreOutcome,
  TransactionMode,
} from '../../kernel/index.ts';
import type { CommandResult, ControlOutcome, Setup } from '../../setups/index.ts';
import type { ClockState } from './run-clock.ts';

// What the workers of a run say to each other. All of it is plain data.

/** Of every service's database: which stores it has. */
export interface TableShape {
  readonly name: string;
  readonly key: string;
  readonly indexes: Readonly<Record<string, string>>;
}

export type StorageKind = 'indexeddb' | 'memory';

/** The first message to an instance's worker; it brings the port for all others. */
export interface InstanceBoot {
  readonly runId: RunId;
  readonly composition: string;
  readonly instance: InstanceId;
  readonly service: ServiceName;
  readonly incarnation: number;
  readonly seed: number;
  readonly settings: RunSettings;
  readonly faults: readonly ActiveFault[];
  readonly clock: ClockState;
  /** The hub's wall clock when it sent this. */
  readonly wallMs: number;
  readonly storage: StorageKind;
  /** Which takeover of its service's database it belongs to. */
  readonly takeover: number;
  /** It takes its cold start. */
  readonly cold: boolean;
}

export type HubToInstance =
  | { readonly type: 'clock'; readonly clock: ClockState }
  | { readonly type: 'settings'; readonly settings: RunSettings }
  | { readonly type: 'faults'; readonly faults: readonly ActiveFault[] }
  | { readonly type: 'request'; readonly id: number; readonly message: InboundMessage }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'reply'; readonly id: number; readonly reply: Reply }
  | { readonly type: 'control'; readonly id: number; readonly command: Json }
  | { readonly type: 'drain' }
  | { readonly type: 'memory.opened'; readonly id: number }
  | {
      readonly type: 'memory.done';
      readonly id: number;
      readonly request: number;
      readonly outcome: StoreOutcome<unknown>;
    }
  | { readonly type: 'memory.committed'; readonly id: number };

export type InstanceToHub =
  | { readonly type: 'events'; readonly events: readonly RunEvent[] }
  /** Events that a transaction has put into the log outbox under `number`. */
  | { readonly type: 'committed'; readonly number: number; readonly events: readonly RunEvent[] }
  | { readonly type: 'ready' }
  /** It drains, and listens no more. */
  | { readonly type: 'closed'; readonly cause: EventId }
  /** It may be ended. */
  | { readonly type: 'drained'; readonly cause: EventId }
  | { readonly type: 'failed'; readonly message: string }
  /** `cause`: the fault's effect here, if it was one. */
  | { readonly type: 'crash'; readonly reason: CrashReason; readonly cause: EventId | null }
  | { readonly type: 'send'; readonly id: number; readonly message: OutboundMessage }
  | { readonly type: 'unsend'; readonly id: number }
  | {
      readonly type: 'answer';
      readonly id: number;
      readonly response: HttpResponse;
      readonly cause: EventId | null;
    }
  | { readonly type: 'controlled'; readonly id: number; readonly outcome: ControlOutcome }
  /** Its database is gone, with all that was in it. */
  | { readonly type: 'store.lost' }
  | { readonly type: 'memory.define'; readonly tables: readonly TableShape[] }
  | {
      readonly type: 'memory.begin';
      readonly id: number;
      readonly tables: readonly string[];
      readonly mode: TransactionMode;
    }
  | {
      readonly type: 'memory.request';
      readonly id: number;
      readonly request: number;
      readonly operation: StoreOperation;
    }
  | { readonly type: 'memory.commit'; readonly id: number; readonly events: readonly RunEvent[] }
  | { readonly type: 'memory.abort'; readonly id: number };

export interface Notice {
  /** A later notice with the same id takes its place. */
  readonly id: string;
  readonly level: 'info' | 'warning' | 'error';
  readonly text: string;
  /** What a button beside it may say and do. */
  readonly action?: { readonly title: string; readonly command: Json };
}

/** A hop that goes through the page's own `fetch`, for the developer tools to show. */
export interface RelayedHop {
  readonly token: string;
  /** Relative to the page's base: `api/products`, `network/order-1/product-1/reservations/7`. */
  readonly url: string;
  readonly request: HttpRequest;
}

/** What the page's fetch was answered: null when it failed, as a fetch does. */
export type RelayOutcome = { readonly response: HttpResponse } | { readonly response: null };

export type PageToHub =
  | { readonly type: 'boot'; readonly runId: RunId; readonly setup: Setup; readonly wallMs: number }
  | { readonly type: 'command'; readonly id: number; readonly command: unknown }
  | { readonly type: 'hold'; readonly reason: string }
  | { readonly type: 'release' }
  /** A request of the page itself has reached the edge; with a token, it is a relayed hop. */
  | {
      readonly type: 'edge.request';
      readonly id: number;
      readonly request: HttpRequest;
      readonly token: string | null;
    }
  | { readonly type: 'edge.cancel'; readonly id: number }
  | { readonly type: 'relayed'; readonly token: string; readonly outcome: RelayOutcome }
  | { readonly type: 'edge.ready' }
  | { readonly type: 'tables'; readonly id: number; readonly service: ServiceName }
  | { readonly type: 'stop' }
  /** Is it still there? A worker that dies says nothing. */
  | { readonly type: 'ping' };

export type HubToPage =
  | { readonly type: 'pong' }
  | { readonly type: 'events'; readonly events: readonly RunEvent[] }
  | { readonly type: 'clock'; readonly clock: ClockState; readonly wallMs: number }
  | { readonly type: 'progress'; readonly text: string }
  /** `entryAnswers`: false when the shop's door is down, or a fault sits on its customers' way to it. */
  | { readonly type: 'ready'; readonly entryAnswers: boolean }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'result'; readonly id: number; readonly result: CommandResult }
  | { readonly type: 'edge.answer'; readonly id: number; readonly response: HttpResponse | null }
  | { readonly type: 'relay'; readonly hop: RelayedHop }
  | { readonly type: 'relay.cancel'; readonly token: string }
  | { readonly type: 'notice'; readonly notice: Notice }
  | {
      readonly type: 'tables';
      readonly id: number;
      readonly tables: Readonly<Record<string, readonly Json[]>> | null;
    }
  | { readonly type: 'stopped' };

/** The side of a worker that another one talks to. */
export interface Port<Out> {
  postMessage(message: Out, transfer?: Transferable[]): void;
}
