import { describe, expect, it } from 'vitest';
import {
  callId,
  createRandom,
  type EventId,
  type FaultId,
  type InstanceId,
  ok,
  RUN_START,
  spanIdFor,
  traceIdFor,
} from '../kernel/index.ts';
import { type Fault, faultyNetwork, separates, sitsBetween } from './index.ts';
import { heard, ORDER, openFaultShop, SHIPPING } from './testing/fault-shop.ts';
import type { Asked, FaultWorld } from './testing/fault-world.ts';

// What a network does to messages: loses, delays, reorders, repeats and breaks them, and what it never says.

const EDGE = { kind: 'edge', from: 'order', to: 'shipping' } as const;
const NETWORK = { kind: 'network' } as const;

const loss = (way: 'request' | 'response' | 'both', share = 1): Fault => ({
  kind: 'loss',
  target: EDGE,
  way,
  share,
  lengthMs: null,
});
const latency = (meanMs: number): Fault => ({ kind: 'latency', target: EDGE, meanMs, lengthMs: null });
const partition = (
  instances: readonly InstanceId[],
  way: 'both' | 'out' | 'in',
  others: readonly InstanceId[] | null = null,
): Fault => ({ kind: 'partition', instances, others, way, lengthMs: null });
const clog = (lengthMs: number | null, extraMs = 0): Fault => ({
  kind: 'clog',
  target: EDGE,
  extraMs,
  lengthMs,
});
const reset = (when: 'before' | 'after', share = 1): Fault => ({
  kind: 'reset',
  target: EDGE,
  when,
  share,
  lengthMs: null,
});
const duplicate = (share = 1, withinMs = 0): Fault => ({
  kind: 'duplicate',
  target: EDGE,
  share,
  withinMs,
  lengthMs: null,
});

const shipments = (world: FaultWorld) => world.rows('shipping', 'shipments').length;
const effects = (world: FaultWorld) => world.of('fault.injected').map(({ effect }) => effect);
const arrivals = (world: FaultWorld) =>
  world.of('request.received').filter(({ instance }) => instance === SHIPPING);

/** Orders so many, far apart, in this order; says which of them Shipping acted on and what Order heard. */
async function orderEach(fault: Fault, ids: readonly number[]) {
  const world = await openFaultShop();
  world.faults.add(fault);
  const asked = new Map<number, Asked>();
  for (const id of ids) {
    asked.set(id, world.ask(ORDER, 'POST', `/orders/${id}`));
    await world.runFor(1200);
  }
  const done = new Set(world.rows('shipping', 'shipments').map((row) => (row as { id: string }).id));
  return {
    world,
    acted: ids.filter((id) => done.has(`/shipments/${id}`)).sort((a, b) => a - b),
    answered: ids.filter((id) => heard(asked.get(id) ?? { outcome: null }) === 201).sort((a, b) => a - b),
  };
}
const HUNDRED = Array.from({ length: 100 }, (_, index) => index + 1);

