import type { RunSettings } from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';
import { type Commit, numberOf, type Row } from './rows.ts';

interface Evicted {
  readonly instance: string;
  readonly before: Row;
}

/** What the checker has counted by itself, from the rows of the instances alone. */
interface Counted {
  readonly sinceUs: number;
  readonly renewals: number;
  readonly lastRenewals: number;
}

const NOT_BEGUN: Counted = { sinceUs: 0, renewals: 0, lastRenewals: 0 };

/** The count in the window that begins at `sinceUs`. */
function inWindow(counted: Counted, sinceUs: number, lengthUs: number): Counted {
  const passed = Math.round((sinceUs - counted.sinceUs) / lengthUs);
  if (passed <= 0) return counted;
  return { sinceUs, renewals: 0, lastRenewals: passed === 1 ? counted.renewals : 0 };
}

const registryOf = (settings: RunSettings | null): RunSettings['registry'] | null =>
  settings?.registry ?? null;

/**
 * The registry's eviction (DISC-12 to DISC-16): only whose lease is over, nobody while too few renewals came in,
 * and not more at once than may go.
 */
export const eviction = defineChecker(
  'INV-21',
  'The registry evicts only whose lease is over, and nobody while it preserves itself',
  (run, report) => {
    let counted = NOT_BEGUN;
    let preserves = false;
    /** Of the commit that was told last. */
    let last: {
      readonly commit: Commit | null;
      readonly gone: Evicted[];
      registered: number;
      renewed: number;
    } = {
      commit: null,
      gone: [],
      registered: 0,
      renewed: 0,
    };
    const of = (commit: Commit) => {
      if (last.commit !== commit) {
        const registered = run.rows.table('registry', 'instances')?.rows.size ?? 0;
        last = { commit, gone: [], registered, renewed: 0 };
      }
      return last;
    };
    const lengthUs = () => 2 * (registryOf(run.settings)?.heartbeatMs ?? 1) * 1000;
    return {
      rows: {
        instances(instance, before, now, commit) {
          if (commit.service !== 'registry') return;
          const noted = of(commit);
          if (before === undefined) return;
          if (now === undefined) noted.gone.push({ instance, before });
          else if (
            commit.operation !== 'renew leases' &&
            numberOf(before, 'registeredAtUs') === numberOf(now, 'registeredAtUs')
          )
            noted.renewed += 1;
        },
        renewals(_, before, now, commit) {
          if (commit.service !== 'registry' || now === undefined) return;
          const sinceUs = numberOf(now, 'sinceUs');
          counted =
            before === undefined || commit.operation === 'renew leases'
              ? { ...NOT_BEGUN, sinceUs }
              : inWindow(counted, sinceUs, lengthUs());
          counted = { ...counted, renewals: counted.renewals + of(commit).renewed };
          if (
            counted.renewals !== numberOf(now, 'renewals') ||
            counted.lastRenewals !== numberOf(now, 'lastRenewals')
          )
            report(
              `the registry counts ${numberOf(now, 'renewals')} renewals after ${numberOf(now, 'lastRenewals')}; there were ${counted.renewals} after ${counted.lastRenewals}`,
              commit,
            );
        },
      },
      events: {
        'registry.self-preservation.started': () => {
          preserves = true;
        },
        'registry.self-preservation.ended': () => {
          preserves = false;
        },
        'registry.instance.expired': (event) => {
          const row = last.gone.find(({ instance }) => instance === event.expired);
          if (row === undefined) return;
          const { expired, timeUs } = event;
          if (numberOf(row.before, 'leaseUntilUs') > timeUs)
            report(`${expired} was evicted before its lease was over`, event);
          const share = registryOf(run.settings)?.selfPreservation?.renewalShare ?? 0;
          if (share === 0) return;
          const { registered, gone } = last;
          const threshold = Math.floor(2 * registered * share);
          if (preserves) report(`${expired} was evicted though the registry preserves itself`, event);
          if (counted.lastRenewals <= threshold)
            report(
              `${expired} was evicted after ${counted.lastRenewals} renewals, with ${registered} registered: more than ${threshold} are needed`,
              event,
            );
          const most = registered - Math.floor(registered * share);
          if (gone.length > most)
            report(`${gone.length} of ${registered} were evicted at once, and at most ${most} may be`, event);
        },
      },
    };
  },
);
