import { describe, expect, test } from 'vitest';
import {
  type CircuitState,
  emptyResponse,
  type HttpRequest,
  type InstanceId,
  jsonResponse,
  plusMs,
  problemResponse,
} from '../kernel/index.ts';
import { testService } from '../kernel/testing/test-host.ts';
import { testEdgePolicy } from '../kernel/testing/test-settings.ts';
import { call, FALLBACK_HEADER } from './call.ts';
import { controlBreaker } from './circuit-breaker/breaker-control.ts';
import { askForCall, breakerFigures, commandBreaker } from './circuit-breaker/breaker-registry.ts';
import { operation } from './define-contract.ts';
import { callingWorld, fail, make, makeOnce, params, read } from './testing/calling-world.ts';

const noBreaker = { edge: { ...testEdgePolicy, breaker: null } };
const bare = { edge: { ...testEdgePolicy, retry: null, breaker: null, bulkhead: null } };

describe('what an answer means', () => {
  test('a good answer comes typed and checked, with its headers', async () => {
    const { ask } = await callingWorld(() => jsonResponse(200, { n: 5 }, { etag: 'x' }));
    expect(await ask()).toEqual({
      ok: true,
      value: { status: 200, value: { n: 5 }, headers: { 'content-type': 'application/json', etag: 'x' } },
    });
  });

  test('method, path, body, bearer and key go out as the contract says', async () => {
    const seen: HttpRequest[] = [];
    const { world, order } = await callingWorld((request) => {
      seen.push(request);
      return jsonResponse(200, { n: 1 });
    });
    await world.run(
      order,
      async (context) =>
        await call(context, makeOnce, { body: { n: 3 }, bearer: 'tok', idempotencyKey: 'k1' }),
    );
    expect(seen[0]).toMatchObject({
      method: 'POST',
      path: '/things-once',
      body: '{"n":3}',
      headers: { authorization: 'Bearer tok', 'idempotency-key': 'k1', 'content-type': 'application/json' },
    });
  });

  test.each([
    [
      'RT-5 a definite no is not repeated',
      () => fail(404),
      { kind: 'refused', status: 404, problem: { title: 'T404' } },
      1,
    ],
    ['RT-5 neither is a conflict', () => fail(409), { kind: 'refused', status: 409 }, 1],
    [
      'a refusal without a problem body gets one',
      () => ({ status: 400, headers: {}, body: 'no' }),
      { kind: 'refused', problem: { type: 'about:blank', title: 'HTTP 400', status: 400 } },
      1,
    ],
    [
      'RT-5 429 is worth another try',
      () => fail(429),
      { kind: 'unavailable', status: 429, mayHaveHappened: true },
      2,
    ],
    ['RT-5 408 too', () => fail(408), { kind: 'unavailable', status: 408 }, 2],
    [
      'RT-5 and a 404 of a host that knows no such path',
      () =>
        problemResponse({
          type: 'https://bulkhead.dev/problems/no-such-path',
          title: 'No such path',
          status: 404,
        }),
      { kind: 'unavailable', status: 404 },
      2,
    ],
    [
      'RT-1 a 500 is repeated, two attempts in all',
      () => fail(500),
      { kind: 'unavailable', status: 500, mayHaveHappened: true },
      2,
    ],
    [
      "a body that is not the contract's",
      () => jsonResponse(200, { n: 'x' }),
      { kind: 'unavailable', status: 200, mayHaveHappened: true },
      2,
    ],
    [
      'a cut body',
      () => ({ status: 200, headers: {}, body: '{"n":' }),
      { kind: 'unavailable', status: 200 },
      2,
    ],
    ['no body where one is due', () => emptyResponse(204), { kind: 'unavailable', status: 204 }, 2],
  ] as const)('%s', async (_, answer, expected, attempts) => {
    const { ask, sent } = await callingWorld(answer);
    const outcome = await ask();
    expect(outcome).toMatchObject({ ok: false, error: expected });
    expect(sent()).toHaveLength(attempts);
  });
});

