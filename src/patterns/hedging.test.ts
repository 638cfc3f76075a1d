import { describe, expect, test } from 'vitest';
import { type Context, type EdgePolicy, type HttpRequest, jsonResponse } from '../kernel/index.ts';
import { type DeepPartial, testEdgePolicy } from '../kernel/testing/test-settings.ts';
import { call } from './call.ts';
import { callingWorld, fail, make, makeOnce, params, read } from './testing/calling-world.ts';

const hedged = (more: DeepPartial<EdgePolicy> = {}) => ({
  settings: {
    edge: { ...testEdgePolicy, retry: null, breaker: null, bulkhead: null, hedge: { delayMs: 100 }, ...more },
  },
});

/** The nth request that comes takes so long; what is not named takes 5 ms. */
const slowed = (...timesMs: number[]) => {
  let asked = 0;
  return async (_: HttpRequest, context: Context) => {
    const n = asked;
    asked += 1;
    await context.clock.sleep(timesMs[n] ?? 5);
    return jsonResponse(200, { n });
  };
};

describe('hedging', () => {
  test('HEDGE-1 an answer within the delay has no hedge', async () => {
    const { ask, sent, world } = await callingWorld(slowed(50), { ...hedged(), shippings: 2 });
    expect(await ask()).toMatchObject({ ok: true, value: { value: { n: 0 } } });
    await world.runFor(500);
    expect(sent()).toHaveLength(1);
    expect(world.eventsOf('hedge.started')).toEqual([]);
  });

  test('HEDGE-1, HEDGE-3 after the delay another instance is asked, and its answer counts', async () => {
    const { ask, sent, world } = await callingWorld(slowed(5, 700, 20), { ...hedged(), shippings: 2 });
    await ask();
    expect(await ask()).toMatchObject({ ok: true, value: { value: { n: 2 } } });
    const [, first, second] = sent();
    expect([first?.attempt, second?.attempt]).toEqual([1, 2]);
    expect((second?.timeUs ?? 0) - (first?.timeUs ?? 0)).toBe(100_000);
    expect(second?.toInstance).not.toBe(first?.toInstance);
    expect(world.eventsOf('hedge.started')).toMatchObject([{ attempt: 2, afterMs: 100 }]);
  });

  test('HEDGE-3 another one, however the balancer draws', async () => {
    const slow = async (_: HttpRequest, context: Context) => {
      await context.clock.sleep(150);
      return jsonResponse(200, { n: 1 });
    };
    const { settings } = hedged();
    const random = { settings: { ...settings, balancer: 'random' as const }, shippings: 2 };
    const { ask, sent } = await callingWorld(slow, random);
    for (let count = 0; count < 8; count += 1) await ask();
    const asked = sent().map(({ toInstance }) => toInstance);
    expect(asked).toHaveLength(16);
    for (let count = 0; count < 8; count += 1) expect(asked[2 * count + 1]).not.toBe(asked[2 * count]);
  });

  test('HEDGE-3 where there is only one instance, it is asked twice', async () => {
    const { ask, sent } = await callingWorld(slowed(700, 20), hedged());
    expect(await ask()).toMatchObject({ ok: true });
    expect(sent().map(({ toInstance }) => toInstance)).toEqual(['shipping-1', 'shipping-1']);
  });

  test('HEDGE-4 the first answer counts, whichever it is; the other attempt is cancelled', async () => {
    const { ask, world } = await callingWorld(slowed(300, 700), { ...hedged(), shippings: 2 });
    expect(await ask()).toMatchObject({ ok: true, value: { value: { n: 0 } } });
    await world.runFor(50);
    expect(world.eventsOf('request.failed')).toMatchObject([{ attempt: 2, error: 'cancelled' }]);
  });

  test('HEDGE-4 a failure is no answer: the other one is waited for', async () => {
    const { ask } = await callingWorld(
      async (_, context) => {
        if (context.instance === 'shipping-1') {
          await context.clock.sleep(150);
          return fail(500);
        }
        await context.clock.sleep(300);
        return jsonResponse(200, { n: 9 });
      },
      { ...hedged(), shippings: 2 },
    );
    expect(await ask()).toMatchObject({ ok: true, value: { value: { n: 9 } } });
    // In the other order of instances too.
    expect(await ask()).toMatchObject({ ok: true, value: { value: { n: 9 } } });
  });

  test('HEDGE-4 when both fail the call has failed, and only then', async () => {
    const { ask, sent, world } = await callingWorld(
      async (_, context) => {
        await context.clock.sleep(200);
        return fail(500);
      },
      { ...hedged(), shippings: 2 },
    );
    expect(await ask()).toMatchObject({ ok: false, error: { status: 500, mayHaveHappened: true } });
    expect(sent()).toHaveLength(2);
    expect(world.eventsOf('response.received').filter(({ to }) => to === 'shipping')).toHaveLength(2);
  });

  test('HEDGE-4 a definite no of one, while the other may have acted, says so', async () => {
    const { ask } = await callingWorld(
      async (_, context) => {
        if (context.instance === 'shipping-1') await context.clock.sleep(700);
        return context.instance === 'shipping-1' ? jsonResponse(200, { n: 1 }) : fail(404);
      },
      { ...hedged(), shippings: 2 },
    );
    expect(await ask()).toMatchObject({
      ok: false,
      error: { kind: 'refused', status: 404, earlierMayHaveHappened: true },
    });
  });

  test('HEDGE-1 what fails before the delay has no hedge: that is what retries are for', async () => {
    const { ask, sent } = await callingWorld(() => fail(500), { ...hedged(), shippings: 2 });
    expect(await ask()).toMatchObject({ ok: false });
    expect(sent()).toHaveLength(1);
  });

  test('HEDGE-2 only what may be repeated is hedged', async () => {
    const { world, order, sent } = await callingWorld(slowed(300, 300, 300), { ...hedged(), shippings: 2 });
    await world.run(order, async (context) => await call(context, make, { body: { n: 1 } }));
    expect(sent()).toHaveLength(1);
    await world.run(
      order,
      async (context) => await call(context, makeOnce, { body: { n: 1 }, idempotencyKey: 'k' }),
    );
    expect(sent()).toHaveLength(3);
  });

  test('HEDGE-5 each attempt of the retry has a hedge; attempts are numbered as they begin', async () => {
    const { ask, sent } = await callingWorld(
      async (_, context) => {
        await context.clock.sleep(150);
        return fail(500);
      },
      { ...hedged({ retry: { ...testEdgePolicy.retry, maxAttempts: 2 } }), shippings: 2 },
    );
    expect(await ask()).toMatchObject({ ok: false });
    expect(sent().map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  });

  test('HEDGE-5 hedges come out of the retry budget', async () => {
    const budget = { ...testEdgePolicy.retry, maxAttempts: 1, budgetMinimum: 1, budgetShare: 0 };
    const { world, order, sent } = await callingWorld(
      async (_, context) => {
        await context.clock.sleep(300);
        return jsonResponse(200, { n: 1 });
      },
      { ...hedged({ retry: budget }), shippings: 2 },
    );
    const asked = [1, 2, 3].map(() =>
      world.begin(order, async (context) => await call(context, read, params)),
    );
    await world.runFor(1000);
    expect(asked).toHaveLength(3);
    expect(world.eventsOf('hedge.started')).toHaveLength(1);
    expect(sent()).toHaveLength(4);
    // Its place is free again.
    world.begin(order, async (context) => await call(context, read, params));
    await world.runFor(1000);
    expect(world.eventsOf('hedge.started')).toHaveLength(2);
  });

  test('HEDGE-6 a hedge asks the breaker for a permit of its own, and the cancelled one counts for nothing', async () => {
    const { ask, types } = await callingWorld(slowed(700, 20), {
      ...hedged({ breaker: testEdgePolicy.breaker }),
      shippings: 2,
    });
    expect(await ask()).toMatchObject({ ok: true });
    expect(types('breaker.call.succeeded', 'breaker.call.ignored', 'breaker.call.failed')).toEqual([
      'breaker.call.succeeded',
      'breaker.call.ignored',
    ]);
  });
});
