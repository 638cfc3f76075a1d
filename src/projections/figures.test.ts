import { describe, expect, it } from 'vitest';
import { figuresAt, halfDoneOf } from './figures.ts';
import { Script } from './testing/script.ts';

const at = (script: Script, seconds: number) => figuresAt(script.projections.figures, seconds * 1_000_000);

/** Orders that end as their rows say. */
function endOrders(script: Script, atS: number, statuses: readonly string[], business = false): void {
  statuses.forEach((status, index) => {
    const orderId = `o-${atS}-${index}`;
    script.order(atS, orderId);
    if (business)
      script.step(atS, orderId, 'authorisePayment', 'failed', { kind: 'business', reason: 'declined' });
    script.row(atS, 'order-1', 'orders', orderId, { orderId, status });
  });
}

describe('success, per kind', () => {
  it('shows no share below five endings', () => {
    const script = new Script();
    endOrders(script, 1, ['CONFIRMED', 'CONFIRMED', 'CONFIRMED', 'CONFIRMED']);
    expect(at(script, 2).orders).toMatchObject({ good: 4, endings: 4, share: null });
    endOrders(script, 2, ['CONFIRMED']);
    expect(at(script, 2).orders.share).toBe(1);
  });

  it('ends an order when its row does, not when it is answered', () => {
    const script = new Script();
    for (const id of ['a', 'b', 'c', 'd', 'e']) script.order(1, id);
    expect(at(script, 2).orders.endings).toBe(0);
    script.row(3, 'order-1', 'orders', 'a', { orderId: 'a', status: 'CONFIRMED' });
    expect(at(script, 3).orders.endings).toBe(1);
  });

  it('counts an undone order as a failure and a declined one apart', () => {
    const script = new Script();
    endOrders(script, 1, ['CONFIRMED', 'CONFIRMED', 'CONFIRMED', 'REJECTED', 'REJECTED']);
    endOrders(script, 2, ['REJECTED'], true);
    expect(at(script, 3).orders).toEqual({ good: 3, endings: 5, declined: 1, share: 0.6 });
  });

  it('never blends kinds', () => {
    const script = new Script();
    for (let n = 0; n < 5; n += 1) {
      script.intent(1, `b${n}`, 'browse');
      script.answer(1.5, `b${n}`, 'browse', 'ok');
      script.intent(1, `s${n}`, 'status');
      script.answer(1.5, `s${n}`, 'status', 'failed');
    }
    const figures = at(script, 2);
    expect(figures.browsing.share).toBe(1);
    expect(figures.status.share).toBe(0);
    expect(figures.orders.share).toBeNull();
  });

  it('counts a customer who is turned away by the rate limit as a failure', () => {
    const script = new Script();
    script.intent(1, 'x', 'browse');
    script.answer(1, 'x', 'browse', 'rejected', { status: 429 });
    script.intent(1, 'y', 'browse');
    script.answer(1, 'y', 'browse', 'rejected', { status: 404 });
    expect(at(script, 2).browsing).toMatchObject({ endings: 1, good: 0, declined: 1 });
  });

  it('forgets what is older than ten seconds', () => {
    const script = new Script();
    endOrders(script, 1, Array(5).fill('CONFIRMED'));
    expect(at(script, 11).orders.endings).toBe(0);
    expect(at(script, 10.9).orders.endings).toBe(5);
  });

  it('takes an order that ended before its customer heard of it once', () => {
    const script = new Script();
    script.row(1, 'order-1', 'orders', 'o1', { orderId: 'o1', status: 'CONFIRMED' });
    script.intent(0.5, 'i1');
    script.answer(1.2, 'i1', 'order', 'ok', { orderId: 'o1', status: 202 });
    expect(at(script, 2).orders).toMatchObject({ good: 1, endings: 1 });
    expect(script.projections.orders.endings.at(0)?.intentId).toBe('i1');
  });
});

