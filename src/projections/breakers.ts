import type {
  CircuitBreakerSettings,
  CircuitFigures,
  CircuitState,
  InstanceId,
  RunEventOf,
  RunSettings,
  ServiceName,
} from '../kernel/index.ts';
import { ChunkedList } from './chunked-list.ts';
import { ChunkedMap } from './chunked-map.ts';
import type { Projection } from './projection.ts';

/** What made a breaker change its state. */
export type BreakerChangeCause =
  | 'failure-rate'
  | 'slow-call-rate'
  | 'wait-over'
  | 'probes-failed'
  | 'probes-succeeded'
  | 'half-open-too-long'
  | 'by-hand'
  | 'taken-away'
  | 'brought-back'
  | 'new-life';

export interface BreakerChange {
  readonly timeUs: number;
  readonly before: CircuitState;
  readonly after: CircuitState;
  readonly figures: CircuitFigures;
  /** For OPEN: when probes may begin. */
  readonly untilUs: number | null;
  readonly cause: BreakerChangeCause;
  /** What it had counted when it changed: a state that begins with an empty window has forgotten that. */
  readonly counted: CircuitFigures;
}

/** A call in a breaker's window. */
export interface BreakerOutcome {
  readonly timeUs: number;
  readonly failed: boolean;
  readonly slow: boolean;
}

/** A call that the breaker counted as a failure: where in which trace. */
export interface CountedFailure {
  readonly traceId: string;
  readonly timeUs: number;
}

export interface BreakerSample {
  readonly timeUs: number;
  /** Percent; −1 while too few calls were counted. */
  readonly failureRate: number;
}

/** One circuit breaker: of a caller instance, towards a callee. */
export interface BreakerView {
  readonly key: string;
  readonly instance: InstanceId;
  readonly from: ServiceName;
  readonly to: ServiceName;
  readonly state: CircuitState;
  readonly figures: CircuitFigures;
  /** For OPEN: when probes may begin. */
  readonly untilUs: number | null;
  readonly permits: number;
  readonly changedUs: number;
  readonly notPermitted: number;
  readonly history: readonly BreakerChange[];
  /** Changes before those of `history`: they are forgotten. */
  readonly forgotten: number;
  /** At least its window, oldest first: the newest `figures.calls` are in it (`windowOutcomes`). */
  readonly outcomes: ChunkedList<BreakerOutcome>;
  /** When the latest calls ended that counted for nothing. */
  readonly ignoredUs: readonly number[];
  /** In a row, without CLOSED between. */
  readonly openings: number;
  /** HALF_OPEN: a call was refused, so every permit is out. */
  readonly permitsOut: boolean;
  /** The rate that was told to be exceeded last, in this state. */
  readonly exceeded: 'failure-rate' | 'slow-call-rate' | null;
  readonly samples: ChunkedList<BreakerSample>;
  /** The latest calls that it counted as failures, newest last. */
  readonly counted: readonly CountedFailure[];
}

export interface Breakers {
  /** What the run has said of its safety nets; null: nothing yet. */
  nets: BreakerNets | null;
  readonly byKey: ChunkedMap<string, BreakerView>;
}

type BreakerNets = Pick<RunSettings, 'edge' | 'edges'>;

const NO_FIGURES: CircuitFigures = {
  state: 'CLOSED',
  failureRate: -1,
  slowCallRate: -1,
  calls: 0,
  failures: 0,
  slowCalls: 0,
  windowSize: 0,
  notPermitted: 0,
};

const HISTORY_KEPT = 200;
const SAMPLES_KEPT = 600;
const COUNTED_KEPT = 20;
/** As large as a window may be. */
const OUTCOMES_KEPT = 1000;
const IGNORED_KEPT = 20;

function breakerOf(state: Breakers, instance: InstanceId, from: ServiceName, to: ServiceName): BreakerView {
  const key = `${instance}->${to}`;
  return (
    state.byKey.get(key) ?? {
      key,
      instance,
      from,
      to,
      state: 'CLOSED',
      figures: NO_FIGURES,
      untilUs: null,
      permits: 0,
      changedUs: 0,
      notPermitted: 0,
      history: [],
      forgotten: 0,
      outcomes: new ChunkedList(),
      ignoredUs: [],
      openings: 0,
      permitsOut: false,
      exceeded: null,
      samples: new ChunkedList(),
      counted: [],
    }
  );
}

/** The list with one item more, and its oldest forgotten. */
const appended = <Item>(list: readonly Item[], item: Item, kept: number): readonly Item[] =>
  [...list, item].slice(-kept);

const remembered = (
  { history, forgotten }: BreakerView,
  change: BreakerChange,
): Pick<BreakerView, 'history' | 'forgotten'> => ({
  history: appended(history, change, HISTORY_KEPT),
  forgotten: forgotten + (history.length < HISTORY_KEPT ? 0 : 1),
});

