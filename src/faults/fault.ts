import type { FaultId, InstanceId, RunTimeUs, ServiceName } from '../kernel/index.ts';

/** Where a fault sits. An edge goes one way: from the caller to the callee. */
export type FaultTarget =
  | { readonly kind: 'service'; readonly service: ServiceName }
  | { readonly kind: 'instance'; readonly instance: InstanceId }
  | { readonly kind: 'edge'; readonly from: ServiceName; readonly to: ServiceName };

/**
 * Answers come later. On a service or an instance the request waits inside, holding one of its
 * slots, as a slow handler does; on an edge it waits on the way and holds nothing of the callee's.
 */
export interface SlowFault {
  readonly kind: 'slow';
  readonly target: FaultTarget;
  readonly addMs: number;
  /** Share of `addMs`, uniform: 0.3 is ±30 %. */
  readonly spreadShare: number;
  /** Which share of the requests it hits: 1 is all of them. */
  readonly share: number;
  /** In run time; null: until it is cleared. */
  readonly lengthMs: number | null;
}

/** Requests are answered with `status` in place of the callee, which does nothing for them. */
export interface ErrorsFault {
  readonly kind: 'errors';
  readonly target: FaultTarget;
  /** 400–599. */
  readonly status: number;
  readonly share: number;
  readonly lengthMs: number | null;
}

/**
 * A service or an instance: crashed, and kept down until the fault ends. An edge is cut: requests
 * and answers on it are lost, and only the caller's timeout tells.
 */
export interface DownFault {
  readonly kind: 'down';
  readonly target: FaultTarget;
  readonly lengthMs: number | null;
}

/** Which of an instance's ports a crash waits at. `handler`: its own answering of requests. */
export type CrashPort = 'network' | 'store' | 'work' | 'handler';

/** Matches every operation of a port; the only one for `work`, whose calls have no names. */
export const ANY_OPERATION = '*';

/** Ends one instance exactly before or after the effect of the nth such port call since the fault began. */
export interface CrashAtFault {
  readonly kind: 'crash-at';
  readonly instance: InstanceId;
  readonly port: CrashPort;
  /** network, handler: `POST /orders`; store: the transaction's name; `*`: any. */
  readonly operation: string;
  /** 1 is the first. Counted anew in each life of the instance. */
  readonly nth: number;
  readonly when: 'before' | 'after';
  /** null: it stays down until somebody restarts it. */
  readonly restartAfterMs: number | null;
}

export type Fault = SlowFault | ErrorsFault | DownFault | CrashAtFault;

/** A fault that a setup brings along: it begins `atMs` after the run's start. */
export interface ScheduledFault {
  readonly atMs: number;
  readonly fault: Fault;
}

/** A fault that is on. Plain JSON: the host sends it to every instance as it is. */
export interface ActiveFault {
  readonly faultId: FaultId;
  readonly fault: Fault;
  readonly startedUs: RunTimeUs;
  /** null: it lasts until it is cleared or spent. */
  readonly endsUs: RunTimeUs | null;
}
