import { describe, expect, it } from 'vitest';
import { COMPOSITION_NAMES } from '../compositions/index.ts';
import { LabRun } from '../hosts/virtual/index.ts';
import { callId, type EventDraft, faultId, instanceId, spanIdFor, traceIdFor } from '../kernel/index.ts';
import { classroom } from '../setups/index.ts';
import { found, LogBuilder } from './testing/log-builder.ts';
import { order } from './testing/shop-rows.ts';

const ADA = 'ada@example.org';
const inTrace = (name: string) => ({ traceId: traceIdFor(name), spanId: spanIdFor(name) });
const started = (intentId: string, customer = ADA): EventDraft => ({
  type: 'intent.started',
  intentId,
  kind: 'order',
  customer,
});
const answered = (intentId: string): EventDraft => ({
  type: 'intent.answered',
  intentId,
  kind: 'order',
  outcome: 'ok',
  status: 202,
  orderId: 'o1',
  reason: null,
});

/** Somebody is told of an order. */
const told = () =>
  new LogBuilder()
    .add('customers', started('i1'), inTrace('i1'))
    .commit('order', { 'orders/o1': order('APPROVAL_PENDING') })
    .add('customers', answered('i1'), inTrace('i1'));

const CALL = {
  callId: callId('c1'),
  attempt: 1,
  to: 'gateway',
  toInstance: instanceId('gateway', 1),
  plane: 'data',
} as const;
const asks = (log: LogBuilder, orderId = 'o1', customer = ADA) =>
  log.add('customers', { ...started('i2', customer), kind: 'status' } as EventDraft, inTrace('i2')).add(
    'customers',
    {
      type: 'request.sent',
      ...CALL,
      method: 'GET',
      path: `/orders/${orderId}`,
      timeoutMs: null,
      deadlineUs: null,
    },
    inTrace('i2'),
  );
const hears = (log: LogBuilder, status: number) =>
  log.add('customers', { type: 'response.received', ...CALL, status, durationMs: 1 }, inTrace('i2'));

describe('INV-10 read your writes', () => {
  it('holds for a customer who finds the order, or hears nothing of it', () => {
    expect(found('INV-10', hears(asks(told()), 200))).toEqual([]);
    expect(found('INV-10', hears(asks(told()), 503))).toEqual([]);
    expect(found('INV-10', hears(asks(told(), 'o2'), 404))).toEqual([]);
  });

  it('holds for who is nobody to know, and for who asked before', () => {
    expect(found('INV-10', hears(asks(told(), 'o1', 'ben@example.org'), 404))).toEqual([]);
    const early = asks(new LogBuilder())
      .add('customers', started('i1'), inTrace('i1'))
      .commit('order', { 'orders/o1': order('APPROVAL_PENDING') })
      .add('customers', answered('i1'), inTrace('i1'));
    expect(found('INV-10', hears(early, 404))).toEqual([]);
  });

  it('holds where a fault says 404 in the shop’s place', () => {
    const injected: EventDraft = {
      type: 'fault.injected',
      faultId: faultId('fault-1'),
      kind: 'errors',
      target: 'gateway->order',
      effect: 'answered 404',
      delayMs: null,
    };
    const onTheWay = asks(told()).add('run', injected, {
      traceId: traceIdFor('i2'),
      spanId: spanIdFor('hop'),
    });
    expect(found('INV-10', hears(onTheWay, 404))).toEqual([]);
  });

  it('finds RYW-1: the order is denied afterwards', () => {
    expect(found('INV-10', hears(asks(told()), 404))).toEqual([
      'order o1 was taken, then its customer is told that there is none',
    ]);
  });

  it('finds RYW-1: an answer without an order', () => {
    const log = new LogBuilder()
      .add('customers', started('i1'), inTrace('i1'))
      .add('customers', answered('i1'), inTrace('i1'));
    expect(found('INV-10', log)).toEqual(['the customer was told of order o1, which is not stored']);
    const intent = new LogBuilder()
      .commit('monolith', { 'payment-intents/o1': { orderId: 'o1' } })
      .add('customers', answered('i1'), inTrace('i1'));
    expect(found('INV-10', intent)).toEqual([]);
  });

  it('RYW-2: a cart is stored before its PUT is answered', () => {
    const put: EventDraft = {
      type: 'response.sent',
      operation: 'PUT /cart',
      status: 200,
      durationMs: 1,
      plane: 'data',
      slotsUsed: 0,
      queued: 0,
      problem: null,
    };
    const stored = new LogBuilder()
      .commit('order', { 'carts/c1': { customerId: 'c1', lines: [] } }, inTrace('i1'))
      .add('order', put, inTrace('i1'));
    expect(found('INV-10', stored)).toEqual([]);
    expect(found('INV-10', new LogBuilder().add('order', put, inTrace('i1')))).toEqual([
      'PUT /cart was answered 200, and no cart is stored',
    ]);
    const refused = new LogBuilder().add('order', { ...put, status: 422 } as EventDraft, inTrace('i1'));
    expect(found('INV-10', refused)).toEqual([]);
  });
});

describe.each(COMPOSITION_NAMES)('the shop as %s', (composition) => {
  it('RYW-1, RYW-2: gives an order and a cart as soon as they are answered', {
    timeout: 60_000,
  }, async () => {
    const settings = { ...classroom.settings, load: { ...classroom.settings.load, running: false } };
    const setup = { ...classroom, settings, composition };
    const run = await LabRun.create({ setup, seed: 7, turn: (next) => setImmediate(next) });
    await run.advanceTo(5000);
    const asked = async (command: unknown) => {
      const result = await run.command(command);
      if (!result.ok) throw new Error(result.error.message);
      return result.value as { readonly orderId?: string; readonly status: number; readonly body: unknown };
    };
    const send = async (method: string, path: string, body?: unknown) =>
      await asked({
        type: 'request.send',
        as: 'customer',
        method,
        path,
        ...(body === undefined ? {} : { body }),
      });

    const { orderId } = await asked({ type: 'order.place' });
    expect(await send('GET', `/orders/${orderId}`)).toMatchObject({ status: 200, body: { orderId } });
    const cart = { lines: [{ sku: 'games-01', quantity: 2 }] };
    expect(await send('PUT', '/cart', cart)).toMatchObject({ status: 200 });
    expect(await send('GET', '/cart')).toMatchObject({ status: 200, body: cart });
  });
});
