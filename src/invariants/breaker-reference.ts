import type {
  CircuitBreakerSettings,
  CircuitFigures,
  CircuitState,
  EdgeKey,
  EdgePolicy,
  EventId,
  InstanceId,
  RunEvent,
  RunEventOf,
  RunSettings,
  ServiceName,
} from '../kernel/index.ts';
import { defineChecker, type Report } from './invariant.ts';
import { lifeOf } from './lives.ts';

// A second circuit breaker, written from the rules CB-1 … CB-21 of docs/semantics.md and from nothing of
// src/patterns: it follows a breaker's events and says where the breaker does something else.

type Outcome = RunEventOf<'breaker.call.succeeded'> | RunEventOf<'breaker.call.failed'>;
type BreakerEvent = Extract<RunEvent, { readonly type: `breaker.${string}` }>;
type Answer = RunEventOf<'response.received'> | RunEventOf<'request.failed'>;
type Nets = Pick<RunSettings, 'edge' | 'edges'>;

/** After a change of settings, how long an instance may go by the old ones (its worker hears of it later). */
const SETTINGS_ARRIVE_US = 1_000_000;

const toUs = (milliseconds: number): number => Math.round(milliseconds * 1000);

/** One HALF_OPEN: who was let through in it, as far as that is known, and who was refused. */
interface Probing {
  readonly sinceUs: number;
  /** A call of the very microsecond of its beginning may be from before it. */
  readonly beginsBlurred: boolean;
  untilUs: number;
  readonly permits: number;
  readonly timeoutMs: number | null;
  /** Calls that began in it and have ended; `endedAt` counts the breaker's events. */
  readonly calls: {
    readonly fromUs: number;
    readonly endedAt: number;
    readonly counts: boolean;
    readonly event: RunEvent;
  }[];
  readonly refusals: { readonly at: number; readonly event: RunEvent }[];
}

interface Counted {
  readonly failed: boolean;
  readonly slow: boolean;
  readonly second: number;
}

interface Expected {
  readonly type: BreakerEvent['type'];
  /** Of a change of state. */
  readonly after: CircuitState | null;
  readonly why: string;
}

/** One breaker: of one life of an instance, to one callee. */
class Reference {
  /** `order-1.2->shipping`. */
  readonly name: string;
  /** False: something is unknown (settings have just changed, it went wrong before); it begins anew with CLOSED or HALF_OPEN. */
  trusted = true;
  state: CircuitState = 'CLOSED';
  sinceUs = 0;
  /** When the state before this one began. */
  beforeUs = 0;
  /** In a row without CLOSED between; null: unknown. */
  openings: number | null = 0;
  untilUs: number | null = null;
  window: Counted[] = [];
  windowType: CircuitBreakerSettings['slidingWindowType'] = 'COUNT_BASED';
  windowSize = 0;
  notPermitted = 0;
  expected: Expected[] = [];
  readonly probings: Probing[] = [];
  /** How many there were. */
  events = 0;

  constructor(name: string, settings: CircuitBreakerSettings) {
    this.name = name;
    this.begin('CLOSED', 0, settings);
  }

  get life(): string {
    return this.name.replace(/->.*/, '');
  }

  /** CB-16: CLOSED and HALF_OPEN begin with nothing counted. OPEN keeps the window that opened it. */
  begin(state: CircuitState, nowUs: number, settings: CircuitBreakerSettings): void {
    this.state = state;
    this.beforeUs = this.sinceUs;
    this.sinceUs = nowUs;
    this.expected = [];
    if (state === 'CLOSED') this.openings = 0;
    if (state === 'OPEN') {
      if (this.openings !== null) this.openings += 1;
      this.untilUs = this.openings === null ? null : nowUs + toUs(openForMs(settings, this.openings));
      return;
    }
    this.untilUs = null;
    this.notPermitted = 0;
    this.window = [];
    this.windowType = state === 'HALF_OPEN' ? 'COUNT_BASED' : settings.slidingWindowType;
    this.windowSize =
      state === 'HALF_OPEN' ? settings.permittedNumberOfCallsInHalfOpenState : settings.slidingWindowSize;
  }

