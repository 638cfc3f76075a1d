import {
  type DeployableService,
  FIRST_VERSION,
  type ServiceDefinition,
  type VersionLabel,
} from '../kernel/index.ts';
import { type AnyContract, changedContract, changedService, type ServiceChange } from '../patterns/index.ts';
import { orderContract } from '../services/order/contract.ts';
import { orderVersions } from '../services/order/versions.ts';
import { productContract } from '../services/product/contract.ts';
import { productVersions } from '../services/product/versions.ts';
import { shippingContract } from '../services/shipping/contract.ts';
import { shippingVersions } from '../services/shipping/versions.ts';
import { userContract } from '../services/user/contract.ts';
import { userVersions } from '../services/user/versions.ts';

interface Versioned {
  readonly contract: AnyContract;
  readonly changes: Readonly<Record<VersionLabel, ServiceChange>>;
}

const versioned: Readonly<Record<DeployableService, Versioned>> = {
  user: { contract: userContract, changes: userVersions },
  product: { contract: productContract, changes: productVersions },
  order: { contract: orderContract, changes: orderVersions },
  shipping: { contract: shippingContract, changes: shippingVersions },
};

/** The first version's definition, as a service or with it as a module, made into this version's. */
export const versionOfService = (
  first: ServiceDefinition,
  service: DeployableService,
  label: VersionLabel,
): ServiceDefinition => changedService(first, changeTo(service, label));

export function contractOfVersion(service: DeployableService, label: VersionLabel): AnyContract {
  const { contract } = versioned[service];
  return label === FIRST_VERSION ? contract : changedContract(contract, changeTo(service, label));
}

function changeTo(service: DeployableService, label: VersionLabel): ServiceChange {
  const { changes } = versioned[service];
  const change = changes[label];
  if (change !== undefined) return change;
  const known = [FIRST_VERSION, ...Object.keys(changes)].join(', ');
  throw new Error(`There is no version '${label}' of ${service}, only ${known}.`);
}
