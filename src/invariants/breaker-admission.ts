import type { CircuitState, RunEvent, RunEventOf } from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';
import { lifeOf } from './lives.ts';

type Outcome =
  | RunEventOf<'breaker.call.succeeded'>
  | RunEventOf<'breaker.call.failed'>
  | RunEventOf<'breaker.call.ignored'>;

interface Admitted {
  readonly fromUs: number;
  readonly outcome: Outcome;
}

interface Period {
  readonly state: CircuitState;
  readonly fromUs: number;
  untilUs: number;
  readonly permits: number;
  readonly opening: RunEvent;
  /** HALF_OPEN: the calls that were admitted in it and have ended. */
  readonly admitted: Admitted[];
}

/**
 * A breaker belongs to one life of an instance and a callee. A call was admitted when it began: its
 * outcome's time less its duration. Calls that go past the breaker (compensations) are no calls of it.
 * HALF_OPEN admits its permits in all; a call that is ignored gives back the one that it holds. What
 * falls on the very microsecond of a change may belong to either side.
 */
export const breakerAdmission = defineChecker(
  'INV-5',
  'An open breaker admits nothing, a half-open one its permits',
  (_, report) => {
    const breakers = new Map<string, Period[]>();
    const nameOf = (event: RunEventOf<`breaker.${string}` & RunEvent['type']>) =>
      `${lifeOf(event.id)}->${event.to}`;

    const ended = (outcome: Outcome) => {
      const name = nameOf(outcome);
      const fromUs = outcome.timeUs - Math.round(outcome.durationMs * 1000);
      const period = breakers
        .get(name)
        ?.findLast((one) => fromUs > one.fromUs + 1 && fromUs < one.untilUs - 1);
      if (period === undefined) return;
      const { state, permits, opening, admitted } = period;
      if (state === 'OPEN' || state === 'FORCED_OPEN')
        report(`the breaker ${name} admitted a call while ${state}`, opening, outcome);
      if (state !== 'HALF_OPEN') return;
      admitted.push({ fromUs, outcome });
      if (mostTaken(admitted) > permits) {
        const calls = admitted.map((one) => one.outcome);
        report(
          `the breaker ${name} admitted more calls while HALF_OPEN than its ${permits} permits`,
          opening,
          ...calls,
        );
        admitted.length = 0;
      }
    };

    return {
      events: {
        'breaker.state.changed': (event) => {
          const name = nameOf(event);
          const periods = breakers.get(name) ?? [];
          breakers.set(name, periods);
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
        },
        'breaker.call.succeeded': ended,
        'breaker.call.failed': ended,
        'breaker.call.ignored': ended,
      },
    };
  },
);

/** The most permits that were held or spent when a call was admitted, its own included. */
function mostTaken(admitted: readonly Admitted[]): number {
  const inOrder = admitted.toSorted((a, b) => a.fromUs - b.fromUs);
  let most = 0;
  for (const [index, { fromUs }] of inOrder.entries()) {
    let taken = 1;
    for (let earlier = 0; earlier < index; earlier += 1) {
      const call = inOrder[earlier];
      if (call === undefined) continue;
      if (call.outcome.type !== 'breaker.call.ignored' || call.outcome.timeUs > fromUs) taken += 1;
    }
    if (taken > most) most = taken;
  }
  return most;
}
