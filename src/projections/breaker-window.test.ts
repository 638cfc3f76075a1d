import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CircuitBreakerSettings, CircuitState, EventDraft, Json, RunTimeUs } from '../kernel/index.ts';
import { type CallResult, CircuitBreaker, isLegalTransition } from '../patterns/index.ts';
import { edgePolicy } from '../setups/index.ts';
import { breakerTally, breakerWindow, changeReason } from './breaker-window.ts';
import { type BreakerView, breakers, windowOutcomes } from './breakers.ts';
import { Script } from './testing/script.ts';

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

/** A real breaker whose events are written into a log, and what the projection makes of them. */
class Bench {
  readonly script = new Script();
  readonly breaker: CircuitBreaker;
  nowUs = 0 as RunTimeUs;

  constructor(settings: Partial<CircuitBreakerSettings> = {}) {
    this.breaker = new CircuitBreaker({ ...base, ...settings }, (event) =>
      this.#write({ ...event, to: 'shipping' } as EventDraft),
    );
    this.change({});
  }

  get view(): BreakerView {
    const view = this.script.projections.breakers.byKey.get('order-1->shipping');
    if (view === undefined) throw new Error('no breaker yet');
    return view;
  }

  get tally() {
    return breakerTally(this.view, this.breaker.settings, this.nowUs);
  }

  get window() {
    return breakerWindow(this.view, this.breaker.settings, this.nowUs);
  }

  wait(ms: number): this {
    this.nowUs = Math.round(this.nowUs + ms * 1000) as RunTimeUs;
    return this;
  }

  /** `s` succeeds, `f` fails, `S` and `F` slowly, `i` is ignored; what is refused is passed over. */
  calls(letters: string): this {
    for (const letter of letters) {
      const permit = this.breaker.ask(this.nowUs);
      if (permit === null) continue;
      const results: Record<string, CallResult> = { s: 'succeeded', f: 'failed', i: 'ignored' };
      const result = results[letter.toLowerCase()] ?? 'ignored';
      this.breaker.record(permit, result, letter === 'S' || letter === 'F' ? 1001 : 1000, this.nowUs);
    }
    return this;
  }

  change(settings: Partial<CircuitBreakerSettings>): this {
    this.breaker.settings = { ...this.breaker.settings, ...settings };
    const edge = { ...edgePolicy('classroom'), breaker: this.breaker.settings };
    const nets = { edge, edges: {} };
    this.script.write(
      { at: this.nowUs / 1e6, by: 'run-1' },
      { type: 'run.settings.changed', settings: nets as unknown as Json },
    );
    this.breaker.advance(this.nowUs);
    return this;
  }

  to(state: CircuitState): this {
    this.breaker.transition(state, this.nowUs);
    return this;
  }

  #write(event: EventDraft): void {
    this.script.write({ at: this.nowUs / 1e6, by: 'order-1' }, event);
  }
}

const letters = (bench: Bench): string =>
  windowOutcomes(bench.view)
    .map(({ failed, slow }) => (slow ? (failed ? 'F' : 'S') : failed ? 'f' : 's'))
    .join('');

