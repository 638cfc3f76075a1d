import {
  type Context,
  defineLocal,
  defineTable,
  type EventId,
  elapsedMs,
  type Json,
  plusMs,
  type RunTimeUs,
  type SagaLane,
  type SpanContext,
  type Transaction,
} from '../../kernel/index.ts';
import { WakeUp } from '../wake-up.ts';
import type { SagaData, SagaDefinition, SagaEvent, StepMeta } from './saga-definition.ts';
import { firstPosition, positionAfter, positionOf } from './saga-position.ts';

/** What is known of one step. */
export interface StepProgress {
  /** Attempts begun; the edge's own retries are inside one. */
  readonly attempts: number;
  readonly firstStartedUs: RunTimeUs;
  /** Begun and not ended: after a crash its outcome is unknown. */
  readonly open: boolean;
  /** An attempt that has ended, or was cut off by a crash, may have had its effect. */
  readonly mayHaveHappened: boolean;
  /** When to try again; null: at once. */
  readonly againAtUs: RunTimeUs | null;
  /** Why its last attempt failed. */
  readonly failure: string | null;
}

/** What happened to a saga, a row each: the saga's own row stays small, and so does each commit. */
export interface SagaHistoryRow {
  /** `<sagaId>/<number>`, in the order of writing. */
  readonly entryId: string;
  readonly sagaId: string;
  readonly step: string;
  readonly lane: SagaLane;
  readonly what: 'started' | 'completed' | 'retried' | 'failed';
  readonly attempt: number;
  readonly atUs: RunTimeUs;
  readonly reason: string | null;
}

export type SagaStatus = 'running' | 'compensating' | 'parked' | 'completed' | 'compensated';

export interface SagaRow {
  readonly sagaId: string;
  /** Which definition. */
  readonly saga: string;
  readonly orderId: string;
  /** XState's persisted snapshot of the machine. */
  readonly snapshot: Json;
  /** The steps that are to be done, or the state's name when there are none. */
  readonly state: string;
  readonly status: SagaStatus;
  /** `<status>/<startedUs>`: sorts those of one status by time. */
  readonly statusStarted: string;
  readonly data: SagaData;
  readonly reason: string | null;
  readonly cancelRequested: string | null;
  readonly steps: Readonly<Record<string, StepProgress>>;
  /** How many history rows it has. */
  readonly entries: number;
  /** The saga's own span: it goes on in it after a crash. */
  readonly span: SpanContext;
  /** The last event that was written of it: what is done next is done because of that one, in whichever life. */
  readonly cause: EventId;
  readonly startedUs: RunTimeUs;
  readonly giveUpAtUs: RunTimeUs;
  /** When somebody has to look at it: its next attempt, or the end of the lease of who works on it. Absent: nobody. */
  readonly dueUs?: RunTimeUs;
  readonly leaseHolder: string | null;
  readonly fence: number;
  readonly leaseUntilUs: RunTimeUs;
  readonly endedUs: RunTimeUs | null;
}

export const sagaTable = defineTable<SagaRow>('sagas', 'sagaId', {
  due: 'dueUs',
  order: 'orderId',
  status: 'statusStarted',
  started: 'startedUs',
});

const statusStarted = (status: SagaStatus, startedUs: RunTimeUs): string =>
  `${status}/${String(startedUs).padStart(15, '0')}`;

const withStatus = (status: SagaStatus) => ({ index: 'status', from: `${status}/`, to: `${status}/~` });

/** The newest sagas, of one status or (null) of any, the newest first. */
export async function newestSagas(
  tx: Transaction,
  status: SagaStatus | null,
  limit: number,
): Promise<SagaRow[]> {
  const which = status === null ? { index: 'started' } : withStatus(status);
  return await tx.list(sagaTable, { ...which, reverse: true, limit });
}

export const sagaHistoryTable = defineTable<SagaHistoryRow>('saga-history', 'entryId', { saga: 'sagaId' });

/** What a saga is kept in: for the table list of a transaction that starts one. */
export const sagaTables = [sagaTable, sagaHistoryTable] as const;

