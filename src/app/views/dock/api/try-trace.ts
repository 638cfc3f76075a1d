import {
  allIntents,
  type IntentView,
  type RunProjections,
  type SpanView,
  spansOf,
} from '../../../../projections/index.ts';
import type { Attempt } from './api-store.ts';

const BY_HAND = 'hand-request-';

/** The requests that people sent in this run, by their intents. */
export const handRequests = ({ orders }: RunProjections): ReadonlySet<string> =>
  new Set(allIntents(orders).flatMap(({ intentId }) => (intentId.startsWith(BY_HAND) ? [intentId] : [])));

/** What the log knows of an attempt. */
export interface TryTrace {
  readonly intent: IntentView;
  /** Sent by any service on its behalf so far. */
  readonly calls: number;
  /** Of these, the ones that the browser's developer tools show. */
  readonly visible: number;
  /** From the customer to the answer, in run time; null: not answered. */
  readonly tookMs: number | null;
}

const spansOfIntent = ({ traces }: RunProjections, { traceIds }: IntentView): SpanView[] =>
  traceIds.flatMap((traceId) => spansOf(traces, traceId));

/** The request's own story in the log; null: it is not there (yet, or any more). */
export function traceOfTry(
  projections: RunProjections,
  { earlier, request }: Pick<Attempt, 'earlier' | 'request'>,
  inBrowser: 'all' | 'first' | 'none',
): TryTrace | null {
  for (const intent of allIntents(projections.orders)) {
    if (!intent.intentId.startsWith(BY_HAND) || earlier.has(intent.intentId)) continue;
    const sent = spansOfIntent(projections, intent).filter(({ end }) => end !== 'rejected');
    const byCustomer = sent.filter(({ from }) => from === 'customers');
    const own = byCustomer.findLast(({ method, path }) => method === request.method && path === request.path);
    // Somebody else's, by script.
    if (own === undefined) continue;
    return {
      intent,
      calls: sent.length,
      visible: inBrowser === 'all' ? sent.length : inBrowser === 'first' ? byCustomer.length : 0,
      tookMs: own.endedUs === null ? null : (own.endedUs - own.sentUs) / 1000,
    };
  }
  return null;
}
