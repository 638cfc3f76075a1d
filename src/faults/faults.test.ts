import { describe, expect, it } from 'vitest';
import type { InstanceId } from '../kernel/index.ts';
import type { CrashAtFault, Fault, FaultTarget } from './index.ts';
import { CREATE_SHIPMENT, heard, ORDER, openFaultShop, SHIPPING, shipping } from './testing/fault-shop.ts';
import type { Asked } from './testing/fault-world.ts';

const onService: FaultTarget = { kind: 'service', service: 'shipping' };
const onEdge: FaultTarget = { kind: 'edge', from: 'order', to: 'shipping' };
const slow = (
  target: FaultTarget,
  addMs: number,
  more: Partial<Extract<Fault, { kind: 'slow' }>> = {},
): Fault => ({
  kind: 'slow',
  target,
  addMs,
  spreadShare: 0,
  share: 1,
  lengthMs: null,
  ...more,
});
const errors = (target: FaultTarget, share = 1): Fault => ({
  kind: 'errors',
  target,
  status: 503,
  share,
  lengthMs: null,
});
const down = (target: FaultTarget, lengthMs: number | null = null): Fault => ({
  kind: 'down',
  target,
  lengthMs,
});
const crashAt = (more: Partial<CrashAtFault>): Fault => ({
  kind: 'crash-at',
  instance: ORDER,
  port: 'network',
  operation: CREATE_SHIPMENT,
  nth: 1,
  when: 'before',
  restartAfterMs: null,
  ...more,
});

describe('without faults', () => {
  it('the shop works and the log names no fault', async () => {
    const world = await openFaultShop();
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(500);
    expect(heard(asked)).toBe(201);
    expect(world.events.filter(({ type }) => type.startsWith('fault.'))).toEqual([]);
  });
});

describe('slow', () => {
  it('on a service: the request waits inside, holds a slot, and the caller times out', async () => {
    const world = await openFaultShop();
    world.faults.add(slow(onService, 2000));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(5000);
    expect(heard(asked)).toBe('timeout');
    const [effect] = world.of('fault.injected');
    expect(effect).toMatchObject({
      faultId: 'fault-1',
      kind: 'slow',
      target: 'shipping',
      effect: 'held at the door',
      delayMs: 2000,
    });
    // In the callee's own span, after admission.
    expect(world.chain(effect)).toEqual([
      'fault.injected',
      'request.received',
      'request.sent',
      'store.committed',
      'request.received',
    ]);
    expect(effect?.instance).toBe(SHIPPING);
  });

  it('on a service: who gives up takes the request out of its slot (the wait is cancelled)', async () => {
    const world = await openFaultShop();
    world.faults.add(slow(onService, 2000));
    world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(1100);
    expect(world.rows('shipping', 'shipments')).toEqual([]);
    world.ask(SHIPPING, 'PUT', '/shipments/2');
    await world.runFor(100);
    expect(world.of('request.received').at(-1)?.slotsUsed).toBe(1);
    await world.runFor(5000);
    expect(world.rows('shipping', 'shipments')).toEqual([{ id: '/shipments/2' }]);
  });

  it('on an edge: the message waits on the way, and no slot of the callee is held', async () => {
    const world = await openFaultShop();
    world.faults.add(slow(onEdge, 500));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(2000);
    expect(heard(asked)).toBe(201);
    expect(asked.atMs).toBeGreaterThan(500);
    const received = world.of('request.received').find(({ instance }) => instance === SHIPPING);
    expect(world.chain(received)).toEqual([
      'request.received',
      'fault.injected',
      'request.sent',
      'store.committed',
      'request.received',
    ]);
    expect(world.of('fault.injected')).toMatchObject([
      { target: 'order->shipping', effect: 'held on the way', delayMs: 500 },
    ]);
  });

  it('on an edge: a message whose caller gave up arrives all the same', async () => {
    const world = await openFaultShop();
    world.faults.add(slow(onEdge, 2000));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(6000);
    expect(heard(asked)).toBe('timeout');
    expect(world.rows('shipping', 'shipments')).toEqual([{ id: '/shipments/1' }]);
  });

  it('spreads around its mean, by the call and not by the order of calls', async () => {
    const delays = async (ids: number[]) => {
      const world = await openFaultShop();
      world.faults.add(slow(onEdge, 500, { spreadShare: 0.3 }));
      for (const id of ids) world.ask(ORDER, 'POST', `/orders/${id}`);
      await world.runFor(3000);
      const sent = new Map(world.of('request.sent').map((event) => [event.id as string, event.callId]));
      return new Map(
        world.of('fault.injected').map(({ cause, delayMs }) => [sent.get(cause ?? ''), delayMs]),
      );
    };
    const forth = await delays([1, 2, 3]);
    const back = await delays([3, 2, 1]);
    expect(new Set(forth.values()).size).toBe(3);
    for (const [call, delayMs] of forth) {
      expect(delayMs).toBeGreaterThanOrEqual(350);
      expect(delayMs).toBeLessThanOrEqual(650);
      expect(back.get(call)).toBe(delayMs);
    }
  });
});