export const sagaWakeUp = defineLocal('sagas', () => new WakeUp());

/** Call it after a transaction that started, cancelled or un-parked a saga: this instance looks at once. */
export const wakeSagas = (context: Context): void => context.local(sagaWakeUp).ring();

/** Writes a history row; the saga's row that is given back counts it. */
export async function withHistory(
  tx: Transaction,
  row: SagaRow,
  entry: Pick<SagaHistoryRow, 'step' | 'lane' | 'what' | 'attempt' | 'reason'>,
): Promise<SagaRow> {
  const entries = row.entries + 1;
  const { sagaId } = row;
  const entryId = `${sagaId}/${String(entries).padStart(4, '0')}`;
  await tx.put(sagaHistoryTable, { ...entry, entryId, sagaId, atUs: tx.now() });
  return { ...row, entries };
}

/** The next state of the machine. Says in the log when the saga turns back, ends, or is parked. */
export function advanceRow(
  tx: Transaction,
  definition: SagaDefinition,
  row: SagaRow,
  event: SagaEvent,
): SagaRow {
  const next = positionAfter(definition, row.snapshot, event);
  const { sagaId, orderId } = row;
  const { active } = next;
  const reason = 'reason' in event && row.reason === null ? event.reason : row.reason;
  let status: SagaStatus = row.status;
  if (
    status === 'running' &&
    (active.some((meta) => meta.lane === 'compensation') || event.type === 'cancel')
  ) {
    status = 'compensating';
    tx.emit({ type: 'saga.compensating', sagaId, orderId, reason: reason ?? 'unknown' });
  }
  if (event.type === 'park') status = 'parked';
  if (event.type === 'retry') status = 'running';
  const ended = next.snapshot.status === 'done';
  if (ended) {
    status = status === 'compensating' ? 'compensated' : 'completed';
    if (status === 'completed') tx.emit({ type: 'saga.completed', sagaId, orderId });
    else tx.emit({ type: 'saga.compensated', sagaId, orderId, reason: reason ?? 'unknown' });
  }
  return {
    ...row,
    snapshot: next.stored,
    state: next.name,
    status,
    statusStarted: statusStarted(status, row.startedUs),
    reason: status === 'running' || status === 'completed' ? null : reason,
    endedUs: ended ? tx.now() : null,
  };
}

/**
 * Says who looks at the saga next, and when: nobody (ended, parked), whoever comes first once the next
 * attempt is due, or the one who works on it now, until the lease ends.
 */
export function scheduleRow(
  definition: SagaDefinition,
  row: SagaRow,
  lease: { readonly holder: string; readonly untilUs: RunTimeUs },
): SagaRow {
  const { dueUs: _, ...rest } = row;
  if (row.endedUs !== null || row.status === 'parked') return { ...rest, leaseHolder: null };
  const active = positionOf(definition, row.snapshot).active.map((meta) => row.steps[meta.step]);
  const waiting: RunTimeUs[] = [];
  for (const step of active) {
    if (step !== undefined && step.againAtUs !== null) waiting.push(step.againAtUs);
  }
  if (active.length > 0 && waiting.length === active.length) {
    return { ...rest, leaseHolder: null, dueUs: waiting.reduce((a, b) => (a < b ? a : b)) };
  }
  return { ...rest, leaseHolder: lease.holder, leaseUntilUs: lease.untilUs, dueUs: lease.untilUs };
}

export interface SagaStart {
  readonly sagaId: string;
  readonly orderId: string;
  readonly data: SagaData;
  readonly span: SpanContext;
  readonly giveUpMs: number;
}

/**
 * Stores a new saga, in the transaction that makes its cause true. The caller's process should be in the
 * saga's own span, so that `saga.started` shows it and its parent. Afterwards: `wakeSagas`.
 */
