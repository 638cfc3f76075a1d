import { describe, expect, it, vi } from 'vitest';
import { type InstanceId, instanceId, problemResponse } from '../../kernel/index.ts';
import { sagaTable } from '../../patterns/index.ts';
import { authorisationsTable } from '../payment-provider/tables.ts';
import { reservationsTable } from '../product/tables.ts';
import { shipmentsTable } from '../shipping/tables.ts';
import { openShop, SKU, stockOf, type TestShop, wrongs } from './testing/test-shop.ts';

// Whole services on one clock: seconds of real time when the machine is busy.
vi.setConfig({ testTimeout: 30000 });

const PRODUCT = instanceId('product', 1);
const SHIPPING = instanceId('shipping', 1);

const FORWARD = [
  'createOrder',
  'reserveStock',
  'authorisePayment',
  'createShipment',
  'capturePayment',
  'commitReservation',
  'dispatchShipment',
  'confirmOrder',
];

const done = (...steps: string[]) =>
  steps.flatMap((step) => [`step.started ${step}`, `step.completed ${step}`]);

const downFor = (shop: TestShop, instance: InstanceId, durationMs: number) => {
  shop.world.crash(instance);
  shop.world.after(durationMs, () => shop.world.restart(instance));
};

/** As an `errors` fault answers in a service's place. */
const injected = (status: number) =>
  problemResponse({ type: 'https://bulkhead.dev/problems/injected-fault', title: 'Injected fault', status });

const authorised = async (shop: TestShop, name: string) => ({
  authorization: `Bearer ${await shop.token(name)}`,
});

