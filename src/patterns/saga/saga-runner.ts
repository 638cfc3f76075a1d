import {
  type BackgroundTask,
  Cancelled,
  type Context,
  elapsedMs,
  type Fork,
  Mutex,
  plusMs,
  type RunTimeUs,
  type SagaStep,
  StoreError,
  spreadAround,
  type Transaction,
} from '../../kernel/index.ts';
import { leaseHolder, mayTake } from '../lease.ts';
import type { SagaDefinition, SagaEvent, StepMeta, StepOutcome } from './saga-definition.ts';
import { positionOf } from './saga-position.ts';
import {
  advanceRow,
  isPast,
  type SagaHistoryRow,
  type SagaRow,
  type StepProgress,
  sagaTable,
  sagaTables,
  sagaWakeUp,
  scheduleRow,
  wakeSagas,
  withHistory,
} from './saga-row.ts';

// The durable runner. Each write is one transaction of its own: the saga's row, the saga.* events, and the
// step's effect on local tables. Names of the store operations (faults address them):
//   saga recover · saga claim · saga lease renewed
//   saga released (its instance drains: whoever is next goes on)
//   saga <step> started · saga <step> completed · saga <step> retried · saga <step> failed · saga <step> parked
// When a saga is found cancelled or past its give-up time as a step is about to begin, that transaction
// (`saga <step> started`) turns it back instead of starting the step.

/** Another instance has taken the saga over: whatever this one was about to write is void. */
export class StaleFence extends Error {
  override readonly name = 'StaleFence';
}

/** This instance itself has let the saga go to sleep: nothing is wrong. */
class LetGo extends Error {
  override readonly name = 'LetGo';
}

const CLAIM_AT_ONCE = 32;

/** Claims sagas that are due and runs each to its next rest, many at a time. */
export const sagaTask = (definitions: readonly SagaDefinition[]): BackgroundTask => ({
  name: 'sagas',
  whenDraining: 'ends',
  leave: async (context) => wakeSagas(context),
  run: async (context) => {
    const wakeUp = context.local(sagaWakeUp);
    const byName = new Map(definitions.map((definition) => [definition.name, definition]));
    // What an earlier life of this instance held need not wait for the end of its lease.
    let rows = await claim(context, 'saga recover', byName);
    while (!context.draining) {
      for (const row of rows) {
        const definition = byName.get(row.saga);
        if (definition !== undefined) runDetached(context, definition, row);
      }
      wakeUp.reset();
      const nextUs = await nextDue(context);
      const nowUs = context.clock.now();
      if (nextUs === null || nextUs > nowUs) {
        const { leaseMs } = context.settings.saga;
        await wakeUp.wait(context, nextUs === null ? leaseMs : Math.min(elapsedMs(nowUs, nextUs), leaseMs));
        rows = [];
      } else {
        rows = await claim(context, 'saga claim', byName);
      }
    }
  },
});

async function nextDue(context: Context): Promise<RunTimeUs | null> {
  const [first] = await context.store.transact('saga look', [sagaTable], 'readonly', async (tx) =>
    tx.list(sagaTable, { index: 'due', limit: 1 }),
  );
  return first?.dueUs ?? null;
}

async function claim(
  context: Context,
  operation: 'saga recover' | 'saga claim',
  known: ReadonlyMap<string, SagaDefinition>,
): Promise<readonly SagaRow[]> {
  const holder = leaseHolder(context);
  return await context.store.transact(operation, [sagaTable], 'readwrite', async (tx) => {
    const nowUs = tx.now();
    const recovering = operation === 'saga recover';
    const candidates = await tx.list(
      sagaTable,
      recovering ? { index: 'due' } : { index: 'due', to: nowUs, limit: CLAIM_AT_ONCE },
    );
    const claimed: SagaRow[] = [];
    for (const row of candidates) {
      if (!known.has(row.saga)) continue;
      const due = row.dueUs !== undefined && isPast(row.dueUs, nowUs);
      const abandoned = row.leaseHolder !== null && mayTake(row.leaseHolder, row.leaseUntilUs, holder, nowUs);
      if (row.leaseHolder === null ? !due : !abandoned) continue;
      const untilUs = plusMs(nowUs, context.settings.saga.leaseMs);
      const mine: SagaRow = {
        ...row,
        leaseHolder: holder,
        fence: row.fence + 1,
        leaseUntilUs: untilUs,
        dueUs: untilUs,
      };
      await tx.put(sagaTable, mine);
      if (abandoned) {
        tx.emit({
          type: 'saga.resumed',
          sagaId: row.sagaId,
          orderId: row.orderId,
          state: row.state,
          fence: mine.fence,
        });
      }
      claimed.push(mine);
    }
    return claimed;
  });
}

