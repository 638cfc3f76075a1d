import {
  instanceId,
  type Json,
  type RunEvent,
  type RunSettings,
  type ServiceDefinition,
} from '../../../kernel/index.ts';
import { createTestWorld, type TestWorld } from '../../../kernel/testing/test-host.ts';
import type { DeepPartial } from '../../../kernel/testing/test-settings.ts';
import { type OrderRow, ordersTable } from '../../../services/order/tables.ts';
import { paymentProviderService } from '../../../services/payment-provider/index.ts';
import { type AuthorisationRow, authorisationsTable } from '../../../services/payment-provider/tables.ts';
import { productsTable, reservationsTable } from '../../../services/product/tables.ts';
import { shipmentsTable } from '../../../services/shipping/tables.ts';
import { DEMO_PASSWORD } from '../../../services/user/contract.ts';
import { monolithService } from '../index.ts';
import { type PaymentIntentRow, paymentIntentsTable } from '../payment-intents.ts';

// The shop in one process, in the test world.

export const MONOLITH = instanceId('monolith', 1);
export const PROVIDER = instanceId('payment-provider', 1);
export const SKU = 'kitchen-01';
const ADDRESS = {
  name: 'Ada Lovelace',
  street: 'Hauptstraße 1',
  postcode: '10115',
  city: 'Berlin',
  country: 'DE',
};

interface Wish {
  readonly lines?: readonly { readonly sku: string; readonly quantity: number }[];
  readonly cardToken?: string;
  readonly country?: string;
  readonly key?: string;
  readonly as?: string;
}

export interface TestMonolith {
  readonly world: TestWorld;
  /** The stock of each good before the first order. */
  readonly stock: ReadonlyMap<string, number>;
  headers(name: string): Promise<Record<string, string>>;
  /** Sends `POST /orders`; tries again with the same key, as a client does, until there is an answer. */
  place(wish?: Wish): Promise<string>;
  /** What its customer sees. */
  order(orderId: string, as?: string): Promise<Record<string, Json>>;
  cancel(orderId: string): Promise<number>;
  row(orderId: string): OrderRow | undefined;
  intent(orderId: string): PaymentIntentRow;
  payment(orderId: string): AuthorisationRow | undefined;
  /** Until every intent has ended. */
  settle(maxMs?: number): Promise<void>;
  /** What was committed for an order, one after the other. */
  commits(from?: number): string[];
}

/** By seed and name: the same seed makes the same keys, and working a password out takes long. */
const tokens = new Map<string, string>();

export async function openMonolith(
  options: {
    readonly settings?: DeepPartial<RunSettings>;
    readonly instances?: number;
    readonly seed?: number;
    /** Puts another definition in the place of the monolith's own. */
    readonly make?: (first: ServiceDefinition) => ServiceDefinition;
  } = {},
): Promise<TestMonolith> {
  const { settings = {}, instances = 1, seed = 1, make = (first) => first } = options;
  const world = createTestWorld({ settings, seed });
  world.add(paymentProviderService);
  for (let number = 1; number <= instances; number += 1) world.add(make(monolithService), number);
  await world.runFor(100);

  const headers = async (name: string) => {
    const at = `${seed}/${name}`;
    if (!tokens.has(at)) {
      const body = { email: `${name}@example.com`, password: DEMO_PASSWORD };
      const answer = await world.ask(MONOLITH, { method: 'POST', path: '/sessions', body });
      tokens.set(at, (answer.body as { token: string }).token);
    }
    return { authorization: `Bearer ${tokens.get(at)}` };
  };
  let placed = 0;
  const intents = () => world.rows('monolith', paymentIntentsTable);
  // The log, not the rows: a row can be seen before its transaction has committed.
  const open = new Set<string>();
  let seen = 0;
  const allEnded = () => {
    for (; seen < world.events.length; seen += 1) {
      const event = world.events[seen];
      if (event?.type !== 'store.committed') continue;
      for (const { table, key, after } of event.rows) {
        if (table !== paymentIntentsTable.name) continue;
        if ((after as unknown as PaymentIntentRow).endedUs === null) open.add(key);
        else open.delete(key);
      }
    }
    return open.size === 0;
  };
  const shop: TestMonolith = {
    world,
    stock: new Map(world.rows('monolith', productsTable).map((row) => [row.sku, row.stock])),
    headers,
    place: async (wish = {}) => {
      placed += 1;
      const request = {
        method: 'POST',
        path: '/orders',
        headers: { ...(await headers(wish.as ?? 'ada')), 'idempotency-key': wish.key ?? `key-${placed}` },
        body: {
          lines: wish.lines ?? [{ sku: SKU, quantity: 1 }],
          address: { ...ADDRESS, country: wish.country ?? 'DE' },
          cardToken: wish.cardToken ?? 'tok_ok',
        },
      } as const;
      for (let attempt = 1; attempt <= 20; attempt += 1) {
        const outcome = await world.request(MONOLITH, request);
        if (outcome.ok && outcome.value.status === 202)
          return (JSON.parse(outcome.value.body ?? '') as { orderId: string }).orderId;
        if (outcome.ok && outcome.value.status < 500) throw new Error(`refused: ${outcome.value.body}`);
        await world.runFor(500);
      }
      throw new Error('no order could be placed');
    },
    order: async (orderId, as = 'ada') => {
      const request = { method: 'GET', path: `/orders/${orderId}`, headers: await headers(as) } as const;
      return (await world.ask(MONOLITH, request)).body as Record<string, Json>;
    },
    cancel: async (orderId) => {
      const path = `/orders/${orderId}/cancellation`;
      return (await world.ask(MONOLITH, { method: 'POST', path, headers: await headers('ada') })).status;
    },
    row: (orderId) => world.rows('monolith', ordersTable).find((row) => row.orderId === orderId),
    intent: (orderId) => {
      const row = intents().find((candidate) => candidate.orderId === orderId);
      if (row === undefined) throw new Error(`there is no payment intent of ${orderId}`);
      return row;
    },
    payment: (orderId) =>
      world.rows('payment-provider', authorisationsTable).find((row) => row.paymentId === `pay-${orderId}`),
    settle: async (maxMs = 120_000) => {
      await world.runUntil(
        allEnded,
        maxMs,
        () => `the end of ${JSON.stringify(intents().map(({ state }) => state))}`,
      );
    },
    commits: (from = 0) =>
      world.events
        .slice(from)
        .flatMap((event) =>
          event.type === 'store.committed' && ['monolith', 'payment-provider'].includes(event.service)
            ? [event.operation]
            : [],
        ),
  };
  return shop;
}

