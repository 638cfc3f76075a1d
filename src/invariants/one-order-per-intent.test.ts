import { describe, expect, it } from 'vitest';
import { type EventDraft, faultId, spanIdFor, traceIdFor } from '../kernel/index.ts';
import { found, LogBuilder } from './testing/log-builder.ts';
import { order } from './testing/shop-rows.ts';

const inTrace = (name: string) => ({ traceId: traceIdFor(name), spanId: spanIdFor(name) });
const answered = (status: number): EventDraft => ({
  type: 'response.sent',
  operation: 'POST /orders',
  status,
  durationMs: 1,
  plane: 'data',
  slotsUsed: 0,
  queued: 0,
  problem: null,
});
const placed = () =>
  new LogBuilder().commit('order', { 'orders/o1': order('APPROVAL_PENDING') }, inTrace('a'));

describe('INV-17 one order per intent', () => {
  it('holds for orders of two intents, for one that is answered twice, and for a "no" without an order', () => {
    const log = placed()
      .add('order', answered(202), inTrace('a'))
      .add('order', answered(202), inTrace('a'))
      .commit('order', { 'orders/o1': order('CONFIRMED') }, inTrace('a'))
      .commit('order', { 'orders/o2': order('APPROVAL_PENDING') }, inTrace('b'))
      .add('order', answered(422), inTrace('c'));
    expect(found('INV-17', log)).toEqual([]);
  });

  it('holds for a "not now" to a repetition, and for the intent of the monolith that becomes an order', () => {
    expect(found('INV-17', placed().add('order', answered(503), inTrace('a')))).toEqual([]);
    const monolith = new LogBuilder()
      .commit('monolith', { 'payment-intents/o1': { orderId: 'o1' } }, inTrace('a'))
      .commit('monolith', { 'orders/o1': order('APPROVAL_PENDING') }, inTrace('a'));
    expect(found('INV-17', monolith)).toEqual([]);
  });

  it('finds two orders of one intent', () => {
    const twice = placed().commit('order', { 'orders/o2': order('APPROVAL_PENDING') }, inTrace('a'));
    expect(found('INV-17', twice)).toEqual(['one intent made the orders o1 and o2']);
  });

  it('finds an order that was taken and then refused', () => {
    expect(found('INV-17', placed().add('order', answered(409), inTrace('a')))).toEqual([
      'order o1 was taken, then answered 409',
    ]);
  });

  it('holds where a fault says "no" in the service’s place, and only there', () => {
    const injected = (kind: string): EventDraft => ({
      type: 'fault.injected',
      faultId: faultId('fault-1'),
      kind,
      target: 'order',
      effect: 'answered 409',
      delayMs: null,
    });
    const after = (kind: string) => {
      const log = placed().add('order', injected(kind), inTrace('a'));
      const cause = log.events.at(-1)?.id ?? null;
      return log.add('order', answered(409), { ...inTrace('a'), cause });
    };
    expect(found('INV-17', after('errors'))).toEqual([]);
    const own = ['order o1 was taken, then answered 409'];
    expect(found('INV-17', after('slow')), 'held at the door, then answered by itself').toEqual(own);
    expect(found('INV-17', after('errors').add('order', answered(409), inTrace('a')))).toEqual(own);
  });

  const ordering = (lines: readonly { readonly sku: string; readonly quantity: number }[]) =>
    new LogBuilder()
      .add('customers', {
        type: 'intent.started',
        intentId: 'hand-order-2',
        kind: 'order',
        customer: 'ada',
        lines,
      })
      .commit('order', {
        'orders/o1': { orderId: 'o1', lines: [{ sku: 'TEA', quantity: 2 }] },
      })
      .add('customers', {
        type: 'intent.answered',
        intentId: 'hand-order-2',
        kind: 'order',
        outcome: 'ok',
        status: 202,
        orderId: 'o1',
        reason: null,
      });

  it('IDEM-1: holds for a repetition of the same lines, finds the answer to another order', () => {
    const twoLines = [
      { sku: 'TEA', quantity: 1 },
      { sku: 'TEA', quantity: 1 },
    ];
    expect(found('INV-17', ordering(twoLines))).toEqual([]);
    expect(found('INV-17', ordering([{ sku: 'MUG', quantity: 2 }]))).toEqual([
      'hand-order-2 wanted 2 MUG and was told of order o1 of 2 TEA',
    ]);
  });
});
