import {
  assertNever,
  type CircuitBreakerSettings,
  type CircuitFigures,
  type CircuitState,
  type EventDraft,
  plusMs,
  type RunTimeUs,
} from '../../kernel/index.ts';
import { isLegalTransition } from './legal-transitions.ts';
import { emptyWindow, resizedWindow, type SlidingWindow } from './sliding-window.ts';

/** Which half-open permit a call holds; 0: none (it was let through in another state). */
export type PermitNumber = number;

type WithoutCallee<Draft> = Draft extends unknown ? Omit<Draft, 'to'> : never;
/** An event of the run log, but for the callee's name. */
export type BreakerEvent = WithoutCallee<Extract<EventDraft, { readonly type: `breaker.${string}` }>>;

export type CallResult = 'succeeded' | 'failed' | 'ignored';

type Settings = CircuitBreakerSettings;

/** How long the n-th opening in a row lasts (n from 1), in milliseconds. */
export function openDurationMs(settings: Settings, openings: number): number {
  const { waitDurationInOpenStateMs: first, openStateBackoffMultiplier: factor } = settings;
  if (factor === 1 || openings <= 1) return first;
  return Math.min(first * factor ** (openings - 1), Math.max(first, settings.maxWaitDurationInOpenStateMs));
}

interface Verdict {
  readonly failureRate: boolean;
  readonly slowCallRate: boolean;
}

/**
 * resilience4j 2.x. It has no clock: each method is told the time, and the same calls give the same breaker. Rules
 * CB-1 … in docs/semantics.md; where two of resilience4j's threads could race, one order is chosen here and written
 * there. A call costs the same whatever the window holds.
 */
export class CircuitBreaker {
  readonly #tell: ((event: BreakerEvent) => void) | null;
  #settings: Settings;
  /** The settings are others than those that the window and a waiting verdict know. */
  #settingsChanged = false;
  #state: CircuitState = 'CLOSED';
  /** OPEN: of the state before, late outcomes are still recorded in it. Null: this state counts nothing. */
  #window: SlidingWindow | null;
  /** When OPEN or HALF_OPEN began. */
  #sinceUs: RunTimeUs | null = null;
  /** In a row, without CLOSED between: the backoff's attempt. */
  #openings = 0;
  /** Half-open permits given so far: each has a number of its own. */
  #permitsGiven = 0;
  /** Permits of this HALF_OPEN whose calls have no outcome yet. */
  readonly #held = new Set<PermitNumber>();
  /** Permits of this HALF_OPEN that ended with an outcome that counts. */
  #spent = 0;
  /** Calls refused since the window was last made afresh. */
  #notPermitted = 0;
  /** METRICS_ONLY: which rates have been told. */
  #told: Verdict = { failureRate: false, slowCallRate: false };

  /** CLOSED, with nothing counted. `tell` hears of all that happens; null: nobody listens. */
  constructor(settings: Settings, tell: ((event: BreakerEvent) => void) | null) {
    this.#settings = settings;
    this.#tell = tell;
    this.#window = this.#freshWindow();
  }