describe('loss', () => {
  it('of requests: nothing is done, nobody says so, only the timeout tells', async () => {
    const world = await openFaultShop();
    world.faults.add(loss('request'));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(2000);
    expect(heard(asked)).toBe('timeout');
    expect(shipments(world)).toBe(0);
    const [effect, ...more] = world.of('fault.injected');
    expect(effect).toMatchObject({ kind: 'loss', target: 'order->shipping', effect: 'request lost' });
    expect(more).toEqual([]);
    expect(world.chain(effect).slice(0, 2)).toEqual(['fault.injected', 'request.sent']);
  });

  it('of answers: lost after the callee has acted', async () => {
    const world = await openFaultShop();
    world.faults.add(loss('response'));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(2000);
    expect(heard(asked)).toBe('timeout');
    expect(shipments(world)).toBe(1);
    const [effect, ...more] = world.of('fault.injected');
    expect(effect).toMatchObject({ effect: 'answer lost' });
    expect(more).toEqual([]);
    expect(world.chain(effect).slice(0, 2)).toEqual(['fault.injected', 'response.sent']);
  });

  it('hits its share each way, by the call and not by the order of calls', async () => {
    const forth = await orderEach(loss('both', 0.3), HUNDRED);
    const back = await orderEach(loss('both', 0.3), HUNDRED.toReversed());
    expect(back.acted).toEqual(forth.acted);
    expect(back.answered).toEqual(forth.answered);
    // 100 · 0.7 ± 3σ, then 70 · 0.7 ± 3σ.
    expect(Math.abs(forth.acted.length - 70)).toBeLessThan(14);
    expect(Math.abs(forth.answered.length - forth.acted.length * 0.7)).toBeLessThan(12);
    const lost = effects(forth.world);
    expect(lost.filter((effect) => effect === 'request lost')).toHaveLength(100 - forth.acted.length);
    expect(lost.filter((effect) => effect === 'answer lost')).toHaveLength(
      forth.acted.length - forth.answered.length,
    );
  });

  it('of the news that the caller gave up: the callee works on', async () => {
    const world = await openFaultShop();
    world.faults.add({
      kind: 'slow',
      target: { kind: 'service', service: 'shipping' },
      addMs: 2000,
      spreadShare: 0,
      share: 1,
      lengthMs: null,
    });
    world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(500);
    world.faults.add(loss('request'));
    await world.runFor(3000);
    expect(shipments(world)).toBe(1);
    expect(effects(world)).toEqual(['held at the door', 'cancellation lost']);
  });
});

describe('latency', () => {
  const delays = async (ids: readonly number[]) => {
    const { world } = await orderEach(latency(50), ids);
    const byCall = new Map<string, (number | null)[]>();
    for (const effect of world.of('fault.injected')) {
      const call = world.events.find(
        (event) => event.type === 'request.sent' && event.spanId === effect.spanId,
      );
      if (call?.type !== 'request.sent') throw new Error('an effect outside a call');
      byCall.set(call.callId, [...(byCall.get(call.callId) ?? []), effect.delayMs]);
    }
    return { world, byCall };
  };

  it('each message of an exchange takes longer, exponentially, by the call', async () => {
    const forth = await delays(HUNDRED);
    const back = await delays(HUNDRED.toReversed());
    expect(forth.byCall.size).toBe(100);
    for (const [call, both] of forth.byCall) {
      expect(new Set(both).size).toBe(2);
      expect(back.byCall.get(call)).toEqual(both);
    }
    const all = [...forth.byCall.values()].flat().map(Number);
    const mean = all.reduce((a, b) => a + b, 0) / all.length;
    // The standard error of 200 draws is 50 / √200 ≈ 3.5 ms; an exponential's deviation is its mean.
    expect(Math.abs(mean - 50)).toBeLessThan(11);
    const deviation = Math.sqrt(all.reduce((a, b) => a + (b - mean) ** 2, 0) / all.length);
    expect(Math.abs(deviation - 50)).toBeLessThan(15);
    expect(new Set(effects(forth.world))).toEqual(new Set(['held on the way', 'answer held on the way']));
  });

  it('lets a later message overtake an earlier one', async () => {
    const world = await openFaultShop();
    world.faults.add(latency(50));
    for (let id = 1; id <= 10; id += 1) {
      world.ask(ORDER, 'POST', `/orders/${id}`);
      await world.runFor(5);
    }
    await world.runFor(2000);
    const order = arrivals(world).map(({ operation }) => Number(operation.split('/').at(-1)));
    expect(order).toHaveLength(10);
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
  });
});

