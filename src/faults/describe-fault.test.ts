import { expect, it } from 'vitest';
import { describeFault, type Fault } from './index.ts';

const shipping = { kind: 'service', service: 'shipping' };
const edge = { kind: 'edge', from: 'order', to: 'shipping' };
const network = { kind: 'network' };

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
  [{ kind: 'down', target: network, lengthMs: 1000 }, 'Cut: every edge, for 1 s'],
  [
    { kind: 'loss', target: network, way: 'both', share: 0.3, lengthMs: 2000 },
    'Loss of 30 % of requests and answers on every edge, for 2 s',
  ],
  [
    { kind: 'loss', target: edge, way: 'response', share: 0.05, lengthMs: null },
    'Loss of 5 % of answers on Order → Shipping',
  ],
  [
    { kind: 'latency', target: edge, meanMs: 50, lengthMs: null },
    'Latency +50 ms each way on Order → Shipping',
  ],
  [
    { kind: 'partition', instances: ['order-1', 'order-2'], others: null, way: 'out', lengthMs: 5000 },
    'Partition: order-1, order-2 | all others, what they send is lost, for 5 s',
  ],
  [
    { kind: 'partition', instances: ['order-1'], others: ['shipping-1'], way: 'both', lengthMs: null },
    'Partition: order-1 | shipping-1, nothing passes',
  ],
  [{ kind: 'clog', target: edge, extraMs: 0, lengthMs: 3000 }, 'Clogged: Order → Shipping, for 3 s'],
  [
    { kind: 'reset', target: edge, when: 'after', share: 0.1, lengthMs: null },
    'Reset after the callee acts on Order → Shipping, 10 % of calls',
  ],
  [
    { kind: 'duplicate', target: edge, share: 0.1, withinMs: 50, lengthMs: null },
    'Delivered twice on Order → Shipping, 10 % of calls that may be',
  ],
  [
    { kind: 'store-errors', target: shipping, at: 'commit', error: 'read-only', share: 1, lengthMs: null },
    'Database read-only at commit on Shipping, 100 % of transactions',
  ],
  [
    { kind: 'store-slow', target: shipping, addMs: 1500, share: 0.2, lengthMs: null },
    'Database slow +1.5 s on Shipping, 20 % of transactions',
  ],
  [
    { kind: 'crash-loop', target: shipping, meanUpMs: 5000, restartAfterMs: 500, lengthMs: 60_000 },
    'Crash loop of Shipping: up 5 s on average, down 500 ms, for 60 s',
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