describe('an order whose answer was lost', () => {
  it('ends once, as its row says, though its customer was told that it failed', () => {
    const script = new Script();
    script.intent(0.5, 'i1');
    script.row(1, 'order-1', 'orders', 'o1', { orderId: 'o1', status: 'APPROVAL_PENDING' }, 'trace-i1');
    script.answer(2, 'i1', 'order', 'failed', { reason: 'timeout' });
    expect(at(script, 2).orders).toMatchObject({ good: 0, endings: 0 });
    script.row(3, 'order-1', 'orders', 'o1', { orderId: 'o1', status: 'CONFIRMED' });
    expect(at(script, 3).orders).toMatchObject({ good: 1, endings: 1 });
    expect(script.projections.orders.endings.at(0)).toMatchObject({ intentId: 'i1', startedUs: 500_000 });
  });

  it('ends once too when it is stored only after that', () => {
    const script = new Script();
    script.intent(0.5, 'i1');
    script.answer(1, 'i1', 'order', 'failed', { reason: 'connection reset' });
    expect(at(script, 1).orders).toMatchObject({ good: 0, endings: 1 });
    script.row(2, 'monolith-1', 'orders', 'o1', { orderId: 'o1', status: 'CONFIRMED' }, 'trace-i1');
    expect(at(script, 2).orders).toMatchObject({ good: 1, endings: 1 });
  });
});

describe('good answers a second', () => {
  it('counts what ended well within its deadline', () => {
    const script = new Script();
    for (let n = 0; n < 6; n += 1) {
      script.intent(n === 0 ? 1 : 18, `b${n}`, 'browse');
      script.answer(19, `b${n}`, 'browse', 'ok');
    }
    // The first took 18 s: good, but too late.
    expect(at(script, 20).goodput).toBeCloseTo(0.5);
    expect(at(script, 20).throughput).toBeCloseTo(0.6);
  });
});

describe('half-done, stuck, undone', () => {
  it('is half-done from the first effect outside Order’s database to the order’s end', () => {
    const script = new Script();
    script.order(1, 'o1');
    expect(at(script, 2).halfDone).toBe(0);
    script.row(2, 'product-1', 'reservations', 'o1', { orderId: 'o1', status: 'held' });
    expect(at(script, 5)).toMatchObject({ halfDone: 1, oldestHalfDoneMs: 3000, stuck: 0 });
    script.row(6, 'order-1', 'orders', 'o1', { orderId: 'o1', status: 'CONFIRMED' });
    expect(at(script, 6).halfDone).toBe(0);
  });

  it('knows a payment by the order that it belongs to', () => {
    const script = new Script();
    script.order(1, 'o1');
    script.row(2, 'payment-provider-1', 'authorisations', 'pay-o1', {
      paymentId: 'pay-o1',
      status: 'authorised',
    });
    expect(at(script, 2).halfDone).toBe(1);
  });

  it('of the monolith is an order whose money is set aside, until it has ended', () => {
    const script = new Script();
    const intent = (at: number, state: string, endedUs: number | null, more: object = {}) =>
      script.row(at, 'monolith-1', 'payment-intents', 'o1', {
        orderId: 'o1',
        paymentId: 'p1',
        giveUpAtUs: 7_000_000,
        state,
        endedUs,
        ...more,
      });
    script.intent(0.5, 'i1');
    intent(1, 'authorising', null);
    expect(at(script, 1).halfDone).toBe(0);
    script.row(2, 'payment-provider-1', 'authorisations', 'p1', { paymentId: 'p1' });
    expect(at(script, 4)).toMatchObject({ halfDone: 1, oldestHalfDoneMs: 2000, undone: 0 });
    script.row(4, 'monolith-1', 'orders', 'o1', { orderId: 'o1', status: 'APPROVAL_PENDING' }, 'trace-i1');
    script.row(4, 'monolith-1', 'reservations', 'o1', { orderId: 'o1' });
    expect(halfDoneOf(script.projections.figures)).toMatchObject({ count: 1, goods: 0 });
    intent(5, 'voiding', null, { failure: 'business', reason: 'declined' });
    script.row(6, 'monolith-1', 'orders', 'o1', { orderId: 'o1', status: 'REJECTED' });
    intent(6, 'undone', 6_000_000, { failure: 'business', reason: 'declined' });
    expect(at(script, 6)).toMatchObject({ halfDone: 0, undone: 1 });
    expect(at(script, 6).orders).toMatchObject({ endings: 0, declined: 1 });
  });

  it('stock that is held before its order is stored is half-done, in one database too', () => {
    const script = new Script();
    script.row(1, 'monolith-1', 'payment-intents', 'o1', { paymentId: 'p1', giveUpAtUs: 7, endedUs: null });
    script.row(2, 'monolith-1', 'reservations', 'o1', { orderId: 'o1' });
    expect(halfDoneOf(script.projections.figures)).toMatchObject({ count: 1, goods: 1 });
  });

  it('what was refused, or undone where nothing was done, is not half-done', () => {
    const script = new Script();
    script.order(1, 'o1');
    script.row(2, 'product-1', 'reservations', 'o1', { orderId: 'o1', state: 'released' });
    script.row(2, 'shipping-1', 'shipments', 'o1', { orderId: 'o1', status: 'cancelled' });
    expect(at(script, 3).halfDone).toBe(0);
  });

  it('is stuck more than 5 s past the time to give up, or when parked', () => {
    const script = new Script();
    script.order(0, 'o1');
    script.row(1, 'product-1', 'reservations', 'o1', { orderId: 'o1', status: 'held' });
    expect(at(script, 11).stuck).toBe(0);
    expect(at(script, 11.1).stuck).toBe(1);
    script.write(
      { at: 12, by: 'order-1' },
      {
        type: 'saga.parked',
        sagaId: 'saga-o1',
        orderId: 'o1',
        step: 'dispatchShipment',
        reason: 'no answer',
      },
    );
    expect(at(script, 12).stuck).toBe(1);
  });

  it('counts compensated sagas', () => {
    const script = new Script();
    script.order(0, 'o1');
    script.write(
      { at: 7, by: 'order-1' },
      { type: 'saga.compensated', sagaId: 'saga-o1', orderId: 'o1', reason: 'x' },
    );
    expect(at(script, 7)).toMatchObject({ undone: 1, halfDone: 0 });
  });
});

