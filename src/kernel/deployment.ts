import { type InstanceId, instanceId, numberOfInstance } from './ids.ts';
import type { RunSettings } from './run-settings.ts';
import type { ServiceName } from './service-name.ts';

/** Those that are deployed by themselves; in the monolith they are modules of one program. */
export const DEPLOYABLE_SERVICES = ['user', 'product', 'order', 'shipping'] as const;
export type DeployableService = (typeof DEPLOYABLE_SERVICES)[number];

/** `v1`, `v2` … of a service; of the monolith, what differs from the first: `product v2 + order v3`. */
export type VersionLabel = string;
export const FIRST_VERSION: VersionLabel = 'v1';

export interface DeployedInstance {
  readonly number: number;
  readonly version: VersionLabel;
}

/** What runs of a service. A service without one has instances 1 … n of the first version. */
export interface Deployment {
  /** What an instance runs that comes without a release. */
  readonly stable: VersionLabel;
  /** In the order in which they came. */
  readonly instances: readonly DeployedInstance[];
  /** Which share of the requests goes to a version; null: to each instance alike. One that is not named gets none. */
  readonly traffic: Readonly<Record<VersionLabel, number>> | null;
}

export type Deployments = Readonly<Partial<Record<ServiceName, Deployment>>>;

/** Which version an instance runs that starts now. */
export function versionOf(
  deployments: Deployments,
  service: ServiceName,
  instance: InstanceId,
): VersionLabel {
  const deployment = deployments[service];
  if (deployment === undefined) return FIRST_VERSION;
  const number = numberOfInstance(instance);
  return deployment.instances.find((each) => each.number === number)?.version ?? deployment.stable;
}

/** A service's instances. `replicas`: how many a service has that was never released. */
export function deployedInstances(
  deployments: Deployments,
  service: ServiceName,
  replicas: number,
): readonly InstanceId[] {
  const deployment = deployments[service];
  const numbers =
    deployment === undefined
      ? Array.from({ length: replicas }, (_, index) => index + 1)
      : deployment.instances.map(({ number }) => number);
  return numbers.map((number) => instanceId(service, number));
}

/** The settings with nothing under way: all instances of the stable version, and each gets its share. */
export function settledDeployments(settings: RunSettings): RunSettings {
  const deployments: Partial<Record<ServiceName, Deployment>> = {};
  for (const [name, { stable, instances }] of Object.entries(settings.deployments)) {
    const kept = instances.filter(({ version }) => version === stable);
    const replicas = settings.services[name as ServiceName].instances;
    deployments[name as ServiceName] = withReplicas({ stable, instances: kept, traffic: null }, replicas);
  }
  return { ...settings, deployments };
}

/** The settings with as many deployed instances of each service as they ask for. */
export function withDeployedReplicas(settings: RunSettings): RunSettings {
  const deployments: Partial<Record<ServiceName, Deployment>> = {};
  for (const [name, deployment] of Object.entries(settings.deployments)) {
    const service = name as ServiceName;
    deployments[service] = withReplicas(deployment, settings.services[service].instances);
  }
  return { ...settings, deployments };
}

/** The deployment with another number of instances: the lowest free numbers come, the last that came go. */
export function withReplicas(deployment: Deployment, replicas: number): Deployment {
  const { instances, stable } = deployment;
  const missing = replicas - instances.length;
  if (missing <= 0) return { ...deployment, instances: instances.slice(0, replicas) };
  const numbers = freeNumbers(
    instances.map(({ number }) => number),
    missing,
  );
  return {
    ...deployment,
    instances: [...instances, ...numbers.map((number) => ({ number, version: stable }))],
  };
}

/** The lowest numbers that nobody has. */
export function freeNumbers(taken: readonly number[], count: number): readonly number[] {
  const free: number[] = [];
  for (let number = 1; free.length < count; number += 1) if (!taken.includes(number)) free.push(number);
  return free;
}

/** What a version of the monolith has of each module; `v1` and `product v2 + order v3` are such. */
export function modulesOf(label: VersionLabel): Readonly<Partial<Record<DeployableService, VersionLabel>>> {
  const modules: Partial<Record<DeployableService, VersionLabel>> = {};
  for (const part of label.split(' + ')) {
    const [module, version] = part.split(' ');
    const service = DEPLOYABLE_SERVICES.find((each) => each === module);
    if (service !== undefined && version !== undefined) modules[service] = version;
  }
  return modules;
}

/** The monolith's label with these modules; those of the first version are not named. */
export function labelOfModules(
  modules: Readonly<Partial<Record<DeployableService, VersionLabel>>>,
): VersionLabel {
  const parts = DEPLOYABLE_SERVICES.flatMap((service) => {
    const version = modules[service];
    return version === undefined || version === FIRST_VERSION ? [] : [`${service} ${version}`];
  });
  return parts.length === 0 ? FIRST_VERSION : parts.join(' + ');
}
