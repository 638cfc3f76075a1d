import type { InstanceId, Undo } from '../kernel/index.ts';

/** What the roster needs of a host. */
export interface RosterPorts {
  runs(instance: InstanceId): boolean;
  /** Begins a life. */
  start(instance: InstanceId): void;
  /** Asks it to take its leave; false when it is not ready, so that there is nothing to end well. */
  drain(instance: InstanceId): boolean;
  /** Ends a life here and now. */
  stop(instance: InstanceId): void;
  /** It is down, and nobody wants it any more: the log shall say so. */
  dismissed(instance: InstanceId): void;
  /** True when a fault holds it down; that fault starts it when it ends. */
  heldDown(instance: InstanceId): boolean;
  /** How long a drain may take. */
  limitMs(): number;
  /** In run time. */
  schedule(delayMs: number, wake: () => void): Undo;
}

interface Leaving {
  readonly giveUp: Undo;
  /** It is wanted again, and starts anew when it is gone. */
  again: boolean;
}

/**
 * Who of the shop comes and goes while a run goes on, the same on every host: starting → ready → draining →
 * stopped. Scaling uses it, and so does whatever else replaces instances.
 */
export class InstanceRoster {
  readonly #ports: RosterPorts;
  readonly #leaving = new Map<InstanceId, Leaving>();

  constructor(ports: RosterPorts) {
    this.#ports = ports;
  }

  /** Those that drain. */
  get draining(): readonly InstanceId[] {
    return [...this.#leaving.keys()];
  }

  /** Harmless when it lives. One that drains ends first: a name has one life at a time. */
  startInstance(instance: InstanceId): void {
    const leaving = this.#leaving.get(instance);
    if (leaving !== undefined) leaving.again = true;
    else if (!this.#ports.runs(instance) && !this.#ports.heldDown(instance)) this.#ports.start(instance);
  }

  /** Lets it take its leave; one that is not ready yet is stopped at once. */
  drainInstance(instance: InstanceId): void {
    const leaving = this.#leaving.get(instance);
    if (leaving !== undefined) {
      leaving.again = false;
    } else if (!this.#ports.runs(instance)) {
      this.#ports.dismissed(instance);
    } else if (this.#ports.drain(instance)) {
      const giveUp = this.#ports.schedule(this.#ports.limitMs(), () => this.#ports.stop(instance));
      this.#leaving.set(instance, { giveUp, again: false });
    } else {
      this.#ports.stop(instance);
    }
  }

  /** The settings ask for others than before. */
  changed(before: readonly InstanceId[], after: readonly InstanceId[]): void {
    // The newest first.
    for (const instance of before.toReversed()) if (!after.includes(instance)) this.drainInstance(instance);
    for (const instance of after) if (!before.includes(instance)) this.startInstance(instance);
  }

  /** To be told of the end of each life, whatever ended it. */
  ended(instance: InstanceId): void {
    const leaving = this.#leaving.get(instance);
    if (leaving === undefined) return;
    this.#leaving.delete(instance);
    leaving.giveUp();
    // Not inside the end of the life before.
    if (leaving.again) this.#ports.schedule(0, () => this.startInstance(instance));
  }
}
