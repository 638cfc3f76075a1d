import { type InstanceId, type RunEvent, type ServiceName, serviceOf } from '../../kernel/index.ts';

/** Tells from the log when the services have found each other, so that the first customer finds an open shop. */
export class ShopOpening {
  readonly #lookUps: readonly ServiceName[];
  /** Whose last look-up found everybody. */
  readonly #found = new Map<InstanceId, boolean>();
  #look: (() => void) | null = null;

  constructor(lookUps: readonly ServiceName[]) {
    this.#lookUps = lookUps;
  }

  add(events: readonly RunEvent[]): void {
    for (const event of events) {
      if (event.type !== 'discovery.refreshed') continue;
      this.#found.set(
        event.instance,
        Object.values(event.known).every((instances) => instances.length > 0),
      );
    }
    this.#look?.();
  }

  /** Resolves when all of `instances` that look others up have found them, or when it takes too long. */
  async open(instances: readonly InstanceId[], withinMs: number): Promise<void> {
    const waiting = instances.filter((instance) => this.#lookUps.includes(serviceOf(instance)));
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, withinMs);
      this.#look = () => {
        if (!waiting.every((instance) => this.#found.get(instance) === true)) return;
        clearTimeout(late);
        resolve();
      };
      this.#look();
    });
    this.#look = null;
  }
}