describe('errors', () => {
  it.each([
    ['service', onService, SHIPPING],
    ['instance', { kind: 'instance', instance: SHIPPING } as const, SHIPPING],
    ['edge', onEdge, 'run-1'],
  ])('on a %s: answered in its place, and nothing is done', async (_, target, writer) => {
    const world = await openFaultShop();
    world.faults.add(errors(target));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(2000);
    expect(heard(asked)).toBe(503);
    expect(world.rows('shipping', 'shipments')).toEqual([]);
    expect(world.of('fault.injected')).toMatchObject([
      { instance: writer, effect: 'answered 503', kind: 'errors' },
    ]);
    const received = world.of('response.received').find(({ instance }) => instance === ORDER);
    expect(world.chain(received)).toContain('fault.injected');
  });

  it('hit a share of the calls, the same ones on every run', async () => {
    const hit = async () => {
      const world = await openFaultShop();
      world.faults.add(errors(onService, 0.3));
      for (let id = 1; id <= 100; id += 1) {
        world.ask(ORDER, 'POST', `/orders/${id}`);
        await world.runFor(100);
      }
      return world.rows('shipping', 'shipments').length;
    };
    const first = await hit();
    expect(first).toBeGreaterThan(55);
    expect(first).toBeLessThan(85);
    expect(await hit()).toBe(first);
  });

  it('do not touch other edges or instances', async () => {
    const world = await openFaultShop();
    world.faults.add(errors({ kind: 'edge', from: 'gateway', to: 'shipping' }));
    world.faults.add(errors({ kind: 'instance', instance: 'shipping-2' as InstanceId }));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(500);
    expect(heard(asked)).toBe(201);
  });

  it('come after the delay of a slow fault on the same place', async () => {
    const world = await openFaultShop();
    world.faults.add(errors(onService));
    world.faults.add(slow(onService, 300));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(2000);
    expect(heard(asked)).toBe(503);
    expect(asked.atMs).toBeGreaterThan(300);
  });
});

