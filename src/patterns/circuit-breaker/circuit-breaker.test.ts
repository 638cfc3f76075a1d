import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CircuitBreakerSettings,
  type CircuitState,
  plusMs,
  RUN_START,
  type RunTimeUs,
} from '../../kernel/index.ts';
import {
  type BreakerEvent,
  type CallResult,
  CircuitBreaker,
  openDurationMs,
  type PermitNumber,
} from './circuit-breaker.ts';
import { isLegalTransition } from './legal-transitions.ts';

const base: CircuitBreakerSettings = {
  slidingWindowType: 'COUNT_BASED',
  slidingWindowSize: 4,
  minimumNumberOfCalls: 4,
  failureRateThreshold: 50,
  slowCallRateThreshold: 100,
  slowCallDurationThresholdMs: 1000,
  waitDurationInOpenStateMs: 10_000,
  openStateBackoffMultiplier: 1,
  maxWaitDurationInOpenStateMs: 60_000,
  automaticTransitionFromOpenToHalfOpen: false,
  permittedNumberOfCallsInHalfOpenState: 3,
  maxWaitDurationInHalfOpenStateMs: 0,
  afterMaxWaitInHalfOpen: 'OPEN',
};

/** A breaker with a clock in hand. */
class Bench {
  readonly breaker: CircuitBreaker;
  nowUs: RunTimeUs = RUN_START;
  events: BreakerEvent[] = [];

  constructor(settings: Partial<CircuitBreakerSettings> = {}) {
    this.breaker = new CircuitBreaker({ ...base, ...settings }, (event) => this.events.push(event));
  }

  get state(): CircuitState {
    return this.breaker.state;
  }

  get figures() {
    return this.breaker.figures(this.nowUs);
  }

  wait(ms: number): this {
    this.nowUs = plusMs(this.nowUs, ms);
    return this;
  }

  ask(): PermitNumber | null {
    return this.breaker.ask(this.nowUs);
  }

  record(permit: PermitNumber | null, result: CallResult, durationMs = 1): void {
    if (permit === null) throw new Error('not permitted');
    this.breaker.record(permit, result, durationMs, this.nowUs);
  }

  /** `s` succeeds, `f` fails, `S` and `F` do so slowly, `i` is ignored, `x` must not be permitted. */
  calls(script: string): this {
    for (const letter of script) {
      const permit = this.ask();
      if (letter === 'x') {
        expect(permit, `'x' of ${script}`).toBeNull();
        continue;
      }
      const result = letter === 'i' ? 'ignored' : letter.toLowerCase() === 's' ? 'succeeded' : 'failed';
      this.record(permit, result, letter === 'S' || letter === 'F' ? 1001 : 1);
    }
    return this;
  }

  to(state: CircuitState): this {
    this.breaker.transition(state, this.nowUs);
    return this;
  }

  advance(): this {
    this.breaker.advance(this.nowUs);
    return this;
  }

  get types(): string[] {
    return this.events.map((event) => event.type.replace('breaker.', ''));
  }
}

const opened = (settings: Partial<CircuitBreakerSettings> = {}): Bench => new Bench(settings).calls('ffff');
const halfOpen = (settings: Partial<CircuitBreakerSettings> = {}): Bench =>
  new Bench(settings).to('OPEN').wait(10_001).to('HALF_OPEN');

