import type { DeployableService, VersionLabel } from './deployment.ts';
import type { HttpMethod, NetworkErrorKind } from './http-message.ts';
import type { CallId, EventId, FaultId, InstanceId, SpanId, TraceId } from './ids.ts';
import type { Json } from './json.ts';
import type { Implementation } from './run-settings.ts';
import type { Priority } from './service-definition.ts';
import type { ServiceName } from './service-name.ts';
import type { RunTimeUs } from './units.ts';

/** Whether traffic serves a customer (`data`) or keeps the shop itself running (`control`: heartbeats, look-ups). */
export type Plane = 'data' | 'control';

export interface RowChange {
  readonly table: string;
  readonly key: string;
  /** null: the row was deleted. */
  readonly after: Json;
}

export type CircuitState = 'CLOSED' | 'OPEN' | 'HALF_OPEN' | 'DISABLED' | 'FORCED_OPEN' | 'METRICS_ONLY';

/** What a breaker knows at the moment of an event; a rate is −1 while too few calls were counted. */
export interface CircuitFigures {
  readonly state: CircuitState;
  readonly failureRate: number;
  readonly slowCallRate: number;
  readonly calls: number;
  readonly failures: number;
  readonly slowCalls: number;
  readonly windowSize: number;
  readonly notPermitted: number;
}

export type InstanceState = 'starting' | 'ready' | 'draining' | 'hung' | 'stopped' | 'crashed';
export type IntentKind = 'order' | 'browse' | 'status' | 'other';
export type SagaLane = 'forward' | 'compensation';
export type RejectedBy =
  | 'circuit-breaker'
  | 'bulkhead'
  | 'rate-limiter'
  | 'deadline'
  | 'retry-budget'
  | 'client-throttling'
  | 'no-instance';

/** What each type of event carries besides what every event has. Names are in the past tense. */
export interface RunEventPayloads {
  // The run itself (written by the service `run`).
  'run.started': {
    readonly seed: number;
    readonly composition: string;
    readonly host: string;
    readonly setup: string;
  };
  'run.settings.changed': { readonly settings: Json };
  'run.paused': { readonly reason: string };
  'run.resumed': Record<never, never>;
  'run.speed.changed': { readonly speed: number };
  /** Somebody did this by hand, or a script did (`setups/run-command.ts`). */
  'run.commanded': { readonly command: Json };

  // Instances.
  'instance.started': {
    readonly incarnation: number;
    /** In which language its service is, where it is not TypeScript. */
    readonly implementation?: Implementation;
    /** What it runs, where it is not the first version. */
    readonly version?: VersionLabel;
  };
  'instance.ready': Record<never, never>;
  'instance.draining': Record<never, never>;
  'instance.hung': Record<never, never>;
  /** What it says of itself every second while there is an autoscaler: request slots in use, averaged over that second. */
  'instance.load': { readonly busySlots: number; readonly slots: number; readonly queued: number };
  /** It hung, and goes on where it was. */
  'instance.resumed': Record<never, never>;
  'instance.stopped': Record<never, never>;
  'instance.crashed': { readonly reason: string; readonly faultId: FaultId | null };
  /** Written when it says something else than before. */
  'autoscaler.decided': {
    readonly of: ServiceName;
    readonly current: number;
    /** Of the instances that reported; null: none did. */
    readonly utilisation: number | null;
    readonly target: number;
    /** By the figures alone. */
    readonly recommended: number;
    /** After waiting and bounds. */
    readonly desired: number;
    readonly reason: string;
  };
  'process.failed': { readonly process: string; readonly error: string };

  // Customers: one intent is one action of a customer; its retries belong to it.
  'intent.started': {
    readonly intentId: string;
    readonly kind: IntentKind;
    readonly customer: string;
    /** What an order is to hold. */
    readonly lines?: readonly { readonly sku: string; readonly quantity: number }[];
  };
  /** For an order: answered is not ended; its end is the order's own end state. */
  'intent.answered': {
    readonly intentId: string;
    readonly kind: IntentKind;
    readonly outcome: 'ok' | 'rejected' | 'failed';
    readonly status: number | null;
    readonly orderId: string | null;
    readonly reason: string | null;
  };

