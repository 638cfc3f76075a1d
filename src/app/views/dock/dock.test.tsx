import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Script } from '../../../projections/testing/script.ts';
import { openTestShop, renderIn, stubMedia } from '../../testing/render-shop.tsx';
import Dock from './dock.tsx';

beforeEach(() => stubMedia());

function undoneOrder(script: Script): void {
  script.order(9, 'o1');
  for (const step of ['createOrder', 'reserveStock', 'authorisePayment']) {
    script.step(9.1, 'o1', step, 'started');
    script.step(9.5, 'o1', step, 'completed');
  }
  script.step(10, 'o1', 'createShipment', 'started');
  script.step(11, 'o1', 'createShipment', 'retried', { reason: 'timeout' });
  script.step(13, 'o1', 'createShipment', 'started', { attempt: 2 });
  script.step(15, 'o1', 'createShipment', 'failed', { attempt: 2, kind: 'gave-up', reason: 'timeout' });
  script.write(
    { at: 15, by: 'order-1' },
    { type: 'saga.compensating', sagaId: 'saga-o1', orderId: 'o1', reason: 'gave up' },
  );
  script.step(15.5, 'o1', 'voidAuthorisation', 'started', { lane: 'compensation' });
  script.step(16, 'o1', 'voidAuthorisation', 'completed', { lane: 'compensation' });
  script.step(15.5, 'o1', 'cancelShipment', 'started', { lane: 'compensation' });
}

describe('the saga timeline', () => {
  it('shows both lanes, each step with its sign and attempts', async () => {
    const shop = await openTestShop(undoneOrder);
    shop.view.openDock('saga');
    renderIn(shop, <Dock />);
    const timeline = screen.getByTestId('saga-timeline');
    expect(
      within(timeline).getByRole('button', { name: 'Create shipment: failed, 2 attempts, timeout' }),
    ).toBeTruthy();
    expect(within(timeline).getByRole('button', { name: 'Void payment: compensated' })).toBeTruthy();
    expect(within(timeline).getByRole('button', { name: 'Cancel shipment: compensating' })).toBeTruthy();
    expect(within(timeline).getByRole('button', { name: 'Capture payment: not yet' })).toBeTruthy();
    expect(timeline.textContent).toContain('voidAuthorisation');
    expect(timeline.textContent).toContain('being undone');
  });

  it('asks why', async () => {
    const shop = await openTestShop(undoneOrder);
    shop.view.openDock('saga');
    renderIn(shop, <Dock />);
    await userEvent.click(screen.getByRole('button', { name: 'Why?' }));
    expect(shop.view.getState().selection).toEqual({ kind: 'order', orderId: 'o1' });
  });

  it('chooses the latest order that went wrong until somebody chooses', async () => {
    const shop = await openTestShop((script) => {
      undoneOrder(script);
      script.order(20, 'o2');
    });
    shop.view.openDock('saga');
    renderIn(shop, <Dock />);
    expect(screen.getByTestId('saga-timeline').getAttribute('aria-label')).toContain('o1');
    await userEvent.click(screen.getByRole('button', { name: /o2/ }));
    expect(screen.getByTestId('saga-timeline').getAttribute('aria-label')).toContain('o2');
  });

  it('says what will appear when there is no order', async () => {
    const shop = await openTestShop();
    shop.view.openDock('saga');
    renderIn(shop, <Dock />);
    expect(screen.getByText('An order’s saga appears here, step by step.')).toBeTruthy();
  });
});

