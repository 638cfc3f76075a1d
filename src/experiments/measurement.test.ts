import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../kernel/index.ts';
import { Script } from '../projections/testing/script.ts';
import { Measurement, type Span } from './measurement.ts';

const measured = (events: readonly RunEvent[], span: Span, untilMs: number) => {
  const measurement = new Measurement(span);
  for (const event of events) measurement.add(event);
  return measurement.at(untilMs * 1000);
};
const whole: Span = { fromMs: 0, toMs: 60_000 };

function endOrder(script: Script, at: number, orderId: string, status: string): void {
  script.row(at, 'order-1', 'orders', orderId, { orderId, status });
}

describe('the measurement of a run', () => {
  it('counts each intent once, by kind and by how it ended; an order by its row', () => {
    const script = new Script();
    script.order(1, 'good');
    script.order(1, 'late');
    script.order(1, 'undone');
    script.order(1, 'declined');
    script.order(1, 'open');
    script.intent(1, 'turned-away');
    script.answer(2, 'turned-away', 'order', 'failed', { status: 503 });
    script.intent(1, 'b', 'browse');
    script.answer(1.5, 'b', 'browse', 'ok');
    script.intent(1, 's', 'status');
    endOrder(script, 4, 'good', 'CONFIRMED');
    script.step(5, 'declined', 'authorisePayment', 'failed', { kind: 'business', reason: 'no money' });
    endOrder(script, 5, 'declined', 'REJECTED');
    endOrder(script, 9, 'undone', 'REJECTED');
    endOrder(script, 17, 'late', 'CONFIRMED');

    const { intents, orderEnds, goodUs, undoneUs } = measured(script.events, whole, 30_000);
    expect(intents.order).toEqual({
      begun: 6,
      good: 2,
      // Its deadline is 15 s.
      inTime: 1,
      failed: 2,
      declined: 1,
      cancelled: 0,
      unfinished: 1,
    });
    expect(orderEnds).toEqual({
      confirmed: 2,
      declined: 1,
      undone: 1,
      notPlaced: 1,
      cancelled: 0,
      unfinished: 1,
    });
    expect(intents.browse).toMatchObject({ begun: 1, good: 1, inTime: 1 });
    expect(intents.status).toMatchObject({ begun: 1, good: 0, unfinished: 1 });
    expect(goodUs).toEqual({
      order: [
        [3_000_000, 1],
        [16_000_000, 1],
      ],
      browse: [[500_000, 1]],
      status: [],
    });
    expect(undoneUs).toEqual([[8_000_000, 1]]);
  });

  it('of a span counts what begins in it, however late it ends', () => {
    const script = new Script();
    for (const [at, orderId] of [
      [9.9, 'before'],
      [10, 'first'],
      [19.9, 'last'],
      [20, 'after'],
    ] as const) {
      script.order(at, orderId);
      endOrder(script, at + 5, orderId, 'CONFIRMED');
    }
    script.events.sort((one, other) => one.timeUs - other.timeUs);
    const { intents } = measured(script.events, { fromMs: 10_000, toMs: 20_000 }, 30_000);
    expect(intents.order).toMatchObject({ begun: 2, good: 2 });
  });

  it('adds up how long orders were half-done, within the span', () => {
    const script = new Script();
    script.order(1, 'a');
    script.row(2, 'payment-provider-1', 'authorisations', 'pay-a', { paymentId: 'pay-a' });
    script.order(3, 'b');
    script.row(4, 'product-1', 'reservations', 'b', { orderId: 'b' });
    script.row(5, 'shipping-1', 'shipments', 'a', { orderId: 'a' });
    endOrder(script, 7, 'a', 'CONFIRMED');
    // 2–4 one, 4–7 two, 7–10 one.
    expect(measured(script.events, whole, 10_000).halfDone).toEqual({
      integralUs: 11_000_000,
      // b from 4, a from 5: 4–5 one, 5–7 two, 7–10 one.
      goodsIntegralUs: 8_000_000,
      maximum: 2,
      oldestUs: 6_000_000,
    });
    expect(measured(script.events, { fromMs: 3000, toMs: 6000 }, 10_000).halfDone).toEqual({
      integralUs: 5_000_000,
      goodsIntegralUs: 3_000_000,
      maximum: 2,
      oldestUs: 4_000_000,
    });
    expect(measured(script.events, { fromMs: 8000, toMs: 60_000 }, 8000).halfDone).toEqual({
      integralUs: 0,
      goodsIntegralUs: 0,
      maximum: 0,
      oldestUs: 0,
    });
  });

  it('counts attempts and calls of the whole run, and how often a breaker became open', () => {
    const script = new Script();
    script.sent(1, 'gateway-1', 'product-1', 's1', { call: 'c1' });
    script.sent(20, 'gateway-1', 'product-1', 's2', { call: 'c1', attempt: 2 });
    script.sent(21, 'gateway-1', 'order-1', 's3', { call: 'c2' });
    script.breaker(2, 'order-1', 'shipping', 'CLOSED', 'OPEN');
    script.breaker(3, 'order-1', 'shipping', 'OPEN', 'HALF_OPEN');
    script.breaker(4, 'order-2', 'shipping', 'HALF_OPEN', 'OPEN');
    const { extraCalls, breakerOpenings } = measured(script.events, whole, 30_000);
    expect(extraCalls).toEqual({
      'gateway->product': { attempts: 2, calls: 1 },
      'gateway->order': { attempts: 1, calls: 1 },
    });
    expect(breakerOpenings).toEqual({ 'order->shipping': 2 });
  });
});
