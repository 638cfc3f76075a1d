import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { runTimeUs } from '../../kernel/index.ts';
import {
  changedClock,
  type NativeTimers,
  PauseGate,
  RunClock,
  RunTimers,
  startedClock,
  wallOffsetMs,
} from './run-clock.ts';

/** A wall clock and native timers that move when told. */
class Wall implements NativeTimers {
  nowMs = 1000;
  #timers: { atMs: number; wake: () => void }[] = [];
  armed = 0;

  set(delayMs: number, wake: () => void): unknown {
    this.armed += 1;
    const timer = { atMs: this.nowMs + delayMs, wake };
    this.#timers.push(timer);
    return timer;
  }

  clear(handle: unknown): void {
    this.#timers = this.#timers.filter((timer) => timer !== handle);
  }

  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const next = this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.clear(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.wake();
    }
    this.nowMs = untilMs;
  }
}

function world() {
  const wall = new Wall();
  const clock = new RunClock(startedClock(wall.nowMs), () => wall.nowMs);
  const timers = new RunTimers(clock, wall);
  const change = (to: { speed?: number; paused?: boolean }) =>
    clock.apply(changedClock(clock.state, wall.nowMs, to));
  return { wall, clock, timers, change };
}

describe('run time', () => {
  it('stands still while paused and follows the speed', () => {
    const { wall, clock, change } = world();
    wall.pass(100);
    expect(clock.now()).toBe(100_000);
    change({ paused: true });
    wall.pass(5000);
    expect(clock.now()).toBe(100_000);
    change({ paused: false });
    change({ speed: 4 });
    wall.pass(50);
    expect(clock.now()).toBe(300_000);
    change({ speed: 0.1 });
    wall.pass(1000);
    expect(clock.now()).toBe(400_000);
  });

  it('never runs backwards, whatever the wall clock does', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.integer({ min: -500, max: 500 }), fc.constantFrom('pause', 'resume', 'fast', 'slow')),
        ),
        (steps) => {
          const { wall, clock, change } = world();
          let last = clock.now();
          for (const step of steps) {
            if (typeof step === 'number') wall.nowMs += step;
            else if (step === 'pause' || step === 'resume') change({ paused: step === 'pause' });
            else change({ speed: step === 'fast' ? 10 : 0.1 });
            expect(clock.now()).toBeGreaterThanOrEqual(last);
            last = clock.now();
          }
        },
      ),
    );
  });

  it('leaves out a sleep of the computer by itself, again and again, and then goes by the hub', () => {
    const { wall, clock, timers } = world();
    let rung = 0;
    timers.schedule(60_000, () => {
      rung += 1;
    });
    wall.pass(1000);
    expect(clock.now()).toBe(1_000_000);
    for (const sleepMs of [7_200_000, 31_000]) {
      wall.nowMs += sleepMs;
      expect(clock.now()).toBe(1_000_000);
    }
    wall.pass(500);
    expect(clock.now()).toBe(1_500_000);
    expect(rung).toBe(0);
    // The hub had looked at its clock a little before the sleep.
    clock.apply(startedClock(wall.nowMs, runTimeUs(900_000)));
    expect(clock.now()).toBe(900_000);
    wall.pass(100);
    expect(clock.now()).toBe(1_000_000);
    // Without a sleep it stays where it was until the hub has caught up.
    clock.apply(startedClock(wall.nowMs, runTimeUs(500_000)));
    expect(clock.now()).toBe(1_000_000);
  });

  it('a long pause is no sleep, and a worker with nothing to do does not sleep', () => {
    vi.useFakeTimers();
    try {
      const { wall, clock, change } = world();
      change({ paused: true });
      wall.nowMs += 3_600_000;
      change({ paused: false });
      const stop = clock.keepLooking();
      for (let second = 0; second < 60; second += 1) {
        wall.nowMs += 1000;
        vi.advanceTimersByTime(1000);
      }
      stop();
      expect(clock.now()).toBe(60_000_000);
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes small differences of wall clocks as travel and large ones as sleep', () => {
    expect(wallOffsetMs(1010, 1000)).toBe(0);
    expect(wallOffsetMs(7_201_000, 1000)).toBe(7_200_000);
    expect(wallOffsetMs(0, 50_000)).toBe(-50_000);
  });
});

describe('timers in run time', () => {
  it('ring by due time, then in the order they were set', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ delayMs: fc.nat(30), cancelled: fc.boolean() }), { maxLength: 40 }),
        (wanted) => {
          const { wall, timers } = world();
          const rung: number[] = [];
          wanted.forEach(({ delayMs, cancelled }, index) => {
            const undo = timers.schedule(delayMs, () => rung.push(index));
            if (cancelled) undo();
          });
          wall.pass(31);
          const expected = wanted
            .map(({ delayMs, cancelled }, index) => ({ delayMs, cancelled, index }))
            .filter(({ cancelled }) => !cancelled)
            .sort((a, b) => a.delayMs - b.delayMs || a.index - b.index)
            .map(({ index }) => index);
          expect(rung).toEqual(expected);
          expect(timers.pending).toBe(0);
        },
      ),
    );
  });

  it('wait out a pause and ring sooner at a higher speed', () => {
    const { wall, timers, change } = world();
    let rung = 0;
    timers.schedule(1000, () => {
      rung += 1;
    });
    wall.pass(400);
    change({ paused: true });
    wall.pass(10_000);
    expect(rung).toBe(0);
    change({ paused: false });
    change({ speed: 10 });
    wall.pass(59);
    expect(rung).toBe(0);
    wall.pass(2);
    expect(rung).toBe(1);
  });

  it('a timer that pauses the run holds back those after it', () => {
    const { wall, timers, change } = world();
    const rung: string[] = [];
    timers.schedule(10, () => {
      rung.push('first');
      change({ paused: true });
    });
    timers.schedule(10, () => rung.push('second'));
    wall.pass(100);
    expect(rung).toEqual(['first']);
    change({ paused: false });
    wall.pass(1);
    expect(rung).toEqual(['first', 'second']);
  });

  it('never wakes within the call that sets it', () => {
    const { wall, timers } = world();
    let rung = false;
    timers.schedule(0, () => {
      rung = true;
    });
    expect(rung).toBe(false);
    wall.pass(0);
    expect(rung).toBe(true);
  });

  it('keeps one native timer, however many are set', () => {
    const { wall, timers, clock } = world();
    for (let index = 0; index < 100; index += 1) timers.schedule(100 + index, () => {});
    expect(wall.armed).toBe(1);
    expect(clock.now()).toBe(runTimeUs(0));
  });
});

describe('the gate', () => {
  it('lets through at once while the run goes on, and in order afterwards', () => {
    const { clock, change } = world();
    const gate = new PauseGate(clock);
    const begun: number[] = [];
    gate.pass(() => begun.push(1));
    change({ paused: true });
    gate.pass(() => begun.push(2));
    gate.pass(() => begun.push(3))();
    gate.pass(() => begun.push(4));
    expect(begun).toEqual([1]);
    change({ paused: false });
    expect(begun).toEqual([1, 2, 4]);
  });
});
