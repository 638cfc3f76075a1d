import type { EventDraft, Json } from '../../kernel/index.ts';
import { LogBuilder } from './log-builder.ts';

// What is said of messages of the topic `orders`; keys are orders, the group is Shipping's.

export const GROUP = 'shipping-orders';

/** A row of the outbox, by the place that its id ends with: `m1` is at 1. */
export const written = (messageId: string, key = 'o1'): Record<string, Json> => ({
  [`outbox/${messageId}`]: { messageId, position: Number(messageId.slice(1)), topic: 'orders', key },
});
export const accepted = (messageId: string, offset: number, key = 'o1', partition = 0): EventDraft => ({
  type: 'message.accepted',
  topic: 'orders',
  messageId,
  messageType: 'order.placed',
  key,
  partition,
  offset,
});
export const consumed = (messageId: string, duplicate = false): EventDraft => ({
  type: 'message.consumed',
  topic: 'orders',
  messageId,
  messageType: 'order.placed',
  group: GROUP,
  duplicate,
});
export const acknowledged = (messageId: string): EventDraft => ({
  type: 'message.acknowledged',
  topic: 'orders',
  messageId,
  group: GROUP,
  lag: 0,
});
export const deadLettered = (messageId: string): EventDraft => ({
  type: 'message.dead-lettered',
  topic: 'orders',
  messageId,
  group: GROUP,
  deliveries: 5,
  reason: 'poison',
});

/** Two messages of one key, which the broker has taken. */
export const two = () =>
  new LogBuilder()
    .commit('order', { ...written('m1'), ...written('m2') })
    .add('broker', accepted('m1', 0))
    .add('broker', accepted('m2', 1));