describe('windows and thresholds', () => {
  test('CB-1 begins CLOSED with nothing counted', () => {
    expect(new Bench().figures).toEqual({
      state: 'CLOSED',
      failureRate: -1,
      slowCallRate: -1,
      calls: 0,
      failures: 0,
      slowCalls: 0,
      windowSize: 4,
      notPermitted: 0,
    });
  });

  test.each([
    ['CB-4 below the minimum nothing opens', {}, 'fff', 'CLOSED', -1],
    ['CB-5 exactly the threshold opens', {}, 'ssff', 'OPEN', 50],
    ['CB-5 below it stays', {}, 'sssf', 'CLOSED', 25],
    ['CB-5 a success can complete the minimum', {}, 'ffss', 'OPEN', 50],
    ['CB-2 only the last N count: an old failure leaves', {}, 'fsssf', 'CLOSED', 25],
    ['CB-2 … and failures spread too thin never open', {}, 'fsssfsssfsss', 'CLOSED', 25],
    ['CB-4 COUNT: the minimum is at most the window', { minimumNumberOfCalls: 100 }, 'ffff', 'OPEN', 100],
    ['CB-4 a smaller minimum opens earlier', { minimumNumberOfCalls: 2 }, 'ff', 'OPEN', 100],
    ['CB-15 an ignored call counts for nothing', {}, 'fffiii', 'CLOSED', -1],
    ['threshold 100 needs every call', { failureRateThreshold: 100 }, 'fffs', 'CLOSED', 75],
    ['a window of one call', { slidingWindowSize: 1 }, 'sf', 'OPEN', 100],
  ] as const)('%s', (_, settings, script, state, failureRate) => {
    const bench = new Bench(settings).calls(script);
    expect(bench.state).toBe(state);
    expect(bench.figures.failureRate).toBe(failureRate);
  });

  test('CB-6 slow is strictly longer than the threshold; slow failures count too', () => {
    const exactly = new Bench({ slowCallRateThreshold: 50 });
    for (let call = 0; call < 4; call += 1) exactly.record(exactly.ask(), 'succeeded', 1000);
    expect(exactly.figures.slowCalls).toBe(0);
    expect(exactly.state).toBe('CLOSED');

    const longer = new Bench({ slowCallRateThreshold: 50, failureRateThreshold: 90 }).calls('sSsF');
    expect(longer.state).toBe('OPEN');
    expect(longer.types).toContain('slow-call-rate.exceeded');
    expect(longer.types).not.toContain('failure-rate.exceeded');
  });

  test('CB-3 TIME_BASED: a bucket is a whole second of run time, the present one included', () => {
    const bench = new Bench({
      slidingWindowType: 'TIME_BASED',
      slidingWindowSize: 2,
      failureRateThreshold: 100,
    });
    bench.wait(900).calls('f');
    bench.wait(100).calls('f'); // second 1: two buckets now
    expect(bench.figures.calls).toBe(2);
    bench.wait(999); // 1.999 s: still second 1
    expect(bench.figures.calls).toBe(2);
    bench.wait(1); // second 2: the first bucket has left
    expect(bench.figures.calls).toBe(1);
    bench.wait(1000);
    expect(bench.figures.calls).toBe(0);
  });

  test('CB-3 and CB-4: TIME_BASED keeps the minimum as it is, and never opens on rates of the past', () => {
    const bench = new Bench({ slidingWindowType: 'TIME_BASED', slidingWindowSize: 2 });
    bench.calls('fff').wait(3000).calls('f');
    expect(bench.state).toBe('CLOSED');
    expect(bench.calls('fff').state).toBe('OPEN');
  });
});

describe('open', () => {
  test('CB-7 refuses until strictly after the wait; the next call is the first probe', () => {
    const bench = opened().calls('x').wait(10_000).calls('x');
    expect(bench.state).toBe('OPEN');
    expect(bench.wait(0.001).ask()).not.toBeNull();
    expect(bench.state).toBe('HALF_OPEN');
  });

  test('CB-7 lazy: without a call it stays OPEN for ever', () => {
    const bench = opened();
    expect(bench.breaker.nextTransitionUs).toBeNull();
    expect(bench.wait(1e6).advance().state).toBe('OPEN');
  });

  test('CB-8 automatic: the timer moves it at the moment the wait is over', () => {
    const bench = opened({ automaticTransitionFromOpenToHalfOpen: true });
    expect(bench.breaker.nextTransitionUs).toBe(10_000_000);
    expect(bench.wait(9_999.999).advance().state).toBe('OPEN');
    expect(bench.wait(0.001).advance().state).toBe('HALF_OPEN');
  });

  test('CB-14 an outcome that comes in OPEN is recorded only', () => {
    const bench = new Bench();
    const late = bench.ask();
    bench.calls('ffff');
    const { openUntilUs } = bench.breaker;
    bench.record(late, 'succeeded');
    expect(bench.state).toBe('OPEN');
    expect(bench.figures).toMatchObject({ calls: 4, failures: 3 });
    expect(bench.breaker.openUntilUs).toBe(openUntilUs);
    expect(bench.types.at(-1)).toBe('call.succeeded');
  });

  test('CB-17 each opening in a row waits longer, up to the cap; CLOSED begins anew', () => {
    const settings = { openStateBackoffMultiplier: 2, maxWaitDurationInOpenStateMs: 30_000 };
    const bench = opened(settings);
    const waitMs = () => (Number(bench.breaker.openUntilUs) - bench.nowUs) / 1000;
    const waits: number[] = [waitMs()];
    for (let again = 0; again < 3; again += 1) {
      bench.wait(waitMs() + 1).calls('fff');
      waits.push(waitMs());
    }
    expect(waits).toEqual([10_000, 20_000, 30_000, 30_000]);
    bench.wait(waitMs() + 1).calls('sss');
    expect(bench.state).toBe('CLOSED');
    bench.calls('ffff');
    expect(waitMs()).toBe(10_000);
    expect(
      openDurationMs({ ...base, openStateBackoffMultiplier: 3, maxWaitDurationInOpenStateMs: 1 }, 5),
    ).toBe(10_000);
  });
});

