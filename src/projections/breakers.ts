import type { CircuitFigures, CircuitState, InstanceId, ServiceName } from '../kernel/index.ts';
import { type Projection, trimList } from './projection.ts';

export interface BreakerChange {
  readonly timeUs: number;
  readonly before: CircuitState;
  readonly after: CircuitState;
  readonly figures: CircuitFigures;
  /** For OPEN: when probes may begin. */
  readonly untilUs: number | null;
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
  state: CircuitState;
  figures: CircuitFigures;
  /** For OPEN: when probes may begin. */
  untilUs: number | null;
  permits: number;
  changedUs: number;
  notPermitted: number;
  readonly history: BreakerChange[];
  readonly samples: BreakerSample[];
  /** The latest calls that it counted as failures, newest last. */
  readonly counted: CountedFailure[];
}

export interface Breakers {
  readonly byKey: Map<string, BreakerView>;
}

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

function breakerOf(state: Breakers, instance: InstanceId, from: ServiceName, to: ServiceName): BreakerView {
  const key = `${instance}->${to}`;
  let view = state.byKey.get(key);
  if (view === undefined) {
    view = {
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
      samples: [],
      counted: [],
    };
    state.byKey.set(key, view);
  }
  return view;
}

function sample(view: BreakerView, timeUs: number): void {
  const last = view.samples.at(-1);
  if (last !== undefined && timeUs - last.timeUs < 100_000 && last.failureRate === view.figures.failureRate)
    return;
  view.samples.push({ timeUs, failureRate: view.figures.failureRate });
  trimList(view.samples, 600);
}

/** Every breaker with its state, figures and history. */
export const breakers: Projection<Breakers> = {
  initial: () => ({ byKey: new Map() }),
  apply(state, event) {
    switch (event.type) {
      case 'breaker.call.succeeded':
      case 'breaker.call.failed':
      case 'breaker.call.ignored':
      case 'breaker.call.not-permitted':
      case 'breaker.reset': {
        const view = breakerOf(state, event.instance, event.service, event.to);
        view.figures = event.figures;
        view.state = event.figures.state;
        if (event.type === 'breaker.call.not-permitted') view.notPermitted += 1;
        if (event.type === 'breaker.call.failed' && event.traceId !== null) {
          view.counted.push({ traceId: event.traceId, timeUs: event.timeUs });
          trimList(view.counted, 20);
        }
        sample(view, event.timeUs);
        break;
      }
      case 'breaker.state.changed': {
        const view = breakerOf(state, event.instance, event.service, event.to);
        view.history.push({
          timeUs: event.timeUs,
          before: event.before,
          after: event.after,
          figures: event.figures,
          untilUs: event.untilUs,
        });
        trimList(view.history, 200);
        view.figures = event.figures;
        view.state = event.after;
        view.untilUs = event.untilUs;
        view.permits = event.permits;
        view.changedUs = event.timeUs;
        sample(view, event.timeUs);
        break;
      }
      case 'instance.started': {
        // A breaker lives in its caller's memory: a new life begins with none.
        for (const [key, view] of state.byKey) {
          if (view.instance !== event.instance || view.state === 'CLOSED') continue;
          view.history.push({
            timeUs: event.timeUs,
            before: view.state,
            after: 'CLOSED',
            figures: NO_FIGURES,
            untilUs: null,
          });
          state.byKey.set(key, {
            ...view,
            state: 'CLOSED',
            figures: NO_FIGURES,
            untilUs: null,
            changedUs: event.timeUs,
          });
        }
        break;
      }
      default:
    }
    return state;
  },
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
