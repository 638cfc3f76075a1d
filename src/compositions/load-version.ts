import {
  DEPLOYABLE_SERVICES,
  type DeployableService,
  FIRST_VERSION,
  labelOfModules,
  modulesOf,
  type ServiceDefinition,
  type VersionLabel,
} from '../kernel/index.ts';

/** Makes another version of a service, or of the monolith, out of the first. Throws for one that there is not. */
export type Versioner = (first: ServiceDefinition, label: VersionLabel) => ServiceDefinition;

/**
 * The versions of all services. In the monolith they are modules, and what they change of operations between
 * services changes nothing: there it is a function that the compiler checks.
 */
export async function loadVersioner(): Promise<Versioner> {
  const { versionOfService } = await import('./service-versions.ts');
  return (first, label) => {
    if (label === FIRST_VERSION) return first;
    let made = first;
    for (const [service, version] of changesIn(first, label))
      if (version !== FIRST_VERSION) made = versionOfService(made, service, version);
    return { ...made, version: label };
  };
}

function changesIn(
  { name }: ServiceDefinition,
  label: VersionLabel,
): readonly (readonly [DeployableService, VersionLabel])[] {
  if (name !== 'monolith') {
    const service = DEPLOYABLE_SERVICES.find((each) => each === name);
    if (service === undefined) throw new Error(`There is one version only of ${name}, not '${label}'.`);
    return [[service, label]];
  }
  const modules = modulesOf(label);
  if (labelOfModules(modules) !== label)
    throw new Error(`'${label}' is no version of the monolith, as 'product v2 + order v3' is.`);
  return Object.entries(modules) as [DeployableService, VersionLabel][];
}
