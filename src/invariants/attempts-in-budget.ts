import {
  type CallId,
  edgeKey,
  type RejectedBy,
  type RetrySettings,
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
}

const NONE: Allowed = { attempts: 1, budgetShare: 0, budgetMinimum: 0 };

const most = (known: Allowed, retry: RetrySettings | null): Allowed =>
  retry === null
    ? known
    : {
        attempts: Math.max(known.attempts, retry.maxAttempts),
        budgetShare: Math.max(known.budgetShare, retry.budgetShare),
        budgetMinimum: Math.max(known.budgetMinimum, retry.budgetMinimum),
      };

/** Who refuses an attempt for good. */
const ENDS: ReadonlySet<RejectedBy> = new Set(['circuit-breaker', 'client-throttling', 'deadline']);

/**
 * A logical call has at most `maxAttempts` attempts (RT-1), and none after the breaker or client-side throttling
 * refused it or its deadline was over (RT-6). Of one caller instance's calls to one callee at most a share is being retried,
 * but a few always may (RT-8). How much is allowed the settings say; a log without them is asked for RT-6 only.
 */
export const attemptsInBudget = defineChecker(
  'INV-12',
  'Attempts stay within their budget',
  (run, report) => {
    const seen: RunSettings[] = run.settings === null ? [] : [run.settings];
    const allowed = new Map<string, Allowed>();
    const overBy = new Map<CallId, RunEventOf<'call.rejected'>>();

    /** null: the settings are unknown. */
    const allowedOn = (from: ServiceName, to: ServiceName): Allowed | null => {
      if (seen.length === 0) return null;
      const edge = edgeKey({ from, to });
      const known =
        allowed.get(edge) ??
        seen.reduce((so, { edges, edge: other }) => most(so, (edges[edge] ?? other).retry), NONE);
      allowed.set(edge, known);
      return known;
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
          if (limit !== null && event.attempt > limit.attempts)
            report(
              `attempt ${event.attempt} of call ${event.callId} to ${event.to}, of ${limit.attempts} allowed`,
              event,
            );
        },
        'call.rejected': (event) => {
          if (ENDS.has(event.by)) overBy.set(event.callId, event);
        },
        'retry.scheduled': (event) => {
          const { to, active, retrying } = event;
          const over = overBy.get(event.callId);
          if (over !== undefined)
            report(
              `call ${event.callId} to ${to} is tried again, though it was over by ${over.by}`,
              over,
              event,
            );
          const limit = allowedOn(event.service, to);
          if (limit === null) return;
          const calls = Math.max(limit.budgetMinimum, Math.floor(limit.budgetShare * active));
          if (retrying > calls)
            report(`${retrying} of ${active} calls to ${to} are being retried, of ${calls} allowed`, event);
        },
      },
    };
  },
);