describe('half-open', () => {
  test('CB-9 permits are for the whole period, not at a time; the rest is refused', () => {
    const bench = halfOpen({ minimumNumberOfCalls: 100 });
    bench.calls('ss');
    const third = bench.ask();
    expect(third).not.toBeNull();
    expect(bench.ask()).toBeNull();
    expect(bench.figures.notPermitted).toBe(1);
    bench.record(third, 'succeeded');
    expect(bench.state).toBe('CLOSED');
  });

  test.each([
    ['CB-10 all well: CLOSED', {}, 'sss', 'CLOSED'],
    ['CB-10 a third failed: below 50 %', {}, 'ssf', 'CLOSED'],
    ['CB-10 two thirds failed: OPEN', {}, 'sff', 'OPEN'],
    ['CB-10 the minimum may be smaller than the permits', { minimumNumberOfCalls: 2 }, 'ff', 'OPEN'],
    ['CB-10 no verdict before the minimum', { minimumNumberOfCalls: 100 }, 'ff', 'HALF_OPEN'],
    ['CB-10 slow probes open too', {}, 'SSS', 'OPEN'],
  ] as const)('%s', (_, settings, script, state) => {
    const bench = halfOpen({ ...settings });
    expect(bench.state).toBe('HALF_OPEN');
    bench.events = [];
    bench.calls(script);
    expect(bench.state).toBe(state);
    expect(bench.types.filter((type) => type.endsWith('exceeded'))).toEqual([]);
  });

  test.each(['OPEN', 'CLOSED'] as const)(
    'CB-11 lasts at most maxWaitDurationInHalfOpenState, then %s',
    (after) => {
      const bench = halfOpen({ maxWaitDurationInHalfOpenStateMs: 5000, afterMaxWaitInHalfOpen: after });
      expect(bench.breaker.nextTransitionUs).toBe(bench.nowUs + 5_000_000);
      bench.ask();
      expect(bench.wait(4_999.999).advance().state).toBe('HALF_OPEN');
      expect(bench.wait(0.001).advance().state).toBe(after);
    },
  );

  test('CB-11 0: it waits for ever', () => {
    expect(halfOpen().wait(1e7).advance().state).toBe('HALF_OPEN');
  });

  test('CB-14 a call admitted in CLOSED that ends in HALF_OPEN counts there and uses no permit', () => {
    const bench = new Bench({ minimumNumberOfCalls: 3 });
    const late = bench.ask();
    bench.calls('fff').wait(10_001);
    const probes = [bench.ask(), bench.ask()];
    bench.record(late, 'failed');
    expect(bench.figures).toMatchObject({ state: 'HALF_OPEN', calls: 1, failures: 1 });
    probes.push(bench.ask());
    expect(probes.every((permit) => permit !== null)).toBe(true);
    expect(bench.ask()).toBeNull();
  });

  test('CB-15 an ignored call gives back the permit that it holds', () => {
    const bench = halfOpen().calls('iiiiii');
    expect(bench.state).toBe('HALF_OPEN');
    const permits = [bench.ask(), bench.ask(), bench.ask()];
    expect(permits.every((permit) => permit !== null)).toBe(true);
    expect(bench.ask()).toBeNull();
    bench.record(permits[1] ?? null, 'ignored');
    expect(bench.ask()).not.toBeNull();
    expect(bench.ask()).toBeNull();
  });

  test('CB-15 … and only that one: an ignored call from before gives back nothing', () => {
    const bench = new Bench();
    const old = bench.ask();
    bench.calls('ffff').wait(10_001);
    for (let probe = 0; probe < 3; probe += 1) expect(bench.ask()).not.toBeNull();
    bench.record(old, 'ignored');
    expect(bench.ask()).toBeNull();
  });

  test('CB-15 … nor does one of an earlier half-open period', () => {
    const bench = halfOpen({ maxWaitDurationInHalfOpenStateMs: 1000 });
    const old = bench.ask();
    bench.wait(1000).advance().wait(10_001);
    for (let probe = 0; probe < 3; probe += 1) expect(bench.ask()).not.toBeNull();
    bench.record(old, 'ignored');
    expect(bench.ask()).toBeNull();
  });

  test('CB-16 begins an empty window, and so does CLOSED after it; OPEN keeps its own', () => {
    const bench = opened();
    expect(bench.figures).toMatchObject({ state: 'OPEN', calls: 4, failureRate: 100 });
    bench.to('HALF_OPEN');
    expect(bench.figures).toMatchObject({ calls: 0, failureRate: -1, windowSize: 3, notPermitted: 0 });
    bench.calls('sss');
    expect(bench.figures).toMatchObject({ state: 'CLOSED', calls: 0, failureRate: -1, windowSize: 4 });
  });
});

