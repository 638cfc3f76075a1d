/** Something that is to happen; null: given up. */
export interface QueuedEvent {
  run: (() => void) | null;
}

/** Above all orders that a run ever reaches, and far enough from where integers end. */
const LAST = 2 ** 52;

/**
 * A binary heap by (moment, order of scheduling). What is given up stays in it until its moment.
 * Moments and orders stand in arrays of doubles: as fields of objects each would be an object too.
 *
 * What has been taken leaves a gap at the top: mostly something new is scheduled before the next is taken, and
 * sinking in from there is half the work of closing the gap and rising from the bottom.
 */
export class EventQueue {
  #moments = new Float64Array(256);
  #orders = new Float64Array(256);
  readonly #events: QueuedEvent[] = [];
  #gap = false;
  #scheduled = 0;

  /** `last`: after everything else of that moment, even what is scheduled later. */
  schedule(atUs: number, run: () => void, last = false): QueuedEvent {
    const event: QueuedEvent = { run };
    this.#scheduled += 1;
    const order = last ? LAST + this.#scheduled : this.#scheduled;
    if (this.#gap) {
      this.#gap = false;
      this.#sink(atUs, order, event);
    } else {
      this.#rise(atUs, order, event);
    }
    return event;
  }

  /** When the next event is that has not been given up; null: nothing is to happen. */
  nextMoment(): number | null {
    if (this.#gap) this.#close();
    const events = this.#events;
    for (;;) {
      const first = events[0];
      if (first === undefined) return null;
      if (first.run !== null) return this.#moments[0] as number;
      this.#close();
    }
  }

  /** Takes the event of `nextMoment`, which is not null. */
  take(): QueuedEvent {
    this.#gap = true;
    return this.#events[0] as QueuedEvent;
  }

  /** The moments of all events to come, sorted: two runs in the same state agree on them. */
  moments(): number[] {
    if (this.#gap) this.#close();
    return Array.from(this.#moments.subarray(0, this.#events.length))
      .filter((_, at) => this.#events[at]?.run !== null)
      .sort((a, b) => a - b);
  }

  /** Fills the first place with the last event. */
  #close(): void {
    this.#gap = false;
    const last = this.#events.pop() as QueuedEvent;
    const size = this.#events.length;
    if (size > 0) this.#sink(this.#moments[size] as number, this.#orders[size] as number, last);
  }

  /** Puts it where it belongs, from the first place on, which is free. */
  #sink(moment: number, order: number, event: QueuedEvent): void {
    const events = this.#events;
    const moments = this.#moments;
    const orders = this.#orders;
    const size = events.length;
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
    events[at] = event;
  }

  /** Puts it where it belongs, from a new last place on. */
  #rise(moment: number, order: number, event: QueuedEvent): void {
    const events = this.#events;
    let at = events.length;
    if (at === this.#moments.length) this.#grow();
    const moments = this.#moments;
    const orders = this.#orders;
    events.push(event);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const above = moments[up] as number;
      if (above < moment || (above === moment && (orders[up] as number) < order)) break;
      moments[at] = above;
      orders[at] = orders[up] as number;
      events[at] = events[up] as QueuedEvent;
      at = up;
    }
    moments[at] = moment;
    orders[at] = order;
    events[at] = event;
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
}
