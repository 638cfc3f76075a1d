import type { ScriptingDoor } from '../src/app/scripting-door.ts';
import type { RunEvent } from '../src/kernel/index.ts';
import { begin, distFolder, place, SHORT_WAYS } from './orders.ts';
import { expect, Shop, test } from './shop.ts';
import { folderAt, serve } from './static-server.ts';

declare const bulkhead: ScriptingDoor;

// Some open several shops, one after the other or side by side.
test.describe.configure({ timeout: 120_000 });

/** Orders that had begun and not ended. */
function openOrders(log: readonly RunEvent[]): Set<string> {
  const open = new Set<string>();
  for (const event of log) {
    if (event.type === 'saga.started') open.add(event.orderId);
    if (event.type === 'saga.completed' || event.type === 'saga.compensated') open.delete(event.orderId);
  }
  return open;
}

/** So that an order is still open when the page is reloaded. */
const LONG_WAYS = { hop: { meanMs: 600 }, saga: { giveUpMs: 60_000 } };

test('a reload amid open orders: each goes on and ends, the databases and the log are kept', async ({
  shop,
}) => {
  await begin(shop);
  const run = await shop.runId();
  await shop.waitForEvent('saga.completed', { orderId: await place(shop) });
  await shop.command({ type: 'settings.set', patch: LONG_WAYS });
  const cards = ['tok_ok', 'tok_declined', 'tok_ok'];
  const orders = await Promise.all(cards.map(async (cardToken) => await place(shop, { cardToken })));
  const databases = await shop.databases(run);
  const before = await shop.allEvents();
  await shop.page.reload();
  // Once more, while it is still starting.
  await shop.page.reload();
  await shop.ready();
  expect(await shop.runId()).toBe(run);
  expect(await shop.databases(run)).toEqual(databases);
  // The page does not stop the run that goes on.
  expect(await shop.page.evaluate(() => bulkhead.state())).toMatchObject({ clock: { paused: false } });

  await test.step('the log goes on where it was', async () => {
    const log = await shop.allEvents();
    expect(log.slice(0, before.length)).toEqual(before);
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index));
    expect(new Set(log.map(({ id }) => id)).size).toBe(log.length);
    const lives = log.filter((event) => event.type === 'instance.started' && event.instance === 'order-1');
    expect(lives.length).toBeGreaterThanOrEqual(2);
    const reloads = log.filter((event) => event.type === 'instance.crashed');
    expect([...new Set(reloads.map((event) => event.reason))]).toEqual(['the page was reloaded']);
    expect(openOrders(log.slice(0, reloads[0]?.seq))).toEqual(new Set(orders));
  });

  await test.step('every order ends as it should', async () => {
    await shop.command({ type: 'settings.set', patch: { hop: SHORT_WAYS.hop } });
    await shop.settled();
    const ends = new Map(
      (await shop.events('saga.completed', 'saga.compensated')).map((event) => [event.orderId, event.type]),
    );
    expect(orders.map((orderId) => ends.get(orderId))).toEqual([
      'saga.completed',
      'saga.compensated',
      'saga.completed',
    ]);
    const resumed = (await shop.events('saga.resumed')).map((event) => event.orderId);
    expect(resumed).toEqual(expect.arrayContaining(orders));
    await shop.waitForEvent('saga.completed', { orderId: await place(shop) });
    expect(await shop.violations()).toEqual([]);
  });
});

test('the page lets go of what its service worker has said', async ({ shop }) => {
  await shop.page.addInitScript(() => {
    const heard: WeakRef<MessageEvent>[] = [];
    Object.assign(window, { heard });
    navigator.serviceWorker.addEventListener('message', (event) => heard.push(new WeakRef(event)));
  });
  await begin(shop);
  await shop.waitForEvent('saga.completed', { orderId: await place(shop) });
  const heard = () =>
    shop.page.evaluate(() => {
      const all = (window as unknown as { readonly heard: readonly WeakRef<MessageEvent>[] }).heard;
      return { all: all.length, kept: all.filter((event) => event.deref() !== undefined).length };
    });
  expect((await heard()).all).toBeGreaterThan(2);
  const session = await shop.page.context().newCDPSession(shop.page);
  await expect(async () => {
    await session.send('HeapProfiler.collectGarbage');
    expect((await heard()).kept).toBeLessThan(2);
  }).toPass({ timeout: 20_000 });
});

test('a reset begins a fresh run, with nothing of the one before', async ({ shop }) => {
  await shop.open();
  const first = await shop.page.evaluate(() => bulkhead.state());
  await shop.command({ type: 'settings.set', patch: SHORT_WAYS });
  await shop.command({ type: 'run.resume' });
  await shop.command({ type: 'run.speed', speed: 2 });
  await shop.waitForEvent('saga.completed', { orderId: await place(shop) });
  const target = { kind: 'service', service: 'shipping' };
  await shop.command({ type: 'fault.add', fault: { kind: 'down', target, lengthMs: null } });
  await shop.send('GET', '/nothing');
  const before = await shop.runId();
  expect(await shop.databases(before)).not.toEqual([]);

  await shop.reset();
  const run = await shop.runId();
  expect(run).not.toBe(before);
  expect(await shop.databases(before)).toEqual([]);
  expect((await shop.databases(run)).length).toBeGreaterThan(5);

  const log = await shop.allEvents();
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index));
  expect(log[0]).toMatchObject({ type: 'run.started', id: 'run-1.1.1' });
  expect(log.filter(({ type }) => type.startsWith('fault.') || type.startsWith('saga.'))).toEqual([]);
  expect((await shop.tables('order'))['orders']).toEqual([]);
  const { settings, faults } = first as { settings: unknown; faults: unknown };
  const state = await shop.page.evaluate(() => bulkhead.state());
  expect(state).toMatchObject({ phase: 'ready', settings, faults, clock: { speed: 1 } });

  await shop.command({ type: 'settings.set', patch: SHORT_WAYS });
  await shop.command({ type: 'run.resume' });
  await shop.waitForEvent('saga.completed', { orderId: await place(shop) });
  expect((await shop.tables('order'))['orders']).toHaveLength(1);
  expect(await shop.violations()).toEqual([]);
});