  get state(): CircuitState {
    return this.#state;
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** They hold from the next `ask`, `record` or `advance` on. */
  set settings(settings: Settings) {
    if (settings === this.#settings) return;
    this.#settings = settings;
    this.#settingsChanged = true;
  }

  /** The moment an OPEN breaker's wait is over; null in every other state. */
  get openUntilUs(): RunTimeUs | null {
    if (this.#state !== 'OPEN' || this.#sinceUs === null) return null;
    return plusMs(this.#sinceUs, openDurationMs(this.#settings, this.#openings));
  }

  /** When `advance` has something to do that no call will do; null: never. */
  get nextTransitionUs(): RunTimeUs | null {
    const settings = this.#settings;
    if (this.#state === 'OPEN' && settings.automaticTransitionFromOpenToHalfOpen) return this.openUntilUs;
    if (
      this.#state === 'HALF_OPEN' &&
      this.#sinceUs !== null &&
      settings.maxWaitDurationInHalfOpenStateMs > 0
    )
      return plusMs(this.#sinceUs, settings.maxWaitDurationInHalfOpenStateMs);
    return null;
  }

  /** The figures at a moment; rates in percent, −1 while too few calls were counted. */
  figures(nowUs: RunTimeUs): CircuitFigures {
    const state = this.#state;
    const notPermitted = this.#notPermitted;
    const window = this.#window;
    if (window === null) {
      const none = { failureRate: -1, slowCallRate: -1, calls: 0, failures: 0, slowCalls: 0, windowSize: 0 };
      return { state, ...none, notPermitted };
    }
    const { calls, failures, slowCalls } = window.tally(nowUs);
    const known = this.#isRated(calls);
    return {
      state,
      failureRate: known ? (failures * 100) / calls : -1,
      slowCallRate: known ? (slowCalls * 100) / calls : -1,
      calls,
      failures,
      slowCalls,
      windowSize: window.size,
      notPermitted,
    };
  }

  /** May a call go through? Gives its permit, or null. */
  ask(nowUs: RunTimeUs): PermitNumber | null {
    if (this.#state === 'CLOSED' && !this.#settingsChanged) return 0;
    this.advance(nowUs);
    const untilUs = this.openUntilUs;
    if (untilUs !== null && nowUs > untilUs) this.transition('HALF_OPEN', nowUs);
    switch (this.#state) {
      case 'CLOSED':
      case 'DISABLED':
      case 'METRICS_ONLY':
        return 0;
      case 'OPEN':
        return this.#refuse(nowUs);
      case 'FORCED_OPEN':
        this.#notPermitted += 1;
        return null;
      case 'HALF_OPEN':
        if (this.#held.size + this.#spent >= this.#settings.permittedNumberOfCallsInHalfOpenState)
          return this.#refuse(nowUs);
        this.#permitsGiven += 1;
        this.#held.add(this.#permitsGiven);
        return this.#permitsGiven;
      default:
        return assertNever(this.#state);
    }
  }

  /** How a call that was let through ended. Call it once per permit. */
  record(permit: PermitNumber, result: CallResult, durationMs: number, nowUs: RunTimeUs): void {
    if (this.#state !== 'CLOSED' || this.#settingsChanged) this.advance(nowUs);
    const window = this.#window;
    if (window === null) return;

    const heldPermit = this.#state === 'HALF_OPEN' && this.#held.delete(permit);
    if (heldPermit && result !== 'ignored') this.#spent += 1;
    if (result === 'ignored') {
      this.#tell?.({ type: 'breaker.call.ignored', durationMs, figures: this.figures(nowUs) });
      return;
    }

    const failed = result === 'failed';
    const slow = durationMs > this.#settings.slowCallDurationThresholdMs;
    window.record(failed, slow, nowUs);
    if (this.#tell !== null) {
      const type = failed ? 'breaker.call.failed' : 'breaker.call.succeeded';
      this.#tell({ type, durationMs, figures: this.figures(nowUs) });
    }
    if (this.#state !== 'OPEN') this.#judge(window, nowUs);
  }

  /**
   * Brings the breaker up to this moment and to its settings: what its timers would have done, and what
   * a change of settings means for a window or a verdict that waits.
   */
  advance(nowUs: RunTimeUs): void {
    if (this.#settingsChanged) this.#takeUpSettings(nowUs);
    const dueUs = this.nextTransitionUs;
    if (dueUs !== null && nowUs >= dueUs)
      this.transition(this.#state === 'OPEN' ? 'HALF_OPEN' : this.#settings.afterMaxWaitInHalfOpen, nowUs);
  }

  /** Moves the breaker by command. Throws, with nothing changed, when the transition is illegal. */
  transition(to: CircuitState, nowUs: RunTimeUs): void {
    const before = this.#state;
    if (!isLegalTransition(before, to)) {
      throw new Error(`A circuit breaker cannot go from ${before} to ${to}`);
    }
    this.#enter(to, nowUs);
    if (before === to || this.#tell === null) return;
    this.#tell({
      type: 'breaker.state.changed',
      before,
      after: to,
      untilUs: this.openUntilUs,
      permits: to === 'HALF_OPEN' ? this.#settings.permittedNumberOfCallsInHalfOpenState : 0,
      figures: this.figures(nowUs),
    });
  }

  /** Back to CLOSED from any state, with nothing counted. */
  reset(nowUs: RunTimeUs): void {
    this.transition('CLOSED', nowUs);
    this.#tell?.({ type: 'breaker.reset', figures: this.figures(nowUs) });
  }

  #freshWindow(): SlidingWindow {
    return emptyWindow(this.#settings.slidingWindowType, this.#settings.slidingWindowSize);
  }

  /** With so few calls there is no rate. */
  #isRated(calls: number): boolean {
    return calls > 0 && calls >= this.#minimumCalls();
  }

  #minimumCalls(): number {
    const { minimumNumberOfCalls, slidingWindowType, slidingWindowSize } = this.#settings;
    if (this.#state === 'HALF_OPEN')
      return Math.min(minimumNumberOfCalls, this.#settings.permittedNumberOfCallsInHalfOpenState);
    return slidingWindowType === 'COUNT_BASED'
      ? Math.min(minimumNumberOfCalls, slidingWindowSize)
      : minimumNumberOfCalls;
  }

  #refuse(nowUs: RunTimeUs): null {
    this.#notPermitted += 1;
    this.#tell?.({ type: 'breaker.call.not-permitted', figures: this.figures(nowUs) });
    return null;
  }

  #judge(window: SlidingWindow, nowUs: RunTimeUs): void {
    const { calls, failures, slowCalls } = window.tally(nowUs);
    if (!this.#isRated(calls)) return;
    const failureRate = (failures * 100) / calls >= this.#settings.failureRateThreshold;
    const slowCallRate = (slowCalls * 100) / calls >= this.#settings.slowCallRateThreshold;
    const isExceeded = failureRate || slowCallRate;
    if (this.#state === 'HALF_OPEN') {
      this.transition(isExceeded ? 'OPEN' : 'CLOSED', nowUs);
      return;
    }
    if (!isExceeded) return;
    const told = this.#told;
    const figures = this.figures(nowUs);
    if (failureRate && !told.failureRate) this.#tell?.({ type: 'breaker.failure-rate.exceeded', figures });
    if (slowCallRate && !told.slowCallRate)
      this.#tell?.({ type: 'breaker.slow-call-rate.exceeded', figures });
    if (this.#state === 'METRICS_ONLY') {
      this.#told = {
        failureRate: told.failureRate || failureRate,
        slowCallRate: told.slowCallRate || slowCallRate,
      };
      return;
    }
    this.transition('OPEN', nowUs);
  }

  #takeUpSettings(nowUs: RunTimeUs): void {
    this.#settingsChanged = false;
    const { slidingWindowType, slidingWindowSize, permittedNumberOfCallsInHalfOpenState } = this.#settings;
    const window = this.#window;
    // An OPEN breaker keeps the window that opened it.
    if (window === null || this.#state === 'OPEN') return;
    if (this.#state !== 'HALF_OPEN') {
      this.#window = resizedWindow(window, slidingWindowType, slidingWindowSize);
      return;
    }
    const resized = resizedWindow(window, 'COUNT_BASED', permittedNumberOfCallsInHalfOpenState);
    this.#window = resized;
    // Fewer calls may decide now than when the last outcome came.
    this.#judge(resized, nowUs);
  }

  #enter(to: CircuitState, nowUs: RunTimeUs): void {
    if (to !== 'OPEN' && to !== 'FORCED_OPEN') this.#notPermitted = 0;
    if (to === 'OPEN') this.#openings += 1;
    else if (to !== 'HALF_OPEN' && to !== 'FORCED_OPEN') this.#openings = 0;
    this.#sinceUs = to === 'OPEN' || to === 'HALF_OPEN' ? nowUs : null;
    this.#held.clear();
    this.#spent = 0;
    this.#told = { failureRate: false, slowCallRate: false };
    this.#state = to;
    switch (to) {
      case 'CLOSED':
      case 'METRICS_ONLY':
        this.#window = this.#freshWindow();
        break;
      case 'OPEN':
        this.#window ??= this.#freshWindow();
        break;
      case 'HALF_OPEN':
        this.#window = emptyWindow('COUNT_BASED', this.#settings.permittedNumberOfCallsInHalfOpenState);
        break;
      case 'DISABLED':
      case 'FORCED_OPEN':
        this.#window = null;
        break;
      default:
        assertNever(to);
    }
  }
}