describe('partition', () => {
  it.each([
    ['both ways', partition([ORDER], 'both'), 0, 'request lost'],
    ['what the caller sends', partition([ORDER], 'out'), 0, 'request lost'],
    ['what the callee is sent', partition([SHIPPING], 'in'), 0, 'request lost'],
    ['what the callee sends', partition([SHIPPING], 'out'), 1, 'answer lost'],
    ['what the caller is sent', partition([ORDER], 'in'), 1, 'answer lost'],
    ['two named sides', partition([SHIPPING], 'in', [ORDER]), 0, 'request lost'],
  ])('%s: nothing passes, and nobody says so', async (_, fault, done, effect) => {
    const world = await openFaultShop();
    world.faults.add(fault);
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(900);
    expect(asked.outcome).toBeNull();
    await world.runFor(1100);
    expect(heard(asked)).toBe('timeout');
    expect(shipments(world)).toBe(done);
    expect(effects(world)).toEqual([effect]);
    expect(world.of('fault.injected')[0]).toMatchObject({ kind: 'partition' });
  });

  it('names both sides in the log', async () => {
    const world = await openFaultShop();
    world.faults.add(partition([ORDER], 'both'));
    world.faults.add(partition([ORDER], 'both', [SHIPPING, 'shipping-2' as InstanceId]));
    world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(100);
    expect(world.of('fault.injected')[0]?.target).toBe('order-1|*');
  });

  it('touches nobody else: instances of one side, of neither side, and customers', () => {
    const [a, b, c] = ['order-1', 'order-2', 'shipping-1'] as InstanceId[] as [
      InstanceId,
      InstanceId,
      InstanceId,
    ];
    const customer = 'customers-1' as InstanceId;
    const sides = partition([a], 'both', [c]) as Extract<Fault, { kind: 'partition' }>;
    expect([separates(sides, a, c), separates(sides, c, a)]).toEqual([true, true]);
    expect([separates(sides, a, b), separates(sides, b, c)]).toEqual([false, false]);
    const alone = partition([a, b], 'both') as Extract<Fault, { kind: 'partition' }>;
    expect([separates(alone, a, b), separates(alone, b, c)]).toEqual([false, true]);
    expect([separates(alone, customer, a), separates(alone, a, customer)]).toEqual([false, false]);
  });
});

describe('clog', () => {
  it('what is sent waits, and arrives when it ends, in order', async () => {
    const world = await openFaultShop();
    world.faults.add(clog(500));
    const asked = [1, 2, 3].map((id) => world.ask(ORDER, 'POST', `/orders/${id}`));
    await world.runFor(499);
    expect(arrivals(world)).toEqual([]);
    await world.runFor(500);
    expect(asked.map(heard)).toEqual([201, 201, 201]);
    expect(arrivals(world).map(({ timeUs, operation }) => [timeUs, operation])).toEqual([
      [500_000, 'PUT /shipments/1'],
      [500_000, 'PUT /shipments/2'],
      [500_000, 'PUT /shipments/3'],
    ]);
    expect(effects(world)).toEqual(['request stuck', 'request stuck', 'request stuck']);
    expect(world.chain(arrivals(world)[0]).slice(0, 3)).toEqual([
      'request.received',
      'fault.injected',
      'request.sent',
    ]);
  });

  it('holds the answer of a request that is under way', async () => {
    const world = await openFaultShop();
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(25);
    const id = world.faults.add(clog(null));
    await world.runFor(400);
    expect(asked.outcome).toBeNull();
    expect(effects(world)).toEqual(['answer stuck']);
    world.faults.clear(id);
    await world.runFor(20);
    expect(heard(asked)).toBe(201);
  });

  it('lets them go by chance after its end, where it says so', async () => {
    const world = await openFaultShop();
    world.faults.add(clog(200, 300));
    for (let id = 1; id <= 20; id += 1) world.ask(ORDER, 'POST', `/orders/${id}`);
    await world.runFor(900);
    const times = arrivals(world).map(({ timeUs }) => timeUs / 1000);
    expect(times).toHaveLength(20);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(200);
    expect(Math.max(...times)).toBeLessThanOrEqual(500);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(150);
    const order = arrivals(world).map(({ operation }) => Number(operation.split('/').at(-1)));
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
  });

  it('a request whose caller gave up arrives all the same, and so does that news', async () => {
    const world = await openFaultShop();
    const id = world.faults.add(clog(null));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(3000);
    expect(heard(asked)).toBe('timeout');
    expect(effects(world)).toEqual(['request stuck', 'cancellation stuck']);
    world.faults.clear(id);
    await world.runFor(500);
    expect(arrivals(world)).toHaveLength(1);
    // Cancelled before it was done.
    expect(world.of('response.sent').filter(({ instance }) => instance === SHIPPING)).toEqual([]);
  });

  it('the news that a caller gave up does not get lost by overtaking its request', async () => {
    const world = await openFaultShop();
    const id = world.faults.add(clog(null, 4000));
    for (let n = 1; n <= 16; n += 1) world.ask(ORDER, 'POST', `/orders/${n}`);
    await world.runFor(3000);
    world.faults.clear(id);
    await world.runFor(6000);
    expect(arrivals(world)).toHaveLength(16);
    // About half of the requests come later than that news: they are cancelled as they arrive.
    const worked = world.of('response.sent').filter(({ instance }) => instance === SHIPPING).length;
    expect(Math.abs(worked - 8)).toBeLessThan(7);
  });
});

