import type { ScriptingDoor } from '../src/app/scripting-door.ts';
import { expect, type Shop, test } from './shop.ts';

declare const bulkhead: ScriptingDoor;

interface CrashPlace {
  readonly port: 'store' | 'network';
  readonly operation: string;
}

/** Every place at which the order saga touches the world, in order: its own writes, and its calls. */
const FORWARD: readonly CrashPlace[] = [
  { port: 'store', operation: 'place-order' },
  { port: 'store', operation: 'saga claim' },
  { port: 'store', operation: 'saga reserveStock started' },
  { port: 'network', operation: 'PUT /reservations/{orderId}' },
  { port: 'store', operation: 'saga reserveStock completed' },
  { port: 'store', operation: 'saga authorisePayment started' },
  { port: 'network', operation: 'PUT /authorisations/{paymentId}' },
  { port: 'store', operation: 'saga authorisePayment completed' },
  { port: 'store', operation: 'saga createShipment started' },
  { port: 'network', operation: 'PUT /shipments/{orderId}' },
  { port: 'store', operation: 'saga createShipment completed' },
  { port: 'store', operation: 'saga capturePayment started' },
  { port: 'network', operation: 'POST /authorisations/{paymentId}/capture' },
  { port: 'store', operation: 'saga capturePayment completed' },
  { port: 'store', operation: 'saga commitReservation started' },
  { port: 'network', operation: 'POST /reservations/{orderId}/commit' },
  { port: 'store', operation: 'saga commitReservation completed' },
  { port: 'store', operation: 'saga dispatchShipment started' },
  { port: 'network', operation: 'POST /shipments/{orderId}/dispatch' },
  { port: 'store', operation: 'saga dispatchShipment completed' },
  { port: 'store', operation: 'saga confirmOrder started' },
  { port: 'store', operation: 'saga confirmOrder completed' },
];

/** The way back, for an order whose card is declined after the stock was reserved. */
const BACKWARD: readonly CrashPlace[] = [
  { port: 'store', operation: 'saga authorisePayment failed' },
  { port: 'store', operation: 'saga releaseStock started' },
  { port: 'network', operation: 'DELETE /reservations/{orderId}' },
  { port: 'store', operation: 'saga releaseStock completed' },
  { port: 'store', operation: 'saga rejectOrder started' },
  { port: 'store', operation: 'saga rejectOrder completed' },
];

/** The same each time it is asked: another body under the same key would be refused, and rightly. */
const WANTED = {
  lines: [{ sku: 'games-01', quantity: 1 }],
  address: { name: 'Ada', street: 'Hauptstr. 1', postcode: '10115', city: 'Berlin', country: 'DE' },
};

const QUICK = { serviceTimeMs: 5 };

/** The same shop with short ways, quick services and short waits, so that fifty-six crashes fit into a test. */
const SHORT_WAYS = {
  hop: { meanMs: 5, spread: 0.1 },
  services: { user: QUICK, product: QUICK, order: QUICK, shipping: QUICK, 'payment-provider': QUICK },
  edge: { breaker: { waitDurationInOpenStateMs: 2000 } },
  saga: { stepAgainMs: 300, leaseMs: 1000 },
  registry: { heartbeatMs: 250, leaseMs: 1000, fetchMs: 250 },
};

async function openShortWays(shop: Shop): Promise<void> {
  await shop.open();
  await shop.command({ type: 'settings.set', patch: SHORT_WAYS });
  await shop.command({ type: 'load.set', running: false });
  // What is waited for is mostly a lease, or the pause before a step is tried again.
  await shop.command({ type: 'run.speed', speed: 2 });
  await shop.command({ type: 'run.resume' });
  await shop.command({ type: 'order.place' });
  await shop.waitForEvent('saga.completed');
}

