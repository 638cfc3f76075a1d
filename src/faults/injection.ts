import {
  type EventDraft,
  type EventId,
  type HttpResponse,
  problemResponse,
  type RandomPort,
  type RunEvent,
  spreadAround,
} from '../kernel/index.ts';
import { faultTargetText } from './describe-fault.ts';
import type { ActiveFault, ErrorsFault, SlowFault } from './fault.ts';

/** Writes an event at a place in a trace; gives its id. `InstanceRuntime.write` is one. */
export type WriteEvent = (
  draft: EventDraft,
  at?: Partial<Pick<RunEvent, 'traceId' | 'spanId' | 'parentSpanId' | 'cause'>>,
) => EventId;

/** What a draw belongs to: one attempt of one logical call, however many others there are. */
export interface AttemptKey {
  readonly call: string;
  readonly attempt: number | string;
}

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

type Graded<F> = ActiveFault & { readonly fault: F };

const isSlow = (active: ActiveFault): active is Graded<SlowFault> => active.fault.kind === 'slow';
const isErrors = (active: ActiveFault): active is Graded<ErrorsFault> => active.fault.kind === 'errors';

/** Does the fault hit this attempt? By its share, drawn once for the attempt. */
const hits = (
  random: RandomPort,
  { faultId, fault }: Graded<SlowFault | ErrorsFault>,
  key: AttemptKey,
): boolean => random.uniform('fault.share', faultId, key.call, key.attempt) < fault.share;

/** What `slow` and `errors` faults do to one attempt: every delay that hits it, then the first error. */
export function effectsOn(
  faults: readonly ActiveFault[],
  key: AttemptKey,
  random: RandomPort,
): {
  readonly delays: readonly { readonly by: ActiveFault; readonly delayMs: number }[];
  readonly error: Graded<ErrorsFault> | null;
} {
  const delays = faults
    .filter(isSlow)
    .filter((active) => hits(random, active, key))
    .map((by) => {
      const draw = random.uniform('fault.delay', by.faultId, key.call, key.attempt);
      return { by, delayMs: spreadAround(by.fault.addMs, by.fault.spreadShare, draw) };
    });
  const error = faults.filter(isErrors).find((active) => hits(random, active, key)) ?? null;
  return { delays, error };
}

/** The answer that an `errors` fault gives in the callee's place. */
export const injectedAnswer = ({ faultId, fault }: Graded<ErrorsFault>): HttpResponse =>
  problemResponse({
    type: 'https://bulkhead.dev/problems/injected-fault',
    title: 'Injected fault',
    status: fault.status,
    detail: `A fault (${faultId}) answered in place of ${faultTargetText(fault)}: nothing was done.`,
    faultId,
  });
