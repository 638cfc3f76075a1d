import type { RunEventOf } from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';
import { type Commit, type Row, textOf } from './rows.ts';

type Accepted = RunEventOf<'message.accepted'>;
type Consumed = RunEventOf<'message.consumed'>;

/** What others are told of a change of status; null: nothing. */
interface News {
  readonly topic: string;
  isTold(row: Row | undefined): boolean;
}

const NEWS: Readonly<Record<string, News>> = {
  orders: { topic: 'orders', isTold: (row) => textOf(row, 'status') !== 'CANCEL_PENDING' },
  // Picking and packing stay inside; the tombstone of a parcel that never came is no news.
  shipments: {
    topic: 'shipments',
    isTold: (row) => row?.['parcel'] !== null && !['picked', 'packed'].includes(textOf(row, 'status')),
  },
};

/**
 * A change of an order or a parcel commits with the outbox row that tells of it (MSG-1). The broker takes
 * nothing that no transaction has written. Each group processes a message once, acknowledges none that it
 * has not processed, and drops none as a repetition that is none; none is delivered more often than it may be. Once all is at rest every outbox row has
 * gone, every message was processed by every group of its topic, and no dead letter is left.
 */
export const deliveredOnce = defineChecker(
  'INV-9',
  'Every committed event is delivered, and takes effect exactly once',
  (run, report) => {
    const written = new Map<string, Commit>();
    const accepted = new Map<string, Accepted>();
    const groups = new Map<string, Map<string, Consumed>>();
    let mostDeliveries = 0;
    /** Of the present transaction. */
    const changed: string[] = [];
    const told = new Set<string>();

    const processed = (group: string, messageId: string) => groups.get(group)?.has(messageId) === true;
    const hearChange =
      ({ topic, isTold }: News) =>
      (orderId: string, before: Row | undefined, now: Row | undefined, commit: Commit) => {
        // The monolith is told by its own transaction; it has no outbox.
        if (commit.service === 'monolith' || now === undefined) return;
        if (textOf(before, 'status') !== textOf(now, 'status') && isTold(now))
          changed.push(`${topic}/${orderId}`);
      };

    return {
      rows: {
        outbox(messageId, before, now, commit) {
          if (before !== undefined || now === undefined) return;
          written.set(messageId, commit);
          told.add(`${textOf(now, 'topic')}/${textOf(now, 'key')}`);
        },
        ...Object.fromEntries(Object.entries(NEWS).map(([table, news]) => [table, hearChange(news)])),
      },
      committed(commit) {
        for (const news of changed)
          if (!told.has(news)) report(`${news} changed, and no outbox row tells it`, commit);
        changed.length = 0;
        told.clear();
      },
      events: {
        'message.accepted': (event) => {
          if (accepted.has(event.messageId)) return;
          accepted.set(event.messageId, event);
          run.later(() => {
            if (!written.has(event.messageId))
              report(`the broker took ${event.messageId}, which no transaction has written`, event);
          });
        },
        'message.consumed': (event) => {
          const { group, messageId, duplicate } = event;
          if (duplicate) {
            run.later(() => {
              if (!processed(group, messageId))
                report(`${group} dropped ${messageId} as a repetition, but never processed it`, event);
            });
            return;
          }
          const known = groups.get(group) ?? new Map<string, Consumed>();
          groups.set(group, known);
          const before = known.get(messageId);
          if (before === undefined) known.set(messageId, event);
          else report(`${group} processed ${messageId} twice`, before, event);
        },
        'message.sent': (event) => {
          // Where it is lowered, a message may have been delivered more often before.
          mostDeliveries = Math.max(mostDeliveries, run.settings?.messaging.maxDeliveries ?? Infinity);
          const { group, messageId, delivery } = event;
          if (delivery > mostDeliveries)
            report(
              `${group} is sent ${messageId} for the ${delivery}th time: at most ${mostDeliveries}`,
              event,
            );
        },
        'message.acknowledged': (event) => {
          run.later(() => {
            if (!processed(event.group, event.messageId))
              report(`${event.messageId} counts as processed by ${event.group}, but was not`, event);
          });
        },
      },
      end({ healed }) {
        if (!healed) return;
        for (const { service, rows } of run.rows.named('outbox'))
          for (const messageId of rows.keys()) report(`${messageId} is still in the outbox of ${service}`);
        for (const [messageId, commit] of written)
          if (!accepted.has(messageId))
            report(`${messageId} was written and never reached the broker`, commit);
        for (const { rows } of run.rows.named('dead-letters'))
          for (const letter of rows.keys()) report(`${letter} is still a dead letter`);
        for (const { rows } of run.rows.named('subscriptions')) {
          for (const [group, subscription] of rows) {
            const topic = textOf(subscription, 'topic');
            for (const message of accepted.values())
              if (message.topic === topic && !processed(group, message.messageId))
                report(`${group} never processed ${message.messageId}`, message);
          }
        }
      },
    };
  },
);
