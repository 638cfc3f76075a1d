/** Something that happens at a moment of virtual time. */
export interface QueuedEvent {
  readonly atUs: number;
  /** Given by the queue: at the same moment, who was scheduled first goes first. */
  readonly order: number;
  /** null: given up. */
  run: (() => void) | null;
}

/** Above all orders that a run ever reaches, and far enough from where integers end. */
const LAST = 2 ** 52;

/** A binary heap by (moment, order of scheduling). What is given up stays in it until its moment. */
export class EventQueue {
  readonly #heap: QueuedEvent[] = [];
  #scheduled = 0;

  /** `last`: after everything else of that moment, even what is scheduled later. */
  schedule(atUs: number, run: () => void, last = false): QueuedEvent {
    this.#scheduled += 1;
    const event: QueuedEvent = { atUs, order: last ? LAST + this.#scheduled : this.#scheduled, run };
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as QueuedEvent;
      if (!isBefore(event, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = event;
    return event;
  }

  /** The next event that has not been given up, without taking it. */
  peek(): QueuedEvent | null {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return null;
      if (first.run !== null) return first;
      this.#removeFirst();
    }
  }

  /** Takes the next event. */
  pop(): QueuedEvent | null {
    const first = this.peek();
    if (first !== null) this.#removeFirst();
    return first;
  }

  /** The moments of all events to come, sorted: two runs in the same state agree on them. */
  moments(): number[] {
    return this.#heap
      .filter((event) => event.run !== null)
      .map((event) => event.atUs)
      .sort((a, b) => a - b);
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as QueuedEvent;
    const size = heap.length;
    if (size === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && isBefore(heap[child + 1] as QueuedEvent, heap[child] as QueuedEvent))
        child += 1;
      const best = heap[child] as QueuedEvent;
      if (!isBefore(best, last)) break;
      heap[at] = best;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: QueuedEvent, b: QueuedEvent): boolean =>
  a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order);
