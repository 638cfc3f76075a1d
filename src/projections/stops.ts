import type { RunEvent } from '../kernel/index.ts';

/** Where playing stops by itself: when a breaker changes, an order is undone, or anything at all happens that can be seen. */
export type Stop = 'breaker' | 'undone' | 'event';

/** In the log, but nothing that a person sees happen: what keeps the shop itself running. */
const UNSEEN: Readonly<Partial<Record<RunEvent['type'], true>>> = {
  'run.paused': true,
  'run.resumed': true,
  'run.speed.changed': true,
  'discovery.refreshed': true,
  'service.logged': true,
  'breaker.call.succeeded': true,
  'breaker.call.ignored': true,
  'store.committed': true,
};

export const isUndone = (event: RunEvent): boolean =>
  event.type === 'saga.compensated' ||
  // The monolith has no saga: how its orders end is in their payment intents.
  (event.type === 'store.committed' &&
    event.rows.some(
      ({ table, after }) =>
        table === 'payment-intents' && (after as { readonly state?: unknown } | null)?.state === 'undone',
    ));

/** Something happened that can be seen: a step of the story, as `.` makes. */
export const isSeen = (event: RunEvent): boolean =>
  !('plane' in event && event.plane === 'control') && UNSEEN[event.type] !== true;

export function isStop(event: RunEvent, stop: Stop): boolean {
  switch (stop) {
    case 'breaker':
      return event.type === 'breaker.state.changed';
    case 'undone':
      return isUndone(event);
    case 'event':
      return isSeen(event);
  }
}
