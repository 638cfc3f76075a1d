import type { RunEvent, RunEventOf, SpanId } from '../kernel/index.ts';
import { defineInvariant } from './invariant.ts';

/** Which step undoes which (the order saga). */
export const COMPENSATIONS: Readonly<Record<string, string>> = {
  createOrder: 'rejectOrder',
  reserveStock: 'releaseStock',
  authorisePayment: 'voidAuthorisation',
  createShipment: 'cancelShipment',
};

export const PIVOT = 'capturePayment';

type StepEvent =
  | RunEventOf<'saga.step.started'>
  | RunEventOf<'saga.step.completed'>
  | RunEventOf<'saga.step.failed'>;

/** One attempt of a step: which of its requests may have arrived, and what surely did not. */
interface Attempt {
  readonly mayHaveArrived: Set<SpanId>;
  didNotArrive: boolean;
}

interface Course {
  readonly orderId: string;
  readonly steps: readonly string[];
  readonly started: Map<string, StepEvent>;
  readonly completed: Map<string, StepEvent>;
  readonly refused: Map<string, StepEvent>;
  readonly attempts: Map<string, Attempt[]>;
  /** Compensations, in the order in which they first began. */
  readonly undoing: StepEvent[];
}

/**
 * Before the pivot, a saga that turns back undoes every step that was done, or may have been; the
 * compensations begin in the reverse order of the steps. After the pivot nothing is undone and every
 * step is done.
 */
export const sagaLanes = defineInvariant(
  'INV-4',
  'A saga is done in full or undone in full',
  (log, report) => {
    const courses = new Map<string, Course>();
    /** Attempts, and those of the requests they have sent. */
    const attempts = new Map<SpanId, Attempt>();
    for (const event of log) {
      switch (event.type) {
        case 'saga.started':
          courses.set(event.sagaId, {
            orderId: event.orderId,
            steps: event.steps,
            started: new Map(),
            completed: new Map(),
            refused: new Map(),
            attempts: new Map(),
            undoing: [],
          });
          break;
        case 'saga.step.started':
        case 'saga.step.completed':
        case 'saga.step.failed': {
          const course = courses.get(event.sagaId);
          if (course === undefined) report(`a step of an unknown saga ${event.sagaId}`, event);
          else follow(course, event, report);
          if (course !== undefined && event.type === 'saga.step.started') {
            const attempt: Attempt = { mayHaveArrived: new Set(), didNotArrive: false };
            course.attempts.set(event.step, [...(course.attempts.get(event.step) ?? []), attempt]);
            if (event.spanId !== null) attempts.set(event.spanId, attempt);
          }
          break;
        }
        case 'request.sent': {
          const attempt = event.parentSpanId === null ? undefined : attempts.get(event.parentSpanId);
          if (attempt === undefined || event.spanId === null || event.plane !== 'data') break;
          attempt.mayHaveArrived.add(event.spanId);
          attempts.set(event.spanId, attempt);
          break;
        }
        case 'request.failed': {
          const attempt = event.spanId === null ? undefined : attempts.get(event.spanId);
          if (event.spanId === null || event.error !== 'connection_refused') break;
          if (attempt?.mayHaveArrived.delete(event.spanId) === true) attempt.didNotArrive = true;
          break;
        }
        case 'call.rejected': {
          const attempt = event.spanId === null ? undefined : attempts.get(event.spanId);
          if (attempt !== undefined) attempt.didNotArrive = true;
          break;
        }
        case 'saga.completed': {
          const course = courses.get(event.sagaId);
          if (course === undefined) break;
          for (const step of course.steps) {
            if (!course.completed.has(step))
              report(`order ${event.orderId} is completed without ${step}`, event);
          }
          if (course.undoing.length > 0)
            report(`order ${event.orderId} is completed, but was being undone`, event, ...course.undoing);
          break;
        }
        case 'saga.compensated': {
          const course = courses.get(event.sagaId);
          if (course !== undefined) checkUndone(course, event, report);
          break;
        }
      }
    }
  },
);

type Report = (message: string, ...events: readonly RunEvent[]) => void;

function follow(course: Course, event: StepEvent, report: Report): void {
  const { step, lane } = event;
  if (event.type === 'saga.step.started' && !course.started.has(step)) {
    course.started.set(step, event);
    if (lane === 'compensation') {
      course.undoing.push(event);
      const pivot = course.completed.get(PIVOT);
      if (pivot !== undefined)
        report(`order ${course.orderId}: ${step} began after the pivot was done`, pivot, event);
    } else {
      const before = course.steps.slice(0, Math.max(0, course.steps.indexOf(step)));
      const missing = before.find((earlier) => !course.completed.has(earlier));
      if (missing !== undefined)
        report(`order ${course.orderId}: ${step} began before ${missing} was done`, event);
      if (course.undoing.length > 0)
        report(`order ${course.orderId}: ${step} began while it was being undone`, event);
    }
  }
  if (event.type === 'saga.step.completed') course.completed.set(step, event);
  if (event.type === 'saga.step.failed' && event.kind === 'business') course.refused.set(step, event);
}

/** Every attempt was held back before it left, or its connections were refused. */
const neverArrived = ({ attempts }: Course, step: string): boolean =>
  (attempts.get(step) ?? []).every(
    ({ mayHaveArrived, didNotArrive }) => didNotArrive && mayHaveArrived.size === 0,
  );

function checkUndone(course: Course, end: RunEvent, report: Report): void {
  for (const [step, undo] of Object.entries(COMPENSATIONS)) {
    if (!course.steps.includes(step)) continue;
    const done = course.completed.get(step);
    const begun = course.started.get(step);
    // A definite "no" did nothing, nor did what never arrived; anything else that was begun may have happened.
    const toUndo = done ?? (course.refused.has(step) || neverArrived(course, step) ? undefined : begun);
    if (toUndo !== undefined && !course.completed.has(undo)) {
      report(
        `order ${course.orderId} was undone without ${undo}, though ${step} ${done ? 'was done' : 'may have been done'}`,
        toUndo,
        end,
      );
    }
  }
  const order = course.steps.flatMap((step) => COMPENSATIONS[step] ?? []).reverse();
  const begun = course.undoing.map(({ step }) => step).filter((step) => order.includes(step));
  const inReverse = order.filter((step) => begun.includes(step));
  if (begun.join() !== inReverse.join()) {
    report(
      `order ${course.orderId}: the compensations began as ${begun.join(', ')} instead of ${inReverse.join(', ')}`,
      ...course.undoing,
    );
  }
}
