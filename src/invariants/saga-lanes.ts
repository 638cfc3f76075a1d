import type { RunEvent, RunEventOf, SpanId } from '../kernel/index.ts';
import { defineChecker, type Report } from './invariant.ts';

/** Which step undoes which (the order saga). */
const COMPENSATIONS: Readonly<Record<string, string>> = {
  createOrder: 'rejectOrder',
  reserveStock: 'releaseStock',
  authorisePayment: 'voidAuthorisation',
  createShipment: 'cancelShipment',
};

const PIVOT = 'capturePayment';

type StepEvent =
  | RunEventOf<'saga.step.started'>
  | RunEventOf<'saga.step.completed'>
  | RunEventOf<'saga.step.failed'>;

/** One attempt of a step, by the requests it sent. */
interface Attempt {
  /** So many of them may have arrived. */
  mayHaveArrived: number;
  /** At least one was held back, or its connection was refused. */
  didNotArrive: boolean;
  /** The last answer was a 4xx. */
  answeredNo: boolean;
}

interface Course {
  readonly orderId: string;
  readonly steps: readonly string[];
  /** The compensations, in the order in which they are to begin. */
  readonly undoes: readonly string[];
  readonly begun: Map<string, StepEvent>;
  readonly done: Map<string, StepEvent>;
  readonly refused: Map<string, StepEvent>;
  readonly attempts: Map<string, Attempt[]>;
  lastUndo: StepEvent | null;
}

/**
 * Before the pivot, a saga that turns back undoes every step that was done, or may have been; the
 * compensations begin in the reverse order of the steps. Once the pivot was sent nothing is undone,
 * unless it was refused, and every step is done.
 */
export const sagaLanes = defineChecker('INV-4', 'A saga is done in full or undone in full', (_, report) => {
  const courses = new Map<string, Course>();
  /** By the span of an attempt, and by the spans of its requests. */
  const attempts = new Map<SpanId, Attempt>();
  const requests = new Map<SpanId, Attempt>();

  const step = (event: StepEvent) => {
    const course = courses.get(event.sagaId);
    if (course === undefined) report(`a step of an unknown saga ${event.sagaId}`, event);
    else follow(course, event, report);
    if (course === undefined || event.type !== 'saga.step.started') return;
    const attempt: Attempt = { mayHaveArrived: 0, didNotArrive: false, answeredNo: false };
    const all = course.attempts.get(event.step);
    if (all === undefined) course.attempts.set(event.step, [attempt]);
    else all.push(attempt);
    if (event.spanId !== null) attempts.set(event.spanId, attempt);
  };

  return {
    events: {
      'saga.started': (event) => {
        const { sagaId, orderId, steps } = event;
        const undoes = steps.flatMap((name) => COMPENSATIONS[name] ?? []).reverse();
        courses.set(sagaId, {
          orderId,
          steps,
          undoes,
          begun: new Map(),
          done: new Map(),
          refused: new Map(),
          attempts: new Map(),
          lastUndo: null,
        });
      },
      'saga.step.started': step,
      'saga.step.completed': step,
      'saga.step.failed': step,
      'request.sent': ({ spanId, parentSpanId, plane }) => {
        if (parentSpanId === null || spanId === null || plane !== 'data') return;
        const attempt = attempts.get(parentSpanId);
        if (attempt === undefined) return;
        attempt.mayHaveArrived += 1;
        attempt.answeredNo = false;
        requests.set(spanId, attempt);
      },
      'request.failed': ({ spanId, error }) => {
        const attempt = spanId === null ? undefined : requests.get(spanId);
        if (attempt === undefined || error !== 'connection_refused') return;
        attempt.mayHaveArrived -= 1;
        attempt.didNotArrive = true;
      },
      'response.received': ({ spanId, status }) => {
        const attempt = spanId === null ? undefined : requests.get(spanId);
        if (attempt !== undefined) attempt.answeredNo = status >= 400 && status < 500;
      },
      'call.rejected': ({ spanId }) => {
        const attempt = spanId === null ? undefined : attempts.get(spanId);
        if (attempt !== undefined) attempt.didNotArrive = true;
      },
      'saga.completed': (event) => {
        const course = courses.get(event.sagaId);
        if (course === undefined) return;
        for (const name of course.steps)
          if (!course.done.has(name)) report(`order ${event.orderId} is completed without ${name}`, event);
        if (course.lastUndo !== null)
          report(`order ${event.orderId} is completed, but was being undone`, event, course.lastUndo);
      },
      'saga.compensated': (event) => {
        const course = courses.get(event.sagaId);
        if (course !== undefined) checkUndone(course, event, report);
      },
    },
  };
});

function follow(course: Course, event: StepEvent, report: Report): void {
  const { step } = event;
  if (event.type === 'saga.step.completed') course.done.set(step, event);
  if (event.type === 'saga.step.failed' && event.kind === 'business') course.refused.set(step, event);
  if (event.type !== 'saga.step.started' || course.begun.has(step)) return;
  course.begun.set(step, event);
  if (event.lane === 'compensation') beginUndo(course, event, report);
  else beginStep(course, event, report);
}

function beginStep({ steps, done, lastUndo, orderId }: Course, event: StepEvent, report: Report): void {
  for (const earlier of steps) {
    if (earlier === event.step) break;
    if (done.has(earlier)) continue;
    report(`order ${orderId}: ${event.step} began before ${earlier} was done`, event);
    break;
  }
  if (lastUndo !== null)
    report(`order ${orderId}: ${event.step} began while it was being undone`, lastUndo, event);
}

function beginUndo(course: Course, event: StepEvent, report: Report): void {
  const { orderId, undoes, begun, done, refused, lastUndo } = course;
  const pivot = done.get(PIVOT) ?? begun.get(PIVOT);
  if (pivot !== undefined && !refused.has(PIVOT)) {
    const state = done.has(PIVOT) ? 'done' : 'sent';
    report(`order ${orderId}: ${event.step} began after the pivot was ${state}`, pivot, event);
  }
  if (lastUndo !== null && undoes.indexOf(event.step) < undoes.indexOf(lastUndo.step))
    report(`order ${orderId}: ${event.step} began after ${lastUndo.step}, out of order`, lastUndo, event);
  course.lastUndo = event;
}

/**
 * A definite "no" did nothing, nor did what never arrived (never sent, connection refused). Any other
 * attempt may have, also one before the "no", and one that a crash cut off.
 */
function mayHaveHappened({ attempts, refused }: Course, step: string): boolean {
  const all = attempts.get(step) ?? [];
  return all.some(({ mayHaveArrived, didNotArrive, answeredNo }, index) => {
    if (!refused.has(step) || index < all.length - 1) return mayHaveArrived > 0 || !didNotArrive;
    return mayHaveArrived > (answeredNo ? 1 : 0);
  });
}

function checkUndone(course: Course, end: RunEvent, report: Report): void {
  for (const step of course.steps) {
    const undo = COMPENSATIONS[step];
    if (undo === undefined || course.done.has(undo)) continue;
    const done = course.done.get(step);
    if (done === undefined && !mayHaveHappened(course, step)) continue;
    report(
      `order ${course.orderId} was undone without ${undo}, though ${step} ${done ? 'was done' : 'may have been done'}`,
      ...[done ?? course.begun.get(step)].filter((event) => event !== undefined),
      end,
    );
  }
}
