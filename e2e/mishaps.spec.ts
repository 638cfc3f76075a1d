import type { Page } from '@playwright/test';
import type { ScriptingDoor } from '../src/app/scripting-door.ts';
import { openTab } from './dock.ts';
import { begin, orderGoesThrough, place, SHORT_WAYS, serveChanged } from './orders.ts';
import { expect, Shop, test } from './shop.ts';

declare const bulkhead: ScriptingDoor;

test.describe.configure({ timeout: 120_000 });

const notice = (shop: Shop, text: string | RegExp) => shop.page.locator('.notice', { hasText: text });

interface Clock {
  readonly nowUs: number;
  readonly paused: boolean;
}
const clockOf = async (shop: Shop): Promise<Clock> => ((await shop.state()) as { clock: Clock }).clock;
const paused = (shop: Shop, wanted: boolean) =>
  expect.poll(async () => (await clockOf(shop)).paused).toBe(wanted);

/** Another tab is brought to the front: headless, no page is ever really hidden. */
const setHidden = (page: Page, hidden: boolean) =>
  page.evaluate((is) => {
    const state = is ? 'hidden' : 'visible';
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);

/** Ends a worker from within, as a crash of its process would: nobody is told. */
async function kill(page: Page, script: string): Promise<void> {
  const worker = page.workers().find((each) => each.url().includes(script));
  if (worker === undefined)
    throw new Error(
      `no worker ${script}: ${page
        .workers()
        .map((each) => each.url())
        .join(', ')}`,
    );
  await worker.evaluate(() => self.close());
}

test('a hidden tab pauses its run, says so, and goes on when it is seen again', async ({ shop }) => {
  const { page } = shop;
  await begin(shop);
  await shop.command({ type: 'settings.set', patch: { hop: { meanMs: 300 } } });
  const order = place(shop);
  await shop.waitForEvent('saga.started');
  await setHidden(page, true);
  await paused(shop, true);
  await expect(notice(shop, 'paused while its tab was hidden')).toBeVisible();
  const { nowUs } = await clockOf(shop);
  expect((await clockOf(shop)).nowUs).toBe(nowUs);
  await setHidden(page, false);
  await paused(shop, false);
  await shop.waitForEvent('saga.completed', { orderId: await order });
  expect((await shop.events('run.paused')).map(({ reason }) => reason)).toContain('the tab is hidden');

  await test.step('what a person has paused stays paused', async () => {
    await shop.command({ type: 'run.pause' });
    await paused(shop, true);
    const fromSeq = await shop.lastSeq();
    await setHidden(page, true);
    await setHidden(page, false);
    await shop.command({ type: 'run.speed', speed: 2 });
    await shop.waitForEvent('run.speed.changed', { speed: 2 }, { fromSeq });
    expect((await shop.allEvents(fromSeq)).map(({ type }) => type)).not.toContain('run.resumed');
  });
});

test('in the Lab, too, a hidden tab pauses its run, says so, and goes on', async ({ shop }) => {
  const { page } = shop;
  await shop.open('./#host=lab');
  await page.getByTestId('play').click();
  await shop.reaches(3);
  await setHidden(page, true);
  await paused(shop, true);
  await expect(notice(shop, 'paused while its tab was hidden')).toBeVisible();
  const { nowUs } = await clockOf(shop);
  await setHidden(page, false);
  await paused(shop, false);
  await shop.reaches(nowUs / 1e6 + 1);
});

test('without a database the page says so, and an order goes through in memory', async ({ shop }) => {
  // Page and workers alike, as where a policy or the browser's settings forbid it.
  const denied = "IDBFactory.prototype.open = () => { throw new DOMException('denied', 'SecurityError'); };";
  const server = await serveChanged((name, text) => {
    if (name === 'index.html') return text.replace('<head>', `<head><script>${denied}</script>`);
    return name.includes('.worker-') ? `${denied}\n${text}` : text;
  });
  try {
    await begin(shop, `http://localhost:${server.port}/`);
    await expect(notice(shop, 'tables are kept in memory')).toBeVisible();
    await orderGoesThrough(shop);
    expect((await shop.tables('order'))['orders']).toHaveLength(1);
    expect(await shop.page.evaluate(async () => await indexedDB.databases())).toEqual([]);
    expect(await shop.violations()).toEqual([]);
    await shop.expectCleanConsole();
  } finally {
    await server.stop();
  }
});

test('a database that another tab deletes: it is said, its service begins anew, and Reset works', async ({
  shop,
  context,
  baseURL,
}) => {
  await begin(shop);
  await orderGoesThrough(shop);
  const run = await shop.runId();
  const before = await shop.lastSeq();
  const other = await context.newPage();
  await other.goto(`${baseURL}favicon.svg`);
  await other.evaluate(
    (name) =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.deleteDatabase(name);
        request.onsuccess = () => resolve();
        request.onerror = () => reject(request.error);
      }),
    `bulkhead/${run}/microservices/order`,
  );
  await other.close();
  await expect(notice(shop, 'deleted the database of order')).toBeVisible();
  await shop.waitForEvent('instance.crashed', { reason: 'its database was deleted' }, { fromSeq: before });
  await shop.waitForEvent('instance.ready', { service: 'order' }, { fromSeq: before });
  // What it writes from here on is in the log, as ever.
  await expect.poll(async () => (await shop.tables('order'))['orders'], { timeout: 15_000 }).toEqual([]);
  await orderGoesThrough(shop);
  expect((await shop.tables('order'))['orders']).toHaveLength(1);

  await shop.reset();
  await expect(notice(shop, 'deleted the database')).toHaveCount(0);
  await shop.command({ type: 'settings.set', patch: SHORT_WAYS });
  await shop.command({ type: 'run.resume' });
  await orderGoesThrough(shop);
  expect(await shop.violations()).toEqual([]);
});

