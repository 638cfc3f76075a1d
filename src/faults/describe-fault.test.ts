import { expect, it } from 'vitest';
import { describeFault, type Fault } from './index.ts';

const shipping = { kind: 'service', service: 'shipping' };

it.each([
  [
    { kind: 'slow', target: shipping, addMs: 2000, spreadShare: 0, share: 1, lengthMs: null },
    'Slow +2 s on Shipping, 100 % of calls',
  ],
  [
    {
      kind: 'slow',
      target: { kind: 'edge', from: 'order', to: 'payment-provider' },
      addMs: 300,
      spreadShare: 0.1,
      share: 0.5,
      lengthMs: 20_000,
    },
    'Slow +300 ms ±10 % on Order → Payment, 50 % of calls, for 20 s',
  ],
  [
    {
      kind: 'errors',
      target: { kind: 'instance', instance: 'product-2' },
      status: 503,
      share: 0.8,
      lengthMs: null,
    },
    'Errors 503 on product-2, 80 % of calls',
  ],
  [{ kind: 'down', target: shipping, lengthMs: 5500 }, 'Down: Shipping, for 5.5 s'],
  [
    { kind: 'down', target: { kind: 'edge', from: 'order', to: 'shipping' }, lengthMs: null },
    'Cut: Order → Shipping',
  ],
  [
    {
      kind: 'crash-at',
      instance: 'order-1',
      port: 'store',
      operation: 'order.create',
      nth: 2,
      when: 'after',
      restartAfterMs: 3000,
    },
    'Crash of order-1 after the transaction order.create, time 2, back after 3 s',
  ],
])('%j', (fault, text) => {
  expect(describeFault(fault as Fault)).toBe(text);
});
