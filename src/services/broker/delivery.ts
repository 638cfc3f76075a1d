import {
  type BackgroundTask,
  Cancelled,
  type Context,
  defineLocal,
  elapsedMs,
  type InstanceId,
  parseTraceparent,
  type RunTimeUs,
  Semaphore,
  type ServiceName,
} from '../../kernel/index.ts';
import {
  type CallFailure,
  call,
  claimLease,
  eventsOperation,
  holdsLease,
  leaseHolder,
  leaseTable,
  resolve,
  WakeUp,
} from '../../patterns/index.ts';
import { acknowledge, deliveryFailed, type FailedDelivery, nextMessage, sending } from './model.ts';
import {
  brokerSubscriptionsTable,
  brokerTables,
  type CursorRow,
  cursorsTable,
  type MessageRow,
  partitionsTable,
} from './tables.ts';

// Pushes each group's messages. One is under way in a (group, partition) at a time, so those of one key
// stay in order. How far a group is, and how often a message was sent, is in the database before it is
// sent: after a crash what was under way is simply sent again.

const wakeUp = defineLocal('deliveries', () => new WakeUp());
/** The cursors with a message under way, each a semaphore of one. */
const lanes = defineLocal('delivery lanes', () => new Map<string, Semaphore>());

/** Call it after a transaction that accepted a message. */
export const wakeDelivery = (context: Context): void => context.local(wakeUp).ring();

const LEASE = 'delivery';
const LEASE_MS = 3000;
/** How long a consumer may take to acknowledge: Google Pub/Sub's default. */
const ACK_DEADLINE_MS = 10_000;

interface Due {
  readonly cursor: CursorRow;
  readonly message: MessageRow;
  readonly service: ServiceName;
}

/** Delivers what is due. One broker instance does, by lease. */
export const deliveryTask = (): BackgroundTask => ({
  name: 'deliveries',
  run: async (context) => {
    const wake = context.local(wakeUp);
    for (;;) {
      wake.reset();
      const { due, nextUs } = await look(context);
      const free = due.filter(({ cursor }) => laneOf(context, cursor).used === 0);
      const fence = free.length === 0 ? null : await claim(context);
      if (fence !== null) {
        for (const next of free) begin(context, next, fence);
      }
      const pollMs = context.settings.messaging.relayPollMs;
      const untilNextMs = nextUs === null ? pollMs : elapsedMs(context.clock.now(), nextUs);
      await wake.wait(context, Math.max(1, Math.min(pollMs, untilNextMs)));
    }
  },
});

const laneOf = (context: Context, cursor: CursorRow): Semaphore => {
  const all = context.local(lanes);
  const lane = all.get(cursor.cursorId) ?? new Semaphore(1);
  all.set(cursor.cursorId, lane);
  return lane;
};

async function look(context: Context): Promise<{ due: Due[]; nextUs: RunTimeUs | null }> {
  return await context.store.transact('delivery look', brokerTables, 'readonly', async (tx) => {
    const due: Due[] = [];
    let nextUs: RunTimeUs | null = null;
    for (const { group, topic, service } of await tx.list(brokerSubscriptionsTable)) {
      const partitions = await tx.list(partitionsTable, { index: 'topic', equals: topic });
      const ends = new Map(partitions.map(({ partition, nextOffset }) => [partition, nextOffset]));
      for (const cursor of await tx.list(cursorsTable, { index: 'topic', equals: topic })) {
        // Most cursors stand at their partition's end: these need no further look.
        if (cursor.group !== group || cursor.nextOffset >= (ends.get(cursor.partition) ?? 0)) continue;
        const message = await nextMessage(tx, cursor);
        if (message === null) continue;
        if (cursor.notBeforeUs <= tx.now()) due.push({ cursor, message, service });
        else if (nextUs === null || cursor.notBeforeUs < nextUs) nextUs = cursor.notBeforeUs;
      }
    }
    return { due, nextUs };
  });
}

