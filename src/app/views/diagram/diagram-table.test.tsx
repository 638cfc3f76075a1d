import { fireEvent, screen, within } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { openTestShop, renderIn, stubMedia } from '../../testing/render-shop.tsx';
import DiagramTable from './diagram-table.tsx';

beforeEach(() => stubMedia());

it('says what the diagram shows, and selects what the diagram selects', async () => {
  const shop = await openTestShop((script) => {
    script.fault(8, 'f1', { kind: 'down', target: { kind: 'service', service: 'shipping' }, lengthMs: null });
    script.breaker(9, 'order-1', 'shipping', 'CLOSED', 'OPEN', {}, 60);
  });
  renderIn(shop, <DiagramTable />);
  const rowOf = (name: string) => {
    const row = screen.getByRole('button', { name }).closest('tr');
    if (row === null) throw new Error(`${name} is in no row`);
    return row;
  };
  expect(within(rowOf('Shipping')).getByText('Down')).toBeTruthy();
  expect(within(rowOf('Product')).getByText('none')).toBeTruthy();
  expect(within(rowOf('Order → Shipping')).getByText('open')).toBeTruthy();
  expect(within(rowOf('Order → Product')).queryByText('open')).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Order → Shipping' }));
  expect(shop.view.getState().selection).toEqual({ kind: 'edge', from: 'order', to: 'shipping' });
  fireEvent.click(screen.getByRole('button', { name: 'User' }));
  expect(shop.view.getState().selection).toEqual({ kind: 'service', service: 'user' });
});
