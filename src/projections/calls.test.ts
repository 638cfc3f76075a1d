import { describe, expect, it } from 'vitest';
import { Script } from './testing/script.ts';

const call = (script: Script, id: string) => script.projections.calls.byId.get(id);

describe('a call in flight', () => {
  it('goes out, is received, answered, and comes back', () => {
    const script = new Script();
    script.sent(1, 'order-1', 'shipping-1', 's1');
    expect(call(script, 's1')).toMatchObject({
      from: 'order',
      to: 'shipping',
      end: 'pending',
      sentUs: 1_000_000,
      receivedUs: null,
    });
    script.received(1.25, 'shipping-1', 's1');
    script.answered(1.4, 'shipping-1', 's1');
    expect(call(script, 's1')).toMatchObject({
      receivedUs: 1_250_000,
      answeredUs: 1_400_000,
      status: 200,
      end: 'pending',
    });
    script.got(1.65, 'order-1', 'shipping-1', 's1');
    expect(call(script, 's1')).toMatchObject({ end: 'ok', endedUs: 1_650_000 });
  });

  it.each([
    [402, 'refused'],
    [503, 'failed'],
  ])('ends a %i as %s', (status, end) => {
    const script = new Script();
    script.sent(1, 'order-1', 'payment-provider-1', 's1');
    script.got(2, 'order-1', 'payment-provider-1', 's1', status);
    expect(call(script, 's1')?.end).toBe(end);
  });

  it('tells a timeout from a refused connection', () => {
    const script = new Script();
    script.sent(1, 'order-1', 'shipping-1', 's1');
    script.failed(2, 'order-1', 'shipping-1', 's1', 'timeout');
    script.sent(1, 'order-1', 'shipping-1', 's2');
    script.failed(2, 'order-1', 'shipping-1', 's2', 'connection_refused');
    expect([call(script, 's1')?.end, call(script, 's2')?.end]).toEqual(['timeout', 'lost']);
  });

  it('is a probe when its caller’s breaker was half-open', () => {
    const script = new Script();
    script.breaker(1, 'order-1', 'shipping', 'OPEN', 'HALF_OPEN');
    script.sent(2, 'order-1', 'shipping-1', 's1');
    script.sent(2, 'order-2', 'shipping-1', 's2');
    expect([call(script, 's1')?.probe, call(script, 's2')?.probe]).toEqual([true, false]);
  });

  it('shows a call that the breaker turned back', () => {
    const script = new Script();
    script.write(
      { at: 1, by: 'order-1', trace: 't1' },
      {
        type: 'call.rejected',
        callId: 'c1' as never,
        to: 'shipping',
        method: 'PUT',
        path: '/x',
        plane: 'data',
        by: 'circuit-breaker',
        detail: 'open',
      },
    );
    expect([...script.projections.calls.byId.values()][0]).toMatchObject({
      end: 'rejected',
      rejectedBy: 'circuit-breaker',
    });
  });

  it('takes a delay on the edge into account, on the way out and on the way back', () => {
    const script = new Script();
    const sent = script.sent(1, 'order-1', 'shipping-1', 's1');
    const delay = {
      type: 'fault.injected',
      faultId: 'f1' as never,
      kind: 'slow',
      target: 'order->shipping',
      effect: 'delay',
      delayMs: 2000,
    } as const;
    script.write({ at: 1, by: 'order-1', cause: sent }, delay);
    const answered = script.answered(4, 'shipping-1', 's1');
    script.write({ at: 4, by: 'order-1', cause: answered }, { ...delay, delayMs: 500 });
    expect(call(script, 's1')).toMatchObject({ outDelayMs: 2000, backDelayMs: 500 });
  });

  it('ends with its caller', () => {
    const script = new Script();
    script.sent(1, 'order-1', 'shipping-1', 's1');
    script.write({ at: 2, by: 'order-1' }, { type: 'instance.crashed', reason: 'by hand', faultId: null });
    expect(call(script, 's1')?.end).toBe('lost');
  });

  it('forgets what has ended a while ago', () => {
    const script = new Script();
    script.sent(1, 'order-1', 'shipping-1', 's1');
    script.got(2, 'order-1', 'shipping-1', 's1');
    script.sent(10, 'order-1', 'shipping-1', 's2');
    expect([...script.projections.calls.byId.keys()]).toEqual(['s2']);
  });
});
