import type { DeployableService, VersionLabel } from '../kernel/index.ts';
import type { ContractBreak } from '../patterns/index.ts';

/** What consumers need and this version of a service does not give. In the monolith the compiler says the same. */
export type ContractCheck = (service: DeployableService, label: VersionLabel) => readonly ContractBreak[];

/** All consumers' expectations and all versions' contracts; with them, a check asks nobody. */
export async function loadContractCheck(): Promise<ContractCheck> {
  const { breaksOf } = await import('./consumer-contracts.ts');
  return breaksOf;
}
