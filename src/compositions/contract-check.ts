import type { DeployableService, VersionLabel } from '../kernel/index.ts';
import {
  type AnyContract,
  type ContractBreak,
  changedDocument,
  contractBreaks,
  type Expectation,
  type JsonObject,
  openApiDocument,
} from '../patterns/index.ts';
import { loadVersions } from './load-version.ts';

/** What of its consumers' contracts a version of a service does not keep. */
export type ContractCheck = (service: DeployableService, label: VersionLabel) => readonly ContractBreak[];

interface Provider {
  readonly contract: AnyContract;
  readonly expectations: readonly Expectation[];
}

/** Every service with what its consumers say that they need of it. */
export async function loadProviders(): Promise<Readonly<Record<DeployableService, Provider>>> {
  const ofOrder = await import('../services/order/expectations.ts');
  const ofCustomers = await import('../services/customers/expectations.ts');
  const { keysOfUser } = await import('../services/gateway/expectations.ts');
  const { userContract } = await import('../services/user/contract.ts');
  const { productContract } = await import('../services/product/contract.ts');
  const { orderContract } = await import('../services/order/contract.ts');
  const { shippingContract } = await import('../services/shipping/contract.ts');
  return {
    user: { contract: userContract, expectations: [...ofCustomers.customersOfUser, ...keysOfUser] },
    product: {
      contract: productContract,
      expectations: [...ofOrder.orderOfProduct, ...ofCustomers.customersOfProduct],
    },
    order: { contract: orderContract, expectations: ofCustomers.customersOfOrder },
    shipping: {
      contract: shippingContract,
      expectations: [...ofOrder.orderOfShipping, ...ofCustomers.customersOfShipping],
    },
  };
}

export async function loadContractCheck(): Promise<ContractCheck> {
  const providers = await loadProviders();
  const versions = await loadVersions();
  return (service, label) => {
    const { contract, expectations } = providers[service];
    const first = openApiDocument(contract) as JsonObject;
    const candidate = changedDocument(first, label, versions[service][label] ?? {});
    return contractBreaks(expectations, first, candidate, label);
  };
}
