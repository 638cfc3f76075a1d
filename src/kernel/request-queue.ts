import { PRIORITIES, type Priority } from './service-definition.ts';

/** A request that waits for a slot. */
export interface Waiting {
  readonly priority: Priority;
  /** Turns it away. */
  shed(): void;
}

const rank = ({ priority }: Pick<Waiting, 'priority'>): number => PRIORITIES.indexOf(priority);

/** Who waits at an instance's door, in the order in which they came. Served in that order too; shed by priority. */
export class RequestQueue {
  readonly #waiting: Waiting[] = [];

  enter(request: Waiting): void {
    this.#waiting.push(request);
  }

  /** When it is served, shed or cancelled. */
  leave(request: Waiting): void {
    const index = this.#waiting.indexOf(request);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  /** Who matters least of all who wait, the last to come of them; null: nobody waits. */
  least(): Waiting | null {
    let least: Waiting | null = null;
    for (const request of this.#waiting) if (least === null || rank(request) >= rank(least)) least = request;
    return least;
  }

  /** The same, of those who matter less than `priority`. */
  lessThan(priority: Priority): Waiting | null {
    const least = this.least();
    return least !== null && rank(least) > rank({ priority }) ? least : null;
  }
}
