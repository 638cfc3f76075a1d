import type { Page } from '@playwright/test';
import type { ScriptingDoor } from '../src/app/scripting-door.ts';
import type { RunEvent } from '../src/kernel/index.ts';
import { expectAccessible } from './accessibility.ts';
import { expect, test } from './shop.ts';
import { SLOW_SHIPPING } from './slow-shipping.ts';

declare const bulkhead: ScriptingDoor;

/** Moves the slider by its keys, as somebody without a pointer does. */
async function slideBack(page: Page): Promise<void> {
  await page.getByTestId('slider').focus();
  await page.keyboard.press('PageDown');
}

const arrivals = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === 'intent.started' ? [[event.intentId, event.timeUs]] : []));

test('a live run can be looked at again: slider, steps, a refused change of the past, and back to live', async ({
  shop,
}) => {
  test.setTimeout(240_000);
  const { page } = shop;
  await shop.open();
  await page.getByTestId('play').click();
  await shop.reaches(8);
  await shop.command({ type: 'fault.add', fault: SLOW_SHIPPING });
  const { timeUs: faultUs } = await shop.waitForEvent('fault.started');
  await shop.reaches(faultUs / 1e6 + 4);

  await slideBack(page);
  await expect(page.getByTestId('past')).toContainText('You are looking at');
  const past = await shop.moment();
  expect(past).toMatchObject({ following: false, clock: { paused: true } });
  expect(past.clock.nowUs).toBeLessThan(past.headUs);
  await expectAccessible(page, 'the past');

  await test.step('before the fault there was none', async () => {
    await page.evaluate((at) => bulkhead.seek(at), faultUs - 500_000);
    await expect(page.getByTestId('fault-shipping')).toHaveCount(0);
    expect((await shop.moment()).faults).toEqual([]);
    await page.evaluate((at) => bulkhead.seek(at), faultUs + 500_000);
    await expect(page.getByTestId('fault-shipping')).toHaveText('Slow +2 s');
  });

  await test.step('steps go from event to event, forwards and back', async () => {
    const before = (await shop.moment()).clock.nowUs;
    await page.getByTestId('step').click();
    await expect.poll(async () => (await shop.moment()).clock.nowUs).toBeGreaterThanOrEqual(before);
    const after = (await shop.moment()).clock.nowUs;
    await page.getByTestId('step').click();
    await page.getByRole('button', { name: 'Back to the event before' }).click();
    await expect.poll(async () => (await shop.moment()).clock.nowUs).toBe(after);
  });

  await test.step('what happened stays', async () => {
    const refusal = await shop.refusedCommand({ type: 'fault.add', fault: SLOW_SHIPPING });
    expect(refusal.message).toMatch(
      /^0:\d\d is the past, and what happened stays\. The Lab can do it again another way\.$/,
    );
  });

  await page.getByTestId('follow').click();
  await expect(page.getByTestId('past')).toHaveCount(0);
  expect((await shop.moment()).following).toBe(true);
  await page.getByTestId('play').click();
  await shop.reaches(faultUs / 1e6 + 6);

  await test.step('it is taken to the Lab with its setup, its fault and its arrivals', async () => {
    const live = await shop.allEvents();
    await slideBack(page);
    await page.getByRole('button', { name: 'Take it to the Lab' }).click();
    await expect.poll(async () => (await shop.moment()).host, { timeout: 30_000 }).toBe('lab');
    await expect
      .poll(async () => (await shop.moment()).clock.nowUs, { timeout: 30_000 })
      .toBeGreaterThan(11_000_000);
    const lab = await shop.allEvents();
    const [liveFault, labFault] = [live, lab].map((events) =>
      events.find((event) => event.type === 'fault.started'),
    );
    // A live clock goes on between a command's effect and its line in the log.
    expect(Math.abs((labFault?.timeUs ?? Number.NaN) - (liveFault?.timeUs ?? 0))).toBeLessThan(20_000);
    const ids = arrivals(lab).map(([id]) => id);
    expect(ids.length).toBeGreaterThan(15);
    const liveTimes = new Map(arrivals(live).map(([id, timeUs]) => [id, Number(timeUs)]));
    // The same customers; a live clock looks at them a little later, on a busy computer more so.
    const { nowUs } = (await shop.moment()).clock;
    const sure = arrivals(lab).filter(([, timeUs]) => Number(timeUs) < nowUs - 3_000_000);
    expect(sure.length).toBeGreaterThan(10);
    for (const [id, timeUs] of sure)
      expect(Math.abs((liveTimes.get(id) ?? Number.NaN) - Number(timeUs)), String(id)).toBeLessThan(
        1_500_000,
      );
  });
  await shop.expectCleanConsole();
});

