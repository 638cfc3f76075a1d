import type { DeployableService, VersionLabel } from '../kernel/index.ts';

export type ContractCheck = (
  service: DeployableService,
  label: VersionLabel,
) => readonly { readonly problem: string }[];

export async function loadContractCheck(): Promise<ContractCheck> {
  return () => [];
}
