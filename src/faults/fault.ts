import type { FaultId, InstanceId, RunTimeUs, ServiceName, StoreErrorKind } from '../kernel/index.ts';

/** An edge goes one way: from the caller to the callee; answers on it come back. */
export type WayTarget =
  | { readonly kind: 'edge'; readonly from: ServiceName; readonly to: ServiceName }
  /** Every edge between two services of the shop. Customers reach the shop by ways of their own. */
  | { readonly kind: 'network' };

export type PlaceTarget =
  | { readonly kind: 'service'; readonly service: ServiceName }
  | { readonly kind: 'instance'; readonly instance: InstanceId };

/** Where a fault sits. */
export type FaultTarget = PlaceTarget | WayTarget;

/** How the draws of a delay are spread: netem's four. */
export type DelayDistribution = 'uniform' | 'normal' | 'lognormal' | 'pareto';

/**
 * Answers come later. On a service or an instance the request waits inside, holding one of its
 * slots, as a slow handler does; on an edge it waits on the way and holds nothing of the callee's.
 */
export interface SlowFault {
  readonly kind: 'slow';
  readonly target: FaultTarget;
  /** The mean of the draws, whatever their distribution. */
  readonly addMs: number;
  /** Share of `addMs`: of a uniform draw the most it differs by (0.3 is ±30 %), of the others their standard deviation. */
  readonly spreadShare: number;
  /** Absent: uniform. */
  readonly distribution?: DelayDistribution;
  /** Between the delays of one second, 0 … 1; absent: none. */
  readonly correlation?: number;
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
  /** Sent along as `Retry-After`: of throttling (429) and of "not now" (503). */
  readonly retryAfterS?: number;
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

/** Messages are lost by chance: nobody says no, only the caller's timeout tells. */
export interface LossFault {
  readonly kind: 'loss';
  readonly target: WayTarget;
  /** A lost answer is that of a callee which has acted. */
  readonly way: 'request' | 'response' | 'both';
  /** Of the messages each way. */
  readonly share: number;
  readonly lengthMs: number | null;
}

/** Every message takes longer, each way; exponential, so a later one may arrive before an earlier one. */
export interface LatencyFault {
  readonly kind: 'latency';
  readonly target: WayTarget;
  readonly meanMs: number;
  readonly lengthMs: number | null;
}

/** Two sides of the shop's network. */
export interface Sides {
  readonly instances: readonly InstanceId[];
  /** The other side; null: all others of the shop. */
  readonly others: readonly InstanceId[] | null;
  /** `out`: only what `instances` send is lost, their answers too; `in`: only what is sent to them. */
  readonly way: 'both' | 'out' | 'in';
}

/** Nothing passes between two sides of the shop's network, and nobody says so. */
export interface PartitionFault extends Sides {
  readonly kind: 'partition';
  readonly lengthMs: number | null;
}

/** A partition that comes and goes: it begins cut, and every phase is as long as the seed says. */
export interface FlappingFault extends Sides {
  readonly kind: 'flapping';
  /** Exponential, as the next. */
  readonly meanDownMs: number;
  readonly meanUpMs: number;
  readonly lengthMs: number | null;
}

/**
 * Headers come at once, the body trickles. A service that writes slowly holds the request's slot until
 * the last byte is out; on an edge the callee is done, and only the caller waits.
 */
export interface SlowBodyFault {
  readonly kind: 'slow-body';
  readonly target: FaultTarget;
  readonly bytesPerSecond: number;
  readonly share: number;
  readonly lengthMs: number | null;
}

/** The body of an answer is not what was sent: its caller cannot read it, whatever the status says. */
export interface CorruptBodyFault {
  readonly kind: 'corrupt-body';
  readonly target: FaultTarget;
  /** `cut`: its second half is missing; `garble`: one of its bytes is 0. Neither is JSON any more. */
  readonly how: 'cut' | 'garble';
  readonly share: number;
  readonly lengthMs: number | null;
}

/** What is sent waits, and arrives when the fault ends. */
export interface ClogFault {
  readonly kind: 'clog';
  readonly target: WayTarget;
  /** Each message up to so much after the end, by chance; 0: all at once, in the order they were sent. */
  readonly extraMs: number;
  readonly lengthMs: number | null;
}

/** The connection breaks: the caller hears so at once. */
export interface ResetFault {
  readonly kind: 'reset';
  readonly target: WayTarget;
  /** Before the callee heard of the request, or after it has acted. */
  readonly when: 'before' | 'after';
  readonly share: number;
  readonly lengthMs: number | null;
}

/**
 * A request arrives a second time, and the second answer goes to nobody: as when a proxy on the way
 * tries again. Only requests that a proxy may repeat: idempotent methods (RFC 9110 §9.2.2), or an
 * Idempotency-Key.
 */
export interface DuplicateFault {
  readonly kind: 'duplicate';
  readonly target: WayTarget;
  readonly share: number;
  /** The second one comes up to so much later, by chance. */
  readonly withinMs: number;
  readonly lengthMs: number | null;
}

/**
 * Transactions fail. `quota-exceeded` and `read-only` hit only those that may write. A failed commit
 * has committed nothing.
 */
export interface StoreErrorsFault {
  readonly kind: 'store-errors';
  readonly target: PlaceTarget;
  /** At its beginning, or when all is done but to commit it. */
  readonly at: 'begin' | 'commit';
  readonly error: StoreErrorKind;
  /** Of the transactions. */
  readonly share: number;
  readonly lengthMs: number | null;
}

/** Transactions take longer: half of it before they begin, half of it after they are durable. */
export interface StoreSlowFault {
  readonly kind: 'store-slow';
  readonly target: PlaceTarget;
  readonly addMs: number;
  readonly share: number;
  readonly lengthMs: number | null;
}

/** Crashes again and again: each instance that the target has when it begins, at times of its own. */
export interface CrashLoopFault {
  readonly kind: 'crash-loop';
  readonly target: PlaceTarget;
  /** How long an instance is left alone before its next crash; exponential. */
  readonly meanUpMs: number;
  readonly restartAfterMs: number;
  readonly lengthMs: number | null;
}

/**
 * The process stands still, as one that is stopped by a signal: nothing comes out of it, and what
 * comes in waits. It goes on where it was when the fault ends. A process that is started meanwhile is
 * another one, and runs.
 */
export interface HangFault {
  readonly kind: 'hang';
  readonly target: PlaceTarget;
  readonly lengthMs: number | null;
}

/** All work on the CPU takes `factor` times as long, and holds its CPU slot as long. */
export interface SlowCpuFault {
  readonly kind: 'slow-cpu';
  readonly target: PlaceTarget;
  readonly factor: number;
  readonly lengthMs: number | null;
}

/**
 * Each request leaves some memory behind, and a process that has used all it may is killed. It is
 * counted, not measured: no browser lets a page set a limit to the memory of a worker.
 */
export interface MemoryLimitFault {
  readonly kind: 'memory-limit';
  readonly target: PlaceTarget;
  readonly leakKbPerRequest: number;
  readonly limitMb: number;
  readonly restartAfterMs: number;
  readonly lengthMs: number | null;
}

/** A process that starts needs so much longer until it is ready. */
export interface SlowStartFault {
  readonly kind: 'slow-start';
  readonly target: PlaceTarget;
  readonly addMs: number;
  readonly lengthMs: number | null;
}

/**
 * The instance's time of day is wrong: tokens that it issues or checks are too old or too new. Timers and
 * timeouts count from a clock of their own that nobody sets, and the leases in a database go by the database's.
 */
export interface ClockOffsetFault {
  readonly kind: 'clock-offset';
  readonly target: PlaceTarget;
  /** Negative: it is behind. */
  readonly offsetMs: number;
  readonly lengthMs: number | null;
}

/** The broker delivers a message a second time, though the first delivery was acknowledged: at least once. */
export interface MessageDuplicateFault {
  readonly kind: 'message-duplicate';
  readonly target: WayTarget;
  /** Of the deliveries. */
  readonly share: number;
  /** The second one comes up to so much later, by chance: after newer ones, when that is long. */
  readonly withinMs: number;
  readonly lengthMs: number | null;
}

/** Some messages cannot be handled, however often they are delivered: in the end they are dead letters. */
export interface MessagePoisonFault {
  readonly kind: 'message-poison';
  readonly target: PlaceTarget;
  /** Of the messages, drawn once for each. */
  readonly share: number;
  /** Only of this type; null: any. */
  readonly messageType: string | null;
  readonly lengthMs: number | null;
}

/** Look-ups are answered with what the registry said first since the fault began. */
export interface RegistryStaleFault {
  readonly kind: 'registry-stale';
  readonly target: { readonly kind: 'service'; readonly service: 'registry' };
  readonly lengthMs: number | null;
}

/** Customers are people: they are not broken, but more of them may come, or all for the same thing. */
export interface CustomersTarget {
  readonly kind: 'service';
  readonly service: 'customers';
}

/** `factor` times as many customers come. */
export interface SpikeFault {
  readonly kind: 'spike';
  readonly target: CustomersTarget;
  readonly factor: number;
  readonly lengthMs: number | null;
}

/** More and more customers come: `factor` times as many after `overMs`, and so on until it ends. */
export interface RampFault {
  readonly kind: 'ramp';
  readonly target: CustomersTarget;
  readonly factor: number;
  readonly overMs: number;
  readonly lengthMs: number | null;
}

/** That share of all orders is for one product. */
export interface HotProductFault {
  readonly kind: 'hot-product';
  readonly target: CustomersTarget;
  readonly sku: string;
  readonly share: number;
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

export type Fault =
  | SlowFault
  | ErrorsFault
  | DownFault
  | LossFault
  | LatencyFault
  | PartitionFault
  | ClogFault
  | ResetFault
  | DuplicateFault
  | StoreErrorsFault
  | StoreSlowFault
  | CrashLoopFault
  | CrashAtFault
  | SlowBodyFault
  | CorruptBodyFault
  | FlappingFault
  | HangFault
  | SlowCpuFault
  | MemoryLimitFault
  | SlowStartFault
  | ClockOffsetFault
  | MessageDuplicateFault
  | MessagePoisonFault
  | RegistryStaleFault
  | SpikeFault
  | RampFault
  | HotProductFault;

export type FaultKind = Fault['kind'];

/** A fault that comes again: each time a gap after the end of the one before, drawn from the seed. */
export interface FaultRepeat {
  /** How often in all; null: until the run ends, or the fault is cleared. */
  readonly count: number | null;
  readonly gapMs: number;
  /** Share of `gapMs`, uniform. */
  readonly gapSpread: number;
}

/** A fault that a setup brings along: it begins `atMs` after the run's start. */
export interface ScheduledFault {
  readonly atMs: number;
  readonly fault: Fault;
  /** Absent: it comes once. */
  readonly repeat?: FaultRepeat;
}

/** A fault that is on. Plain JSON: the host sends it to every instance as it is. */
export interface ActiveFault {
  readonly faultId: FaultId;
  readonly fault: Fault;
  readonly startedUs: RunTimeUs;
  /** null: it lasts until it is cleared or spent. */
  readonly endsUs: RunTimeUs | null;
  /** Of `flapping`: nothing is lost just now. */
  readonly resting?: boolean;
}

export type FaultOf<Kind extends FaultKind> = Extract<Fault, { readonly kind: Kind }>;

/** A fault that is on, of these kinds. */
export type ActiveOf<Kind extends FaultKind> = ActiveFault & { readonly fault: FaultOf<Kind> };

/** Is it of these kinds? For `filter` and `find`. */
export const isOf =
  <Kind extends FaultKind>(...kinds: readonly Kind[]) =>
  (active: ActiveFault): active is ActiveOf<Kind> =>
    (kinds as readonly FaultKind[]).includes(active.fault.kind);

/** Does it lie between two sides of the shop? */
export const hasSides = (fault: Fault): fault is PartitionFault | FlappingFault =>
  fault.kind === 'partition' || fault.kind === 'flapping';
