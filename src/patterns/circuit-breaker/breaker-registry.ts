import {
  type CircuitBreakerSettings,
  type CircuitFigures,
  type CircuitState,
  type Context,
  defineLocal,
  type EventDraft,
  edgeKey,
  elapsedMs,
  type ServiceName,
} from '../../kernel/index.ts';
import {
  advanceBreaker,
  askBreaker,
  type BreakerEvent,
  type BreakerStep,
  type CallResult,
  type CircuitBreaker,
  createBreaker,
  figuresOf,
  nextTransitionUs,
  openUntilUs,
  recordCall,
  transitionBreaker,
} from './circuit-breaker.ts';

/** How often a waiting timer looks whether its settings have changed. */
const TIMER_LOOK_MS = 1000;

interface Slot {
  breaker: CircuitBreaker;
  /** Remembered so that a breaker that is taken away can still be described. */
  settings: CircuitBreakerSettings;
  timerRuns: boolean;
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
  const slots = context.local(breakers);
  const settings = settingsOf(context, to);
  const known = slots.get(to);
  if (settings === null) {
    if (known !== undefined) takeAway(context, to, known);
    return { admitted: true, record: () => {} };
  }
  const slot = known ?? { breaker: createBreaker(settings), settings, timerRuns: false };
  slots.set(to, slot);
  slot.settings = settings;
  if (slot.breaker.state === 'DISABLED') {
    apply(context, to, slot, transitionBreaker(slot.breaker, settings, 'CLOSED', context.clock.now()));
  }
  const startedUs = context.clock.now();
  const step = askBreaker(slot.breaker, settings, startedUs);
  apply(context, to, slot, step);
  const { permit } = step;
  if (permit === null) return { admitted: false, detail: refusal(context, slot) };
  let recorded = false;
  return {
    admitted: true,
    record(result) {
      if (recorded) return;
      recorded = true;
      const current = settingsOf(context, to);
      if (current === null) return;
      slot.settings = current;
      const nowUs = context.clock.now();
      const durationMs = elapsedMs(startedUs, nowUs);
      apply(context, to, slot, recordCall(slot.breaker, current, { permit, result, durationMs }, nowUs));
    },
  };
}

/** What this instance's breakers know, by callee. */
export function breakerFigures(context: Context): ReadonlyMap<ServiceName, CircuitFigures> {
  const nowUs = context.clock.now();
  return new Map(
    [...context.local(breakers)].map(([to, { breaker, settings }]) => [
      to,
      figuresOf(breaker, settings, nowUs),
    ]),
  );
}

/** Moves a breaker by hand (FORCED_OPEN, METRICS_ONLY, …). Throws when the transition is illegal. */
export function commandBreaker(context: Context, to: ServiceName, state: CircuitState): void {
  const settings = settingsOf(context, to);
  if (settings === null) throw new Error(`There is no circuit breaker from ${context.service} to ${to}`);
  const slots = context.local(breakers);
  const slot = slots.get(to) ?? { breaker: createBreaker(settings), settings, timerRuns: false };
  slots.set(to, slot);
  slot.settings = settings;
  apply(context, to, slot, transitionBreaker(slot.breaker, settings, state, context.clock.now()));
}

function takeAway(context: Context, to: ServiceName, slot: Slot): void {
  if (slot.breaker.state === 'DISABLED') return;
  apply(context, to, slot, transitionBreaker(slot.breaker, slot.settings, 'DISABLED', context.clock.now()));
}

function refusal(context: Context, { breaker, settings }: Slot): string {
  const figures = figuresOf(breaker, settings, context.clock.now());
  const counted = figures.calls > 0 ? `: ${figures.failures} of its last ${figures.calls} calls failed` : '';
  const untilUs = openUntilUs(breaker, settings);
  if (untilUs === null) return `the circuit breaker is ${breaker.state}${counted}`;
  const leftMs = Math.max(0, elapsedMs(context.clock.now(), untilUs));
  return `the circuit breaker is OPEN${counted}; probes in ${(leftMs / 1000).toFixed(1)} s`;
}

function apply(context: Context, to: ServiceName, slot: Slot, step: BreakerStep): void {
  slot.breaker = step.breaker;
  for (const event of step.events) context.log.emit(withCallee(event, to));
  if (!slot.timerRuns && nextTransitionUs(slot.breaker, slot.settings) !== null)
    startTimer(context, to, slot);
}

const withCallee = (event: BreakerEvent, to: ServiceName): EventDraft => ({ ...event, to }) as EventDraft;

/** Does what no call would do in time: OPEN → HALF_OPEN by itself, and the end of a HALF_OPEN that lasts too long. */
function startTimer(context: Context, to: ServiceName, slot: Slot): void {
  slot.timerRuns = true;
  context.fork({ name: `breaker timer ${to}`, deadlineUs: null }, async (own) => {
    for (;;) {
      const settings = settingsOf(own, to);
      if (settings === null) {
        takeAway(own, to, slot);
        break;
      }
      slot.settings = settings;
      apply(own, to, slot, advanceBreaker(slot.breaker, settings, own.clock.now()));
      const dueUs = nextTransitionUs(slot.breaker, settings);
      if (dueUs === null) break;
      await own.clock.sleep(Math.min(TIMER_LOOK_MS, Math.max(0, elapsedMs(own.clock.now(), dueUs))));
    }
    slot.timerRuns = false;
  });
}
