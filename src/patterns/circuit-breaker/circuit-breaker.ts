import {
  assertNever,
  type CircuitBreakerSettings,
  type CircuitFigures,
  type CircuitState,
  type EventDraft,
  plusMs,
  type RunTimeUs,
} from '../../kernel/index.ts';
import {
  emptyWindow,
  recordInWindow,
  resizedWindow,
  type SlidingWindow,
  tally,
  type WindowType,
} from './sliding-window.ts';

// resilience4j 2.x, as pure functions of a state, the settings and the time. Rules CB-1 … in
// docs/semantics.md; where two of its threads could race, one order is chosen here and written there.

/** Which half-open permit a call holds; 0: none (it was let through in another state). */
export type PermitNumber = number;

interface Head {
  /** Half-open permits given so far: each has a number of its own. */
  readonly permitsGiven: number;
  /** Calls refused since the window was last made afresh. */
  readonly notPermitted: number;
}

export type CircuitBreaker =
  | (Head & { readonly state: 'CLOSED'; readonly window: SlidingWindow })
  | (Head & {
      readonly state: 'OPEN';
      /** Of the state before: late outcomes are still recorded in it. */
      readonly window: SlidingWindow;
      readonly sinceUs: RunTimeUs;
      /** In a row, without CLOSED between: the backoff's attempt. */
      readonly openings: number;
    })
  | (Head & {
      readonly state: 'HALF_OPEN';
      readonly window: SlidingWindow;
      readonly sinceUs: RunTimeUs;
      readonly openings: number;
      /** Permits of this period whose calls have no outcome yet. */
      readonly held: readonly PermitNumber[];
      /** Permits of this period that ended with an outcome that counts. */
      readonly spent: number;
    })
  | (Head & { readonly state: 'DISABLED' })
  | (Head & { readonly state: 'FORCED_OPEN'; readonly openings: number })
  | (Head & {
      readonly state: 'METRICS_ONLY';
      readonly window: SlidingWindow;
      readonly failureRateTold: boolean;
      readonly slowCallRateTold: boolean;
    });

type WithoutCallee<Draft> = Draft extends unknown ? Omit<Draft, 'to'> : never;
/** An event of the run log, but for the callee's name. */
export type BreakerEvent = WithoutCallee<Extract<EventDraft, { readonly type: `breaker.${string}` }>>;

export interface BreakerStep {
  readonly breaker: CircuitBreaker;
  readonly events: readonly BreakerEvent[];
}

export interface AskStep extends BreakerStep {
  /** null: the call is not permitted. */
  readonly permit: PermitNumber | null;
}

export type CallResult = 'succeeded' | 'failed' | 'ignored';

type Settings = CircuitBreakerSettings;

/** A breaker begins CLOSED, with nothing counted. */
export const createBreaker = (settings: Settings): CircuitBreaker => ({
  state: 'CLOSED',
  window: emptyWindow(settings.slidingWindowType, settings.slidingWindowSize),
  permitsGiven: 0,
  notPermitted: 0,
});

/** How long the n-th opening in a row lasts (n from 1), in milliseconds. */
export function openDurationMs(settings: Settings, openings: number): number {
  const { waitDurationInOpenStateMs: first, openStateBackoffMultiplier: factor } = settings;
  if (factor === 1 || openings <= 1) return first;
  return Math.min(first * factor ** (openings - 1), Math.max(first, settings.maxWaitDurationInOpenStateMs));
}

/** The moment an OPEN breaker's wait is over; null in every other state. */
export const openUntilUs = (breaker: CircuitBreaker, settings: Settings): RunTimeUs | null =>
  breaker.state === 'OPEN' ? plusMs(breaker.sinceUs, openDurationMs(settings, breaker.openings)) : null;

/** When `advance` has something to do that no call will do; null: never. */
export function nextTransitionUs(breaker: CircuitBreaker, settings: Settings): RunTimeUs | null {
  if (breaker.state === 'OPEN' && settings.automaticTransitionFromOpenToHalfOpen) {
    return openUntilUs(breaker, settings);
  }
  if (breaker.state === 'HALF_OPEN' && settings.maxWaitDurationInHalfOpenStateMs > 0) {
    return plusMs(breaker.sinceUs, settings.maxWaitDurationInHalfOpenStateMs);
  }
  return null;
}

