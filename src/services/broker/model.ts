import {
  hash32,
  plusMs,
  RUN_START,
  type RunSettings,
  type ServiceName,
  type Transaction,
} from '../../kernel/index.ts';
import { type CloudEvent, ModelError, problem } from '../../patterns/index.ts';
import {
  brokerSubscriptionsTable,
  type CursorRow,
  cursorsTable,
  type DeadLetterRow,
  deadLettersTable,
  type MessageRow,
  messagesTable,
  type PartitionRow,
  partitionsTable,
} from './tables.ts';

/** Of each topic. A group has one message under way in each, so this many at once. */
export const PARTITIONS = 8;
/** Messages kept behind the slowest group, to look at. */
const KEPT = 50;

export const partitionOf = (key: string): number => hash32(`partition/${key}`) % PARTITIONS;

const partitionIdOf = (topic: string, partition: number): string => `${topic}/${partition}`;
const placeOf = (topic: string, partition: number, offset: number): string =>
  `${topic}/${partition}/${String(offset).padStart(9, '0')}`;

async function partitionRow(tx: Transaction, topic: string, partition: number): Promise<PartitionRow> {
  const partitionId = partitionIdOf(topic, partition);
  return (await tx.get(partitionsTable, partitionId)) ?? { partitionId, topic, partition, nextOffset: 0 };
}

/** Appends a message to its key's partition. A repeated one is appended again: consumers drop it by its id. */
export async function accept(
  tx: Transaction,
  topic: string,
  event: CloudEvent,
  onlyGroup: string | null = null,
): Promise<MessageRow> {
  const partition = partitionOf(event.partitionkey);
  const log = await partitionRow(tx, topic, partition);
  const offset = log.nextOffset;
  const place = placeOf(topic, partition, offset);
  const cause = tx.emit({
    type: 'message.accepted',
    topic,
    messageId: event.id,
    messageType: event.type,
    key: event.partitionkey,
    partition,
    offset,
  });
  const message: MessageRow = {
    place,
    topic,
    partition,
    offset,
    event,
    onlyGroup,
    cause,
    acceptedUs: tx.now(),
  };
  await tx.put(partitionsTable, { ...log, nextOffset: offset + 1 });
  await tx.put(messagesTable, message);
  return message;
}

/** Begins to push a topic to a group, from its oldest message on; a group that is known keeps its place. */
export async function subscribe(
  tx: Transaction,
  group: string,
  topic: string,
  service: ServiceName,
): Promise<void> {
  const known = await tx.get(brokerSubscriptionsTable, group);
  if (known !== undefined && known.topic !== topic) {
    throw new ModelError(
      problem(
        409,
        'group-reads-another-topic',
        'Group reads another topic',
        `The group '${group}' reads '${known.topic}'.`,
      ),
    );
  }
  await tx.put(brokerSubscriptionsTable, { group, topic, service });
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const cursorId = `${group}/${partition}`;
    if ((await tx.get(cursorsTable, cursorId)) !== undefined) continue;
    await tx.put(cursorsTable, {
      cursorId,
      group,
      topic,
      partition,
      nextOffset: 0,
      deliveries: 0,
      tries: 0,
      notBeforeUs: RUN_START,
    });
  }
}

/** The next message for a cursor; those for other groups are passed over. */
export async function nextMessage(tx: Transaction, cursor: CursorRow): Promise<MessageRow | null> {
  let from = cursor.nextOffset;
  for (;;) {
    const [message] = await tx.list(messagesTable, {
      from: placeOf(cursor.topic, cursor.partition, from),
      to: placeOf(cursor.topic, cursor.partition, 999_999_999),
      limit: 1,
    });
    if (message === undefined) return null;
    if (message.onlyGroup === null || message.onlyGroup === cursor.group) return message;
    from = message.offset + 1;
  }
}