  // HTTP. One span per attempt; the callee's events carry the span that the request came with.
  'request.sent': {
    readonly callId: CallId;
    readonly attempt: number;
    readonly to: ServiceName;
    readonly toInstance: InstanceId;
    readonly method: HttpMethod;
    readonly path: string;
    readonly plane: Plane;
    readonly timeoutMs: number | null;
    readonly deadlineUs: RunTimeUs | null;
  };
  'request.received': {
    readonly from: ServiceName | null;
    readonly fromInstance: InstanceId | null;
    readonly operation: string;
    readonly plane: Plane;
    readonly slotsUsed: number;
    readonly slots: number;
    readonly queued: number;
  };
  /** Turned away at the callee's door: its slots and its queue are full. */
  'request.shed': {
    readonly operation: string;
    readonly plane: Plane;
    readonly slots: number;
    readonly queued: number;
    readonly priority: Priority;
    /** Of those who go on waiting; null: nobody waits. */
    readonly leastWaiting: Priority | null;
  };
  'response.sent': {
    readonly operation: string;
    readonly status: number;
    readonly durationMs: number;
    readonly plane: Plane;
    readonly slotsUsed: number;
    readonly queued: number;
    /** The problem's title and detail, when it is one. */
    readonly problem: string | null;
  };
  'response.received': {
    readonly callId: CallId;
    readonly attempt: number;
    readonly to: ServiceName;
    readonly toInstance: InstanceId;
    readonly status: number;
    readonly durationMs: number;
    readonly plane: Plane;
  };
  'request.failed': {
    readonly callId: CallId;
    readonly attempt: number;
    readonly to: ServiceName;
    readonly toInstance: InstanceId;
    readonly error: NetworkErrorKind | 'cancelled';
    readonly detail: string;
    readonly durationMs: number;
    readonly plane: Plane;
  };
  /** It answered, but not what the contract says that the caller knows. */
  'response.unreadable': {
    readonly callId: CallId;
    readonly attempt: number;
    readonly to: ServiceName;
    readonly toInstance: InstanceId;
    readonly status: number;
    readonly detail: string;
    readonly plane: Plane;
  };
  /** A call that never left: by whom it was refused, and why. */
  'call.rejected': {
    readonly callId: CallId;
    readonly to: ServiceName;
    readonly method: HttpMethod;
    readonly path: string;
    readonly plane: Plane;
    readonly by: RejectedBy;
    readonly detail: string;
  };
  'retry.scheduled': {
    readonly callId: CallId;
    readonly to: ServiceName;
    readonly nextAttempt: number;
    readonly delayMs: number;
    readonly reason: string;
    /** This instance's calls to that callee under way, and how many of them are being retried, this one included. */
    readonly active: number;
    readonly retrying: number;
  };
  /** A second attempt beside one that takes long; the first answer of the two counts. */
  'hedge.started': {
    readonly callId: CallId;
    readonly to: ServiceName;
    readonly attempt: number;
    readonly afterMs: number;
    /** As of `retry.scheduled`, this hedge included. */
    readonly active: number;
    readonly retrying: number;
  };
  'fallback.used': { readonly callId: CallId; readonly to: ServiceName; readonly reason: string };

  // Circuit breakers: `edge` is caller → callee, of this instance.
  'breaker.call.succeeded': {
    readonly to: ServiceName;
    readonly durationMs: number;
    readonly figures: CircuitFigures;
  };
  'breaker.call.failed': {
    readonly to: ServiceName;
    readonly durationMs: number;
    readonly figures: CircuitFigures;
  };
  'breaker.call.ignored': {
    readonly to: ServiceName;
    readonly durationMs: number;
    readonly figures: CircuitFigures;
  };
  'breaker.call.not-permitted': { readonly to: ServiceName; readonly figures: CircuitFigures };
  'breaker.failure-rate.exceeded': { readonly to: ServiceName; readonly figures: CircuitFigures };
  'breaker.slow-call-rate.exceeded': { readonly to: ServiceName; readonly figures: CircuitFigures };
  'breaker.state.changed': {
    readonly to: ServiceName;
    readonly before: CircuitState;
    readonly after: CircuitState;
    /** For OPEN: when probes may begin. */
    readonly untilUs: RunTimeUs | null;
    readonly permits: number;
    readonly figures: CircuitFigures;
    /** Somebody set it, not the calls or the clock. */
    readonly byHand?: true;
  };
  'breaker.reset': { readonly to: ServiceName; readonly figures: CircuitFigures };

