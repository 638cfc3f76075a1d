import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FrameLoop, frameGapMs } from './frame-loop.ts';

let frames: (() => void)[] = [];
const frame = () => {
  const due = frames;
  frames = [];
  for (const run of due) run();
};

beforeEach(() => {
  vi.useFakeTimers();
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run));
  vi.stubGlobal('cancelAnimationFrame', () => {
    frames = [];
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('draws once for any number of changes, and asks for nothing more when nothing moves', () => {
  const draw = vi.fn(() => false);
  const loop = new FrameLoop(draw, 0);
  loop.wake();
  loop.wake();
  frame();
  expect(draw).toHaveBeenCalledTimes(1);
  expect(frames).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

it('goes on while something moves, with the gap between frames', () => {
  const draw = vi.fn(() => true);
  const loop = new FrameLoop(draw, 50);
  loop.wake();
  frame();
  expect(frames).toEqual([]);
  loop.wake();
  expect(frames).toEqual([]);
  vi.advanceTimersByTime(49);
  frame();
  expect(draw).toHaveBeenCalledTimes(2);
});

it('draws at every frame where there is no gap, until it is stopped', () => {
  const draw = vi.fn(() => true);
  const loop = new FrameLoop(draw, frameGapMs(8));
  loop.wake();
  frame();
  frame();
  loop.stop();
  frame();
  loop.wake();
  frame();
  expect(draw).toHaveBeenCalledTimes(2);
});

it('leaves the processor to the shop where there are few cores', () => {
  expect([2, 4, 16].map((cores) => Math.round(1000 / (frameGapMs(cores) || 1000 / 60)))).toEqual([
    20, 30, 60,
  ]);
});