describe('retry', () => {
  test('RT-2, RT-11 waits, says so, and takes another instance', async () => {
    const { ask, sent, world } = await callingWorld(
      (_, context) => (context.instance === 'shipping-1' ? fail(503) : jsonResponse(200, { n: 2 })),
      {
        shippings: 2,
      },
    );
    expect(await ask()).toMatchObject({ ok: true, value: { value: { n: 2 } } });
    expect(sent().map(({ toInstance, attempt }) => [toInstance, attempt])).toEqual([
      ['shipping-1', 1],
      ['shipping-2', 2],
    ]);
    const [first, second] = sent();
    expect(first?.callId).toBe(second?.callId);
    const [scheduled] = world.eventsOf('retry.scheduled');
    expect(scheduled).toMatchObject({
      nextAttempt: 2,
      delayMs: 100,
      to: 'shipping',
      reason: 'shipping-1 answered 503 T503',
    });
    expect((second?.timeUs ?? 0) - (scheduled?.timeUs ?? 0)).toBe(100_000);
  });

  test('call ids are unique and the same in a second run of the same seed', async () => {
    const ids = async () => {
      const { ask, sent } = await callingWorld();
      for (let time = 0; time < 3; time += 1) await ask();
      return sent().map((event) => event.callId);
    };
    const first = await ids();
    expect(new Set(first).size).toBe(3);
    expect(await ids()).toEqual(first);
  });

  test('RT-4 what is not repeatable is sent once; with a key it is repeated', async () => {
    const { world, order, sent } = await callingWorld(() => fail(500));
    await world.run(order, async (context) => await call(context, make, { body: { n: 1 } }));
    expect(sent()).toHaveLength(1);
    await world.run(
      order,
      async (context) => await call(context, makeOnce, { body: { n: 1 }, idempotencyKey: 'k' }),
    );
    expect(sent()).toHaveLength(3);
  });

  test('RT-7 Retry-After lengthens the wait', async () => {
    const { ask, world } = await callingWorld(() => fail(503, { 'retry-after': '2' }));
    await ask();
    expect(world.eventsOf('retry.scheduled')[0]?.delayMs).toBe(2000);
  });

  test('RT-7 a wait past the deadline is not begun', async () => {
    const { world, order, types } = await callingWorld(() => fail(503, { 'retry-after': '2' }));
    const startMs = world.nowMs;
    const outcome = await world.run(
      order,
      async (context) =>
        await context.scope(
          { name: 'x', deadlineUs: plusMs(context.clock.now(), 1500) },
          async (own) => await call(own, read, params),
        ),
    );
    expect(outcome).toMatchObject({ ok: false, error: { status: 503, mayHaveHappened: true } });
    expect(types('retry.scheduled', 'call.rejected')).toEqual(['call.rejected']);
    expect(world.eventsOf('call.rejected')[0]).toMatchObject({
      by: 'deadline',
      path: '/things/7',
      method: 'GET',
    });
    expect(world.nowMs - startMs).toBeLessThan(100);
  });

  test('RT-8 at most three of a few calls are retried at a time', async () => {
    const { ask, begin, world } = await callingWorld(() => fail(500), { settings: noBreaker });
    for (let time = 0; time < 30; time += 1) await ask(); // what has ended is not active any more
    world.events.length = 0;
    const calls = [1, 2, 3, 4, 5].map(() => begin());
    await world.runFor(1000);
    expect(calls.every(({ outcome }) => outcome?.ok === true)).toBe(true);
    const scheduled = world.eventsOf('retry.scheduled').map(({ active, retrying }) => [active, retrying]);
    expect(scheduled).toEqual([
      [5, 1],
      [5, 2],
      [5, 3],
    ]);
    expect(world.eventsOf('call.rejected').map((event) => event.by)).toEqual([
      'retry-budget',
      'retry-budget',
    ]);
    // It is given back: later calls are retried again.
    begin();
    await world.runFor(1000);
    expect(world.eventsOf('retry.scheduled')).toHaveLength(4);
  });

  test('RT-8 each retry is asked for anew: when the others have ended, their share is gone', async () => {
    let failing: string | undefined;
    const { begin, world } = await callingWorld(
      async (request, context) => {
        // Only the first call goes on failing; the others end while it waits.
        failing ??= request.headers['x-request-id'];
        if (request.headers['x-request-id'] === failing) return fail(500);
        await context.clock.sleep(50);
        return jsonResponse(200, { n: 1 });
      },
      {
        settings: {
          edge: {
            ...testEdgePolicy,
            breaker: null,
            retry: { ...testEdgePolicy.retry, maxAttempts: 5, budgetShare: 0.2, budgetMinimum: 0 },
          },
        },
      },
    );
    for (let call = 0; call < 5; call += 1) begin();
    await world.runFor(1000);
    const scheduled = world.eventsOf('retry.scheduled').map(({ active, retrying }) => [active, retrying]);
    expect(scheduled).toEqual([[5, 1]]);
    expect(world.eventsOf('call.rejected').map((event) => event.by)).toEqual(['retry-budget']);
  });

  test('RT-9 the jitter is drawn by edge, key and attempt, not by how many draws went before', async () => {
    const delays = async (before: number) => {
      const { ask, world } = await callingWorld(() => fail(500), {
        settings: {
          edge: { ...testEdgePolicy, breaker: null, retry: { ...testEdgePolicy.retry, jitter: 'full' } },
        },
      });
      for (let time = 0; time < before; time += 1) await ask();
      await ask({ randomKey: 'order-17' });
      return world.eventsOf('retry.scheduled').at(-1)?.delayMs;
    };
    expect(await delays(0)).toBe(await delays(3));
  });

  test('RT-10 mayHaveHappened over all attempts', async () => {
    const refused = await callingWorld();
    refused.world.crash('shipping-1' as InstanceId);
    expect(await refused.ask()).toMatchObject({ ok: false, error: { mayHaveHappened: false } });
    expect(refused.sent()).toHaveLength(2);

    // The first attempt ran into a crash after its effect; the second is refused.
    let asked = 0;
    const reset = await callingWorld((_, context) => {
      asked += 1;
      context.log.info('done');
      return jsonResponse(200, { n: 1 });
    });
    reset.world.onSend((message) =>
      message.to === 'shipping-1' && message.attempt === 1 ? { kind: 'lose-answer' } : null,
    );
    const pending = reset.begin();
    await reset.world.runFor(500);
    reset.world.crash('shipping-1' as InstanceId);
    await reset.world.runFor(3000);
    expect(asked).toBe(1);
    expect(pending.outcome).toMatchObject({
      value: { ok: false, error: { kind: 'unavailable', mayHaveHappened: true } },
    });
  });

  test('RT-10 a definite no after an attempt whose outcome is unknown says so', async () => {
    let asked = 0;
    const { ask } = await callingWorld(() => {
      asked += 1;
      return fail(asked === 1 ? 500 : 409);
    });
    expect(await ask()).toMatchObject({
      error: { kind: 'refused', status: 409, earlierMayHaveHappened: true },
    });
    expect(await ask()).toMatchObject({ error: { kind: 'refused', earlierMayHaveHappened: false } });
  });

  test('DISC-6 after a refused connection another instance is tried', async () => {
    const { ask, world, sent } = await callingWorld(undefined, { shippings: 2 });
    world.crash('shipping-1' as InstanceId);
    for (let time = 0; time < 3; time += 1) expect(await ask()).toMatchObject({ ok: true });
    expect(sent().map((event) => event.toInstance)).toEqual([
      'shipping-1',
      'shipping-2',
      'shipping-2',
      'shipping-2',
    ]);
  });

  test('DISC-9 nobody known: rejected, nothing happened, and the breaker counts failures', async () => {
    const { world, order } = await callingWorld();
    const unknown = operation('user', {
      id: 'x',
      method: 'GET',
      path: '/x',
      summary: 'x',
      access: { kind: 'public' },
      answers: read.answers,
    });
    const outcome = await world.run(order, async (context) => await call(context, unknown, {}));
    expect(outcome).toMatchObject({
      ok: false,
      error: { kind: 'unavailable', mayHaveHappened: false, status: null },
    });
    expect(world.eventsOf('call.rejected').map((event) => event.by)).toEqual(['no-instance', 'no-instance']);
    expect(world.eventsOf('breaker.call.failed')).toHaveLength(2);
  });

  test('RT-12 a fallback serves when no answer comes, marked; never for a definite no', async () => {
    const down = await callingWorld(() => fail(500));
    expect(await down.ask({ fallback: () => ({ n: 0 }) })).toMatchObject({
      ok: true,
      value: { value: { n: 0 }, headers: { [FALLBACK_HEADER]: 'shipping-1 answered 500 T500' } },
    });
    expect(down.world.eventsOf('fallback.used')).toHaveLength(1);
    expect(await down.ask({ fallback: () => null })).toMatchObject({ ok: false });
    const no = await callingWorld(() => fail(404));
    expect(await no.ask({ fallback: () => ({ n: 0 }) })).toMatchObject({ ok: false });
  });
});

