import { type Context, defineLocal, type RetrySettings, type ServiceName } from '../../kernel/index.ts';

/** Calls under way to one callee, and how many of them are being retried (from the decision to their end). */
export interface RetryLoad {
  readonly active: number;
  readonly retrying: number;
}

/** As Envoy's retry budget: retries may be a share of the active requests, and a few are always allowed. */
export const retryAllowed = (
  load: RetryLoad,
  settings: Pick<RetrySettings, 'budgetShare' | 'budgetMinimum'>,
): boolean =>
  load.retrying < Math.max(settings.budgetMinimum, Math.floor(settings.budgetShare * load.active));

interface Counts {
  active: number;
  retrying: number;
}

const counts = defineLocal('retry-budgets', () => new Map<ServiceName, Counts>());

/** This instance's counts for one callee; the caller adds and takes away. */
export function retryCounts(context: Context, to: ServiceName): Counts {
  const all = context.local(counts);
  const known = all.get(to) ?? { active: 0, retrying: 0 };
  all.set(to, known);
  return known;
}
