import { expect, test } from './shop.ts';
import { SLOW_SHIPPING } from './slow-shipping.ts';

const STREAM = { running: true, ordersPerSecond: 2, browsesPerSecond: 2, statusesPerSecond: 0.5 };

test('a slow Shipping trips Order’s breaker, healing closes it, a dead Shipping undoes orders; browsing never notices', async ({
  shop,
}) => {
  test.setTimeout(240_000);
  await shop.open();
  await shop.command({ type: 'load.set', ...STREAM });
  await shop.command({ type: 'run.resume' });
  await shop.waitForEvent('saga.completed');

  const toShipping = { service: 'order', to: 'shipping' };
  const badge = shop.page.getByTestId('breaker-order-shipping');

  const slow = (await shop.command({ type: 'fault.add', fault: SLOW_SHIPPING })) as { faultId: string };
  const opened = await shop.waitForEvent('breaker.state.changed', { ...toShipping, after: 'OPEN' });
  await expect(badge).toHaveAttribute('data-state', 'OPEN');
  // CB: opens at a rate of at least 50 %, over at least 10 calls.
  expect(opened.figures.failureRate).toBeGreaterThanOrEqual(50);
  expect(opened.figures.calls).toBeGreaterThanOrEqual(10);

  await shop.command({ type: 'fault.clear', faultId: slow.faultId });
  const halfOpen = await shop.waitForEvent('breaker.state.changed', { ...toShipping, after: 'HALF_OPEN' });
  expect(halfOpen.permits).toBe(3);
  // By its timer, which may ring at that very microsecond.
  expect(halfOpen.timeUs - opened.timeUs).toBeGreaterThanOrEqual(10_000_000);
  const closed = await shop.waitForEvent('breaker.state.changed', { ...toShipping, after: 'CLOSED' });
  expect(closed.before).toBe('HALF_OPEN');
  await expect(badge).toHaveAttribute('data-state', 'CLOSED');

  const down = (await shop.command({
    type: 'fault.add',
    fault: { kind: 'down', target: { kind: 'service', service: 'shipping' }, lengthMs: null },
  })) as { faultId: string };
  const downSeq = (await shop.waitForEvent('fault.started', { faultId: down.faultId })).seq;
  await shop.waitForEvent(
    'breaker.state.changed',
    { ...toShipping, after: 'OPEN' },
    { fromSeq: downSeq, timeoutMs: 60_000 },
  );
  const undone = await shop.waitForEvent('saga.compensated', {}, { fromSeq: downSeq, timeoutMs: 60_000 });
  await shop.command({ type: 'fault.clear', faultId: down.faultId });
  await shop.waitForEvent(
    'breaker.state.changed',
    { ...toShipping, after: 'CLOSED' },
    { fromSeq: downSeq, timeoutMs: 60_000 },
  );

  await test.step('the undone order: authorisation voided, stock released, in reverse, and nothing charged', async () => {
    const steps = (await shop.events('saga.step.started')).filter(
      (event) => event.orderId === undone.orderId && event.lane === 'compensation' && event.attempt === 1,
    );
    expect(steps.map((event) => event.step)).toEqual(
      expect.arrayContaining(['voidAuthorisation', 'releaseStock', 'rejectOrder']),
    );
    const begun = steps.map((event) => event.step);
    expect(begun.indexOf('voidAuthorisation')).toBeLessThan(begun.indexOf('releaseStock'));
    const reservation = (await shop.tables('product'))['reservations']?.find(
      (row) => row['orderId'] === undone.orderId,
    );
    expect(reservation).toMatchObject({ state: 'released' });
    const order = (await shop.tables('order'))['orders']?.find((row) =>
      Object.values(row).includes(undone.orderId),
    );
    expect(order).toMatchObject({ status: 'REJECTED' });
  });

  await test.step('browsing went on', async () => {
    const browses = (await shop.events('intent.answered')).filter((event) => event.kind === 'browse');
    expect(browses.length).toBeGreaterThan(20);
    // A machine that stalls for a second is a slow network: one in thirty may meet it. (In the Lab it is none.)
    expect(browses.filter((event) => event.outcome !== 'ok').length).toBeLessThanOrEqual(browses.length / 30);
  });

  await test.step('once all is quiet, no money and no stock is lost', async () => {
    await shop.command({ type: 'load.set', running: false });
    await shop.settled();
    expect(await shop.violations()).toEqual([]);
  });
});

test('a declined card releases the stock, with nothing broken, in the timeline step by step', async ({
  shop,
}) => {
  await shop.open();
  await shop.command({ type: 'run.resume' });
  const placed = (await shop.command({ type: 'order.place', cardToken: 'tok_declined' })) as {
    orderId: string;
  };
  await shop.waitForEvent('saga.compensated', { orderId: placed.orderId });
  const failed = await shop.waitForEvent('saga.step.failed', { orderId: placed.orderId });
  expect(failed).toMatchObject({ step: 'authorisePayment', kind: 'business' });
  const reservations = (await shop.tables('product'))['reservations'] ?? [];
  expect(reservations.find((row) => row['orderId'] === placed.orderId)).toMatchObject({ state: 'released' });
  // An answer is not a fault: the breaker to the payment provider counts no failure.
  expect(
    (await shop.events('breaker.call.failed')).filter((event) => event.to === 'payment-provider'),
  ).toEqual([]);

  const timeline = shop.page.getByTestId('saga-timeline');
  await expect(timeline).toContainText('authorisePayment');
  await expect(timeline).toContainText('releaseStock');
  expect(await shop.violations()).toEqual([]);
});