describe('deadline and timeout', () => {
  test('DL-1 no attempt starts at or past the deadline', async () => {
    const { world, order, sent } = await callingWorld();
    const outcome = await world.run(
      order,
      async (context) =>
        await context.scope(
          { name: 'x', deadlineUs: context.clock.now() },
          async (own) => await call(own, read, params),
        ),
    );
    expect(outcome).toMatchObject({ ok: false, error: { mayHaveHappened: false } });
    expect(sent()).toHaveLength(0);
    expect(world.eventsOf('call.rejected')).toMatchObject([{ by: 'deadline' }]);
    expect(world.events.filter((event) => event.type.startsWith('breaker.'))).toEqual([]);
  });

  test('DL-1 nor does one whose look-up of the callee was answered too late', async () => {
    const { world, order, sent } = await callingWorld();
    world.onSend((message) =>
      message.operation === 'GET /instances' ? { kind: 'delay', delayMs: 500 } : null,
    );
    // Both wait for one answer of the registry; only the second is in a hurry.
    const startMs = world.nowMs;
    const patient = world.begin(order, async (context) => await call(context, read, params));
    const hurried = await world.run(order, async (context) => {
      const deadlineUs = plusMs(context.clock.now(), 100);
      return await context.scope({ name: 'x', deadlineUs }, async (own) => await call(own, read, params));
    });
    expect(hurried).toMatchObject({ ok: false, error: { rejectedBy: 'deadline', mayHaveHappened: false } });
    expect(world.nowMs - startMs, 'DL-3: nor does it wait past it').toBe(100);
    expect(world.eventsOf('breaker.call.ignored'), 'CB-20').toMatchObject([{ durationMs: 100 }]);
    await world.runFor(500);
    expect(patient.outcome).toMatchObject({ value: { ok: true } });
    expect(sent()).toHaveLength(1);
  });

  test.each([
    [102, 0],
    [102.001, 1],
  ])(
    'RT-7 with %d ms left, %d retries: one that would start at the deadline is not begun',
    async (leftMs, retries) => {
      const { ask, world, order } = await callingWorld(() => fail(500));
      await ask({ policy: 'none' }); // now the instance is known
      await world.run(order, async (context) => {
        const deadlineUs = plusMs(context.clock.now(), leftMs);
        await context.scope({ name: 'x', deadlineUs }, async (own) => await call(own, read, params));
      });
      expect(world.eventsOf('retry.scheduled')).toHaveLength(retries);
    },
  );

  test('DL-3 the attempt ends at its timeout, and the log says so', async () => {
    const { ask, world } = await callingWorld(async (_, context) => {
      await context.clock.sleep(5000);
      return jsonResponse(200, { n: 1 });
    });
    const startMs = world.nowMs;
    expect(await ask({ timeoutMs: 300, policy: 'none' })).toMatchObject({
      ok: false,
      error: { mayHaveHappened: true },
    });
    expect(world.nowMs - startMs).toBeLessThan(310);
    expect(world.eventsOf('request.failed')[0]).toMatchObject({ error: 'timeout', to: 'shipping' });
  });

  test('DL-4 … and what the callee was doing is cancelled one hop later', async () => {
    let end = '';
    const { ask, world } = await callingWorld(async (_, context) => {
      try {
        await context.clock.sleep(5000);
      } finally {
        end = `${context.clock.now()}`;
      }
      return jsonResponse(200, { n: 1 });
    });
    await ask({ timeoutMs: 300, policy: 'none' });
    const failed = world.eventsOf('request.failed')[0];
    await world.runFor(10);
    expect(Number(end)).toBe((failed?.timeUs ?? 0) + 1000);
  });

  test('DL-5 waiting for a place in the bulkhead uses up the timeout', async () => {
    const { begin, world, sent } = await callingWorld(
      async (_, context) => {
        await context.clock.sleep(700);
        return jsonResponse(200, { n: 1 });
      },
      {
        settings: {
          edge: {
            timeoutMs: 1000,
            retry: null,
            breaker: null,
            bulkhead: { maxConcurrentCalls: 1, maxWaitMs: 5000, queueLimit: 5 },
          },
        },
      },
    );
    begin();
    const second = begin();
    await world.runFor(2000);
    expect(second.outcome).toMatchObject({ value: { ok: false } });
    expect(
      sent()
        .map((event) => event.timeoutMs)
        .map((ms) => Math.round((ms ?? 0) / 10) * 10),
    ).toEqual([1000, 300]);
  });

  test('DL-5 … and so does waiting for a look-up that a more patient call began', async () => {
    const settings = { edge: { ...testEdgePolicy, retry: null } };
    const { world, order, begin, ask } = await callingWorld(undefined, { settings });
    world.onSend(({ operation }) => (operation === 'GET /instances' ? { kind: 'blackhole' } : null));
    begin({ policy: 'none', timeoutMs: 2000 });
    await world.runFor(100);
    await world.run(order, async (context) => commandBreaker(context, 'shipping', 'OPEN'));
    await world.run(order, async (context) => commandBreaker(context, 'shipping', 'HALF_OPEN'));
    const startMs = world.nowMs;
    expect(await ask({ timeoutMs: 300 })).toMatchObject({ ok: false });
    expect(world.nowMs - startMs).toBe(300);
    // Its half-open permit is not held any longer either.
    expect(world.eventsOf('breaker.call.failed')).toMatchObject([{ durationMs: 300 }]);
  });
});

