import { CHROMIUM_FLAGS } from '../scripts/chromium-flags.mjs';
import { findChromiumWithoutInstalling } from '../scripts/find-browser.mjs';
import type { ScriptingDoor } from '../src/app/scripting-door.ts';
import { begin, builtFiles, orderGoesThrough } from './orders.ts';
import { expect, test } from './shop.ts';
import { serve } from './static-server.ts';

declare const bulkhead: ScriptingDoor;

const executablePath = findChromiumWithoutInstalling()?.executablePath;

// A host of another name, as on a class's network: no secure context.
test.use({
  launchOptions: {
    args: [...CHROMIUM_FLAGS, '--host-resolver-rules=MAP shop.test 127.0.0.1'],
    ...(executablePath ? { executablePath } : {}),
  },
});

test('over plain http the page says what is missing; an order goes through, and so do the Lab and Compare', async ({
  shop,
}) => {
  test.setTimeout(120_000);
  const server = await serve(builtFiles);
  const url = `http://shop.test:${server.port}/`;
  const { page } = shop;
  try {
    await begin(shop, url);
    const missing = await page.evaluate(() => [
      isSecureContext,
      'serviceWorker' in navigator,
      'locks' in navigator,
      'caches' in window,
      crypto.subtle !== undefined,
    ]);
    expect(missing).toEqual([false, false, false, false, false]);
    await expect(page.locator('.notice', { hasText: 'needs https or localhost' })).toBeVisible();
    await orderGoesThrough(shop);
    expect(await shop.violations()).toEqual([]);
    const run = await shop.runId();
    await page.reload();
    await shop.ready();
    expect(await shop.runId()).toBe(run);
    await shop.command({ type: 'run.resume' });
    await orderGoesThrough(shop);
    await shop.expectCleanConsole();

    await page.goto(`${url}#host=lab`);
    await page.reload();
    await shop.ready();
    await page.getByTestId('compare').click();
    await expect(page.getByTestId('comparison')).toBeVisible({ timeout: 30_000 });
    await page.getByTestId('play').click();
    await shop.reaches(6);
    expect(await page.evaluate(async () => (await bulkhead.events(0, 'other')).length)).toBeGreaterThan(0);
  } finally {
    await server.stop();
  }
});
