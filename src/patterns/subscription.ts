import * as z from 'zod/mini';
import {
  type AnyTable,
  type BackgroundTask,
  type Context,
  plusMs,
  type ServiceName,
  type Transaction,
} from '../kernel/index.ts';
import { brokerContract } from './broker-contract.ts';
import { call } from './call.ts';
import { CLOUD_EVENT_TYPE, type CloudEvent, cloudEventSchema } from './cloud-event.ts';
import type { CallOutcome } from './contract.ts';
import { operation } from './define-contract.ts';
import { resolve } from './discovery.ts';
import { enterInbox, inboxTable } from './inbox.ts';
import { type Problem, problem } from './problem.ts';
import type { HandlerOf } from './service-shell.ts';

/** What a service does with the events of one topic. */
export interface Subscription {
  readonly topic: string;
  /** Names this reader of the topic, the same for all instances: `shipping-orders`. */
  readonly group: string;
  /** Which tables `handle` uses; the inbox is added. */
  readonly tables: readonly AnyTable[];
  /**
   * The effect of one event, in one transaction with the inbox row. A throw gives the event back to the
   * broker, which delivers it again, and in the end to the dead letters.
   */
  handle(tx: Transaction, event: CloudEvent, context: Context): Promise<void>;
  /** After the commit: to wake a relay or a saga of this instance. */
  handled?(context: Context): void;
}

/** `POST /events?group=…`: where the broker pushes events to this service. */
export function eventsOperation(service: ServiceName): EventsOperation {
  const known = eventsOperations.get(service);
  if (known !== undefined) return known;
  const made = operationFor(service);
  eventsOperations.set(service, made);
  return made;
}

type EventsOperation = ReturnType<typeof operationFor>;

/** Made once for each service: schemas are costly to make, and the broker asks at every delivery. */
const eventsOperations = new Map<ServiceName, EventsOperation>();

const operationFor = (service: ServiceName) =>
  operation(service, {
    id: 'receiveEvent',
    method: 'POST',
    path: '/events',
    summary: 'Takes one event that the broker delivers (CloudEvents 1.0, structured mode)',
    access: { kind: 'services', services: ['broker'] },
    query: z.object({ group: z.string() }),
    body: cloudEventSchema,
    contentType: CLOUD_EVENT_TYPE,
    answers: { 204: { description: 'Processed, now or before', body: null } },
    repeatable: true,
  });

/** Runs the group's subscription behind its inbox. */
async function receiveEvent(
  subscriptions: readonly Subscription[],
  group: string,
  event: CloudEvent,
  context: Context,
): Promise<{ readonly status: 204 } | Problem> {
  const subscription = subscriptions.find((candidate) => candidate.group === group);
  if (subscription === undefined) {
    return problem(404, 'no-such-group', 'No such group', `This service reads no topic as group '${group}'.`);
  }
  const { topic } = subscription;
  await context.store.transact(
    `consume ${topic}`,
    [inboxTable, ...subscription.tables.filter((table) => table.name !== inboxTable.name)],
    'readwrite',
    async (tx) => {
      const fresh = await enterInbox(tx, group, event, context.settings.messaging.inboxWindowMs);
      if (fresh) await subscription.handle(tx, event, context);
      tx.emit({
        type: 'message.consumed',
        topic,
        messageId: event.id,
        messageType: event.type,
        group,
        duplicate: !fresh,
      });
    },
  );
  subscription.handled?.(context);
  return { status: 204 };
}

/** Answers `POST /events` of a service with subscriptions; the shell routes, admits and reads the request. */
export const eventsRoute =
  (subscriptions: readonly Subscription[]): HandlerOf<EventsOperation> =>
  async ({ query, body }, context) =>
    await receiveEvent(subscriptions, query.group, body, context);

const SUBSCRIBE_AGAIN_MS = 1000;
/** MSG-11: one that nobody answers is given up then, whatever nets the edge has, and made again. */
const SUBSCRIBE_WITHIN_MS = 10_000;

/** Tells the broker of each subscription, until it took them. It keeps them, so once per life is enough. */
export const subscriptionTask = (subscriptions: readonly Subscription[]): BackgroundTask => ({
  name: 'subscriptions',
  run: async (context) => {
    for (const { topic, group } of subscriptions) {
      for (;;) {
        // The address is asked for first: the look-up shall not use up the attempt's time.
        await resolve(context, 'broker');
        const deadlineUs = plusMs(context.clock.now(), SUBSCRIBE_WITHIN_MS);
        const outcome = await context.scope({ name: `subscribe ${group}`, deadlineUs }, (own) =>
          subscribe(own, topic, group),
        );
        if (outcome.ok) break;
        await context.clock.sleep(SUBSCRIBE_AGAIN_MS);
      }
    }
  },
});

async function subscribe(context: Context, topic: string, group: string): Promise<CallOutcome<unknown>> {
  return await call(
    context,
    brokerContract.operations.subscribe,
    { params: { group }, body: { topic, service: context.service } },
    { randomKey: group },
  );
}
