import { describe, expect, it } from 'vitest';
import { breakersOfEdge, worstBreaker } from './breakers.ts';
import { rowsOf } from './data.ts';
import { activeFaults, faultAt, faultLeftMs } from './faults.ts';
import { runProjections } from './projections.ts';
import { circuitFigures, Script } from './testing/script.ts';
import { topicLag } from './topics.ts';
import { serviceLoad } from './topology.ts';
import { waterfall } from './traces.ts';
import { formatDuration, formatRunTime } from './words.ts';

describe('topology', () => {
  it('follows an instance through its life', () => {
    const script = new Script();
    const load = () => serviceLoad(script.projections.topology, 'order');
    script.write({ at: 0, by: 'order-1' }, { type: 'instance.started', incarnation: 1 });
    expect(load()).toMatchObject({ instances: 1, starting: 1, ready: 0 });
    script.write({ at: 1, by: 'order-1' }, { type: 'instance.ready' });
    script.received(2, 'order-1', 's1', { slotsUsed: 3, slots: 12, queued: 1 });
    expect(load()).toMatchObject({ ready: 1, slotsUsed: 3, slots: 12, queued: 1 });
    script.write({ at: 3, by: 'order-1' }, { type: 'instance.crashed', reason: 'fault', faultId: null });
    expect(load()).toMatchObject({ ready: 0, crashed: 1, slotsUsed: 0 });
  });

  it('frees the slot of a request whose caller gave up, though no answer is sent', () => {
    const script = new Script();
    script.sent(1, 'order-1', 'shipping-1', 's1');
    script.received(1.2, 'shipping-1', 's1', { slotsUsed: 1, slots: 6 });
    script.failed(2, 'order-1', 'shipping-1', 's1');
    expect(serviceLoad(script.projections.topology, 'shipping').slotsUsed).toBe(0);
    expect(script.projections.topology.edges.get('order->shipping')).toMatchObject({
      attempts: 1,
      failed: 1,
      lastFailureUs: 2_000_000,
    });
  });
});

describe('breakers', () => {
  it('belong to a caller instance; an edge shows the worst of them', () => {
    const script = new Script();
    script.write(
      { at: 1, by: 'order-1' },
      {
        type: 'breaker.call.succeeded',
        to: 'shipping',
        durationMs: 1,
        figures: circuitFigures({ calls: 1 }),
      },
    );
    script.breaker(
      2,
      'order-2',
      'shipping',
      'CLOSED',
      'OPEN',
      { failureRate: 50, calls: 20, failures: 10 },
      12,
    );
    expect(breakersOfEdge(script.projections.breakers, 'order', 'shipping')).toHaveLength(2);
    expect(worstBreaker(script.projections.breakers, 'order', 'shipping')).toMatchObject({
      instance: 'order-2',
      state: 'OPEN',
      untilUs: 12_000_000,
    });
    script.breaker(12, 'order-2', 'shipping', 'OPEN', 'HALF_OPEN');
    script.breaker(13, 'order-2', 'shipping', 'HALF_OPEN', 'CLOSED');
    expect(worstBreaker(script.projections.breakers, 'order', 'shipping')?.state).toBe('CLOSED');
    expect(
      script.projections.breakers.byKey.get('order-2->shipping')?.history.map((change) => change.after),
    ).toEqual(['OPEN', 'HALF_OPEN', 'CLOSED']);
  });

  it('begin anew with a new life of their caller', () => {
    const script = new Script();
    script.breaker(2, 'order-1', 'shipping', 'CLOSED', 'OPEN', {}, 12);
    script.write({ at: 3, by: 'order-1' }, { type: 'instance.started', incarnation: 2 });
    expect(worstBreaker(script.projections.breakers, 'order', 'shipping')?.state).toBe('CLOSED');
  });
});

describe('faults', () => {
  it('are active until they end, and know what is left of them', () => {
    const script = new Script();
    script.fault(5, 'f1', {
      kind: 'slow',
      target: { kind: 'edge', from: 'order', to: 'shipping' },
      addMs: 2000,
      share: 1,
      lengthMs: 10_000,
    });
    const [fault] = activeFaults(script.projections.faults);
    expect(fault === undefined ? null : faultLeftMs(fault, 8_000_000)).toBe(7000);
    expect(faultAt(script.projections.faults, 'shipping', 'order', 6_000_000)?.faultId).toBe('f1');
    expect(faultAt(script.projections.faults, 'shipping', 'gateway', 6_000_000)).toBeNull();
    script.write({ at: 15, by: 'run-1' }, { type: 'fault.ended', faultId: 'f1' as never, reason: 'elapsed' });
    expect(activeFaults(script.projections.faults)).toEqual([]);
    expect([...script.projections.narrator.lines].map((line) => line.text)).toEqual([
      'Order → Shipping: Slow +2 s begins',
      'Order → Shipping: Slow +2 s is over',
    ]);
  });
});

