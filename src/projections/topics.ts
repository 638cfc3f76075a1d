import { ChunkedList } from './chunked-list.ts';
import { ChunkedMap } from './chunked-map.ts';
import type { Projection } from './projection.ts';

export interface MessageView {
  readonly messageId: string;
  readonly topic: string;
  readonly messageType: string;
  readonly key: string;
  readonly publishedUs: number;
  readonly acceptedUs: number | null;
  /** Groups that have acknowledged it. */
  readonly acknowledged: readonly string[];
  readonly deliveries: number;
}

export interface GroupView {
  readonly group: string;
  readonly topic: string;
  /** Messages accepted and not yet acknowledged. */
  readonly lag: number;
  readonly acknowledged: number;
  readonly redeliveries: number;
  readonly duplicates: number;
}

export interface DeadLetterView {
  readonly messageId: string;
  readonly topic: string;
  readonly group: string;
  readonly deliveries: number;
  readonly reason: string;
  readonly timeUs: number;
}

export interface TopicView {
  readonly topic: string;
  readonly accepted: number;
  readonly groups: ReadonlyMap<string, GroupView>;
}

export interface Topics {
  readonly byName: ChunkedMap<string, TopicView>;
  /** The latest messages, newest last. */
  readonly byId: ChunkedMap<string, MessageView>;
  readonly deadLetters: ChunkedList<DeadLetterView>;
}

const MESSAGES_KEPT = 300;
const DEAD_LETTERS_KEPT = 200;

const topicOf = (state: Topics, topic: string): TopicView =>
  state.byName.get(topic) ?? { topic, accepted: 0, groups: new Map() };

function changeGroup(
  state: Topics,
  topic: string,
  group: string,
  change: (group: GroupView) => GroupView,
): void {
  const view = topicOf(state, topic);
  const before = view.groups.get(group) ?? {
    group,
    topic,
    lag: 0,
    acknowledged: 0,
    redeliveries: 0,
    duplicates: 0,
  };
  state.byName.set(topic, { ...view, groups: new Map(view.groups).set(group, change(before)) });
}

function changeMessage(
  state: Topics,
  messageId: string,
  change: (message: MessageView) => MessageView,
): void {
  const message = state.byId.get(messageId);
  if (message !== undefined) state.byId.set(messageId, change(message));
}

function accept(state: Topics, message: MessageView, timeUs: number): void {
  if (message.acceptedUs !== null) return;
  state.byId.set(message.messageId, { ...message, acceptedUs: timeUs });
  const topic = topicOf(state, message.topic);
  const groups = new Map<string, GroupView>();
  for (const [name, group] of topic.groups) groups.set(name, { ...group, lag: group.lag + 1 });
  state.byName.set(message.topic, { ...topic, accepted: topic.accepted + 1, groups });
}

/** Topics: messages, the lag of each group, dead letters. */
export const topics: Projection<Topics> = {
  initial: () => ({ byName: new ChunkedMap(), byId: new ChunkedMap(), deadLetters: new ChunkedList() }),
  apply(state, event) {
    switch (event.type) {
      case 'message.published':
      case 'message.accepted': {
        let message = state.byId.get(event.messageId);
        if (message === undefined) {
          message = {
            messageId: event.messageId,
            topic: event.topic,
            messageType: event.messageType,
            key: event.key,
            publishedUs: event.timeUs,
            acceptedUs: null,
            acknowledged: [],
            deliveries: 0,
          };
          state.byId.set(event.messageId, message);
          state.byId.keepNewest(MESSAGES_KEPT);
        }
        if (event.type === 'message.accepted') accept(state, message, event.timeUs);
        break;
      }
      case 'message.sent': {
        changeGroup(state, event.topic, event.group, (group) => ({
          ...group,
          lag: group.lag === 0 ? 1 : group.lag,
          redeliveries: group.redeliveries + (event.delivery > 1 ? 1 : 0),
        }));
        changeMessage(state, event.messageId, (message) => ({
          ...message,
          deliveries: message.deliveries + 1,
        }));
        break;
      }
      case 'message.consumed':
        if (event.duplicate)
          changeGroup(state, event.topic, event.group, (group) => ({
            ...group,
            duplicates: group.duplicates + 1,
          }));
        break;
      case 'message.acknowledged': {
        changeGroup(state, event.topic, event.group, (group) => ({
          ...group,
          acknowledged: group.acknowledged + 1,
          lag: event.lag,
        }));
        changeMessage(state, event.messageId, (message) => ({
          ...message,
          acknowledged: message.acknowledged.concat(event.group),
        }));
        break;
      }
      case 'message.dead-lettered':
        state.deadLetters.push({
          messageId: event.messageId,
          topic: event.topic,
          group: event.group,
          deliveries: event.deliveries,
          reason: event.reason,
          timeUs: event.timeUs,
        });
        state.deadLetters.keepNewest(DEAD_LETTERS_KEPT);
        break;
      default:
    }
    return state;
  },
  fork: ({ byName, byId, deadLetters }) => ({
    byName: byName.fork(),
    byId: byId.fork(),
    deadLetters: deadLetters.fork(),
  }),
};

/** The largest lag among a topic's groups. */
export function topicLag(state: Topics, topic: string): number {
  let lag = 0;
  for (const group of state.byName.get(topic)?.groups.values() ?? []) lag = Math.max(lag, group.lag);
  return lag;
}
