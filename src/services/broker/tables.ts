import { defineTable, type EventId, type RunTimeUs, type ServiceName } from '../../kernel/index.ts';
import type { CloudEvent } from '../../patterns/index.ts';

export interface PartitionRow {
  /** `orders/2`. */
  readonly partitionId: string;
  readonly topic: string;
  readonly partition: number;
  /** Of the next message. */
  readonly nextOffset: number;
}

export interface MessageRow {
  /** `orders/2/000000017`: sorts by offset within its partition. */
  readonly place: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly event: CloudEvent;
  /** A redriven dead letter is for this group only; null: for all. */
  readonly onlyGroup: string | null;
  /** The event of the run log that says so: deliveries happen because of it. */
  readonly cause: EventId;
  readonly acceptedUs: RunTimeUs;
}

export interface SubscriptionRow {
  readonly group: string;
  readonly topic: string;
  readonly service: ServiceName;
}

/** How far a group has read a partition. */
export interface CursorRow {
  /** `shipping-orders/2`. */
  readonly cursorId: string;
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** The first message that is not yet acknowledged. */
  readonly nextOffset: number;
  /** How often that message reached the group and came back; it is dead after `maxDeliveries`. */
  readonly deliveries: number;
  /** How often it was tried in all, to space the tries. */
  readonly tries: number;
  readonly notBeforeUs: RunTimeUs;
}

export interface DeadLetterRow {
  /** `<group>/<message id>`. */
  readonly deadLetterId: string;
  readonly messageId: string;
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly event: CloudEvent;
  readonly deliveries: number;
  readonly reason: string;
  readonly deadUs: RunTimeUs;
}

export const partitionsTable = defineTable<PartitionRow>('partitions', 'partitionId', { topic: 'topic' });
export const messagesTable = defineTable<MessageRow>('messages', 'place', { onlyGroup: 'onlyGroup' });
export const brokerSubscriptionsTable = defineTable<SubscriptionRow>('subscriptions', 'group', {
  topic: 'topic',
});
export const cursorsTable = defineTable<CursorRow>('cursors', 'cursorId', { topic: 'topic' });
export const deadLettersTable = defineTable<DeadLetterRow>('dead-letters', 'deadLetterId', {
  messageId: 'messageId',
});

export const brokerTables = [
  partitionsTable,
  messagesTable,
  brokerSubscriptionsTable,
  cursorsTable,
  deadLettersTable,
] as const;