describe('topics', () => {
  const message = { topic: 'orders', messageId: 'm1', messageType: 'order.placed', key: 'o1' } as const;
  it('count what a group has not acknowledged', () => {
    const script = new Script();
    script.write({ at: 1, by: 'order-1' }, { type: 'message.published', ...message });
    script.write(
      { at: 1.5, by: 'broker-1' },
      { type: 'message.accepted', ...message, partition: 0, offset: 0 },
    );
    script.write(
      { at: 2, by: 'broker-1' },
      {
        type: 'message.sent',
        topic: 'orders',
        messageId: 'm1',
        group: 'shipping',
        to: 'shipping',
        toInstance: 'shipping-1' as never,
        delivery: 1,
      },
    );
    expect(topicLag(script.projections.topics, 'orders')).toBe(1);
    script.write(
      { at: 3, by: 'broker-1' },
      { type: 'message.acknowledged', topic: 'orders', messageId: 'm1', group: 'shipping', lag: 0 },
    );
    expect(topicLag(script.projections.topics, 'orders')).toBe(0);
    expect(script.projections.topics.byId.get('m1')).toMatchObject({
      deliveries: 1,
      acknowledged: ['shipping'],
    });
  });

  it('keep dead letters', () => {
    const script = new Script();
    script.write(
      { at: 9, by: 'broker-1' },
      {
        type: 'message.dead-lettered',
        topic: 'orders',
        messageId: 'm1',
        group: 'shipping',
        deliveries: 5,
        reason: 'refused',
      },
    );
    expect(script.projections.topics.deadLetters).toHaveLength(1);
  });
});

describe('data', () => {
  it('keeps each row with when and why it changed; a lease is no news', () => {
    const script = new Script();
    script.row(1, 'order-1', 'orders', 'o1', { orderId: 'o1', status: 'CONFIRMED' });
    script.row(2, 'order-1', 'leases', 'relay', { name: 'relay' });
    const database = script.projections.data.byService.get('order');
    expect(database).toMatchObject({ commits: 1, lastCommitUs: 1_000_000 });
    expect(rowsOf(script.projections.data, 'order', 'orders')?.get('o1')).toMatchObject({
      seq: 0,
      changedUs: 1_000_000,
      deleted: false,
    });
  });
});

describe('traces', () => {
  it('are trees: parents before children, siblings in order of sending', () => {
    const script = new Script();
    script.sent(1, 'customers-1', 'gateway-1', 'a');
    script.sent(1.3, 'gateway-1', 'order-1', 'b', { parent: 'a' });
    script.sent(2, 'order-1', 'payment-provider-1', 'd', { parent: 'saga' });
    script.sent(1.5, 'order-1', 'product-1', 'c', { parent: 'b' });
    const trace = script.projections.traces.byId.get('t1');
    expect(
      trace === undefined
        ? []
        : waterfall(script.projections.traces, trace).map(({ span, depth }) => [span.spanId, depth]),
    ).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2],
      ['d', 0],
    ]);
  });
});

describe('the narrator', () => {
  it('tells of a breaker in one line', () => {
    const script = new Script();
    script.breaker(14, 'order-1', 'shipping', 'CLOSED', 'OPEN', { calls: 20, failures: 10 }, 24);
    script.breaker(24, 'order-1', 'shipping', 'OPEN', 'HALF_OPEN');
    script.breaker(25, 'order-1', 'shipping', 'HALF_OPEN', 'CLOSED');
    expect([...script.projections.narrator.lines].map((line) => line.text)).toEqual([
      'Order’s breaker to Shipping opened: 10 of 20 calls failed',
      'Order’s breaker to Shipping is half-open: it lets 3 probes through',
      'Order’s breaker to Shipping closed: the probes succeeded',
    ]);
  });

  it('does not repeat itself for every undone order', () => {
    const script = new Script();
    for (const [id, at] of [
      ['o1', 10],
      ['o2', 11],
      ['o3', 15],
    ] as const) {
      script.order(at - 6, id);
      script.step(at, id, 'releaseStock', 'completed', { lane: 'compensation' });
      script.write(
        { at, by: 'order-1' },
        { type: 'saga.compensated', sagaId: `saga-${id}`, orderId: id, reason: 'gave up' },
      );
    }
    expect([...script.projections.narrator.lines].map((line) => [line.timeUs, line.text])).toEqual([
      [10_000_000, 'An order was undone: stock released'],
      [15_000_000, 'An order was undone: stock released'],
    ]);
  });
});

it('the narrator tells how orders of the monolith end, which have no saga', () => {
  const script = new Script();
  const intent = (at: number, id: string, row: object) =>
    script.row(at, 'monolith-1', 'payment-intents', id, { orderId: id, failure: null, reason: null, ...row });
  intent(1, 'o1', { state: 'authorising' });
  intent(7, 'o1', { state: 'undone', failure: 'gave-up', reason: 'late' });
  intent(8, 'o2', { state: 'undone', failure: 'business', reason: 'Sold out.' });
  intent(9, 'o3', { state: 'completed' });
  intent(13, 'o4', { state: 'undone', failure: 'cancelled', reason: 'cancelled by the customer' });
  intent(14, 'o5', { state: 'undone', failure: 'business', reason: 'Sold out.' });
  expect([...script.projections.narrator.lines].map((line) => [line.timeUs, line.text])).toEqual([
    [7_000_000, 'An order was undone: its payment was not authorised in time'],
    [14_000_000, 'An order was refused: Sold out.'],
  ]);
});

it('gives the same state for the same events', () => {
  const script = new Script();
  script.order(1, 'o1');
  script.fault(2, 'f1', { kind: 'down', target: { kind: 'service', service: 'shipping' }, lengthMs: null });
  script.sent(3, 'order-1', 'shipping-1', 's1');
  script.failed(4, 'order-1', 'shipping-1', 's1', 'connection_refused');
  script.breaker(5, 'order-1', 'shipping', 'CLOSED', 'OPEN', {}, 15);
  const again = runProjections.initial();
  for (const event of script.events) runProjections.apply(again, event);
  expect(again).toEqual(script.projections);
});

it('formats times as a person reads them', () => {
  expect([formatRunTime(14_900_000), formatRunTime(3_734_000_000)]).toEqual(['0:14', '1:02:14']);
  expect([formatDuration(320.4), formatDuration(1000), formatDuration(12_400)]).toEqual([
    '320 ms',
    '1.0 s',
    '12 s',
  ]);
});
