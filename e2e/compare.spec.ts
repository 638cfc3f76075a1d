import type { Page } from '@playwright/test';
import type { ScriptingDoor } from '../src/app/scripting-door.ts';
import { branchRows, comparisonRows } from '../src/app/views/compare/rows.ts';
import { SideMeasurement } from '../src/experiments/index.ts';
import type { RunEvent } from '../src/kernel/index.ts';
import { expectAccessible } from './accessibility.ts';
import { expect, type Shop, test } from './shop.ts';
import { SLOW_SHIPPING } from './slow-shipping.ts';

declare const bulkhead: ScriptingDoor;

interface Logs {
  readonly services: readonly RunEvent[];
  readonly monolith: readonly RunEvent[];
}

const logs = (shop: Shop): Promise<Logs> =>
  shop.page.evaluate(async () => ({
    services: [...(await bulkhead.events())],
    monolith: [...(await bulkhead.events(0, 'other'))],
  })) as Promise<Logs>;

const since = (page: Page) => page.getByTestId('comparison').getByRole('columnheader').first();

async function shownRows(shop: Shop): Promise<Map<string, { left: string; right: string }>> {
  const rows = await shop.page.getByTestId('comparison').locator('tbody tr').all();
  const shown = new Map<string, { left: string; right: string }>();
  for (const row of rows) {
    shown.set((await row.getAttribute('data-row')) ?? '', {
      left: await row.locator('[data-side=left]').innerText(),
      right: await row.locator('[data-side=right]').innerText(),
    });
  }
  return shown;
}

/** The table, from the two logs alone. */
function rowsOf({ services, monolith }: Logs, nowUs: number, rows = comparisonRows, fromMs = 2000) {
  const [left, right] = [services, monolith].map((events) => {
    const side = new SideMeasurement(fromMs);
    for (const event of events) side.add(event);
    return side.at(nowUs);
  });
  if (left === undefined || right === undefined) throw new Error('two logs give two sides');
  return rows(left, right);
}

/** Both sides are counted from here on: the services' latest fault. */
function latestFaultMs({ services }: Logs): number {
  const last = services.findLast(({ type }) => type === 'fault.started');
  if (last === undefined) throw new Error('no fault has begun');
  return last.timeUs / 1000;
}

/** Counted by hand, by nobody else's rules: of the orders answered, how their rows ended, and after how long. */
function ordersOf(events: readonly RunEvent[]) {
  const started = new Map<string, number>();
  const intents = new Map<string, string>();
  const took: number[] = [];
  let undone = 0;
  for (const event of events) {
    if (event.type === 'intent.started' && event.kind === 'order' && event.timeUs >= 2_000_000)
      started.set(event.intentId, event.timeUs);
    if (event.type === 'intent.answered' && event.kind === 'order' && event.orderId !== null)
      intents.set(event.orderId, event.intentId);
  }
  const ended = new Set<string>();
  for (const event of events) {
    if (event.type !== 'store.committed') continue;
    for (const { table, key, after } of event.rows) {
      const { status } = (after ?? {}) as { readonly status?: string };
      const fromUs = started.get(intents.get(key) ?? '');
      if (table !== 'orders' || fromUs === undefined || ended.has(key)) continue;
      if (status === 'CONFIRMED') took.push(event.timeUs - fromUs);
      else if (status === 'REJECTED') undone += 1;
      else continue;
      ended.add(key);
    }
  }
  took.sort((one, other) => one - other);
  return { good: took.length, undone, medianUs: took[Math.ceil(took.length / 2) - 1] ?? Number.NaN };
}

const minuteOn = async (shop: Shop) => {
  // Its answer comes when the step under way is taken.
  await shop.command({ type: 'run.pause' });
  const { headUs } = await shop.moment();
  await shop.page.getByRole('button', { name: '1 min on' }).click();
  await expect.poll(async () => (await shop.moment()).headUs, { timeout: 60_000 }).toBe(headUs + 60_000_000);
};