  /** CB-2, CB-3: what is in the window at a moment. */
  counted(nowUs: number): readonly Counted[] {
    if (this.windowType === 'COUNT_BASED') return this.window.slice(-this.windowSize);
    const oldest = secondOf(nowUs) - this.windowSize + 1;
    return this.window.filter(({ second }) => second >= oldest);
  }
}

const secondOf = (us: number): number => Math.floor(us / 1_000_000);

/** CB-17: how long the n-th opening in a row lasts. */
function openForMs(settings: CircuitBreakerSettings, opening: number): number {
  const firstMs = settings.waitDurationInOpenStateMs;
  let waitMs = firstMs;
  for (let earlier = 1; earlier < opening; earlier += 1) waitMs *= settings.openStateBackoffMultiplier;
  return Math.min(waitMs, Math.max(firstMs, settings.maxWaitDurationInOpenStateMs));
}

/** CB-4, CB-10: so many outcomes make a rate. */
function minimumOf({ state, windowType, windowSize }: Reference, settings: CircuitBreakerSettings): number {
  const minimum = settings.minimumNumberOfCalls;
  return state === 'HALF_OPEN' || windowType === 'COUNT_BASED' ? Math.min(minimum, windowSize) : minimum;
}

/** Answers that may yet be the cause of a breaker's event; of older ones none is. */
const ANSWERS_KEPT = 1000;

/**
 * Every breaker opens, waits, probes and closes exactly as its settings say, its figures are right, and it
 * refuses nothing that it should let through. After a change of its settings, or a state set by hand, it is
 * believed until it begins CLOSED or HALF_OPEN again. A log without settings is not checked.
 */
export const breakerFollowsReference = defineChecker(
  'INV-19',
  'A circuit breaker does what its rules say',
  (run, report) => {
    const breakers = new Map<string, Reference>();
    const answers = new Map<EventId, Answer>();
    /** By life: when it ended, or was hung, which is as if it had never been sure of its time. */
    const ends = new Map<string, number>();
    let before: RunSettings | null = null;
    let changedUs = Number.NEGATIVE_INFINITY;
    let lastUs = 0;

    /** The life of each instance whose breakers were heard last: its end is told by the run. */
    const lives = new Map<InstanceId, string>();

    const ended = ({ instance, timeUs, type }: RunEvent) => {
      const life = lives.get(instance);
      if (life === undefined) return;
      lives.delete(instance);
      ends.set(life, type === 'instance.hung' ? Number.NEGATIVE_INFINITY : timeUs);
    };
    const settingsChanged = ({ timeUs }: RunEvent) => {
      const { settings } = run;
      if (before !== null && settings !== null) {
        changedUs = timeUs;
        for (const [key, breaker] of breakers)
          if (!sameBreaker(before, settings, key)) breaker.trusted = false;
      }
      before = settings;
    };
    const answered = (event: Answer) => {
      lastUs = event.timeUs;
      answers.set(event.id, event);
      if (answers.size <= ANSWERS_KEPT) return;
      for (const oldest of answers.keys()) {
        answers.delete(oldest);
        break;
      }
    };
    const hear = (event: BreakerEvent) => {
      const { settings: nets } = run;
      if (nets === null) return;
      const policy = policyOf(nets, event.service, event.to);
      if (policy.breaker === null) return;
      lastUs = event.timeUs;
      const key = keyOf(event);
      lives.set(event.instance, lifeOf(event.id));
      const settled = event.timeUs >= changedUs + SETTINGS_ARRIVE_US;
      let breaker = breakers.get(key);
      if (breaker === undefined) {
        breaker = new Reference(key, policy.breaker);
        breaker.trusted = settled;
        breakers.set(key, breaker);
      }
      checkWhatCounts(breaker, event, answers, report);
      follow(breaker, event, { policy, settings: policy.breaker, settled, report });
    };
    return {
      events: {
        'run.settings.changed': settingsChanged,
        'instance.crashed': ended,
        'instance.stopped': ended,
        'instance.hung': ended,
        'response.received': answered,
        'request.failed': answered,
        'breaker.call.succeeded': hear,
        'breaker.call.failed': hear,
        'breaker.call.ignored': hear,
        'breaker.call.not-permitted': hear,
        'breaker.failure-rate.exceeded': hear,
        'breaker.slow-call-rate.exceeded': hear,
        'breaker.state.changed': hear,
        'breaker.reset': hear,
      },
      end: () => {
        for (const breaker of breakers.values()) {
          const endUs = Math.min(lastUs, ends.get(breaker.life) ?? Number.POSITIVE_INFINITY);
          endProbing(breaker, Number.POSITIVE_INFINITY);
          for (const probing of breaker.probings) checkPermits(breaker.name, probing, endUs, report);
        }
      },
    };
  },
);

