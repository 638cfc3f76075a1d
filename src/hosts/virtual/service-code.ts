import type { LoadService } from '../../compositions/index.ts';
import type { RunSettings, ServiceDefinition, ServiceName } from '../../kernel/index.ts';
import { applySettingsPatch, parseRunCommand } from '../../setups/index.ts';

type Choice = Pick<RunSettings, 'implementations'>;

/** The code of a run's services, in each implementation that was asked for. */
export class ServiceCode {
  readonly #load: LoadService;
  readonly #loaded = new Map<string, ServiceDefinition>();

  constructor(load: LoadService) {
    this.#load = load;
  }

  async load(service: ServiceName, choice: Choice): Promise<void> {
    const key = keyOf(service, choice);
    if (!this.#loaded.has(key)) this.#loaded.set(key, await this.#load(service, choice));
  }

  has(services: readonly ServiceName[], choice: Choice): boolean {
    return services.every((service) => this.#loaded.has(keyOf(service, choice)));
  }

  /** Of a service that was loaded so. */
  of(service: ServiceName, choice: Choice): ServiceDefinition {
    const definition = this.#loaded.get(keyOf(service, choice));
    if (definition === undefined) throw new Error(`this shop has no code for ${keyOf(service, choice)}`);
    return definition;
  }
}

const keyOf = (service: ServiceName, { implementations }: Choice): string =>
  service === 'shipping' ? `${service} in ${implementations.shipping}` : service;

/** What a command makes of the settings' implementations; null when it leaves them alone or is none. */
export function implementationsChosenBy(command: unknown, settings: RunSettings): Choice | null {
  const parsed = parseRunCommand(command);
  if (!parsed.ok || parsed.value.type !== 'settings.set') return null;
  const patched = applySettingsPatch(settings, parsed.value.patch);
  return patched.ok ? patched.value : null;
}
