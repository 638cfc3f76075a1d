import {
  type EventDraft,
  type InstanceId,
  instanceId,
  type RunEvent,
  type RunSettings,
  type ServiceDefinition,
} from '../../../kernel/index.ts';
import { createTestWorld, type TestWorld } from '../../../kernel/testing/test-host.ts';
import type { DeepPartial } from '../../../kernel/testing/test-settings.ts';
import { sagaTable } from '../../../patterns/index.ts';
import { brokerService } from '../../broker/index.ts';
import { paymentProviderService } from '../../payment-provider/index.ts';
import { authorisationsTable } from '../../payment-provider/tables.ts';
import { productService } from '../../product/index.ts';
import { productsTable, reservationsTable } from '../../product/tables.ts';
import { registryService } from '../../registry/index.ts';
import { shippingService } from '../../shipping/index.ts';
import { shipmentsTable } from '../../shipping/tables.ts';
import { DEMO_PASSWORD } from '../../user/contract.ts';
import { userService } from '../../user/index.ts';
import { orderService } from '../index.ts';
import { type OrderRow, ordersTable } from '../tables.ts';

// The shop without its gateway, in the test world: requests go to the order service itself.

export const SKU = 'kitchen-01';
export const ADDRESS = {
  name: 'Ada Lovelace',
  street: 'Hauptstraße 1',
  postcode: '10115',
  city: 'Berlin',
  country: 'DE',
};

export interface OrderWish {
  readonly lines?: readonly { readonly sku: string; readonly quantity: number }[];
  readonly cardToken?: string;
  readonly country?: string;
  readonly key?: string;
  readonly at?: InstanceId;
  readonly as?: string;
}

export interface TestShop {
  readonly world: TestWorld;
  readonly order: InstanceId;
  token(name: string): Promise<string>;
  /** Sends `POST /orders`; tries again with the same key, as a client does, until there is an answer. */
  place(wish?: OrderWish): Promise<string>;
  row(orderId: string): OrderRow;
  /** Until every order has ended. */
  settle(maxMs?: number): Promise<void>;
  types(orderId: string): string[];
}

/** By seed and name: the same seed makes the same keys, and working a password out takes long. */
const tokensOfSeed = new Map<string, string>();

const ENDED = new Set(['CONFIRMED', 'REJECTED', 'CANCELLED']);

export interface TestShopOptions {
  readonly settings?: DeepPartial<RunSettings>;
  readonly orders?: number;
  readonly seed?: number;
  /** Puts another definition in the place of a service's own. */
  readonly make?: (first: ServiceDefinition) => ServiceDefinition;
}

export async function openShop(options: TestShopOptions = {}): Promise<TestShop> {
  const { settings = {}, orders = 1, seed = 1, make = (first) => first } = options;
  const world = createTestWorld({ settings, seed });
  for (const service of [
    registryService,
    paymentProviderService,
    userService,
    brokerService,
    productService,
    shippingService,
  ]) {
    world.add(make(service));
  }
  for (let number = 1; number <= orders; number += 1) world.add(make(orderService), number);
  const order = instanceId('order', 1);
  // Everybody is registered and knows everybody.
  await world.runFor(2500);

  const token = async (name: string): Promise<string> => {
    const known = tokensOfSeed.get(`${seed}/${name}`);
    if (known !== undefined) return known;
    const body = { email: `${name}@example.com`, password: DEMO_PASSWORD };
    const answer = await world.ask(instanceId('user', 1), { method: 'POST', path: '/sessions', body });
    const fresh = (answer.body as { token?: string }).token;
    if (fresh === undefined) throw new Error(`sign-in failed: ${JSON.stringify(answer.body)}`);
    tokensOfSeed.set(`${seed}/${name}`, fresh);
    return fresh;
  };

  let placed = 0;
  const shop: TestShop = {
    world,
    order,
    token,
    place: async (wish = {}) => {
      placed += 1;
      const key = wish.key ?? `key-${placed}`;
      const headers = {
        authorization: `Bearer ${await token(wish.as ?? 'ada')}`,
        'idempotency-key': key,
      };
      const body = {
        lines: wish.lines ?? [{ sku: SKU, quantity: 1 }],
        address: { ...ADDRESS, country: wish.country ?? 'DE' },
        cardToken: wish.cardToken ?? 'tok_ok',
      };
      for (let attempt = 1; attempt <= 20; attempt += 1) {
        const outcome = await world.request(wish.at ?? order, {
          method: 'POST',
          path: '/orders',
          headers,
          body,
        });
        if (outcome.ok && outcome.value.status === 202) {
          return (JSON.parse(outcome.value.body ?? '') as { orderId: string }).orderId;
        }
        if (outcome.ok && outcome.value.status < 500) throw new Error(`refused: ${outcome.value.body}`);
        await world.runFor(500);
      }
      throw new Error('no order could be placed');
    },
    row: (orderId) => {
      const row = world.rows('order', ordersTable).find((candidate) => candidate.orderId === orderId);
      if (row === undefined) throw new Error(`there is no order ${orderId}`);
      return row;
    },
    settle: async (maxMs = 120_000) => {
      // The log, not the rows: a row can be seen before its transaction has committed.
      const ended = () =>
        new Set(
          [...world.eventsOf('saga.completed'), ...world.eventsOf('saga.compensated')].map(
            (event) => event.orderId,
          ),
        );
      await world.runUntil(
        () => world.rows('order', ordersTable).every((row) => ended().has(row.orderId)),
        maxMs,
        () => `the end of ${JSON.stringify(world.rows('order', sagaTable).map((row) => row.state))}`,
      );
    },
    types: (orderId) =>
      world.events.filter((event) => aboutOrder(event, orderId)).map((event) => describe(event)),
  };
  return shop;
}

