import { describe, expect, it } from 'vitest';
import { judgeCanary } from './canary-analysis.ts';

const settings = { stepMs: 1000, minimumRequests: 10, maxErrorRate: 0.2, waitsForRequests: true };
const seen = (version: string, requests: number, failures: number) => ({ version, requests, failures });

describe('a canary is judged by what callers see', () => {
  it.each([
    ['CAN-1 one answer short of enough: it waits, however bad', 9, 9, 0, 5000, 'wait'],
    ['CAN-1 enough, and all well, but its time is not up', 10, 0, 0, 999, 'wait'],
    ['CAN-2 a rate of exactly the limit aborts, at once', 10, 2, 0, 0, 'abort'],
    ['CAN-2 just below the limit it does not', 11, 2, 0, 999, 'wait'],
    ['CAN-3 no worse than the old version: something else is broken', 10, 5, 50, 999, 'wait'],
    ['CAN-3 worse than the old version by one', 10, 6, 50, 999, 'abort'],
    ['CAN-4 its time is exactly up', 10, 1, 0, 1000, 'go-on'],
  ] as const)('%s', (_, requests, failures, stableFailures, elapsedMs, verdict) => {
    const judged = judgeCanary({
      candidate: seen('v2', requests, failures),
      stable: seen('v1', 100, stableFailures),
      elapsedMs,
      settings,
    });
    expect(judged).toBe(verdict);
  });

  it('CAN-4 its time is up, but too few have asked: it waits', () => {
    const question = { candidate: seen('v2', 9, 0), stable: seen('v1', 100, 0), elapsedMs: 60_000 };
    expect(judgeCanary({ ...question, settings })).toBe('wait');
    // CAN-5: blue-green keeps the old ones for a time, and no longer.
    expect(judgeCanary({ ...question, settings: { ...settings, waitsForRequests: false } })).toBe('go-on');
  });

  it('CAN-5 nobody has asked at all: nothing is aborted', () => {
    const question = { candidate: seen('v2', 0, 0), stable: seen('v1', 0, 0), elapsedMs: 0 };
    const quick = { ...settings, minimumRequests: 0, waitsForRequests: false };
    expect(judgeCanary({ ...question, settings: quick })).toBe('wait');
  });
});
