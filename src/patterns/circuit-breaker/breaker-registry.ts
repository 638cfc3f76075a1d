import {
  type CircuitBreakerSettings,
  type CircuitFigures,
  type CircuitState,
  type Context,
  defineLocal,
  type EventDraft,
  edgeKey,
  elapsedMs,
  type RunTimeUs,
  type ServiceName,
} from '../../kernel/index.ts';
import { type BreakerEvent, type CallResult, CircuitBreaker } from './circuit-breaker.ts';

/** How often a waiting timer looks whether its settings have changed. */
const TIMER_LOOK_MS = 1000;

interface Slot {
  readonly breaker: CircuitBreaker;
  /** Whose call or timer works with it now: what it tells is of theirs. */
  context: Context;
  timerRuns: boolean;
  /** DISABLED because the edge has no breaker now; somebody's DISABLED stays when the settings change. */
  takenAway: boolean;
  /** What it tells now is somebody's doing. */
  byHand: boolean;
}

// One breaker per callee; an instance's memory is its own, so this is "per caller instance and callee".
const breakers = defineLocal('circuit-breakers', () => new Map<ServiceName, Slot>());

const settingsOf = (context: Context, to: ServiceName): CircuitBreakerSettings | null => {
  const { edges, edge } = context.settings;
  return (edges[edgeKey({ from: context.service, to })] ?? edge).breaker;
};

export type Admission =
  | {
      readonly admitted: true;
      /** Exactly once, however the call ends; `ignored` gives back its half-open permit. */
      readonly record: (result: CallResult) => void;
    }
  | { readonly admitted: false; readonly detail: string };

/** Asks this instance's breaker to `to` for a call. Without a breaker on that edge everything passes. */
export function askForCall(context: Context, to: ServiceName): Admission {
  const settings = settingsOf(context, to);
  if (settings === null) {
    const known = context.local(breakers).get(to);
    if (known !== undefined) takeAway(context, known);
    return { admitted: true, record: () => {} };
  }
  const slot = slotOf(context, to, settings);
  const { breaker } = slot;
  const startedUs = context.clock.now();
  if (slot.takenAway) bringBack(slot, startedUs);
  const permit = breaker.ask(startedUs);
  keepTime(context, to, slot);
  if (permit === null) return { admitted: false, detail: refusal(context, breaker) };
  let recorded = false;
  return {
    admitted: true,
    record(result) {
      if (recorded) return;
      recorded = true;
      const current = settingsOf(context, to);
      if (current === null) return;
      breaker.settings = current;
      slot.context = context;
      const nowUs = context.clock.now();
      breaker.record(permit, result, elapsedMs(startedUs, nowUs), nowUs);
      keepTime(context, to, slot);
    },
  };
}

/** What this instance's breakers know, by callee. */
export function breakerFigures(context: Context): ReadonlyMap<ServiceName, CircuitFigures> {
  const nowUs = context.clock.now();
  return new Map([...context.local(breakers)].map(([to, { breaker }]) => [to, breaker.figures(nowUs)]));
}

/** Moves a breaker by hand (FORCED_OPEN, METRICS_ONLY, …), or resets it. Throws when the transition is illegal. */
export function commandBreaker(context: Context, to: ServiceName, state: CircuitState | 'reset'): void {
  const settings = settingsOf(context, to);
  if (settings === null) throw new Error(`There is no circuit breaker from ${context.service} to ${to}`);
  const slot = slotOf(context, to, settings);
  const nowUs = context.clock.now();
  if (slot.takenAway) bringBack(slot, nowUs);
  slot.byHand = true;
  try {
    if (state === 'reset') slot.breaker.reset(nowUs);
    else slot.breaker.transition(state, nowUs);
  } finally {
    slot.byHand = false;
  }
  keepTime(context, to, slot);
}

/** The state of this instance's breaker to `to`; null: it has none, or has not called there yet. */
export function breakerState(context: Context, to: ServiceName): CircuitState | null {
  if (settingsOf(context, to) === null) return null;
  const slot = context.local(breakers).get(to);
  if (slot === undefined) return null;
  return slot.takenAway ? 'CLOSED' : slot.breaker.state;
}

/** The breaker to `to`, with these settings. */
function slotOf(context: Context, to: ServiceName, settings: CircuitBreakerSettings): Slot {
  const slots = context.local(breakers);
  const known = slots.get(to);
  if (known !== undefined) {
    known.breaker.settings = settings;
    known.context = context;
    return known;
  }
  const tell = (event: BreakerEvent) =>
    slot.context.log.emit(
      (slot.byHand && event.type === 'breaker.state.changed'
        ? { ...event, to, byHand: true }
        : { ...event, to }) as EventDraft,
    );
  const slot: Slot = {
    breaker: new CircuitBreaker(settings, tell),
    context,
    timerRuns: false,
    takenAway: false,
    byHand: false,
  };
  slots.set(to, slot);
  return slot;
}

function takeAway(context: Context, slot: Slot): void {
  if (slot.breaker.state === 'DISABLED') return;
  slot.context = context;
  slot.takenAway = true;
  slot.breaker.transition('DISABLED', context.clock.now());
}

function bringBack(slot: Slot, nowUs: RunTimeUs): void {
  slot.takenAway = false;
  slot.breaker.transition('CLOSED', nowUs);
}

function refusal(context: Context, breaker: CircuitBreaker): string {
  const figures = breaker.figures(context.clock.now());
  const counted = figures.calls > 0 ? `: ${figures.failures} of its last ${figures.calls} calls failed` : '';
  const untilUs = breaker.openUntilUs;
  if (untilUs === null) return `the circuit breaker is ${breaker.state}${counted}`;
  const leftMs = Math.max(0, elapsedMs(context.clock.now(), untilUs));
  return `the circuit breaker is OPEN${counted}; probes in ${(leftMs / 1000).toFixed(1)} s`;
}

/** Does what no call would do in time: OPEN → HALF_OPEN by itself, and the end of a HALF_OPEN that lasts too long. */
function keepTime(context: Context, to: ServiceName, slot: Slot): void {
  const { breaker } = slot;
  if (slot.timerRuns || breaker.nextTransitionUs === null) return;
  slot.timerRuns = true;
  context.fork({ name: `breaker timer ${to}`, deadlineUs: null, aside: true }, async (own) => {
    for (;;) {
      const settings = settingsOf(own, to);
      if (settings === null) {
        takeAway(own, slot);
        break;
      }
      breaker.settings = settings;
      slot.context = own;
      breaker.advance(own.clock.now());
      const dueUs = breaker.nextTransitionUs;
      if (dueUs === null) break;
      await own.clock.sleep(Math.min(TIMER_LOOK_MS, Math.max(0, elapsedMs(own.clock.now(), dueUs))));
    }
    slot.timerRuns = false;
  });
}