function sampled(view: BreakerView, timeUs: number, { failureRate }: CircuitFigures) {
  const last = view.samples.at(-1);
  if (last !== undefined && timeUs - last.timeUs < 100_000 && last.failureRate === failureRate)
    return view.samples;
  const samples = view.samples.fork();
  samples.push({ timeUs, failureRate });
  samples.keepNewest(SAMPLES_KEPT);
  return samples;
}

/** The calls in a breaker's window, oldest first. */
export const windowOutcomes = (view: Pick<BreakerView, 'outcomes' | 'figures'>): BreakerOutcome[] =>
  view.outcomes.newest(view.figures.calls).reverse();

/** The window after an event. Whatever left it, by its size or by time, was the oldest: so many newest ones are in it. */
function outcomesAfter(
  view: BreakerView,
  figures: CircuitFigures,
  ended: { readonly timeUs: number; readonly failed: boolean } | null,
): ChunkedList<BreakerOutcome> {
  if (ended === null && figures.calls === view.figures.calls) return view.outcomes;
  const outcomes = view.outcomes.fork();
  if (ended !== null) {
    // What was in the window before and still is; the rest of the sum is this call's.
    const others = figures.slowCalls === 0 ? [] : outcomes.newest(figures.calls - 1);
    outcomes.push({ ...ended, slow: figures.slowCalls > others.filter(({ slow }) => slow).length });
  }
  outcomes.keepNewest(Math.min(OUTCOMES_KEPT, figures.calls));
  return outcomes;
}

const netsOf = ({ nets }: Breakers, { from, to }: BreakerView): CircuitBreakerSettings | null =>
  nets === null ? null : (nets.edges[`${from}->${to}`] ?? nets.edge).breaker;

/** How long the n-th opening in a row lasts (CB-17). */
function openForMs(settings: CircuitBreakerSettings, openings: number): number {
  const { waitDurationInOpenStateMs: firstMs, openStateBackoffMultiplier: factor } = settings;
  const most = Math.max(firstMs, settings.maxWaitDurationInOpenStateMs);
  return factor === 1 || openings <= 1 ? firstMs : Math.min(firstMs * factor ** (openings - 1), most);
}

function causeOf(
  { before, after, byHand }: RunEventOf<'breaker.state.changed'>,
  { figures, exceeded }: BreakerView,
  settings: CircuitBreakerSettings | null,
): BreakerChangeCause {
  if (byHand === true) return 'by-hand';
  if (after === 'DISABLED') return 'taken-away';
  if (before === 'DISABLED') return 'brought-back';
  if (after === 'HALF_OPEN') return 'wait-over';
  if (before !== 'HALF_OPEN') return exceeded ?? 'failure-rate';
  const needed =
    settings === null
      ? 1
      : Math.min(settings.minimumNumberOfCalls, settings.permittedNumberOfCallsInHalfOpenState);
  if (figures.calls < needed) return 'half-open-too-long';
  return after === 'CLOSED' ? 'probes-succeeded' : 'probes-failed';
}

/** What new settings make of a breaker at once (CB-23), before its next call tells. */
function withSettings(
  view: BreakerView,
  before: CircuitBreakerSettings | null,
  settings: CircuitBreakerSettings | null,
): BreakerView {
  if (settings === null || settings === before) return view;
  const permits = settings.permittedNumberOfCallsInHalfOpenState;
  switch (view.state) {
    case 'OPEN':
      return { ...view, untilUs: view.changedUs + Math.round(openForMs(settings, view.openings) * 1000) };
    case 'HALF_OPEN':
      return { ...view, permits, ...resized(view, permits, permits) };
    case 'CLOSED':
    case 'METRICS_ONLY': {
      const { slidingWindowType: type, slidingWindowSize: size } = settings;
      const anew = before !== null && before.slidingWindowType !== type;
      return { ...view, ...resized(view, size, anew ? 0 : type === 'COUNT_BASED' ? size : OUTCOMES_KEPT) };
    }
    default:
      return view;
  }
}

function resized(view: BreakerView, windowSize: number, most: number): Pick<BreakerView, 'figures'> {
  const { figures } = view;
  if (figures.calls <= most) return { figures: { ...figures, windowSize } };
  const kept = view.outcomes.newest(most);
  const failures = kept.filter(({ failed }) => failed).length;
  const slowCalls = kept.filter(({ slow }) => slow).length;
  return { figures: { ...figures, windowSize, calls: kept.length, failures, slowCalls } };
}

