import {
  deployedInstances,
  type InstanceId,
  instanceId,
  type RunSettings,
  type ServiceDefinition,
  type ServiceName,
  withDeployedReplicas,
} from '../kernel/index.ts';

export const COMPOSITION_NAMES = ['microservices', 'monolith'] as const;
export type CompositionName = (typeof COMPOSITION_NAMES)[number];

/** Which services make up the shop, on any host. */
export interface Composition {
  readonly name: string;
  /** In the order in which they start. */
  readonly services: readonly ServiceName[];
  /** Whose first instance customers send their requests to. */
  readonly entry: ServiceName;
  /** Those that look others up in the registry. The shop is open when each has found all that it calls. */
  readonly lookUps: readonly ServiceName[];
}

/**
 * Gives a service's code; apart from the composition, so that who only counts instances need not load any. Asked
 * for each start of an instance: the settings choose among a service's implementations.
 */
export type LoadService = (
  service: ServiceName,
  settings?: Pick<RunSettings, 'implementations'>,
) => Promise<ServiceDefinition>;

/** The one instance that customers know the address of. */
export const entryOf = ({ entry }: Pick<Composition, 'entry'>): InstanceId => instanceId(entry, 1);

/** The settings with another number of a service's instances. */
export const withInstances = (settings: RunSettings, service: ServiceName, instances: number): RunSettings =>
  withDeployedReplicas({
    ...settings,
    services: { ...settings.services, [service]: { ...settings.services[service], instances } },
  });

/** The instances that a composition has under these settings, in the order in which they start. */
export const instancesOf = (composition: Composition, settings: RunSettings): InstanceId[] =>
  composition.services.flatMap((service) =>
    deployedInstances(settings.deployments, service, settings.services[service].instances),
  );