/** Which of an order's three parts fit together: all there and held, all done, all undone or never there. */
const WHOLE = new Set([
  'none/none/none',
  'APPROVAL_PENDING/reserved/held',
  'CONFIRMED/committed/sent',
  'REJECTED/none/none',
  'REJECTED/released/cancelled',
  'CANCELLED/none/none',
]);

/** Every commit after which an order, its stock and its parcel do not fit together. */
export function halfDone(events: readonly RunEvent[]): string[] {
  const tables = new Map<string, Map<string, string>>();
  const stateOf = (table: string, orderId: string) => tables.get(table)?.get(orderId) ?? 'none';
  const found: string[] = [];
  for (const event of events) {
    if (event.type !== 'store.committed' || event.service !== 'monolith') continue;
    const touched = new Set<string>();
    for (const { table, key, after } of event.rows) {
      if (table !== 'orders' && table !== 'reservations' && table !== 'shipments') continue;
      const row = after as { readonly status?: string; readonly state?: string };
      const rows = tables.get(table) ?? new Map<string, string>();
      tables.set(table, rows.set(key, row.status ?? row.state ?? ''));
      touched.add(key);
    }
    for (const orderId of touched) {
      const parcel = stateOf('shipments', orderId);
      const sent = !['none', 'held', 'cancelled'].includes(parcel);
      const parts = `${stateOf('orders', orderId)}/${stateOf('reservations', orderId)}/${sent ? 'sent' : parcel}`;
      if (!WHOLE.has(parts)) found.push(`${event.operation}: ${orderId} is ${parts}`);
    }
  }
  return found;
}

/** What every run must keep, whatever broke. Gives what is wrong. */
export function wrongs({ world, stock }: TestMonolith): string[] {
  const found = halfDone(world.events);
  const payments = new Map(
    world.rows('payment-provider', authorisationsTable).map((row) => [row.paymentId, row]),
  );
  const reservations = new Map(world.rows('monolith', reservationsTable).map((row) => [row.orderId, row]));
  const shipments = new Map(world.rows('monolith', shipmentsTable).map((row) => [row.orderId, row]));
  const sold = new Map<string, number>();
  const orders = world.rows('monolith', ordersTable);
  for (const { orderId, paymentId, status, totalMinor, lines, history } of orders) {
    const say = (what: string) => found.push(`${orderId} (${status}): ${what}`);
    const paid = payments.get(paymentId);
    const confirmed = status === 'CONFIRMED';
    if ((paid?.capturedMinor ?? 0) !== (confirmed ? totalMinor : 0)) say(`${paid?.capturedMinor} was taken`);
    if (paid?.status === 'authorised') say('money is still set aside');
    if (confirmed !== (reservations.get(orderId)?.state === 'committed')) say('its stock does not fit');
    if (confirmed && shipments.get(orderId) === undefined) say('it has no parcel');
    if (confirmed) for (const { sku, quantity } of lines) sold.set(sku, (sold.get(sku) ?? 0) + quantity);
    const ends = history.filter((entry) => !entry.status.endsWith('_PENDING')).length;
    if (ends !== 1) say(`it ended ${ends} times`);
  }
  for (const { orderId, state } of world.rows('monolith', paymentIntentsTable)) {
    const order = orders.find((candidate) => candidate.orderId === orderId);
    if (state !== 'completed' && state !== 'undone') found.push(`the intent of ${orderId} is ${state}`);
    if ((state === 'completed') !== (order?.status === 'CONFIRMED'))
      found.push(`${orderId} is ${state}, its order ${order?.status}`);
  }
  for (const paymentId of payments.keys())
    if (!orders.some((order) => order.paymentId === paymentId))
      found.push(`${paymentId} belongs to no order`);
  const captures = world
    .eventsOf('store.committed')
    .flatMap(({ rows }) => rows)
    .filter(
      ({ table, after }) =>
        table === 'authorisations' && (after as { status?: string }).status === 'captured',
    );
  if (captures.length > orders.filter(({ status }) => status === 'CONFIRMED').length)
    found.push(`money was taken ${captures.length} times`);
  for (const product of world.rows('monolith', productsTable)) {
    const expected = (stock.get(product.sku) ?? 0) - (sold.get(product.sku) ?? 0);
    if (product.stock !== expected) found.push(`${product.sku}: stock is ${product.stock}, not ${expected}`);
    if (product.reserved !== 0) found.push(`${product.sku}: ${product.reserved} are still reserved`);
  }
  return found;
}
