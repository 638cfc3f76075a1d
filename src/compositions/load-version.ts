import { FIRST_VERSION, type ServiceDefinition, type VersionLabel } from '../kernel/index.ts';

/** Makes another version of a service, or of the monolith, out of the first. */
export type Versioner = (first: ServiceDefinition, label: VersionLabel) => ServiceDefinition;

export async function loadVersioner(): Promise<Versioner> {
  return (first, label) => (label === FIRST_VERSION ? first : { ...first, version: label });
}
