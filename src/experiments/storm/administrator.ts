import type { LabRun } from '../../hosts/virtual/index.ts';
import { DEPLOYABLE_SERVICES, FIRST_VERSION } from '../../kernel/index.ts';

/** The person who cancels an order for a customer, heals the shop, and takes up what was left lying. */
export class Administrator {
  readonly #run: LabRun;

  constructor(run: LabRun) {
    this.#run = run;
  }

  async cancel(orderId: string): Promise<void> {
    await this.#send('POST', `/orders/${orderId}/cancellation`);
  }

  /** No faults, no releases, nobody who orders, nobody scaled to none, every instance up. */
  async heal(): Promise<void> {
    await this.#run.command({ type: 'fault.clear-all' });
    await this.#run.command({ type: 'load.set', running: false });
    for (const service of DEPLOYABLE_SERVICES)
      if (this.#run.isReleasing(service)) await this.#run.command({ type: 'release.abort', service });
    const { services: atFirst } = this.#run.setup.settings;
    const none = this.#run.services.filter(
      (service) => this.#run.settings.services[service].instances === 0 && atFirst[service].instances > 0,
    );
    const services = Object.fromEntries(none.map((service) => [service, { instances: 1 }]));
    if (none.length > 0) await this.#run.command({ type: 'settings.set', patch: { services } });
    for (const instance of this.#run.instances()) {
      if (!this.#run.isUp(instance)) await this.#run.command({ type: 'instance.restart', instance });
    }
  }

  /** Every service runs its first version again; to be asked for until it does. */
  async bringBack(): Promise<void> {
    const { deployments } = this.#run.settings;
    for (const service of DEPLOYABLE_SERVICES) {
      const { stable = FIRST_VERSION } = deployments[service] ?? {};
      if (stable === FIRST_VERSION || this.#run.isReleasing(service)) continue;
      const back = { service, version: FIRST_VERSION, strategy: 'recreate' } as const;
      await this.#run.command({ type: 'release.start', ...back });
    }
  }

  /** Parked sagas go on, dead letters are delivered again. False when the shop did not take it. */
  async takeUpAgain(): Promise<boolean> {
    const sagas = await this.#send('POST', '/sagas/retry');
    const letters = await this.#send('POST', '/dead-letters/redrive');
    return sagas === 202 && letters === 202;
  }

  /** Gives the answer's status, or null. */
  async #send(method: 'POST', path: string): Promise<number | null> {
    const result = await this.#run.command({ type: 'request.send', method, path, as: 'admin' });
    if (!result.ok) return null;
    const { status } = result.value as { readonly status: number | null };
    return status;
  }
}
