import * as z from 'zod/mini';
import { SERVICE_NAMES } from '../kernel/index.ts';
import { CLOUD_EVENT_TYPE, cloudEventSchema } from './cloud-event.ts';
import { defineContract, operation } from './define-contract.ts';

// The broker's contract lives here, not in services/: the outbox and the subscriptions are its clients.

const name = z.string().check(z.regex(/^[a-z][a-z0-9-]{0,62}$/));

const placed = z.strictObject({
  topic: z.string(),
  messageId: z.string(),
  partition: z.int(),
  offset: z.int(),
});

const subscription = z.strictObject({ topic: name, service: z.enum(SERVICE_NAMES) });

const topicView = z.strictObject({
  topic: z.string(),
  partitions: z.array(z.strictObject({ partition: z.int(), nextOffset: z.int() })),
  groups: z.array(
    z.strictObject({
      group: z.string(),
      service: z.string(),
      /** Messages that wait or are under way. */
      lag: z.int(),
      deadLetters: z.int(),
    }),
  ),
});

const deadLetterView = z.strictObject({
  deadLetterId: z.string(),
  messageId: z.string(),
  topic: z.string(),
  group: z.string(),
  deliveries: z.int(),
  reason: z.string(),
  deadAt: z.string(),
  event: cloudEventSchema,
});

export const brokerContract = defineContract({
  service: 'broker',
  title: 'Broker',
  version: '1.0.0',
  operations: {
    publish: operation('broker', {
      id: 'publish',
      method: 'POST',
      path: '/topics/{topic}/messages',
      summary:
        'Store a message (CloudEvents 1.0, structured mode); it is then pushed to every group of the topic',
      access: { kind: 'services', services: ['user', 'product', 'order', 'shipping', 'monolith'] },
      params: z.strictObject({ topic: name }),
      body: cloudEventSchema,
      contentType: CLOUD_EVENT_TYPE,
      answers: { 201: { description: 'Stored: its partition and offset', body: placed } },
      // Again means twice in the topic; consumers drop the second by its id (at-least-once).
      repeatable: true,
    }),
    subscribe: operation('broker', {
      id: 'subscribe',
      method: 'PUT',
      path: '/subscriptions/{group}',
      summary: 'Begin (or keep) pushing a topic to a group of consumers, from its oldest message on',
      access: { kind: 'services', services: ['user', 'product', 'order', 'shipping', 'monolith'] },
      params: z.strictObject({ group: name }),
      body: subscription,
      answers: {
        200: {
          description: 'The subscription',
          body: z.strictObject({ group: z.string(), topic: z.string(), service: z.string() }),
        },
      },
      repeatable: true,
    }),
    listTopics: operation('broker', {
      id: 'listTopics',
      method: 'GET',
      path: '/topics',
      summary: 'All topics, with each group and its lag',
      access: { kind: 'admin' },
      answers: { 200: { description: 'Topics', body: z.strictObject({ topics: z.array(topicView) }) } },
    }),
    listDeadLetters: operation('broker', {
      id: 'listDeadLetters',
      method: 'GET',
      path: '/dead-letters',
      summary: 'Messages that a group could not process',
      access: { kind: 'admin' },
      answers: {
        200: { description: 'Dead letters', body: z.strictObject({ deadLetters: z.array(deadLetterView) }) },
      },
      repeatable: true,
    }),
    redrive: operation('broker', {
      id: 'redrive',
      method: 'POST',
      path: '/dead-letters/{messageId}/redrive',
      summary: 'Deliver a dead letter again, to each group that could not process it',
      access: { kind: 'admin' },
      params: z.strictObject({ messageId: z.string().check(z.minLength(1), z.maxLength(200)) }),
      answers: {
        202: {
          description: 'Placed at the end of its partition',
          body: z.strictObject({ groups: z.array(z.string()) }),
        },
      },
      repeatable: true,
    }),
    redriveAll: operation('broker', {
      id: 'redriveAll',
      method: 'POST',
      path: '/dead-letters/redrive',
      summary: 'Deliver all dead letters again, each to the group that could not process it',
      access: { kind: 'admin' },
      answers: {
        202: {
          description: 'So many were placed at the end of their partitions',
          body: z.strictObject({ redriven: z.int() }),
        },
      },
      repeatable: true,
    }),
  },
});