const keyOf = (event: BreakerEvent): string => `${lifeOf(event.id)}->${event.to}`;

const policyOf = ({ edge, edges }: Nets, from: ServiceName, to: ServiceName): EdgePolicy =>
  edges[`${from}->${to}` as EdgeKey] ?? edge;

/** `key`: `order-1.2->shipping`. */
function sameBreaker(before: Nets, after: Nets, key: string): boolean {
  const edge = key.replace(/-\d+\.\d+->/, '->').split('->') as [ServiceName, ServiceName];
  return (
    JSON.stringify(policyOf(before, ...edge).breaker) === JSON.stringify(policyOf(after, ...edge).breaker)
  );
}

/** CB-20, of calls whose answer is known: 5xx and no answer are failures, 4xx are not. */
function checkWhatCounts(
  { name }: Reference,
  event: BreakerEvent,
  answers: Map<EventId, Answer>,
  report: Report,
): void {
  const answer = event.cause === null ? undefined : answers.get(event.cause);
  if (answer === undefined || answer.to !== event.to) return;
  const is = event.type.replace('breaker.call.', '');
  if (is !== 'succeeded' && is !== 'failed' && is !== 'ignored') return;
  answers.delete(answer.id);
  let should: string;
  if (answer.type === 'request.failed') should = answer.error === 'cancelled' ? 'ignored' : 'failed';
  else if (answer.status >= 500) should = 'failed';
  else if (answer.status >= 400) should = 'succeeded';
  else return;
  if (is === should) return;
  const what = answer.type === 'request.failed' ? answer.error : `status ${answer.status}`;
  report(`${name}: a call with ${what} ${is}, by CB-20 it ${should}`, answer, event);
}

interface Circumstances {
  readonly policy: EdgePolicy;
  readonly settings: CircuitBreakerSettings;
  /** The settings hold for this instance, too. */
  readonly settled: boolean;
  readonly report: Report;
}

/** Takes one event of the breaker, and says what is wrong with it: once, then it is believed again. */
function follow(breaker: Reference, event: BreakerEvent, about: Circumstances): void {
  const { settings, settled, report } = about;
  breaker.events += 1;
  noteProbe(breaker, event);
  const problem = breaker.trusted ? wrongWith(breaker, event, settings) : null;
  if (problem !== null) {
    report(`${breaker.name}: ${problem}`, event);
    breaker.trusted = false;
  }
  if (event.type !== 'breaker.state.changed') return;
  endProbing(breaker, event.timeUs);
  const knownBefore = breaker.trusted;
  breaker.begin(event.after, event.timeUs, settings);
  if (event.after === 'CLOSED') breaker.trusted = settled;
  else if (event.after === 'HALF_OPEN') {
    breaker.trusted = settled;
    if (!knownBefore) breaker.openings = null;
    beginProbing(breaker, about);
  } else if (event.after !== 'OPEN') breaker.trusted = false;
}