function runDetached(context: Context, definition: SagaDefinition, row: SagaRow): Fork {
  return context.fork(
    { name: `saga ${row.sagaId}`, span: row.span, cause: row.cause, deadlineUs: null },
    async (own) => {
      try {
        await runClaimed(own, definition, row);
      } finally {
        // It sleeps now, perhaps for less long than the task was going to.
        wakeSagas(own);
      }
    },
  );
}

/**
 * Runs a claimed saga until it ends, is parked, or sleeps until its next attempt. A sleeping saga is in the
 * database only: it holds no slot, no process and no lease.
 */
export async function runClaimed(context: Context, definition: SagaDefinition, row: SagaRow): Promise<void> {
  const run: SagaRun = { definition, sagaId: row.sagaId, fence: row.fence, writes: new Mutex() };
  try {
    await context.race([
      async (own) => await toNextRest(own, run, row),
      async (own) => await keepLease(own, run),
    ]);
  } catch (error) {
    if (error instanceof LetGo) return;
    if (!(error instanceof StaleFence)) throw error;
    context.log.warn(error.message);
  }
}

interface SagaRun {
  readonly definition: SagaDefinition;
  readonly sagaId: string;
  readonly fence: number;
  /** One write at a time, in the order asked: compensations begin in theirs. */
  readonly writes: Mutex;
}

async function toNextRest(context: Context, run: SagaRun, claimed: SagaRow): Promise<void> {
  let row = claimed;
  while (row.leaseHolder !== null) {
    if (context.draining) {
      await release(context, run);
      return;
    }
    const steps = positionOf(run.definition, row.snapshot).active;
    const [first] = steps;
    if (first === undefined) return;
    if (first.kind === 'compensatable' || first.kind === 'pivot') {
      // The step stands in for the request that began the saga: it waits for a slot, and keeps it.
      row = await context.withSlot(async (own) => await attempt(own, run, first));
    } else if (first.lane === 'forward') {
      // What has to be done in the end is neither kept waiting by new requests nor keeps them out.
      row = await attempt(context, run, first);
    } else {
      await context.all(steps.map((meta) => (own: Context) => untilDone(own, run, meta)));
      row = await read(context, run);
    }
  }
}

/** Between two steps: another instance may go on at once. */
async function release(context: Context, run: SagaRun): Promise<void> {
  await context.store.transact('saga released', [sagaTable], 'readwrite', async (tx) => {
    const row = await held(tx, context, run);
    await tx.put(sagaTable, { ...row, leaseHolder: null, dueUs: tx.now() });
  });
}

/** A compensation is tried until it is done, or until all that are left sleep; one that waits is left to whom it is handed. */
async function untilDone(context: Context, run: SagaRun, meta: StepMeta): Promise<void> {
  for (;;) {
    const row = await read(context, run);
    if (row.leaseHolder === null || context.draining) return;
    const againAtUs = row.steps[meta.step]?.againAtUs ?? null;
    // Others are under way, so the saga is awake: one that waits long holds up nobody.
    if (againAtUs !== null) await context.clock.sleep(elapsedMs(context.clock.now(), againAtUs));
    const after = await attempt(context, run, meta);
    const left = positionOf(run.definition, after.snapshot).active;
    if (!left.some((other) => other.step === meta.step)) return;
  }
}