const shapeOf = (breaker: CircuitBreaker, settings: Settings): { type: WindowType; size: number } =>
  breaker.state === 'HALF_OPEN'
    ? { type: 'COUNT_BASED', size: settings.permittedNumberOfCallsInHalfOpenState }
    : { type: settings.slidingWindowType, size: settings.slidingWindowSize };

/** Below so many calls there is no rate. */
function minimumCalls(breaker: CircuitBreaker, settings: Settings): number {
  const { type, size } = shapeOf(breaker, settings);
  return type === 'COUNT_BASED'
    ? Math.min(settings.minimumNumberOfCalls, size)
    : settings.minimumNumberOfCalls;
}

/** The figures of a breaker at a moment; rates in percent, −1 while too few calls were counted. */
export function figuresOf(breaker: CircuitBreaker, settings: Settings, nowUs: RunTimeUs): CircuitFigures {
  const { state, notPermitted } = breaker;
  if (!('window' in breaker)) {
    const none = { failureRate: -1, slowCallRate: -1, calls: 0, failures: 0, slowCalls: 0, windowSize: 0 };
    return { state, ...none, notPermitted };
  }
  const { calls, failures, slowCalls } = tally(breaker.window, nowUs);
  const known = calls > 0 && calls >= minimumCalls(breaker, settings);
  return {
    state,
    failureRate: known ? (failures * 100) / calls : -1,
    slowCallRate: known ? (slowCalls * 100) / calls : -1,
    calls,
    failures,
    slowCalls,
    windowSize: breaker.window.size,
    notPermitted,
  };
}

type Verdict = { readonly failureRate: boolean; readonly slowCallRate: boolean } | 'below' | 'too few calls';

function judge(breaker: CircuitBreaker, settings: Settings, nowUs: RunTimeUs): Verdict {
  const { failureRate, slowCallRate } = figuresOf(breaker, settings, nowUs);
  if (failureRate < 0) return 'too few calls';
  const verdict = {
    failureRate: failureRate >= settings.failureRateThreshold,
    slowCallRate: slowCallRate >= settings.slowCallRateThreshold,
  };
  return verdict.failureRate || verdict.slowCallRate ? verdict : 'below';
}

const LEGAL: Readonly<Record<CircuitState, readonly CircuitState[]>> = {
  CLOSED: ['CLOSED', 'OPEN', 'DISABLED', 'METRICS_ONLY', 'FORCED_OPEN'],
  OPEN: ['OPEN', 'CLOSED', 'HALF_OPEN', 'DISABLED', 'METRICS_ONLY', 'FORCED_OPEN'],
  HALF_OPEN: ['HALF_OPEN', 'CLOSED', 'OPEN', 'DISABLED', 'METRICS_ONLY', 'FORCED_OPEN'],
  DISABLED: ['DISABLED', 'CLOSED', 'OPEN', 'HALF_OPEN', 'METRICS_ONLY', 'FORCED_OPEN'],
  FORCED_OPEN: ['FORCED_OPEN', 'CLOSED', 'OPEN', 'HALF_OPEN', 'DISABLED', 'METRICS_ONLY'],
  METRICS_ONLY: ['METRICS_ONLY', 'CLOSED', 'DISABLED', 'FORCED_OPEN'],
};

export const isLegalTransition = (from: CircuitState, to: CircuitState): boolean => LEGAL[from].includes(to);

const openingsOf = (breaker: CircuitBreaker): number => ('openings' in breaker ? breaker.openings : 0);