describe('the window of a breaker, out of its events', () => {
  it('CB-2 holds the last outcomes, the oldest first; the oldest leaves', () => {
    const bench = new Bench({ failureRateThreshold: 100, slidingWindowSize: 4 }).calls('sfSFs');
    expect(letters(bench)).toBe('fSFs');
    expect(bench.tally).toMatchObject({ calls: 4, failures: 2, slowCalls: 2, failureRate: 50 });
  });

  it('CB-6 a call of exactly the threshold is not slow', () => {
    expect(letters(new Bench().calls('sS'))).toBe('sS');
  });

  it('CB-4 has no rate below the minimum, and one at it', () => {
    const bench = new Bench({ failureRateThreshold: 100 }).calls('fss');
    expect(bench.tally).toMatchObject({ calls: 3, minimum: 4, failureRate: -1, slowCallRate: -1 });
    expect(bench.calls('s').tally).toMatchObject({ failureRate: 25, slowCallRate: 0 });
  });

  it('CB-15 an ignored call counts for nothing, and is shown until older outcomes than it are gone', () => {
    const bench = new Bench().calls('s').wait(10).calls('i').wait(10).calls('ss');
    expect(letters(bench)).toBe('sss');
    expect(bench.window).toMatchObject({ kind: 'count', size: 4, ignoredUs: [10_000] });
    expect(bench.calls('sss').window).toMatchObject({ ignoredUs: [] });
  });

  it('CB-16 OPEN keeps the window that opened it; CLOSED begins empty', () => {
    const bench = new Bench().calls('ssff');
    expect(bench.view).toMatchObject({ state: 'OPEN', untilUs: 10_000_000 });
    expect(letters(bench)).toBe('ssff');
    expect(bench.tally.failureRate).toBe(50);
    bench.wait(10_001).calls('sss');
    expect(bench.view.state).toBe('CLOSED');
    expect(letters(bench)).toBe('');
    expect(bench.tally).toMatchObject({ calls: 0, failureRate: -1 });
  });

  it('CB-3 TIME_BASED: a column per whole second, and a second leaves without a call', () => {
    const bench = new Bench({
      slidingWindowType: 'TIME_BASED',
      slidingWindowSize: 2,
      failureRateThreshold: 100,
      minimumNumberOfCalls: 2,
    });
    bench.wait(900).calls('f').wait(100).calls('s');
    const columns = () => {
      const { window } = bench;
      if (window.kind !== 'time') throw new Error('not by time');
      return window.seconds.map(({ second, outcomes }) => [second, outcomes.length]);
    };
    expect(columns()).toEqual([
      [0, 1],
      [1, 1],
    ]);
    expect(bench.wait(999.999).tally).toMatchObject({ calls: 2, failureRate: 50 });
    expect(bench.wait(0.001).tally).toMatchObject({ calls: 1, failureRate: -1 });
    expect(columns()).toEqual([
      [1, 1],
      [2, 0],
    ]);
    expect(bench.wait(1000).tally).toMatchObject({ calls: 0, failureRate: -1 });
  });

  it('CB-9 says that every permit is out once a call was refused, until one is given back', () => {
    const bench = new Bench().calls('ffff').wait(10_001);
    const [first, second, third] = [1, 2, 3].map(() => bench.breaker.ask(bench.nowUs) ?? -1);
    expect(bench.view).toMatchObject({ state: 'HALF_OPEN', permits: 3, permitsOut: false });
    expect(bench.breaker.ask(bench.nowUs)).toBeNull();
    expect(bench.view.permitsOut).toBe(true);
    bench.breaker.record(first ?? 0, 'succeeded', 1, bench.nowUs);
    expect(bench.view.permitsOut).toBe(true);
    bench.breaker.record(second ?? 0, 'ignored', 1, bench.nowUs);
    expect(bench.view.permitsOut).toBe(false);
    expect(bench.tally).toMatchObject({ calls: 1, minimum: 3 });
    bench.breaker.record(third ?? 0, 'failed', 1, bench.nowUs);
    expect(bench.tally.calls).toBe(2);
  });

  it('CB-23 an OPEN wait is measured again from its beginning, with the backoff of its opening', () => {
    const bench = new Bench({ openStateBackoffMultiplier: 2 }).calls('ffff');
    bench.wait(6000).change({ waitDurationInOpenStateMs: 20_000 });
    expect(bench.view.untilUs).toBe(20_000_000);
    bench.wait(14_001).calls('fff');
    expect(bench.view).toMatchObject({ state: 'OPEN', openings: 2, untilUs: 20_001_000 + 40_000_000 });
    bench.change({ waitDurationInOpenStateMs: 5000 });
    expect(bench.view.untilUs).toBe(20_001_000 + 10_000_000);
    expect(bench.view.untilUs).toBe(bench.breaker.openUntilUs);
  });

  it('CB-23 another type of window begins empty before any call; a smaller one keeps its newest', () => {
    const bench = new Bench().calls('sfs').change({ slidingWindowSize: 2 });
    expect(letters(bench)).toBe('fs');
    expect(bench.change({ slidingWindowType: 'TIME_BASED' }).tally.calls).toBe(0);
  });

  it('agrees with the breaker at every moment, whatever happens to it', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.stringMatching(/^[sfSFi]{1,6}$/).map((calls) => ({ calls })) },
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 4000 }).map((waitMs) => ({ waitMs })) },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom<CircuitState>('CLOSED', 'OPEN', 'HALF_OPEN', 'METRICS_ONLY', 'FORCED_OPEN')
          .map((hand) => ({ hand })),
      },
      {
        weight: 1,
        arbitrary: fc
          .record(
            {
              slidingWindowType: fc.constantFrom('COUNT_BASED', 'TIME_BASED'),
              slidingWindowSize: fc.integer({ min: 1, max: 12 }),
              minimumNumberOfCalls: fc.integer({ min: 1, max: 8 }),
              permittedNumberOfCallsInHalfOpenState: fc.integer({ min: 1, max: 5 }),
              waitDurationInOpenStateMs: fc.integer({ min: 0, max: 5000 }),
              openStateBackoffMultiplier: fc.constantFrom(1, 1.5, 2),
            },
            { requiredKeys: [] },
          )
          .map((change) => ({ change })),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const bench = new Bench({ minimumNumberOfCalls: 3, waitDurationInOpenStateMs: 2000 }).calls('s');
        for (const each of steps) {
          if ('calls' in each) bench.calls(each.calls);
          else if ('waitMs' in each) bench.wait(each.waitMs);
          else if ('hand' in each) {
            if (each.hand !== bench.breaker.state && isLegalTransition(bench.breaker.state, each.hand))
              bench.to(each.hand);
          } else bench.change(each.change as Partial<CircuitBreakerSettings>);
          const { state, calls, failures, slowCalls, failureRate } = bench.breaker.figures(bench.nowUs);
          expect(bench.view.state).toBe(state);
          expect(bench.view.untilUs).toBe(bench.breaker.openUntilUs);
          // While OPEN, settings may say another type than that of the window that it keeps.
          if (state === 'OPEN') continue;
          expect(bench.tally).toMatchObject({ calls, failures, slowCalls, failureRate });
        }
      }),
      { numRuns: 600 },
    );
  });

  it('is bounded: 1,000 outcomes, and 200 changes with a count of those forgotten', () => {
    const bench = new Bench({
      slidingWindowType: 'TIME_BASED',
      slidingWindowSize: 1000,
      failureRateThreshold: 100,
    });
    bench.calls('s'.repeat(3000));
    expect(bench.view.outcomes.length).toBeLessThan(1032);
    expect(bench.tally).toMatchObject({ calls: 3000, failures: 0, failureRate: 0 });
    for (let turn = 0; turn < 150; turn += 1) bench.to('OPEN').to('CLOSED');
    expect(bench.view.history).toHaveLength(200);
    expect(bench.view.forgotten).toBe(100);
  });
});