async function claim(context: Context): Promise<number | null> {
  return await context.store.transact('delivery claim', [leaseTable], 'readwrite', async (tx) =>
    claimLease(tx, LEASE, leaseHolder(context), LEASE_MS),
  );
}

function begin(context: Context, due: Due, fence: number): void {
  const { cursor, message } = due;
  const lane = laneOf(context, cursor);
  if (!lane.tryAcquire()) return;
  const span = parseTraceparent(message.event.traceparent);
  const about = { name: `deliver ${cursor.cursorId}`, cause: message.cause };
  context.fork({ ...about, ...(span === null ? {} : { span }) }, async (own) => {
    try {
      await deliver(own, due, fence);
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      const why = error instanceof Error ? error.message : String(error);
      own.log.emit({ type: 'process.failed', process: about.name, error: why });
      // The database failed, and is asked again at once when the lane is free: it gets a moment.
      await own.clock.sleep(own.settings.messaging.redeliveryBaseMs);
    } finally {
      lane.release();
      wakeDelivery(own);
    }
  });
}

async function deliver(
  context: Context,
  { cursor: seen, message, service }: Due,
  fence: number,
): Promise<void> {
  const { cursorId } = seen;
  const instance = await resolve(context, service, { draw: [message.event.id, seen.tries] });
  const cursor = await context.store.transact(
    'delivery sent',
    [cursorsTable, leaseTable],
    'readwrite',
    async (tx) => {
      const now = await tx.get(cursorsTable, cursorId);
      if (!(await holdsLease(tx, LEASE, fence)) || now === undefined || !isSamePlace(now, seen)) return null;
      const next = await sending(tx, now);
      if (instance !== null) {
        const { topic, group } = next;
        const messageId = message.event.id;
        tx.emit({
          type: 'message.sent',
          topic,
          messageId,
          group,
          to: service,
          toInstance: instance,
          delivery: next.deliveries + 1,
        });
      }
      return next;
    },
  );
  if (cursor === null) return;
  const failure =
    instance === null
      ? { reason: `no instance of ${service} is known`, counts: false }
      : await push(context, message, cursor, service, instance);
  const operation = failure === null ? 'delivery acknowledged' : 'delivery failed';
  await context.store.transact(operation, [...brokerTables, leaseTable], 'readwrite', async (tx) => {
    const now = await tx.get(cursorsTable, cursorId);
    // Another broker instance goes on with it, or has: what it says is what holds.
    if (!(await holdsLease(tx, LEASE, fence)) || now === undefined || !isSamePlace(now, cursor)) return;
    if (failure === null) await acknowledge(tx, now, message);
    else await deliveryFailed(tx, now, message, failure, context.settings.messaging);
  });
}

const isSamePlace = (a: CursorRow, b: CursorRow): boolean =>
  a.nextOffset === b.nextOffset && a.tries === b.tries;

/** One delivery to one instance; null: acknowledged. The broker waits and repeats in its own way, so the edge's nets are not used. */
async function push(
  context: Context,
  message: MessageRow,
  cursor: CursorRow,
  service: ServiceName,
  instance: InstanceId,
): Promise<FailedDelivery | null> {
  const outcome = await call(
    context,
    eventsOperation(service),
    { query: { group: cursor.group }, body: message.event },
    {
      policy: 'none',
      timeoutMs: ACK_DEADLINE_MS,
      instance,
      randomKey: `${message.event.id}/${cursor.tries}`,
    },
  );
  return outcome.ok ? null : failureOf(outcome.error);
}

function failureOf(failure: CallFailure): FailedDelivery {
  if (failure.kind === 'refused') {
    const { title, detail } = failure.problem;
    return { reason: `${failure.status} ${detail ?? title}`, counts: true };
  }
  const saysNotNow = failure.status === 503 || failure.status === 429;
  return { reason: failure.reason, counts: failure.mayHaveHappened && !saysNotNow };
}