function entered(
  breaker: CircuitBreaker,
  settings: Settings,
  to: CircuitState,
  nowUs: RunTimeUs,
): CircuitBreaker {
  const { permitsGiven } = breaker;
  const fresh = { permitsGiven, notPermitted: 0 };
  const window = () => emptyWindow(settings.slidingWindowType, settings.slidingWindowSize);
  switch (to) {
    case 'CLOSED':
      return { state: to, ...fresh, window: window() };
    case 'OPEN':
      return {
        state: to,
        permitsGiven,
        notPermitted: breaker.notPermitted,
        window: 'window' in breaker ? breaker.window : window(),
        sinceUs: nowUs,
        openings: openingsOf(breaker) + 1,
      };
    case 'HALF_OPEN':
      return {
        state: to,
        ...fresh,
        window: emptyWindow('COUNT_BASED', settings.permittedNumberOfCallsInHalfOpenState),
        sinceUs: nowUs,
        openings: openingsOf(breaker),
        held: [],
        spent: 0,
      };
    case 'DISABLED':
      return { state: to, ...fresh };
    case 'FORCED_OPEN':
      return { state: to, permitsGiven, notPermitted: breaker.notPermitted, openings: openingsOf(breaker) };
    case 'METRICS_ONLY':
      return { state: to, ...fresh, window: window(), failureRateTold: false, slowCallRateTold: false };
    default:
      return assertNever(to);
  }
}

/** Moves the breaker by command. Throws, with nothing changed, when the transition is illegal. */
export function transitionBreaker(
  breaker: CircuitBreaker,
  settings: Settings,
  to: CircuitState,
  nowUs: RunTimeUs,
): BreakerStep {
  if (!isLegalTransition(breaker.state, to)) {
    throw new Error(`A circuit breaker cannot go from ${breaker.state} to ${to}`);
  }
  const next = entered(breaker, settings, to, nowUs);
  if (breaker.state === to) return { breaker: next, events: [] };
  return {
    breaker: next,
    events: [
      {
        type: 'breaker.state.changed',
        before: breaker.state,
        after: to,
        untilUs: openUntilUs(next, settings),
        permits: to === 'HALF_OPEN' ? settings.permittedNumberOfCallsInHalfOpenState : 0,
        figures: figuresOf(next, settings, nowUs),
      },
    ],
  };
}

/** Back to CLOSED from any state, with nothing counted. */
export function resetBreaker(breaker: CircuitBreaker, settings: Settings, nowUs: RunTimeUs): BreakerStep {
  const step = transitionBreaker(breaker, settings, 'CLOSED', nowUs);
  return {
    breaker: step.breaker,
    events: [...step.events, { type: 'breaker.reset', figures: figuresOf(step.breaker, settings, nowUs) }],
  };
}

/**
 * Brings the breaker up to this moment and to these settings: what its timers would have done, and what
 * a change of settings means for a window or a verdict that waits.
 */
export function advanceBreaker(breaker: CircuitBreaker, settings: Settings, nowUs: RunTimeUs): BreakerStep {
  const events: BreakerEvent[] = [];
  let now = breaker;
  const go = (to: CircuitState) => {
    const step = transitionBreaker(now, settings, to, nowUs);
    now = step.breaker;
    events.push(...step.events);
  };
  if (now.state === 'CLOSED' || now.state === 'HALF_OPEN' || now.state === 'METRICS_ONLY') {
    const { type, size } = shapeOf(now, settings);
    const window = resizedWindow(now.window, type, size);
    if (window !== now.window) now = { ...now, window };
  }
  if (now.state === 'HALF_OPEN') {
    // Fewer calls may decide now than when the last outcome came.
    const verdict = judge(now, settings, nowUs);
    if (verdict !== 'too few calls') go(verdict === 'below' ? 'CLOSED' : 'OPEN');
  }
  const dueUs = nextTransitionUs(now, settings);
  if (dueUs !== null && nowUs >= dueUs) {
    go(now.state === 'OPEN' ? 'HALF_OPEN' : settings.afterMaxWaitInHalfOpen);
  }
  return { breaker: now, events };
}

