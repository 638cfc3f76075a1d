import { expectAccessible, expectLargeTargets } from './accessibility.ts';
import { expectNothingCutOff } from './cut-off.ts';
import { tabTo } from './focus.ts';
import { expect, test } from './shop.ts';

const ERRORS = {
  kind: 'errors',
  target: { kind: 'service', service: 'shipping' },
  status: 503,
  share: 0.8,
  lengthMs: null,
};

test('a breaker opens, counts down, is set otherwise while it runs, and obeys a hand', async ({
  page,
  shop,
}) => {
  await shop.open('./#host=lab&seed=7&dock=breakers');
  await shop.command({ type: 'load.set', running: true, ordersPerSecond: 2 });
  await shop.command({ type: 'run.resume' });
  await shop.waitForEvent('breaker.call.succeeded', { to: 'shipping' });
  await shop.command({ type: 'fault.add', fault: ERRORS });
  const opened = await shop.waitForEvent('breaker.state.changed', { to: 'shipping', after: 'OPEN' });
  await shop.runTimePasses(1000);
  await shop.command({ type: 'run.pause' });

  // It is the one in trouble: it comes first and is shown.
  const view = page.getByTestId('breaker');
  const chart = page.getByTestId('state-chart');
  await expect(view).toHaveAttribute('aria-label', 'order-1 → Shipping');
  await expect(chart.locator('[data-lit=true]')).toHaveText('OPEN');
  await expect(chart.locator('.chart-arrow[data-last=true]')).toHaveText('≥ 50 % fail');
  const window = page.getByTestId('breaker-window');
  // What ended late has been recorded since (CB-14).
  const ends = await shop.events(
    'breaker.call.succeeded',
    'breaker.call.failed',
    'breaker.call.not-permitted',
  );
  const figures = ends.findLast(({ service, to }) => service === 'order' && to === 'shipping')?.figures;
  const { calls, failures } = figures ?? opened.figures;
  await expect(window.locator('[data-outcome]')).toHaveCount(calls);
  await expect(window.locator('[data-outcome^=failed]')).toHaveCount(failures);
  const leftS = async () => Number.parseFloat((await view.locator('.countdown').textContent()) ?? '');
  const nowUs = async () => (await shop.moment()).clock.nowUs;
  await expect
    .poll(async () => Math.abs((await leftS()) - (Number(opened.untilUs) - (await nowUs())) / 1e6))
    .toBeLessThan(0.2);
  await expectAccessible(page, 'the view of a breaker', '#dock');
  await expectLargeTargets(page, 'the view of a breaker');

  // By keyboard: another wait, measured from when it opened.
  await tabTo(page, view.getByRole('button', { name: 'Change…' }));
  await page.keyboard.press('Enter');
  const editor = page.getByRole('dialog', { name: 'Safety nets: Order → Shipping' });
  await expect(editor).toBeVisible();
  await expectAccessible(page, 'the editor of safety nets', '.nets-dialog');
  await expectNothingCutOff(page, 'the editor of safety nets');
  await editor.getByLabel('Wait when open').focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('4000000');
  await expect(editor.getByText('must be at most 3600000, not 4000000.')).toBeVisible();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('30000');
  await page.keyboard.press('Enter');
  await expect(editor).toBeHidden();
  await expect(chart).toContainText('after 30 s');
  const untilUs = opened.timeUs + 30_000_000;
  await expect
    .poll(async () => Math.abs((await leftS()) - (untilUs - (await nowUs())) / 1e6))
    .toBeLessThan(0.2);

  // The past: the wait counts down there too, and a line of the list leads to its moment.
  await view.getByRole('list', { name: 'Changes, the newest first' }).getByRole('button').first().click();
  await expect.poll(nowUs).toBe(opened.timeUs);
  await expect.poll(leftS).toBe(10);
  await page.getByTestId('follow').click();

  const hand = view.getByRole('group', { name: 'Set its state by hand' });
  await hand.getByRole('button', { name: 'METRICS-ONLY' }).click();
  await expect(chart.locator('[data-lit=true]')).toHaveText('METRICS-ONLY');
  await hand.getByRole('button', { name: 'OPEN', exact: true }).click();
  await expect(view.getByRole('alert')).toContainText('cannot go from METRICS_ONLY to OPEN');
  await expect(chart.locator('[data-lit=true]')).toHaveText('METRICS-ONLY');
  await hand.getByRole('button', { name: 'Reset' }).click();
  await expect(chart.locator('[data-lit=true]')).toHaveText('CLOSED');
  const changes = await shop.events('breaker.state.changed');
  expect(changes.filter(({ byHand }) => byHand === true).map(({ after }) => after)).toEqual([
    'METRICS_ONLY',
    'CLOSED',
  ]);
});

test('a hand moves a breaker of a live instance, too', async ({ shop }) => {
  await shop.open();
  await shop.command({ type: 'run.resume' });
  await shop.command({ type: 'order.place' });
  await shop.waitForEvent('breaker.call.succeeded', { service: 'order', to: 'shipping' });
  const place = { instance: 'order-1', to: 'shipping' };
  const refusal = await shop.refusedCommand({ type: 'breaker.set-state', state: 'HALF_OPEN', ...place });
  expect(refusal.message).toContain('cannot go from CLOSED to HALF_OPEN');
  expect(await shop.command({ type: 'breaker.set-state', state: 'FORCED_OPEN', ...place })).toEqual({
    before: 'CLOSED',
    after: 'FORCED_OPEN',
  });
  const changed = await shop.waitForEvent('breaker.state.changed', { to: 'shipping', after: 'FORCED_OPEN' });
  expect(changed.byHand).toBe(true);
  const commands = await shop.events('run.commanded');
  expect(
    commands.filter(({ command }) => JSON.stringify(command).includes('breaker.set-state')),
  ).toHaveLength(1);
  await shop.command({ type: 'breaker.reset', ...place });
  await shop.waitForEvent('breaker.reset', { to: 'shipping' });
});
