import type { EventId, InstanceId } from './ids.ts';
import type { ClockPort, CryptoPort, LogPort, NetworkPort, Peer, StorePort } from './ports.ts';
import type { Awaitable, PortCall, Settle } from './process.ts';
import type { RandomPort } from './random.ts';
import type { Result } from './result.ts';
import type { RunSettings } from './run-settings.ts';
import type { ServiceName } from './service-name.ts';
import type { SpanContext } from './trace-context.ts';
import type { RunTimeUs } from './units.ts';

export type Branch<T> = (context: Context) => Awaitable<T>;

/** Memory of one instance, gone when it ends: breakers, caches, buckets. Made on first use. */
export interface Local<T> {
  readonly name: string;
  readonly create: () => T;
}

export const defineLocal = <T>(name: string, create: () => T): Local<T> => ({ name, create });

export interface ScopeOptions {
  readonly name: string;
  /** `'child'`: a new span under this one; a span: exactly that one (a saga that goes on after a crash). */
  readonly span?: 'child' | SpanContext;
  /** A remote parent: the scope gets a new span under it. */
  readonly parent?: SpanContext;
  /** null: none, whatever this process has. */
  readonly deadlineUs?: RunTimeUs | null;
  readonly cause?: EventId;
}

export interface ForkOptions extends ScopeOptions {
  /** A drain does not wait for it. */
  readonly aside?: boolean;
}

export interface Fork {
  cancel(reason: string): void;
}

/** All that a service can see of the world. */
export interface Context {
  readonly service: ServiceName;
  readonly instance: InstanceId;
  readonly incarnation: number;
  /** Who sent the request being handled; null for background work and for requests from outside. */
  readonly caller: Peer | null;
  readonly span: SpanContext | null;
  readonly deadlineUs: RunTimeUs | null;
  readonly settings: RunSettings;
  readonly clock: ClockPort;
  readonly random: RandomPort;
  readonly network: NetworkPort;
  readonly store: StorePort;
  readonly crypto: CryptoPort;
  readonly log: LogPort;
  /** The instance takes its leave: nothing is begun that somebody else can do. */
  readonly draining: boolean;

  /** Uses one of the instance's CPU slots for so long; waits for one when all are in use. */
  work(durationMs: number): PortCall<void>;
  /**
   * Runs a branch that holds one of the instance's request slots, and waits for one when all are taken:
   * for background work that stands in for a request, such as a saga's step (it waits for other services,
   * and so exhausts its instance as a waiting handler does).
   */
  withSlot<T>(branch: Branch<T>): PortCall<T>;
  local<T>(local: Local<T>): T;

  /** All of them; when one throws, the others are cancelled and the first error is thrown once all have unwound. */
  all<T extends readonly unknown[]>(branches: { readonly [K in keyof T]: Branch<T[K]> }): PortCall<T>;
  /** The first to end, well or badly; the losers are cancelled and have unwound when this settles. */
  race<T>(branches: readonly Branch<T>[]): PortCall<T>;
  /** `ok: false` when it took longer; it has been cancelled then. */
  within<T>(durationMs: number, branch: Branch<T>): PortCall<Result<T, 'timeout'>>;
  /** Runs a branch to its end under another span, cause or deadline. */
  scope<T>(options: ScopeOptions, branch: Branch<T>): PortCall<T>;
  /** Detached: outlives this process and its deadline, ends with the instance. A throw is logged as `process.failed`. */
  fork(options: ForkOptions, branch: Branch<void>): Fork;

  /** For kernel, hosts and patterns: a wait of their own that the host can count and cancel. */
  portCall<T>(name: string, start: (settle: Settle<T>) => (() => void) | undefined): PortCall<T>;
}
