import type { RunEvent, RunSettings } from '../kernel/index.ts';
import { allOrNone } from './all-or-none.ts';
import { attemptsInBudget } from './attempts-in-budget.ts';
import { breakerAdmission } from './breaker-admission.ts';
import { breakerFollowsReference } from './breaker-reference.ts';
import { copiesAgree } from './copies-agree.ts';
import { copyOfRegistry } from './copy-of-registry.ts';
import { eviction } from './eviction.ts';
import type { FinalTables, Invariant, Violation } from './invariant.ts';
import { InvariantCheck } from './invariant-check.ts';
import { leaseHolder } from './lease-holder.ts';
import { deliveredOnce } from './message-delivery.ts';
import { orderWithinKey } from './message-order.ts';
import { moneyConserved } from './money.ts';
import { oneCapture } from './one-capture.ts';
import { oneOrderPerIntent } from './one-order-per-intent.ts';
import { ordersEnd } from './orders-end.ts';
import { readYourWrites } from './read-your-writes.ts';
import { rowsAreLogged } from './rows-logged.ts';
import { sagaHolder } from './saga-holder.ts';
import { sagaLanes } from './saga-lanes.ts';
import { shedByPriority } from './shed-by-priority.ts';
import { stockConserved } from './stock.ts';
import { tracesAreTrees } from './traces.ts';
import { withinDeadline } from './within-deadline.ts';

export type { FinalTables, Invariant, Violation } from './invariant.ts';
export { InvariantCheck } from './invariant-check.ts';
export { checkProjections } from './projections-rebuilt.ts';

/** What holds in every run, whatever fails; docs/invariants.md lists them. */
export const INVARIANTS: readonly Invariant[] = [
  moneyConserved,
  stockConserved,
  ordersEnd,
  sagaLanes,
  breakerAdmission,
  tracesAreTrees,
  rowsAreLogged,
  orderWithinKey,
  deliveredOnce,
  readYourWrites,
  copiesAgree,
  attemptsInBudget,
  withinDeadline,
  oneCapture,
  allOrNone,
  oneOrderPerIntent,
  sagaHolder,
  breakerFollowsReference,
  leaseHolder,
  eviction,
  copyOfRegistry,
  shedByPriority,
];

export interface CheckOptions {
  /**
   * The faults are over and the log goes on until all has come to rest: then what must be done in the end is
   * asked for, too. Default false.
   */
  readonly healed?: boolean;
  /** Only these. */
  readonly ids?: readonly string[];
  /** See `InvariantCheckOptions`. */
  readonly inTrueOrder?: boolean;
  readonly settings?: RunSettings;
}

/** Those with these ids; all without. */
export const invariantsOf = (ids?: readonly string[]): readonly Invariant[] =>
  ids === undefined ? INVARIANTS : INVARIANTS.filter(({ id }) => ids.includes(id));

/**
 * Every violation of the invariants, in the order in which they show. `log` is the whole log; `tables` are
 * read when nothing is under way any more (pause the run first), or INV-7 finds what was committed between
 * the two readings. To follow a run while it goes on, feed an `InvariantCheck`.
 */
export function checkInvariants(
  log: readonly RunEvent[],
  tables?: FinalTables,
  { healed = false, ids, ...options }: CheckOptions = {},
): readonly Violation[] {
  const check = new InvariantCheck({ invariants: invariantsOf(ids), ...options });
  for (const event of log) check.add(event);
  check.end(tables, { healed });
  return check.violations;
}
