import type { ScriptingDoor } from '../src/app/scripting-door.ts';
import type { RunEvent } from '../src/kernel/index.ts';
import { expectAccessible } from './accessibility.ts';
import { expectNothingCutOff } from './cut-off.ts';
import { openTab } from './dock.ts';
import { expect, type Shop, test } from './shop.ts';

declare const bulkhead: ScriptingDoor;

test.describe.configure({ timeout: 180_000 });

const SHORT_PIPELINE = { pipeline: { buildMs: 500, testMs: 500, contractCheckMs: 500 } };

const events = (shop: Shop): Promise<readonly RunEvent[]> => shop.page.evaluate(() => bulkhead.events());

/** Fills the form in, as a person would. */
async function release(
  shop: Shop,
  service: string,
  version: string,
  strategy: string,
  skip = false,
): Promise<void> {
  const form = shop.page.getByRole('form', { name: 'Release' });
  await form.getByLabel('Service', { exact: true }).selectOption(service);
  await form.getByLabel('Version', { exact: true }).selectOption(version);
  await form.getByLabel('Strategy', { exact: true }).selectOption(strategy);
  await form.getByLabel('Skip the contract check').setChecked(skip);
  await form.getByRole('button', { name: 'Release' }).click();
}

const lane = (shop: Shop, name: string) => shop.page.getByRole('row', { name: new RegExp(`^${name}`) });

test('live: the canary of a bad version aborts itself, and the view says why', async ({ shop }) => {
  const { page } = shop;
  await shop.open('./');
  await shop.command({
    type: 'settings.set',
    patch: {
      load: { running: true, ordersPerSecond: 3, statusesPerSecond: 3, browsesPerSecond: 0 },
      releases: { ...SHORT_PIPELINE, canary: { stepMs: 5000 } },
    },
  });
  await shop.command({ type: 'run.resume' });
  await openTab(page, 'Releases');
  await release(shop, 'order', 'v3', 'canary');
  const order = lane(shop, 'Order');
  await expect(order).toContainText('order-2 v3', { timeout: 30_000 });
  await expect(order).toContainText('25 %', { timeout: 30_000 });
  await expect(order).toContainText('v3 taken back', { timeout: 90_000 });
  await expect(order).toContainText(/requests to v3 failed/);
  await expect(page.getByText(/Order v3, canary: aborted after/)).toBeVisible();
  const aborted = (await events(shop)).filter((event) => event.type === 'release.aborted');
  expect(aborted).toMatchObject([{ by: 'analysis', of: 'order' }]);
  await shop.expectCleanConsole();
});

test('live: Order is deployed while User is untouched: none of its instances restarts, none of its requests fails', async ({
  shop,
}) => {
  const { page } = shop;
  await shop.open('./');
  await shop.command({ type: 'settings.set', patch: { releases: SHORT_PIPELINE } });
  await shop.command({ type: 'run.resume' });
  await openTab(page, 'Releases');
  await release(shop, 'order', 'v2', 'rolling');
  // A customer signs in meanwhile.
  await shop.command({ type: 'customer.sign-in', email: 'ben@example.com', password: 'demo-password-1' });
  await expect(lane(shop, 'Order')).toContainText('v2 deployed', { timeout: 90_000 });
  await shop.command({ type: 'customer.sign-in', email: 'chloe@example.com', password: 'demo-password-1' });
  const log = await events(shop);
  const ofUser = log.filter((event) => event.service === 'user');
  expect(ofUser.filter(({ type }) => type === 'instance.started')).toHaveLength(1);
  expect(ofUser.filter(({ type }) => ['instance.stopped', 'instance.crashed'].includes(type))).toEqual([]);
  const asked = log.filter((event) => 'to' in event && event.to === 'user');
  expect(asked.filter(({ type }) => type === 'request.failed')).toEqual([]);
  const answers = asked.flatMap((event) => (event.type === 'response.received' ? [event.status] : []));
  expect(answers.length).toBeGreaterThan(1);
  expect(answers.filter((status) => status >= 500)).toEqual([]);
  const began = log.filter((event) => event.type === 'instance.started' && event.service === 'order');
  expect(began).toMatchObject([{ instance: 'order-1' }, { instance: 'order-2', version: 'v2' }]);
});

for (const viewport of [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
]) {
  test.describe(`at ${viewport.width} × ${viewport.height}`, () => {
    test.use({ viewport });

    test('in the Lab a breaking version ends at the contract check; skipped, orders are lost until it is aborted', async ({
      shop,
    }) => {
      const { page } = shop;
      await shop.open('./#host=lab&seed=7');
      await openTab(page, 'Releases');
      await expect(page.getByText(/Nothing yet: every service runs/)).toBeVisible();
      await expectAccessible(page, 'releases, before any', '#dock');
      await release(shop, 'product', 'v3', 'recreate');
      await shop.command({ type: 'run.resume' });
      await shop.command({ type: 'run.speed', speed: 10 });
      const product = lane(shop, 'Product');
      await expect(product).toContainText('Order reads totalMinor of PUT /reservations/{orderId}', {
        timeout: 60_000,
      });
      await expect(product).toContainText('v3 aborted');
      await release(shop, 'product', 'v3', 'canary', true);
      await expect(product).toContainText('product-2 v3', { timeout: 60_000 });
      await expect(product).toContainText('v3 taken back', { timeout: 60_000 });
      await shop.command({ type: 'run.pause' });
      await expectAccessible(page, 'releases', '#dock');
      await expectNothingCutOff(page, 'releases');
      // The past has it too.
      await page.evaluate(() => bulkhead.seek(1_000_000));
      await expect(page.getByText(/Nothing yet: every service runs/)).toBeVisible();
    });
  });
}