describe('down', () => {
  it('on a service: crashes its instances, keeps them down, and brings them back', async () => {
    const world = await openFaultShop();
    world.add(shipping, 2);
    world.faults.add(down(onService, 2000));
    expect(world.up(SHIPPING)).toBe(false);
    expect(world.of('instance.crashed')).toMatchObject([
      { instance: SHIPPING, faultId: 'fault-1' },
      { instance: 'shipping-2', faultId: 'fault-1' },
    ]);
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(500);
    expect(heard(asked)).toBe('connection_refused');
    expect(world.faults.heldDownBy(SHIPPING)).toBe('fault-1');
    expect(world.faults.heldDownBy(ORDER)).toBeNull();
    await world.runFor(1500);
    expect(world.of('fault.ended')).toMatchObject([{ faultId: 'fault-1', reason: 'elapsed' }]);
    expect(world.up(SHIPPING)).toBe(true);
    expect(world.faults.heldDownBy(SHIPPING)).toBeNull();
  });

  it('brings back only what it found running, and never what another fault holds', async () => {
    const world = await openFaultShop();
    world.add(shipping, 2);
    world.crash('shipping-2' as InstanceId, { reason: 'by hand', faultId: null });
    const whole = world.faults.add(down(onService));
    const single = world.faults.add(down({ kind: 'instance', instance: SHIPPING }));
    world.faults.clear(whole);
    expect([world.up(SHIPPING), world.up('shipping-2' as InstanceId)]).toEqual([false, false]);
    world.faults.clear(single);
    expect([world.up(SHIPPING), world.up('shipping-2' as InstanceId)]).toEqual([true, false]);
  });

  it('an instance added meanwhile starts when the fault ends', async () => {
    const world = await openFaultShop();
    world.add(shipping, 2);
    world.crash('shipping-2' as InstanceId, { reason: 'not there yet', faultId: null });
    const fault = world.faults.add(down(onService));
    expect(world.faults.instanceAdded('shipping-2' as InstanceId)).toBe(true);
    expect(world.faults.instanceAdded('order-2' as InstanceId)).toBe(false);
    world.faults.clear(fault);
    expect(world.up('shipping-2' as InstanceId)).toBe(true);
  });

  it('on an edge (cut): the request is lost and only the timeout tells', async () => {
    const world = await openFaultShop();
    world.faults.add(down(onEdge));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(2000);
    expect(heard(asked)).toBe('timeout');
    expect(world.rows('shipping', 'shipments')).toEqual([]);
    expect(world.of('fault.injected')).toMatchObject([{ kind: 'down', effect: 'request lost' }]);
  });

  it('on an edge: the answer of a request under way is lost too, after its effect', async () => {
    const world = await openFaultShop();
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(25);
    world.faults.add(down(onEdge));
    await world.runFor(2000);
    expect(heard(asked)).toBe('timeout');
    expect(world.rows('shipping', 'shipments')).toHaveLength(1);
    const [effect] = world.of('fault.injected');
    expect(effect).toMatchObject({ effect: 'answer lost' });
    expect(world.chain(effect).slice(0, 2)).toEqual(['fault.injected', 'response.sent']);
  });
});

describe('the schedule', () => {
  it('arms faults of a setup, and says when each begins and ends', async () => {
    const world = await openFaultShop();
    world.faults.arm([
      { atMs: 8000, fault: slow(onService, 100, { lengthMs: 1000 }) },
      { atMs: 20_000, fault: errors(onEdge) },
    ]);
    await world.runFor(7999);
    expect(world.faults.active()).toEqual([]);
    await world.runFor(1);
    expect(world.faults.active()).toMatchObject([
      { faultId: 'fault-1', startedUs: 8_000_000, endsUs: 9_000_000 },
    ]);
    await world.runFor(2000);
    expect(world.faults.active()).toEqual([]);
    expect(world.of('fault.started')).toMatchObject([{ timeUs: 8_000_000, fault: { kind: 'slow' } }]);
    expect(world.of('fault.ended')).toMatchObject([{ timeUs: 9_000_000, reason: 'elapsed' }]);
    world.faults.clearAll();
    await world.runFor(20_000);
    expect(world.of('fault.started')).toHaveLength(1);
  });

  it('knows what is still to come', async () => {
    const world = await openFaultShop();
    const [first, second] = [errors(onEdge), slow(onEdge, 10)].map((fault, n) => ({ atMs: 100 + n, fault }));
    const third = { atMs: 900, fault: errors(onService) };
    if (first === undefined || second === undefined) throw new Error('two faults');
    const [, id] = world.faults.arm([first, second, third]);
    if (id === undefined) throw new Error('three faults');
    expect(world.faults.toCome()).toEqual([first, second, third]);
    world.faults.clear(id);
    await world.runFor(500);
    expect(world.faults.toCome()).toEqual([third]);
  });

  it('an instance that is wanted no more when the fault ends is not started', async () => {
    const world = await openFaultShop();
    const second = world.add(shipping, 2);
    const id = world.faults.add(down(onService));
    world.unwanted.add(second);
    const before = world.of('instance.started').length;
    world.faults.clear(id);
    const started = world.of('instance.started').slice(before);
    expect(started.map(({ instance }) => instance)).toEqual([SHIPPING]);
  });

  it('clearing ends a fault once', async () => {
    const world = await openFaultShop();
    const id = world.faults.add(slow(onService, 100, { lengthMs: 1000 }));
    expect(world.faults.clear(id)).toBe(true);
    expect(world.faults.clear(id)).toBe(false);
    expect(world.of('fault.ended')).toMatchObject([{ reason: 'cleared' }]);
  });

  it('what is on is plain JSON', async () => {
    const world = await openFaultShop();
    world.faults.add(slow(onEdge, 100));
    expect(JSON.parse(JSON.stringify(world.faults.active()))).toEqual(world.faults.active());
  });
});

