import type { RunEvent } from '../src/kernel/index.ts';
import { expectAccessible } from './accessibility.ts';
import { begin, place } from './orders.ts';
import { expect, test } from './shop.ts';

/** From the end of one life of shipping-1 to the next one's start and to its first answer to Order, in ms. */
function timesOf(events: readonly RunEvent[], incarnation: number) {
  const starts = events.findIndex(
    (event) =>
      event.type === 'instance.started' &&
      event.instance === 'shipping-1' &&
      event.incarnation === incarnation,
  );
  const before = events.slice(0, starts).findLast((event) => event.type === 'instance.stopped');
  const answered = events
    .slice(starts)
    .find(
      (event) => event.type === 'response.sent' && event.instance === 'shipping-1' && event.plane === 'data',
    );
  const fromUs = before?.timeUs ?? 0;
  return {
    startedMs: Math.round(((events[starts]?.timeUs ?? 0) - fromUs) / 1000),
    answeredMs: Math.round(((answered?.timeUs ?? 0) - fromUs) / 1000),
  };
}

test('Python Shipping is swapped in under load: no order is lost, and nobody else restarts', async ({
  shop,
}) => {
  await begin(shop, './#select=service:shipping');
  const { page } = shop;
  await shop.command({ type: 'load.set', running: true, ordersPerSecond: 2, browsesPerSecond: 1 });
  await shop.waitForEvent('saga.completed');
  const inspector = page.getByTestId('inspector');
  // For comparison: the same with TypeScript.
  await shop.command({ type: 'instance.restart', instance: 'shipping-1' });
  await shop.waitForEvent('instance.started', { instance: 'shipping-1', incarnation: 2 });
  await shop.runTimePasses(3000);

  await inspector.getByRole('radio', { name: 'Python' }).click();
  await inspector.getByRole('button', { name: 'Restart it' }).click();
  await shop.waitForEvent('instance.started', { instance: 'shipping-1', implementation: 'python' });
  await expect(inspector.getByText(/· Python/)).toBeVisible();
  await shop.runTimePasses(5000);
  await place(shop);
  await shop.command({ type: 'load.set', running: false });
  await shop.settled();

  const started = (await shop.events('instance.started')).filter((event) => event.incarnation > 1);
  expect(started.map(({ instance }) => instance)).toEqual(['shipping-1', 'shipping-1']);
  const completed = await shop.events('saga.completed');
  expect(completed.length).toBeGreaterThan(5);
  const events = await shop.allEvents();
  expect(events.filter((event) => event.type === 'process.failed' && event.service === 'shipping')).toEqual(
    [],
  );
  process.stdout.write(
    `Shipping comes back: in TypeScript ${JSON.stringify(timesOf(events, 2))}, in Python ${JSON.stringify(timesOf(events, 3))}\n`,
  );
  expect(await shop.violations()).toEqual([]);
});

test('a service’s source is read in the page, by keyboard, in both languages', async ({ shop }) => {
  await shop.open('./#select=service:shipping');
  const { page } = shop;
  const inspector = page.getByTestId('inspector');
  await expectAccessible(page, 'Shipping', '.inspector');
  await inspector.getByRole('button', { name: 'Read the source' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Source: Shipping' });
  await expect(dialog.getByText('src/services/shipping/handlers.ts')).toBeVisible();
  await dialog.getByRole('radio', { name: 'TypeScript' }).press('ArrowRight');
  await dialog.getByRole('tab', { name: 'handlers.py' }).press('ArrowDown');
  const text = dialog.getByRole('region', { name: 'Text of model.py' });
  await dialog.getByRole('tab', { name: 'model.py' }).click();
  await expect(text).toContainText('def hold_shipment(');
  await text.focus();
  await page.keyboard.press('PageDown');
  await expect.poll(() => text.evaluate((element) => element.scrollTop)).toBeGreaterThan(0);
  await expectAccessible(page, 'the source', '.source');
  await page.screenshot({ path: test.info().outputPath('source.png') });
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(inspector.getByRole('button', { name: 'Read the source' })).toBeFocused();
});
