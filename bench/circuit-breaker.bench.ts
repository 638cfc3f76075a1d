import { initialTransition, setup, transition } from 'xstate';
import { runTimeUs } from '../src/kernel/index.ts';
import { askBreaker, createBreaker, recordCall } from '../src/patterns/index.ts';
import { edgePolicy } from '../src/setups/index.ts';
import { medianMs } from './measure.ts';

export const name = 'circuit breaker, against one XState transition per call';

const CALLS = 20_000;

/** Why the breaker is a reducer and no state machine of XState's (architecture: ground rule 9). */
export async function run(): Promise<Record<string, number>> {
  const settings = edgePolicy('classroom').breaker;
  if (settings === null) throw new Error('the classroom has a breaker');
  const breakerMs = medianMs(7, () => {
    let breaker = createBreaker(settings);
    for (let call = 0; call < CALLS; call += 1) {
      const nowUs = runTimeUs(call * 1000);
      const asked = askBreaker(breaker, settings, nowUs);
      breaker = asked.breaker;
      if (asked.permit === null) continue;
      const ended = { permit: asked.permit, result: 'succeeded', durationMs: 5 } as const;
      breaker = recordCall(breaker, settings, ended, nowUs).breaker;
    }
  });
  const machine = setup({ types: { events: {} as { type: 'call' } } }).createMachine({
    initial: 'closed',
    states: { closed: { on: { call: 'closed' } } },
  });
  const machineMs = medianMs(7, () => {
    let [snapshot] = initialTransition(machine);
    for (let call = 0; call < CALLS; call += 1) [snapshot] = transition(machine, snapshot, { type: 'call' });
  });
  return {
    'breaker: µs per call': (breakerMs * 1000) / CALLS,
    'XState ÷ breaker': machineMs / breakerMs,
  };
}
