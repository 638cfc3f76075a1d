import type { SagaLane, ServiceName } from '../kernel/index.ts';
import { keepNewest, type Projection } from './projection.ts';

export interface StepAttempt {
  readonly attempt: number;
  readonly startedUs: number;
  endedUs: number | null;
  outcome: 'running' | 'done' | 'again' | 'failed';
  reason: string | null;
}

/** `waiting`: between two attempts. `stuck`: parked for a person. */
export type StepStatus = 'pending' | 'running' | 'waiting' | 'done' | 'failed' | 'stuck';

export interface LaneView {
  status: StepStatus;
  readonly attempts: StepAttempt[];
  /** When it is tried again, while waiting. */
  againAtUs: number | null;
  reason: string | null;
}

export interface StepView {
  /** The name of the forward step. */
  readonly step: string;
  readonly forward: LaneView;
  /** null: nothing to undo was begun. */
  compensation: LaneView | null;
}

export interface SagaView {
  readonly sagaId: string;
  readonly saga: string;
  readonly orderId: string;
  readonly startedUs: number;
  readonly giveUpAtUs: number;
  readonly steps: StepView[];
  state: 'running' | 'compensating' | 'completed' | 'compensated' | 'parked';
  /** Why it is undone, or parked. */
  reason: string | null;
  /** What kind of failure began the undoing. */
  failure: 'business' | 'gave-up' | null;
  failedStep: string | null;
  compensatingUs: number | null;
  endedUs: number | null;
  resumed: number;
  traceId: string | null;
}

export interface Sagas {
  readonly byOrder: Map<string, SagaView>;
  readonly orderOfSaga: Map<string, string>;
  completed: number;
  compensated: number;
}

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

const newLane = (): LaneView => ({ status: 'pending', attempts: [], againAtUs: null, reason: null });

function laneOf(saga: SagaView, name: string, lane: SagaLane): LaneView {
  const step = lane === 'compensation' ? (UNDOES[name] ?? name) : name;
  let view = saga.steps.find((candidate) => candidate.step === step);
  if (view === undefined) {
    view = { step, forward: newLane(), compensation: null };
    saga.steps.push(view);
  }
  if (lane === 'forward') return view.forward;
  view.compensation ??= newLane();
  return view.compensation;
}

/** One saga per order: both lanes, each step with its attempts. */
export const sagas: Projection<Sagas> = {
  initial: () => ({ byOrder: new Map(), orderOfSaga: new Map(), completed: 0, compensated: 0 }),
  apply(state, event) {
    switch (event.type) {
      case 'saga.started': {
        state.byOrder.set(event.orderId, {
          sagaId: event.sagaId,
          saga: event.saga,
          orderId: event.orderId,
          startedUs: event.timeUs,
          giveUpAtUs: event.giveUpAtUs,
          steps: event.steps.map((step) => ({ step, forward: newLane(), compensation: null })),
          state: 'running',
          reason: null,
          failure: null,
          failedStep: null,
          compensatingUs: null,
          endedUs: null,
          resumed: 0,
          traceId: event.traceId,
        });
        state.orderOfSaga.set(event.sagaId, event.orderId);
        keepNewest(state.byOrder, 2000, (gone) => state.orderOfSaga.delete(gone.sagaId));
        break;
      }
      case 'saga.resumed': {
        const saga = state.byOrder.get(event.orderId);
        if (saga !== undefined) saga.resumed += 1;
        break;
      }
      case 'saga.step.started': {
        const saga = state.byOrder.get(event.orderId);
        if (saga === undefined) break;
        const lane = laneOf(saga, event.step, event.lane);
        lane.status = 'running';
        lane.againAtUs = null;
        const before = lane.attempts.at(-1);
        // A step that a crash cut short is started again under the same number.
        if (before?.outcome === 'running') {
          before.outcome = 'again';
          before.endedUs = event.timeUs;
          before.reason ??= 'resumed after a crash';
        }
        lane.attempts.push({
          attempt: event.attempt,
          startedUs: event.timeUs,
          endedUs: null,
          outcome: 'running',
          reason: null,
        });
        break;
      }
      case 'saga.step.completed':
      case 'saga.step.retried':
      case 'saga.step.failed': {
        const saga = state.byOrder.get(event.orderId);
        if (saga === undefined) break;
        const lane = laneOf(saga, event.step, event.lane);
        let attempt = lane.attempts.at(-1);
        if (attempt === undefined || attempt.outcome !== 'running') {
          attempt = {
            attempt: event.attempt,
            startedUs: event.timeUs,
            endedUs: null,
            outcome: 'running',
            reason: null,
          };
          lane.attempts.push(attempt);
        }
        attempt.endedUs = event.timeUs;
        if (event.type === 'saga.step.completed') {
          attempt.outcome = 'done';
          lane.status = 'done';
          lane.reason = null;
          lane.againAtUs = null;
        } else if (event.type === 'saga.step.retried') {
          attempt.outcome = 'again';
          attempt.reason = event.reason;
          lane.status = 'waiting';
          lane.reason = event.reason;
          lane.againAtUs = event.againAtUs;
        } else {
          attempt.outcome = 'failed';
          attempt.reason = event.reason;
          lane.status = 'failed';
          lane.reason = event.reason;
          lane.againAtUs = null;
          if (event.lane === 'forward') {
            saga.failure = event.kind;
            saga.failedStep = event.step;
          }
        }
        break;
      }
      case 'saga.compensating': {
        const saga = state.byOrder.get(event.orderId);
        if (saga === undefined) break;
        saga.state = 'compensating';
        saga.reason = event.reason;
        saga.compensatingUs = event.timeUs;
        break;
      }
      case 'saga.completed': {
        const saga = state.byOrder.get(event.orderId);
        if (saga === undefined) break;
        saga.state = 'completed';
        saga.endedUs = event.timeUs;
        state.completed += 1;
        break;
      }
      case 'saga.compensated': {
        state.compensated += 1;
        const saga = state.byOrder.get(event.orderId);
        if (saga === undefined) break;
        saga.state = 'compensated';
        saga.reason = event.reason;
        saga.endedUs = event.timeUs;
        break;
      }
      case 'saga.parked': {
        const saga = state.byOrder.get(event.orderId);
        if (saga === undefined) break;
        saga.state = 'parked';
        saga.reason = event.reason;
        laneOf(saga, event.step, 'forward').status = 'stuck';
        break;
      }
      default:
    }
    return state;
  },
};