/** May a call go through? Gives its permit, or null. */
export function askBreaker(before: CircuitBreaker, settings: Settings, nowUs: RunTimeUs): AskStep {
  const advanced = advanceBreaker(before, settings, nowUs);
  const events = [...advanced.events];
  let breaker = advanced.breaker;
  const untilUs = openUntilUs(breaker, settings);
  if (untilUs !== null && nowUs > untilUs) {
    const step = transitionBreaker(breaker, settings, 'HALF_OPEN', nowUs);
    breaker = step.breaker;
    events.push(...step.events);
  }
  const refuse = (tell: boolean): AskStep => {
    const refused = { ...breaker, notPermitted: breaker.notPermitted + 1 };
    if (tell)
      events.push({ type: 'breaker.call.not-permitted', figures: figuresOf(refused, settings, nowUs) });
    return { breaker: refused, permit: null, events };
  };
  switch (breaker.state) {
    case 'CLOSED':
    case 'DISABLED':
    case 'METRICS_ONLY':
      return { breaker, permit: 0, events };
    case 'OPEN':
      return refuse(true);
    case 'FORCED_OPEN':
      return refuse(false);
    case 'HALF_OPEN': {
      if (breaker.held.length + breaker.spent >= settings.permittedNumberOfCallsInHalfOpenState)
        return refuse(true);
      const permit = breaker.permitsGiven + 1;
      return {
        breaker: { ...breaker, permitsGiven: permit, held: [...breaker.held, permit] },
        permit,
        events,
      };
    }
    default:
      return assertNever(breaker);
  }
}

/** How a call that was let through ended. Call it once per permit. */
export function recordCall(
  before: CircuitBreaker,
  settings: Settings,
  call: { readonly permit: PermitNumber; readonly result: CallResult; readonly durationMs: number },
  nowUs: RunTimeUs,
): BreakerStep {
  const advanced = advanceBreaker(before, settings, nowUs);
  const events = [...advanced.events];
  let breaker = advanced.breaker;
  if (breaker.state === 'DISABLED' || breaker.state === 'FORCED_OPEN') return { breaker, events };

  if (breaker.state === 'HALF_OPEN' && breaker.held.includes(call.permit)) {
    breaker = {
      ...breaker,
      held: breaker.held.filter((permit) => permit !== call.permit),
      spent: breaker.spent + (call.result === 'ignored' ? 0 : 1),
    };
  }
  if (call.result === 'ignored') {
    const { durationMs } = call;
    events.push({ type: 'breaker.call.ignored', durationMs, figures: figuresOf(breaker, settings, nowUs) });
    return { breaker, events };
  }

  const failed = call.result === 'failed';
  const slow = call.durationMs > settings.slowCallDurationThresholdMs;
  breaker = { ...breaker, window: recordInWindow(breaker.window, { failed, slow }, nowUs) };
  const figures = figuresOf(breaker, settings, nowUs);
  events.push({
    type: failed ? 'breaker.call.failed' : 'breaker.call.succeeded',
    durationMs: call.durationMs,
    figures,
  });

  if (breaker.state === 'OPEN') return { breaker, events };
  const verdict = judge(breaker, settings, nowUs);
  if (verdict === 'too few calls') return { breaker, events };
  if (breaker.state === 'HALF_OPEN') {
    const step = transitionBreaker(breaker, settings, verdict === 'below' ? 'CLOSED' : 'OPEN', nowUs);
    return { breaker: step.breaker, events: [...events, ...step.events] };
  }
  if (verdict === 'below') return { breaker, events };
  const told =
    breaker.state === 'METRICS_ONLY' ? breaker : { failureRateTold: false, slowCallRateTold: false };
  if (verdict.failureRate && !told.failureRateTold)
    events.push({ type: 'breaker.failure-rate.exceeded', figures });
  if (verdict.slowCallRate && !told.slowCallRateTold)
    events.push({ type: 'breaker.slow-call-rate.exceeded', figures });
  if (breaker.state === 'METRICS_ONLY') {
    return {
      breaker: {
        ...breaker,
        failureRateTold: breaker.failureRateTold || verdict.failureRate,
        slowCallRateTold: breaker.slowCallRateTold || verdict.slowCallRate,
      },
      events,
    };
  }
  const step = transitionBreaker(breaker, settings, 'OPEN', nowUs);
  return { breaker: step.breaker, events: [...events, ...step.events] };
}
