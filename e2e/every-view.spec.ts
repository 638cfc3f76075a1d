import type { Page } from '@playwright/test';
import type { ScriptingDoor } from '../src/app/scripting-door.ts';
import { expectAccessible, expectLargeTargets } from './accessibility.ts';
import { expectNothingCutOff } from './cut-off.ts';
import { details, openTab } from './dock.ts';
import { tabTo } from './focus.ts';
import { expect, test } from './shop.ts';

declare const bulkhead: ScriptingDoor;

const controls = (page: Page) => page.getByRole('complementary', { name: 'Controls' });

/** In a small window they are behind a button. */
async function openControls(page: Page): Promise<void> {
  const send = controls(page).getByRole('button', { name: 'Send', exact: true });
  if ((await send.count()) > 0 && (await send.getAttribute('aria-expanded')) === 'false') await send.click();
}

async function closeControls(page: Page): Promise<void> {
  const close = page.getByRole('button', { name: 'Close the controls' });
  if ((await close.count()) > 0) await close.click();
}

/** Of these, the services that lie under something else. */
const servicesUnder = (page: Page, selector: string) =>
  page.evaluate((wanted) => {
    const over = document.querySelector(wanted)?.getBoundingClientRect();
    if (over === undefined) return [`there is no ${wanted}`];
    return [...document.querySelectorAll('.react-flow__node')].flatMap((node) => {
      const { left, right, top, bottom } = node.getBoundingClientRect();
      const apart = left >= over.right || right <= over.left || top >= over.bottom || bottom <= over.top;
      return apart ? [] : [node.getAttribute('data-id')];
    });
  }, selector);

/** Somebody's computer that is slow: the Lab does nothing until it is let go. */
async function holdTheLab(page: Page): Promise<() => Promise<void>> {
  let letGo: (() => Promise<void>) | undefined;
  await page.route('**/hold-the-lab', (route) => {
    letGo = () => route.fulfill({ body: '' });
  });
  const lab = page.workers().find((worker) => worker.url().includes('lab'));
  if (lab === undefined) throw new Error('there is no Lab');
  const url = new URL('hold-the-lab', page.url()).href;
  const held = lab.evaluate((address) => {
    // One that is not asynchronous holds the whole worker.
    const request = new XMLHttpRequest();
    request.open('GET', address, false);
    request.send();
  }, url);
  await expect.poll(() => letGo !== undefined).toBe(true);
  return async () => {
    await letGo?.();
    await held;
  };
}

const SIZES = [
  { size: '1440 × 900', viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1 },
  // What a browser makes of the same window.
  { size: '200 %', viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 },
];