describe('every kind', () => {
  const onInstance = { kind: 'instance', instance: SHIPPING } as const;
  const lasting = { share: 1, lengthMs: 1000 };
  it.each<Exclude<Fault, CrashAtFault>>([
    { kind: 'slow', target: onService, addMs: 200, spreadShare: 0, ...lasting },
    { kind: 'errors', target: onInstance, status: 500, ...lasting },
    { kind: 'down', target: onEdge, lengthMs: 1000 },
    { kind: 'down', target: onService, lengthMs: 1000 },
    { kind: 'loss', target: { kind: 'network' }, way: 'both', share: 1, lengthMs: 1000 },
    { kind: 'latency', target: { kind: 'network' }, meanMs: 50, lengthMs: 1000 },
    { kind: 'partition', instances: [SHIPPING], others: null, way: 'both', lengthMs: 1000 },
    { kind: 'clog', target: { kind: 'network' }, extraMs: 0, lengthMs: 1000 },
    { kind: 'reset', target: { kind: 'network' }, when: 'after', ...lasting },
    { kind: 'duplicate', target: { kind: 'network' }, withinMs: 0, ...lasting },
    { kind: 'store-errors', target: onInstance, at: 'commit', error: 'aborted', ...lasting },
    { kind: 'store-slow', target: onInstance, addMs: 100, ...lasting },
    { kind: 'crash-loop', target: onInstance, meanUpMs: 100, restartAfterMs: 100, lengthMs: 1000 },
  ])('ends exactly at its end: $kind', async (fault) => {
    const world = await openFaultShop();
    world.faults.add(fault);
    const later: Asked[] = [];
    for (let id = 1; id <= 60; id += 1) {
      const asked = world.ask(ORDER, 'POST', `/orders/${id}`);
      if (world.nowMs >= 1000) later.push(asked);
      await world.runFor(50);
    }
    await world.runFor(1500);
    expect(world.of('fault.ended')).toMatchObject([{ timeUs: 1_000_000, reason: 'elapsed' }]);
    const felt = world.events.filter(({ type }) => type === 'fault.injected' || type === 'instance.crashed');
    expect(felt.length).toBeGreaterThan(0);
    for (const { timeUs } of felt) expect(timeUs).toBeLessThan(1_000_000);
    expect(later.length).toBeGreaterThan(30);
    for (const asked of later) expect(heard(asked)).toBe(201);
    expect(world.faults.active()).toEqual([]);
  });
});

