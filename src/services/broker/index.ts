import { defineService, discoveryTask, leaseTable, registrationTask, rfc3339 } from '../../patterns/index.ts';
import { brokerContract } from './contract.ts';
import { deliveryTask, wakeDelivery } from './delivery.ts';
import { accept, lagOf, redrive, redriveAll, subscribe } from './model.ts';
import {
  brokerSubscriptionsTable,
  brokerTables,
  deadLettersTable,
  messagesTable,
  partitionsTable,
} from './tables.ts';

/**
 * The broker: topics of partitions kept on disk, pushed to groups at least once. Store operations:
 * `accept message`, `subscribe`, `list topics`, `list dead letters`, `redrive`, `redrive all`,
 * `delivery look`, `delivery claim`, `delivery sent`, `delivery acknowledged`, `delivery failed`.
 */
export const brokerService = defineService({
  contract: brokerContract,
  tables: [...brokerTables, leaseTable],
  background: [registrationTask(), discoveryTask(['order', 'shipping', 'user']), deliveryTask()],
  handlers: {
    publish: async ({ params: { topic }, body }, context) => {
      const message = await context.store.transact(
        'accept message',
        [partitionsTable, messagesTable],
        'readwrite',
        async (tx) => accept(tx, topic, body),
      );
      wakeDelivery(context);
      const { partition, offset } = message;
      return { status: 201, body: { topic, messageId: body.id, partition, offset } };
    },
    subscribe: async ({ params: { group }, body: { topic, service } }, context) => {
      await context.store.transact('subscribe', brokerTables, 'readwrite', async (tx) =>
        subscribe(tx, group, topic, service),
      );
      wakeDelivery(context);
      return { status: 200, body: { group, topic, service } };
    },
    listTopics: async (_, context) => {
      const topics = await context.store.transact('list topics', brokerTables, 'readonly', async (tx) => {
        const partitions = await tx.list(partitionsTable);
        const subscriptions = await tx.list(brokerSubscriptionsTable);
        const dead = await tx.list(deadLettersTable);
        const names = [...new Set([...partitions, ...subscriptions].map((row) => row.topic))].sort();
        const views = [];
        for (const topic of names) {
          const groups = [];
          for (const { group, service } of subscriptions.filter((row) => row.topic === topic)) {
            const deadLetters = dead.filter((letter) => letter.group === group).length;
            groups.push({ group, service, lag: await lagOf(tx, group, topic), deadLetters });
          }
          views.push({
            topic,
            partitions: partitions
              .filter((row) => row.topic === topic)
              .map(({ partition, nextOffset }) => ({ partition, nextOffset })),
            groups,
          });
        }
        return views;
      });
      return { status: 200, body: { topics } };
    },
    listDeadLetters: async (_, context) => {
      const letters = await context.store.transact(
        'list dead letters',
        [deadLettersTable],
        'readonly',
        async (tx) => tx.list(deadLettersTable),
      );
      const deadLetters = letters.map(({ deadUs, partition: _partition, ...letter }) => ({
        ...letter,
        deadAt: rfc3339(deadUs),
      }));
      return { status: 200, body: { deadLetters } };
    },
    redrive: async ({ params: { messageId } }, context) => {
      const groups = await context.store.transact('redrive', brokerTables, 'readwrite', async (tx) =>
        redrive(tx, messageId),
      );
      wakeDelivery(context);
      return { status: 202, body: { groups } };
    },
    redriveAll: async (_, context) => {
      const redriven = await context.store.transact('redrive all', brokerTables, 'readwrite', redriveAll);
      wakeDelivery(context);
      return { status: 202, body: { redriven } };
    },
  },
});