describe('the waterfall', () => {
  it('lists the calls of an order as a tree, marks failures, and opens one', async () => {
    const trace = 'trace-intent-o1';
    const shop = await openTestShop((script) => {
      script.order(9, 'o1');
      script.sent(9, 'customers-1', 'gateway-1', 'a', { trace, method: 'POST', path: '/orders' });
      script.got(9.8, 'customers-1', 'gateway-1', 'a', 202, { trace });
      script.sent(10, 'order-1', 'shipping-1', 'b', {
        trace,
        method: 'PUT',
        path: '/shipments/o1',
        parent: 'a',
      });
      script.failed(11, 'order-1', 'shipping-1', 'b', 'timeout', { trace });
      script.sent(11.4, 'order-1', 'shipping-1', 'c', {
        trace,
        method: 'PUT',
        path: '/shipments/o1',
        parent: 'a',
        attempt: 2,
      });
      script.got(12, 'order-1', 'shipping-1', 'c', 201, { trace });
    });
    shop.view.openDock('trace');
    renderIn(shop, <Dock />);
    const rows = within(screen.getByTestId('waterfall')).getAllByRole('button');
    expect(rows.map((row) => row.getAttribute('aria-label'))).toEqual([
      'Customers to Gateway, POST /orders, attempt 1, answered 202, 800 ms',
      'Order to Shipping, PUT /shipments/o1, attempt 1, timeout, 1.0 s',
      'Order to Shipping, PUT /shipments/o1, attempt 2, answered 201, 600 ms',
    ]);
    await userEvent.click(rows[1] ?? screen.getByTestId('waterfall'));
    expect(shop.view.getState().selection).toEqual({ kind: 'call', spanId: 'b' });
  });
});

it('shows the rows of a database as they stand', async () => {
  const shop = await openTestShop(
    (script) => script.row(29, 'order-1', 'orders', 'o1', { orderId: 'o1', status: 'CONFIRMED' }),
    {
      tables: { orders: [{ orderId: 'o1', customerId: 'c1', status: 'CONFIRMED' }], leases: [] },
    },
  );
  shop.view.openDock('databases');
  renderIn(shop, <Dock />);
  const table = await screen.findByRole('table', { name: 'Order: orders' });
  expect(
    within(table)
      .getAllByRole('columnheader')
      .map((cell) => cell.textContent),
  ).toEqual(['changed', 'orderId', 'status', 'customerId']);
  expect(within(table).getByText('0:29.0')).toBeTruthy();
});

it('filters the log', async () => {
  const shop = await openTestShop((script) => {
    script.breaker(20, 'order-1', 'shipping', 'CLOSED', 'OPEN', { calls: 20, failures: 10 }, 30);
    script.fault(8, 'f1', { kind: 'down', target: { kind: 'service', service: 'user' }, lengthMs: null });
  });
  shop.view.openDock('log');
  renderIn(shop, <Dock />);
  await userEvent.type(screen.getByRole('searchbox', { name: 'Filter the log' }), 'breaker');
  expect(await screen.findByText('breaker.state.changed')).toBeTruthy();
  expect(screen.queryByText('fault.started')).toBeNull();
});

it('hears of a breaker that opens while it is open', async () => {
  const shop = await openTestShop();
  shop.view.openDock('breakers');
  renderIn(shop, <Dock />);
  expect(await screen.findByText(/No call has gone through a breaker yet/)).toBeTruthy();
  shop.script.breaker(29, 'order-1', 'shipping', 'CLOSED', 'OPEN', { calls: 20, failures: 10 }, 39);
  act(() => shop.hear());
  expect((await screen.findByTestId('state-chart')).dataset['state']).toBe('OPEN');
});

describe('the dock of a monolith', () => {
  const shopOf = async () =>
    await openTestShop(
      (script) => script.row(2, 'monolith-1', 'orders', 'o1', { orderId: 'o1', status: 'APPROVAL_PENDING' }),
      { composition: 'monolith', tables: { 'payment-intents': [{ orderId: 'o1' }] } },
    );

  it('says that there is no saga, and where to look', async () => {
    const shop = await shopOf();
    shop.view.openDock('saga');
    renderIn(shop, <Dock />);
    expect(screen.getByText(/^The monolith has no saga/)).toBeTruthy();
  });

  it('shows its one database, and the provider’s', async () => {
    const shop = await shopOf();
    shop.view.setState({ dockTab: 'databases', dockOpen: true });
    renderIn(shop, <Dock />);
    const whose = within(screen.getByRole('group', { name: 'Whose database' })).getAllByRole('radio');
    expect(
      whose.map((radio) => radio.getAttribute('aria-label') ?? radio.parentElement?.textContent),
    ).toEqual(['Monolith', 'Payment']);
    expect(await screen.findByText('payment-intents')).toBeTruthy();
  });
});
