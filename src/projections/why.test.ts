import { describe, expect, it } from 'vitest';
import { intentOf } from './orders.ts';
import { circuitFigures, Script } from './testing/script.ts';
import { whyIntent, whySpan } from './why.ts';

const spanOf = (script: Script, id: string) => {
  const span = script.projections.traces.spanById.get(id);
  if (span === undefined) throw new Error(`no span ${id}`);
  return span;
};
const textOf = (chain: { readonly lines: readonly { readonly text: string }[] }) =>
  chain.lines.map((line) => line.text).join('\n');
const orderOf = (script: Script, orderId: string) => {
  const intent = script.projections.orders.byOrder.get(orderId);
  if (intent === undefined) throw new Error(`no order ${orderId}`);
  return intent;
};

const SLOW = {
  kind: 'slow',
  target: { kind: 'service', service: 'shipping' },
  addMs: 2000,
  spreadShare: 0,
  share: 1,
  lengthMs: null,
};

/** Order waits for a slow Shipping, gives up, and tries once more. */
function timeouts(script: Script, at: number, trace: string): void {
  for (const attempt of [1, 2]) {
    const span = `${trace}-${attempt}`;
    script.sent(at + attempt, 'order-1', 'shipping-1', span, {
      trace,
      call: `call-${trace}`,
      attempt,
      method: 'PUT',
      path: '/shipments/o1',
    });
    script.received(at + attempt + 0.25, 'shipping-1', span, { trace });
    script.write(
      { at: at + attempt + 0.25, by: 'shipping-1', trace, span },
      {
        type: 'fault.injected',
        faultId: 'f1' as never,
        kind: 'slow',
        target: 'shipping',
        effect: 'delay',
        delayMs: 2000,
      },
    );
    script.failed(at + attempt + 1, 'order-1', 'shipping-1', span, 'timeout', { trace });
    script.write(
      { at: at + attempt + 1, by: 'order-1', trace, span: 'saga' },
      {
        type: 'breaker.call.failed',
        to: 'shipping',
        durationMs: 1000,
        figures: circuitFigures({ calls: 10, failures: 10 }),
      },
    );
  }
}