const aboutOrder = (event: RunEvent, orderId: string): boolean =>
  event.type.startsWith('saga.') && 'orderId' in event && event.orderId === orderId;

const describe = (event: EventDraft): string =>
  'step' in event ? `${event.type.replace('saga.', '')} ${event.step}` : event.type.replace('saga.', '');

/** What every run must keep, whatever broke: each order ended, money and goods where they belong. Gives what is wrong. */
export function wrongs(shop: TestShop, startStock: ReadonlyMap<string, number>): string[] {
  const { world } = shop;
  const found: string[] = [];
  const authorisations = new Map(
    world.rows('payment-provider', authorisationsTable).map((row) => [row.paymentId, row]),
  );
  const reservations = new Map(world.rows('product', reservationsTable).map((row) => [row.orderId, row]));
  const shipments = new Map(world.rows('shipping', shipmentsTable).map((row) => [row.orderId, row]));
  const sold = new Map<string, number>();
  for (const order of world.rows('order', ordersTable)) {
    const { orderId, status, totalMinor } = order;
    const say = (what: string) => found.push(`${orderId} (${status}): ${what}`);
    if (!ENDED.has(status)) say('has not ended');
    const paid = authorisations.get(order.paymentId);
    const kept = (paid?.capturedMinor ?? 0) - (paid?.refundedMinor ?? 0);
    const reservation = reservations.get(orderId)?.state;
    const shipment = shipments.get(orderId)?.status;
    const confirmed = status === 'CONFIRMED';
    if (kept !== (confirmed ? totalMinor : 0)) say(`${kept} was kept of ${totalMinor}`);
    if (paid?.status === 'authorised') say('money is still set aside');
    if (reservation === 'reserved') say('stock is still reserved');
    if (confirmed !== (reservation === 'committed')) say(`its reservation is ${reservation}`);
    if (shipment === 'held') say('its parcel is still held');
    if (confirmed === (shipment === undefined || shipment === 'cancelled')) say(`its parcel is ${shipment}`);
    if (confirmed)
      for (const line of order.lines) sold.set(line.sku, (sold.get(line.sku) ?? 0) + line.quantity);
    const ends = order.history.filter((entry) => ENDED.has(entry.status)).length;
    if (ends !== 1) say(`it ended ${ends} times`);
  }
  for (const saga of world.rows('order', sagaTable)) {
    if (saga.status !== 'completed' && saga.status !== 'compensated')
      found.push(`${saga.sagaId} is ${saga.status}`);
  }
  for (const [paymentId] of authorisations) {
    const known = world.rows('order', ordersTable).some((order) => order.paymentId === paymentId);
    if (!known) found.push(`${paymentId} belongs to no order`);
  }
  for (const product of world.rows('product', productsTable)) {
    const expected = (startStock.get(product.sku) ?? 0) - (sold.get(product.sku) ?? 0);
    if (product.stock !== expected) found.push(`${product.sku}: stock is ${product.stock}, not ${expected}`);
    if (product.reserved !== 0) found.push(`${product.sku}: ${product.reserved} are still reserved`);
  }
  return found;
}

export const stockOf = (shop: TestShop): Map<string, number> =>
  new Map(shop.world.rows('product', productsTable).map((row) => [row.sku, row.stock]));
