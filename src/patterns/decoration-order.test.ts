import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Decorator, type EdgePolicy, jsonResponse, USUAL_ORDER } from '../kernel/index.ts';
import { testEdgePolicy } from '../kernel/testing/test-settings.ts';
import { call } from './call.ts';
import { retryCounts } from './retry/retry-budget.ts';
import { callingWorld, fail, params, read } from './testing/calling-world.ts';

/** These first, the others as usual. */
const outermost = (...first: Decorator[]): readonly Decorator[] => [
  ...first,
  ...USUAL_ORDER.filter((each) => !first.includes(each)),
];

const withPolicy = (policy: Partial<EdgePolicy>) => ({
  settings: { edge: { ...testEdgePolicy, ...policy } },
});

describe('the order of decoration', () => {
  test('ORDER-1 from the outside in: retry, hedge, throttle, breaker, rate limiter, timeout, bulkhead', () => {
    expect(testEdgePolicy.order).toEqual([
      'retry',
      'hedge',
      'throttle',
      'breaker',
      'rate-limiter',
      'timeout',
      'bulkhead',
    ]);
  });

  test.each([
    ['inside it', USUAL_ORDER, 2],
    ['around it', outermost('breaker'), 1],
  ] as const)(
    'ORDER-2 a breaker counts each attempt inside the retry, the whole call around it (%s)',
    async (_, order, counted) => {
      const { ask, sent, types } = await callingWorld(() => fail(500), withPolicy({ order }));
      await ask();
      expect(sent()).toHaveLength(2);
      expect(types('breaker.call.failed')).toHaveLength(counted);
    },
  );

  test('ORDER-3 a timeout around the retry is the time of all attempts together', async () => {
    const slow = () =>
      callingWorld(
        async (_, context) => {
          await context.clock.sleep(300);
          return fail(500);
        },
        withPolicy({ timeoutMs: 600, order: outermost('timeout') }),
      );
    const { ask, sent, world } = await slow();
    expect(await ask()).toMatchObject({ ok: false });
    // The first takes 302 ms and the wait 100: of 600 the second has what is left.
    expect(sent().map(({ timeoutMs }) => Math.round(timeoutMs ?? 0))).toEqual([598, 196]);
    expect(world.eventsOf('request.failed')).toMatchObject([{ attempt: 2, error: 'timeout' }]);
  });

  test('ORDER-3 … and no attempt is begun that it leaves no time for', async () => {
    const { ask, sent, world } = await callingWorld(
      async (_, context) => {
        await context.clock.sleep(300);
        return fail(500);
      },
      withPolicy({ timeoutMs: 350, order: outermost('timeout') }),
    );
    expect(await ask()).toMatchObject({ ok: false, error: { status: 500 } });
    expect(sent()).toHaveLength(1);
    expect(world.eventsOf('call.rejected')).toMatchObject([
      { by: 'deadline', detail: 'the time for all attempts is over before attempt 2 in 100 ms' },
    ]);
  });

  test.each([
    ['inside it', USUAL_ORDER, 'answered'],
    ['around it', outermost('bulkhead'), 'rejected'],
  ] as const)(
    'ORDER-4 a bulkhead around the retry is held while the call waits for its next attempt (%s)',
    async (_, order, expected) => {
      let asked = 0;
      const { begin, world } = await callingWorld(
        () => {
          asked += 1;
          return asked === 1 ? fail(500) : jsonResponse(200, { n: 1 });
        },
        withPolicy({ order, bulkhead: { maxConcurrentCalls: 1, maxWaitMs: 0, queueLimit: 0 } }),
      );
      begin();
      await world.runFor(50);
      const second = begin();
      await world.runFor(500);
      expect(second.outcome).toMatchObject(
        expected === 'answered' ? { ok: true, value: { ok: true } } : { ok: true, value: { ok: false } },
      );
    },
  );

  test('ORDER-5 a timeout inside the bulkhead begins when there is a place', async () => {
    const { begin, world, sent } = await callingWorld(
      async (_, context) => {
        await context.clock.sleep(400);
        return jsonResponse(200, { n: 1 });
      },
      withPolicy({
        timeoutMs: 600,
        order: outermost('retry', 'bulkhead'),
        bulkhead: { maxConcurrentCalls: 1, maxWaitMs: 5000, queueLimit: 5 },
      }),
    );
    const calls = [begin(), begin()];
    await world.runFor(1500);
    expect(calls.map(({ outcome }) => outcome)).toMatchObject([
      { ok: true, value: { ok: true } },
      { ok: true, value: { ok: true } },
    ]);
    expect(sent().map(({ timeoutMs }) => Math.round(timeoutMs ?? 0))).toEqual([598, 600]);
  });

  test('whatever the order, a crowd of calls ends, and gives back all that it held', async () => {
    const everything: EdgePolicy = {
      ...testEdgePolicy,
      timeoutMs: 300,
      hedge: { delayMs: 40 },
      bulkhead: { maxConcurrentCalls: 3, maxWaitMs: 50, queueLimit: 2 },
      rateLimit: { perSecond: 50, burst: 10 },
      throttle: { multiplier: 2, windowMs: 2000 },
    };
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...USUAL_ORDER], { minLength: USUAL_ORDER.length }),
        fc.integer({ min: 1, max: 1000 }),
        async (order, seed) => {
          let asked = 0;
          const { world, order: caller } = await callingWorld(
            async (_, context) => {
              asked += 1;
              await context.clock.sleep([5, 60, 400][asked % 3] ?? 5);
              return asked % 4 === 0 ? fail(503) : jsonResponse(200, { n: asked });
            },
            { settings: { edge: { ...everything, order } }, shippings: 2, seed },
          );
          const crowd = Array.from({ length: 30 }, () =>
            world.begin(caller, async (context) => {
              await context.clock.sleep(context.random.uniform('crowd', seed) * 1000);
              return await call(context, read, params);
            }),
          );
          await world.runFor(30_000);
          expect(crowd.filter(({ outcome }) => outcome?.ok !== true)).toEqual([]);
          const counts = await world.run(caller, async (context) => ({
            ...retryCounts(context, 'shipping'),
          }));
          expect(counts).toEqual({ active: 0, retrying: 0 });
          // Nothing is left taken: one more call goes through.
          const last = world.begin(caller, async (context) => await call(context, read, params));
          await world.runFor(30_000);
          expect(last.outcome?.ok).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });
});
