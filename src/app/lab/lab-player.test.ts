import { expect, it } from 'vitest';
import { LabPlayer, type Played } from './lab-player.ts';

/** A player whose frames and real time a test makes. */
function player(runs: readonly Played[]) {
  let nowMs = 0;
  const frames: (() => void)[] = [];
  const errors: unknown[] = [];
  const made = new LabPlayer({ nowMs: () => nowMs, soon: (next) => frames.push(next) }, (error) =>
    errors.push(error),
  );
  for (const run of runs) made.add(run);
  const frame = async (ms: number) => {
    nowMs += ms;
    frames.shift()?.();
    // A step is a few promises long.
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  return { made, frame, errors, frames };
}

const obedient = (to: number[]): Played => ({
  advance: async (toUs) => {
    to.push(toUs);
    return { nowUs: toUs, stoppedEarly: false };
  },
});

it('follows real time at its speed, and stands still while paused', async () => {
  const to: number[] = [];
  const { made, frame } = player([obedient(to)]);
  made.setSpeed(2);
  made.play();
  await frame(30);
  await frame(30);
  expect(to).toEqual([60_000, 120_000]);
  expect(made.headUs).toBe(120_000);
  await made.pause();
  await frame(30);
  expect(made.nowUs).toBe(120_000);
});

it('does not jump after a long pause of the page', async () => {
  const to: number[] = [];
  const { made, frame } = player([obedient(to)]);
  made.play();
  await frame(60_000);
  expect(to).toEqual([250_000]);
});

it('stands still while it is held, and goes on by itself only if it was playing', async () => {
  const to: number[] = [];
  const { made, frame } = player([obedient(to)]);
  expect(made.hold()).toBe(false);
  made.release();
  expect(made.paused).toBe(true);
  made.play();
  await frame(30);
  expect(made.hold()).toBe(true);
  // The other run of the same clock is told, too.
  expect(made.hold()).toBe(true);
  await frame(30);
  expect(to).toEqual([30_000]);
  made.release();
  expect(made.paused).toBe(false);
  await frame(30);
  expect(to).toEqual([30_000, 60_000]);
  made.hold();
  await made.pause();
  made.release();
  expect(made.paused).toBe(true);
});

it('shows no moment that it does not know', async () => {
  const { made, frame } = player([obedient([])]);
  made.play();
  await frame(30);
  await frame(30);
  expect(made.nowUs).toBeLessThanOrEqual(made.headUs);
});

it('stops both runs at the same moment when one of them stops', async () => {
  const second: number[] = [];
  const first: Played = {
    advance: async (toUs, stopAt) =>
      stopAt === null ? { nowUs: toUs, stoppedEarly: false } : { nowUs: 10_000, stoppedEarly: true },
  };
  const { made, frame } = player([first, obedient(second)]);
  made.stopAt('breaker');
  made.play();
  await frame(30);
  expect(made.paused).toBe(true);
  expect(made.headUs).toBe(30_000);
  expect(second.at(-1)).toBe(30_000);
});

it('lets something be done between two steps only', async () => {
  let finish = () => {};
  const slow: Played = {
    advance: (toUs) =>
      new Promise((resolve) => {
        finish = () => resolve({ nowUs: toUs, stoppedEarly: false });
      }),
  };
  const { made, frame } = player([slow]);
  made.play();
  await frame(30);
  const done: string[] = [];
  const between = made.between(() => done.push('done'));
  await Promise.resolve();
  expect(done).toEqual([]);
  finish();
  await between;
  expect(done).toEqual(['done']);
});

it('pauses and says so when a run cannot go on', async () => {
  const broken: Played = { advance: () => Promise.reject(new Error('the worker is gone')) };
  const { made, frame, errors } = player([broken]);
  made.play();
  await frame(30);
  expect(made.paused).toBe(true);
  expect(errors).toEqual([new Error('the worker is gone')]);
});

it('has paused once the step under way is taken; a job that moves on begins from there', async () => {
  const answers: (() => void)[] = [];
  const to: number[] = [];
  const slow: Played = {
    advance: (toUs) => {
      to.push(toUs);
      return new Promise((resolve) => answers.push(() => resolve({ nowUs: toUs, stoppedEarly: false })));
    },
  };
  const { made, frame } = player([slow]);
  made.play();
  await frame(30);
  let told = false;
  const paused = made.pause().then(() => (told = true));
  const job = made.runTo(5_000_000, { progress: () => {}, signal: new AbortController().signal });
  await frame(0);
  expect({ told, to, headUs: made.headUs }).toEqual({ told: false, to: [30_000], headUs: 0 });
  answers.shift()?.();
  await paused;
  expect(made.headUs).toBe(30_000);
  for (let turn = 0; turn < 3; turn += 1) {
    await frame(0);
    answers.shift()?.();
  }
  await job;
  expect(made.headUs).toBe(5_000_000);
  expect(to.filter((toUs) => toUs < 5_000_000)).toEqual([30_000]);
});

it('has paused also when the step under way fails', async () => {
  const failing: Played = { advance: () => Promise.reject(new Error('the worker ended')) };
  const { made, frame, errors } = player([failing]);
  made.play();
  const stepped = frame(30);
  await made.pause();
  await stepped;
  expect(made.paused).toBe(true);
  expect(errors).toHaveLength(1);
});
