import { describe, expect, it } from 'vitest';
import { callId, instanceId, spanIdFor, traceIdFor } from '../kernel/index.ts';
import { found } from './testing/log-builder.ts';
import { compensated, completed, STEPS, saga } from './testing/shop-rows.ts';

const undoneAfter = (...words: string[]) => saga(...words).add('order', compensated);

describe('INV-4 saga lanes', () => {
  it.each([
    ['all steps done', saga(...STEPS).add('order', completed)],
    [
      'a refusal',
      undoneAfter(
        'createOrder',
        'reserveStock',
        '-authorisePayment',
        'undo:releaseStock',
        'undo:rejectOrder',
      ),
    ],
    [
      'an unknown outcome',
      undoneAfter(
        'createOrder',
        'reserveStock',
        '+authorisePayment',
        'undo:voidAuthorisation',
        'undo:releaseStock',
        'undo:rejectOrder',
      ),
    ],
    [
      'a refused pivot',
      undoneAfter(
        ...STEPS.slice(0, 4),
        '-capturePayment',
        'undo:cancelShipment',
        'undo:voidAuthorisation',
        'undo:releaseStock',
        'undo:rejectOrder',
      ),
    ],
  ])('holds for %s', (_, log) => {
    expect(found('INV-4', log)).toEqual([]);
  });

  /** How a request of an attempt ended. */
  type End = 'refused' | 'reset' | 'held back' | 'under way' | 'no' | 'failed';
  const PRODUCT = { to: 'product', plane: 'data' } as const;
  const MESSAGE = { method: 'PUT', path: '/reservations/o1' } as const;

  /** Attempts of reserveStock, each in a span of its own, with how each of its requests ended; then the order is undone without a release. */
  const attempts = (failed: 'business' | 'gave-up' | null, ...all: readonly (readonly End[])[]) => {
    const log = saga('createOrder');
    const step = { sagaId: 's1', orderId: 'o1', step: 'reserveStock', lane: 'forward' } as const;
    all.forEach((ends, index) => {
      const span = { traceId: traceIdFor('t'), spanId: spanIdFor(`attempt ${index}`) };
      log.add('order', { type: 'saga.step.started', ...step, attempt: index + 1 }, span);
      ends.forEach((end, number) => {
        const id = callId(`c${index}.${number}`);
        if (end === 'held back') {
          const why = { by: 'circuit-breaker', detail: 'it is open' } as const;
          log.add('order', { type: 'call.rejected', callId: id, ...PRODUCT, ...MESSAGE, ...why }, span);
          return;
        }
        const sent = { traceId: span.traceId, spanId: spanIdFor(id), parentSpanId: span.spanId };
        const call = { callId: id, ...PRODUCT, attempt: 1, toInstance: instanceId('product', 1) };
        const limits = { timeoutMs: null, deadlineUs: null };
        log.add('order', { type: 'request.sent', ...call, ...MESSAGE, ...limits }, sent);
        if (end === 'under way') return;
        if (end === 'no' || end === 'failed') {
          const status = end === 'no' ? 409 : 503;
          log.add('order', { type: 'response.received', ...call, status, durationMs: 1 }, sent);
          return;
        }
        const error = end === 'refused' ? 'connection_refused' : 'connection_reset';
        log.add('order', { type: 'request.failed', ...call, error, detail: '', durationMs: 1 }, sent);
      });
    });
    if (failed !== null) {
      const failure = { attempt: all.length, reason: 'no', kind: failed } as const;
      log.add('order', { type: 'saga.step.failed', ...step, ...failure });
    }
    const undone = { sagaId: 's1', orderId: 'o1', step: 'rejectOrder', lane: 'compensation' } as const;
    return log
      .add('order', { type: 'saga.step.started', ...undone, attempt: 1 })
      .add('order', { type: 'saga.step.completed', ...undone, attempt: 1 })
      .add('order', compensated);
  };
  const NOT_RELEASED = ['order o1 was undone without releaseStock, though reserveStock may have been done'];

  it.each([
    ['its connection was refused', attempts(null, ['refused'])],
    ['it was held back', attempts(null, ['held back'])],
    ['all its attempts', attempts(null, ['refused', 'refused'], ['held back'])],
    ['it was refused', attempts('business', ['no'])],
    [
      'it was refused after attempts that never arrived',
      attempts('business', ['refused'], ['held back'], ['refused', 'no']),
    ],
  ])('leaves alone a step that did nothing: %s', (_, log) => {
    expect(found('INV-4', log)).toEqual([]);
  });

  it.each([
    ['its connection was reset', attempts(null, ['reset'])],
    ['it is under way', attempts(null, ['under way'])],
    ['a crash cut it off', attempts(null, [])],
    ['the second attempt', attempts(null, ['refused'], ['reset'], ['held back'])],
    ['the second request of an attempt', attempts(null, ['refused', 'reset'])],
    ['it was refused, after a reset', attempts('business', ['reset', 'no'])],
    ['it was refused, after an attempt without an answer', attempts('business', ['under way'], ['no'])],
    ['it was refused, after one that a crash cut off', attempts('business', [], ['no'])],
    ['it was given up after a "no" that was none of its own', attempts('gave-up', ['no'])],
    ['it was refused, after a 503', attempts('business', ['failed'], ['held back', 'no'])],
  ])('finds one that may have been done: %s', (_, log) => {
    expect(found('INV-4', log)).toEqual(NOT_RELEASED);
  });

  it('holds for a compensation that is tried again after a later one began', () => {
    const log = saga('createOrder', 'reserveStock', 'authorisePayment', '-createShipment');
    const attempt = (step: string, number: number) => {
      const about = { sagaId: 's1', orderId: 'o1', step, lane: 'compensation', attempt: number } as const;
      log.add('order', { type: 'saga.step.started', ...about });
      return about;
    };
    attempt('voidAuthorisation', 1);
    const released = attempt('releaseStock', 1);
    log.add('order', { type: 'saga.step.completed', ...released });
    const voided = attempt('voidAuthorisation', 2);
    log.add('order', { type: 'saga.step.completed', ...voided });
    const rejected = attempt('rejectOrder', 1);
    log.add('order', { type: 'saga.step.completed', ...rejected }).add('order', compensated);
    expect(found('INV-4', log)).toEqual([]);
  });

  it('finds a step of a saga that never began', () => {
    const about = { sagaId: 's9', orderId: 'o9', step: 'reserveStock', lane: 'forward', attempt: 1 } as const;
    const log = saga('createOrder').add('order', { type: 'saga.step.started', ...about });
    expect(found('INV-4', log.add('order', { ...compensated, sagaId: 's9' }))).toEqual([
      'a step of an unknown saga s9',
    ]);
  });

  it.each([
    [
      'a done step that is not undone',
      undoneAfter('createOrder', 'reserveStock', '-authorisePayment', 'undo:rejectOrder'),
      'order o1 was undone without releaseStock, though reserveStock was done',
    ],
    [
      'compensations in the wrong order',
      saga('createOrder', 'reserveStock', '-authorisePayment', 'undo:rejectOrder', 'undo:releaseStock'),
      'order o1: releaseStock began after rejectOrder, out of order',
    ],
    [
      'a missing step',
      saga(...STEPS.slice(0, -1)).add('order', completed),
      'order o1 is completed without confirmOrder',
    ],
    [
      'undoing after the pivot was done',
      saga(...STEPS.slice(0, 5), 'undo:cancelShipment'),
      'order o1: cancelShipment began after the pivot was done',
    ],
    [
      'undoing after the pivot was sent',
      saga(...STEPS.slice(0, 4), '+capturePayment', 'undo:cancelShipment'),
      'order o1: cancelShipment began after the pivot was sent',
    ],
    [
      'a step too early',
      saga('createOrder', 'authorisePayment'),
      'order o1: authorisePayment began before reserveStock was done',
    ],
    [
      'going on while undoing',
      saga('createOrder', 'reserveStock', 'undo:releaseStock', 'authorisePayment'),
      'order o1: authorisePayment began while it was being undone',
    ],
  ])('finds %s', (_, log, message) => {
    expect(found('INV-4', log)).toContain(message);
  });
});