test("an instance's worker that does not start: it is said, and the others go on", async ({ shop }) => {
  let broken = false;
  const server = await serveChanged((name, text) =>
    broken && name.includes('instance.worker-') ? 'throw new Error("broken on its way");' : text,
  );
  try {
    await begin(shop, `http://localhost:${server.port}/#`);
    await orderGoesThrough(shop);
    broken = true;
    await shop.page.evaluate(async () => {
      for (const name of await caches.keys()) await caches.delete(name);
    });
    await shop.command({ type: 'instance.crash', instance: 'shipping-1' });
    await shop.command({ type: 'instance.restart', instance: 'shipping-1' });
    await expect(notice(shop, 'the worker of shipping-1')).toBeVisible();
    await shop.waitForEvent('instance.crashed', { reason: 'its worker failed' });
    await shop.waitForEvent('saga.compensated', { orderId: await place(shop) });
    broken = false;
    await shop.command({ type: 'instance.restart', instance: 'shipping-1' });
    await shop.waitForEvent('instance.ready', { instance: 'shipping-1' }, { fromSeq: await shop.lastSeq() });
    await shop.runTimePasses(5000);
    await orderGoesThrough(shop);
  } finally {
    await server.stop();
  }
});

test("the run's own worker dies: it is said, what was recorded stays, and Reset begins again", async ({
  shop,
}) => {
  const { page } = shop;
  await begin(shop);
  await orderGoesThrough(shop);
  const before = await shop.allEvents();
  await kill(page, 'hub.worker');
  await expect(notice(shop, "run's worker does not answer any more")).toBeVisible({ timeout: 30_000 });
  await paused(shop, true);
  await page.evaluate(() => bulkhead.seek(1_000_000));
  await expect(page.getByTestId('past')).toBeVisible();
  expect((await shop.allEvents()).slice(0, before.length)).toEqual(before);
  await page.evaluate(() => bulkhead.seek(null));
  const refusal = await shop.refusedCommand({ type: 'order.place' });
  expect(refusal.message).toMatch(/^The run has ended/);

  await shop.command({ type: 'run.reset' });
  await expect(notice(shop, 'does not answer')).toHaveCount(0);
  await shop.command({ type: 'settings.set', patch: SHORT_WAYS });
  await shop.command({ type: 'run.resume' });
  await orderGoesThrough(shop);
  expect(await shop.violations()).toEqual([]);
});

