import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it } from 'vitest';
import { openTestShop, renderIn, stubMedia } from '../testing/render-shop.tsx';
import { TimeBar } from './time-bar.tsx';

beforeEach(() => stubMedia());

it('the last tab of the menu takes the menu along, and leaves a page that hears the mouse', async () => {
  renderIn(await openTestShop(), <TimeBar />);
  const user = userEvent.setup();
  expect(screen.queryByRole('button', { name: 'Discovery' })).toBeNull();
  await user.click(screen.getByRole('button', { name: 'More' }));
  await user.click(await screen.findByRole('menuitem', { name: 'Discovery' }));
  expect(screen.getByRole('button', { name: 'Discovery' }).getAttribute('aria-expanded')).toBe('true');
  await waitFor(() => expect(document.body.style.pointerEvents).not.toBe('none'));
  await user.click(screen.getByRole('button', { name: 'Trace' }));
  expect(screen.getByRole('button', { name: 'More' })).toBeTruthy();
  expect(screen.queryByRole('menuitem')).toBeNull();
});
