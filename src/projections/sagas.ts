import type { RunEventOf, SagaLane, SagaStep, ServiceName } from '../kernel/index.ts';
import { ChunkedMap } from './chunked-map.ts';
import type { Projection } from './projection.ts';

export interface StepAttempt {
  readonly attempt: number;
  readonly startedUs: number;
  readonly endedUs: number | null;
  readonly outcome: 'running' | 'done' | 'again' | 'failed';
  readonly reason: string | null;
}

/** `waiting`: between two attempts. `stuck`: parked for a person. */
export type StepStatus = 'pending' | 'running' | 'waiting' | 'done' | 'failed' | 'stuck';

export interface LaneView {
  readonly status: StepStatus;
  readonly attempts: readonly StepAttempt[];
  /** When it is tried again, while waiting. */
  readonly againAtUs: number | null;
  readonly reason: string | null;
}

export interface StepView {
  /** The name of the forward step. */
  readonly step: string;
  readonly forward: LaneView;
  /** null: nothing to undo was begun. */
  readonly compensation: LaneView | null;
}

export interface SagaView {
  readonly sagaId: string;
  readonly saga: string;
  readonly orderId: string;
  readonly startedUs: number;
  readonly giveUpAtUs: number;
  readonly steps: readonly StepView[];
  readonly state: 'running' | 'compensating' | 'completed' | 'compensated' | 'parked';
  /** Why it is undone, or parked. */
  readonly reason: string | null;
  /** What kind of failure began the undoing. */
  readonly failure: 'business' | 'gave-up' | null;
  readonly failedStep: string | null;
  readonly compensatingUs: number | null;
  readonly endedUs: number | null;
  readonly resumed: number;
  readonly traceId: string | null;
}

export interface Sagas {
  readonly byOrder: ChunkedMap<string, SagaView>;
  completed: number;
  compensated: number;
}

const SAGAS_KEPT = 2000;

/** Compensations by their own names; a log may also name them by the step that they undo. */
const UNDOES: Readonly<Record<string, string>> = {
  rejectOrder: 'createOrder',
  releaseStock: 'reserveStock',
  voidAuthorisation: 'authorisePayment',
  cancelShipment: 'createShipment',
};

/** `reserveStock` → `releaseStock`; a step without a compensation of its own name keeps its name. */
export const compensationName = (step: string): string =>
  Object.keys(UNDOES).find((name) => UNDOES[name] === step) ?? step;

const STEP_WORDS: Readonly<
  Record<
    string,
    { readonly title: string; readonly undo: string; readonly undone: string; readonly service: ServiceName }
  >
> = {
  createOrder: {
    title: 'Create the order',
    undo: 'Reject the order',
    undone: 'the order was rejected',
    service: 'order',
  },
  reserveStock: {
    title: 'Reserve stock',
    undo: 'Release stock',
    undone: 'the stock was released',
    service: 'product',
  },
  authorisePayment: {
    title: 'Authorise payment',
    undo: 'Void payment',
    undone: 'the payment was released',
    service: 'payment-provider',
  },
  createShipment: {
    title: 'Create shipment',
    undo: 'Cancel shipment',
    undone: 'the shipment was cancelled',
    service: 'shipping',
  },
  capturePayment: {
    title: 'Capture payment',
    undo: 'Refund',
    undone: 'the payment was refunded',
    service: 'payment-provider',
  },
  commitReservation: { title: 'Commit stock', undo: '', undone: '', service: 'product' },
  dispatchShipment: { title: 'Dispatch', undo: '', undone: '', service: 'shipping' },
  confirmOrder: { title: 'Confirm the order', undo: '', undone: '', service: 'order' },
};

export const PIVOT_STEP = 'capturePayment';

/** "Reserve stock"; an unknown step keeps its own name. */
export const stepTitle = (step: string): string => STEP_WORDS[step]?.title ?? step;
export const undoTitle = (step: string): string =>
  STEP_WORDS[step]?.undo || `Undo ${stepTitle(step).toLowerCase()}`;
export const undoneWords = (step: string): string =>
  STEP_WORDS[step]?.undone || `${stepTitle(step).toLowerCase()} was undone`;
/** Which service does the step's work. */
export const stepService = (step: string): ServiceName => STEP_WORDS[step]?.service ?? 'order';

const PENDING: LaneView = { status: 'pending', attempts: [], againAtUs: null, reason: null };

const change = (state: Sagas, saga: SagaView | undefined, changes: Partial<SagaView>): void => {
  if (saga !== undefined) state.byOrder.set(saga.orderId, { ...saga, ...changes });
};

/** The saga with one lane of one step changed. */
function withLane(
  saga: SagaView,
  name: string,
  lane: SagaLane,
  changed: (lane: LaneView) => LaneView,
): SagaView {
  const step = lane === 'compensation' ? (UNDOES[name] ?? name) : name;
  const known = saga.steps.find((candidate) => candidate.step === step);
  const view = known ?? { step, forward: PENDING, compensation: null };
  const next =
    lane === 'forward'
      ? { ...view, forward: changed(view.forward) }
      : { ...view, compensation: changed(view.compensation ?? PENDING) };
  const steps =
    known === undefined
      ? [...saga.steps, next]
      : saga.steps.map((candidate) => (candidate === known ? next : candidate));
  return { ...saga, steps };
}

