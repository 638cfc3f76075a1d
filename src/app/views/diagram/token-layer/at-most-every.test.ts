import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { atMostEvery } from './at-most-every.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('acts at once, once more for all that comes within the gap, and then rests', () => {
  const act = vi.fn();
  const { wake } = atMostEvery(50, act);
  wake();
  expect(act).toHaveBeenCalledTimes(1);
  wake();
  wake();
  vi.advanceTimersByTime(49);
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect(act).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(500);
  expect(act).toHaveBeenCalledTimes(2);
  expect(vi.getTimerCount()).toBe(0);
});

it('is quiet once it is stopped', () => {
  const act = vi.fn();
  const { wake, stop } = atMostEvery(50, act);
  wake();
  wake();
  stop();
  vi.advanceTimersByTime(500);
  expect(act).toHaveBeenCalledTimes(1);
});