const STATES = ['CLOSED', 'OPEN', 'HALF_OPEN', 'DISABLED', 'FORCED_OPEN', 'METRICS_ONLY'] as const;
const ILLEGAL = ['CLOSED→HALF_OPEN', 'METRICS_ONLY→OPEN', 'METRICS_ONLY→HALF_OPEN'];
const inState = (state: CircuitState): Bench =>
  state === 'HALF_OPEN'
    ? new Bench().to('OPEN').to('HALF_OPEN')
    : state === 'CLOSED'
      ? new Bench()
      : new Bench().to(state);

describe('transitions', () => {
  test.each(STATES.flatMap((from) => STATES.map((to) => [from, to] as const)))(
    'CB-12, CB-13 %s→%s',
    (from, to) => {
      const bench = inState(from);
      const before = bench.breaker;
      bench.events = [];
      if (ILLEGAL.includes(`${from}→${to}`)) {
        expect(isLegalTransition(from, to)).toBe(false);
        expect(() => bench.to(to)).toThrow(`cannot go from ${from} to ${to}`);
        expect(bench.breaker).toBe(before);
        expect(bench.events).toEqual([]);
        return;
      }
      bench.to(to);
      expect(bench.state).toBe(to);
      expect(bench.types).toEqual(from === to ? [] : ['state.changed']);
    },
  );

  test('CB-13 OPEN→OPEN waits again, CLOSED→CLOSED forgets', () => {
    const open = opened().wait(5000).to('OPEN').wait(5001).calls('x');
    expect(open.state).toBe('OPEN');
    expect(new Bench().calls('ff').to('CLOSED').figures.calls).toBe(0);
  });

  test('CB-18 DISABLED lets all pass and counts nothing', () => {
    const bench = new Bench().to('DISABLED');
    bench.events = [];
    bench.calls('ffffffff');
    expect(bench.state).toBe('DISABLED');
    expect(bench.figures.calls).toBe(0);
    expect(bench.events).toEqual([]);
  });

  test('CB-18 FORCED_OPEN refuses all and has no timer', () => {
    const bench = new Bench({ automaticTransitionFromOpenToHalfOpen: true }).to('FORCED_OPEN');
    bench.events = [];
    expect(bench.wait(1e7).calls('xx').advance().state).toBe('FORCED_OPEN');
    expect(bench.figures.notPermitted).toBe(2);
    expect(bench.events).toEqual([]);
  });

  test('CB-19 METRICS_ONLY counts, tells each rate once, never moves', () => {
    const bench = new Bench().to('METRICS_ONLY');
    bench.events = [];
    bench.calls('fffffFFFF');
    expect(bench.state).toBe('METRICS_ONLY');
    expect(bench.figures.failureRate).toBe(100);
    expect(bench.types.filter((type) => type.endsWith('exceeded'))).toEqual([
      'failure-rate.exceeded',
      'slow-call-rate.exceeded',
    ]);
  });

  test('CB-22 reset: CLOSED from anywhere, the change told first', () => {
    const bench = opened();
    bench.events = [];
    bench.breaker.reset(bench.nowUs);
    bench.breaker.reset(bench.nowUs);
    expect(bench.types).toEqual(['state.changed', 'reset', 'reset']);
    expect(bench.figures).toMatchObject({ state: 'CLOSED', calls: 0 });
  });

  test('CB-21 the events of an opening, in order, with the figures after the call', () => {
    const bench = opened();
    expect(bench.types).toEqual([
      'call.failed',
      'call.failed',
      'call.failed',
      'call.failed',
      'failure-rate.exceeded',
      'state.changed',
    ]);
    expect(bench.events.at(-3)).toMatchObject({ figures: { state: 'CLOSED', calls: 4, failureRate: 100 } });
    expect(bench.events.at(-1)).toMatchObject({
      before: 'CLOSED',
      after: 'OPEN',
      untilUs: 10_000_000,
      permits: 0,
      figures: { state: 'OPEN', calls: 4 },
    });
    bench.events = [];
    bench.to('HALF_OPEN');
    expect(bench.events[0]).toMatchObject({ untilUs: null, permits: 3 });
  });
});