const newAttempt = (event: SagaStep & { readonly timeUs: number }): StepAttempt => ({
  attempt: event.attempt,
  startedUs: event.timeUs,
  endedUs: null,
  outcome: 'running',
  reason: null,
});

function begun(lane: LaneView, event: RunEventOf<'saga.step.started'>): LaneView {
  // A step that a crash cut short is started again under the same number.
  const before = lane.attempts.map(
    (attempt): StepAttempt =>
      attempt.outcome === 'running'
        ? {
            ...attempt,
            outcome: 'again',
            endedUs: event.timeUs,
            reason: attempt.reason ?? 'resumed after a crash',
          }
        : attempt,
  );
  return { ...lane, status: 'running', againAtUs: null, attempts: before.concat(newAttempt(event)) };
}

function ended(
  lane: LaneView,
  event: RunEventOf<'saga.step.completed' | 'saga.step.retried' | 'saga.step.failed'>,
): LaneView {
  const last = lane.attempts.at(-1);
  const isOpen = last?.outcome === 'running';
  const attempt = { ...(isOpen ? last : newAttempt(event)), endedUs: event.timeUs };
  const before = isOpen ? lane.attempts.slice(0, -1) : lane.attempts;
  switch (event.type) {
    case 'saga.step.completed':
      return {
        status: 'done',
        attempts: before.concat({ ...attempt, outcome: 'done' }),
        againAtUs: null,
        reason: null,
      };
    case 'saga.step.retried':
      return {
        status: 'waiting',
        attempts: before.concat({ ...attempt, outcome: 'again', reason: event.reason }),
        againAtUs: event.againAtUs,
        reason: event.reason,
      };
    case 'saga.step.failed':
      return {
        status: 'failed',
        attempts: before.concat({ ...attempt, outcome: 'failed', reason: event.reason }),
        againAtUs: null,
        reason: event.reason,
      };
  }
}

/** One saga per order: both lanes, each step with its attempts. */
export const sagas: Projection<Sagas> = {
  initial: () => ({ byOrder: new ChunkedMap(), completed: 0, compensated: 0 }),
  apply(state, event) {
    switch (event.type) {
      case 'saga.started': {
        state.byOrder.set(event.orderId, {
          sagaId: event.sagaId,
          saga: event.saga,
          orderId: event.orderId,
          startedUs: event.timeUs,
          giveUpAtUs: event.giveUpAtUs,
          steps: event.steps.map((step) => ({ step, forward: PENDING, compensation: null })),
          state: 'running',
          reason: null,
          failure: null,
          failedStep: null,
          compensatingUs: null,
          endedUs: null,
          resumed: 0,
          traceId: event.traceId,
        });
        state.byOrder.keepNewest(SAGAS_KEPT);
        break;
      }
      case 'saga.resumed': {
        const saga = state.byOrder.get(event.orderId);
        change(state, saga, { resumed: (saga?.resumed ?? 0) + 1 });
        break;
      }
      case 'saga.step.started': {
        const saga = state.byOrder.get(event.orderId);
        if (saga === undefined) break;
        state.byOrder.set(
          event.orderId,
          withLane(saga, event.step, event.lane, (lane) => begun(lane, event)),
        );
        break;
      }
      case 'saga.step.completed':
      case 'saga.step.retried':
      case 'saga.step.failed': {
        const saga = state.byOrder.get(event.orderId);
        if (saga === undefined) break;
        const next = withLane(saga, event.step, event.lane, (lane) => ended(lane, event));
        state.byOrder.set(
          event.orderId,
          event.type === 'saga.step.failed' && event.lane === 'forward'
            ? { ...next, failure: event.kind, failedStep: event.step }
            : next,
        );
        break;
      }
      case 'saga.compensating':
        change(state, state.byOrder.get(event.orderId), {
          state: 'compensating',
          reason: event.reason,
          compensatingUs: event.timeUs,
        });
        break;
      case 'saga.completed': {
        const saga = state.byOrder.get(event.orderId);
        if (saga !== undefined) state.completed += 1;
        change(state, saga, { state: 'completed', endedUs: event.timeUs });
        break;
      }
      case 'saga.compensated':
        state.compensated += 1;
        change(state, state.byOrder.get(event.orderId), {
          state: 'compensated',
          reason: event.reason,
          endedUs: event.timeUs,
        });
        break;
      case 'saga.parked': {
        const saga = state.byOrder.get(event.orderId);
        if (saga === undefined) break;
        const next = withLane(saga, event.step, 'forward', (lane) => ({ ...lane, status: 'stuck' }));
        change(state, next, { state: 'parked', reason: event.reason });
        break;
      }
      default:
    }
    return state;
  },
  fork: (state) => ({ ...state, byOrder: state.byOrder.fork() }),
};
