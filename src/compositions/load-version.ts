import {
  DEPLOYABLE_SERVICES,
  type DeployableService,
  FIRST_VERSION,
  modulesOf,
  type ServiceDefinition,
  type VersionLabel,
} from '../kernel/index.ts';
import { changedService, type VersionChanges } from '../patterns/index.ts';

/** Makes another version of a service, or of the monolith, out of the first. Throws when there is no such version. */
export type Versioner = (first: ServiceDefinition, label: VersionLabel) => ServiceDefinition;

type Catalogue = Readonly<Record<DeployableService, Readonly<Record<VersionLabel, VersionChanges>>>>;

/** What the later versions of every service do otherwise. */
export async function loadVersions(): Promise<Catalogue> {
  const { userVersions } = await import('../services/user/versions.ts');
  const { productVersions } = await import('../services/product/versions.ts');
  const { orderVersions } = await import('../services/order/versions.ts');
  const { shippingVersions } = await import('../services/shipping/versions.ts');
  return { user: userVersions, product: productVersions, order: orderVersions, shipping: shippingVersions };
}

export async function loadVersioner(): Promise<Versioner> {
  const catalogue = await loadVersions();
  const changed = (first: ServiceDefinition, service: DeployableService, label: VersionLabel) => {
    const changes = catalogue[service][label];
    if (changes === undefined) throw new Error(`There is no version ${label} of ${service}.`);
    return changedService(first, service, label, changes);
  };
  return (first, label) => {
    if (label === FIRST_VERSION) return first;
    const own = DEPLOYABLE_SERVICES.find((service) => service === first.name);
    if (own !== undefined) return changed(first, own, label);
    const modules = Object.entries(modulesOf(label)) as [DeployableService, VersionLabel][];
    if (modules.length === 0) throw new Error(`There is no version ${label} of ${first.name}.`);
    const made = modules.reduce((so, [module, version]) => changed(so, module, version), first);
    return { ...made, version: label };
  };
}
