import { expect, it } from 'vitest';
import { LogBuilder } from '../../invariants/testing/log-builder.ts';
import type { EventDraft, RunEvent } from '../../kernel/index.ts';
import { Unfinished } from './unfinished.ts';

const follow = (events: readonly RunEvent[]): Unfinished => {
  const unfinished = new Unfinished();
  for (const event of events) unfinished.add(event);
  return unfinished;
};

const message = { topic: 'orders', messageId: 'order.1' } as const;
const accepted = {
  type: 'message.accepted',
  ...message,
  messageType: 'order.placed',
  key: 'o1',
  partition: 0,
  offset: 0,
} as const;
const published = { type: 'message.published', ...message, messageType: 'order.placed', key: 'o1' } as const;
const subscribed = (log: LogBuilder) =>
  log.commit('broker', { 'subscriptions/g': { group: 'g', topic: 'orders', service: 'shipping' } });
const given = (type: 'message.acknowledged' | 'message.dead-lettered'): EventDraft =>
  type === 'message.acknowledged'
    ? { type, ...message, group: 'g', lag: 0 }
    : { type, ...message, group: 'g', deliveries: 5, reason: 'no' };
const givenUp = (log: LogBuilder) =>
  log
    .commit('broker', { 'dead-letters/g/order.1': { messageId: 'order.1' } })
    .add('broker', given('message.dead-lettered'));
const saga = { sagaId: 's1', orderId: 'o1' } as const;

it('is at rest before anything has begun, and once all has ended', () => {
  expect(follow([]).isAtRest).toBe(true);
  const log = subscribed(new LogBuilder())
    .add('order', { type: 'saga.started', ...saga, saga: 'place-order', giveUpAtUs: 0 as never, steps: [] })
    .add('order', published)
    .add('broker', accepted)
    .add('broker', given('message.acknowledged'))
    .add('order', { type: 'saga.completed', ...saga });
  expect(follow(log.events).isAtRest).toBe(true);
  expect(follow(log.events).orders).toBe(1);
  for (let length = 2; length < log.events.length; length += 1)
    expect(follow(log.events.slice(0, length)).isAtRest).toBe(false);
});

it('says what has not ended', () => {
  const log = new LogBuilder()
    .add('order', { type: 'saga.started', ...saga, saga: 'place-order', giveUpAtUs: 0 as never, steps: [] })
    .add('customers', { type: 'intent.started', intentId: 'i1', kind: 'order', customer: 'ada' })
    .add('order', published)
    .commit('shipping', { 'shipments/o1': { orderId: 'o1', nextAtUs: 5 } });
  expect(follow(log.events).list()).toEqual([
    '1 customer(s) wait (i1)',
    '1 order(s) have not ended (o1)',
    '1 message(s) have not left their outbox (order.1)',
    '1 parcel(s) are on their way (o1)',
  ]);
  expect(follow(log.events).newestOrder()).toBe('o1');
  log.commit('shipping', { 'shipments/o1': { orderId: 'o1' } });
  expect(follow(log.events).list()).toHaveLength(3);
});

it('a group that subscribes late has the older messages before it; a dead letter waits until it is sent again', () => {
  const log = new LogBuilder().add('order', published).add('broker', accepted);
  expect(follow(log.events).isAtRest).toBe(true);
  subscribed(log);
  expect(follow(log.events).list()).toEqual(['1 message(s) are not acknowledged (g/order.1)']);
  givenUp(log);
  expect(follow(log.events).list()).toEqual(['1 message(s) were given up (g/order.1)']);
  log.commit('broker', { 'dead-letters/g/order.1': null }).add('broker', accepted);
  expect(follow(log.events).list()).toEqual(['1 message(s) are not acknowledged (g/order.1)']);
  log.add('broker', given('message.acknowledged'));
  expect(follow(log.events).isAtRest).toBe(true);
});

it('a dead letter waits still when a relay that had no answer sends its message again', () => {
  const log = givenUp(subscribed(new LogBuilder().add('order', published).add('broker', accepted)));
  log.add('broker', accepted).add('broker', given('message.acknowledged'));
  expect(follow(log.events).list()).toEqual(['1 message(s) were given up (g/order.1)']);
});
