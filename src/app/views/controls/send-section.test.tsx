import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it } from 'vitest';
import { classroomSettings } from '../../../setups/index.ts';
import { MOST_LIVE_ORDERS_PER_SECOND as MOST } from '../../state/actions.ts';
import type { LabPowers } from '../../state/page-run.ts';
import { openTestShop, renderIn, stubMedia } from '../../testing/render-shop.tsx';
import { SendSection } from './send-section.tsx';

beforeEach(() => stubMedia());

const shopWith = (ordersPerSecond: number) =>
  openTestShop(() => {}, {
    settings: { load: { ...classroomSettings().load, ordersPerSecond, browsesPerSecond: 15 } },
  });

const reason = () => screen.queryByText(/keeps up with/)?.textContent;
const button = (name: string) => screen.getByRole<HTMLButtonElement>('button', { name });

it('stops at the orders that a live page keeps up with, says why, and shows the way out', async () => {
  const shop = await shopWith(MOST - 0.2);
  const { unmount } = renderIn(shop, <SendSection />);
  expect(reason()).toBeUndefined();
  await userEvent.click(button('More: Orders'));
  expect(shop.commands.at(-1)).toEqual({ type: 'load.set', ordersPerSecond: MOST });
  unmount();

  const full = await shopWith(MOST);
  let toLab = 0;
  Object.assign(full.actions, { toLab: () => (toLab += 1) });
  renderIn(full, <SendSection />);
  expect(button('More: Orders').disabled).toBe(true);
  expect(reason()).toContain(`keeps up with ${MOST} orders a second`);
  await userEvent.click(button('The Lab'));
  expect(toLab).toBe(1);
  // What only reads costs a page much less.
  expect(button('More: Browsing').disabled).toBe(false);
});

it('goes on in the Lab, where time waits', async () => {
  const shop = await shopWith(MOST);
  const { run } = shop.run.getState();
  if (run === null) throw new Error('the shop is not running');
  shop.run.setState({ run: { ...run, lab: {} as LabPowers } });
  renderIn(shop, <SendSection />);
  expect(reason()).toBeUndefined();
  await userEvent.click(button('More: Orders'));
  expect(shop.commands.at(-1)).toEqual({ type: 'load.set', ordersPerSecond: MOST + 0.5 });
});
