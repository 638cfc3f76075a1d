import {
  type ContractCheck,
  type LoadService,
  loadContractCheck,
  loadVersioner,
  type Versioner,
} from '../../compositions/index.ts';
import {
  FIRST_VERSION,
  type RunSettings,
  type ServiceDefinition,
  type ServiceName,
  type VersionLabel,
} from '../../kernel/index.ts';
import { applySettingsPatch, parseRunCommand } from '../../setups/index.ts';

/** What code a run needs. */
export interface CodeChoice extends Pick<RunSettings, 'implementations'> {
  /** Whether anything but first versions runs, or is to come. */
  readonly releases: boolean;
}

/** The code of a run's services, in each implementation and version that was asked for. */
export class ServiceCode {
  readonly #load: LoadService;
  readonly #loaded = new Map<string, ServiceDefinition>();
  readonly #versions = new Map<string, ServiceDefinition>();
  #versioner: Versioner | null = null;
  #contractCheck: ContractCheck | null = null;

  constructor(load: LoadService) {
    this.#load = load;
  }

  async load(services: readonly ServiceName[], choice: CodeChoice): Promise<void> {
    for (const service of services) {
      const key = keyOf(service, choice);
      if (!this.#loaded.has(key)) this.#loaded.set(key, await this.#load(service, choice));
    }
    if (!choice.releases) return;
    this.#versioner ??= await loadVersioner();
    this.#contractCheck ??= await loadContractCheck();
  }

  has(services: readonly ServiceName[], choice: CodeChoice): boolean {
    return (
      services.every((service) => this.#loaded.has(keyOf(service, choice))) &&
      (!choice.releases || this.#contractCheck !== null)
    );
  }

  /** Of a service that was loaded so. */
  of(
    service: ServiceName,
    choice: Pick<CodeChoice, 'implementations'>,
    version: VersionLabel,
  ): ServiceDefinition {
    const key = keyOf(service, choice);
    const first = this.#loaded.get(key);
    if (first === undefined) throw new Error(`this shop has no code for ${key}`);
    if (version === FIRST_VERSION) return first;
    const name = `${key} ${version}`;
    const made = this.#versions.get(name) ?? this.#make(first, version);
    this.#versions.set(name, made);
    return made;
  }

  get contractCheck(): ContractCheck {
    if (this.#contractCheck === null) throw new Error('releases were not prepared');
    return this.#contractCheck;
  }

  #make(first: ServiceDefinition, version: VersionLabel): ServiceDefinition {
    if (this.#versioner === null) throw new Error('releases were not prepared');
    return this.#versioner(first, version);
  }
}

const keyOf = (service: ServiceName, { implementations }: Pick<CodeChoice, 'implementations'>): string =>
  service === 'shipping' ? `${service} in ${implementations.shipping}` : service;

/** What a run with these settings needs. */
export const codeOf = ({ implementations, deployments }: RunSettings): CodeChoice => ({
  implementations,
  releases: Object.keys(deployments).length > 0,
});

/** What a run needs for a command; null when that is what it has already, or none. */
export function codeChosenBy(command: unknown, settings: RunSettings): CodeChoice | null {
  const parsed = parseRunCommand(command);
  if (!parsed.ok) return null;
  if (parsed.value.type === 'release.start') return { ...codeOf(settings), releases: true };
  if (parsed.value.type !== 'settings.set') return null;
  const patched = applySettingsPatch(settings, parsed.value.patch);
  return patched.ok ? codeOf(patched.value) : null;
}