describe('extra calls', () => {
  it('is attempts sent for each logical call, per edge', () => {
    const script = new Script();
    for (let n = 0; n < 5; n += 1) {
      script.sent(1, 'gateway-1', 'product-1', `s${n}a`, { call: `c${n}` });
      script.sent(2, 'gateway-1', 'product-1', `s${n}b`, { call: `c${n}`, attempt: 2 });
    }
    expect(at(script, 3).extraCalls).toEqual([
      { edge: 'gateway->product', attempts: 10, calls: 5, factor: 2 },
    ]);
  });

  it('counts a saga’s repeat of a step, and no compensation', () => {
    const script = new Script();
    for (let n = 0; n < 5; n += 1)
      script.sent(1, 'order-1', 'shipping-1', `s${n}`, {
        call: `c${n}`,
        method: 'PUT',
        path: `/shipments/o${n}`,
      });
    script.sent(3, 'order-1', 'shipping-1', 's9', { call: 'c9', method: 'PUT', path: '/shipments/o0' });
    script.sent(3, 'order-1', 'shipping-1', 's10', { call: 'c10', method: 'DELETE', path: '/shipments/o1' });
    expect(at(script, 4).extraCalls[0]).toMatchObject({ attempts: 6, calls: 5, factor: 1.2 });
  });

  it('messages to the broker are calls of their own; the monolith repeats its payments as the saga its steps', () => {
    const script = new Script();
    const payment = { method: 'PUT', path: '/authorisations/p1' };
    for (let n = 0; n < 5; n += 1) {
      script.sent(1, 'order-1', 'broker-1', `b${n}`, { call: `b${n}`, method: 'POST', path: '/messages' });
      script.sent(1, 'monolith-1', 'payment-provider-1', `p${n}`, { call: `p${n}`, ...payment });
    }
    script.sent(2, 'monolith-1', 'payment-provider-1', 'v', { call: 'v', ...payment, method: 'DELETE' });
    const { extraCalls } = at(script, 3);
    expect(extraCalls).toContainEqual({ edge: 'order->broker', attempts: 5, calls: 5, factor: 1 });
    expect(extraCalls).toContainEqual(
      expect.objectContaining({ edge: 'monolith->payment-provider', attempts: 5, calls: 1 }),
    );
  });

  it('leaves out the control plane and customers', () => {
    const script = new Script();
    script.sent(1, 'order-1', 'registry-1', 's1', { plane: 'control' });
    script.sent(1, 'customers-1', 'gateway-1', 's2');
    expect(at(script, 2).extraCalls).toEqual([]);
  });
});