/** Messages of the group's topic that it has not acknowledged. */
export async function lagOf(tx: Transaction, group: string, topic: string): Promise<number> {
  const cursors = (await tx.list(cursorsTable, { index: 'topic', equals: topic })).filter(
    (row) => row.group === group,
  );
  const partitions = await tx.list(partitionsTable, { index: 'topic', equals: topic });
  let lag = 0;
  for (const cursor of cursors) {
    const log = partitions.find((row) => row.partition === cursor.partition);
    lag += Math.max(0, (log?.nextOffset ?? 0) - cursor.nextOffset);
  }
  return lag;
}

/** Notes that a message is about to be sent. */
export async function sending(tx: Transaction, cursor: CursorRow): Promise<CursorRow> {
  const next = { ...cursor, tries: cursor.tries + 1 };
  await tx.put(cursorsTable, next);
  return next;
}

/** The group is done with a message: on to the next one. Drops what every group has long behind it. */
export async function moveOn(tx: Transaction, cursor: CursorRow, message: MessageRow): Promise<void> {
  await tx.put(cursorsTable, {
    ...cursor,
    nextOffset: message.offset + 1,
    deliveries: 0,
    tries: 0,
    notBeforeUs: RUN_START,
  });
  const old = message.offset - KEPT;
  if (old < 0) return;
  const readers = (await tx.list(cursorsTable, { index: 'topic', equals: cursor.topic })).filter(
    (row) => row.partition === cursor.partition && row.cursorId !== cursor.cursorId,
  );
  if (readers.every((row) => row.nextOffset > old)) {
    await tx.delete(messagesTable, placeOf(cursor.topic, cursor.partition, old));
  }
}

export async function acknowledge(tx: Transaction, cursor: CursorRow, message: MessageRow): Promise<void> {
  await moveOn(tx, cursor, message);
  const { topic, group } = cursor;
  const lag = await lagOf(tx, group, topic);
  tx.emit({ type: 'message.acknowledged', topic, messageId: message.event.id, group, lag });
}

/** Why a delivery was not acknowledged. */
export interface FailedDelivery {
  readonly reason: string;
  /** The consumer had it and failed; false: it was not there, or said "not now". */
  readonly counts: boolean;
}

/**
 * Plans the next delivery, or gives the message up to the dead letters once it has failed
 * `settings.messaging.maxDeliveries` times.
 */
export async function deliveryFailed(
  tx: Transaction,
  cursor: CursorRow,
  message: MessageRow,
  failure: FailedDelivery,
  settings: RunSettings['messaging'],
): Promise<void> {
  const { topic, group, partition } = cursor;
  const messageId = message.event.id;
  const { reason } = failure;
  const deliveries = failure.counts ? cursor.deliveries + 1 : cursor.deliveries;
  if (failure.counts && deliveries >= settings.maxDeliveries) {
    const letter: DeadLetterRow = {
      deadLetterId: `${group}/${messageId}`,
      messageId,
      group,
      topic,
      partition,
      event: message.event,
      deliveries,
      reason,
      deadUs: tx.now(),
    };
    await tx.put(deadLettersTable, letter);
    await moveOn(tx, cursor, message);
    tx.emit({ type: 'message.dead-lettered', topic, messageId, group, deliveries, reason });
    return;
  }
  const delayMs = Math.min(settings.redeliveryCapMs, settings.redeliveryBaseMs * 2 ** (cursor.tries - 1));
  await tx.put(cursorsTable, { ...cursor, deliveries, notBeforeUs: plusMs(tx.now(), delayMs) });
  tx.emit({ type: 'message.redelivery.scheduled', topic, messageId, group, delayMs, reason });
}

/** Puts a dead letter back, at the end of its partition and for the groups that had given it up. */
export async function redrive(tx: Transaction, messageId: string): Promise<string[]> {
  const letters = await tx.list(deadLettersTable, { index: 'messageId', equals: messageId });
  if (letters.length === 0) {
    throw new ModelError(
      problem(
        404,
        'no-such-dead-letter',
        'No such dead letter',
        `No group has given up the message '${messageId}'.`,
      ),
    );
  }
  for (const letter of letters) {
    await accept(tx, letter.topic, letter.event, letter.group);
    await tx.delete(deadLettersTable, letter.deadLetterId);
  }
  return letters.map((letter) => letter.group);
}
