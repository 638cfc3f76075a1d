import type { RunId, ServiceName } from '../../kernel/index.ts';

const ROOT = 'bulkhead';

/** One database per service, shared by its instances. */
export const serviceDatabase = (run: RunId, composition: string, service: ServiceName): string =>
  `${ROOT}/${run}/${composition}/${service}`;

export const logDatabase = (run: RunId): string => `${ROOT}/${run}/log`;

/** Events that a transaction wrote, until the run log has them on disk. */
export const LOG_OUTBOX = 'log-outbox';

/** A database's version counts, in thousands, how often a start of the run has taken it over. */
export const VERSIONS_PER_TAKEOVER = 1000;

export const takeoverOf = ({ version }: { readonly version: number }): number =>
  Math.floor(version / VERSIONS_PER_TAKEOVER);

/** The run that a database belongs to; null when it is none of ours. */
export function runOfDatabase(name: string): string | null {
  const [root, run, rest] = name.split('/');
  return root === ROOT && run !== undefined && rest !== undefined ? run : null;
}