/** Every breaker with its state, figures and history. */
export const breakers: Projection<Breakers> = {
  initial: () => ({ nets: null, byKey: new ChunkedMap() }),
  apply(state, event) {
    switch (event.type) {
      case 'run.settings.changed': {
        const nets = event.settings as unknown as BreakerNets;
        const before = state.nets;
        state.nets = nets;
        for (const view of [...state.byKey.values()]) {
          const was = netsOf({ ...state, nets: before }, view);
          const changed = withSettings(view, was, netsOf(state, view));
          if (changed !== view) state.byKey.set(view.key, changed);
        }
        break;
      }
      case 'breaker.failure-rate.exceeded':
      case 'breaker.slow-call-rate.exceeded': {
        const view = breakerOf(state, event.instance, event.service, event.to);
        const rate = event.type === 'breaker.failure-rate.exceeded' ? 'failure-rate' : 'slow-call-rate';
        state.byKey.set(view.key, { ...view, exceeded: view.exceeded ?? rate });
        break;
      }
      case 'breaker.call.succeeded':
      case 'breaker.call.failed':
      case 'breaker.call.ignored':
      case 'breaker.call.not-permitted':
      case 'breaker.reset': {
        const view = breakerOf(state, event.instance, event.service, event.to);
        const { traceId, timeUs, figures } = event;
        const failed = event.type === 'breaker.call.failed';
        const ended = failed || event.type === 'breaker.call.succeeded' ? { timeUs, failed } : null;
        const isIgnored = event.type === 'breaker.call.ignored';
        state.byKey.set(view.key, {
          ...view,
          figures,
          state: figures.state,
          outcomes: outcomesAfter(view, figures, ended),
          ignoredUs: isIgnored ? appended(view.ignoredUs, timeUs, IGNORED_KEPT) : view.ignoredUs,
          // One that is ignored gives its permit back.
          permitsOut: isIgnored
            ? false
            : view.permitsOut ||
              (event.type === 'breaker.call.not-permitted' && figures.state === 'HALF_OPEN'),
          notPermitted: view.notPermitted + (event.type === 'breaker.call.not-permitted' ? 1 : 0),
          counted:
            event.type === 'breaker.call.failed' && traceId !== null
              ? appended(view.counted, { traceId, timeUs }, COUNTED_KEPT)
              : view.counted,
          samples: sampled(view, timeUs, figures),
        });
        break;
      }
      case 'breaker.state.changed': {
        const view = breakerOf(state, event.instance, event.service, event.to);
        const { timeUs, before, after, figures, untilUs, permits } = event;
        const cause = causeOf(event, view, netsOf(state, view));
        const change = { timeUs, before, after, figures, untilUs, cause, counted: view.figures };
        const isOpening = after === 'OPEN' ? 1 : 0;
        state.byKey.set(view.key, {
          ...view,
          ...remembered(view, change),
          figures,
          state: after,
          outcomes: outcomesAfter(view, figures, null),
          openings:
            isOpening + (isOpening || after === 'HALF_OPEN' || after === 'FORCED_OPEN' ? view.openings : 0),
          permitsOut: false,
          exceeded: null,
          untilUs,
          permits,
          changedUs: timeUs,
          samples: sampled(view, timeUs, figures),
        });
        break;
      }
      case 'instance.started': {
        // A breaker lives in its caller's memory: a new life begins with none.
        const { timeUs } = event;
        for (const view of [...state.byKey.values()]) {
          if (view.instance !== event.instance) continue;
          const change = {
            timeUs,
            before: view.state,
            after: 'CLOSED',
            figures: NO_FIGURES,
            untilUs: null,
            cause: 'new-life',
            counted: view.figures,
          } as const;
          state.byKey.set(view.key, {
            ...view,
            ...(view.state === 'CLOSED' ? {} : { ...remembered(view, change), changedUs: timeUs }),
            state: 'CLOSED',
            figures: NO_FIGURES,
            untilUs: null,
            outcomes: new ChunkedList(),
            ignoredUs: [],
            openings: 0,
            permitsOut: false,
            exceeded: null,
          });
        }
        break;
      }
      default:
    }
    return state;
  },
  fork: ({ nets, byKey }) => ({ nets, byKey: byKey.fork() }),
};

const WORST: readonly CircuitState[] = [
  'FORCED_OPEN',
  'OPEN',
  'HALF_OPEN',
  'CLOSED',
  'METRICS_ONLY',
  'DISABLED',
];

export const breakersOfEdge = (state: Breakers, from: ServiceName, to: ServiceName): BreakerView[] =>
  [...state.byKey.values()].filter((view) => view.from === from && view.to === to);

/** The breaker that an edge shows: the worst of its callers' ones. */
export function worstBreaker(state: Breakers, from: ServiceName, to: ServiceName): BreakerView | null {
  let worst: BreakerView | null = null;
  for (const view of state.byKey.values()) {
    if (view.from !== from || view.to !== to) continue;
    if (worst === null || WORST.indexOf(view.state) < WORST.indexOf(worst.state)) worst = view;
  }
  return worst;
}
