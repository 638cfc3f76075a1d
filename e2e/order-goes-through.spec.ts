import type { RunEvent } from '../src/kernel/index.ts';
import { expect, test } from './shop.ts';

/** Bookkeeping that every database may have: it belongs to the pattern, not to a service's business. */
const PATTERN_TABLES = ['outbox', 'outbox-counter', 'inbox', 'leases', 'idempotency', 'log-outbox'];

test('an order goes through four services, each keeping its own rows', async ({ shop }) => {
  await shop.open();
  await shop.command({ type: 'run.resume' });
  const placed = (await shop.command({ type: 'order.place' })) as { status: number; orderId: string };
  expect(placed.status).toBe(202);
  const { orderId } = placed;
  await shop.waitForEvent('saga.completed', { orderId });

  await test.step('the rows stand in the databases', async () => {
    const order = (await shop.tables('order'))['orders']?.find((row) => Object.values(row).includes(orderId));
    expect(order).toMatchObject({ status: 'CONFIRMED' });
    const reservation = (await shop.tables('product'))['reservations']?.find(
      (row) => row['orderId'] === orderId,
    );
    expect(reservation).toMatchObject({ state: 'committed' });
    const shipment = (await shop.tables('shipping'))['shipments']?.find((row) => row['orderId'] === orderId);
    expect(shipment).toMatchObject({ parcel: { trackingNumber: expect.stringMatching(/\w{6,}/) } });
    const payments = (await shop.tables('payment-provider'))['authorisations'] ?? [];
    expect(payments.filter((row) => row['status'] === 'captured')).toHaveLength(1);
    expect((await shop.tables('user'))['users']?.length).toBeGreaterThan(0);
  });

  await test.step('no service holds the rows of another', async () => {
    const owners = new Map<string, string[]>();
    for (const service of ['user', 'product', 'order', 'shipping', 'payment-provider'] as const) {
      for (const table of Object.keys(await shop.tables(service))) {
        if (!PATTERN_TABLES.includes(table)) owners.set(table, [...(owners.get(table) ?? []), service]);
      }
    }
    expect([...owners].filter(([, services]) => services.length > 1)).toEqual([]);
    const databases = await shop.page.evaluate(async () =>
      (await indexedDB.databases()).map((database) => database.name ?? ''),
    );
    for (const service of ['user', 'product', 'order', 'shipping']) {
      expect(databases.filter((name) => name.endsWith(`/${service}`))).toHaveLength(1);
    }
  });

  await test.step('the run log explains it end to end, as one trace', async () => {
    const events = await shop.allEvents();
    const started = events.find((event) => event.type === 'saga.started' && event.orderId === orderId);
    const trace = events.filter((event) => event.traceId !== null && event.traceId === started?.traceId);
    expect([...new Set(trace.map((event) => event.service))].sort()).toEqual(
      expect.arrayContaining([
        'broker',
        'customers',
        'gateway',
        'order',
        'payment-provider',
        'product',
        'shipping',
      ]),
    );
    expect(rootSpans(trace)).toHaveLength(1);
    expect(orphanSpans(trace)).toEqual([]);
    // Every event leads back, cause by cause, to the customer's intent; the parcel's way after it is
    // dispatched is moved on by time.
    const byId = new Map(events.map((event) => [event.id, event]));
    const ended = events.find((event) => event.type === 'saga.completed' && event.orderId === orderId);
    const strays = trace.filter(
      (event) => event.seq <= (ended?.seq ?? 0) && !leadsBackTo(event, byId, 'intent.started'),
    );
    expect(strays.map((event) => `${event.service} ${event.type}`)).toEqual([]);
  });
});

test('requests are in the browser’s network log: the customer’s always, all of them with the switch on', async ({
  shop,
}) => {
  const seen: { url: string; traceId: string | undefined }[] = [];
  shop.page.on('request', (request) => {
    seen.push({ url: request.url(), traceId: request.headers()['traceparent']?.split('-')[1] });
  });
  await shop.open();
  await shop.command({ type: 'run.resume' });

  const first = (await shop.command({ type: 'order.place' })) as { orderId: string };
  await shop.waitForEvent('saga.completed', { orderId: first.orderId });
  expect(seen.filter((request) => request.url.includes('/api/orders'))).toHaveLength(1);
  expect(seen.filter((request) => request.url.includes('/network/'))).toHaveLength(0);

  await shop.command({ type: 'settings.set', patch: { everyHopThroughBrowser: true } });
  const second = (await shop.command({ type: 'order.place' })) as { orderId: string };
  await shop.waitForEvent('saga.completed', { orderId: second.orderId });
  const events = await shop.allEvents();
  const traceId = events.find(
    (event) => event.type === 'saga.started' && event.orderId === second.orderId,
  )?.traceId;
  const ended = events.find((event) => event.type === 'saga.completed' && event.orderId === second.orderId);
  const sent = events.filter(
    (event) => event.type === 'request.sent' && event.traceId === traceId && event.seq < (ended?.seq ?? 0),
  );
  expect(sent.length).toBeGreaterThan(8);
  const inBrowser = seen.filter((request) => request.traceId === traceId);
  for (const event of sent) {
    if (event.type !== 'request.sent') continue;
    const hop = event.service === 'customers' ? '/api' : `/network/${event.instance}/${event.toInstance}`;
    expect(
      inBrowser.some((request) => request.url.includes(`${hop}${event.path}`)),
      `${hop}${event.path}`,
    ).toBe(true);
  }
});

/** A span is the caller's and the callee's: whichever of them names a parent, it has one. */
function rootSpans(trace: readonly RunEvent[]): string[] {
  const parents = new Map<string, string | null>();
  for (const event of trace) {
    const span = String(event.spanId);
    parents.set(span, event.parentSpanId ?? parents.get(span) ?? null);
  }
  return [...parents].filter(([, parent]) => parent === null).map(([span]) => span);
}

function orphanSpans(trace: readonly RunEvent[]): string[] {
  const known = new Set(trace.map((event) => event.spanId));
  return trace
    .filter((event) => event.parentSpanId !== null && !known.has(event.parentSpanId))
    .map((event) => `${event.service} ${event.type}`);
}

function leadsBackTo(event: RunEvent, byId: ReadonlyMap<string, RunEvent>, type: RunEvent['type']): boolean {
  let at: RunEvent | undefined = event;
  for (let steps = 0; at !== undefined && steps < 10_000; steps += 1) {
    if (at.type === type) return true;
    at = at.cause === null ? undefined : byId.get(at.cause);
  }
  return false;
}