  // Stores.
  'store.committed': {
    readonly database: string;
    readonly operation: string;
    readonly rows: readonly RowChange[];
  };
  'store.aborted': { readonly database: string; readonly operation: string; readonly error: string };

  // Sagas. Written in the same transaction as the saga's own row.
  'saga.started': {
    readonly sagaId: string;
    readonly saga: string;
    readonly orderId: string;
    readonly giveUpAtUs: RunTimeUs;
    readonly steps: readonly string[];
  };
  'saga.resumed': {
    readonly sagaId: string;
    readonly orderId: string;
    readonly state: string;
    readonly fence: number;
  };
  'saga.step.started': SagaStep;
  'saga.step.completed': SagaStep;
  /** A technical failure; the step is tried again at `againAtUs`. */
  'saga.step.retried': SagaStep & { readonly reason: string; readonly againAtUs: RunTimeUs };
  /** The step's end: it will not be tried again. */
  'saga.step.failed': SagaStep & { readonly reason: string; readonly kind: 'business' | 'gave-up' };
  'saga.compensating': { readonly sagaId: string; readonly orderId: string; readonly reason: string };
  'saga.completed': { readonly sagaId: string; readonly orderId: string };
  'saga.compensated': { readonly sagaId: string; readonly orderId: string; readonly reason: string };
  'saga.parked': {
    readonly sagaId: string;
    readonly orderId: string;
    readonly step: string;
    readonly reason: string;
  };

  // Messages.
  'message.published': {
    readonly topic: string;
    readonly messageId: string;
    readonly messageType: string;
    readonly key: string;
  };
  'message.accepted': {
    readonly topic: string;
    readonly messageId: string;
    readonly messageType: string;
    readonly key: string;
    readonly partition: number;
    readonly offset: number;
  };
  'message.sent': {
    readonly topic: string;
    readonly messageId: string;
    readonly group: string;
    readonly to: ServiceName;
    readonly toInstance: InstanceId;
    readonly delivery: number;
  };
  'message.consumed': {
    readonly topic: string;
    readonly messageId: string;
    readonly messageType: string;
    readonly group: string;
    readonly duplicate: boolean;
  };
  'message.acknowledged': {
    readonly topic: string;
    readonly messageId: string;
    readonly group: string;
    readonly lag: number;
  };
  'message.redelivery.scheduled': {
    readonly topic: string;
    readonly messageId: string;
    readonly group: string;
    readonly delayMs: number;
    readonly reason: string;
  };
  'message.dead-lettered': {
    readonly topic: string;
    readonly messageId: string;
    readonly group: string;
    readonly deliveries: number;
    readonly reason: string;
  };

  // Discovery.
  'registry.instance.registered': { readonly registered: InstanceId };
  'registry.instance.expired': { readonly expired: InstanceId };
  /** It has said goodbye. */
  'registry.instance.removed': { readonly removed: InstanceId };
  /** Whose lease has run out is kept all the same: too few renewals came, perhaps it is the network. */
  'registry.self-preservation.started': RenewalFigures & { readonly kept: readonly InstanceId[] };
  'registry.self-preservation.ended': RenewalFigures;
  'discovery.refreshed': { readonly known: Readonly<Record<string, readonly InstanceId[]>> };

