import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium, type Page } from '@playwright/test';
import { CHROMIUM_FLAGS } from '../scripts/chromium-flags.mjs';
import { findChromiumWithoutInstalling } from '../scripts/find-browser.mjs';
import type { ScriptingDoor } from '../src/app/scripting-door.ts';
import { openTab } from './dock.ts';
import { builtFiles, orderGoesThrough } from './orders.ts';
import { expect, Shop, test } from './shop.ts';
import { type StaticServer, serve } from './static-server.ts';

declare const bulkhead: ScriptingDoor;

test.describe.configure({ timeout: 90_000 });

/** A browser with a profile of its own on disk, which outlives the browser. */
async function openBrowser(profile: string): Promise<BrowserContext> {
  const executablePath = findChromiumWithoutInstalling()?.executablePath;
  return await chromium.launchPersistentContext(profile, {
    args: CHROMIUM_FLAGS,
    viewport: { width: 1440, height: 900 },
    ...(executablePath ? { executablePath } : {}),
  });
}

/** The builds of which the browser has a whole copy. */
const copies = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const base = new URL('./', document.baseURI).href;
    const names = (await caches.keys()).filter((name) => name.startsWith('bulkhead/page/'));
    const whole = [];
    for (const name of names)
      if ((await (await caches.open(name)).match(base, { ignoreVary: true })) !== undefined) whole.push(name);
    return whole;
  });

const copyIsMade = (page: Page) => expect.poll(() => copies(page), { timeout: 20_000 }).toHaveLength(1);

async function withProfile(act: (profile: string) => Promise<void>): Promise<void> {
  const profile = await mkdtemp(path.join(tmpdir(), 'bulkhead-profile-'));
  try {
    await act(profile);
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

test('after a first visit the page opens without a network, with all its parts', async () => {
  await withProfile(async (profile) => {
    let server: StaticServer | null = await serve(builtFiles);
    const url = `http://localhost:${server.port}/`;
    try {
      const first = await openBrowser(profile);
      try {
        const shop = new Shop(await first.newPage());
        await shop.open(url);
        await copyIsMade(shop.page);
      } finally {
        await first.close();
      }
      await server.stop();
      server = null;

      const second = await openBrowser(profile);
      try {
        const shop = new Shop(await second.newPage());
        const { page } = shop;
        await shop.open(url);
        await shop.command({ type: 'run.resume' });
        await orderGoesThrough(shop);
        // What a visit may never have asked for while there was a network.
        for (const [name, tab] of [
          ['Trace', 'trace'],
          ['API', 'api'],
        ] as const) {
          await openTab(page, name);
          await expect(page.getByTestId(`dock-${tab}`)).toBeVisible();
        }
        await expect(page.locator('[data-operation="product/getProduct"]')).toBeVisible();
        await page.getByRole('button', { name: 'Share' }).click();
        await expect(page.getByRole('dialog')).toBeVisible();
        await page.keyboard.press('Escape');
        await shop.expectCleanConsole();

        await page.goto(`${url}#host=lab`);
        await page.reload();
        await shop.ready();
        expect(await shop.state()).toMatchObject({ host: 'lab' });
        await page.getByTestId('compare').click();
        await expect(page.getByTestId('comparison')).toBeVisible({ timeout: 30_000 });
        await page.getByTestId('play').click();
        await shop.reaches(6);
        const monolith = await page.evaluate(async () => (await bulkhead.events(0, 'other')).length);
        expect(monolith).toBeGreaterThan(0);
        await shop.expectCleanConsole();
      } finally {
        await second.close();
      }
    } finally {
      await server?.stop();
    }
  });
});

/** The files as another build would have them: its scripts have other names. */
function newBuild(pathname: string): Promise<string | Uint8Array | null> {
  const before = pathname.replace(/-v2\.(js|css)$/, '.$1');
  const isAsset = pathname.startsWith('/assets/');
  if (isAsset && before === pathname) return Promise.resolve(null);
  if (!/\.(js|html)$/.test(before) && !pathname.endsWith('/')) return builtFiles(before);
  return builtFiles(before).then((body) =>
    body === null
      ? null
      : Buffer.from(body)
          .toString()
          .replace(/(?<=[-\w]+-[-\w]{8})\.(js|css)(?=["'`])/g, '-v2.$1')
          .replace(/"version":"\w+"/, '"version":"v2"'),
  );
}

test('a new build on the server does not disturb the page that is open, and comes with the next one', async ({
  context,
}) => {
  let read: (pathname: string) => Promise<string | Uint8Array | null> = builtFiles;
  const server = await serve((pathname) => read(pathname));
  const url = `http://localhost:${server.port}/`;
  const shop = new Shop(await context.newPage());
  const { page } = shop;
  try {
    await shop.open(url);
    await copyIsMade(page);
    const [old] = await copies(page);
    read = newBuild;
    await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      await registration?.update();
    });
    // The new one has all that it needs before the old one is gone.
    await expect.poll(() => copies(page), { timeout: 20_000 }).toHaveLength(2);
    await shop.command({ type: 'run.resume' });
    await orderGoesThrough(shop);
    // A worker and a view that this page had not asked for, and that the server has no more.
    await shop.command({ type: 'instance.crash', instance: 'shipping-1' });
    await shop.command({ type: 'instance.restart', instance: 'shipping-1' });
    await page.getByRole('button', { name: 'Share' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await page.keyboard.press('Escape');
    await shop.command({ type: 'run.resume' });
    await orderGoesThrough(shop);

    const next = new Shop(await context.newPage());
    await next.open(url);
    const scripts = await next.page.evaluate(() => [...document.scripts].map(({ src }) => src));
    expect(scripts.filter((src) => src.endsWith('-v2.js'))).toHaveLength(1);
    await next.command({ type: 'run.resume' });
    await orderGoesThrough(next);
    await shop.expectCleanConsole();
    await page.close();
    await next.page.reload();
    await next.ready();
    await expect.poll(() => copies(next.page)).toHaveLength(1);
    expect(await copies(next.page)).not.toContain(old);
    await next.command({ type: 'run.resume' });
    await orderGoesThrough(next);
    await next.expectCleanConsole();
    await next.page.close();
    expect(server.missing).toEqual([]);
  } finally {
    await server.stop();
  }
});