describe('client-side throttling', () => {
  const throttled = (windowMs = 60_000) => ({
    settings: {
      edge: { ...testEdgePolicy, breaker: null, retry: null, throttle: { multiplier: 2, windowMs } },
    },
  });
  const rejections = (world: Awaited<ReturnType<typeof callingWorld>>['world']) =>
    world.eventsOf('call.rejected').filter(({ by }) => by === 'client-throttling').length;

  test.each([
    ['answers', () => jsonResponse(200, { n: 1 }), false],
    ['a definite no', () => fail(404), false],
    ['a failure inside', () => fail(500), false],
    ['too busy (503)', () => fail(503), true],
    ['too many requests (429)', () => fail(429), true],
  ])('THR-2 what the callee takes and what not: %s', async (_, answer, isThrottled) => {
    const { ask, world } = await callingWorld(answer, throttled());
    for (let call = 0; call < 60; call += 1) await ask();
    expect(rejections(world) > 20).toBe(isThrottled);
    if (!isThrottled) expect(rejections(world)).toBe(0);
  });

  test('THR-2 no answer at all is not taken', async () => {
    const { ask, world } = await callingWorld(async (_, context) => {
      await context.clock.sleep(5000);
      return jsonResponse(200, { n: 1 });
    }, throttled());
    for (let call = 0; call < 40; call += 1) await ask();
    expect(rejections(world)).toBeGreaterThan(15);
  });

  test('THR-3 one turned away is not sent, and not tried again on the edge', async () => {
    const { settings } = throttled();
    const retry = { ...testEdgePolicy.retry, maxAttempts: 5 };
    const { ask, world, sent } = await callingWorld(() => fail(503), {
      settings: { edge: { ...settings.edge, retry } as typeof testEdgePolicy },
    });
    for (let call = 0; call < 40; call += 1) await ask();
    const rejected = world.eventsOf('call.rejected').filter(({ by }) => by === 'client-throttling');
    expect(rejected.length).toBeGreaterThan(10);
    expect(new Set(rejected.map(({ callId }) => callId)).size).toBe(rejected.length);
    for (const { callId, seq } of rejected) {
      expect(sent().filter((event) => event.callId === callId && event.seq > seq)).toEqual([]);
    }
  });

  test('THR-5 who asks again for the same order does not meet the same fate for ever', async () => {
    const { ask, sent } = await callingWorld(() => fail(503), throttled());
    for (let call = 0; call < 30; call += 1) await ask();
    const before = sent().length;
    for (let call = 0; call < 400; call += 1) await ask({ randomKey: 'order-1' });
    expect(sent().length).toBeGreaterThan(before);
  });

  test('THR-4 what is older than the window is forgotten: the callee is asked again', async () => {
    let busy = true;
    const { ask, world } = await callingWorld(
      () => (busy ? fail(503) : jsonResponse(200, { n: 1 })),
      throttled(5000),
    );
    for (let call = 0; call < 60; call += 1) await ask();
    const before = rejections(world);
    expect(before).toBeGreaterThan(20);
    busy = false;
    await world.runFor(5000);
    for (let call = 0; call < 60; call += 1) expect(await ask()).toMatchObject({ ok: true });
    expect(rejections(world)).toBe(before);
  });
});

