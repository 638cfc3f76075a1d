/** Something that is to happen; null: given up. */
export interface QueuedEvent {
  run: (() => void) | null;
}

/** Above all orders that a run ever reaches, and far enough from where integers end. */
const LAST = 2 ** 52;

/**
 * A binary heap by (moment, order of scheduling). What is given up stays in it until its moment.
 * Moments and orders stand in arrays of doubles: as fields of objects each would be an object too.
 */
export class EventQueue {
  #moments = new Float64Array(256);
  #orders = new Float64Array(256);
  readonly #events: QueuedEvent[] = [];
  #scheduled = 0;

  /** `last`: after everything else of that moment, even what is scheduled later. */
  schedule(atUs: number, run: () => void, last = false): QueuedEvent {
    const event: QueuedEvent = { run };
    const events = this.#events;
    this.#scheduled += 1;
    const order = last ? LAST + this.#scheduled : this.#scheduled;
    let at = events.length;
    if (at === this.#moments.length) this.#grow();
    const moments = this.#moments;
    const orders = this.#orders;
    events.push(event);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const moment = moments[up] as number;
      if (moment < atUs || (moment === atUs && (orders[up] as number) < order)) break;
      moments[at] = moment;
      orders[at] = orders[up] as number;
      events[at] = events[up] as QueuedEvent;
      at = up;
    }
    moments[at] = atUs;
    orders[at] = order;
    events[at] = event;
    return event;
  }

  /** When the next event is that has not been given up; null: nothing is to happen. */
  nextMoment(): number | null {
    const events = this.#events;
    for (;;) {
      const first = events[0];
      if (first === undefined) return null;
      if (first.run !== null) return this.#moments[0] as number;
      this.#removeFirst();
    }
  }

  /** Takes the event of `nextMoment`, which is not null. */
  take(): QueuedEvent {
    const first = this.#events[0] as QueuedEvent;
    this.#removeFirst();
    return first;
  }

  /** The moments of all events to come, sorted: two runs in the same state agree on them. */
  moments(): number[] {
    return Array.from(this.#moments.subarray(0, this.#events.length))
      .filter((_, at) => this.#events[at]?.run !== null)
      .sort((a, b) => a - b);
  }

  #grow(): void {
    const grown = (from: Float64Array): Float64Array<ArrayBuffer> => {
      const to = new Float64Array(2 * from.length);
      to.set(from);
      return to;
    };
    this.#moments = grown(this.#moments);
    this.#orders = grown(this.#orders);
  }

  #removeFirst(): void {
    const events = this.#events;
    const moments = this.#moments;
    const orders = this.#orders;
    const last = events.pop() as QueuedEvent;
    const size = events.length;
    if (size === 0) return;
    const moment = moments[size] as number;
    const order = orders[size] as number;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      let earliest = moments[child] as number;
      const right = child + 1;
      if (right < size) {
        const other = moments[right] as number;
        if (
          other < earliest ||
          (other === earliest && (orders[right] as number) < (orders[child] as number))
        ) {
          child = right;
          earliest = other;
        }
      }
      if (earliest > moment || (earliest === moment && (orders[child] as number) > order)) break;
      moments[at] = earliest;
      orders[at] = orders[child] as number;
      events[at] = events[child] as QueuedEvent;
      at = child;
    }
    moments[at] = moment;
    orders[at] = order;
    events[at] = last;
  }
}