test("the Lab's worker dies: it is said, what was recorded stays, and Reset begins again", async ({
  shop,
}) => {
  const { page } = shop;
  await shop.open('./#host=lab');
  await page.getByTestId('play').click();
  await shop.reaches(4);
  const before = await shop.allEvents();
  await kill(page, 'lab.worker');
  await expect(notice(shop, "Lab's worker does not answer any more")).toBeVisible({ timeout: 30_000 });
  await paused(shop, true);
  await page.evaluate(() => bulkhead.seek(2_000_000));
  await expect(page.getByTestId('past')).toBeVisible();
  expect((await shop.allEvents()).slice(0, before.length)).toEqual(before);

  await shop.command({ type: 'run.reset' });
  await expect(notice(shop, 'does not answer')).toHaveCount(0);
  await page.getByTestId('play').click();
  await shop.reaches(4);
});

test('a service worker that ends in a long pause takes no answer with it: each request has one, and orders end', async ({
  shop,
  context,
}) => {
  await begin(shop);
  await shop.command({
    type: 'settings.set',
    patch: { everyHopThroughBrowser: true, hop: { meanMs: 400 }, saga: { giveUpMs: 60_000 } },
  });
  const orders = [place(shop), place(shop), place(shop, { cardToken: 'tok_declined' })];
  await shop.waitForEvent('saga.started');
  await shop.command({ type: 'run.pause' });
  // What a browser does to a service worker whose requests have had no answer for five minutes.
  const devtools = await context.newCDPSession(shop.page);
  await devtools.send('ServiceWorker.enable');
  await devtools.send('ServiceWorker.stopAllWorkers');
  await shop.command({ type: 'run.resume' });
  await shop.command({ type: 'settings.set', patch: { hop: { meanMs: 20 } } });
  const ids = await Promise.all(orders);
  await shop.settled();
  const ends = new Map(
    (await shop.events('saga.completed', 'saga.compensated')).map((event) => [event.orderId, event.type]),
  );
  expect(ids.map((id) => ends.get(id))).toEqual(['saga.completed', 'saga.completed', 'saga.compensated']);
  expect(await shop.violations()).toEqual([]);
  const answers = new Map<string, number>();
  for (const event of await shop.events('response.received', 'request.failed')) {
    const attempt = `${event.callId}/${event.attempt}`;
    answers.set(attempt, (answers.get(attempt) ?? 0) + 1);
  }
  expect([...answers].filter(([, count]) => count !== 1)).toEqual([]);
  expect(answers.size).toBeGreaterThan(20);
});

test('a service worker that is unregistered in mid-run: the run goes on, and the next visit has another', async ({
  shop,
}) => {
  const { page } = shop;
  await begin(shop);
  const order = place(shop);
  await page.evaluate(async () => {
    for (const registration of await navigator.serviceWorker.getRegistrations())
      await registration.unregister();
  });
  await shop.waitForEvent('saga.completed', { orderId: await order });
  await orderGoesThrough(shop);
  await page.reload();
  await shop.ready();
  await orderGoesThrough(shop);
  expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(1);
  expect(await shop.violations()).toEqual([]);
});

test('a view that throws, or that cannot be loaded: the rest goes on, and the error can be copied', async ({
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const server = await serveChanged((name, text) => {
    if (/api-view-.*\.js$/.test(name)) return 'export default () => { throw new Error("a broken view"); };';
    return /inspector-.*\.js$/.test(name) ? 'throw new Error("a broken file");' : text;
  });
  // Its console is not clean: React says what was thrown.
  const shop = new Shop(await context.newPage());
  const { page } = shop;
  try {
    await begin(shop, `http://localhost:${server.port}/`);
    await openTab(page, 'API');
    const dock = page.getByTestId('dock-api');
    await expect(dock.getByRole('alert')).toContainText('API failed. The rest of the page goes on.');
    await dock.getByRole('button', { name: 'Copy the error' }).click();
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toMatch(/^API: a broken view\n.*/);
    await page.getByTestId('node-shipping').getByRole('button').click();
    await expect(page.getByRole('alert').filter({ hasText: 'a broken file' })).toBeVisible();
    await openTab(page, 'Events');
    await expect(page.getByTestId('dock-events')).toBeVisible();
    await expect(page.getByTestId('node-shipping')).toBeVisible();
    await orderGoesThrough(shop);
  } finally {
    await server.stop();
  }
});
