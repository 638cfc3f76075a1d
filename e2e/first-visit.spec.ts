import { expectAccessible } from './accessibility.ts';
import { openTab } from './dock.ts';
import { expect, type Shop, test } from './shop.ts';

const clock = (shop: Shop) =>
  shop.page.evaluate(
    () =>
      (
        window as unknown as { bulkhead: { state(): { clock: { nowUs: number; paused: boolean } } } }
      ).bulkhead.state().clock,
  );

test('a first visit: calm and paused; three actions later a breaker trips, an order is undone and says why; every view is accessible', async ({
  shop,
}) => {
  test.setTimeout(150_000);
  const { page } = shop;
  await shop.open();

  await test.step('it is calm and paused, with one sentence that says what to press', async () => {
    await expect(page.getByTestId('narrator')).toHaveText(
      'Press Play (Space): customers start ordering; then click Shipping, choose Slow, and see who else suffers.',
    );
    await expect(page.getByTestId('play')).toHaveText('Play');
    const before = await clock(shop);
    expect(before.paused).toBe(true);
    // Thirty frames later nothing has moved.
    await page.evaluate(async () => {
      for (let frame = 0; frame < 30; frame += 1) await new Promise(requestAnimationFrame);
    });
    expect((await clock(shop)).nowUs).toBe(before.nowUs);
    await expect(page.getByTestId('dock-saga')).toHaveCount(0);
    await expect(page.getByText('None: the shop is as it should be.')).toBeVisible();
    await expectAccessible(page, 'first visit');
  });

  await test.step('the keys are listed under ?', async () => {
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Help' });
    await expect(help.getByText('Play, pause')).toBeVisible();
    await expect(help.getByText('Slower, faster')).toBeVisible();
    await expectAccessible(page, 'help');
    await page.keyboard.press('Escape');
    await expect(help).toHaveCount(0);
  });

  await test.step('arrows go from node to node, brackets change the speed', async () => {
    await page.getByRole('button', { name: /^Customers/ }).focus();
    await page.keyboard.press('ArrowRight');
    await expect(page.getByRole('button', { name: /^Gateway, / })).toBeFocused();
    await page.keyboard.press(']');
    await expect(page.getByLabel('Speed')).toHaveValue('2');
    await page.keyboard.press('[');
    await expect(page.getByLabel('Speed')).toHaveValue('1');
    await page.getByRole('button', { name: /^Gateway, / }).blur();
  });

  const breaker = page.getByTestId('breaker-order-shipping');
  await test.step('Space, Shipping, Slow: within 60 s the breaker trips and the page shows it', async () => {
    await page.keyboard.press('Space');
    await expect(page.getByTestId('play')).toHaveText('Pause');
    await expect(page.getByTestId('narrator')).toHaveText(
      'Now click Shipping, choose Slow, and see who else suffers.',
    );
    await page.getByTestId('node-shipping').getByRole('button').click();
    await page.getByRole('button', { name: 'Slow: make Shipping slow' }).click();
    await expect(page.getByTestId('fault-shipping')).toHaveText('Slow +2 s');
    await expect(breaker).toHaveAttribute('data-state', 'OPEN', { timeout: 60_000 });
    await expect(breaker).toHaveAccessibleName(/breaker open, \d+ of \d+ calls failed, probes in \d+ s/);
  });

  await test.step('an order that is undone is in the timeline, and its why leads to the fault', async () => {
    await shop.waitForEvent('saga.compensated');
    await shop.command({ type: 'run.pause' });
    await openTab(page, 'Trace');
    await openTab(page, 'Saga');
    await page
      .getByRole('list', { name: 'Orders' })
      .getByRole('button', { name: /undone/ })
      .first()
      .click();
    const timeline = page.getByTestId('saga-timeline');
    await expect(timeline).toContainText('compensated');
    await expect(timeline.getByRole('button', { name: /^Release stock: compensated/i })).toBeVisible();
    const why = page.getByTestId('why');
    await expect(why).toContainText('This order was undone');
    await why.getByRole('button', { name: /Your fault Slow \+2 s on Shipping/ }).click();
    await expect(page.getByTestId('inspector')).toContainText('until it is cleared');
  });

  await test.step('axe finds nothing on any view, in either theme', async () => {
    await expectAccessible(page, 'saga, a fault selected');
    for (const name of ['Trace', 'Breakers', 'Databases', 'Events', 'Log']) {
      await openTab(page, name);
      if (name === 'Breakers') await breaker.click();
      if (name === 'Trace')
        await page
          .getByRole('button', { name: /^Order to Shipping/ })
          .first()
          .click();
      if (name === 'Databases') await expect(page.getByRole('table')).toBeVisible();
      if (name === 'Events') await page.getByTestId('node-shipping').getByRole('button').click();
      await expectAccessible(page, name);
    }
  });

  await test.step('what was broken can be undone', async () => {
    await page.getByRole('button', { name: 'Fold the details' }).click();
    await page.getByRole('button', { name: 'Clear Shipping: Slow +2 s' }).click();
    await expect(page.getByTestId('fault-shipping')).toHaveCount(0);
    await page.getByRole('button', { name: 'Undo', exact: true }).last().click();
    await expect(page.getByTestId('fault-shipping')).toHaveText('Slow +2 s');
  });

  await test.step('on a projector the controls are a rail, the dock lies over the diagram', async () => {
    await page.setViewportSize({ width: 1024, height: 768 });
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await openTab(page, 'Saga');
    await expectAccessible(page, '1024×768, controls and saga');
    await page.getByRole('button', { name: 'Close the controls' }).click();
  });
});

test.describe('with reduced motion', () => {
  test.use({ contextOptions: { reducedMotion: 'reduce' } });

  test('nothing moves: calls under way are counted instead', async ({ shop }) => {
    const { page } = shop;
    await shop.open();
    await expect(page.locator('canvas')).toHaveCount(0);
    await shop.command({
      type: 'fault.add',
      fault: {
        kind: 'slow',
        target: { kind: 'service', service: 'product' },
        addMs: 10_000,
        spreadShare: 0,
        share: 1,
        lengthMs: 30_000,
      },
    });
    await page.keyboard.press('Space');
    await expect(page.getByText('calls under way').first()).toBeAttached();
    // What is left of a fault is said where it is.
    await expect(page.getByTestId('fault-product')).toHaveText(/^Slow \+10 s · \d+ s$/);
    await shop.command({ type: 'run.pause' });
    await expectAccessible(page, 'reduced motion');
  });
});
