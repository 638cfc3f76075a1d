import { act, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it } from 'vitest';
import type { Script } from '../../../projections/testing/script.ts';
import { openTestShop, renderIn, stubMedia } from '../../testing/render-shop.tsx';
import Inspector from './inspector.tsx';

beforeEach(() => stubMedia());

function brokenShipping(script: Script): void {
  script.write({ at: 1, by: 'shipping-1' }, { type: 'instance.started', incarnation: 1 });
  script.write({ at: 2, by: 'shipping-1' }, { type: 'instance.ready' });
  script.fault(8, 'f1', {
    kind: 'slow',
    target: { kind: 'service', service: 'shipping' },
    addMs: 2000,
    share: 1,
    lengthMs: null,
  });
  script.sent(9, 'order-1', 'shipping-1', 's1', { method: 'PUT', path: '/shipments/o1' });
  script.received(9.25, 'shipping-1', 's1', { slotsUsed: 2, slots: 6, queued: 0 });
  script.failed(10, 'order-1', 'shipping-1', 's1');
}

it('shows a service’s instances, its fault and its last failures', async () => {
  const shop = await openTestShop(brokenShipping);
  shop.view.select({ kind: 'service', service: 'shipping' });
  renderIn(shop, <Inspector />);
  expect(screen.getByText('shipping-1')).toBeTruthy();
  expect(screen.getByRole('button', { name: /^Slow \+2 s ?until cleared/ })).toBeTruthy();
  expect(screen.getByText('Order → Shipping')).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Crash' }));
  expect(shop.commands.at(-1)).toEqual({ type: 'instance.crash', instance: 'shipping-1' });
});

it('breaks the service that is selected, as the controls do', async () => {
  const shop = await openTestShop();
  shop.view.select({ kind: 'service', service: 'shipping' });
  renderIn(shop, <Inspector />);
  const target = { kind: 'service', service: 'shipping' };
  for (const name of [
    'Slow +2 s: Shipping takes 2 s longer',
    'Errors 80 %: Shipping fails for 80 % of its calls',
    'Down: Shipping crashes until it is cleared',
  ])
    await userEvent.click(screen.getByRole('button', { name }));
  expect(shop.commands).toEqual(
    [
      { kind: 'slow', target, addMs: 2000, spreadShare: 0.1, share: 1, lengthMs: null },
      { kind: 'errors', target, status: 503, share: 0.8, lengthMs: null },
      { kind: 'down', target, lengthMs: null },
    ].map((fault) => ({ type: 'fault.add', fault })),
  );
});

it('breaks no customers', async () => {
  const shop = await openTestShop();
  shop.view.select({ kind: 'service', service: 'customers' });
  renderIn(shop, <Inspector />);
  expect(screen.getByText(/^Everybody who orders/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: /^Slow/ })).toBeNull();
});

it('explains a failure back to its fault', async () => {
  const shop = await openTestShop(brokenShipping);
  shop.view.select({ kind: 'service', service: 'shipping' });
  renderIn(shop, <Inspector />);
  await userEvent.click(screen.getByRole('button', { name: 'Why?' }));
  expect(screen.getByText('Order waited 1.0 s for Shipping and gave up (timeout).')).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: /^Your fault Slow \+2 s/ }));
  expect(shop.view.getState().selection).toEqual({ kind: 'fault', faultId: 'f1' });
  await userEvent.click(screen.getByRole('button', { name: 'Clear this fault' }));
  expect(shop.commands.at(-1)).toEqual({ type: 'fault.clear', faultId: 'f1' });
});

it('offers to restart what has crashed', async () => {
  const shop = await openTestShop((script) => {
    brokenShipping(script);
    script.write(
      { at: 12, by: 'shipping-1' },
      { type: 'instance.crashed', reason: 'by hand', faultId: null },
    );
  });
  shop.view.select({ kind: 'service', service: 'shipping' });
  renderIn(shop, <Inspector />);
  await userEvent.click(screen.getByRole('button', { name: 'Restart' }));
  expect(shop.commands.at(-1)).toEqual({ type: 'instance.restart', instance: 'shipping-1' });
});

it('shows an edge’s safety nets and its breaker', async () => {
  const shop = await openTestShop((script) =>
    script.breaker(
      20,
      'order-1',
      'shipping',
      'CLOSED',
      'OPEN',
      { failureRate: 50, calls: 20, failures: 10 },
      35,
    ),
  );
  shop.view.select({ kind: 'edge', from: 'order', to: 'shipping' });
  renderIn(shop, <Inspector />);
  expect(screen.getByRole('img', { name: '50 % of calls failed, opens at 50 %' })).toBeTruthy();
  expect(screen.getByText('50 %: 10 of the 20 calls that it looked at failed')).toBeTruthy();
  expect(screen.getByText('≥ 50 % of 20, from 10 calls')).toBeTruthy();
  expect(screen.getByText('1 s')).toBeTruthy();
});

it('says what an order waits for', async () => {
  const shop = await openTestShop((script) => {
    script.order(9, 'o1');
    script.step(10, 'o1', 'createShipment', 'started');
    script.step(11, 'o1', 'createShipment', 'retried', { reason: 'timeout' });
  });
  shop.view.select({ kind: 'order', orderId: 'o1' });
  renderIn(shop, <Inspector />);
  expect(screen.getByText('This order waits for Shipping')).toBeTruthy();
  act(() => shop.view.select(null));
  expect(screen.queryByTestId('inspector')).toBeNull();
});
