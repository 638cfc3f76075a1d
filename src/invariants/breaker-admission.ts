import type { CircuitState, EventId, RunEvent, RunEventOf } from '../kernel/index.ts';
import { defineInvariant } from './invariant.ts';

interface Period {
  readonly state: CircuitState;
  readonly fromUs: number;
  untilUs: number;
  readonly permits: number;
  readonly opening: RunEvent;
  /** Calls with a recorded outcome that were admitted in it. */
  readonly admitted: RunEvent[];
}

/** The life of an instance that wrote an event: `order-1.2` of `order-1.2.77`. */
const lifeOf = (id: EventId): string => id.slice(0, id.lastIndexOf('.'));

/**
 * A breaker belongs to one life of an instance and a callee. A call counts as admitted when it began:
 * its outcome's time less its duration. Calls that go past the breaker (compensations) are no calls of
 * it. A call that was ignored gives its permit back, so it is not counted. What falls on the very
 * microsecond of a change may belong to either side.
 */
export const breakerAdmission = defineInvariant(
  'INV-5',
  'An open breaker admits nothing, a half-open one its permits',
  (log, report) => {
    const breakers = new Map<string, Period[]>();
    const outcomes: (RunEventOf<'breaker.call.succeeded'> | RunEventOf<'breaker.call.failed'>)[] = [];
    for (const event of log) {
      if (event.type === 'breaker.state.changed') {
        const name = `${lifeOf(event.id)}->${event.to}`;
        const periods = breakers.get(name) ?? [];
        const last = periods.at(-1);
        if (last !== undefined) last.untilUs = event.timeUs;
        periods.push({
          state: event.after,
          fromUs: event.timeUs,
          untilUs: Number.POSITIVE_INFINITY,
          permits: event.permits,
          opening: event,
          admitted: [],
        });
        breakers.set(name, periods);
      } else if (event.type === 'breaker.call.succeeded' || event.type === 'breaker.call.failed') {
        outcomes.push(event);
      }
    }
    for (const event of outcomes) {
      const beganUs = event.timeUs - Math.round(event.durationMs * 1000);
      const period = breakers
        .get(`${lifeOf(event.id)}->${event.to}`)
        ?.find(({ fromUs, untilUs }) => beganUs > fromUs + 1 && beganUs < untilUs - 1);
      period?.admitted.push(event);
    }
    for (const [name, periods] of breakers) {
      for (const { state, permits, opening, admitted } of periods) {
        const shut = state === 'OPEN' || state === 'FORCED_OPEN';
        if (shut && admitted.length > 0) {
          report(
            `the breaker ${name} admitted ${admitted.length} call(s) while ${state}`,
            opening,
            ...admitted,
          );
        }
        if (state === 'HALF_OPEN' && admitted.length > permits) {
          report(
            `the breaker ${name} admitted ${admitted.length} calls while HALF_OPEN, with ${permits} permits`,
            opening,
            ...admitted,
          );
        }
      }
    }
  },
);