/** One attempt at a step, in a span of its own under the saga's. */
async function attempt(context: Context, run: SagaRun, meta: StepMeta): Promise<SagaRow> {
  return await context.scope({ name: meta.step, span: 'child' }, async (own) => {
    const begun = await begin(own, run, meta);
    if (!begun.start) return begun.row;
    const outcome = await perform(own, run.definition, meta, begun.row);
    return await finish(own, run, meta, outcome);
  });
}

interface Begun {
  readonly start: boolean;
  readonly row: SagaRow;
}

/** Writes that an attempt begins; or, when the saga is cancelled or past its time, turns it back. */
async function begin(context: Context, run: SagaRun, meta: StepMeta): Promise<Begun> {
  const { definition } = run;
  let start = false;
  const row = await write(context, run, `saga ${meta.step} started`, async (tx, before) => {
    const nowUs = tx.now();
    const known = before.steps[meta.step];
    if (before.cancelRequested !== null && before.status === 'running') {
      const cancel = { type: 'cancel', reason: before.cancelRequested } as const;
      if (positionOf(definition, before.snapshot).snapshot.can(cancel))
        return advanceRow(tx, definition, closed(before, meta), cancel);
    }
    // Only a step that has failed is given up (or whose outcome a crash has hidden): one that is late but
    // does its work goes on.
    if (meta.kind === 'compensatable' && known !== undefined && isPast(before.giveUpAtUs, nowUs)) {
      return await giveUp(
        tx,
        run,
        closed(before, meta),
        meta,
        known.attempts,
        known.failure ?? 'its outcome is unknown',
        known.open || known.mayHaveHappened,
      );
    }
    start = true;
    const progress: StepProgress = {
      attempts: (known?.attempts ?? 0) + 1,
      firstStartedUs: known?.firstStartedUs ?? nowUs,
      open: true,
      mayHaveHappened: known !== undefined && (known.open || known.mayHaveHappened),
      againAtUs: null,
      failure: known?.failure ?? null,
    };
    const next = await note(tx, before, meta, progress.attempts, 'started', null);
    tx.emit({ type: 'saga.step.started', ...about(next, meta, progress.attempts) });
    return advanceRow(tx, definition, withStep(next, meta, progress), { type: `${meta.step}.started` });
  });
  return { start, row };
}

async function perform(
  context: Context,
  definition: SagaDefinition,
  meta: StepMeta,
  row: SagaRow,
): Promise<StepOutcome> {
  const step = definition.steps[meta.step];
  if (step === undefined) throw new Error(`the saga '${definition.name}' has no step '${meta.step}'`);
  // A compensation has none: its calls have a timeout of their own, whatever nets the edge has.
  const deadlineUs =
    meta.lane === 'forward' ? plusMs(context.clock.now(), context.settings.deadlines.orderMs) : null;
  try {
    return await context.scope({ name: meta.step, deadlineUs }, (own) => step.run(own, row.data));
  } catch (error) {
    if (error instanceof Cancelled || error instanceof StoreError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: 'technical-failure', reason, mayHaveHappened: true };
  }
}

