import type { RunEventOf } from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';
import { numberOf } from './rows.ts';

type Accepted = RunEventOf<'message.accepted'>;

/** The messages of one key of one topic. */
interface Lane {
  readonly name: string;
  /** In the order in which the broker took them, each where it came first. */
  readonly kept: Accepted[];
  /** Place in the outbox of the last one that was taken. */
  lastPosition: number;
}

interface Kept {
  readonly lane: Lane;
  /** In `lane.kept`. */
  readonly index: number;
}

/** What a group has done with a lane. */
interface Reading {
  /** The furthest message that it processed; −1: none. */
  head: number;
  readonly done: Set<number>;
}

/**
 * Within a key: the broker keeps the messages in the order in which they were written to the outbox, in
 * one partition, and each group processes them in that order without leaving one out. A message that
 * came twice counts where it came first; one that was given up (dead letter) may be missing, or come late.
 */
export const orderWithinKey = defineChecker('INV-8', 'Messages of one key keep their order', (_, report) => {
  const lanes = new Map<string, Lane>();
  const positions = new Map<string, number>();
  const kept = new Map<string, Kept>();
  const groups = new Map<string, Map<Lane, Reading>>();
  const letGo = new Set<string>();

  return {
    rows: {
      outbox(messageId, before, now) {
        if (before === undefined && now !== undefined) positions.set(messageId, numberOf(now, 'position'));
      },
    },
    events: {
      'message.accepted': (event) => {
        if (kept.has(event.messageId)) return;
        const name = `${event.topic}/${event.key}`;
        const lane = lanes.get(name) ?? { name, kept: [], lastPosition: -1 };
        lanes.set(name, lane);
        const last = lane.kept.at(-1);
        if (last !== undefined && last.partition !== event.partition)
          report(`${name} is in partitions ${last.partition} and ${event.partition}`, last, event);
        const position = positions.get(event.messageId);
        if (position !== undefined && position < lane.lastPosition)
          report(
            `${name}: the broker took ${event.messageId} after a later one`,
            ...lane.kept.slice(-1),
            event,
          );
        lane.lastPosition = Math.max(lane.lastPosition, position ?? -1);
        kept.set(event.messageId, { lane, index: lane.kept.length });
        lane.kept.push(event);
      },
      'message.consumed': (event) => {
        if (event.duplicate) return;
        const message = kept.get(event.messageId);
        if (message === undefined) return;
        const { lane, index } = message;
        const readings = groups.get(event.group) ?? new Map<Lane, Reading>();
        groups.set(event.group, readings);
        const reading = readings.get(lane) ?? { head: -1, done: new Set<number>() };
        readings.set(lane, reading);
        if (reading.done.has(index)) return;
        reading.done.add(index);
        if (index > reading.head) reading.head = index;
        else if (!letGo.has(`${event.group}/${event.messageId}`))
          report(`${event.group} processed ${event.messageId} of ${lane.name} after a later one`, event);
      },
      'message.dead-lettered': (event) => {
        letGo.add(`${event.group}/${event.messageId}`);
      },
    },
    end() {
      for (const [group, readings] of groups) {
        for (const [lane, { head, done }] of readings) {
          for (const [index, message] of lane.kept.entries()) {
            if (index >= head) break;
            if (done.has(index) || letGo.has(`${group}/${message.messageId}`)) continue;
            report(`${group} left out ${message.messageId} of ${lane.name}`, message);
          }
        }
      }
    },
  };
});
