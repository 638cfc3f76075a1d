import { expect, test } from './shop.ts';

/** "11/12": slots in use, and slots. */
async function saturation(load: () => Promise<string | null>): Promise<number> {
  const samples: number[] = [];
  for (let sample = 0; sample < 10; sample += 1) {
    const [used = 0, all = 1] = ((await load()) ?? '').split('/').map(Number);
    samples.push(used / all);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return samples.reduce((sum, one) => sum + one, 0) / samples.length;
}

test('SCALE-1 SCALE-3 a stream fills Product; more instances, asked for by key, take the load off; fewer take their leave', async ({
  shop,
}) => {
  test.setTimeout(240_000);
  const { page } = shop;
  await shop.open();
  // Each request takes 400 ms, so that four slots are full with ten a second.
  await shop.command({ type: 'safety-nets.set', preset: 'none' });
  await shop.command({
    type: 'settings.set',
    patch: { services: { product: { serviceTimeMs: 400 } }, rateLimit: { perSecond: 1000, burst: 1000 } },
  });
  await shop.command({ type: 'load.set', running: true, ordersPerSecond: 0.5, browsesPerSecond: 10 });
  await shop.command({ type: 'run.resume' });
  await shop.waitForEvent('saga.completed', {}, { timeoutMs: 60_000 });

  const node = page.getByTestId('node-product');
  const load = () => node.locator('.node-load .num').first().textContent();
  await shop.runTimePasses(4000);
  expect(await saturation(load)).toBeGreaterThan(0.85);

  await node.getByRole('button', { name: /^Product/ }).click();
  const more = page.getByRole('button', { name: 'One instance more of Product' });
  await more.focus();
  await page.keyboard.press('Enter');
  await shop.waitForEvent('instance.ready', { instance: 'product-2' });
  await expect(node.locator('.node-count')).toHaveText('×2');
  await page.keyboard.press('Enter');
  await shop.waitForEvent('instance.ready', { instance: 'product-3' });
  await expect(node.locator('.node-count')).toHaveText('×3');
  await shop.waitForEvent('request.received', { instance: 'product-3', plane: 'data' });
  // What has waited is worked off first.
  await expect.poll(async () => await saturation(load), { timeout: 60_000 }).toBeLessThan(0.7);
  await expect(load()).resolves.toMatch(/\/12$/);

  const seq = await shop.lastSeq();
  await page.getByRole('button', { name: 'One instance fewer of Product' }).click();
  const leaves = await shop.waitForEvent('instance.draining', { instance: 'product-3' }, { fromSeq: seq });
  const left = await shop.waitForEvent('instance.stopped', { instance: 'product-3' }, { fromSeq: seq });
  expect(left.cause).toBe(leaves.id);
  expect(left.timeUs - leaves.timeUs).toBeGreaterThanOrEqual(2_000_000);
  await expect(page.locator('.instance-name', { hasText: 'product-3' })).toHaveCount(0);
  const cut = (await shop.events('request.failed')).filter(
    (event) => event.toInstance === 'product-3' && event.error === 'connection_reset',
  );
  expect(cut).toEqual([]);

  await shop.command({ type: 'load.set', running: false });
  await shop.settled();
  expect(await shop.violations()).toEqual([]);
});