describe('client-side rate limit', () => {
  test('RL-5 beyond the limit nothing is sent, and the breaker ignores it', async () => {
    const { ask, world, sent } = await callingWorld(undefined, {
      settings: { edge: { ...testEdgePolicy, retry: null, rateLimit: { perSecond: 1, burst: 3 } } },
    });
    const outcomes = [];
    for (let call = 0; call < 5; call += 1) outcomes.push((await ask()).ok);
    expect(outcomes).toEqual([true, true, true, false, false]);
    expect(sent()).toHaveLength(3);
    expect(world.eventsOf('call.rejected')).toMatchObject([{ by: 'rate-limiter' }, { by: 'rate-limiter' }]);
    expect(world.eventsOf('breaker.call.ignored')).toHaveLength(2);
    await world.runFor(1000);
    expect(await ask()).toMatchObject({ ok: true });
  });
});

describe('bulkhead', () => {
  test('BH-3 one turned away was not sent, and the breaker ignores it', async () => {
    const { begin, world, sent } = await callingWorld(
      async (_, context) => {
        await context.clock.sleep(100);
        return jsonResponse(200, { n: 1 });
      },
      {
        settings: {
          edge: {
            ...testEdgePolicy,
            retry: null,
            bulkhead: { maxConcurrentCalls: 2, maxWaitMs: 0, queueLimit: 0 },
          },
        },
      },
    );
    const calls = [1, 2, 3].map(() => begin());
    await world.runFor(500);
    expect(sent()).toHaveLength(2);
    expect(calls[2]?.outcome).toMatchObject({ value: { ok: false, error: { mayHaveHappened: false } } });
    expect(world.eventsOf('call.rejected')).toMatchObject([{ by: 'bulkhead' }]);
    expect(world.eventsOf('breaker.call.ignored')).toHaveLength(1);
    expect(world.eventsOf('breaker.call.failed')).toHaveLength(0);
  });

  test('RT-13 compensations pass an open breaker and a full bulkhead by, in one of their own', async () => {
    let slow = true;
    const { ask, begin, world, order, sent } = await callingWorld(
      async (_, context) => {
        if (slow) await context.clock.sleep(500);
        return fail(500);
      },
      {
        settings: {
          edge: { ...testEdgePolicy, bulkhead: { maxConcurrentCalls: 1, maxWaitMs: 0, queueLimit: 0 } },
          compensation: { maxConcurrent: 2, timeoutMs: 300 },
        },
      },
    );
    await ask();
    await world.run(order, async (context) => commandBreaker(context, 'shipping', 'FORCED_OPEN'));
    const before = sent().length;
    const compensations = [1, 2, 3].map(() => begin({ policy: 'compensation' }));
    await world.runFor(1000);
    expect(
      sent()
        .slice(before)
        .map((event) => event.timeoutMs),
    ).toEqual([300, 300]);
    expect(compensations[2]?.outcome).toMatchObject({
      value: { ok: false, error: { mayHaveHappened: false } },
    });
    slow = false;
    const again = sent().length;
    expect(await ask({ policy: 'compensation' })).toMatchObject({ ok: false, error: { status: 500 } });
    expect(sent()).toHaveLength(again + 1);
  });

  test('RT-13 none is one bare attempt without a timeout', async () => {
    const { ask, sent, world } = await callingWorld(() => fail(500));
    expect(await ask({ policy: 'none' })).toMatchObject({ ok: false });
    expect(sent()).toMatchObject([{ timeoutMs: null }]);
    expect(world.events.filter((event) => event.type.startsWith('breaker.'))).toEqual([]);
  });
});

