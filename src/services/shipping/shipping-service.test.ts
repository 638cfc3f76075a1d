import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { instanceId, type RunSettings, type ServiceDefinition } from '../../kernel/index.ts';
import { createTestWorld } from '../../kernel/testing/test-host.ts';
import type { DeepPartial } from '../../kernel/testing/test-settings.ts';
import { brokerService } from '../broker/index.ts';
import { registryService } from '../registry/index.ts';
import { shippingPriceMinor } from './contract.ts';
import { shippingService } from './index.ts';
import { loadPythonShipping } from './python/index.ts';
import { orderStatusesTable, shipmentsTable } from './tables.ts';
import { checkDigit, trackingNumberOf } from './tracking-number.ts';

// Whole services on one clock: seconds of real time when the machine is busy.
vi.setConfig({ testTimeout: 30000 });

const ORDER = instanceId('order', 1);
const SHIPPING = instanceId('shipping', 1);
const ADDRESS = { name: 'A', street: 'S 1', postcode: '1', city: 'C', country: 'FR' };
const BODY = { customerId: 'cus_1', address: ADDRESS, weightG: 1200 };

const implementations = [
  { language: 'TypeScript', load: async () => shippingService },
  { language: 'Python', load: loadPythonShipping },
];

async function openWith(load: () => Promise<ServiceDefinition>, settings: DeepPartial<RunSettings>) {
  const world = createTestWorld({ settings });
  world.add(registryService);
  world.add(brokerService);
  world.add(await load());
  await world.runFor(1500);
  const ask = async (method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown) =>
    await world.ask(SHIPPING, { method, path, from: ORDER, ...(body === undefined ? {} : { body }) });
  return { world, ask };
}

