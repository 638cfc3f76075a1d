import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it } from 'vitest';
import { classroomSettings } from '../../../setups/index.ts';
import { openTestShop, renderIn, stubMedia } from '../../testing/render-shop.tsx';
import Inspector from './inspector.tsx';

beforeEach(() => stubMedia());

async function openShipping(shipping: 'typescript' | 'python') {
  const shop = await openTestShop(
    (script) => {
      for (const by of ['shipping-1', 'shipping-2'] as const) {
        script.write({ at: 1, by }, { type: 'instance.started', incarnation: 1 });
        script.write({ at: 2, by }, { type: 'instance.ready' });
      }
    },
    { settings: { ...classroomSettings(), implementations: { shipping } } },
  );
  shop.view.select({ kind: 'service', service: 'shipping' });
  renderIn(shop, <Inspector />);
  return shop;
}

it('chooses what the next starts of Shipping run, and can take it back', async () => {
  const shop = await openShipping('typescript');
  expect(screen.getByRole<HTMLInputElement>('radio', { name: 'TypeScript' }).checked).toBe(true);
  expect(screen.queryByRole('button', { name: /^Restart them/ })).toBeNull();
  await userEvent.click(screen.getByRole('radio', { name: 'Python' }));
  const choose = (shipping: string) => ({
    type: 'settings.set',
    patch: { implementations: { shipping } },
  });
  expect(shop.commands).toEqual([choose('python')]);
  const [toast] = shop.view.getState().toasts;
  expect(toast?.text).toBe('Shipping’s next starts: Python');
  toast?.undo?.();
  expect(shop.commands).toEqual([choose('python'), choose('typescript')]);
});

it('restarts the instances one by one, each when the one before is ready, and says which run Python', async () => {
  const shop = await openShipping('python');
  const restarts = () => shop.commands.filter((command) => JSON.stringify(command).includes('restart'));
  await userEvent.click(screen.getByRole('button', { name: 'Restart them one by one' }));
  expect(restarts()).toEqual([{ type: 'instance.restart', instance: 'shipping-1' }]);
  const hear = (at: number, by: 'shipping-1' | 'shipping-2', ready: boolean) =>
    act(() => {
      shop.script.write(
        { at, by },
        ready
          ? { type: 'instance.ready' }
          : { type: 'instance.started', incarnation: 2, implementation: 'python' },
      );
      shop.hear();
    });
  const patience = { timeout: 10_000 };
  hear(3, 'shipping-1', false);
  await screen.findByText('starting', {}, patience);
  expect(restarts()).toHaveLength(1);
  hear(4, 'shipping-1', true);
  await waitFor(() => expect(restarts()).toHaveLength(2), patience);
  expect(restarts()[1]).toEqual({ type: 'instance.restart', instance: 'shipping-2' });
  hear(5, 'shipping-2', false);
  hear(6, 'shipping-2', true);
  await waitFor(() => expect(screen.getAllByText(/· Python/)).toHaveLength(2), patience);
  expect(restarts()).toHaveLength(2);
  expect(screen.queryByRole('button', { name: /^Restart/ })).toBeNull();
});

it('shows the source of a service, of Shipping in both languages', async () => {
  await openShipping('typescript');
  await userEvent.click(screen.getByRole('button', { name: 'Read the source' }));
  const dialog = await screen.findByRole('dialog', { name: 'Source: Shipping' }, { timeout: 15_000 });
  expect(within(dialog).getByText('src/services/shipping/handlers.ts')).toBeTruthy();
  await userEvent.click(within(dialog).getByRole('tab', { name: 'model.ts' }));
  expect(within(dialog).getByRole('region', { name: 'Text of model.ts' }).textContent).toContain(
    'export async function holdShipment(',
  );
  await userEvent.click(within(dialog).getByRole('radio', { name: 'Python' }));
  expect(within(dialog).getByText('src/services/shipping/python/handlers.py')).toBeTruthy();
  await userEvent.click(within(dialog).getByRole('tab', { name: 'model.py' }));
  expect(within(dialog).getByRole('region', { name: 'Text of model.py' }).textContent).toContain(
    'def hold_shipment(order_id, customer_id, address, weight_g, span):',
  );
  await userEvent.keyboard('{Escape}');
  expect(screen.queryByRole('dialog')).toBeNull();
});

it('has the source of every service, and nothing of its tests', async () => {
  const { sourceOf } = await import('../source/source-texts.ts');
  for (const service of [
    'customers',
    'gateway',
    'registry',
    'broker',
    'user',
    'product',
    'order',
    'shipping',
    'payment-provider',
    'monolith',
  ] as const) {
    const names = sourceOf(service, 'typescript').map(({ name }) => name);
    expect(names).toContain('index.ts');
    expect(names.filter((name) => name.includes('test'))).toEqual([]);
    expect(sourceOf(service, 'python').length > 0).toBe(service === 'shipping');
  }
});
