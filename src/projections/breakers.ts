import type { CircuitFigures, CircuitState, InstanceId, ServiceName } from '../kernel/index.ts';
import { ChunkedList } from './chunked-list.ts';
import { ChunkedMap } from './chunked-map.ts';
import type { Projection } from './projection.ts';

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
  readonly state: CircuitState;
  readonly figures: CircuitFigures;
  /** For OPEN: when probes may begin. */
  readonly untilUs: number | null;
  readonly permits: number;
  readonly changedUs: number;
  readonly notPermitted: number;
  readonly history: readonly BreakerChange[];
  readonly samples: ChunkedList<BreakerSample>;
  /** The latest calls that it counted as failures, newest last. */
  readonly counted: readonly CountedFailure[];
}

export interface Breakers {
  readonly byKey: ChunkedMap<string, BreakerView>;
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

const HISTORY_KEPT = 200;
const SAMPLES_KEPT = 600;
const COUNTED_KEPT = 20;

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
      samples: new ChunkedList(),
      counted: [],
    }
  );
}

/** The list with one item more, and its oldest forgotten. */
const appended = <Item>(list: readonly Item[], item: Item, kept: number): readonly Item[] =>
  [...list, item].slice(-kept);

function sampled(view: BreakerView, timeUs: number, { failureRate }: CircuitFigures) {
  const last = view.samples.at(-1);
  if (last !== undefined && timeUs - last.timeUs < 100_000 && last.failureRate === failureRate)
    return view.samples;
  const samples = view.samples.fork();
  samples.push({ timeUs, failureRate });
  samples.keepNewest(SAMPLES_KEPT);
  return samples;
}

/** Every breaker with its state, figures and history. */
export const breakers: Projection<Breakers> = {
  initial: () => ({ byKey: new ChunkedMap() }),
  apply(state, event) {
    switch (event.type) {
      case 'breaker.call.succeeded':
      case 'breaker.call.failed':
      case 'breaker.call.ignored':
      case 'breaker.call.not-permitted':
      case 'breaker.reset': {
        const view = breakerOf(state, event.instance, event.service, event.to);
        const { traceId, timeUs, figures } = event;
        state.byKey.set(view.key, {
          ...view,
          figures,
          state: figures.state,
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
        state.byKey.set(view.key, {
          ...view,
          history: appended(view.history, { timeUs, before, after, figures, untilUs }, HISTORY_KEPT),
          figures,
          state: after,
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
          if (view.instance !== event.instance || view.state === 'CLOSED') continue;
          const change = {
            timeUs,
            before: view.state,
            after: 'CLOSED',
            figures: NO_FIGURES,
            untilUs: null,
          } as const;
          state.byKey.set(view.key, {
            ...view,
            state: 'CLOSED',
            figures: NO_FIGURES,
            untilUs: null,
            changedUs: timeUs,
            history: appended(view.history, change, HISTORY_KEPT),
          });
        }
        break;
      }
      default:
    }
    return state;
  },
  fork: ({ byKey }) => ({ byKey: byKey.fork() }),
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