describe('the order saga', () => {
  it('SAGA-1: goes through all steps in order, and the parcel arrives', async () => {
    const shop = await openShop();
    const stock = stockOf(shop);
    const orderId = await shop.place();
    await shop.settle();
    expect(shop.types(orderId)).toEqual(['started', ...done(...FORWARD), 'completed']);
    expect(shop.row(orderId).status).toBe('CONFIRMED');
    expect(wrongs(shop, stock)).toEqual([]);
    await shop.world.runFor(10_000);
    expect(shop.row(orderId).delivery?.status).toBe('delivered');
    expect(shop.row(orderId).delivery?.history.map((entry) => entry.status)).toEqual([
      'held',
      'dispatched',
      'in-transit',
      'delivered',
    ]);
    const parcel = await shop.world.ask(SHIPPING, {
      method: 'GET',
      path: `/shipments/${orderId}`,
      headers: await authorised(shop, 'ada'),
    });
    expect(parcel.body).toMatchObject({ status: 'delivered', orderStatus: 'CONFIRMED' });
  });

  it('all of an order is one trace, with the saga and its steps as spans', async () => {
    const shop = await openShop();
    const orderId = await shop.place();
    await shop.settle();
    await shop.world.runFor(10_000);
    const [started] = shop.world.eventsOf('saga.started');
    const trace = started?.traceId;
    expect(trace).not.toBeNull();
    const services = new Set(
      shop.world.events.filter((event) => event.traceId === trace).map((event) => event.service),
    );
    expect([...services].sort()).toEqual(['broker', 'order', 'payment-provider', 'product', 'shipping']);
    for (const event of [
      ...shop.world.eventsOf('saga.step.started'),
      ...shop.world.eventsOf('message.consumed'),
    ]) {
      expect(event.traceId).toBe(trace);
    }
    const [, reserve] = shop.world.eventsOf('saga.step.started');
    expect(reserve).toMatchObject({ step: 'reserveStock', parentSpanId: started?.spanId });
    expect(orderId).toMatch(/^ord-[0-9a-f]{12}$/);
  });

  it('SAGA-2: a business failure before the pivot compensates at once: declined card', async () => {
    const shop = await openShop();
    const stock = stockOf(shop);
    const orderId = await shop.place({ cardToken: 'tok_declined' });
    await shop.settle();
    expect(shop.types(orderId)).toEqual([
      'started',
      ...done('createOrder', 'reserveStock'),
      'step.started authorisePayment',
      'step.failed authorisePayment',
      'compensating',
      ...done('releaseStock', 'rejectOrder'),
      'compensated',
    ]);
    expect(shop.row(orderId)).toMatchObject({ status: 'REJECTED' });
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('SAGA-2: a business failure before the pivot compensates at once: out of stock, nothing to undo', async () => {
    const shop = await openShop();
    await shop.world.ask(PRODUCT, {
      method: 'PUT',
      path: `/products/${SKU}/stock`,
      headers: await authorised(shop, 'admin'),
      body: { stock: 1 },
    });
    const stock = stockOf(shop);
    const orderId = await shop.place({ lines: [{ sku: SKU, quantity: 2 }] });
    await shop.settle();
    expect(shop.types(orderId)).toEqual([
      'started',
      ...done('createOrder'),
      'step.started reserveStock',
      'step.failed reserveStock',
      'compensating',
      ...done('rejectOrder'),
      'compensated',
    ]);
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('SAGA-2: a country that we do not deliver to voids and releases', async () => {
    const shop = await openShop();
    const stock = stockOf(shop);
    const orderId = await shop.place({ country: 'AQ' });
    await shop.settle();
    expect(shop.row(orderId)).toMatchObject({
      status: 'REJECTED',
      history: [{}, { reason: 'We do not deliver to AQ.' }],
    });
    expect(shop.types(orderId).filter((type) => type.startsWith('step.started'))).toEqual([
      'step.started createOrder',
      'step.started reserveStock',
      'step.started authorisePayment',
      'step.started createShipment',
      'step.started voidAuthorisation',
      'step.started releaseStock',
      'step.started rejectOrder',
    ]);
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('SAGA-3, SAGA-4: Shipping down past the give-up time: a refused connection leaves nothing to cancel; voided, released and rejected while it is down', async () => {
    const shop = await openShop();
    const stock = stockOf(shop);
    shop.world.crash(SHIPPING);
    const orderId = await shop.place();
    const startedUs = shop.row(orderId).placedUs;
    await shop.world.runFor(15_000);
    const [compensating] = shop.world.eventsOf('saga.compensating');
    expect(((compensating?.timeUs ?? 0) - startedUs) / 1_000_000).toBeGreaterThanOrEqual(6);
    expect(((compensating?.timeUs ?? 0) - startedUs) / 1_000_000).toBeLessThan(7.5);
    const begun = shop.types(orderId).slice(shop.types(orderId).indexOf('compensating') + 1);
    expect(begun.filter((type) => type.startsWith('step.started'))).toEqual([
      'step.started voidAuthorisation',
      'step.started releaseStock',
      'step.started rejectOrder',
    ]);
    expect(shop.row(orderId).status).toBe('REJECTED');
    expect(shop.world.rows('payment-provider', authorisationsTable)).toMatchObject([{ status: 'voided' }]);
    expect(shop.world.rows('product', reservationsTable)).toMatchObject([{ state: 'released' }]);
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('SAGA-4, SAGA-9: Shipping crashes with the request in hand: its outcome is unknown, so it is cancelled when Shipping is back, and holds up nothing', async () => {
    const shop = await openShop();
    const stock = stockOf(shop);
    // Ends Shipping once the parcel is held, before its answer leaves.
    shop.world.crashAt({ instance: SHIPPING, port: 'store', operation: 'hold shipment', when: 'after' });
    const orderId = await shop.place();
    await shop.world.runFor(15_000);
    const begun = shop.types(orderId).slice(shop.types(orderId).indexOf('compensating') + 1);
    expect(begun.filter((type) => type.startsWith('step.started')).slice(0, 3)).toEqual([
      'step.started cancelShipment',
      'step.started voidAuthorisation',
      'step.started releaseStock',
    ]);
    // The blocked one holds up none of the others.
    expect(shop.world.rows('payment-provider', authorisationsTable)).toMatchObject([{ status: 'voided' }]);
    expect(shop.world.rows('product', reservationsTable)).toMatchObject([{ state: 'released' }]);
    expect(shop.row(orderId).status).toBe('APPROVAL_PENDING');
    shop.world.restart(SHIPPING);
    await shop.settle();
    expect(shop.row(orderId).status).toBe('REJECTED');
    expect(shop.world.rows('shipping', shipmentsTable)).toMatchObject([{ status: 'cancelled' }]);
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('SAGA-3: Shipping back within the give-up time loses no order', async () => {
    const shop = await openShop({ settings: { saga: { giveUpMs: 60_000 } } });
    const stock = stockOf(shop);
    downFor(shop, SHIPPING, 30_000);
    const orderId = await shop.place();
    await shop.settle();
    expect(shop.types(orderId)).toContain('step.retried createShipment');
    expect(shop.row(orderId).status).toBe('CONFIRMED');
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('SAGA-3: a step that is late but does its work goes on, even past the give-up time', async () => {
    const shop = await openShop({ settings: { saga: { giveUpMs: 500 } } });
    const stock = stockOf(shop);
    shop.world.onSend((message) =>
      message.operation === 'PUT /shipments/{orderId}' ? { kind: 'delay', delayMs: 700 } : null,
    );
    const orderId = await shop.place();
    await shop.settle();
    expect(shop.row(orderId).status).toBe('CONFIRMED');
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('SAGA-6: Product down after the capture: a delay, no compensation', async () => {
    const shop = await openShop();
    const stock = stockOf(shop);
    const orderId = await shop.place();
    await shop.world.runUntil(() => shop.types(orderId).includes('step.completed capturePayment'));
    downFor(shop, PRODUCT, 20_000);
    await shop.settle();
    expect(shop.row(orderId).status).toBe('CONFIRMED');
    expect(shop.types(orderId)).not.toContain('compensating');
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('SAGA-4: every first answer is lost, and still each effect happens once', async () => {
    const shop = await openShop();
    const stock = stockOf(shop);
    const seen = new Set<string>();
    shop.world.onSend((message) => {
      if (message.from !== shop.order || message.plane === 'control' || seen.has(message.operation))
        return null;
      seen.add(message.operation);
      return { kind: 'lose-answer' };
    });
    const orderId = await shop.place();
    await shop.settle();
    await shop.world.runFor(10_000);
    expect(shop.row(orderId)).toMatchObject({ status: 'CONFIRMED', delivery: { status: 'delivered' } });
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('SAGA-4: an outcome that stays unknown is compensated, and a step that arrives late is refused by the tombstone', async () => {
    const shop = await openShop();
    const stock = stockOf(shop);
    // The first parcel request arrives a minute late, the others never.
    let first = true;
    shop.world.onSend((message) => {
      if (message.operation !== 'PUT /shipments/{orderId}') return null;
      if (!first) return { kind: 'blackhole' };
      first = false;
      return { kind: 'delay', delayMs: 60_000 };
    });
    const orderId = await shop.place();
    await shop.settle();
    expect(shop.row(orderId).status).toBe('REJECTED');
    await shop.world.runFor(70_000);
    expect(shop.world.rows('shipping', shipmentsTable)).toMatchObject([
      { status: 'cancelled', parcel: null },
    ]);
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('SAGA-4: a refusal after an attempt with an unknown outcome undoes that step too', async () => {
    const shop = await openShop();
    let first = true;
    shop.world.onSend((message) => {
      if (message.operation !== 'PUT /authorisations/{paymentId}' || !first) return null;
      first = false;
      return { kind: 'lose-answer' };
    });
    const orderId = await shop.place({ cardToken: 'tok_declined' });
    await shop.settle();
    expect(shop.types(orderId)).toContain('step.completed voidAuthorisation');
  });

  it('SAGA-5: the pivot is never given up: it is asked for until its outcome is known', async () => {
    const shop = await openShop({ settings: { saga: { parkAfterMs: 5000 } } });
    const stock = stockOf(shop);
    const stop = shop.world.onSend((message) =>
      message.operation.endsWith('/capture') ? { kind: 'lose-answer' } : null,
    );
    const orderId = await shop.place();
    await shop.world.runFor(40_000);
    expect(shop.world.rows('order', sagaTable)[0]).toMatchObject({
      status: 'running',
      state: 'capturePayment',
    });
    stop();
    await shop.settle();
    expect(shop.row(orderId).status).toBe('CONFIRMED');
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('SAGA-5: a definite decline of the pivot compensates everything', async () => {
    const shop = await openShop();
    const stock = stockOf(shop);
    const orderId = await shop.place({ cardToken: 'tok_capture_declined' });
    await shop.settle();
    expect(shop.row(orderId).status).toBe('REJECTED');
    expect(shop.types(orderId)).toEqual(
      expect.arrayContaining(done('cancelShipment', 'voidAuthorisation', 'releaseStock')),
    );
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('SAGA-5: a 4xx that is no decline of the provider is no outcome: the capture is asked for again', async () => {
    const shop = await openShop();
    const stock = stockOf(shop);
    let asked = 0;
    shop.world.onSend((message) => {
      if (!message.operation.endsWith('/capture')) return null;
      asked += 1;
      if (asked === 1) return { kind: 'lose-answer' };
      return asked === 2 ? { kind: 'answer', response: injected(400) } : null;
    });
    const orderId = await shop.place();
    await shop.settle();
    expect(shop.row(orderId).status).toBe('CONFIRMED');
    const captures = shop.world
      .eventsOf('store.committed')
      .filter(({ service, operation }) => service === 'payment-provider' && operation === 'capture');
    expect(captures).toHaveLength(1);
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it.each([
    ['PUT /reservations/{orderId}', 404],
    ['PUT /authorisations/{paymentId}', 402],
    ['PUT /shipments/{orderId}', 422],
  ])(
    'SAGA-2: a 4xx that the callee itself does not use is a technical failure: %s %i',
    async (operation, status) => {
      const shop = await openShop();
      const stock = stockOf(shop);
      let first = true;
      shop.world.onSend((message) => {
        if (message.operation !== operation || !first) return null;
        first = false;
        return { kind: 'answer', response: injected(status) };
      });
      const orderId = await shop.place();
      await shop.settle();
      expect(shop.types(orderId).filter((type) => type.startsWith('step.retried'))).toHaveLength(1);
      expect(shop.row(orderId).status).toBe('CONFIRMED');
      expect(wrongs(shop, stock)).toEqual([]);
    },
  );

  it('SAGA-7: past its limit a step after the pivot is parked, visibly; a person lets it go on', async () => {
    const shop = await openShop({ settings: { saga: { parkAfterMs: 5000 } } });
    const stock = stockOf(shop);
    const orderId = await shop.place();
    await shop.world.runUntil(() => shop.types(orderId).includes('step.completed capturePayment'));
    shop.world.crash(PRODUCT);
    await shop.world.runUntil(() => shop.world.eventsOf('saga.parked').length > 0);
    expect(shop.world.eventsOf('saga.parked')).toMatchObject([{ orderId, step: 'commitReservation' }]);
    shop.world.restart(PRODUCT);
    await shop.world.runFor(20_000);
    const headers = await authorised(shop, 'admin');
    const listed = await shop.world.ask(shop.order, { method: 'GET', path: '/sagas?status=parked', headers });
    expect(listed.body).toMatchObject({ sagas: [{ orderId, status: 'parked' }] });
    const path = `/sagas/saga-${orderId}/retry`;
    const retried = await shop.world.ask(shop.order, { method: 'POST', path, headers });
    expect(retried.status).toBe(202);
    await shop.settle();
    expect(shop.row(orderId).status).toBe('CONFIRMED');
    expect(wrongs(shop, stock)).toEqual([]);
    expect((await shop.world.ask(shop.order, { method: 'POST', path, headers })).status).toBe(409);
  });

  it('SAGA-7: an administrator lets all parked sagas go on at once, each from its stored step', async () => {
    const shop = await openShop({ settings: { saga: { parkAfterMs: 5000 } } });
    const stock = stockOf(shop);
    let stuck = true;
    shop.world.onSend((message) =>
      stuck && message.operation === 'POST /reservations/{orderId}/commit'
        ? { kind: 'answer', response: { status: 503, headers: {}, body: null } }
        : null,
    );
    const orders = [await shop.place(), await shop.place()];
    await shop.world.runUntil(() => shop.world.eventsOf('saga.parked').length === 2);
    stuck = false;
    const path = '/sagas/retry';
    const ask = async (who: 'admin' | 'ada') =>
      await shop.world.ask(shop.order, { method: 'POST', path, headers: await authorised(shop, who) });
    expect((await ask('ada')).status).toBe(403);
    const captured = () =>
      shop.world.eventsOf('saga.step.started').filter(({ step }) => step === 'capturePayment');
    expect(captured()).toHaveLength(2);
    expect(await ask('admin')).toMatchObject({ status: 202, body: { retried: 2 } });
    await shop.settle();
    expect(orders.map((id) => shop.row(id).status)).toEqual(['CONFIRMED', 'CONFIRMED']);
    expect(captured()).toHaveLength(2);
    expect(wrongs(shop, stock)).toEqual([]);
    expect(await ask('admin')).toMatchObject({ status: 202, body: { retried: 0 } });
  });

  it('SAGA-8: cancelling before the pivot undoes everything and ends CANCELLED', async () => {
    const shop = await openShop();
    const stock = stockOf(shop);
    // Shipping is slow, so that there is time to change one's mind.
    shop.world.onSend((message) =>
      message.operation === 'PUT /shipments/{orderId}' ? { kind: 'delay', delayMs: 500 } : null,
    );
    const orderId = await shop.place();
    await shop.world.runUntil(() => shop.types(orderId).includes('step.started createShipment'));
    const headers = await authorised(shop, 'ada');
    const request = { method: 'POST', path: `/orders/${orderId}/cancellation`, headers } as const;
    const answer = await shop.world.ask(shop.order, request);
    expect(answer).toMatchObject({ status: 202, body: { status: 'CANCEL_PENDING' } });
    expect((await shop.world.ask(shop.order, request)).status).toBe(202);
    await shop.settle();
    expect(shop.row(orderId)).toMatchObject({ status: 'CANCELLED' });
    expect(shop.row(orderId).history.map((entry) => entry.status)).toEqual([
      'APPROVAL_PENDING',
      'CANCEL_PENDING',
      'CANCELLED',
    ]);
    expect(shop.types(orderId)).not.toContain('step.started capturePayment');
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('SAGA-8: cancelling wakes a saga that sleeps', async () => {
    const shop = await openShop({ settings: { saga: { giveUpMs: 60_000, stepAgainMs: 30_000 } } });
    downFor(shop, SHIPPING, 4000);
    const orderId = await shop.place();
    await shop.world.runUntil(() => shop.types(orderId).includes('step.retried createShipment'));
    const headers = await authorised(shop, 'ada');
    const beforeMs = shop.world.nowMs;
    await shop.world.ask(shop.order, { method: 'POST', path: `/orders/${orderId}/cancellation`, headers });
    await shop.settle();
    expect(shop.row(orderId).status).toBe('CANCELLED');
    expect(shop.world.nowMs - beforeMs).toBeLessThan(12_000);
  });

  it('SAGA-8: cancelling after the pivot was sent is refused with 409 and changes nothing', async () => {
    const shop = await openShop();
    const stock = stockOf(shop);
    shop.world.onSend((message) =>
      message.operation.endsWith('/capture') ? { kind: 'delay', delayMs: 500 } : null,
    );
    const orderId = await shop.place();
    await shop.world.runUntil(() => shop.types(orderId).includes('step.started capturePayment'));
    const headers = await authorised(shop, 'ada');
    const request = { method: 'POST', path: `/orders/${orderId}/cancellation`, headers } as const;
    expect(await shop.world.ask(shop.order, request)).toMatchObject({
      status: 409,
      body: { type: 'https://bulkhead.dev/problems/too-late-to-cancel' },
    });
    await shop.settle();
    expect(shop.row(orderId).status).toBe('CONFIRMED');
    expect((await shop.world.ask(shop.order, request)).status).toBe(409);
    expect(wrongs(shop, stock)).toEqual([]);
  });

  it('SAGA-11: a step under way holds a request slot of its instance, a sleeping saga none', async () => {
    const shop = await openShop({
      settings: {
        services: { order: { requestSlots: 2 } },
        edge: { timeoutMs: null, retry: null, breaker: null },
      },
    });
    shop.world.onSend((message) =>
      message.operation === 'PUT /reservations/{orderId}' ? { kind: 'delay', delayMs: 5000 } : null,
    );
    await shop.place({ key: 'a' });
    await shop.place({ key: 'b' });
    await shop.world.runFor(100);
    const headers = await authorised(shop, 'ada');
    const pending = shop.world.send(shop.order, { method: 'GET', path: '/orders', headers });
    await shop.world.runFor(3000);
    expect(pending.outcome).toBeNull();
    await shop.world.runFor(3000);
    expect(pending.outcome).toMatchObject({ ok: true, value: { status: 200 } });
    await shop.settle();
  });

  it('SAGA-11: what has to be done after the pivot holds none', async () => {
    const shop = await openShop({
      settings: {
        services: { order: { requestSlots: 1 } },
        edge: { timeoutMs: null, retry: null, breaker: null },
      },
    });
    shop.world.onSend((message) =>
      message.operation.endsWith('/commit') ? { kind: 'delay', delayMs: 5000 } : null,
    );
    const orderId = await shop.place();
    await shop.world.runUntil(() => shop.types(orderId).includes('step.started commitReservation'));
    const headers = await authorised(shop, 'ada');
    const pending = shop.world.send(shop.order, { method: 'GET', path: '/orders', headers });
    await shop.world.runFor(500);
    expect(pending.outcome).toMatchObject({ ok: true, value: { status: 200 } });
  });
});