function beginProbing(breaker: Reference, { policy, settings }: Circumstances): void {
  if (!breaker.trusted) return;
  breaker.probings.push({
    sinceUs: breaker.sinceUs,
    beginsBlurred: breaker.beforeUs === breaker.sinceUs,
    untilUs: Number.POSITIVE_INFINITY,
    permits: settings.permittedNumberOfCallsInHalfOpenState,
    timeoutMs: policy.timeoutMs,
    calls: [],
    refusals: [],
  });
}

function endProbing(breaker: Reference, nowUs: number): void {
  const probing = breaker.probings.at(-1);
  if (probing?.untilUs !== Number.POSITIVE_INFINITY) return;
  // What became of it under settings that changed is not known.
  if (!breaker.trusted) breaker.probings.pop();
  else probing.untilUs = nowUs;
}

/** Notes to which HALF_OPEN a call or a refusal belongs. */
function noteProbe(breaker: Reference, event: BreakerEvent): void {
  const at = breaker.events;
  if (event.type === 'breaker.call.not-permitted') {
    const probing = breaker.probings.at(-1);
    if (breaker.state === 'HALF_OPEN' && probing?.untilUs === Number.POSITIVE_INFINITY)
      probing.refusals.push({ at, event });
    return;
  }
  const counts = event.type === 'breaker.call.succeeded' || event.type === 'breaker.call.failed';
  if (!counts && event.type !== 'breaker.call.ignored') return;
  const fromUs = event.timeUs - toUs(event.durationMs);
  breaker.probings
    .findLast(({ sinceUs, untilUs }) => fromUs >= sinceUs && fromUs <= untilUs)
    ?.calls.push({ fromUs, endedAt: at, counts, event });
}

function wrongWith(breaker: Reference, event: BreakerEvent, settings: CircuitBreakerSettings): string | null {
  const nowUs = event.timeUs;
  // CB-12 allows it; what was to come of the calls comes no more.
  if (event.type === 'breaker.state.changed' && event.byHand === true) {
    breaker.expected = [];
    if (event.before !== breaker.state) return `it left ${event.before}, but was ${breaker.state}`;
    return handSet(event.after) ? null : wrongChange(breaker, event, settings);
  }
  const next = breaker.expected.shift();
  if (next !== undefined) {
    const after = event.type === 'breaker.state.changed' ? event.after : null;
    const { type } = event;
    if (type !== next.type || after !== next.after) {
      return `${shortOf(type, after)} instead of ${shortOf(next.type, next.after)}: ${next.why}`;
    }
    return event.type === 'breaker.state.changed' ? wrongChange(breaker, event, settings) : null;
  }
  const due = dueChange(breaker, settings, nowUs);
  if (event.type === 'breaker.state.changed') {
    if (event.before !== breaker.state) return `it left ${event.before}, but was ${breaker.state}`;
    const allowed = due ?? lazyChange(breaker, nowUs);
    if (handSet(event.after)) return null;
    if (allowed === null || allowed.after !== event.after) {
      const counted = breaker.counted(nowUs);
      const failures = counted.filter(({ failed }) => failed).length;
      return `${event.before} became ${event.after} for no reason: ${failures} of ${counted.length} calls failed`;
    }
    return wrongChange(breaker, event, settings);
  }
  if (due !== null) return `it is still ${breaker.state}, though ${due.why}`;
  switch (event.type) {
    case 'breaker.call.succeeded':
    case 'breaker.call.failed':
      return wrongOutcome(breaker, event, settings);
    case 'breaker.call.ignored':
      return wrongFigures(breaker, event.figures, settings, nowUs);
    case 'breaker.call.not-permitted':
      breaker.notPermitted += 1;
      return wrongRefusal(breaker, nowUs) ?? wrongFigures(breaker, event.figures, settings, nowUs);
    case 'breaker.reset':
      // CB-22: its change of state has been told before.
      breaker.begin('CLOSED', nowUs, settings);
      return wrongFigures(breaker, event.figures, settings, nowUs);
    default:
      return `${shortOf(event.type, null)}, though no call has just been counted`;
  }
}

