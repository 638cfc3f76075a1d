import type { RunEvent } from '../kernel/index.ts';

/**
 * A fold over the run log. `apply` may change the state in place (and returns it); it reads nothing but its
 * arguments, so the same events always give the same state.
 */
export interface Projection<State> {
  initial(): State;
  apply(state: State, event: RunEvent): State;
}

/** Forgets the oldest entries of a map (insertion order) until at most `limit` are left. */
export function keepNewest<Key, Value>(
  map: Map<Key, Value>,
  limit: number,
  forgotten?: (value: Value) => void,
): void {
  if (map.size <= limit) return;
  let surplus = map.size - limit;
  for (const [key, value] of map) {
    map.delete(key);
    forgotten?.(value);
    surplus -= 1;
    if (surplus === 0) return;
  }
}

/** Drops the oldest items of a list once it is a quarter longer than `limit` (so that it is not shifted each time). */
export function trimList(list: unknown[], limit: number): void {
  if (list.length > limit * 1.25) list.splice(0, list.length - limit);
}
