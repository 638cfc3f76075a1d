import {
  type BackgroundTask,
  type Context,
  defineLocal,
  defineTable,
  type EventId,
  formatTraceparent,
  type Json,
  parseTraceparent,
  plusMs,
  type RunTimeUs,
  type ServiceName,
  type SpanContext,
  type Transaction,
} from '../kernel/index.ts';
import { brokerContract } from './broker-contract.ts';
import { call } from './call.ts';
import { type CloudEvent, rfc3339 } from './cloud-event.ts';
import { claimLease, leaseHolder, leaseTable, releaseLease } from './lease.ts';
import { WakeUp } from './wake-up.ts';

// Transactional outbox. MSG-1: an event's row commits with the change that it tells of, or neither does.
// MSG-2: the relay removes the row only after the broker's 2xx, so it may publish twice, never not at all.
// MSG-3: rows of one key leave in the order they were written.

export interface OutboxRow {
  readonly messageId: string;
  /** Order of writing. */
  readonly position: number;
  readonly topic: string;
  readonly type: string;
  readonly key: string;
  readonly source: ServiceName;
  readonly data: Json;
  readonly traceparent: string | null;
  /** The event of the run log that says so: what the relay does is done because of it. */
  readonly cause: EventId;
  readonly writtenUs: RunTimeUs;
}

export const outboxTable = defineTable<OutboxRow>('outbox', 'messageId', { position: 'position' });

/** The last position given: it must outlive the rows, which are removed. */
export interface OutboxCounterRow {
  readonly name: 'last';
  readonly position: number;
}

export const outboxCounterTable = defineTable<OutboxCounterRow>('outbox-counter', 'name');

/** What `publish` writes to: for the table list of a transaction. */
export const outboxTables = [outboxTable, outboxCounterTable] as const;

export interface OutgoingEvent {
  /** The service whose fact it is. */
  readonly source: ServiceName;
  readonly topic: string;
  readonly type: string;
  /** Events of one key stay in order. */
  readonly key: string;
  readonly data: Json;
  /** The span that it belongs to: consumers go on in its trace. */
  readonly span: SpanContext | null;
}

/** Writes an event into the outbox, inside the transaction that makes it true. Gives its id. */
export async function publish(tx: Transaction, event: OutgoingEvent): Promise<string> {
  const counter = await tx.get(outboxCounterTable, 'last');
  const position = (counter?.position ?? 0) + 1;
  const messageId = `${event.source}.${position}`;
  await tx.put(outboxCounterTable, { name: 'last', position });
  const cause = tx.emit({
    type: 'message.published',
    topic: event.topic,
    messageId,
    messageType: event.type,
    key: event.key,
  });
  await tx.put(outboxTable, {
    messageId,
    position,
    topic: event.topic,
    type: event.type,
    key: event.key,
    source: event.source,
    data: event.data,
    traceparent: event.span === null ? null : formatTraceparent(event.span),
    cause,
    writtenUs: tx.now(),
  });
  return messageId;
}

const relayWakeUp = defineLocal('outbox relay', () => new WakeUp());

/** Call it after a transaction that published: the relay of this instance looks at once, not at its next poll. */
export const wakeRelay = (context: Context): void => context.local(relayWakeUp).ring();

/** So many keys are under way at once; each has one message under way. */
const RELAY_LANES = 16;
const RELAY_LOOK = 200;
const RELAY_LEASE_MS = 3000;
const RELAY_LEASE = 'outbox relay';
/** MSG-11: a publication that nobody answers is given up then, whatever nets the edge has, and made again. */
const PUBLISH_WITHIN_MS = 10_000;

/**
 * Publishes what the outbox holds. Only the instance with the lease does; the others look every
 * `settings.messaging.relayPollMs`. A holder that overstays its lease can only publish twice, which the
 * consumers' inboxes drop: so its number need not be checked at each row.
 */
export const outboxRelayTask = (): BackgroundTask => ({
  name: 'outbox relay',
  whenDraining: 'ends',
  leave: async (context) => wakeRelay(context),
  run: async (context) => {
    const wakeUp = context.local(relayWakeUp);
    while (!context.draining) {
      wakeUp.reset();
      const progress = await relayRound(context);
      if (progress === 'idle') await wakeUp.wait(context, context.settings.messaging.relayPollMs);
      // The broker cannot be reached: no haste.
      if (progress === 'stuck') await context.clock.sleep(context.settings.messaging.redeliveryBaseMs);
    }
    await context.store.transact('outbox released', [leaseTable], 'readwrite', async (tx) =>
      releaseLease(tx, RELAY_LEASE, leaseHolder(context)),
    );
  },
});

async function relayRound(context: Context): Promise<'idle' | 'moved' | 'stuck'> {
  const waiting = await context.store.transact('outbox look', [outboxTable], 'readonly', async (tx) =>
    tx.list(outboxTable, { index: 'position', limit: RELAY_LOOK }),
  );
  if (waiting.length === 0) return 'idle';
  const fence = await context.store.transact('outbox claim', [leaseTable], 'readwrite', (tx) =>
    claimLease(tx, RELAY_LEASE, leaseHolder(context), RELAY_LEASE_MS),
  );
  if (fence === null) return 'idle';
  const firstOfKey = new Map<string, OutboxRow>();
  for (const row of waiting) {
    const lane = `${row.topic}/${row.key}`;
    if (!firstOfKey.has(lane) && firstOfKey.size < RELAY_LANES) firstOfKey.set(lane, row);
  }
  const sent = await context.all([...firstOfKey.values()].map((row) => (own: Context) => relayOne(own, row)));
  return sent.some(Boolean) ? 'moved' : 'stuck';
}

async function relayOne(context: Context, row: OutboxRow): Promise<boolean> {
  const parent = parseTraceparent(row.traceparent ?? undefined);
  return await context.scope(
    {
      name: `relay ${row.type}`,
      cause: row.cause,
      deadlineUs: plusMs(context.clock.now(), PUBLISH_WITHIN_MS),
      ...(parent === null ? {} : { span: parent }),
    },
    async (own) => {
      const outcome = await call(
        own,
        brokerContract.operations.publish,
        { params: { topic: row.topic }, body: eventOf(row) },
        { randomKey: row.messageId },
      );
      if (!outcome.ok) return false;
      await own.store.transact('outbox relayed', [outboxTable], 'readwrite', async (tx) => {
        await tx.delete(outboxTable, row.messageId);
      });
      return true;
    },
  );
}

const eventOf = (row: OutboxRow): CloudEvent => ({
  specversion: '1.0',
  id: row.messageId,
  source: `/services/${row.source}`,
  type: row.type,
  subject: row.key,
  time: rfc3339(row.writtenUs),
  datacontenttype: 'application/json',
  partitionkey: row.key,
  ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
  data: row.data,
});