const shortOf = (type: string, after: CircuitState | null): string =>
  after ?? type.replace('breaker.', '').replace('call.', 'a call ');

const handSet = (state: CircuitState): boolean =>
  state === 'DISABLED' || state === 'FORCED_OPEN' || state === 'METRICS_ONLY';

/** CB-8, CB-11: what should have happened by itself before anything else does. */
function dueChange(
  { state, sinceUs, untilUs }: Reference,
  settings: CircuitBreakerSettings,
  nowUs: number,
): Expected | null {
  const type = 'breaker.state.changed';
  if (state === 'OPEN' && settings.automaticTransitionFromOpenToHalfOpen) {
    if (untilUs !== null && nowUs >= untilUs) return { type, after: 'HALF_OPEN', why: 'its wait is over' };
  }
  const mostMs = settings.maxWaitDurationInHalfOpenStateMs;
  if (state === 'HALF_OPEN' && mostMs > 0 && nowUs >= sinceUs + toUs(mostMs)) {
    return { type, after: settings.afterMaxWaitInHalfOpen, why: 'it was HALF_OPEN for too long' };
  }
  return null;
}

/** CB-7: strictly after the wait, the next call moves it. */
const lazyChange = ({ state, untilUs, openings }: Reference, nowUs: number): Expected | null =>
  state === 'OPEN' && (openings === null || (untilUs !== null && nowUs > untilUs))
    ? { type: 'breaker.state.changed', after: 'HALF_OPEN', why: 'its wait is over' }
    : null;

/** What a change of state says of itself: until when, with how many permits, and its empty window. */
function wrongChange(
  breaker: Reference,
  event: RunEventOf<'breaker.state.changed'>,
  settings: CircuitBreakerSettings,
): string | null {
  if (event.after === 'OPEN') {
    if (breaker.openings === null) return null;
    const opening = breaker.openings + 1;
    const untilUs = event.timeUs + toUs(openForMs(settings, opening));
    return event.untilUs === untilUs
      ? null
      : `opening ${opening} in a row lasts until ${event.untilUs} µs instead of ${untilUs} µs`;
  }
  const permits = event.after === 'HALF_OPEN' ? settings.permittedNumberOfCallsInHalfOpenState : 0;
  if (event.permits !== permits) return `${event.after} with ${event.permits} permits instead of ${permits}`;
  const { calls, failures, slowCalls, notPermitted } = event.figures;
  return calls + failures + slowCalls + notPermitted === 0
    ? null
    : `${event.after} begins with ${calls} calls counted instead of none`;
}

/** Counts an outcome, checks the figures after it, and says what must follow. */
function wrongOutcome(breaker: Reference, event: Outcome, settings: CircuitBreakerSettings): string | null {
  const nowUs = event.timeUs;
  const failed = event.type === 'breaker.call.failed';
  // CB-6: strictly longer.
  const slow = event.durationMs > settings.slowCallDurationThresholdMs;
  breaker.window = [...breaker.counted(nowUs), { failed, slow, second: secondOf(nowUs) }];
  const problem = wrongFigures(breaker, event.figures, settings, nowUs);
  if (problem !== null) return problem;
  const { failureRate, slowCallRate } = ratesOf(breaker, settings, nowUs);
  if (breaker.state === 'OPEN' || failureRate < 0) return null;
  const tooMany = failureRate >= settings.failureRateThreshold;
  const tooSlow = slowCallRate >= settings.slowCallRateThreshold;
  const why = `${failureRate} % failed and ${slowCallRate} % were slow`;
  const change = (after: CircuitState): Expected => ({ type: 'breaker.state.changed', after, why });
  if (breaker.state === 'HALF_OPEN') {
    breaker.expected = [change(tooMany || tooSlow ? 'OPEN' : 'CLOSED')];
  } else if (tooMany || tooSlow) {
    const rates: Expected[] = [];
    if (tooMany) rates.push({ type: 'breaker.failure-rate.exceeded', after: null, why });
    if (tooSlow) rates.push({ type: 'breaker.slow-call-rate.exceeded', after: null, why });
    breaker.expected = [...rates, change('OPEN')];
  }
  return null;
}