describe('CB-23 settings that change', () => {
  const change = (bench: Bench, patch: Partial<CircuitBreakerSettings>): Bench => {
    bench.breaker.settings = { ...bench.breaker.settings, ...patch };
    return bench;
  };

  test('a threshold applies with the next outcome, the window stays', () => {
    const bench = change(new Bench().calls('sssf'), { failureRateThreshold: 25 });
    expect(bench.state).toBe('CLOSED');
    expect(bench.calls('s').state).toBe('OPEN');
  });

  test('a smaller window keeps its newest outcomes, a larger one all', () => {
    const smaller = change(new Bench({ minimumNumberOfCalls: 9, slidingWindowSize: 9 }).calls('fffss'), {
      slidingWindowSize: 2,
    }).advance();
    expect(smaller.figures).toMatchObject({ calls: 2, failures: 0 });
    const larger = change(new Bench().calls('sssf'), { slidingWindowSize: 10 }).calls('f');
    expect(larger.figures).toMatchObject({ calls: 5, failures: 2 });
  });

  test('another type of window begins empty', () => {
    const bench = change(new Bench().calls('ss'), { slidingWindowType: 'TIME_BASED' }).calls('f');
    expect(bench.figures).toMatchObject({ calls: 1, windowSize: 4 });
  });

  test('an OPEN wait is measured again from its beginning', () => {
    expect(change(opened().wait(6000), { waitDurationInOpenStateMs: 5000 }).ask()).not.toBeNull();
    expect(change(opened().wait(10_001), { waitDurationInOpenStateMs: 20_000 }).ask()).toBeNull();
  });

  test('a HALF_OPEN whose permits shrink below what it has heard gets its verdict: it is never stuck', () => {
    const bench = change(halfOpen({ minimumNumberOfCalls: 100 }).calls('ss'), {
      permittedNumberOfCallsInHalfOpenState: 2,
    });
    expect(bench.ask()).not.toBeNull();
    expect(bench.state).toBe('CLOSED');
  });
});

// An independent model: resilience4j's classes, as mutable as they are, with our one deviation.
class Model {
  state: 'CLOSED' | 'OPEN' | 'HALF_OPEN' = 'CLOSED';
  window: boolean[] = [];
  openedMs = 0;
  given = 0;
  readonly settings: CircuitBreakerSettings;
  constructor(settings: CircuitBreakerSettings) {
    this.settings = settings;
  }
  get size(): number {
    const { slidingWindowSize, permittedNumberOfCallsInHalfOpenState } = this.settings;
    return this.state === 'HALF_OPEN' ? permittedNumberOfCallsInHalfOpenState : slidingWindowSize;
  }
  enter(state: Model['state'], nowMs: number): void {
    this.state = state;
    if (state === 'OPEN') this.openedMs = nowMs;
    else this.window = [];
    this.given = 0;
  }
  /** The period the permit belongs to, or null. */
  ask(nowMs: number): boolean {
    if (this.state === 'OPEN' && nowMs - this.openedMs > this.settings.waitDurationInOpenStateMs)
      this.enter('HALF_OPEN', nowMs);
    if (this.state === 'CLOSED') return true;
    if (this.state === 'OPEN' || this.given >= this.settings.permittedNumberOfCallsInHalfOpenState)
      return false;
    this.given += 1;
    return true;
  }
  record(failed: boolean, nowMs: number): void {
    const { size } = this;
    this.window = [...this.window, failed].slice(this.state === 'OPEN' ? -1e9 : -size);
    if (this.state === 'OPEN') return;
    if (this.window.length < Math.min(this.settings.minimumNumberOfCalls, size)) return;
    const rate = (100 * this.window.filter(Boolean).length) / this.window.length;
    if (rate >= this.settings.failureRateThreshold) this.enter('OPEN', nowMs);
    else if (this.state === 'HALF_OPEN') this.enter('CLOSED', nowMs);
  }
}

