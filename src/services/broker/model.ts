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

/** The first message that is kept from an offset on. */
async function firstFrom(
  tx: Transaction,
  topic: string,
  partition: number,
  offset: number,
): Promise<MessageRow | undefined> {
  const from = placeOf(topic, partition, offset);
  const [first] = await tx.list(messagesTable, {
    from,
    to: placeOf(topic, partition, 999_999_999),
    limit: 1,
  });
  return first;
}

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
    const oldest = await firstFrom(tx, topic, partition, 0);
    const { nextOffset } =
      oldest === undefined ? await partitionRow(tx, topic, partition) : { nextOffset: oldest.offset };
    await tx.put(cursorsTable, {
      cursorId,
      group,
      topic,
      partition,
      nextOffset,
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
    const message = await firstFrom(tx, cursor.topic, cursor.partition, from);
    if (message === undefined) return null;
    if (message.onlyGroup === null || message.onlyGroup === cursor.group) return message;
    from = message.offset + 1;
  }
}

/** Messages for the group that it has not acknowledged; what was redriven for other groups is none of its own. */
export async function lagOf(tx: Transaction, group: string, topic: string): Promise<number> {
  const cursors = (await tx.list(cursorsTable, { index: 'topic', equals: topic })).filter(
    (row) => row.group === group,
  );
  const partitions = await tx.list(partitionsTable, { index: 'topic', equals: topic });
  const endOf = ({ partition }: CursorRow): number =>
    partitions.find((row) => row.partition === partition)?.nextOffset ?? 0;
  const behind = cursors.filter((cursor) => cursor.nextOffset < endOf(cursor));
  if (behind.length === 0) return 0;
  const others = (await tx.list(messagesTable, { index: 'onlyGroup' })).filter(
    (message) => message.topic === topic && message.onlyGroup !== group,
  );
  return behind.reduce((lag, cursor) => {
    const notIts = others.filter(
      ({ partition, offset }) => partition === cursor.partition && offset >= cursor.nextOffset,
    );
    return lag + endOf(cursor) - cursor.nextOffset - notIts.length;
  }, 0);
}

/** Notes that a message is about to be sent. */
export async function sending(tx: Transaction, cursor: CursorRow): Promise<CursorRow> {
  const next = { ...cursor, tries: cursor.tries + 1 };
  await tx.put(cursorsTable, next);
  return next;
}

/** The group is done with a message: on to the next one. Drops what every group has long behind it. */
export async function moveOn(tx: Transaction, cursor: CursorRow, message: MessageRow): Promise<void> {
  const { topic, partition } = cursor;
  const nextOffset = message.offset + 1;
  await tx.put(cursorsTable, { ...cursor, nextOffset, deliveries: 0, tries: 0, notBeforeUs: RUN_START });
  if (nextOffset <= KEPT) return;
  const readers = (await tx.list(cursorsTable, { index: 'topic', equals: topic })).filter(
    (row) => row.partition === partition,
  );
  const keptFrom = Math.min(...readers.map((row) => row.nextOffset)) - KEPT;
  if (keptFrom <= 0) return;
  const from = placeOf(topic, partition, 0);
  const old = await tx.list(messagesTable, { from, to: placeOf(topic, partition, keptFrom - 1) });
  for (const { place } of old) await tx.delete(messagesTable, place);
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

/** Puts a dead letter back: at the end of its partition, for the group that had given it up. */
async function putBack(tx: Transaction, letter: DeadLetterRow): Promise<void> {
  await accept(tx, letter.topic, letter.event, letter.group);
  await tx.delete(deadLettersTable, letter.deadLetterId);
}

/** Puts all dead letters back, in the order in which they were given up. Gives how many there were. */
export async function redriveAll(tx: Transaction): Promise<number> {
  const letters = await tx.list(deadLettersTable);
  for (const letter of letters.toSorted((a, b) => a.deadUs - b.deadUs)) await putBack(tx, letter);
  return letters.length;
}

/** Puts a dead letter back, for each group that had given it up. Gives the groups. */
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
  for (const letter of letters) await putBack(tx, letter);
  return letters.map((letter) => letter.group);
}
