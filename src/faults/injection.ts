import {
  type EventDraft,
  type EventId,
  type HttpResponse,
  type LogPlace,
  problemResponse,
  type RandomKey,
  type RandomPort,
  type RunTimeUs,
} from '../kernel/index.ts';
import { delayMs } from './delay-draw.ts';
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

/**
 * How long a `slow` fault holds what the key names, ms; null when it does not hit it. With a correlation some
 * take the draw of their second in place of their own: so many that of two in the same second as many agree as the
 * correlation says, and none depends on which came before it.
 */
export function slowMs(
  random: RandomPort,
  slow: ActiveOf<'slow'>,
  key: DrawKey,
  nowUs: RunTimeUs,
): number | null {
  if (!hits(random, slow, key)) return null;
  const { fault, faultId } = slow;
  const { correlation = 0 } = fault;
  const isShared =
    correlation > 0 && random.uniform('fault.together', faultId, ...key) < Math.sqrt(correlation);
  return delayMs(
    fault,
    isShared
      ? random.uniform('fault.delay.second', faultId, Math.floor(nowUs / 1_000_000))
      : random.uniform('fault.delay', faultId, ...key),
  );
}

/** How long the body of an answer trickles, ms; null when the fault does not hit it, or there is none. */
export function tricklingMs(
  random: RandomPort,
  slow: ActiveOf<'slow-body'>,
  body: string | null,
  key: DrawKey,
): number | null {
  if (body === null || body === '' || !hits(random, slow, key)) return null;
  return (body.length / slow.fault.bytesPerSecond) * 1000;
}

/** An answer as it arrives; null when the fault does not hit it, or there is no body to spoil. */
export function spoilt(
  random: RandomPort,
  corrupt: ActiveOf<'corrupt-body'>,
  response: HttpResponse,
  key: DrawKey,
): HttpResponse | null {
  const { body } = response;
  if (body === null || body === '' || !hits(random, corrupt, key)) return null;
  const { fault, faultId } = corrupt;
  if (fault.how === 'cut') return { ...response, body: body.slice(0, Math.floor(body.length / 2)) };
  const at = Math.floor(random.uniform('fault.garble', faultId, ...key) * body.length);
  return { ...response, body: `${body.slice(0, at)}\u0000${body.slice(at + 1)}` };
}

export const spoiltEffect = ({ fault }: ActiveOf<'corrupt-body'>): string =>
  fault.how === 'cut' ? 'cut the answer in two' : 'garbled the answer';

/** The answer that an `errors` fault gives in the callee's place. */
export const injectedAnswer = ({ faultId, fault }: ActiveOf<'errors'>): HttpResponse =>
  problemResponse(
    {
      type: 'https://bulkhead.dev/problems/injected-fault',
      title: 'Injected fault',
      status: fault.status,
      detail: `A fault (${faultId}) answered in place of ${faultTargetText(fault)}: nothing was done.`,
      faultId,
    },
    fault.retryAfterS === undefined ? {} : { 'retry-after': String(fault.retryAfterS) },
  );
