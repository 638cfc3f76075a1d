import type { RunEvent } from '../kernel/index.ts';

/**
 * A fold over the run log. `apply` may change the state in place (and returns it); it reads nothing but its
 * arguments, so the same events always give the same state. What a state holds is replaced and never changed,
 * and is held in one place only, so that `fork` costs next to nothing.
 */
export interface Projection<State> {
  initial(): State;
  apply(state: State, event: RunEvent): State;
  /** Another state that is the same now and goes its own way; so does the first. */
  fork(state: State): State;
}
