import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plusMs, RUN_START } from '../kernel/index.ts';
import { fullBucket, rateLimitHeaders, takeToken } from './rate-limiter.ts';

const limit = { perSecond: 2, burst: 3 };

test('RL-1, RL-2 a full bucket gives its burst, then refuses and takes nothing', () => {
  let bucket = fullBucket(limit, RUN_START);
  const decisions = [0, 0, 0, 0, 0].map((ms) => {
    const decision = takeToken(bucket, limit, plusMs(RUN_START, ms));
    bucket = decision.bucket;
    return [decision.allowed, decision.remaining, decision.retryAfterMs];
  });
  expect(decisions).toEqual([
    [true, 2, 0],
    [true, 1, 0],
    [true, 0, 0],
    [false, 0, 500],
    [false, 0, 500],
  ]);
  expect(takeToken(bucket, limit, plusMs(RUN_START, 499.999)).allowed).toBe(false);
  expect(takeToken(bucket, limit, plusMs(RUN_START, 500)).allowed).toBe(true);
});

test('RL-1 tokens come in steadily and never beyond the burst', () => {
  const empty = { tokens: 0, atUs: RUN_START };
  expect(takeToken(empty, limit, plusMs(RUN_START, 60_000)).remaining).toBe(2);
  expect(takeToken({ tokens: 9, atUs: RUN_START }, limit, RUN_START).remaining).toBe(2);
});

test('RL-3 headers of an allowed and of a refused request', () => {
  const allowed = takeToken(fullBucket(limit, RUN_START), limit, RUN_START);
  expect(rateLimitHeaders(limit, allowed)).toEqual({
    'ratelimit-policy': '"customer";q=3;w=2',
    ratelimit: '"customer";r=2;t=1',
  });
  const refused = takeToken({ tokens: 0, atUs: RUN_START }, limit, RUN_START);
  expect(rateLimitHeaders(limit, refused, 'visitor')).toEqual({
    'ratelimit-policy': '"visitor";q=3;w=2',
    ratelimit: '"visitor";r=0;t=2',
    'retry-after': '1',
  });
});

test('RL-3 a limit of nothing a second asks for a long wait, not for an infinite one', () => {
  const none = { perSecond: 0, burst: 1 };
  const refused = takeToken({ tokens: 0, atUs: RUN_START }, none, RUN_START);
  expect(rateLimitHeaders(none, refused)['retry-after']).toBe('86400');
});

test('RL-4 in any span of t seconds at most burst + rate·t requests pass', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }),
      (perSecond, burst, gapsMs) => {
        const limits = { perSecond, burst };
        let bucket = fullBucket(limits, RUN_START);
        let atMs = 0;
        const passed: number[] = [];
        for (const gapMs of gapsMs) {
          atMs += gapMs;
          const decision = takeToken(bucket, limits, plusMs(RUN_START, atMs));
          bucket = decision.bucket;
          if (decision.allowed) passed.push(atMs);
        }
        passed.forEach((from, index) => {
          for (let last = index; last < passed.length; last += 1) {
            const spanS = ((passed[last] ?? 0) - from) / 1000;
            expect(last - index + 1).toBeLessThanOrEqual(burst + perSecond * spanS + 1e-6);
          }
        });
      },
    ),
  );
});