for (const { size, viewport, deviceScaleFactor } of SIZES) {
  test.describe(`at ${size}`, () => {
    test.use({ viewport, deviceScaleFactor });

    test('every view of a run is accessible in both themes, and nothing of it is cut off', async ({
      shop,
    }) => {
      test.setTimeout(240_000);
      const { page } = shop;
      const look = async (view: string, within?: string) => {
        await expectNothingCutOff(page, view);
        await expectAccessible(page, view, within);
      };
      // In a small window the time bar lies over a part of what the page is scrolled to.
      const large = async (view: string) => {
        if (deviceScaleFactor === 1) await expectLargeTargets(page, view);
      };
      await shop.open('./#host=lab&setup=shipping-down&seed=5');
      const prediction = page.getByTestId('prediction');
      await expect(prediction).toBeVisible();
      await look('a setup that asks');
      await large('a setup that asks');
      expect(await servicesUnder(page, '.prediction')).toEqual([]);

      await test.step('dialogs', async () => {
        await page.getByRole('button', { name: /^Help/ }).click();
        await expect(page.getByRole('dialog', { name: 'Help' })).toBeVisible();
        await look('help', '.dialog');
        await page.keyboard.press('Escape');
        await page.getByTestId('run-title').click();
        await expect(page.getByRole('dialog', { name: 'Begin a run' })).toBeVisible();
        await look('setups', '.dialog');
        await large('setups');
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: /^Share/ }).click();
        await expect(page.getByRole('img', { name: 'QR code of the link' })).toBeVisible();
        await look('share', '.dialog');
        await page.keyboard.press('Escape');
        await expect(page.getByRole('dialog')).toHaveCount(0);
      });

      await test.step('a job under way, and what it was right about', async () => {
        await prediction.getByRole('button', { name: 'slow down' }).click();
        await openControls(page);
        const letGo = await holdTheLab(page);
        await page.getByRole('button', { name: '1 min on' }).click();
        await expect(page.getByTestId('job')).toBeVisible();
        await look('a job', '.job-bar');
        await letGo();
        await expect
          .poll(async () => (await shop.moment()).headUs, { timeout: 60_000 })
          .toBeGreaterThan(60_000_000);
        await expect(page.getByTestId('job')).toHaveCount(0);
        await page.getByRole('button', { name: 'One order' }).click();
        await expect(page.getByTestId('play')).toHaveText('Pause');
        await page.getByTestId('play').click();
        await expect(page.getByTestId('play')).toHaveText('Play');
        await look('controls', 'aside[aria-label=Controls]');
        await closeControls(page);
        await expect(prediction).toContainText('Not quite.');
        expect(await servicesUnder(page, '.prediction')).toEqual([]);
        await look('the answer', '.prediction');
      });

      await test.step('the inspector: a service, an edge, a fault', async () => {
        await page.getByTestId('node-order').getByRole('button').click();
        const inspector = page.getByTestId('inspector');
        await expect(inspector).toHaveAccessibleName('Details: Order');
        await look('a service', '.inspector');
        await page.keyboard.press('Escape');
        await page.getByTestId('breaker-order-shipping').click();
        await expect(inspector).toHaveAccessibleName('Details: Order → Shipping');
        await look('an edge', '.inspector');
        await openControls(page);
        await page.getByRole('button', { name: /^Shipping: Down/ }).click();
        await closeControls(page);
        await expect(inspector).toHaveAccessibleName('Details: Fault');
        await look('a fault', '.inspector');
        await inspector.getByRole('button', { name: 'Clear this fault' }).click();
        await expect(page.locator('.toast')).not.toHaveCount(0);
        await look('toasts', '.toasts');
        await page.keyboard.press('Escape');
      });

      await test.step('the dock, tab by tab; an order and a call in the inspector', async () => {
        await openTab(page, 'Saga');
        const undone = page
          .getByRole('list', { name: 'Orders' })
          .getByRole('button', { name: /undone/ })
          .first();
        await undone.click();
        await look('saga', '#dock');
        await look('an order', '.inspector');
        await openTab(page, 'Trace');
        await page
          .getByTestId('waterfall')
          .getByRole('button', { name: /^Order to Shipping/ })
          .first()
          .click();
        await look('trace', '#dock');
        await look('a call', '.inspector');
        await page.getByRole('button', { name: 'Close the details' }).click();
        for (const name of [
          'Breakers',
          'Databases',
          'Events',
          'Log',
          'Faults',
          'API',
          'Discovery',
          'Releases',
          'Gateway',
        ]) {
          await openTab(page, name);
          if (name === 'API') await page.locator('[data-operation="order/placeOrder"]').click();
          await look(name, '#dock');
        }
        await page.getByRole('button', { name: 'Fold the details' }).click();
      });

      await test.step('the diagram as tables, and the past', async () => {
        await page.getByTestId('as-table').click();
        await expect(page.getByTestId('diagram-table')).toBeVisible();
        await look('tables', '.stage');
        await page.evaluate(() => bulkhead.seek(20_000_000));
        await expect(page.getByTestId('past')).toBeVisible();
        await look('the past, in tables', '.stage');
        await page.getByTestId('as-table').click();
        await expect(page.getByTestId('node-order')).toBeVisible();
        await look('the past', '.past-banner');
        await page.getByTestId('past').getByRole('button', { name: 'Back to now' }).click();
      });

      await test.step('a comparison, on a projector too', async () => {
        await page.getByTestId('compare').click();
        await expect(page.getByTestId('comparison')).toBeVisible({ timeout: 30_000 });
        await look('a comparison');
        await large('a comparison');
        await page.getByTestId('as-table').first().click();
        await look('a comparison in tables', '.compare');
        await page.getByTestId('as-table').first().click();
        await page.getByRole('button', { name: /^Projector/ }).click();
        await look('a comparison on a projector', '.compare');
        await page.getByRole('button', { name: 'End the comparison' }).click();
        await expect(page.getByTestId('comparison')).toHaveCount(0);
        await look('on a projector');
      });
    });

    test('a start that fails, with a notice', async ({ page }) => {
      await page.goto('./#setup=nonsense&hide=nonsense');
      await expect(page.getByRole('alert')).toContainText('The shop could not start.');
      await expectNothingCutOff(page, 'a failed start');
      await expectAccessible(page, 'a failed start');
      await page.getByRole('button', { name: 'Choose a setup' }).last().click();
      await page.getByRole('button', { name: /Slow payments/ }).click();
      await expect(page.getByTestId('play')).toBeEnabled({ timeout: 30_000 });
      await expect(page.getByTestId('prediction')).toBeVisible();
    });

    test('by keyboard alone: an order, a fault, the dock, the slider, a comparison; what has focus is seen', async ({
      shop,
    }) => {
      test.setTimeout(180_000);
      const { page } = shop;
      await shop.open('./#host=lab&seed=5');
      await page.keyboard.press('4');
      await page.keyboard.press('s');
      await expect(page.getByTestId('fault-shipping')).toHaveText('Slow +2 s');
      // What was just done is said last of all, and lies over the rest.
      await page.keyboard.press('Shift+Tab');
      await expect(page.locator('.toast-close')).toBeFocused();
      await page.keyboard.press('Enter');
      await expect(page.locator('.toast')).toHaveCount(0);

      const send = controls(page).getByRole('button', { name: 'Send', exact: true });
      if ((await send.count()) > 0) {
        await tabTo(page, send);
        await page.keyboard.press('Enter');
      }
      await tabTo(page, page.getByRole('button', { name: 'One order' }));
      await page.keyboard.press('Enter');
      await shop.waitForEvent('intent.started', { intentId: 'hand-order-1' });

      await test.step('the run plays, at ten times the speed', async () => {
        await expect(page.getByTestId('play')).toHaveText('Pause');
        await tabTo(page, page.getByTestId('play'));
        // Whoever has gone on has closed what slid over the diagram.
        await expect(page.getByRole('button', { name: 'Close the controls' })).toHaveCount(0);
        for (let faster = 0; faster < 3; faster += 1) await page.keyboard.press(']');
        await expect(page.getByLabel('Speed')).toHaveValue('10');
        await shop.reaches(15);
        await page.keyboard.press('Enter');
        await expect(page.getByTestId('play')).toHaveText('Play');
      });

      await test.step('the dock opens, and its divider has keys', async () => {
        await tabTo(page, details(page).getByRole('button', { name: 'Trace' }));
        await page.keyboard.press('Enter');
        const dock = page.getByTestId('dock-trace');
        await expect(dock).toBeVisible();
        const divider = page.getByRole('separator');
        if ((await divider.count()) > 0) {
          const before = (await dock.boundingBox())?.height ?? 0;
          await tabTo(page, divider);
          await page.keyboard.press('ArrowUp');
          await expect.poll(async () => (await dock.boundingBox())?.height).toBeGreaterThan(before);
        }
        // First what is selected, then the dock.
        await page.keyboard.press('Escape');
        await expect(page.getByTestId('inspector')).toHaveCount(0);
      });

      await test.step('the slider has steps', async () => {
        await tabTo(page, page.getByTestId('slider'));
        const { headUs } = await shop.moment();
        await page.keyboard.press('PageDown');
        await page.keyboard.press('ArrowLeft');
        await expect(page.getByTestId('past')).toBeVisible();
        expect((await shop.moment()).clock.nowUs).toBeLessThan(headUs);
        await tabTo(page, page.getByRole('button', { name: 'Back to now' }));
        await page.keyboard.press('Enter');
        await expect(page.getByTestId('past')).toHaveCount(0);
        await page.keyboard.press('Escape');
        await expect(page.locator('#dock')).toHaveCount(0);
      });

      await test.step('a comparison begins and ends', async () => {
        await tabTo(page, page.getByTestId('play'));
        await page.keyboard.press('c');
        await expect(page.getByTestId('comparison')).toBeVisible({ timeout: 30_000 });
        await tabTo(page, page.getByRole('button', { name: 'End the comparison' }));
        await page.keyboard.press('Enter');
        await expect(page.getByTestId('comparison')).toHaveCount(0);
        await expect(page.getByTestId('fault-shipping')).toBeVisible();
      });
    });
  });
}