function ratesOf(breaker: Reference, settings: CircuitBreakerSettings, nowUs: number) {
  const counted = breaker.counted(nowUs);
  const calls = counted.length;
  let failures = 0;
  let slowCalls = 0;
  for (const { failed, slow } of counted) {
    if (failed) failures += 1;
    if (slow) slowCalls += 1;
  }
  const known = calls > 0 && calls >= minimumOf(breaker, settings);
  return {
    calls,
    failures,
    slowCalls,
    failureRate: known ? (failures * 100) / calls : -1,
    slowCallRate: known ? (slowCalls * 100) / calls : -1,
  };
}

function wrongFigures(
  breaker: Reference,
  figures: CircuitFigures,
  settings: CircuitBreakerSettings,
  nowUs: number,
): string | null {
  const { state, windowSize, notPermitted } = breaker;
  const rates = ratesOf(breaker, settings, nowUs);
  const should = { state, windowSize, notPermitted, ...rates } as const;
  for (const name of FIGURES) {
    // Of a window that belongs to another state no rate is asked.
    if (state === 'OPEN' && (name === 'failureRate' || name === 'slowCallRate')) continue;
    if (figures[name] !== should[name]) return `${name} is ${figures[name]} instead of ${should[name]}`;
  }
  return null;
}

/** In the order in which they are looked at. */
const FIGURES = [
  'state',
  'windowSize',
  'notPermitted',
  'calls',
  'failures',
  'slowCalls',
  'failureRate',
  'slowCallRate',
] as const;

/** CB-7: it refuses only after it opened, until its wait is over, and while HALF_OPEN. */
function wrongRefusal({ state, untilUs }: Reference, nowUs: number): string | null {
  if (state === 'OPEN' && untilUs !== null && nowUs > untilUs)
    return 'it refused a call after its wait was over';
  return state === 'OPEN' || state === 'HALF_OPEN' ? null : `it refused a call while ${state}`;
}

/**
 * CB-9, CB-15: in one HALF_OPEN, each call that counts uses up a permit, and a call is refused only while
 * every permit is held or used up. Known in the end only, when the calls that were under way have ended.
 */
function checkPermits(
  name: string,
  { sinceUs, beginsBlurred, untilUs, permits, timeoutMs, calls, refusals }: Probing,
  endUs: number,
  report: Report,
): void {
  const passed = calls.filter(
    ({ fromUs, counts }) => counts && fromUs < untilUs && (fromUs > sinceUs || !beginsBlurred),
  );
  if (passed.length > permits) {
    const events = passed.map(({ event }) => event);
    report(`${name}: ${passed.length} calls passed while HALF_OPEN with ${permits} permits`, ...events);
  }
  for (const { at, event } of refusals) {
    // What was under way when the instance ended has no outcome; without a timeout that may be any call.
    if (timeoutMs === null || event.timeUs + toUs(timeoutMs) >= endUs) continue;
    const taken = calls.filter(
      ({ fromUs, endedAt, counts }) => fromUs <= event.timeUs && (counts || endedAt > at),
    );
    if (taken.length >= permits) continue;
    report(
      `${name}: it refused a call while HALF_OPEN with ${taken.length} of ${permits} permits taken`,
      event,
    );
    return;
  }
}
