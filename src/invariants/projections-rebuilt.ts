import type { RunEvent } from '../kernel/index.ts';
import { deepEqual } from './deep-equal.ts';
import type { Violation } from './invariant.ts';

/** A fold over the run log and the state that it has grown to, event by event, while the run went on. */
export interface LiveProjection {
  readonly name: string;
  readonly fold: { initial(): unknown; apply(state: never, event: RunEvent): unknown };
  readonly live: unknown;
}

/** INV-13: a projection that is built again equals the live one. They are given, since invariants know none. */
export function checkProjections(
  log: readonly RunEvent[],
  projections: readonly LiveProjection[],
): readonly Violation[] {
  return projections.flatMap(({ name, fold, live }) => {
    const rebuilt = log.reduce<unknown>((state, event) => fold.apply(state as never, event), fold.initial());
    if (deepEqual(rebuilt, live)) return [];
    const message = `the projection ${name}, built again from the log, differs from the one that has grown`;
    return [{ invariant: 'INV-13', message, events: [] }];
  });
}
