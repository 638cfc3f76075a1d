import { describe, expect, it } from 'vitest';
import type { CallId, InstanceId, SpanId, TraceId } from '../kernel/index.ts';
import { found, LogBuilder } from './testing/log-builder.ts';

const at = (traceId: string, spanId: string, parentSpanId: string | null = null) => ({
  traceId: traceId as TraceId,
  spanId: spanId as SpanId,
  parentSpanId: parentSpanId as SpanId | null,
});
const sent = {
  type: 'request.sent',
  callId: 'c' as CallId,
  attempt: 1,
  to: 'order',
  toInstance: 'order-1' as InstanceId,
  method: 'GET',
  path: '/',
  plane: 'data',
  timeoutMs: null,
  deadlineUs: null,
} as const;
const logged = { type: 'service.logged', level: 'info', message: '', data: null } as const;

describe('INV-6 traces', () => {
  it('holds for a tree whose callees do not name their parent, and for events without a trace', () => {
    const log = new LogBuilder()
      .add('gateway', logged, at('t', 'a'))
      .add('gateway', sent, at('t', 'b', 'a'))
      .add('order', logged, at('t', 'b'))
      .add('order', sent, at('t', 'c', 'b'))
      .add('run', logged);
    expect(found('INV-6', log)).toEqual([]);
  });

  it('finds a request that has its answer and then times out', () => {
    const about = {
      callId: 'c' as CallId,
      attempt: 1,
      to: 'order',
      toInstance: 'order-1' as InstanceId,
    } as const;
    const more = { durationMs: 1, plane: 'data' } as const;
    const log = new LogBuilder()
      .add('gateway', sent, at('t', 'a'))
      .add('gateway', { type: 'response.received', status: 200, ...about, ...more }, at('t', 'a'));
    expect(found('INV-6', log)).toEqual([]);
    log.add(
      'gateway',
      { type: 'request.failed', error: 'timeout', detail: '', ...about, ...more },
      at('t', 'a'),
    );
    expect(found('INV-6', log)).toEqual(['the request of span a ended twice']);
  });

  it('holds when a span shows before its parent does', () => {
    const log = new LogBuilder().add('order', sent, at('t', 'b', 'a')).add('gateway', logged, at('t', 'a'));
    expect(found('INV-6', log)).toEqual([]);
  });

  it.each([
    [
      'two roots',
      new LogBuilder().add('gateway', logged, at('t', 'a')).add('order', logged, at('t', 'b')),
      'trace t has two roots',
    ],
    [
      'an orphan',
      new LogBuilder().add('gateway', logged, at('t', 'a')).add('order', logged, at('t', 'b', 'x')),
      'span b is an orphan: its trace knows nothing of its parent x',
    ],
    [
      'a parent in another trace',
      new LogBuilder()
        .add('gateway', logged, at('t', 'a'))
        .add('gateway', logged, at('u', 'x'))
        .add('order', logged, at('t', 'b', 'x')),
      'span b is an orphan: its trace knows nothing of its parent x',
    ],
    [
      'two parents',
      new LogBuilder()
        .add('order', logged, at('t', 'a'))
        .add('order', logged, at('t', 'c', 'a'))
        .add('order', sent, at('t', 'b', 'a'))
        .add('order', sent, at('t', 'b', 'c')),
      'span b has two parents',
    ],
    [
      'a span in two traces',
      new LogBuilder().add('order', logged, at('t', 'a')).add('order', logged, at('u', 'a')),
      'span a is in two traces',
    ],
    [
      'a circle',
      new LogBuilder().add('order', logged, at('t', 'a', 'b')).add('order', logged, at('t', 'b', 'a')),
      'trace t has no root',
    ],
    [
      'a span without a trace',
      new LogBuilder().add('order', logged, { spanId: 'a' as SpanId }),
      'an event has a span but no trace',
    ],
  ])('finds %s', (_, log, message) => {
    expect(found('INV-6', log)).toEqual([message]);
  });
});
