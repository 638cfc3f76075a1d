import { describe, expect, it } from 'vitest';
import type { Json, RunEvent } from '../kernel/index.ts';
import { faultAt, faults } from './faults.ts';
import { Script } from './testing/script.ts';
import { whySpan } from './why.ts';
import { describeFault, faultWord, serviceOfTarget, targetWord } from './words.ts';

const onShipping = { kind: 'service', service: 'shipping' };
const onEdge = { kind: 'edge', from: 'order', to: 'shipping' };
const network = { kind: 'network' };

describe('the words for a fault', () => {
  it.each<[Json, string, string]>([
    [{ kind: 'slow', target: onShipping, addMs: 2000, share: 0.5 }, 'Shipping', 'Slow +2 s, 50 % of calls'],
    [{ kind: 'errors', target: onEdge, share: 0.8 }, 'Order → Shipping', 'Errors 80 %'],
    [{ kind: 'down', target: onShipping }, 'Shipping', 'Down'],
    [{ kind: 'down', target: onEdge }, 'Order → Shipping', 'Cut'],
    [{ kind: 'down', target: network }, 'the network', 'Cut'],
    [{ kind: 'loss', target: network, share: 0.1 }, 'the network', 'Loss 10 %'],
    [{ kind: 'latency', target: onEdge, meanMs: 50 }, 'Order → Shipping', 'Latency +50 ms'],
    [
      { kind: 'partition', instances: ['order-1', 'order-2'], others: null },
      'order-1, order-2 | all others',
      'Partition',
    ],
    [
      { kind: 'partition', instances: ['order-1'], others: ['shipping-1'] },
      'order-1 | shipping-1',
      'Partition',
    ],
    [{ kind: 'clog', target: onEdge }, 'Order → Shipping', 'Clogged'],
    [{ kind: 'reset', target: onEdge, share: 0.2 }, 'Order → Shipping', 'Resets 20 %'],
    [{ kind: 'duplicate', target: network, share: 0.2 }, 'the network', 'Duplicates 20 %'],
    [{ kind: 'store-errors', target: onShipping, share: 0.3 }, 'Shipping', 'Database errors 30 %'],
    [{ kind: 'store-slow', target: onShipping, addMs: 200, share: 1 }, 'Shipping', 'Database slow +200 ms'],
    [{ kind: 'crash-loop', target: { kind: 'instance', instance: 'order-1' } }, 'order-1', 'Crash loop'],
    [{ kind: 'crash-at', instance: 'order-1' }, 'order-1', 'Crash at a step'],
  ])('%j', (fault, where, what) => {
    const described = describeFault(fault);
    expect([targetWord(described.target), faultWord(described)]).toEqual([where, what]);
  });

  it('a fault is felt at one service, or at more than one', () => {
    const at = (fault: Json) => serviceOfTarget(describeFault(fault).target);
    expect(at({ kind: 'loss', target: onEdge })).toBe('shipping');
    expect(at({ kind: 'loss', target: network })).toBe(null);
    expect(at({ kind: 'partition', instances: ['order-1', 'order-2'], others: null })).toBe('order');
    expect(at({ kind: 'partition', instances: ['order-1', 'user-1'], others: null })).toBe(null);
  });
});

describe('which fault was felt in a call', () => {
  const at = (all: readonly Json[]) => {
    let state = faults.initial();
    all.forEach((fault, index) => {
      const event = { type: 'fault.started', faultId: `fault-${index + 1}`, fault, timeUs: index };
      state = faults.apply(state, event as unknown as RunEvent);
    });
    return (service: 'order' | 'shipping' | 'gateway' | 'user', from: 'order' | 'gateway' | 'customers') =>
      faultAt(state, service, from, 1_000_000)?.faultId ?? null;
  };

  it('one near it before one of the whole network, which customers do not meet', () => {
    const felt = at([
      { kind: 'down', target: onShipping },
      { kind: 'loss', target: network, share: 0.1 },
    ]);
    expect(felt('shipping', 'order')).toBe('fault-1');
    expect(felt('user', 'gateway')).toBe('fault-2');
    expect(felt('gateway', 'customers')).toBe(null);
  });

  it('a partition is felt by those whom it cuts off, whoever calls', () => {
    const felt = at([{ kind: 'partition', instances: ['order-1'], others: null }]);
    expect([felt('order', 'gateway'), felt('shipping', 'order'), felt('user', 'gateway')]).toEqual([
      'fault-1',
      'fault-1',
      null,
    ]);
  });
});

describe('what a fault did to a call', () => {
  const told = (fault: Record<string, unknown>, end: 'timeout' | 'connection_refused' | 503) => {
    const script = new Script();
    script.fault(1, 'f1', { ...fault, lengthMs: null });
    script.sent(2, 'order-1', 'shipping-1', 's1');
    script.write(
      { at: 2.1, by: 'run-1', trace: 't1', span: 's1' },
      {
        type: 'fault.injected',
        faultId: 'f1' as never,
        kind: String(fault['kind']),
        target: '*',
        effect: '',
        delayMs: null,
      },
    );
    if (end === 503) {
      script.answered(2.5, 'shipping-1', 's1', 503, { problem: 'Database failed' });
      script.got(2.8, 'order-1', 'shipping-1', 's1', 503);
    } else script.failed(3, 'order-1', 'shipping-1', 's1', end);
    const span = script.projections.traces.spanById.get('s1');
    if (span === undefined) throw new Error('no span');
    return whySpan(script.projections, span).lines.map(({ text }) => text)[1];
  };
  const share = { share: 0.1 };
  it.each([
    [
      { kind: 'loss', target: network, ...share },
      'timeout',
      'Loss 10 % on the network (since 0:01) lost the request, or its answer.',
    ],
    [{ kind: 'clog', target: network }, 'timeout', 'Clogged on the network (since 0:01) held it on the way.'],
    [
      { kind: 'partition', instances: ['order-1'], others: null },
      'timeout',
      'Partition on order-1 | all others (since 0:01) let nothing through to Shipping.',
    ],
    [
      { kind: 'latency', target: network, meanMs: 50 },
      'timeout',
      'Latency +50 ms on the network (since 0:01) is why.',
    ],
    [
      { kind: 'reset', target: network, ...share },
      'connection_refused',
      'Resets 10 % on the network (since 0:01) broke the connection.',
    ],
    [
      { kind: 'crash-loop', target: onShipping },
      'connection_refused',
      'Crash loop on Shipping (since 0:01) took Shipping away.',
    ],
    [
      { kind: 'store-errors', target: onShipping, ...share },
      503,
      'Database errors 10 % on Shipping (since 0:01) failed Shipping’s transaction.',
    ],
  ] as const)('%j', (fault, end, text) => {
    expect(told(fault, end)).toBe(`Your fault ${text}`);
  });
});