describe('CB-24 a breaker that is moved by hand', () => {
  const oneAttempt = { edge: { ...testEdgePolicy, retry: null } };
  const hand = async (
    { world, order }: Awaited<ReturnType<typeof callingWorld>>,
    state: CircuitState | 'reset',
  ) =>
    await world.run(order, async (context) =>
      controlBreaker(
        context,
        state === 'reset'
          ? { type: 'breaker.reset', to: 'shipping' }
          : { type: 'breaker.set-state', to: 'shipping', state },
      ),
    );

  test('it is told as somebody’s doing, and refuses until a hand moves it on', async () => {
    const shop = await callingWorld(undefined, { settings: oneAttempt });
    await shop.ask();
    expect(await hand(shop, 'FORCED_OPEN')).toEqual({ before: 'CLOSED', after: 'FORCED_OPEN' });
    await shop.world.runFor(600_000);
    expect(await shop.ask()).toMatchObject({ ok: false, error: { rejectedBy: 'circuit-breaker' } });
    expect(await hand(shop, 'reset')).toEqual({ before: 'FORCED_OPEN', after: 'CLOSED' });
    expect(await shop.ask()).toMatchObject({ ok: true });
    expect(shop.world.eventsOf('breaker.state.changed')).toMatchObject([
      { before: 'CLOSED', after: 'FORCED_OPEN', byHand: true },
      { before: 'FORCED_OPEN', after: 'CLOSED', byHand: true },
    ]);
  });

  test('what is illegal, or already so, or not there, is refused with a sentence and changes nothing', async () => {
    const shop = await callingWorld(undefined, { settings: oneAttempt });
    await expect(hand(shop, 'OPEN')).rejects.toThrow('has no circuit breaker to shipping');
    await shop.ask();
    const before = shop.world.events.length;
    await expect(hand(shop, 'HALF_OPEN')).rejects.toThrow(
      'The circuit breaker of order-1 to shipping cannot go from CLOSED to HALF_OPEN; from CLOSED it can go to OPEN, DISABLED, METRICS_ONLY, FORCED_OPEN.',
    );
    await expect(hand(shop, 'CLOSED')).rejects.toThrow('is CLOSED already');
    expect(shop.world.events.slice(before).filter(({ type }) => type.startsWith('breaker.'))).toEqual([]);
  });

  test('DISABLED by hand stays at the next call; what the settings took away comes back', async () => {
    const shop = await callingWorld(() => fail(500), { settings: oneAttempt });
    await shop.ask();
    await hand(shop, 'DISABLED');
    for (let call = 0; call < 12; call += 1) await shop.ask();
    const changes = () => shop.world.eventsOf('breaker.state.changed').map(({ after }) => after);
    expect(changes()).toEqual(['DISABLED']);
    await hand(shop, 'CLOSED');
    shop.world.changeSettings({ edge: { breaker: null } });
    await shop.ask();
    expect(changes()).toEqual(['DISABLED', 'CLOSED', 'DISABLED']);
    shop.world.changeSettings(oneAttempt);
    await shop.ask();
    expect(changes()).toEqual(['DISABLED', 'CLOSED', 'DISABLED', 'CLOSED']);
    expect(shop.world.eventsOf('breaker.state.changed').at(-1)?.byHand).toBeUndefined();
  });
});