test('without faults the monolith is faster, and both serve everybody; the table is what the two logs say', async ({
  shop,
}) => {
  test.setTimeout(240_000);
  const { page } = shop;
  await shop.open();
  await page.getByTestId('compare').click();
  await expect(page.getByTestId('comparison')).toBeVisible({ timeout: 30_000 });
  await page.getByTestId('play').click();
  await shop.reaches(6);
  await page.getByTestId('play').click();
  await minuteOn(shop);

  const { clock } = await shop.moment();
  const both = await logs(shop);
  const expected = rowsOf(both, clock.nowUs);
  await expect
    .poll(async () => Object.fromEntries(await shownRows(shop)), { timeout: 15_000 })
    .toEqual(Object.fromEntries(expected.map(({ key, left, right }) => [key, { left, right }])));
  const [services, monolith] = [ordersOf(both.services), ordersOf(both.monolith)];
  expect(services).toMatchObject({ undone: 0 });
  expect(monolith).toMatchObject({ undone: 0 });
  expect(services.good).toBeGreaterThan(50);
  expect(monolith.medianUs).toBeLessThan(services.medianUs);
  const rows = await shownRows(shop);
  expect(rows.get('success-order')).toEqual({ left: '100 %', right: '100 %' });
  expect(rows.get('success-browse')).toEqual({ left: '100 %', right: '100 %' });
  expect(rows.get('p50Us-order')).toEqual({
    left: `${(services.medianUs / 1e6).toFixed(1)} s`,
    right: `${(monolith.medianUs / 1e6).toFixed(1)} s`,
  });
  const same = (events: readonly RunEvent[]) =>
    events.flatMap((event) => (event.type === 'intent.started' ? [[event.intentId, event.kind]] : []));
  expect(same(both.monolith).slice(0, 100)).toEqual(same(both.services).slice(0, 100));
  await expectAccessible(page, 'compare');
  await shop.expectCleanConsole();
});

test('with Shipping crashed, services lose only what needs Shipping, the monolith everything while it is down', async ({
  shop,
}) => {
  test.setTimeout(240_000);
  const { page } = shop;
  await shop.open('./#host=lab');
  await page.getByTestId('compare').click();
  await expect(page.getByTestId('comparison')).toBeVisible({ timeout: 30_000 });
  await page.getByTestId('play').click();
  await shop.reaches(6);
  await page.getByTestId('play').click();
  const down = { kind: 'down', target: { kind: 'service', service: 'shipping' }, lengthMs: 30_000 };
  await shop.command({ type: 'fault.add', fault: down });
  await expect(page.getByText(/^Monolith: In the monolith this code shares a process/)).toBeVisible();
  await minuteOn(shop);

  const both = await logs(shop);
  const during = (events: readonly RunEvent[], kind: string) =>
    events.filter(
      (event) =>
        event.type === 'intent.answered' &&
        event.kind === kind &&
        event.timeUs > 8_000_000 &&
        event.timeUs < 34_000_000,
    );
  const well = (events: readonly RunEvent[]) =>
    events.filter((event) => event.type === 'intent.answered' && event.outcome === 'ok').length;
  const [browsing, browsingThere] = [during(both.services, 'browse'), during(both.monolith, 'browse')];
  expect(browsing.length).toBeGreaterThan(40);
  expect(well(browsing)).toBe(browsing.length);
  expect(browsingThere.length).toBeGreaterThan(40);
  expect(well(browsingThere)).toBe(0);
  expect(well(during(both.monolith, 'order'))).toBe(0);
  expect(ordersOf(both.services).undone).toBeGreaterThan(10);

  const { clock } = await shop.moment();
  const expected = rowsOf(both, clock.nowUs, comparisonRows, latestFaultMs(both));
  await expect
    .poll(async () => Object.fromEntries(await shownRows(shop)), { timeout: 15_000 })
    .toEqual(Object.fromEntries(expected.map(({ key, left, right }) => [key, { left, right }])));
  await expect(since(page)).toHaveText('Since 0:06');
  const rows = await shownRows(shop);
  expect(rows.get('success-browse')?.left).toBe('100 %');
  expect(rows.get('blast')?.right).toBe('all: 1 of 1');

  await test.step('both are rewound together, and the table with them', async () => {
    await page.evaluate(() => bulkhead.seek(5_000_000));
    await expect(page.getByTestId('fault-shipping')).toHaveCount(0);
    await expect
      .poll(async () => (await shownRows(shop)).get('blast'))
      .toEqual({ left: 'none', right: 'none' });
    await expect(since(page)).toHaveText('Since 0:02');
  });

  await page.getByRole('button', { name: 'End the comparison' }).click();
  await expect(page.getByTestId('comparison')).toHaveCount(0);
  await shop.expectCleanConsole();
});