test('in the Lab the past can be changed: a fork with the same past and the same arrivals to come, and the same run again', async ({
  shop,
}) => {
  test.setTimeout(240_000);
  const { page } = shop;
  await shop.open('./#host=lab&seed=5');
  expect((await shop.moment()).host).toBe('lab');
  await expectAccessible(page, 'the Lab');
  await page.getByTestId('as-table').click();
  await expect(page.getByTestId('diagram-table')).toBeVisible();
  await expectAccessible(page, 'the diagram as tables');
  await page.getByTestId('as-table').click();
  await page.getByRole('button', { name: '1 min on' }).click();
  await expect.poll(async () => (await shop.moment()).headUs).toBeGreaterThan(60_000_000);
  const first = await shop.allEvents();

  await test.step('again it is the same run', async () => {
    await page.getByTestId('again').click();
    await expect(page.getByText(/^The same run: [\d,]+ events, hash [0-9a-f]{8}, as before$/)).toBeVisible();
  });

  await test.step('rewound and played, the recording is the same run', async () => {
    await page.evaluate(() => bulkhead.seek(58_000_000));
    await page.getByTestId('play').click();
    await expect.poll(async () => (await shop.moment()).following, { timeout: 15_000 }).toBe(true);
    await page.getByTestId('play').click();
    const again = await shop.allEvents();
    expect(again.slice(0, first.length)).toEqual(first);
  });

  await test.step('a fork without a change has the same future', async () => {
    await page.evaluate(() => bulkhead.seek(20_000_000));
    await page.getByTestId('fork').click();
    await expect(page.getByTestId('branches')).toBeVisible();
    expect((await shop.moment()).headUs).toBe(20_000_000);
    await page.getByRole('button', { name: '1 min on' }).click();
    await expect.poll(async () => (await shop.moment()).headUs).toBe(80_000_000);
    const forked = await shop.allEvents();
    expect(forked.slice(0, first.length)).toEqual(first);
  });

  await test.step('a fault in the past forks by itself; both runs are kept', async () => {
    await page.getByTestId('branches').selectOption({ label: 'Run' });
    await page.evaluate(() => bulkhead.seek(20_000_000));
    await page.getByTestId('node-shipping').getByRole('button').click();
    await page.getByRole('button', { name: 'Slow: make Shipping slow' }).click();
    await expect(page.getByTestId('fault-shipping')).toHaveText('Slow +2 s');
    await page.getByRole('button', { name: '1 min on' }).click();
    await expect.poll(async () => (await shop.moment()).headUs).toBe(80_000_000);
    const changed = await shop.allEvents();
    const parted = changed.findIndex(({ timeUs }) => timeUs > 20_000_000);
    expect(changed.slice(0, parted - 5)).toEqual(first.slice(0, parted - 5));
    expect(changed.some((event) => event.type === 'breaker.state.changed')).toBe(true);
    const until = (events: readonly RunEvent[]) =>
      arrivals(events).filter(([, timeUs]) => Number(timeUs) < 60_000_000);
    expect(until(changed)).toEqual(until(first));
    await expect(page.getByTestId('branches').locator('option')).toHaveCount(3);
    await page.getByTestId('branches').selectOption({ label: 'Run' });
    await expect(page.getByTestId('fault-shipping')).toHaveCount(0);
  });

  await test.step('it stops at the first breaker that changes, at that very event', async () => {
    await shop.command({ type: 'fault.add', fault: SLOW_SHIPPING });
    await page.getByLabel('Speed').selectOption('10');
    await page.getByLabel('Stop at').selectOption('breaker');
    await page.getByTestId('play').click();
    await expect(page.getByTestId('play')).toHaveText('Play', { timeout: 20_000 });
    const events = await shop.allEvents();
    const changes = events.filter((event) => event.type === 'breaker.state.changed');
    expect(changes).toHaveLength(1);
    expect((await shop.moment()).clock.nowUs).toBe(changes[0]?.timeUs);
  });
  await shop.expectCleanConsole();
});