describe('circuit breaker at a caller', () => {
  const oneAttempt = { edge: { ...testEdgePolicy, retry: null } };

  test('CB-20 5xx, timeouts and refused connections are failures; 4xx are successes', async () => {
    let status = 500;
    const { ask, world } = await callingWorld(() => fail(status), { settings: oneAttempt });
    await ask();
    for (status of [404, 409, 429]) await ask();
    world.crash('shipping-1' as InstanceId);
    await ask();
    world.onSend((message) => (message.to === 'shipping-1' ? { kind: 'blackhole' } : null));
    await ask();
    expect(
      world.events
        .filter((event) => event.type.startsWith('breaker.call'))
        .map((event) => event.type.slice(13)),
    ).toEqual(['failed', 'succeeded', 'succeeded', 'succeeded', 'failed', 'failed']);
  });

  test('CB-8, CB-9, RT-6 opens, refuses without a retry, goes half-open by itself, and closes after three good probes', async () => {
    let status = 500;
    const { ask, begin, world, sent, types } = await callingWorld(
      async (_, context) => {
        await context.clock.sleep(20);
        return status === 200 ? jsonResponse(200, { n: 1 }) : fail(status);
      },
      { settings: { edge: { ...testEdgePolicy, retry: { ...testEdgePolicy.retry, maxAttempts: 2 } } } },
    );
    for (let time = 0; time < 5; time += 1) await ask();
    expect(sent()).toHaveLength(10);
    const opened = world.eventsOf('breaker.state.changed')[0];
    expect(opened).toMatchObject({ before: 'CLOSED', after: 'OPEN', to: 'shipping', instance: 'order-1' });

    const refused = await ask();
    expect(refused).toMatchObject({ ok: false, error: { mayHaveHappened: false } });
    expect(refused.ok ? '' : refused.error.kind === 'unavailable' ? refused.error.reason : '').toMatch(
      /circuit breaker is OPEN: 10 of its last 10 calls failed; probes in \d+\.\d s/,
    );
    expect(sent()).toHaveLength(10);
    expect(types('call.rejected', 'breaker.call.not-permitted')).toEqual([
      'breaker.call.not-permitted',
      'call.rejected',
    ]);

    await world.runFor(10_000);
    const halfOpened = world.eventsOf('breaker.state.changed')[1];
    expect(halfOpened).toMatchObject({ after: 'HALF_OPEN', permits: 3 });
    expect((halfOpened?.timeUs ?? 0) - (opened?.timeUs ?? 0)).toBe(10_000_000);

    status = 200;
    const probes = [1, 2, 3, 4, 5].map(() => begin());
    await world.runFor(100);
    expect(probes.filter(({ outcome }) => outcome?.ok === true && outcome.value.ok)).toHaveLength(3);
    expect(world.eventsOf('breaker.state.changed')[2]).toMatchObject({
      before: 'HALF_OPEN',
      after: 'CLOSED',
    });
    expect(await ask()).toMatchObject({ ok: true });
  });

  test('CB-8 its events have a cause that leads back to the call that opened it', async () => {
    const { ask, world } = await callingWorld(() => fail(500));
    for (let time = 0; time < 5; time += 1) await ask();
    await world.runFor(10_000);
    const [opened, halfOpened] = world.eventsOf('breaker.state.changed');
    const byId = new Map(world.events.map((event) => [event.id, event]));
    let at = halfOpened;
    const chain: (string | undefined)[] = [];
    while (at?.cause) {
      chain.push(at.cause);
      at = byId.get(at.cause) as typeof at;
    }
    expect(chain).toContain(opened?.id);
  });

  test('CB-15 a cancelled probe gives its permit back', async () => {
    let status = 500;
    const { ask, begin, world } = await callingWorld(
      async (_, context) => {
        if (status === 200) await context.clock.sleep(500);
        return status === 200 ? jsonResponse(200, { n: 1 }) : fail(status);
      },
      { settings: oneAttempt },
    );
    for (let time = 0; time < 10; time += 1) await ask();
    await world.runFor(10_001);
    status = 200;
    const probes = [1, 2, 3].map(() => begin());
    await world.runFor(10);
    expect(await ask()).toMatchObject({ ok: false });
    probes[0]?.cancel();
    await world.runFor(10);
    expect(world.eventsOf('breaker.call.ignored')).toHaveLength(1);
    expect(await ask()).toMatchObject({ ok: true });
  });

  test('CB-15 what is recorded twice counts once', async () => {
    const { world, order } = await callingWorld();
    await world.run(order, async (context) => {
      const admission = askForCall(context, 'shipping');
      if (!admission.admitted) throw new Error('refused');
      admission.record('failed');
      admission.record('failed');
    });
    expect(world.eventsOf('breaker.call.failed')).toHaveLength(1);
  });

  test('each caller instance has its own breaker', async () => {
    const { ask, world } = await callingWorld(() => fail(500), { settings: oneAttempt });
    const other = world.add(testService('order'), 2);
    for (let time = 0; time < 10; time += 1) await ask();
    expect(await ask()).toMatchObject({ ok: false, error: { status: null } });
    expect(await world.run(other, async (context) => await call(context, read, params))).toMatchObject({
      error: { status: 500 },
    });
  });

  test('CB-23 taken away it lets everything pass, put back it begins CLOSED; thresholds keep the state', async () => {
    const { ask, world, order } = await callingWorld(() => fail(500), { settings: oneAttempt });
    for (let time = 0; time < 10; time += 1) await ask();
    world.changeSettings({ edge: { breaker: { waitDurationInOpenStateMs: 30_000 } } });
    await world.runFor(10_500);
    expect(await ask()).toMatchObject({ ok: false, error: { status: null } });
    world.changeSettings(bare);
    await world.runFor(1100); // its timer notices
    expect(world.eventsOf('breaker.state.changed').at(-1)).toMatchObject({
      before: 'OPEN',
      after: 'DISABLED',
    });
    for (let time = 0; time < 3; time += 1)
      expect(await ask()).toMatchObject({ ok: false, error: { status: 500 } });
    world.changeSettings(oneAttempt);
    expect(await ask()).toMatchObject({ ok: false, error: { status: 500 } });
    const figures = await world.run(order, async (context) => breakerFigures(context));
    expect(figures.get('shipping')).toMatchObject({ state: 'CLOSED', calls: 1 });
  });

  test('CB-23 a shorter wait is noticed by the timer within a second', async () => {
    const { ask, world } = await callingWorld(() => fail(500), { settings: oneAttempt });
    for (let time = 0; time < 10; time += 1) await ask();
    await world.runFor(3000);
    world.changeSettings({ edge: { breaker: { waitDurationInOpenStateMs: 2000 } } });
    await world.runFor(1001);
    expect(world.eventsOf('breaker.state.changed').at(-1)).toMatchObject({ after: 'HALF_OPEN' });
  });

  test('one edge can differ from the others', async () => {
    const { ask, sent } = await callingWorld(() => fail(500), {
      settings: { edges: { 'order->shipping': bare.edge } },
    });
    await ask();
    expect(sent()).toHaveLength(1);
  });
});

test('a whole crowd of calls loses nothing: places, permits and counts are all given back', async () => {
  let asked = 0;
  const { begin, world, order } = await callingWorld(
    async (_, context) => {
      asked += 1;
      await context.clock.sleep((asked * 37) % 90);
      return asked % 3 === 0 ? fail(500) : jsonResponse(200, { n: 1 });
    },
    {
      settings: {
        edge: {
          ...testEdgePolicy,
          timeoutMs: 70,
          bulkhead: { maxConcurrentCalls: 4, maxWaitMs: 30, queueLimit: 3 },
          breaker: { ...testEdgePolicy.breaker, waitDurationInOpenStateMs: 200 },
        },
      },
    },
  );
  const calls: ReturnType<typeof begin>[] = [];
  for (let round = 0; round < 40; round += 1) {
    calls.push(begin(), begin());
    if (round % 7 === 0) calls.at(-1)?.cancel();
    await world.runFor(23);
  }
  await world.runFor(5000);
  expect(calls.filter(({ outcome }) => outcome === null)).toEqual([]);
  const probe = [1, 2, 3].map(() => begin());
  await world.runFor(1000);
  expect(probe.every(({ outcome }) => outcome !== null)).toBe(true);
  expect(world.isUp(order)).toBe(true);
});
