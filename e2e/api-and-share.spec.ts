import { test as base } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';
import { openTab } from './dock.ts';
import { expect, Shop, test } from './shop.ts';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

test('an operation is tried from the page: 200, 4xx, curl, its calls and its trace', async ({
  shop,
  baseURL,
}) => {
  // axe reads the page eight times.
  test.setTimeout(150_000);
  const { page } = shop;
  await shop.open('./#dock=api');
  const operation = (key: string) => page.locator(`[data-operation="${key}"]`);
  const tryIt = page.getByRole('button', { name: 'Try it' });
  const status = page.getByTestId('api-status');
  const body = page.getByTestId('api-body');

  await test.step('a paused run goes on for it, and nobody else comes', async () => {
    await operation('product/getProduct').click();
    await expect(
      page.getByText('The run is paused: Try it lets it go on, for the answer to come.'),
    ).toBeVisible();
    await tryIt.click();
    await expect(status).toHaveText(/^200 OKin \d/, { timeout: 30_000 });
    expect(JSON.parse((await body.textContent()) ?? '')).toMatchObject({
      sku: 'kitchen-01',
      currency: 'EUR',
    });
    expect((await shop.events('intent.started')).map(({ kind }) => kind)).toEqual(['other']);
  });

  await test.step('it is a real request: page, gateway, Product', async () => {
    await expect(page.getByText('2 calls, 1 visible in DevTools')).toBeVisible();
    await page.getByRole('button', { name: 'Show its trace' }).click();
    const calls = page.getByTestId('waterfall').getByRole('button');
    await expect(calls).toHaveCount(2);
    await expect(calls.last()).toHaveAccessibleName(/^Gateway to Product, GET \/products\/kitchen-01/);
    await openTab(page, 'API');
    // What was answered is still there.
    await expect(status).toHaveText(/^200 OK/);
  });

  await test.step('curl says the same', async () => {
    await page.getByRole('button', { name: 'Copy the curl command' }).click();
    await expect(page.getByText('Copied the curl command.')).toBeAttached();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toBe(`curl '${baseURL}api/products/kitchen-01'`);
    // The address in it is the shop's real one, for whoever is in this browser.
    const answer = await page.evaluate(async (url) => (await fetch(url)).status, copied.slice(6, -1));
    expect(answer).toBe(200);
  });

  await test.step('what is wrong is refused by the service itself', async () => {
    await operation('product/setStock').focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Body, JSON').fill('{"stock": "many"}');
    await page.getByLabel('Body, JSON').press('Control+Enter');
    await expect(status).toHaveText(/^400 Bad Request/);
    await expect(body).toContainText('"field": "stock"');
    await page.getByRole('combobox', { name: 'as' }).selectOption('nobody');
    await tryIt.click();
    await expect(status).toHaveText(/^401 Unauthorized/);
  });

  await test.step('nobody outside reaches what is inside', async () => {
    await operation('shipping/createShipment').click();
    await expect(
      page.getByText('Only the gateway can be reached from outside. Order calls it.'),
    ).toBeVisible();
    await expect(tryIt).toHaveCount(0);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download the OpenAPI document: Shipping service' }).click();
    expect((await download).suggestedFilename()).toBe('shipping.openapi.json');
  });

  await test.step('axe finds nothing', async () => {
    await shop.command({ type: 'run.pause' });
    await expectAccessible(page, 'API, inside');
    await operation('order/placeOrder').click();
    await expectAccessible(page, 'API, a draft');
    await tryIt.click();
    await expect(status).toHaveText(/^202 Accepted/, { timeout: 30_000 });
    await shop.command({ type: 'run.pause' });
    await page.getByText(/^\d headers$/).click();
    await expectAccessible(page, 'API, an answer');
    await page.setViewportSize({ width: 1024, height: 768 });
    await expectAccessible(page, 'API, 1024×768');
  });
});