describe('reset', () => {
  it.each([
    ['before', 0, 'connection reset before it was delivered', 'request.sent'],
    ['after', 1, 'connection reset after it was answered', 'response.sent'],
  ] as const)('%s the callee acts: the caller hears so at once', async (when, done, effect, because) => {
    const world = await openFaultShop();
    world.faults.add(reset(when));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(200);
    expect(heard(asked)).toBe('connection_reset');
    expect(shipments(world)).toBe(done);
    expect(effects(world)).toEqual([effect]);
    expect(world.chain(world.of('request.failed')[0]).slice(0, 3)).toEqual([
      'request.failed',
      'fault.injected',
      because,
    ]);
  });

  it('hits its share', async () => {
    const { world, acted, answered } = await orderEach(reset('after', 0.2), HUNDRED);
    expect(acted).toHaveLength(100);
    expect(Math.abs(answered.length - 80)).toBeLessThan(12);
    expect(effects(world)).toHaveLength(100 - answered.length);
  });

  it('after: where nobody listens there is no connection to reset', async () => {
    const world = await openFaultShop();
    world.faults.add(reset('after'));
    world.crash(SHIPPING, { reason: 'by hand', faultId: null });
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(200);
    expect(heard(asked)).toBe('connection_refused');
    expect(effects(world)).toEqual([]);
  });
});

describe('duplicate', () => {
  it.each([
    ['an idempotent method', '/orders/1', 2],
    ['a POST', '/notes/1', 1],
    ['a POST with an Idempotency-Key', '/keyed/1', 2],
  ])('%s: as a proxy may', async (_, path, times) => {
    const world = await openFaultShop();
    world.faults.add(duplicate());
    const asked = world.ask(ORDER, 'POST', path);
    await world.runFor(2000);
    expect(heard(asked)).toBe(201);
    expect(arrivals(world)).toHaveLength(times);
    expect(effects(world)).toEqual(times === 2 ? ['delivered again'] : []);
    // The second answer goes to nobody.
    expect(world.of('response.sent').filter(({ instance }) => instance === SHIPPING)).toHaveLength(times);
    expect(world.of('response.received').filter(({ instance }) => instance === ORDER)).toHaveLength(1);
  });

  it('the second one comes later, by chance, and says why', async () => {
    const world = await openFaultShop();
    world.faults.add(duplicate(1, 5000));
    world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(10_000);
    const [first, second] = arrivals(world);
    const [effect] = world.of('fault.injected');
    expect(second?.timeUs).toBe((first?.timeUs ?? 0) + Math.round((effect?.delayMs ?? 0) * 1000));
    expect(effect?.delayMs).toBeGreaterThan(50);
    expect(effect?.delayMs).toBeLessThan(5000);
    expect(world.chain(second).slice(0, 3)).toEqual(['request.received', 'fault.injected', 'request.sent']);
    expect(second?.spanId).toBe(first?.spanId);
  });

  it('not of a request that nobody took: whoever hears "connection refused" knows that nothing happens', async () => {
    const world = await openFaultShop();
    world.faults.add(duplicate(1, 5000));
    world.crash(SHIPPING, { reason: 'by hand', faultId: null });
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(25);
    expect(heard(asked)).toBe('connection_refused');
    world.start(SHIPPING);
    await world.runFor(10_000);
    expect(world.up(SHIPPING)).toBe(true);
    expect(arrivals(world)).toEqual([]);
    expect(effects(world)).toEqual([]);
  });

  it('hits its share', async () => {
    const { world } = await orderEach(duplicate(0.2), HUNDRED);
    expect(Math.abs(arrivals(world).length - 120)).toBeLessThan(12);
    expect(effects(world)).toHaveLength(arrivals(world).length - 100);
  });

  it('the second answer does not stand in for a first one that was lost', async () => {
    const world = await openFaultShop();
    world.faults.add(duplicate(1, 900));
    for (let id = 1; id <= 5; id += 1) {
      const asked = world.ask(ORDER, 'POST', `/orders/${id}`);
      await world.runFor(25);
      world.faults.add({ kind: 'down', target: EDGE, lengthMs: 50 });
      await world.runFor(2000);
      expect(heard(asked)).toBe('timeout');
    }
    expect(effects(world)).toContain('delivered again');
  });

  it('the second one can be lost as well', async () => {
    const world = await openFaultShop();
    world.faults.add(duplicate(1, 5000));
    world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(100);
    world.faults.add({ kind: 'down', target: EDGE, lengthMs: null });
    await world.runFor(10_000);
    expect(arrivals(world)).toHaveLength(1);
    expect(effects(world)).toEqual(['repeated request lost']);
  });
});

