import { ShopOpening } from '../../compositions/index.ts';
import type { InstanceId, RunEvent, ServiceName } from '../../kernel/index.ts';

/** Waits for the shop to open, in the host's own time. */
export class AwaitedOpening {
  readonly #opening: ShopOpening;
  #look: (() => void) | null = null;

  constructor(lookUps: readonly ServiceName[]) {
    this.#opening = new ShopOpening(lookUps);
  }

  add(events: readonly RunEvent[]): void {
    for (const event of events) this.#opening.add(event);
    this.#look?.();
  }

  /** Resolves when all of `instances` that look others up have found them, or when it takes too long. */
  async open(instances: readonly InstanceId[], withinMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, withinMs);
      this.#look = () => {
        if (!this.#opening.isOpenFor(instances)) return;
        clearTimeout(late);
        resolve();
      };
      this.#look();
    });
    this.#look = null;
  }
}
