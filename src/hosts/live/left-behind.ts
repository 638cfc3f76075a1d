import type { EventId, ServiceName } from '../../kernel/index.ts';
import type { OutboxEntry } from './open-transaction.ts';

/** What an earlier start of the run has left in a database: its commits in their order. */
export interface LeftBehind {
  readonly service: ServiceName;
  readonly entries: readonly OutboxEntry[];
}

/** A commit, and the database in which it was made. */
export interface Commit {
  readonly service: ServiceName;
  readonly entry: OutboxEntry;
}

/**
 * The commits of several databases in one order: that of each database is kept, and none comes before another one
 * that it was caused by. Causes that are not among them are lost, or told already, and nobody waits for them.
 */
export function inOrderOfCause(left: readonly LeftBehind[]): readonly Commit[] {
  const untold = new Set<EventId>();
  for (const { entries } of left)
    for (const { events } of entries) for (const { id } of events) untold.add(id);
  const lanes = left.map(({ service, entries }) => ({ service, entries, next: 0 }));
  const ordered: Commit[] = [];
  const isReady = ({ events }: OutboxEntry): boolean => {
    const own = new Set(events.map(({ id }) => id));
    return events.every(({ cause }) => cause === null || own.has(cause) || !untold.has(cause));
  };
  for (;;) {
    const waiting = lanes.filter(({ entries, next }) => next < entries.length);
    // Two that wait for each other cannot be; should they, neither keeps the others out.
    const lane = waiting.find(({ entries, next }) => isReady(entries[next] as OutboxEntry)) ?? waiting[0];
    const entry = lane?.entries[lane.next];
    if (lane === undefined || entry === undefined) return ordered;
    lane.next += 1;
    for (const { id } of entry.events) untold.delete(id);
    ordered.push({ service: lane.service, entry });
  }
}