describe('the network as a place', () => {
  it('is every edge between services, and not the customers’ way in', () => {
    expect(sitsBetween(NETWORK, 'order', 'payment-provider')).toBe(true);
    expect(sitsBetween(NETWORK, 'gateway', 'order')).toBe(true);
    expect(sitsBetween(NETWORK, 'customers', 'gateway')).toBe(false);
    expect(sitsBetween({ kind: 'edge', from: 'customers', to: 'gateway' }, 'customers', 'gateway')).toBe(
      true,
    );
  });

  it.each<Fault>([
    { kind: 'slow', target: NETWORK, addMs: 100, spreadShare: 0, share: 1, lengthMs: null },
    { kind: 'errors', target: NETWORK, status: 503, share: 1, lengthMs: null },
    { kind: 'down', target: NETWORK, lengthMs: null },
    { kind: 'loss', target: NETWORK, way: 'request', share: 1, lengthMs: null },
    { kind: 'latency', target: NETWORK, meanMs: 50, lengthMs: null },
    { kind: 'clog', target: NETWORK, extraMs: 0, lengthMs: null },
    { kind: 'reset', target: NETWORK, when: 'before', share: 1, lengthMs: null },
    { kind: 'duplicate', target: NETWORK, share: 1, withinMs: 0, lengthMs: null },
  ])('$kind', async (fault) => {
    const world = await openFaultShop();
    world.faults.add(fault);
    world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(2000);
    expect(world.of('fault.injected')[0]).toMatchObject({ kind: fault.kind, target: '*' });
    expect(world.up(ORDER) && world.up(SHIPPING)).toBe(true);
  });
});