type Command =
  | { readonly kind: 'ask' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'end'; readonly which: number; readonly result: CallResult };

const commands = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<Command>({ kind: 'ask' }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 700 }).map((ms): Command => ({ kind: 'wait', ms })) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        which: fc.nat(20),
        result: fc.constantFrom<CallResult>('succeeded', 'failed', 'failed', 'ignored'),
      }),
    },
  ),
  { maxLength: 120 },
);

const someSettings = fc
  .record({
    slidingWindowSize: fc.integer({ min: 1, max: 6 }),
    minimumNumberOfCalls: fc.integer({ min: 1, max: 8 }),
    failureRateThreshold: fc.integer({ min: 1, max: 100 }),
    permittedNumberOfCallsInHalfOpenState: fc.integer({ min: 1, max: 4 }),
    waitDurationInOpenStateMs: fc.constant(1000),
  })
  .map((some): CircuitBreakerSettings => ({ ...base, ...some }));

describe('for every sequence of calls', () => {
  test('CB-7, CB-9: nothing is admitted in OPEN before its wait is over, never more than permitted in HALF_OPEN', () => {
    fc.assert(
      fc.property(someSettings, commands, (settings, script) => {
        const bench = new Bench(settings);
        const flying: { permit: number; halfOpen: boolean }[] = [];
        let openedUs: number | null = null;
        for (const command of script) {
          if (command.kind === 'wait') bench.wait(command.ms);
          else if (command.kind === 'ask') {
            const before = bench.state;
            const permit = bench.ask();
            if (before === 'OPEN' && permit !== null) {
              expect(bench.nowUs - (openedUs ?? Number.NaN)).toBeGreaterThan(1_000_000);
            }
            if (permit !== null) flying.push({ permit, halfOpen: bench.state === 'HALF_OPEN' });
          } else if (flying.length > 0) {
            const [call] = flying.splice(command.which % flying.length, 1);
            const before = bench.state;
            bench.record(call?.permit ?? null, command.result);
            if (before !== 'OPEN' && bench.state === 'OPEN') openedUs = bench.nowUs;
            if (bench.state !== 'HALF_OPEN') for (const other of flying) other.halfOpen = false;
          }
          expect(flying.filter((call) => call.halfOpen).length).toBeLessThanOrEqual(
            settings.permittedNumberOfCallsInHalfOpenState,
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  test('it does what a model of resilience4j does', () => {
    fc.assert(
      fc.property(someSettings, commands, (settings, script) => {
        const bench = new Bench(settings);
        const model = new Model(settings);
        const flying: { permit: number; period: number }[] = [];
        let periods = 0;
        for (const command of script) {
          const nowMs = bench.nowUs / 1000;
          const before = model.state;
          if (command.kind === 'wait') bench.wait(command.ms);
          else if (command.kind === 'ask') {
            const permitted = model.ask(nowMs);
            if (before !== 'HALF_OPEN' && model.state === 'HALF_OPEN') periods += 1;
            const permit = bench.ask();
            expect(permit !== null).toBe(permitted);
            if (permit !== null) flying.push({ permit, period: model.state === 'HALF_OPEN' ? periods : 0 });
          } else if (flying.length > 0) {
            const [call] = flying.splice(command.which % flying.length, 1);
            if (call === undefined) continue;
            bench.record(call.permit, command.result);
            if (command.result !== 'ignored') model.record(command.result === 'failed', nowMs);
            else if (model.state === 'HALF_OPEN' && call.period === periods) model.given -= 1;
          }
          expect(bench.state).toBe(model.state);
          if (bench.state !== 'OPEN') expect(bench.figures.calls).toBe(model.window.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});