  // Releases: one change of one team on its way into the shop. `of`: whose change; `deployable`: what is deployed.
  'release.requested': ReleaseOf & {
    readonly version: VersionLabel;
    readonly before: VersionLabel;
    readonly team: string;
    readonly strategy: ReleaseStrategy;
    readonly skipContractCheck: boolean;
  };
  'release.stage.started': ReleaseOf & { readonly stage: ReleaseStage; readonly untilUs: RunTimeUs | null };
  'release.stage.ended': ReleaseOf & {
    readonly stage: ReleaseStage;
    readonly outcome: 'passed' | 'failed' | 'skipped';
    /** What the contract check found; why a deployment failed. */
    readonly detail: string | null;
  };
  /** From now on requests go to versions in these shares; null: to each instance alike. */
  'release.traffic.shifted': ReleaseOf & {
    readonly traffic: Readonly<Record<VersionLabel, number>> | null;
  };
  /** What callers saw of the new version and the old one while the canary had its share. */
  'release.analysed': ReleaseOf & {
    readonly candidate: ReleaseFigures;
    readonly stable: ReleaseFigures;
    readonly maxErrorRate: number;
    readonly verdict: 'go-on' | 'wait' | 'abort';
  };
  'release.completed': ReleaseOf & { readonly version: VersionLabel; readonly leadTimeMs: number };
  /** It does not go on, and what was changed is undone from here. */
  'release.aborted': ReleaseOf & {
    readonly version: VersionLabel;
    readonly reason: string;
    readonly by: 'hand' | 'analysis' | 'check' | 'progress-deadline' | 'restart';
  };
  /** The old version is back everywhere. */
  'release.rolled-back': ReleaseOf & { readonly version: VersionLabel };

  // Faults. `fault.injected` names each single effect, so that a failure can be followed back to its fault.
  'fault.started': { readonly faultId: FaultId; readonly fault: Json };
  /** It will begin then, unless it is cleared before: what was planned while the run goes on, or comes again. */
  'fault.planned': {
    readonly faultId: FaultId;
    readonly fault: Json;
    readonly atUs: RunTimeUs;
    /** How it comes again; null: it does not. */
    readonly repeat: Json;
  };
  'fault.ended': { readonly faultId: FaultId; readonly reason: 'cleared' | 'elapsed' | 'spent' };
  'fault.injected': {
    readonly faultId: FaultId;
    readonly kind: string;
    readonly target: string;
    readonly effect: string;
    readonly delayMs: number | null;
  };

  'service.logged': {
    readonly level: 'info' | 'warn' | 'error';
    readonly message: string;
    readonly data: Json;
  };
}

/** What the registry compares before it evicts anybody. */
export interface RenewalFigures {
  /** In the last whole window. */
  readonly renewals: number;
  /** Of all that are registered. */
  readonly expected: number;
  /** It evicts only when more renewals came than this. */
  readonly threshold: number;
}

export type ReleaseStrategy = 'recreate' | 'rolling' | 'blue-green' | 'canary';
/** `queue`: it waits, for the train or for the release before it. */
export type ReleaseStage = 'queue' | 'build' | 'test' | 'contract-check' | 'deploy';

interface ReleaseOf {
  readonly releaseId: string;
  readonly of: DeployableService;
  readonly deployable: ServiceName;
}

export interface ReleaseFigures {
  readonly version: VersionLabel;
  readonly requests: number;
  /** Answers of 500 and above, none at all, and those that callers could not read. */
  readonly failures: number;
}

export interface SagaStep {
  readonly sagaId: string;
  readonly orderId: string;
  readonly step: string;
  readonly lane: SagaLane;
  readonly attempt: number;
}

export type RunEventType = keyof RunEventPayloads;

/** What every event has. */
export interface RunEventHead {
  readonly id: EventId;
  /** Place in the run's one order; given by the sequencer, −1 before. */
  readonly seq: number;
  readonly timeUs: RunTimeUs;
  readonly instance: InstanceId;
  readonly service: ServiceName;
  readonly traceId: TraceId | null;
  readonly spanId: SpanId | null;
  readonly parentSpanId: SpanId | null;
  /** The event that made this one happen: program order inside a process, sending across processes. */
  readonly cause: EventId | null;
}

export type RunEventOf<Type extends RunEventType> = Type extends RunEventType
  ? RunEventHead & { readonly type: Type } & RunEventPayloads[Type]
  : never;

/** One event of the run log. */
export type RunEvent = RunEventOf<RunEventType>;

/** What a writer says of an event; head fields are filled in where it is written. */
export type EventDraft = {
  [Type in RunEventType]: { readonly type: Type } & RunEventPayloads[Type];
}[RunEventType];
