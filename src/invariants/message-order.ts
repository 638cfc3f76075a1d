import type { RunEventOf } from '../kernel/index.ts';
import { defineInvariant } from './invariant.ts';

type Accepted = RunEventOf<'message.accepted'>;
type Consumed = RunEventOf<'message.consumed'>;

interface Lane {
  readonly published: Set<string>;
  /** In the order in which the broker took them. */
  readonly kept: Accepted[];
}

/**
 * Within a key: the broker keeps the messages in the order in which they were published, in one
 * partition, and each group processes them in that order. A message that came twice counts where it
 * came first; one that was given up (dead letter) may be missing.
 */
export const orderWithinKey = defineInvariant(
  'INV-8',
  'Messages of one key keep their order',
  (log, report) => {
    const lanes = new Map<string, Lane>();
    const laneOf = ({ topic, key }: { readonly topic: string; readonly key: string }): Lane => {
      const name = `${topic}/${key}`;
      const lane = lanes.get(name) ?? { published: new Set<string>(), kept: [] };
      lanes.set(name, lane);
      return lane;
    };
    const accepted = new Map<string, Accepted>();
    const groups = new Map<string, Map<string, Consumed>>();
    const letGo = new Set<string>();
    for (const event of log) {
      switch (event.type) {
        case 'message.published':
          laneOf(event).published.add(event.messageId);
          break;
        case 'message.accepted': {
          if (accepted.has(event.messageId)) break;
          accepted.set(event.messageId, event);
          const { kept } = laneOf(event);
          const [first] = kept;
          if (first !== undefined && first.partition !== event.partition) {
            report(
              `key ${event.key} of ${event.topic} is in partitions ${first.partition} and ${event.partition}`,
              first,
              event,
            );
          }
          kept.push(event);
          break;
        }
        case 'message.consumed': {
          if (event.duplicate) break;
          const consumed = groups.get(event.group) ?? new Map<string, Consumed>();
          groups.set(event.group, consumed);
          const before = consumed.get(event.messageId);
          if (before === undefined) consumed.set(event.messageId, event);
          else report(`${event.group} processed message ${event.messageId} twice`, before, event);
          break;
        }
        case 'message.dead-lettered':
          letGo.add(`${event.group}/${event.messageId}`);
          break;
      }
    }

    for (const [name, { published, kept }] of lanes) {
      const wanted = [...published].filter((id) => accepted.has(id)).join(', ');
      const had = kept
        .filter(({ messageId }) => published.has(messageId))
        .map(({ messageId }) => messageId)
        .join(', ');
      if (wanted !== had) report(`${name} was published as ${wanted} and kept as ${had}`, ...kept);
    }
    for (const [group, consumed] of groups) {
      /** The message of the key with the highest offset that was processed so far. */
      const heads = new Map<Lane, { readonly message: Accepted; readonly event: Consumed }>();
      for (const [messageId, event] of consumed) {
        const message = accepted.get(messageId);
        if (message === undefined) continue;
        const lane = laneOf(message);
        const head = heads.get(lane);
        if (head === undefined || head.message.offset <= message.offset) heads.set(lane, { message, event });
        // A dead letter that was sent again may come late.
        else if (!letGo.has(`${group}/${messageId}`)) {
          const name = `${message.topic}/${message.key}`;
          report(
            `${group} processed ${messageId} of ${name} after ${head.message.messageId}, which came later`,
            head.event,
            event,
          );
        }
      }
      for (const [lane, head] of heads) {
        for (const message of lane.kept) {
          if (message.offset >= head.message.offset || consumed.has(message.messageId)) continue;
          if (!letGo.has(`${group}/${message.messageId}`))
            report(`${group} skipped ${message.messageId} of ${message.topic}`, message);
        }
      }
    }
  },
);
