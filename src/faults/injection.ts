import {
  type EventDraft,
  type EventId,
  type HttpResponse,
  type LogPlace,
  problemResponse,
  type RandomKey,
  type RandomPort,
  spreadAround,
} from '../kernel/index.ts';
import { faultTargetText } from './describe-fault.ts';
import type { ActiveFault, ActiveOf } from './fault.ts';

/** Writes an event at a place in a trace; gives its id. `InstanceRuntime.write` is one. */
export type WriteEvent = (draft: EventDraft, at?: Partial<LogPlace>) => EventId;

/** What a draw belongs to (a call and its attempt, say), however many others there are. */
export type DrawKey = readonly RandomKey[];

/** One effect of a fault, as the log names it: a failure is followed back to its fault through these. */
export const injected = (
  { faultId, fault }: ActiveFault,
  effect: string,
  delayMs: number | null = null,
): EventDraft => ({
  type: 'fault.injected',
  faultId,
  kind: fault.kind,
  target: faultTargetText(fault),
  effect,
  delayMs,
});

type Shared = ActiveFault & { readonly fault: { readonly share: number } };

/** Does the fault hit what the key names? By its share, drawn once for each key. */
export const hits = (random: RandomPort, { faultId, fault }: Shared, key: DrawKey): boolean =>
  random.uniform('fault.share', faultId, ...key) < fault.share;

/** How long a `slow` fault holds what the key names, ms; null when it does not hit it. */
export function slowMs(random: RandomPort, slow: ActiveOf<'slow'>, key: DrawKey): number | null {
  if (!hits(random, slow, key)) return null;
  const { addMs, spreadShare } = slow.fault;
  return spreadAround(addMs, spreadShare, random.uniform('fault.delay', slow.faultId, ...key));
}

/** The answer that an `errors` fault gives in the callee's place. */
export const injectedAnswer = ({ faultId, fault }: ActiveOf<'errors'>): HttpResponse =>
  problemResponse({
    type: 'https://bulkhead.dev/problems/injected-fault',
    title: 'Injected fault',
    status: fault.status,
    detail: `A fault (${faultId}) answered in place of ${faultTargetText(fault)}: nothing was done.`,
    faultId,
  });
