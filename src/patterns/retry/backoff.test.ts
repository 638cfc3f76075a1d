import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs, retryAfterMs } from './backoff.ts';
import { retryAllowed } from './retry-budget.ts';

const settings = { backoff: 'exponential', baseMs: 100, capMs: 1000, jitter: 'none' } as const;

test.each([
  ['fixed', [100, 100, 100]],
  ['exponential', [100, 200, 400]],
] as const)('RT-2 %s', (backoff, waits) => {
  expect([1, 2, 3].map((retry) => backoffMs({ ...settings, backoff }, retry, null, 0.9))).toEqual(waits);
});

test('RT-2 the cap holds, however many retries there were', () => {
  expect(backoffMs(settings, 5, null, 0)).toBe(1000);
  expect(backoffMs(settings, 2000, null, 0)).toBe(1000);
  expect(backoffMs({ ...settings, backoff: 'fixed', baseMs: 5000 }, 1, null, 0)).toBe(1000);
});

test('RT-3 full jitter is U(0, e), equal jitter e/2 + U(0, e/2)', () => {
  const waits = (jitter: 'full' | 'equal') =>
    [0, 0.5, 1].map((u) => backoffMs({ ...settings, jitter }, 2, null, u));
  expect(waits('full')).toEqual([0, 100, 200]);
  expect(waits('equal')).toEqual([100, 150, 200]);
});

test('RT-2 decorrelated is U(base, 3·previous) under the cap', () => {
  const decorrelated = { ...settings, backoff: 'decorrelated' } as const;
  expect([0, 0.5, 1].map((u) => backoffMs(decorrelated, 1, null, u))).toEqual([100, 200, 300]);
  expect(backoffMs(decorrelated, 2, 300, 1)).toBe(900);
  expect(backoffMs(decorrelated, 3, 900, 1)).toBe(1000);
});

test('every wait lies between 0 and the cap', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('fixed', 'exponential', 'decorrelated'),
      fc.constantFrom('none', 'full', 'equal'),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 1000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (backoff, jitter, retry, previousMs, uniform) => {
        const waitMs = backoffMs({ ...settings, backoff, jitter }, retry, previousMs, uniform);
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(1000);
      },
    ),
  );
});

test.each([
  ['2', 2000],
  [' 0.5 ', 500],
  ['0', 0],
  ['-1', null],
  ['Wed, 21 Oct 2026 07:28:00 GMT', null],
  ['', null],
  [undefined, null],
])('RT-7 Retry-After %j is %j ms', (header, expected) => {
  expect(retryAfterMs(header)).toBe(expected);
});

test.each([
  [{ active: 1, retrying: 0 }, true],
  [{ active: 3, retrying: 2 }, true],
  [{ active: 14, retrying: 3 }, false],
  [{ active: 15, retrying: 3 }, false],
  [{ active: 20, retrying: 3 }, true],
  [{ active: 20, retrying: 4 }, false],
])('RT-8 20 %% of the active, but 3 always: %j is %j', (load, allowed) => {
  expect(retryAllowed(load, { budgetShare: 0.2, budgetMinimum: 3 })).toBe(allowed);
});
