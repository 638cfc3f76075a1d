import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CircuitBreakerSettings,
  type CircuitState,
  type EventDraft,
  type EventId,
  eventId,
  instanceId,
  type Json,
  plusMs,
  RUN_START,
  type RunEvent,
  type RunTimeUs,
  runTimeUs,
} from '../kernel/index.ts';
import { testEdgePolicy } from '../kernel/testing/test-settings.ts';
import { type CallResult, CircuitBreaker } from '../patterns/circuit-breaker/circuit-breaker.ts';
import { breakerFollowsReference } from './breaker-reference.ts';
import { InvariantCheck } from './invariant-check.ts';

const base: CircuitBreakerSettings = {
  slidingWindowType: 'COUNT_BASED',
  slidingWindowSize: 6,
  minimumNumberOfCalls: 4,
  failureRateThreshold: 50,
  slowCallRateThreshold: 100,
  slowCallDurationThresholdMs: 500,
  waitDurationInOpenStateMs: 1000,
  openStateBackoffMultiplier: 1,
  maxWaitDurationInOpenStateMs: 60_000,
  automaticTransitionFromOpenToHalfOpen: false,
  permittedNumberOfCallsInHalfOpenState: 3,
  maxWaitDurationInHalfOpenStateMs: 0,
  afterMaxWaitInHalfOpen: 'OPEN',
};

const ORDER = instanceId('order', 1);

/** A log of one real breaker, order-1 to shipping, whose settings the log may tell otherwise. */
class BreakerLog {
  readonly events: RunEvent[] = [];
  readonly #breaker: CircuitBreaker;
  #cause: EventId | null = null;
  nowUs: RunTimeUs = RUN_START;

  constructor(settings: Partial<CircuitBreakerSettings>, told: Partial<CircuitBreakerSettings> = {}) {
    this.#breaker = new CircuitBreaker({ ...base, ...settings }, (event) => {
      this.write('order', { ...event, to: 'shipping' } as EventDraft, this.#cause);
    });
    this.tell({ ...settings, ...told });
    this.write('order', { type: 'instance.started', incarnation: 1 });
  }

  /** The run's settings from now on. */
  tell(settings: Partial<CircuitBreakerSettings>): void {
    const breaker = { ...base, ...settings };
    const edge = { ...testEdgePolicy, timeoutMs: 1000, breaker };
    this.write('run', {
      type: 'run.settings.changed',
      settings: { edge, edges: {} } as unknown as Json,
    });
  }

  write(service: 'order' | 'run', draft: EventDraft, cause: EventId | null = null): EventId {
    const seq = this.events.length;
    const instance = service === 'order' ? ORDER : instanceId('run', 1);
    const id = eventId(instance, 1, seq + 1);
    const place = { traceId: null, spanId: null, parentSpanId: null, cause };
    const head = { id, seq, timeUs: this.nowUs, instance, service, ...place };
    this.events.push({ ...head, ...draft } as RunEvent);
    return id;
  }

  /** Written by the run, of the instance. */
  crash(): this {
    const id = this.write('run', { type: 'instance.crashed', reason: 'a fault', faultId: null });
    this.events.push({ ...this.events.pop(), id, instance: ORDER, service: 'order' } as RunEvent);
    return this;
  }

  /** Somebody else's call ends. */
  answer(): this {
    this.write('run', {
      type: 'response.received',
      callId: 'other',
      attempt: 1,
      to: 'product',
      toInstance: instanceId('product', 1),
      plane: 'data',
      status: 200,
      durationMs: 1,
    } as unknown as EventDraft);
    return this;
  }

  /** Time passes; what a timer would do is done on time. */
  until(nowUs: RunTimeUs): void {
    for (;;) {
      const dueUs = this.#breaker.nextTransitionUs;
      if (dueUs === null || dueUs > nowUs) break;
      this.nowUs = runTimeUs(Math.max(dueUs, this.nowUs));
      this.#breaker.advance(this.nowUs);
    }
    this.nowUs = nowUs;
  }

  wait(ms: number): this {
    this.until(plusMs(this.nowUs, ms));
    return this;
  }

  ask(): number | null {
    return this.#breaker.ask(this.nowUs);
  }

  record(permit: number, result: CallResult, durationMs: number, cause: EventId | null = null): void {
    this.#cause = cause;
    this.#breaker.record(permit, result, durationMs, this.nowUs);
    this.#cause = null;
  }

  /** Calls of 1 ms, or (capitals) 600 ms, one after the other: `s`ucceeds, `f`ails, `i`gnored, `x` is refused. */
  calls(script: string): this {
    for (const letter of script) {
      const permit = this.ask();
      expect(permit === null, `${letter} of ${script}`).toBe(letter === 'x');
      if (permit === null) {
        this.wait(1);
        continue;
      }
      const durationMs = letter === letter.toUpperCase() ? 600 : 1;
      this.wait(durationMs);
      const result = { s: 'succeeded', f: 'failed', i: 'ignored' } as const;
      this.record(permit, result[letter.toLowerCase() as 's' | 'f' | 'i'], durationMs);
    }
    return this;
  }

  to(...states: CircuitState[]): this {
    for (const next of states) this.#breaker.transition(next, this.nowUs);
    return this;
  }
}