describe('why a breaker changed', () => {
  const reasons = (bench: Bench): string[] =>
    bench.view.history.map((change) => `${change.after}: ${changeReason(change)}`);

  it('tells each change with the figures of that moment', () => {
    const bench = new Bench().calls('ssff').wait(10_001).calls('sff').wait(10_001).calls('sss').calls('SSSS');
    expect(reasons(bench)).toEqual([
      'OPEN: 50 %: 2 of 4 calls failed',
      'HALF_OPEN: the wait was over',
      'OPEN: 67 %: 2 of 3 probes failed',
      'HALF_OPEN: the wait was over',
      'CLOSED: 3 of 3 probes succeeded',
      'OPEN: 100 %: 4 of 4 calls were slow',
    ]);
    // OPEN after HALF_OPEN shows the probes that decided, by their own minimum (CB-10, CB-16).
    bench.wait(10_001).calls('fff');
    expect(bench.tally).toMatchObject({ calls: 3, failures: 3, minimum: 3, failureRate: 100 });
  });

  it('CB-11 a HALF_OPEN that lasts too long', () => {
    const bench = new Bench({ maxWaitDurationInHalfOpenStateMs: 5000 }).calls('ffff').wait(10_001).calls('s');
    bench.wait(5000).breaker.advance(bench.nowUs);
    expect(reasons(bench).at(-1)).toBe('OPEN: half-open for too long');
  });

  it('CB-24 by hand, and a new life of its caller', () => {
    const script = new Script();
    const figures = {
      state: 'FORCED_OPEN',
      failureRate: -1,
      slowCallRate: -1,
      calls: 0,
      failures: 0,
    } as const;
    script.write(
      { at: 3, by: 'order-1' },
      {
        type: 'breaker.state.changed',
        to: 'shipping',
        before: 'CLOSED',
        after: 'FORCED_OPEN',
        untilUs: null,
        permits: 0,
        byHand: true,
        figures: { ...figures, slowCalls: 0, windowSize: 0, notPermitted: 0 },
      },
    );
    script.write({ at: 5, by: 'order-1' }, { type: 'instance.started', incarnation: 2 });
    const view = script.projections.breakers.byKey.get('order-1->shipping');
    expect(view?.history.map(changeReason)).toEqual(['by hand, from CLOSED', 'the caller started anew']);
  });

  it('is the same when it is folded again, and a fork goes its own way', () => {
    const bench = new Bench().calls('ssff');
    const fork = breakers.fork(bench.script.projections.breakers);
    const again = breakers.initial();
    for (const event of bench.script.events) breakers.apply(again, event);
    bench.wait(10_001).calls('sss');
    for (const state of [fork, again]) {
      const view = state.byKey.get('order-1->shipping');
      expect(view).toMatchObject({ state: 'OPEN', openings: 1, forgotten: 0 });
      expect(view === undefined ? [] : windowOutcomes(view).map(({ failed }) => failed)).toEqual([
        false,
        false,
        true,
        true,
      ]);
    }
  });
});
