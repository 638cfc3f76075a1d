import { type InstanceId, type RunEvent, type ServiceName, serviceOf } from '../kernel/index.ts';

/** Tells from the log when the services have found each other, so that the first customer finds an open shop. */
export class ShopOpening {
  readonly #lookUps: readonly ServiceName[];
  /** Whose last look-up found everybody. */
  readonly #found = new Map<InstanceId, boolean>();

  constructor(lookUps: readonly ServiceName[]) {
    this.#lookUps = lookUps;
  }

  add(event: RunEvent): void {
    if (event.type !== 'discovery.refreshed') return;
    this.#found.set(
      event.instance,
      Object.values(event.known).every((instances) => instances.length > 0),
    );
  }

  /** Have all of `instances` that look others up found them? */
  isOpenFor(instances: readonly InstanceId[]): boolean {
    return instances.every(
      (instance) => !this.#lookUps.includes(serviceOf(instance)) || this.#found.get(instance) === true,
    );
  }
}
