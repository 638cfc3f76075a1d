import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { openTestShop, renderIn, stubMedia } from '../testing/render-shop.tsx';
import { TopBar } from './top-bar.tsx';

it.each([
  ['with room, in words', ['(min-width: 1360px)', '(min-width: 1440px)', '(min-width: 1600px)'], 0],
  ['beside the figures, by a sign', ['(min-width: 1360px)', '(min-width: 1440px)'], 1],
  ['in a narrow window, in words', [], 0],
])('says what its three choices are about: %s', async (_, media, signs) => {
  stubMedia(media);
  renderIn(await openTestShop(), <TopBar />);
  const term = screen.getByRole('button', { name: 'Safety nets' });
  expect(term.querySelectorAll('svg')).toHaveLength(signs);
  const tip = document.getElementById(term.getAttribute('aria-describedby') ?? '');
  expect(tip?.textContent).toMatch(/^Safety nets protect each call: timeouts/);
});

it('leaves the sign out where it would lie over the figures', async () => {
  stubMedia(['(min-width: 1360px)']);
  renderIn(await openTestShop(), <TopBar />);
  expect(screen.getByRole('group', { name: 'Safety nets' })).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Safety nets' })).toBeNull();
});