export async function startSaga(
  tx: Transaction,
  definition: SagaDefinition,
  start: SagaStart,
): Promise<SagaRow> {
  const nowUs = tx.now();
  const { sagaId, orderId, data, span, giveUpMs } = start;
  const first = firstPosition(definition);
  const giveUpAtUs = plusMs(nowUs, giveUpMs);
  const forward = forwardSteps(definition);
  let cause = tx.emit({
    type: 'saga.started',
    sagaId,
    saga: definition.name,
    orderId,
    giveUpAtUs,
    steps: forward,
  });
  let row: SagaRow = {
    sagaId,
    saga: definition.name,
    orderId,
    snapshot: first.stored,
    state: first.name,
    status: 'running',
    statusStarted: statusStarted('running', nowUs),
    data,
    reason: null,
    cancelRequested: null,
    steps: {},
    entries: 0,
    span,
    cause,
    startedUs: nowUs,
    giveUpAtUs,
    dueUs: nowUs,
    leaseHolder: null,
    fence: 0,
    leaseUntilUs: nowUs,
    endedUs: null,
  };
  for (const step of definition.doneAtStart) {
    const about = { sagaId, orderId, step, lane: 'forward', attempt: 1 } as const;
    tx.emit({ type: 'saga.step.started', ...about });
    cause = tx.emit({ type: 'saga.step.completed', ...about });
    const entry = { step, lane: 'forward', attempt: 1, reason: null } as const;
    row = await withHistory(tx, row, { ...entry, what: 'started' });
    row = await withHistory(tx, row, { ...entry, what: 'completed' });
  }
  const stored = { ...row, cause };
  await tx.put(sagaTable, stored);
  return stored;
}

/** The steps of the forward lane, in order, those done at the start included. */
export function forwardSteps(definition: SagaDefinition): string[] {
  const compensations = new Set<string>();
  for (const node of allNodes(definition.machine.root)) {
    const meta = node.meta as Partial<StepMeta> | undefined;
    if (meta?.lane === 'compensation' && meta.step !== undefined) compensations.add(meta.step);
  }
  return [
    ...definition.doneAtStart,
    ...Object.keys(definition.steps).filter((step) => !compensations.has(step)),
  ];
}

type Node = SagaDefinition['machine']['root'];
const allNodes = (node: Node): Node[] => [node, ...(Object.values(node.states) as Node[]).flatMap(allNodes)];

/** Notes that somebody wants it cancelled: false when it is past that (the pivot was sent, or it has turned back already). */
export async function requestCancel(
  tx: Transaction,
  definition: SagaDefinition,
  sagaId: string,
  reason: string,
): Promise<boolean> {
  const row = await tx.get(sagaTable, sagaId);
  if (row === undefined || row.status !== 'running') return false;
  if (!positionOf(definition, row.snapshot).snapshot.can({ type: 'cancel', reason })) return false;
  const sleeps = row.leaseHolder === null;
  await tx.put(sagaTable, { ...row, cancelRequested: reason, ...(sleeps ? { dueUs: tx.now() } : {}) });
  return true;
}

/** A person says that a parked saga shall go on: false when it is not parked. Afterwards: `wakeSagas`. */
export async function retryParked(
  tx: Transaction,
  definition: SagaDefinition,
  sagaId: string,
): Promise<boolean> {
  const row = await tx.get(sagaTable, sagaId);
  if (row === undefined || row.status !== 'parked') return false;
  const nowUs = tx.now();
  const going = advanceRow(tx, definition, row, { type: 'retry' });
  const steps = { ...going.steps };
  for (const { step } of positionOf(definition, going.snapshot).active) {
    const known = steps[step];
    // The limit after which it is parked begins anew.
    if (known !== undefined) steps[step] = { ...known, firstStartedUs: nowUs, againAtUs: null };
  }
  await tx.put(sagaTable, { ...going, steps, dueUs: nowUs });
  return true;
}

/** The same for all that are parked, the oldest first. Gives how many they are. */
export async function retryAllParked(tx: Transaction, definition: SagaDefinition): Promise<number> {
  const parked = (await tx.list(sagaTable, withStatus('parked'))).filter(
    ({ saga }) => saga === definition.name,
  );
  for (const { sagaId } of parked) await retryParked(tx, definition, sagaId);
  return parked.length;
}

export const isPast = (moment: RunTimeUs, nowUs: RunTimeUs): boolean => elapsedMs(moment, nowUs) >= 0;
