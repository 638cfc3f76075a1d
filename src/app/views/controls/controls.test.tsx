import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it } from 'vitest';
import { openTestShop, renderIn, stubMedia } from '../../testing/render-shop.tsx';
import { Controls } from './controls.tsx';

beforeEach(() => stubMedia());

it('makes the selected service slow with one click', async () => {
  const shop = await openTestShop();
  renderIn(shop, <Controls />);
  shop.view.select({ kind: 'service', service: 'product' });
  await userEvent.click(await screen.findByRole('button', { name: 'Slow: make Product slow' }));
  expect(shop.commands).toContainEqual({
    type: 'fault.add',
    fault: {
      kind: 'slow',
      target: { kind: 'service', service: 'product' },
      addMs: 2000,
      spreadShare: 0.1,
      share: 1,
      lengthMs: null,
    },
  });
  await waitFor(() => expect(shop.view.getState().toasts[0]?.text).toBe('Product: Slow +2 s'));
  shop.view.getState().toasts[0]?.undo?.();
  expect(shop.commands.at(-1)).toEqual({ type: 'fault.clear', faultId: 'f-new' });
});

it('takes size, share and length from the choices', async () => {
  const shop = await openTestShop();
  renderIn(shop, <Controls />);
  const user = userEvent.setup();
  await user.click(
    within(screen.getByRole('group', { name: 'How much slower' })).getByRole('radio', { name: '+10 s' }),
  );
  await user.click(
    within(screen.getByRole('group', { name: 'Slow hits (of all calls)' })).getByRole('radio', {
      name: '50 % of calls',
    }),
  );
  await user.click(
    within(screen.getByRole('group', { name: 'The fault lasts' })).getByRole('radio', {
      name: '10 s',
    }),
  );
  await user.click(screen.getByRole('button', { name: /^Slow/ }));
  expect(shop.commands.at(-1)).toMatchObject({ fault: { addMs: 10_000, share: 0.5, lengthMs: 10_000 } });
});

it('cuts a connection', async () => {
  const shop = await openTestShop();
  renderIn(shop, <Controls />);
  const user = userEvent.setup();
  await user.selectOptions(screen.getByRole('combobox', { name: 'What to break' }), 'Order → Shipping');
  await user.click(screen.getByRole('button', { name: 'Down: cut Order → Shipping' }));
  expect(shop.commands.at(-1)).toEqual({
    type: 'fault.add',
    fault: { kind: 'down', target: { kind: 'edge', from: 'order', to: 'shipping' }, lengthMs: null },
  });
  expect(shop.view.getState().selection).toEqual({ kind: 'edge', from: 'order', to: 'shipping' });
});

it('lists active faults with what is left of them, and clears one', async () => {
  const shop = await openTestShop(
    (script) =>
      script.fault(25, 'f1', {
        kind: 'errors',
        target: { kind: 'service', service: 'shipping' },
        status: 503,
        share: 0.8,
        lengthMs: 10_000,
      }),
    { nowS: 30 },
  );
  renderIn(shop, <Controls />);
  const row = screen.getByRole('button', { name: /^Shipping: Errors 80 %/ });
  expect(row.textContent).toContain('5 s left');
  await userEvent.click(screen.getByRole('button', { name: 'Clear Shipping: Errors 80 %' }));
  expect(shop.commands.at(-1)).toEqual({ type: 'fault.clear', faultId: 'f1' });
  // Undo puts back what was left of it.
  await waitFor(() => expect(shop.view.getState().toasts).toHaveLength(1));
  shop.view.getState().toasts[0]?.undo?.();
  expect(shop.commands.at(-1)).toMatchObject({
    type: 'fault.add',
    fault: { kind: 'errors', lengthMs: 5000 },
  });
});

it('says that nothing is broken', async () => {
  renderIn(await openTestShop(), <Controls />);
  expect(screen.getByText('None: the shop is as it should be.')).toBeTruthy();
});

it('sends one order alone from a paused first visit', async () => {
  const shop = await openTestShop();
  renderIn(shop, <Controls />);
  await userEvent.click(screen.getByRole('button', { name: 'Order with a declined card' }));
  await waitFor(() =>
    expect(shop.commands.slice(-3)).toEqual([
      { type: 'load.set', running: false },
      { type: 'run.resume' },
      { type: 'order.place', cardToken: 'tok_declined' },
    ]),
  );
});

it('changes the stream', async () => {
  const shop = await openTestShop();
  renderIn(shop, <Controls />);
  await userEvent.click(screen.getByRole('button', { name: 'More: Orders' }));
  expect(shop.commands.at(-1)).toEqual({ type: 'load.set', ordersPerSecond: 1.5 });
  await userEvent.click(screen.getByRole('switch', { name: /Stream/ }));
  expect(shop.commands.at(-1)).toEqual({ type: 'load.set', running: false });
});

it('is a rail with a panel in a narrow window', async () => {
  stubMedia(['(max-width: 1199px)']);
  const shop = await openTestShop();
  renderIn(shop, <Controls />);
  expect(screen.queryByRole('button', { name: 'One order' })).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Break' }));
  expect(screen.getByRole('button', { name: 'One order' })).toBeTruthy();
});

it('is closed by Escape, and the focus is back at its button', async () => {
  stubMedia(['(max-width: 1199px)']);
  const shop = await openTestShop();
  shop.view.setState({ controlsOpen: true });
  renderIn(shop, <Controls />);
  const user = userEvent.setup();
  await user.click(screen.getByRole('switch', { name: /Stream/ }));
  await user.keyboard('{Escape}');
  expect(shop.view.getState().controlsOpen).toBe(false);
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Send' }));
});

it.each(['Slow: make Shipping slow', 'Errors: make Shipping answer with errors', 'Down: take Shipping down'])(
  'uncovers the diagram once something was broken, and the focus is back at its button: %s',
  async (name) => {
    stubMedia(['(max-width: 1199px)']);
    const shop = await openTestShop();
    shop.view.setState({ controlsOpen: true });
    renderIn(shop, <Controls />);
    await userEvent.click(screen.getByRole('button', { name }));
    expect(shop.commands).toMatchObject([{ type: 'fault.add' }]);
    expect(shop.view.getState().controlsOpen).toBe(false);
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Send' }));
  },
);

it('stays open for a request, of which nothing is to be said beforehand', async () => {
  stubMedia(['(max-width: 1199px)']);
  const shop = await openTestShop();
  shop.view.setState({ controlsOpen: true });
  renderIn(shop, <Controls />);
  await userEvent.click(screen.getByRole('button', { name: 'Browse' }));
  expect(shop.view.getState().controlsOpen).toBe(true);
});

it('of the monolith offers what there is to break', async () => {
  const shop = await openTestShop(() => {}, { composition: 'monolith' });
  renderIn(shop, <Controls />);
  const places = within(screen.getByRole('combobox', { name: 'What to break' })).getAllByRole('option');
  expect(places.map((option) => option.textContent)).toEqual(['Monolith', 'Payment', 'Monolith → Payment']);
  await userEvent.click(screen.getByRole('button', { name: 'Slow: make Monolith slow' }));
  expect(shop.commands.at(-1)).toMatchObject({
    fault: { kind: 'slow', target: { kind: 'service', service: 'monolith' } },
  });
});