describe.each(implementations)('shipping in $language', ({ load }) => {
  const open = async (settings: DeepPartial<RunSettings> = {}) => await openWith(load, settings);

  it('quotes by weight and zone, and says where we do not deliver', async () => {
    const { ask } = await open();
    expect((await ask('GET', '/shipping-quotes?country=DE&weightG=1000')).body).toMatchObject({
      zone: 'domestic',
      priceMinor: 490,
    });
    expect((await ask('GET', '/shipping-quotes?country=FR&weightG=1001')).body).toMatchObject({
      zone: 'europe',
      priceMinor: 1590,
    });
    expect((await ask('GET', '/shipping-quotes?country=JP&weightG=5000')).body).toMatchObject({
      zone: 'world',
      priceMinor: 6090,
    });
    expect((await ask('GET', '/shipping-quotes?country=AQ&weightG=100')).status).toBe(422);
    expect((await ask('GET', '/shipping-quotes?country=DE&weightG=0')).status).toBe(400);
    expect((await ask('GET', '/shipping-quotes?country=DE&weightG=heavy')).status).toBe(400);
    expect((await ask('GET', '/shipping-quotes')).status).toBe(400);
  });

  it('keeps the newest status of an order: older news that arrives later (a redriven dead letter) changes nothing', async () => {
    const { world } = await open();
    const tell = async (id: string, status: string, at: string) => {
      const data = { orderId: 'o1', status, at };
      const answer = await world.ask(SHIPPING, {
        method: 'POST',
        path: '/events?group=shipping-orders',
        headers: { 'content-type': 'application/cloudevents+json' },
        from: instanceId('broker', 1),
        body: {
          specversion: '1.0',
          id,
          source: 'order',
          type: 'order.changed',
          time: at,
          datacontenttype: 'application/json',
          partitionkey: 'o1',
          data,
        },
      });
      expect(answer.status).toBe(204);
    };
    await tell('2', 'CONFIRMED', '2026-01-01T00:00:09.500Z');
    await tell('1', 'APPROVAL_PENDING', '2026-01-01T00:00:08.900Z');
    expect(world.rows('shipping', orderStatusesTable)).toMatchObject([
      { orderId: 'o1', status: 'CONFIRMED' },
    ]);
    await tell('3', 'CANCELLED', '2026-01-01T00:00:10.000Z');
    expect(world.rows('shipping', orderStatusesTable)).toMatchObject([
      { orderId: 'o1', status: 'CANCELLED' },
    ]);
  });

  it('holds once, dispatches once; a held parcel goes nowhere', async () => {
    const { world, ask } = await open();
    const first = await ask('PUT', '/shipments/o1', BODY);
    const again = await ask('PUT', '/shipments/o1', BODY);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    await world.runFor(30_000);
    expect(world.rows('shipping', shipmentsTable)).toMatchObject([{ status: 'held' }]);
    expect((await ask('POST', '/shipments/o1/dispatch')).body).toMatchObject({ status: 'dispatched' });
    await world.runFor(10_000);
    expect((await ask('POST', '/shipments/o1/dispatch')).body).toMatchObject({ status: 'delivered' });
    const [row] = world.rows('shipping', shipmentsTable);
    expect(row?.history.map((entry) => entry.status)).toEqual([
      'held',
      'dispatched',
      'picked',
      'packed',
      'in-transit',
      'delivered',
    ]);
    expect(world.eventsOf('message.published').map((event) => event.messageType)).toEqual([
      'shipment.held',
      'shipment.dispatched',
      'shipment.in-transit',
      'shipment.delivered',
    ]);
  });

  it('SAGA-4: a cancellation leaves a tombstone that refuses what arrives after it', async () => {
    const { world, ask } = await open();
    expect((await ask('DELETE', '/shipments/o1')).status).toBe(200);
    expect((await ask('DELETE', '/shipments/o1')).status).toBe(200);
    expect(await ask('PUT', '/shipments/o1', BODY)).toMatchObject({ status: 409 });
    expect((await ask('POST', '/shipments/o1/dispatch')).status).toBe(409);
    expect((await ask('POST', '/shipments/o2/dispatch')).status).toBe(404);
    await ask('PUT', '/shipments/o3', BODY);
    expect((await ask('DELETE', '/shipments/o3')).status).toBe(200);
    expect(world.rows('shipping', shipmentsTable).map((row) => row.status)).toEqual([
      'cancelled',
      'cancelled',
    ]);
    await ask('PUT', '/shipments/o4', BODY);
    await ask('POST', '/shipments/o4/dispatch');
    expect((await ask('DELETE', '/shipments/o4')).status).toBe(409);
  });

  it('some deliveries fail, the same ones in every run', async () => {
    const run = async () => {
      const { world, ask } = await open({ tracking: { failureShare: 0.5 } });
      for (let number = 1; number <= 10; number += 1) {
        await ask('PUT', `/shipments/o${number}`, BODY);
        await ask('POST', `/shipments/o${number}/dispatch`);
      }
      await world.runFor(10_000);
      return world.rows('shipping', shipmentsTable).map((row) => row.status);
    };
    const first = await run();
    expect(new Set(first)).toEqual(new Set(['delivered', 'delivery-failed']));
    expect(await run()).toEqual(first);
  });

  it('parcels move on after a crash, each station once', async () => {
    const { world, ask } = await open();
    await ask('PUT', '/shipments/o1', BODY);
    await ask('POST', '/shipments/o1/dispatch');
    world.crashAt({
      instance: SHIPPING,
      port: 'store',
      operation: 'tracking advanced',
      when: 'after',
      restartAfterMs: 500,
    });
    await world.runFor(15_000);
    const [row] = world.rows('shipping', shipmentsTable);
    expect(row).toMatchObject({ status: 'delivered', sequence: 6 });
  });
});

describe('shipping', () => {
  it('a heavier parcel never costs less', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('domestic', 'europe', 'world'),
        fc.nat(31_500),
        fc.nat(31_500),
        (zone, a, b) => {
          expect(shippingPriceMinor(zone, Math.max(a, b))).toBeGreaterThanOrEqual(
            shippingPriceMinor(zone, Math.min(a, b)),
          );
        },
      ),
    );
  });

  it("tracking numbers are of the posts' form (UPU S10)", () => {
    // The example of the standard itself.
    expect(checkDigit('47312482')).toBe(9);
    fc.assert(
      fc.property(fc.string(), (orderId) => {
        const number = trackingNumberOf(orderId);
        expect(number).toMatch(/^[A-Z]{2}\d{9}DE$/);
        expect(checkDigit(number.slice(2, 10))).toBe(Number(number[10]));
      }),
    );
  });
});