/** The log with the changes to these states told as somebody's doing. */
const byHand = (events: readonly RunEvent[], ...states: CircuitState[]): RunEvent[] =>
  events.map((event) =>
    event.type === 'breaker.state.changed' && states.includes(event.after)
      ? { ...event, byHand: true }
      : event,
  );

function wrongsOf(events: readonly RunEvent[]): string[] {
  const check = new InvariantCheck({ invariants: [breakerFollowsReference] });
  for (const event of events) check.add(event);
  check.end();
  return check.violations.map(({ message }) => message.replace('order-1.1->shipping: ', ''));
}

const wrongs = ({ events }: BreakerLog): string[] => wrongsOf(events);

const anySettings: fc.Arbitrary<CircuitBreakerSettings> = fc.record({
  slidingWindowType: fc.constantFrom('COUNT_BASED', 'TIME_BASED'),
  slidingWindowSize: fc.integer({ min: 1, max: 8 }),
  minimumNumberOfCalls: fc.integer({ min: 1, max: 8 }),
  failureRateThreshold: fc.integer({ min: 1, max: 100 }),
  slowCallRateThreshold: fc.integer({ min: 1, max: 100 }),
  slowCallDurationThresholdMs: fc.constantFrom(100, 300, 10_000),
  waitDurationInOpenStateMs: fc.constantFrom(0, 100, 500, 1000),
  openStateBackoffMultiplier: fc.constantFrom(1, 1.5, 2),
  maxWaitDurationInOpenStateMs: fc.constantFrom(100, 2000, 60_000),
  automaticTransitionFromOpenToHalfOpen: fc.boolean(),
  permittedNumberOfCallsInHalfOpenState: fc.integer({ min: 1, max: 5 }),
  maxWaitDurationInHalfOpenStateMs: fc.constantFrom(0, 300, 2000),
  afterMaxWaitInHalfOpen: fc.constantFrom('OPEN', 'CLOSED'),
});

const anyCall = fc.record({
  afterMs: fc.constantFrom(0, 0, 1, 50, 100, 400, 500, 1000, 1500),
  durationMs: fc.constantFrom(0, 1, 100, 300, 500, 900),
  result: fc.constantFrom<CallResult>('succeeded', 'failed', 'failed', 'ignored'),
});