describe('the wrapped network', () => {
  /** A callee that answers after 10 ms, and who is told of what. */
  function wrapped(faults: readonly Fault[]) {
    const timers: { atMs: number; run: () => void }[] = [];
    let nowMs = 0;
    const schedule = (delayMs: number, run: () => void) => {
      timers.push({ atMs: nowMs + delayMs, run });
      return () => {};
    };
    let answers = 0;
    let cancelled = 0;
    let hasActed = false;
    const active = faults.map((fault, index) => ({
      faultId: `fault-${index}` as FaultId,
      fault,
      startedUs: RUN_START,
      endsUs: null,
    }));
    const network = faultyNetwork(
      (_, reply) => {
        schedule(10, () => {
          hasActed = true;
          reply({ outcome: ok({ status: 200, headers: {}, body: null }), cause: null });
        });
        return () => {
          cancelled += 1;
        };
      },
      {
        random: createRandom(1),
        now: () => RUN_START,
        schedule,
        active: () => active,
        whenEnded: () => {},
        write: () => 'run-1.1.1' as EventId,
      },
    );
    const message = {
      from: ORDER,
      to: SHIPPING,
      request: { method: 'PUT', path: '/shipments/1', headers: {}, body: null },
      operation: 'PUT /shipments/1',
      callId: callId('c1'),
      attempt: 1,
      plane: 'data',
      timeoutMs: null,
      span: { traceId: traceIdFor('t'), spanId: spanIdFor('s') },
      cause: 'order-1.1.1' as EventId,
    } as const;
    const undo = network(message, () => {
      answers += 1;
    });
    return {
      undo,
      hasActed: () => hasActed,
      runUntil(atMs: number) {
        for (;;) {
          timers.sort((a, b) => a.atMs - b.atMs);
          const [next] = timers;
          if (next === undefined || next.atMs > atMs) break;
          timers.shift();
          nowMs = next.atMs;
          next.run();
        }
        nowMs = atMs;
        return { answers, cancelled };
      },
    };
  }
  const held = (addMs: number): Fault => ({
    kind: 'slow',
    target: EDGE,
    addMs,
    spreadShare: 0,
    share: 1,
    lengthMs: null,
  });

  it('answers once, and not at all whoever has given up', () => {
    expect(wrapped([]).runUntil(1000)).toEqual({ answers: 1, cancelled: 0 });
    const given = wrapped([latency(1000)]);
    given.undo();
    given.undo();
    expect(given.runUntil(60_000)).toEqual({ answers: 0, cancelled: 1 });
  });

  it('tells a callee of that no earlier than its request was late, and one that has answered never', () => {
    const late = wrapped([held(300)]);
    late.runUntil(100);
    late.undo();
    expect(late.runUntil(399)).toEqual({ answers: 0, cancelled: 0 });
    expect(late.runUntil(400)).toEqual({ answers: 0, cancelled: 1 });
    const done = wrapped([latency(5000)]);
    for (let atMs = 0; !done.hasActed(); atMs += 1) done.runUntil(atMs);
    done.undo();
    // Its answer was still on the way.
    expect(done.runUntil(120_000)).toEqual({ answers: 0, cancelled: 0 });
  });
});

describe('several at once', () => {
  it('a message on its way when a cut begins is lost', async () => {
    const world = await openFaultShop();
    world.faults.add({ kind: 'slow', target: EDGE, addMs: 500, spreadShare: 0, share: 1, lengthMs: null });
    world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(200);
    world.faults.add(partition([SHIPPING], 'both'));
    await world.runFor(500);
    expect(effects(world)).toEqual(['held on the way', 'request lost']);
    expect(arrivals(world)).toEqual([]);
  });

  it('a message that waits in a clog can be lost when it goes on', async () => {
    const world = await openFaultShop();
    world.faults.add(clog(300));
    world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(200);
    world.faults.add({ kind: 'down', target: EDGE, lengthMs: null });
    await world.runFor(500);
    expect(effects(world)).toEqual(['request stuck', 'request lost']);
    expect(arrivals(world)).toEqual([]);
  });

  it('an injected answer travels as a real one: it is late, and it can be lost', async () => {
    const world = await openFaultShop();
    world.faults.add({ kind: 'errors', target: EDGE, status: 503, share: 1, lengthMs: null });
    world.faults.add(loss('response'));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(2000);
    expect(heard(asked)).toBe('timeout');
    expect(effects(world)).toEqual(['answered 503', 'answer lost']);
  });

  it('a crash while its answer is clogged resets nobody twice', async () => {
    const world = await openFaultShop();
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(25);
    world.faults.add(clog(300));
    world.crash(SHIPPING, { reason: 'by hand', faultId: null });
    await world.runFor(1000);
    expect(heard(asked)).toBe('connection_reset');
    expect(world.of('request.failed')).toHaveLength(1);
    expect(effects(world)).toEqual(['answer stuck']);
  });
});
