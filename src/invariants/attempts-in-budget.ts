import {
  type CallId,
  type EdgePolicy,
  edgeKey,
  type RejectedBy,
  type RunEventOf,
  type RunSettings,
  type ServiceName,
} from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';

/** The most that any settings of the run so far have allowed on an edge: a call goes by those of its beginning. */
interface Allowed {
  attempts: number;
  budgetShare: number;
  budgetMinimum: number;
  /** Hedges without retries. */
  unbudgeted: boolean;
  /** A hedge stands around the retry: each brings all of its attempts. */
  hedgesRetries: boolean;
}

const NONE: Allowed = {
  attempts: 1,
  budgetShare: 0,
  budgetMinimum: 0,
  unbudgeted: false,
  hedgesRetries: false,
};

const most = (known: Allowed, { retry, hedge, order }: EdgePolicy): Allowed =>
  retry === null
    ? { ...known, unbudgeted: known.unbudgeted || hedge !== null }
    : {
        ...known,
        attempts: Math.max(known.attempts, retry.maxAttempts),
        budgetShare: Math.max(known.budgetShare, retry.budgetShare),
        budgetMinimum: Math.max(known.budgetMinimum, retry.budgetMinimum),
        hedgesRetries:
          known.hedgesRetries || (hedge !== null && order.indexOf('hedge') < order.indexOf('retry')),
      };

/** Who refuses an attempt for good. */
const ENDS: ReadonlySet<RejectedBy> = new Set(['circuit-breaker', 'client-throttling', 'deadline']);

/**
 * A logical call has at most `maxAttempts` attempts (RT-1) besides its hedges (HEDGE-2), and none after the breaker or client-side throttling
 * refused it or its deadline was over (RT-6). Of one caller instance's calls to one callee at most a share is being retried,
 * but a few always may (RT-8). How much is allowed the settings say; a log without them is asked for RT-6 only.
 */
export const attemptsInBudget = defineChecker(
  'INV-12',
  'Attempts stay within their budget',
  (run, report) => {
    const seen: RunSettings[] = run.settings === null ? [] : [run.settings];
    const allowed = new Map<string, Allowed>();
    const hedges = new Map<CallId, number>();
    const ends = new Map<CallId, RunEventOf<'call.rejected'>[]>();

    /** What ended the call: where a hedge stands around the retry, each of the two has an end of its own. */
    const overBy = ({ callId, service, to }: RunEventOf<'retry.scheduled'>) => {
      const lanes = allowedOn(service, to)?.hedgesRetries === true ? 1 + (hedges.get(callId) ?? 0) : 1;
      return (ends.get(callId) ?? [])[lanes - 1];
    };

    /** null: the settings are unknown. */
    const allowedOn = (from: ServiceName, to: ServiceName): Allowed | null => {
      if (seen.length === 0) return null;
      const edge = edgeKey({ from, to });
      const known =
        allowed.get(edge) ??
        seen.reduce((so, { edges, edge: other }) => most(so, edges[edge] ?? other), NONE);
      allowed.set(edge, known);
      return known;
    };

    const withinBudget = (
      event: RunEventOf<'retry.scheduled' | 'hedge.started'>,
      { budgetMinimum, budgetShare }: Allowed,
    ) => {
      const { to, active, retrying } = event;
      const calls = Math.max(budgetMinimum, Math.floor(budgetShare * active));
      if (retrying > calls)
        report(`${retrying} of ${active} calls to ${to} are being retried, of ${calls} allowed`, event);
    };

    return {
      events: {
        'run.settings.changed': () => {
          if (run.settings !== null) seen.push(run.settings);
          allowed.clear();
        },
        'request.sent': (event) => {
          if (event.attempt <= 1) return;
          const limit = allowedOn(event.service, event.to);
          if (limit === null) return;
          const hedged = hedges.get(event.callId) ?? 0;
          const atMost = limit.hedgesRetries ? limit.attempts * (1 + hedged) : limit.attempts + hedged;
          if (event.attempt > atMost)
            report(
              `attempt ${event.attempt} of call ${event.callId} to ${event.to}, of ${atMost} allowed`,
              event,
            );
        },
        'hedge.started': (event) => {
          hedges.set(event.callId, (hedges.get(event.callId) ?? 0) + 1);
          // Where nothing is retried there is no budget.
          const limit = allowedOn(event.service, event.to);
          if (limit !== null && !limit.unbudgeted) withinBudget(event, limit);
        },
        'call.rejected': (event) => {
          if (ENDS.has(event.by)) ends.set(event.callId, [...(ends.get(event.callId) ?? []), event]);
        },
        'retry.scheduled': (event) => {
          const { to } = event;
          const over = overBy(event);
          if (over !== undefined)
            report(
              `call ${event.callId} to ${to} is tried again, though it was over by ${over.by}`,
              over,
              event,
            );
          const limit = allowedOn(event.service, to);
          // A hedge of a time without a budget may still be under way.
          if (limit !== null && !limit.unbudgeted) withinBudget(event, limit);
        },
      },
    };
  },
);