test('a shared link opens the very same thing, and the projector shows it larger', async ({
  shop,
  context,
}) => {
  const { page } = shop;
  await shop.open('./#composition=monolith');
  await page.getByTestId('node-monolith').getByRole('button').click();
  await openTab(page, 'API');
  await page.getByRole('button', { name: 'Theme: as the system. Switch to light' }).click();
  await page.getByRole('button', { name: 'Theme: light. Switch to dark' }).click();
  await page.getByRole('button', { name: /^Share/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Share' });
  await expect(dialog.getByRole('img', { name: 'QR code of the link' })).toBeVisible();
  await expectAccessible(page, 'Share');
  await dialog.getByRole('button', { name: 'Copy the link' }).click();
  await expect(dialog.getByText('Copied the link.')).toBeAttached();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);

  const other = new Shop(await context.newPage());
  await other.open(link);
  await expect(other.page.getByTestId('inspector')).toHaveAccessibleName('Details: Monolith');
  await expect(other.page.getByTestId('dock-api')).toContainText('Bulkhead shop, in one process');
  await expect(other.page.locator('html')).toHaveAttribute('data-theme', 'dark');
  expect(await other.page.evaluate(() => location.href)).toBe(link);
  const [started] = await other.events('run.started');
  expect(started?.composition).toBe('monolith');

  await test.step('P: the projector', async () => {
    await other.page.getByTestId('play').focus();
    await other.page.keyboard.press('p');
    await expect(other.page).toHaveURL(/projector=1/);
    await expect(other.page.getByRole('button', { name: /^Projector/ })).toHaveAttribute(
      'aria-pressed',
      'true',
    );
    const digits = other.page.getByRole('region', { name: 'Figures' }).locator('dd').first();
    await expect(digits).toHaveCSS('font-size', '24px');
    await expectAccessible(other.page, 'projector');
    await other.page.reload();
    await other.ready();
    await expect(other.page.locator('html')).toHaveAttribute('data-projector', 'on');
  });
  await other.expectCleanConsole();
});

const embedded = base.extend<{ inside: Shop }>({
  inside: async ({ page }, use) => {
    const shop = new Shop(page, () => page.frame('shop') ?? page);
    await use(shop);
    await shop.expectCleanConsole();
  },
});

embedded(
  'a page shows the shop in a frame, without what it leaves out',
  async ({ page, inside, baseURL }) => {
    const frame =
      '<iframe name="shop" src="./?hide=top#select=service:order&hide=controls,inspector,nonsense"';
    await page.route('**/school.html', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<!doctype html><html lang="en"><title>A school's page</title><link rel="icon" href="data:,">
        <main aria-label="Lesson"><h1>A lesson</h1>${frame} title="Bulkhead" width="1100" height="640"></iframe></main></html>`,
      }),
    );
    await page.goto(`${baseURL}school.html`);
    const shop = page.frameLocator('iframe');
    await expect(shop.getByTestId('node-order')).toBeVisible();
    await inside.ready();
    await expect(shop.getByRole('heading', { name: 'Bulkhead' })).toHaveCount(0);
    await expect(shop.getByRole('complementary', { name: 'Controls' })).toHaveCount(0);
    await expect(shop.getByTestId('inspector')).toHaveCount(0);
    await expect(shop.getByRole('region', { name: 'Figures' })).toBeVisible();
    await expect(shop.getByText(/no part “nonsense” to hide/)).toBeVisible();
    // It works all the same.
    await shop.getByTestId('play').click();
    await expect(shop.getByTestId('play')).toHaveText('Pause');
    await inside.waitForEvent('intent.answered');
    await inside.command({ type: 'run.pause' });
    await expectAccessible(page, 'in a frame');
  },
);

test('RL-3 who asks too often is answered 429, with the headers that say when to come again', async ({
  shop,
}) => {
  const { page } = shop;
  await shop.open('./#dock=api');
  // One token, that takes ten seconds to come back.
  await shop.command({
    type: 'settings.set',
    patch: { rateLimit: { perSecond: 0.1, burst: 1 }, load: { running: false } },
  });
  await page.locator('[data-operation="product/getProduct"]').click();
  const tryIt = page.getByRole('button', { name: 'Try it' });
  const status = page.getByTestId('api-status');
  await tryIt.click();
  await expect(status).toHaveText(/^200 OK/, { timeout: 30_000 });
  await tryIt.click();
  await expect(status).toHaveText(/^429 Too Many Requests/, { timeout: 30_000 });
  await expect(page.getByTestId('api-body')).toContainText('/problems/');
  await page.getByText(/^\d+ headers$/).click();
  const header = (name: string) =>
    page.getByRole('definition').filter({ has: page.locator(`xpath=preceding-sibling::dt[.='${name}']`) });
  await expect(header('retry-after')).toHaveText(/^\d+$/);
  await expect(header('ratelimit-policy')).toHaveText(/;q=1;w=10$/);
  await expect(header('ratelimit')).toHaveText(/;r=0;t=\d+$/);
  await shop.expectCleanConsole();
});
