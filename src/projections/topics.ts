import { type Projection, trimList } from './projection.ts';

export interface MessageView {
  readonly messageId: string;
  readonly topic: string;
  readonly messageType: string;
  readonly key: string;
  readonly publishedUs: number;
  acceptedUs: number | null;
  /** Groups that have acknowledged it. */
  readonly acknowledged: string[];
  deliveries: number;
}

export interface GroupView {
  readonly group: string;
  readonly topic: string;
  /** Messages accepted and not yet acknowledged. */
  lag: number;
  acknowledged: number;
  redeliveries: number;
  duplicates: number;
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
  accepted: number;
  readonly groups: Map<string, GroupView>;
}

export interface Topics {
  readonly byName: Map<string, TopicView>;
  /** Newest last. */
  readonly messages: MessageView[];
  readonly byId: Map<string, MessageView>;
  readonly deadLetters: DeadLetterView[];
}

const MESSAGES_KEPT = 300;

function topicOf(state: Topics, topic: string): TopicView {
  let view = state.byName.get(topic);
  if (view === undefined) {
    view = { topic, accepted: 0, groups: new Map() };
    state.byName.set(topic, view);
  }
  return view;
}

function groupOf(state: Topics, topic: string, group: string): GroupView {
  const topicView = topicOf(state, topic);
  let view = topicView.groups.get(group);
  if (view === undefined) {
    view = { group, topic, lag: 0, acknowledged: 0, redeliveries: 0, duplicates: 0 };
    topicView.groups.set(group, view);
  }
  return view;
}

/** Topics: messages, the lag of each group, dead letters. */
export const topics: Projection<Topics> = {
  initial: () => ({ byName: new Map(), messages: [], byId: new Map(), deadLetters: [] }),
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
          state.messages.push(message);
          state.byId.set(event.messageId, message);
          if (state.messages.length > MESSAGES_KEPT * 1.25) {
            for (const old of state.messages.splice(0, state.messages.length - MESSAGES_KEPT))
              state.byId.delete(old.messageId);
          }
        }
        if (event.type === 'message.accepted' && message.acceptedUs === null) {
          message.acceptedUs = event.timeUs;
          const topic = topicOf(state, event.topic);
          topic.accepted += 1;
          for (const group of topic.groups.values()) group.lag += 1;
        }
        break;
      }
      case 'message.sent': {
        const group = groupOf(state, event.topic, event.group);
        if (group.lag === 0) group.lag = 1;
        if (event.delivery > 1) group.redeliveries += 1;
        const message = state.byId.get(event.messageId);
        if (message !== undefined) message.deliveries += 1;
        break;
      }
      case 'message.consumed':
        if (event.duplicate) groupOf(state, event.topic, event.group).duplicates += 1;
        break;
      case 'message.acknowledged': {
        const group = groupOf(state, event.topic, event.group);
        group.acknowledged += 1;
        group.lag = event.lag;
        state.byId.get(event.messageId)?.acknowledged.push(event.group);
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
        trimList(state.deadLetters, 200);
        break;
      default:
    }
    return state;
  },
};

/** The largest lag among a topic's groups. */
export function topicLag(state: Topics, topic: string): number {
  let lag = 0;
  for (const group of state.byName.get(topic)?.groups.values() ?? []) lag = Math.max(lag, group.lag);
  return lag;
}