async function finish(
  context: Context,
  run: SagaRun,
  meta: StepMeta,
  outcome: StepOutcome,
): Promise<SagaRow> {
  const { definition } = run;
  const { step } = meta;
  if (outcome.kind === 'done') {
    const row = await write(context, run, `saga ${step} completed`, async (tx, before) => {
      const attempts = before.steps[step]?.attempts ?? 1;
      const kept = { ...closed(before, meta), data: { ...before.data, ...outcome.data } };
      const next = await note(tx, kept, meta, attempts, 'completed', null);
      await definition.steps[step]?.stored?.(tx, next, context);
      tx.emit({ type: 'saga.step.completed', ...about(next, meta, attempts) });
      return advanceRow(tx, definition, next, { type: `${step}.done` });
    });
    definition.committed?.(context);
    return row;
  }
  const { reason } = outcome;
  // After the pivot and in a compensation a refusal cannot be meant: it is tried again like any failure.
  const definite =
    outcome.kind === 'business-failure' && (meta.kind === 'compensatable' || meta.kind === 'pivot');
  if (definite) {
    return await write(context, run, `saga ${step} failed`, async (tx, before) => {
      const known = before.steps[step];
      const attempts = known?.attempts ?? 1;
      const next = await note(tx, closed(before, meta), meta, attempts, 'failed', reason);
      tx.emit({ type: 'saga.step.failed', ...about(next, meta, attempts), reason, kind: 'business' });
      const mayHaveHappened = known?.mayHaveHappened === true || outcome.earlierMayHaveHappened === true;
      return advanceRow(tx, definition, next, { type: `${step}.refused`, reason, mayHaveHappened });
    });
  }
  const nowUs = context.clock.now();
  const before = await read(context, run);
  const known = before.steps[step];
  const mayHaveHappened =
    known?.mayHaveHappened === true || outcome.kind !== 'technical-failure' || outcome.mayHaveHappened;
  if (meta.kind === 'compensatable' && isPast(before.giveUpAtUs, nowUs)) {
    return await write(context, run, `saga ${step} failed`, async (tx, row) =>
      giveUp(tx, run, closed(row, meta), meta, known?.attempts ?? 1, reason, mayHaveHappened),
    );
  }
  const { parkAfterMs } = context.settings.saga;
  if (
    meta.kind === 'retriable' &&
    known !== undefined &&
    elapsedMs(known.firstStartedUs, nowUs) >= parkAfterMs
  ) {
    return await write(context, run, `saga ${step} parked`, async (tx, row) => {
      const next = await note(tx, closed(row, meta), meta, known.attempts, 'failed', reason);
      tx.emit({ type: 'saga.parked', sagaId: row.sagaId, orderId: row.orderId, step, reason });
      return { ...advanceRow(tx, definition, next, { type: 'park' }), reason };
    });
  }
  return await write(context, run, `saga ${step} retried`, async (tx, row) => {
    const progress = row.steps[step];
    const attempts = progress?.attempts ?? 1;
    const againAtUs = whenAgain(context, row, meta, attempts, tx.now());
    const next = await note(tx, closed(row, meta), meta, attempts, 'retried', reason);
    tx.emit({ type: 'saga.step.retried', ...about(next, meta, attempts), reason, againAtUs });
    return progress === undefined
      ? next
      : withStep(next, meta, { ...progress, open: false, mayHaveHappened, againAtUs, failure: reason });
  });
}

function whenAgain(
  context: Context,
  row: SagaRow,
  meta: StepMeta,
  attempts: number,
  nowUs: RunTimeUs,
): RunTimeUs {
  const { stepAgainMs, stepAgainSpread } = context.settings.saga;
  const { backoffBaseMs, backoffCapMs } = context.settings.compensation;
  const meanMs =
    meta.kind === 'compensation' ? Math.min(backoffCapMs, backoffBaseMs * 2 ** (attempts - 1)) : stepAgainMs;
  const draw = context.random.uniform('saga-step-again', row.sagaId, meta.step, attempts);
  const againAtUs = plusMs(nowUs, spreadAround(meanMs, stepAgainSpread, draw));
  // It is not tried past the give-up time: then it wakes to give up.
  return meta.kind === 'compensatable' && againAtUs > row.giveUpAtUs ? row.giveUpAtUs : againAtUs;
}

async function giveUp(
  tx: Transaction,
  run: SagaRun,
  row: SagaRow,
  meta: StepMeta,
  attempts: number,
  why: string,
  mayHaveHappened: boolean,
): Promise<SagaRow> {
  const seconds = Math.round(elapsedMs(row.startedUs, row.giveUpAtUs) / 100) / 10;
  const reason = `${meta.step} was not done within ${seconds} s: ${why}`;
  const next = await note(tx, row, meta, attempts, 'failed', reason);
  tx.emit({ type: 'saga.step.failed', ...about(next, meta, attempts), reason, kind: 'gave-up' });
  return advanceRow(tx, run.definition, next, {
    type: `${meta.step}.gaveUp`,
    reason,
    mayHaveHappened,
  } satisfies SagaEvent);
}

