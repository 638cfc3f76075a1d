import type { InstanceId } from '../kernel/index.ts';
import {
  type ActiveFault,
  type ActiveOf,
  ANY_OPERATION,
  type CrashAtFault,
  type CrashPort,
} from './fault.ts';

/**
 * Counts what an instance does at its ports, in one of its lives, against the crashes that wait there.
 * Being counted inside the instance is what makes "at this very step" exact. "Before" counts
 * beginnings, "after" counts effects: a call that never took effect is not one of the n.
 */
export class CrashTriggers {
  readonly #instance: InstanceId;
  readonly #active: () => readonly ActiveFault[];
  readonly #seen = new Map<string, number>();

  constructor(instance: InstanceId, active: () => readonly ActiveFault[]) {
    this.#instance = instance;
    this.#active = active;
  }

  /** Counts one; the crash that is due here and now, or null. */
  reached(port: CrashPort, operation: string, when: CrashAtFault['when']): ActiveOf<'crash-at'> | null {
    const faults = this.#active();
    if (faults.length === 0) return null;
    let due: ActiveOf<'crash-at'> | null = null;
    for (const active of faults) {
      const { fault, faultId } = active;
      if (fault.kind !== 'crash-at' || fault.instance !== this.#instance) continue;
      if (fault.port !== port || fault.when !== when) continue;
      if (fault.operation !== ANY_OPERATION && fault.operation !== operation) continue;
      const seen = (this.#seen.get(faultId) ?? 0) + 1;
      this.#seen.set(faultId, seen);
      // Not ≥: the host may take a moment to hear that it is spent.
      if (seen === fault.nth && due === null) due = { ...active, fault };
    }
    return due;
  }
}