test('a live run of a ready-made setup is compared, with what was done in it, and once more from there', async ({
  shop,
}) => {
  test.setTimeout(240_000);
  const { page } = shop;
  await shop.open('./#setup=shipping-down');
  await page.getByTestId('play').click();
  await shop.reaches(2);
  await shop.command({ type: 'instance.crash', instance: 'user-1' });
  await shop.command({ type: 'instance.restart', instance: 'user-1' });
  const faults = (events: readonly RunEvent[]) =>
    events.flatMap((event) => (event.type === 'fault.started' ? [event.fault] : []));
  const crashes = (events: readonly RunEvent[]) =>
    events.flatMap((event) => (event.type === 'instance.crashed' ? [event.instance] : []));
  for (const time of ['once', 'again']) {
    await page.getByTestId('compare').click();
    await expect(page.getByTestId('comparison'), time).toBeVisible({ timeout: 30_000 });
    expect(new URL(page.url()).hash).toBe('#setup=shipping-down&host=lab&compare=1');
    await minuteOn(shop);
    const both = await logs(shop);
    expect(faults(both.services)).toMatchObject([{ kind: 'down', target: { service: 'shipping' } }]);
    expect(faults(both.monolith)).toMatchObject([{ kind: 'down', target: { service: 'monolith' } }]);
    expect(crashes(both.services)).toContain('user-1');
    expect(crashes(both.monolith)).toContain('monolith-1');
    await page.getByRole('button', { name: 'End the comparison' }).click();
    await expect(page.getByTestId('comparison')).toHaveCount(0);
    expect(new URL(page.url()).hash).toBe('#setup=shipping-down&host=lab');
  }
  await shop.open('./?again#setup=shipping-down&host=lab&compare=1');
  await expect(page.getByTestId('comparison')).toBeVisible({ timeout: 30_000 });
});

test('two branches of a run side by side: the same until they part, then what one fault has changed', async ({
  shop,
}) => {
  test.setTimeout(240_000);
  const { page } = shop;
  await shop.open('./#host=lab&seed=5');
  await page.getByTestId('play').click();
  await shop.reaches(6);
  await page.getByTestId('play').click();
  await minuteOn(shop);
  const { headUs } = await shop.moment();
  await page.evaluate(() => bulkhead.seek(20_000_000));
  await shop.command({ type: 'fault.add', fault: SLOW_SHIPPING });
  expect((await shop.moment()).headUs).toBe(20_000_000);

  await page.getByTestId('beside').selectOption({ label: 'Run' });
  await expect(page.getByTestId('comparison')).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole('region', { name: 'Fork at 20.0 s', exact: true })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Run', exact: true })).toBeVisible();
  // It has been brought to where the other one stands.
  expect((await shop.moment()).headUs).toBe(headUs);

  const customers = (events: readonly RunEvent[]) =>
    events.flatMap((event) => (event.type === 'intent.started' ? [[event.intentId, event.timeUs]] : []));
  await test.step('the same customers; what is counted is what began since they parted', async () => {
    const { services: forked, monolith: run } = await logs(shop);
    const before = run.filter(({ timeUs }) => timeUs < 20_000_000);
    expect(forked.slice(0, before.length)).toEqual(before);
    expect(customers(forked)).toEqual(customers(run));
    const { clock } = await shop.moment();
    const expected = rowsOf({ services: forked, monolith: run }, clock.nowUs, branchRows, 20_000);
    await expect
      .poll(async () => Object.fromEntries(await shownRows(shop)), { timeout: 15_000 })
      .toEqual(Object.fromEntries(expected.map(({ key, left, right }) => [key, { left, right }])));
    const orders = (await shownRows(shop)).get('success-order');
    expect(orders?.right).toBe('100 %');
    expect(Number.parseFloat(orders?.left ?? '')).toBeLessThan(50);
    await expectAccessible(page, 'two branches');
  });

  await test.step('one clock, one set of controls; a fault is cleared where it is', async () => {
    await minuteOn(shop);
    await shop.command({ type: 'fault.clear-all' });
    const down = { kind: 'down', target: { kind: 'service', service: 'product' }, lengthMs: null };
    await shop.command({ type: 'fault.add', fault: down });
    await minuteOn(shop);
    const both = await logs(shop);
    expect(customers(both.services)).toEqual(customers(both.monolith));
    const added = (events: readonly RunEvent[]) =>
      events.flatMap((event) =>
        event.type === 'fault.started' ? [(event.fault as { readonly kind: string }).kind] : [],
      );
    expect(added(both.services)).toEqual(['slow', 'down']);
    expect(added(both.monolith)).toEqual(['down']);
  });

  await test.step('both are kept', async () => {
    const { headUs: endUs } = await shop.moment();
    await page.getByTestId('compare').click();
    await expect(page.getByTestId('comparison')).toBeHidden();
    await page.getByTestId('branches').selectOption({ label: 'Run' });
    expect((await shop.moment()).headUs).toBe(endUs);
    await minuteOn(shop);
    await page.getByTestId('branches').selectOption({ label: 'Fork at 20.0 s' });
    expect((await shop.moment()).headUs).toBe(endUs);
  });
  await shop.expectCleanConsole();
});