test.describe('with reduced motion', () => {
  test.use({ contextOptions: { reducedMotion: 'reduce' } });

  test('nothing moves: question, inspector, dock, job and comparison', async ({ shop }) => {
    test.setTimeout(120_000);
    const { page } = shop;
    /** It comes to rest: twenty frames later it is the same picture. */
    const still = async (view: string) => {
      await expect
        .poll(
          async () => {
            const before = await page.screenshot();
            const running = await page.evaluate(async () => {
              for (let frame = 0; frame < 20; frame += 1) await new Promise(requestAnimationFrame);
              return document.getAnimations().filter(({ playState }) => playState === 'running').length;
            });
            return running === 0 && before.equals(await page.screenshot());
          },
          { message: `${view} comes to rest`, timeout: 10_000 },
        )
        .toBe(true);
    };
    await shop.open('./#host=lab&setup=shipping-down');
    await expect(page.getByTestId('prediction')).toBeVisible();
    await still('the question');
    const letGo = await holdTheLab(page);
    await page.getByRole('button', { name: '1 min on' }).click();
    await expect(page.getByTestId('job')).toBeVisible();
    await still('a job');
    await letGo();
    await expect(page.getByTestId('dock-saga')).toBeVisible({ timeout: 30_000 });
    await expect(page.getByTestId('job')).toHaveCount(0);
    await page.getByTestId('node-order').getByRole('button').click();
    await still('the dock and the inspector');
    await page.getByTestId('compare').click();
    await expect(page.getByTestId('comparison')).toBeVisible({ timeout: 30_000 });
    await page.locator('.toast-close').click();
    await still('a comparison');
    await expect(page.locator('canvas')).toHaveCount(0);
  });
});
