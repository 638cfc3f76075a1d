import { ConsecutiveBreaker, CountBreaker, circuitBreaker, handleAll, type IBreaker } from 'cockatiel';
import Opossum from 'opossum';
import { initialTransition, setup, transition } from 'xstate';
import { type CircuitBreakerSettings, elapsedMs, type RunTimeUs, runTimeUs } from '../src/kernel/index.ts';
import { type BreakerEvent, CircuitBreaker } from '../src/patterns/index.ts';
import { edgePolicy } from '../src/setups/index.ts';
import { medianMs } from './measure.ts';

export const name =
  'circuit breaker, against opossum and cockatiel, and against one XState transition per call';

const CALLS = 10_000;
const ROUNDS = 60;
/** An outage that outlasts the benchmark. */
const FOR_EVER_MS = 1e9;

type AsyncCall = () => Promise<unknown>;

const answered = async (): Promise<string> => 'answer';

const refusedBy = async (call: AsyncCall): Promise<void> => {
  for (let made = 0; made < 100; made += 1) await call().catch(() => {});
};

/** Our breaker around one operation, asked and told as `patterns/call.ts` does it; its clock is a port. */
function guarded(breaker: CircuitBreaker, now: () => RunTimeUs, operation: AsyncCall): AsyncCall {
  return () => {
    const startedUs = now();
    const permit = breaker.ask(startedUs);
    if (permit === null) return Promise.resolve(null);
    return operation().then(
      (answer) => {
        const endedUs = now();
        breaker.record(permit, 'succeeded', elapsedMs(startedUs, endedUs), endedUs);
        return answer;
      },
      (error: unknown) => {
        const endedUs = now();
        breaker.record(permit, 'failed', elapsedMs(startedUs, endedUs), endedUs);
        throw error;
      },
    );
  };
}

/** As in the Lab: time is a number. */
const labClock = (): (() => RunTimeUs) => {
  const at = runTimeUs(0);
  return () => at;
};
const machineClock = (): RunTimeUs => runTimeUs(Math.floor(performance.now() * 1000));

const failing = async (): Promise<never> => {
  throw new Error('it is down');
};

interface Contestant {
  readonly name: string;
  readonly passing: AsyncCall;
  readonly rejected: AsyncCall;
}

async function contestants(settings: CircuitBreakerSettings): Promise<readonly Contestant[]> {
  const { slidingWindowSize: size, minimumNumberOfCalls, failureRateThreshold } = settings;

  const heard: Partial<Record<BreakerEvent['type'], number>> = {};
  const listen = ({ type }: BreakerEvent) => {
    heard[type] = (heard[type] ?? 0) + 1;
  };
  const ours = (tell: ((event: BreakerEvent) => void) | null, now: () => RunTimeUs) => {
    const closed = new CircuitBreaker(settings, tell);
    const open = new CircuitBreaker({ ...settings, waitDurationInOpenStateMs: FOR_EVER_MS }, tell);
    open.transition('OPEN', now());
    if (closed.state !== 'CLOSED' || open.ask(now()) !== null) throw new Error('ours is in the wrong state');
    return { passing: guarded(closed, now, answered), rejected: guarded(open, now, answered) };
  };

  const opossum = (operation: AsyncCall) =>
    new Opossum(operation, {
      timeout: false,
      resetTimeout: FOR_EVER_MS,
      volumeThreshold: minimumNumberOfCalls,
      errorThresholdPercentage: failureRateThreshold,
    });
  const opossumClosed = opossum(answered);
  const opossumOpen = opossum(failing);
  opossumOpen.open();
  if (!opossumClosed.closed || !opossumOpen.opened) throw new Error('opossum is in the wrong state');

  const cockatiel = (breaker: IBreaker) => circuitBreaker(handleAll, { halfOpenAfter: FOR_EVER_MS, breaker });
  const cockatielClosed = cockatiel(
    new CountBreaker({ threshold: failureRateThreshold / 100, size, minimumNumberOfCalls }),
  );
  const cockatielOpen = cockatiel(new ConsecutiveBreaker(5));
  await refusedBy(() => cockatielOpen.execute(failing));

  return [
    { name: 'a bare async call', passing: answered, rejected: answered },
    { name: 'ours', ...ours(null, labClock()) },
    {
      name: 'opossum',
      passing: () => opossumClosed.fire(),
      rejected: () => opossumOpen.fire().catch(() => null),
    },
    {
      name: 'cockatiel',
      passing: () => cockatielClosed.execute(answered),
      rejected: () => cockatielOpen.execute(answered).catch(() => null),
    },
    { name: 'ours, each event listened to', ...ours(listen, labClock()) },
    { name: "ours, with the machine's clock", ...ours(null, machineClock) },
  ];
}