test.describe('without a service worker', () => {
  test.use({ serviceWorkers: 'block' });

  test('the page says so, and an order goes through all the same', async ({ shop }) => {
    const inNetworkLog: string[] = [];
    shop.page.on('request', (request) => inNetworkLog.push(new URL(request.url()).pathname));
    await begin(shop);
    shop.takeConsoleLine('Service Worker registration blocked by Playwright');
    await expect(shop.page.locator('.notice', { hasText: 'no service worker' })).toBeVisible();
    await shop.waitForEvent('saga.completed', { orderId: await place(shop) });
    // The page's own fetch is answered too, well or badly.
    const statuses = await shop.page.evaluate(async () => {
      const paths = ['./api/products/games-01', './api/nothing', './network/order-1/user-1/users'];
      const answers = [];
      for (const path of paths) answers.push((await fetch(path)).status);
      return answers;
    });
    expect(statuses).toEqual([200, 404, 403]);
    await shop.command({ type: 'settings.set', patch: { everyHopThroughBrowser: true } });
    await shop.waitForEvent('saga.completed', { orderId: await place(shop) });
    expect(inNetworkLog.filter((path) => /^\/(api|network)\//.test(path))).toEqual([]);
    expect(await shop.violations()).toEqual([]);
  });
});

test('two tabs have runs of their own: the fault of one is not felt in the other', async ({
  shop,
  context,
}) => {
  const other = new Shop(await context.newPage());
  for (const each of [shop, other]) await begin(each);
  const runs = [await shop.runId(), await other.runId()];
  expect(new Set(runs).size).toBe(2);
  const target = { kind: 'service', service: 'payment-provider' };
  await shop.command({
    type: 'fault.add',
    fault: { kind: 'errors', target, status: 503, share: 1, lengthMs: null },
  });
  const [broken, whole] = await Promise.all([place(shop), place(other)]);
  await Promise.all([
    shop.waitForEvent('saga.compensating', { orderId: broken }),
    other.waitForEvent('saga.completed', { orderId: whole }),
  ]);
  expect((await shop.events('fault.injected')).length).toBeGreaterThan(0);
  expect(await other.events('fault.started', 'fault.injected')).toEqual([]);
  for (const [each, orderId] of [
    [shop, broken],
    [other, whole],
  ] as const) {
    const rows = (await each.tables('order'))['orders'] ?? [];
    expect(rows.map((row) => row['orderId'])).toEqual([orderId]);
    // Through the service worker that both share, each page asks its own shop.
    const answer = await each.send('GET', '/orders', { as: 'customer' });
    const { orders } = answer.body as unknown as { orders: readonly { orderId: string }[] };
    expect(orders.map((order) => order.orderId)).toEqual([orderId]);
  }
  await other.expectCleanConsole();

  await test.step('a copied tab begins a run of its own, and says so', async () => {
    await other.page.close();
    const [page] = await Promise.all([
      shop.page.waitForEvent('popup'),
      shop.page.evaluate(() => void window.open(location.href)),
    ]);
    const copy = new Shop(page);
    await copy.ready();
    await expect(page.locator('.notice', { hasText: 'this tab has begun a run of its own' })).toBeVisible();
    expect(runs).not.toContain(await copy.runId());
    expect((await copy.tables('order'))['orders']).toEqual([]);
    await copy.expectCleanConsole();
    await page.close();
  });
  expect((await shop.tables('order'))['orders']).toHaveLength(1);
});

test('the built page works in a folder of any static host', async ({ shop }) => {
  const server = await serve(folderAt(distFolder, '/some/path/'));
  const origin = `http://localhost:${server.port}`;
  const hops: string[] = [];
  shop.page.on('request', (request) => {
    if (request.headers()['x-bulkhead-hop'] !== undefined) hops.push(request.url());
  });
  try {
    await begin(shop, `${origin}/some/path/`);
    const scopes = await shop.page.evaluate(async () => {
      const registrations = await navigator.serviceWorker.getRegistrations();
      return registrations.map(({ scope }) => scope);
    });
    expect(scopes).toEqual([`${origin}/some/path/`]);
    await shop.waitForEvent('saga.completed', { orderId: await place(shop) });
    expect(hops).toContain(`${origin}/some/path/api/orders`);

    // A card that is declined and a service that is down, seen by the browser: each in the console, once.
    await shop.command({ type: 'settings.set', patch: { everyHopThroughBrowser: true } });
    await shop.waitForEvent('saga.compensated', {
      orderId: await place(shop, { cardToken: 'tok_declined' }),
    });
    await shop.command({ type: 'instance.crash', instance: 'shipping-1' });
    await shop.waitForEvent('saga.compensated', { orderId: await place(shop) });
    await shop.command({ type: 'instance.restart', instance: 'shipping-1' });
    const folders = new Set(hops.map((url) => url.replace(/(\/(api|network)\/).*/, '$1')));
    expect([...folders].sort()).toEqual([`${origin}/some/path/api/`, `${origin}/some/path/network/`]);

    await shop.page.reload();
    await shop.ready();
    await shop.waitForEvent('saga.completed', { orderId: await place(shop) });
    expect(await shop.violations()).toEqual([]);
    await shop.expectCleanConsole();
    expect(server.missing).toEqual([]);
  } finally {
    await server.stop();
  }
});
