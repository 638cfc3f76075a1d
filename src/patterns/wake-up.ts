import { type Context, Gate } from '../kernel/index.ts';

/**
 * Wakes a background task of this instance before its next look would be due. The task calls `reset`,
 * looks for work, then waits: a ring between the look and the wait is not lost.
 */
export class WakeUp {
  readonly #gate = new Gate();

  ring(): void {
    this.#gate.open();
  }

  reset(): void {
    this.#gate.close();
  }

  /** Until the next ring, at most `limitMs`. */
  async wait(context: Context, limitMs: number): Promise<void> {
    await context.within(limitMs, (own) => this.#gate.pass(own));
  }
}
