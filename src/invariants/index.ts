import type { RunEvent } from '../kernel/index.ts';
import { breakerAdmission } from './breaker-admission.ts';
import type { FinalTables, Invariant, Violation } from './invariant.ts';
import { orderWithinKey } from './message-order.ts';
import { moneyConserved } from './money.ts';
import { ordersEnd } from './orders-end.ts';
import { rowsAreLogged } from './rows-logged.ts';
import { sagaLanes } from './saga-lanes.ts';
import { stockConserved } from './stock.ts';
import { tracesAreTrees } from './traces.ts';

export type { FinalTables, Invariant, Violation } from './invariant.ts';

/** What holds in every run, whatever fails. */
export const INVARIANTS: readonly Invariant[] = [
  moneyConserved,
  stockConserved,
  ordersEnd,
  sagaLanes,
  breakerAdmission,
  tracesAreTrees,
  rowsAreLogged,
  orderWithinKey,
];

export interface CheckOptions {
  /**
   * The faults are over and the log goes on until all has come to rest; only then INV-3 holds, and only
   * then it is looked at. Default false.
   */
  readonly healed?: boolean;
  /** Only these. */
  readonly ids?: readonly string[];
}

/**
 * Every violation of the invariants. `log` is the whole log; `tables` are read when nothing is under way
 * any more (pause the run first), or INV-7 finds what was committed between the two readings.
 */
export function checkInvariants(
  log: readonly RunEvent[],
  tables?: FinalTables,
  { healed = false, ids }: CheckOptions = {},
): readonly Violation[] {
  return INVARIANTS.filter(
    (invariant) => (ids === undefined || ids.includes(invariant.id)) && (healed || invariant !== ordersEnd),
  ).flatMap((invariant) => invariant.check(log, tables));
}
