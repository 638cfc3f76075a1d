import type { Page } from '@playwright/test';
import type { ScriptingDoor } from '../src/app/scripting-door.ts';
import { expectAccessible } from './accessibility.ts';
import { expectNothingCutOff } from './cut-off.ts';
import { openTab } from './dock.ts';
import { expect, type Shop, test } from './shop.ts';

declare const bulkhead: ScriptingDoor;

/** The next minute of a run in the Lab, at once. */
async function minuteOn(shop: Shop): Promise<void> {
  const { page } = shop;
  const { headUs } = await shop.moment();
  // In a small window the controls are behind a button.
  const send = page
    .getByRole('complementary', { name: 'Controls' })
    .getByRole('button', { name: 'Send', exact: true });
  if ((await send.count()) > 0 && (await send.getAttribute('aria-expanded')) === 'false') await send.click();
  await page.getByRole('button', { name: '1 min on' }).click();
  await expect
    .poll(async () => (await shop.moment()).headUs, { timeout: 60_000 })
    .toBeGreaterThanOrEqual(headUs + 60_000_000);
  await expect(page.getByTestId('job')).toHaveCount(0);
  const close = page.getByRole('button', { name: 'Close the controls' });
  if ((await close.count()) > 0) await close.click();
}

const registryTable = (page: Page) => page.getByRole('table', { name: 'What the registry lists' });
const beliefs = (page: Page) => page.getByRole('table', { name: 'What each caller believes' });

const registry = (page: Page) => page.getByRole('group', { name: 'Registry', exact: true });

/** Eureka, ten times as fast: of eight that register, two that die are kept. */
const FAST_EUREKA = {
  heartbeatMs: 3000,
  leaseMs: 9000,
  fetchMs: 3000,
  evictionMs: 6000,
  leaseExpiryFactor: 2,
  selfPreservation: { renewalShare: 0.85 },
};

for (const viewport of [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
]) {
  test.describe(`at ${viewport.width} × ${viewport.height}`, () => {
    test.use({ viewport });

    test('in the Lab the discovery view shows who is kept though dead, now and in the past', async ({
      shop,
    }) => {
      test.setTimeout(240_000);
      const { page } = shop;
      await shop.open('./#host=lab&setup=one-bad-instance&seed=5');
      await openTab(page, 'Discovery');
      await shop.command({ type: 'settings.set', patch: { registry: FAST_EUREKA } });
      await minuteOn(shop);
      await expect(page.getByText('All that is believed is so.')).toBeVisible();
      for (const instance of ['shipping-1', 'shipping-2'])
        await shop.command({ type: 'instance.crash', instance });
      await minuteOn(shop);
      await expect(registryTable(page).getByText('stale: listed but crashed')).toHaveCount(2);
      await expect(
        beliefs(page)
          .getByText(/^stale: listed but crashed/)
          .first(),
      ).toBeVisible();
      await expect(page.getByText('preserves itself: evicts nobody')).toBeVisible();
      await expectNothingCutOff(page, 'discovery');
      await expectAccessible(page, 'discovery', '#dock');

      await page.evaluate(() => bulkhead.seek(50_000_000));
      await expect(page.getByText('All that is believed is so.')).toBeVisible();
      await page.evaluate(() => bulkhead.seek(null));

      // Without self-preservation they go, and the callers hear of it.
      await registry(page).getByRole('radio', { name: 'Classroom' }).click();
      await minuteOn(shop);
      await minuteOn(shop);
      await expect(page.getByText('All that is believed is so.')).toBeVisible();
      await expect(page.getByText('off: whoever is overdue is dropped')).toBeVisible();
    });
  });
}

test('live, the discovery view follows the registry, and its settings can be undone', async ({ shop }) => {
  const { page } = shop;
  await shop.open();
  await openTab(page, 'Discovery');
  await page.getByTestId('play').click();
  await expect(page.getByText('All that is believed is so.')).toBeVisible({ timeout: 20_000 });
  await shop.command({ type: 'instance.crash', instance: 'product-1' });
  await expect(registryTable(page).getByText('stale: listed but crashed')).toBeVisible();
  await expect(registryTable(page).getByRole('rowheader', { name: 'product-1' })).toHaveCount(0, {
    timeout: 20_000,
  });

  await registry(page).getByRole('radio', { name: 'Eureka' }).click();
  await expect(page.getByText(/Who dies may be called for 270 s/)).toBeVisible();
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText(/Who dies may be called for 4 s/)).toBeVisible();
});