describe('why did this fail?', () => {
  it('follows a timeout back to the fault, and says that the outcome is unknown', () => {
    const script = new Script();
    script.fault(8, 'f1', SLOW);
    timeouts(script, 8, 't1');
    const chain = whySpan(script.projections, spanOf(script, 't1-2'));
    expect(chain.lines[0]?.text).toBe('Order waited 1.0 s for Shipping and gave up, twice (timeout).');
    expect(chain.lines[1]?.text).toBe(
      'Your fault Slow +2 s on Shipping (since 0:08) made Shipping need 2 s more.',
    );
    expect(chain.lines[1]?.faultId).toBe('f1');
    expect(chain.lines[2]?.text).toBe('Shipping may still have done it: outcome unknown.');
    expect(chain.fault?.faultId).toBe('f1');
  });

  it('follows a call that an open breaker refused back to a call that opened it', () => {
    const script = new Script();
    script.fault(8, 'f1', SLOW);
    timeouts(script, 8, 't1');
    script.breaker(12, 'order-1', 'shipping', 'CLOSED', 'OPEN', { calls: 20, failures: 10 }, 22);
    script.write(
      { at: 15, by: 'order-1', trace: 't2', span: 'saga-2' },
      {
        type: 'call.rejected',
        callId: 'c9' as never,
        to: 'shipping',
        method: 'PUT',
        path: '/shipments/o2',
        plane: 'data',
        by: 'circuit-breaker',
        detail: 'open',
      },
    );
    const refused = [...script.projections.traces.spanById.values()].find((span) => span.end === 'rejected');
    const chain = whySpan(script.projections, refused ?? spanOf(script, 'none'));
    expect(chain.lines[0]?.text).toBe(
      'Not sent. Order’s breaker to Shipping was open: 10 of its last 20 calls failed. 7.0 s later, at 0:22, it lets probes through.',
    );
    expect(textOf(chain)).toContain('Order waited 1.0 s for Shipping');
    expect(chain.fault?.faultId).toBe('f1');
  });

  it.each([
    [
      'rate-limiter',
      'more than 5 requests a second to shipping',
      'Order’s rate limit for Shipping was used up',
    ],
    [
      'client-throttling',
      'shipping took 1 of its last 9 requests: 70 % are not sent',
      'took 1 of its last 9',
    ],
  ] as const)('says that the caller itself held a call back (%s), and by what', (by, detail, expected) => {
    const script = new Script();
    script.write(
      { at: 15, by: 'order-1', trace: 't2', span: 'saga-2' },
      {
        type: 'call.rejected',
        callId: 'c9' as never,
        to: 'shipping',
        method: 'PUT',
        path: '/shipments/o2',
        plane: 'data',
        by,
        detail,
      },
    );
    const refused = [...script.projections.traces.spanById.values()].find((span) => span.end === 'rejected');
    const chain = whySpan(script.projections, refused ?? spanOf(script, 'none'));
    expect(textOf(chain)).toContain(expected);
  });

  it('follows a customer’s failure inwards, through the gateway', () => {
    const script = new Script();
    script.fault(1, 'f1', {
      kind: 'errors',
      target: { kind: 'service', service: 'product' },
      status: 503,
      share: 0.8,
      lengthMs: null,
    });
    script.intent(2, 'i1', 'browse', 't1');
    script.sent(2, 'customers-1', 'gateway-1', 'outer', { trace: 't1' });
    script.received(2.2, 'gateway-1', 'outer', { trace: 't1', from: 'customers' });
    script.sent(2.3, 'gateway-1', 'product-1', 'inner', { trace: 't1', parent: 'outer' });
    script.write(
      { at: 2.5, by: 'product-1', trace: 't1', span: 'inner' },
      {
        type: 'fault.injected',
        faultId: 'f1' as never,
        kind: 'errors',
        target: 'product',
        effect: '503',
        delayMs: null,
      },
    );
    script.answered(2.5, 'product-1', 'inner', 503, { trace: 't1', problem: 'Injected fault' });
    script.got(2.8, 'gateway-1', 'product-1', 'inner', 503, { trace: 't1' });
    script.answered(2.8, 'gateway-1', 'outer', 503, { trace: 't1', problem: 'Service unavailable' });
    script.got(3, 'customers-1', 'gateway-1', 'outer', 503, { trace: 't1' });
    script.answer(3, 'i1', 'browse', 'failed');
    const intent = intentOf(script.projections.orders, 'i1');
    if (intent === undefined) throw new Error('no intent');
    const chain = whyIntent(script.projections, intent);
    expect(chain.lines.map((line) => line.text)).toEqual([
      'Gateway answered 503 to Customers: Service unavailable',
      'Product answered 503 to Gateway: Injected fault',
      'Your fault Errors 80 % on Product (since 0:01) answered in its place.',
    ]);
  });

  it('tells of an undone order what was undone, and why', () => {
    const script = new Script();
    script.fault(8, 'f1', { kind: 'down', target: { kind: 'service', service: 'shipping' }, lengthMs: null });
    script.order(9, 'o1');
    for (const step of ['createOrder', 'reserveStock', 'authorisePayment'])
      script.step(9.5, 'o1', step, 'completed');
    script.sent(10, 'order-1', 'shipping-1', 's1', { trace: 'trace-intent-o1' });
    script.failed(10.3, 'order-1', 'shipping-1', 's1', 'connection_refused', { trace: 'trace-intent-o1' });
    script.step(15, 'o1', 'createShipment', 'failed', { kind: 'gave-up' });
    script.write(
      { at: 15, by: 'order-1' },
      { type: 'saga.compensating', sagaId: 'saga-o1', orderId: 'o1', reason: 'gave up' },
    );
    for (const step of ['voidAuthorisation', 'releaseStock', 'rejectOrder'])
      script.step(16, 'o1', step, 'completed', { lane: 'compensation' });
    script.write(
      { at: 16, by: 'order-1' },
      { type: 'saga.compensated', sagaId: 'saga-o1', orderId: 'o1', reason: 'gave up' },
    );
    script.row(16, 'order-1', 'orders', 'o1', { orderId: 'o1', status: 'REJECTED' });
    const chain = whyIntent(script.projections, orderOf(script, 'o1'));
    expect(chain.headline).toBe('This order was undone');
    expect(chain.lines[0]?.text).toBe(
      'We could not ship within 6 s, so the payment was released, then the stock was released. Nothing was charged.',
    );
    expect(textOf(chain)).toContain('Your fault Down on Shipping (since 0:08) took Shipping away.');
  });

  it('tells a declined card from a fault', () => {
    const script = new Script();
    script.order(9, 'o1');
    script.step(9.5, 'o1', 'reserveStock', 'completed');
    script.step(10, 'o1', 'authorisePayment', 'failed', { kind: 'business', reason: 'declined' });
    script.write(
      { at: 10, by: 'order-1' },
      { type: 'saga.compensating', sagaId: 'saga-o1', orderId: 'o1', reason: 'declined' },
    );
    script.step(11, 'o1', 'releaseStock', 'completed', { lane: 'compensation' });
    const chain = whyIntent(script.projections, orderOf(script, 'o1'));
    expect(chain.lines[0]?.text).toBe(
      'The bank refused the card. That is an answer, not a fault: no retry, and the breaker does not count it.',
    );
    expect(chain.fault).toBeNull();
  });

  it('says who waited for whom when nobody broke anything', () => {
    const script = new Script();
    script.sent(1, 'gateway-1', 'order-1', 'outer');
    script.received(1.2, 'order-1', 'outer', { from: 'gateway' });
    script.sent(1.3, 'order-1', 'product-1', 'inner', { parent: 'outer' });
    script.got(1.95, 'order-1', 'product-1', 'inner');
    script.failed(2, 'gateway-1', 'order-1', 'outer');
    expect(textOf(whySpan(script.projections, spanOf(script, 'outer')))).toContain(
      'Order itself waited 650 ms for Product.',
    );
  });
});