describe('INV-19 a circuit breaker and its reference', () => {
  it('CB-1 … CB-21: agree, whatever the settings and however calls overlap', () => {
    fc.assert(
      fc.property(anySettings, fc.array(anyCall, { maxLength: 80 }), (settings, calls) => {
        const log = new BreakerLog(settings);
        const underWay: { endUs: RunTimeUs; permit: number; durationMs: number; result: CallResult }[] = [];
        const endUntil = (nowUs: number) => {
          for (;;) {
            const [first] = underWay.sort((a, b) => a.endUs - b.endUs);
            if (first === undefined || first.endUs > nowUs) return;
            underWay.shift();
            log.until(first.endUs);
            log.record(first.permit, first.result, first.durationMs);
          }
        };
        for (const { afterMs, durationMs, result } of calls) {
          const nowUs = plusMs(log.nowUs, afterMs);
          endUntil(nowUs);
          log.until(nowUs);
          const permit = log.ask();
          if (permit !== null)
            underWay.push({ endUs: plusMs(nowUs, durationMs), permit, durationMs, result });
        }
        endUntil(Number.POSITIVE_INFINITY);
        log.wait(5000);
        expect(wrongs(log)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  // The breaker goes by other settings than the log tells: as if its code had that mistake.
  it.each([
    ['CB-5 `>` in place of `≥`', { failureRateThreshold: 50.001 }, { failureRateThreshold: 50 }, 'sfsfsfsf'],
    ['CB-4 the minimum off by one', { minimumNumberOfCalls: 5 }, { minimumNumberOfCalls: 4 }, 'fffff'],
    ['CB-2 a window of one more', { slidingWindowSize: 7 }, { slidingWindowSize: 6 }, 'sssfsfssss'],
    [
      'CB-6 slow calls that do not count',
      { slowCallDurationThresholdMs: 1e6 },
      { slowCallDurationThresholdMs: 500 },
      'SSSSSS',
    ],
    ['CB-7 a longer wait', { waitDurationInOpenStateMs: 2000 }, { waitDurationInOpenStateMs: 1000 }, 'ffff'],
    [
      'CB-3 buckets in place of outcomes',
      { slidingWindowType: 'COUNT_BASED' },
      { slidingWindowType: 'TIME_BASED', slidingWindowSize: 1 },
      'sSSsssSS',
    ],
  ] as const)('finds %s', (_, settings, told, script) => {
    expect(wrongs(new BreakerLog(settings).calls(script))).toEqual([]);
    expect(wrongs(new BreakerLog(settings, told).calls(script))).toHaveLength(1);
  });

  const probing = (settings: Partial<CircuitBreakerSettings>, told: Partial<CircuitBreakerSettings>) =>
    new BreakerLog(settings, told).calls('ffff').wait(1001);

  it('finds CB-9: one probe too many, and one too few', () => {
    const permits = (is: number, told: number) =>
      probing(
        { permittedNumberOfCallsInHalfOpenState: is },
        { permittedNumberOfCallsInHalfOpenState: told },
      ).calls('sss');
    expect(wrongs(permits(3, 3))).toEqual([]);
    expect(wrongs(permits(4, 3))).toContain('HALF_OPEN with 4 permits instead of 3');
    expect(wrongs(permits(3, 4))).toContain('HALF_OPEN with 3 permits instead of 4');
  });

  it('finds CB-17: a backoff that does not grow', () => {
    const backoff = (told: number) => probing({}, { openStateBackoffMultiplier: told }).calls('sff');
    expect(wrongs(backoff(1))).toEqual([]);
    expect(wrongs(backoff(2))).toEqual(['opening 2 in a row lasts until 2008000 µs instead of 3008000 µs']);
  });

  it('finds CB-11: a HALF_OPEN that lasts too long', () => {
    const log = probing({}, { maxWaitDurationInHalfOpenStateMs: 500 }).calls('s').wait(500).calls('s');
    expect(wrongs(log)).toEqual(['it is still HALF_OPEN, though it was HALF_OPEN for too long']);
  });

  const edited = (log: BreakerLog, edit: (event: RunEvent) => object | null): string[] =>
    wrongsOf(log.events.flatMap((event) => edit(event) ?? []) as RunEvent[]);

  it('finds CB-7: a probe at the very end of the wait', () => {
    const early = (ms: number) =>
      edited(new BreakerLog({}).calls('ffff').wait(1001).calls('s'), (event) =>
        event.timeUs > 1_000_000 ? { ...event, timeUs: event.timeUs - ms * 1000 } : event,
      );
    expect(early(0)).toEqual([]);
    expect(early(1)).toContain('OPEN became HALF_OPEN for no reason: 4 of 4 calls failed');
  });

  it('finds CB-15: an ignored call that keeps its permit', () => {
    const log = probing({}, {});
    const held = [log.ask(), log.ask(), log.ask()].map(Number);
    log.wait(1).record(held[0] ?? 0, 'succeeded', 1);
    log.calls('x').wait(200);
    for (const permit of held.slice(1)) log.record(permit, 'succeeded', 202);
    log.wait(2000);
    expect(wrongs(log)).toEqual([]);
    // One of them was ignored, says the log now: then there was a permit for the call that was refused.
    const ignored = edited(log, (event) => {
      const isFirst = event.type === 'breaker.call.succeeded' && event.figures.calls === 1;
      return isFirst ? { ...event, type: 'breaker.call.ignored' } : event;
    });
    expect(ignored[0]).toMatch('calls is 1 instead of 0');
  });

  it('CB-15: what held the permits as the instance crashed has no outcome', () => {
    const log = probing({}, {});
    for (let call = 1; call <= 3; call += 1) log.ask();
    log.calls('x').wait(200).crash().wait(5000).answer();
    expect(wrongs(log)).toEqual([]);
  });

  it('finds CB-15: a refusal while a permit is free', () => {
    const log = probing({}, {});
    const held = [log.ask(), log.ask(), log.ask()].map(Number);
    log.calls('x').wait(200);
    for (const permit of held) log.record(permit, 'succeeded', 201);
    log.wait(2000).calls('s');
    expect(wrongs(log)).toEqual([]);
    let ended = 0;
    const without = edited(log, (event) => {
      if (event.type !== 'breaker.call.succeeded') return event;
      ended += 1;
      return ended === 1 ? { ...event, durationMs: 400 } : event;
    });
    expect(without).toContain('it refused a call while HALF_OPEN with 2 of 3 permits taken');
  });

  it('finds CB-9: more calls that passed than permits', () => {
    const log = probing({}, {}).calls('sss');
    const more = edited(log.calls('ss').wait(2000), (event) =>
      event.type === 'breaker.call.succeeded' && event.figures.state === 'CLOSED'
        ? { ...event, durationMs: (event.timeUs - 1_006_000) / 1000 }
        : event,
    );
    expect(more).toContain('5 calls passed while HALF_OPEN with 3 permits');
  });

  it('finds CB-16: a window that outlives its state', () => {
    const kept = edited(probing({}, {}).calls('sss'), (event) =>
      event.type === 'breaker.state.changed' && event.after === 'CLOSED'
        ? { ...event, figures: { ...event.figures, calls: 3 } }
        : event,
    );
    expect(kept).toEqual(['CLOSED begins with 3 calls counted instead of none']);
  });

  it('finds CB-5: an opening that is missing, or has no reason', () => {
    const log = () => new BreakerLog({}).calls('ffff').calls('x');
    expect(edited(log(), (event) => (event.type === 'breaker.state.changed' ? null : event))).toEqual([
      'a call not-permitted instead of OPEN: 100 % failed and 0 % were slow',
    ]);
    const early = new BreakerLog({}).calls('ff').to('OPEN');
    expect(wrongs(early)).toEqual(['CLOSED became OPEN for no reason: 2 of 2 calls failed']);
  });

  it('CB-20: 5xx and lost answers are failures, a "no" is not, a cancelled call is neither', () => {
    const about = { callId: 'c' as never, attempt: 1, to: 'shipping', plane: 'data', durationMs: 1 } as const;
    const call = (answer: number | 'timeout' | 'cancelled', result: CallResult) => {
      const log = new BreakerLog({});
      const permit = Number(log.ask());
      log.wait(1);
      const toInstance = instanceId('shipping', 1);
      const cause =
        typeof answer === 'number'
          ? log.write('order', { type: 'response.received', ...about, toInstance, status: answer })
          : log.write('order', { type: 'request.failed', ...about, toInstance, error: answer, detail: '' });
      log.record(permit, result, 1, cause);
      return wrongs(log);
    };
    expect(call(200, 'succeeded')).toEqual([]);
    expect(call(200, 'failed'), 'its body may be unreadable').toEqual([]);
    expect(call(404, 'succeeded')).toEqual([]);
    expect(call(503, 'failed')).toEqual([]);
    expect(call('timeout', 'failed')).toEqual([]);
    expect(call('cancelled', 'ignored')).toEqual([]);
    expect(call(404, 'failed')).toEqual(['a call with status 404 failed, by CB-20 it succeeded']);
    expect(call(500, 'succeeded')).toEqual(['a call with status 500 succeeded, by CB-20 it failed']);
    expect(call('timeout', 'ignored')).toEqual(['a call with timeout ignored, by CB-20 it failed']);
  });

  it('CB-23: after a change of settings it is believed until it begins anew', () => {
    const changed = () => {
      const log = new BreakerLog({}).calls('ff');
      log.tell({ minimumNumberOfCalls: 3, permittedNumberOfCallsInHalfOpenState: 2 });
      // This breaker goes on by the old settings, as one whose worker has not heard yet.
      return log.calls('ffx');
    };
    expect(wrongs(changed())).toEqual([]);
    expect(wrongs(changed().wait(1001).calls('s'))).toEqual(['windowSize is 3 instead of 2']);
  });

  it('a log without settings is not checked, nor a breaker that was set by hand', () => {
    const log = new BreakerLog({}).calls('ff').to('METRICS_ONLY').calls('ffff').to('CLOSED').calls('ss');
    expect(wrongs(log)).toEqual([]);
    expect(wrongsOf(log.events.slice(1))).toEqual([]);
  });

  it('CB-24: believes a change by hand, and checks on from there', () => {
    const log = new BreakerLog({}).calls('ff').to('OPEN').wait(1001).calls('sss').calls('ffff');
    expect(wrongs(log)).toEqual(['CLOSED became OPEN for no reason: 2 of 2 calls failed']);
    const opens = log.events.filter(({ type }) => type === 'breaker.state.changed');
    const hand = log.events.map((event) => (event === opens[0] ? { ...event, byHand: true } : event));
    expect(wrongsOf(hand as RunEvent[])).toEqual([]);
    const late = hand.map((event) => (event.id === opens[0]?.id ? { ...event, untilUs: 5 } : event));
    expect(wrongsOf(late as RunEvent[])[0]).toMatch(/^opening 1 in a row lasts until 5 µs/);
    const closed = new BreakerLog({}).calls('ffff').to('CLOSED').calls('ffff');
    expect(wrongs(closed)).not.toEqual([]);
    expect(wrongsOf(byHand(closed.events, 'CLOSED'))).toEqual([]);
  });
});