const about = (row: SagaRow, meta: StepMeta, attempt: number): SagaStep => ({
  sagaId: row.sagaId,
  orderId: row.orderId,
  step: meta.step,
  lane: meta.lane,
  attempt,
});

const withStep = (row: SagaRow, meta: StepMeta, progress: StepProgress): SagaRow => ({
  ...row,
  steps: { ...row.steps, [meta.step]: progress },
});

/** The step's attempt is over, however it ended. */
function closed(row: SagaRow, meta: StepMeta): SagaRow {
  const known = row.steps[meta.step];
  return known === undefined ? row : withStep(row, meta, { ...known, open: false, againAtUs: null });
}

const note = (
  tx: Transaction,
  row: SagaRow,
  { step, lane }: StepMeta,
  attempt: number,
  what: SagaHistoryRow['what'],
  reason: string | null,
): Promise<SagaRow> => withHistory(tx, row, { step, lane, what, attempt, reason });

/** One transaction over the saga, by its holder only. */
async function write(
  context: Context,
  run: SagaRun,
  operation: string,
  body: (tx: Transaction, row: SagaRow) => Promise<SagaRow>,
): Promise<SagaRow> {
  const { definition } = run;
  return await run.writes.run(
    context,
    async () =>
      await context.store.transact(
        operation,
        [...sagaTables, ...definition.tables],
        'readwrite',
        async (tx) => {
          const row = await held(tx, context, run);
          const untilUs = plusMs(tx.now(), context.settings.saga.leaseMs);
          let cause = row.cause;
          const noting: Transaction = {
            ...tx,
            emit: (draft) => {
              cause = tx.emit(draft);
              return cause;
            },
          };
          const changed = { ...(await body(noting, row)), cause };
          const next = scheduleRow(definition, changed, { holder: leaseHolder(context), untilUs });
          await tx.put(sagaTable, next);
          return next;
        },
      ),
  );
}

async function held(tx: Transaction, context: Context, run: SagaRun): Promise<SagaRow> {
  const row = await tx.get(sagaTable, run.sagaId);
  if (row === undefined) throw new StaleFence(`the saga ${run.sagaId} is gone`);
  const mine = leaseHolder(context);
  if (row.fence === run.fence && row.leaseHolder === mine) return row;
  // This life has let it go to sleep, and may have taken it up again since, in another process.
  if (row.leaseHolder === mine || (row.leaseHolder === null && row.fence === run.fence)) {
    throw new LetGo(`the saga ${run.sagaId} sleeps`);
  }
  throw new StaleFence(
    `${row.leaseHolder ?? 'another instance'} has taken the saga ${run.sagaId} over (fence ${row.fence}, mine is ${run.fence})`,
  );
}

async function read(context: Context, run: SagaRun): Promise<SagaRow> {
  return await context.store.transact('saga look', [sagaTable], 'readonly', async (tx) =>
    held(tx, context, run),
  );
}

/** Prolongs the lease while a step takes long; every write of progress prolongs it as well. */
async function keepLease(context: Context, run: SagaRun): Promise<void> {
  for (;;) {
    const { leaseMs } = context.settings.saga;
    await context.clock.sleep(leaseMs / 3);
    await context.store.transact('saga lease renewed', [sagaTable], 'readwrite', async (tx) => {
      const row = await held(tx, context, run);
      const nowUs = tx.now();
      if (elapsedMs(nowUs, row.leaseUntilUs) > leaseMs / 2) return;
      const untilUs = plusMs(nowUs, leaseMs);
      await tx.put(sagaTable, { ...row, leaseUntilUs: untilUs, dueUs: untilUs });
    });
  }
}