describe('why did an order of the monolith end so?', () => {
  const MONOLITH = 'monolith-1';
  const PROVIDER = 'payment-provider-1';

  /** An order whose payment intent is recorded; `end` tells the rest of its story at 0:03. */
  function taken(script: Script): (intent: object, status: string, reason?: string) => void {
    const trace = 'trace-i1';
    script.intent(1, 'i1');
    const row = { orderId: 'o1', paymentId: 'p1', giveUpAtUs: 7_000_000, endedUs: null, failure: null };
    script.row(1, MONOLITH, 'payment-intents', 'o1', { ...row, state: 'authorising' }, trace);
    script.answer(1.5, 'i1', 'order', 'ok', { orderId: 'o1', status: 202 });
    return (intent, status, reason = '') => {
      script.row(3, MONOLITH, 'payment-intents', 'o1', { ...row, endedUs: 3, ...intent }, trace);
      script.row(3, MONOLITH, 'orders', 'o1', { orderId: 'o1', status, reason }, trace);
    };
  }

  const asked = (script: Script, at: number) =>
    script.sent(at, MONOLITH, PROVIDER, `p-${at}`, {
      trace: 'trace-i1',
      method: 'PUT',
      path: '/authorisations/p1',
    });

  it('under way, and confirmed', () => {
    const script = new Script();
    const end = taken(script);
    expect(whyIntent(script.projections, orderOf(script, 'o1')).headline).toBe('This order is under way');
    end({ state: 'completed' }, 'CONFIRMED');
    expect(whyIntent(script.projections, orderOf(script, 'o1')).headline).toBe('This order is confirmed');
  });

  it('waits for a provider that is down, then is undone: back to the fault', () => {
    const script = new Script();
    const down = { kind: 'down', target: { kind: 'service', service: 'payment-provider' }, lengthMs: null };
    script.fault(0.5, 'f1', down);
    const end = taken(script);
    asked(script, 2);
    script.failed(2, MONOLITH, PROVIDER, 'p-2', 'connection_refused', { trace: 'trace-i1' });
    expect(whyIntent(script.projections, orderOf(script, 'o1')).headline).toBe(
      'This order waits for Payment',
    );
    end({ state: 'undone', failure: 'gave-up' }, 'REJECTED', 'late');
    const chain = whyIntent(script.projections, orderOf(script, 'o1'));
    expect(chain.headline).toBe('This order was undone');
    expect(chain.fault?.faultId).toBe('f1');
    expect(textOf(chain)).toContain('nothing was stored. Nothing was charged.');
    expect(textOf(chain)).toContain('Monolith could not reach Payment');
  });

  it('refused: an answer, not a fault', () => {
    const script = new Script();
    taken(script)({ state: 'undone', failure: 'business', reason: 'Sold out' }, 'REJECTED', 'Sold out');
    const chain = whyIntent(script.projections, orderOf(script, 'o1'));
    expect(chain).toMatchObject({ headline: 'This order was refused', fault: null });
    expect(textOf(chain)).toContain('Sold out. That is an answer, not a fault.');
  });
});