async function nsPerCall(call: AsyncCall, calls: number): Promise<number> {
  const from = performance.now();
  for (let made = 0; made < calls; made += 1) await call();
  return ((performance.now() - from) * 1e6) / calls;
}

const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[values.length >> 1] ?? Number.NaN;

/** What a failure costs with so many calls in a full window, beside what it costs with ten. */
function costOfFailure(settings: CircuitBreakerSettings, type: 'COUNT_BASED' | 'TIME_BASED'): number {
  const windows = [10, 100_000].map((size) => {
    const window = {
      slidingWindowType: type,
      slidingWindowSize: type === 'COUNT_BASED' ? size : 100,
      minimumNumberOfCalls: size,
    };
    const never = { failureRateThreshold: 101, slowCallRateThreshold: 101 };
    const breaker = new CircuitBreaker({ ...settings, ...window, ...never }, null);
    for (let call = 0; call < size; call += 1) breaker.record(0, 'failed', 1, runTimeUs(0));
    return { breaker, times: [] as number[] };
  });
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { breaker, times } of windows) {
      const from = performance.now();
      for (let call = 0; call < CALLS; call += 1) breaker.record(0, 'failed', 1, runTimeUs(0));
      if (round > 0) times.push(performance.now() - from);
    }
  }
  const [few = [], many = []] = windows.map(({ times }) => times);
  return median(many) / median(few);
}

/** Why the breaker is plain code and no state machine of XState's (architecture: ground rule 9). */
function againstXState(settings: CircuitBreakerSettings): number {
  const breakerMs = medianMs(7, () => {
    const breaker = new CircuitBreaker(settings, () => {});
    for (let call = 0; call < CALLS; call += 1) {
      const nowUs = runTimeUs(call * 1000);
      const permit = breaker.ask(nowUs);
      if (permit !== null) breaker.record(permit, 'succeeded', 5, nowUs);
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
  return machineMs / breakerMs;
}

export async function run(): Promise<Record<string, number>> {
  const settings = edgePolicy('classroom').breaker;
  if (settings === null) throw new Error('the classroom has a breaker');
  const all = await contestants(settings);
  const figures: Record<string, number> = {};
  for (const way of ['passing', 'rejected'] as const) {
    const times = all.map((): number[] => []);
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const [index, contestant] of all.entries()) {
        const ns = await nsPerCall(contestant[way], CALLS / 10);
        if (round > 0) times[index]?.push(ns);
      }
    }
    const medians = times.map(median);
    for (const [index, { name: who }] of all.entries()) figures[`${way}, ${who}: ns`] = medians[index] ?? 0;
    for (const [index, { name: who }] of all.entries()) {
      if (index > 0)
        figures[`${way}, ${who} ÷ a bare async call`] = (medians[index] ?? 0) / (medians[0] ?? 0);
    }
  }
  figures['a failure with 100,000 calls in a count window ÷ with 10'] = costOfFailure(
    settings,
    'COUNT_BASED',
  );
  figures['a failure with 100,000 calls in a time window ÷ with 10'] = costOfFailure(settings, 'TIME_BASED');
  figures['XState ÷ breaker'] = againstXState(settings);
  return figures;
}