for (const [name, places, order, end] of [
  ['forwards', FORWARD, {}, 'saga.completed'],
  ['backwards', BACKWARD, { cardToken: 'tok_declined' }, 'saga.compensated'],
] as const) {
  test(`Order crashes before and after each step of the saga, ${name}: every order ends, none is charged twice`, async ({
    shop,
  }) => {
    test.setTimeout(600_000);
    await openShortWays(shop);
    for (const place of places) {
      for (const when of ['before', 'after'] as const) {
        await test.step(`${when} ${place.port} ${place.operation}`, async () => {
          const fromSeq = await shop.lastSeq();
          await shop.command({
            type: 'fault.add',
            fault: { kind: 'crash-at', instance: 'order-1', ...place, nth: 1, when, restartAfterMs: 100 },
          });
          // The customer keeps the key and asks again when no answer came, as a real client does.
          const idempotencyKey = `crash-${place.operation}-${when}`;
          const orderId = await placeUntilAnswered(shop, { ...WANTED, ...order, idempotencyKey });
          const crash = await shop.waitForEvent('instance.crashed', { instance: 'order-1' }, { fromSeq });
          expect(crash.faultId).not.toBeNull();
          await shop.waitForEvent(end, { orderId }, { fromSeq });
          await shop.command({ type: 'fault.clear-all' });
        });
      }
    }
    const captures = (await shop.tables('payment-provider'))['authorisations'] ?? [];
    expect(captures.filter((row) => Number(row['capturedMinor']) > Number(row['amountMinor']))).toEqual([]);
    expect(await shop.violations()).toEqual([]);
  });
}

/** Each takes seconds of real time: `BULKHEAD_KILLS=60` for more of them than CI has time for. */
const KILLS = Number(process.env['BULKHEAD_KILLS'] ?? 20);

test('random kills: no database holds a committed row that the log does not know', async ({ shop }) => {
  test.setTimeout(600_000);
  await openShortWays(shop);
  await shop.command({
    type: 'load.set',
    running: true,
    ordersPerSecond: 4,
    browsesPerSecond: 0,
    statusesPerSecond: 0,
  });
  const victims = ['order-1', 'product-1', 'shipping-1', 'payment-provider-1', 'broker-1', 'user-1'];
  const seed = Number(process.env['BULKHEAD_SEED'] ?? Date.now() % 1_000_000);
  console.log(`seed ${seed} (BULKHEAD_SEED=${seed} repeats it)`);
  let state = seed;
  const draw = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
  for (let kill = 0; kill < KILLS; kill += 1) {
    const instance = victims[draw(victims.length)] as string;
    const fromSeq = await shop.lastSeq();
    // A random number of commits anywhere decides the moment: no clock is involved.
    await commits(shop, fromSeq, 1 + draw(12));
    await shop.command({ type: 'instance.crash', instance });
    await shop.command({ type: 'instance.restart', instance });
    await shop.waitForEvent('instance.ready', { instance }, { fromSeq });
  }
  await shop.command({ type: 'load.set', running: false });
  await shop.settled(120_000);
  expect((await shop.events('instance.crashed')).length).toBeGreaterThanOrEqual(KILLS);
  expect(await shop.violations()).toEqual([]);
});

/** Waits until so many transactions have committed since `fromSeq`. */
async function commits(shop: Shop, fromSeq: number, count: number): Promise<void> {
  await shop.eventually(
    () =>
      shop.page.evaluate(
        async ([from, wanted]) =>
          (await bulkhead.events(from)).filter((event) => event.type === 'store.committed').length >= wanted
            ? true
            : null,
        [fromSeq, count] as const,
      ),
    `${count} commits`,
  );
}

/** Asks again with the same key until there is an answer: Gateway's breaker to Order may be open for a while. */
async function placeUntilAnswered(shop: Shop, order: Record<string, unknown>): Promise<string> {
  let last: unknown = null;
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const answer = (await shop.command({ type: 'order.place', ...order })) as { orderId: string | null };
    if (answer.orderId !== null) return answer.orderId;
    last = answer;
    await shop.runTimePasses(500);
  }
  throw new Error(`the order was never answered; the last answer: ${JSON.stringify(last)}`);
}