describe('crash at', () => {
  const afterwards = async (more: Partial<CrashAtFault>) => {
    const world = await openFaultShop();
    world.faults.add(crashAt(more));
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(3000);
    return {
      world,
      asked,
      stored: world.rows('order', 'orders').length,
      shipped: world.rows('shipping', 'shipments').length,
    };
  };

  it.each([
    ['store', 'before', 'store order', 0, 0, 'crashed before the transaction store order'],
    ['store', 'after', 'store order', 1, 0, 'crashed after the transaction store order'],
    ['work', 'before', '*', 1, 0, 'crashed before its work'],
    ['work', 'after', '*', 1, 0, 'crashed after its work'],
    ['network', 'before', CREATE_SHIPMENT, 1, 0, 'crashed before PUT /shipments/1 was sent'],
    ['network', 'after', CREATE_SHIPMENT, 1, 1, 'crashed after PUT /shipments/1 was answered'],
    ['handler', 'before', 'POST /orders/1', 0, 0, 'crashed before handling POST /orders/1'],
    ['handler', 'after', 'POST /orders/1', 1, 1, 'crashed after handling POST /orders/1'],
  ] as const)('%s, %s its effect', async (port, when, operation, stored, shipped, effect) => {
    const end = await afterwards({ port, when, operation });
    // Whoever waited for it is reset at that moment, and gets no answer.
    const [crash] = end.world.of('instance.crashed');
    expect(end.asked).toMatchObject({
      outcome: { ok: false, error: { kind: 'connection_reset' } },
      atMs: (crash?.timeUs ?? 0) / 1000,
    });
    expect({ stored: end.stored, shipped: end.shipped }).toEqual({ stored, shipped });
    // Only a handler that has ended saw an answer.
    expect(end.world.of('response.received')).toHaveLength(port === 'handler' ? shipped : 0);
    expect(end.world.up(ORDER)).toBe(false);
    expect(end.world.of('fault.injected')).toMatchObject([{ instance: ORDER, kind: 'crash-at', effect }]);
    expect(end.world.of('instance.crashed')).toMatchObject([
      { instance: ORDER, faultId: 'fault-1', reason: `a fault: ${effect}` },
    ]);
    expect(end.world.of('fault.ended')).toMatchObject([{ reason: 'spent' }]);
    // Nothing of that life is heard afterwards.
    const crashed = end.world.events.findIndex(({ type }) => type === 'instance.crashed');
    expect(end.world.events.slice(crashed + 1).filter(({ instance }) => instance === ORDER)).toEqual([]);
  });

  it('waits for the nth, and the instance comes back when it should', async () => {
    const world = await openFaultShop();
    world.faults.add(crashAt({ port: 'store', operation: '*', nth: 3, when: 'after', restartAfterMs: 1000 }));
    for (let id = 1; id <= 2; id += 1) world.ask(ORDER, 'POST', `/orders/${id}`);
    await world.runFor(500);
    expect(world.up(ORDER)).toBe(true);
    world.ask(ORDER, 'POST', '/orders/3');
    await world.runFor(500);
    expect(world.up(ORDER)).toBe(false);
    await world.runFor(1000);
    expect(world.up(ORDER)).toBe(true);
    const asked = world.ask(ORDER, 'POST', '/orders/4');
    await world.runFor(500);
    expect(heard(asked)).toBe(201);
  });

  it('"after" counts effects: an attempt that timed out is not one', async () => {
    const world = await openFaultShop();
    const cut = world.faults.add(down(onEdge));
    world.faults.add(crashAt({ operation: '*', when: 'after', nth: 1 }));
    world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(2000);
    expect(world.up(ORDER)).toBe(true);
    world.faults.clear(cut);
    world.ask(ORDER, 'POST', '/orders/2');
    await world.runFor(2000);
    expect(world.up(ORDER)).toBe(false);
  });

  it('a callee that crashes after its effect leaves its caller with a reset and the cause', async () => {
    const world = await openFaultShop();
    world.faults.add(
      crashAt({ instance: SHIPPING, port: 'store', operation: 'create shipment', when: 'after' }),
    );
    const asked = world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(2000);
    expect(heard(asked)).toBe('connection_reset');
    expect(world.rows('shipping', 'shipments')).toHaveLength(1);
    expect(world.chain(world.of('request.failed')[0]).slice(0, 2)).toEqual([
      'request.failed',
      'instance.crashed',
    ]);
  });

  it('a restart that falls into a `down` waits for its end', async () => {
    const world = await openFaultShop();
    world.faults.add(crashAt({ instance: ORDER, port: 'work', operation: '*', restartAfterMs: 500 }));
    world.ask(ORDER, 'POST', '/orders/1');
    await world.runFor(100);
    const held = world.faults.add(down({ kind: 'service', service: 'order' }));
    await world.runFor(1000);
    expect(world.up(ORDER)).toBe(false);
    world.faults.clear(held);
    expect(world.up(ORDER)).toBe(true);
  });

  it('a crash for another reason spends nothing', async () => {
    const world = await openFaultShop();
    world.faults.add(crashAt({}));
    world.crash(ORDER, { reason: 'by hand', faultId: null });
    expect(world.faults.active()).toHaveLength(1);
  });
});
