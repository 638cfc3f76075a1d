import { act, screen } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { scenarioNamed } from '../../setups/index.ts';
import { openTestShop, renderIn, stubMedia } from '../testing/render-shop.tsx';
import { NarratorLine } from './narrator-line.tsx';

beforeEach(() => stubMedia());

const says = () => screen.getByTestId('narrator').textContent;

it('says what to press, after Play what to break, and then what happens', async () => {
  const shop = await openTestShop();
  renderIn(shop, <NarratorLine />);
  expect(says()).toBe(
    'Press Play (Space): customers start ordering; then click Shipping, choose Slow, and see who else suffers.',
  );
  act(() => shop.view.setState({ played: true }));
  expect(says()).toBe('Now click Shipping, choose Slow, and see who else suffers.');
});

it('asks for nothing more once something was broken', async () => {
  const shop = await openTestShop((script) =>
    script.fault(8, 'f1', { kind: 'errors', target: { kind: 'service', service: 'shipping' }, share: 0.8 }),
  );
  shop.view.setState({ played: true });
  renderIn(shop, <NarratorLine />);
  expect(says()).not.toContain('choose Slow');
});

it('asks for Payment in the monolith, which has no Shipping to click', async () => {
  const shop = await openTestShop(() => {}, { composition: 'monolith' });
  shop.view.setState({ played: true });
  renderIn(shop, <NarratorLine />);
  expect(says()).toBe('Now click Payment, choose Slow, and see who else suffers.');
});

it('tells what a setup breaks by itself, and asks for no other fault', async () => {
  const setup = scenarioNamed('shipping-down')?.setup;
  if (setup === undefined) throw new Error('there is no setup shipping-down');
  const shop = await openTestShop(() => {}, { setup });
  renderIn(shop, <NarratorLine />);
  expect(says()).toBe(`Press Play (Space): customers start ordering. ${setup.text}`);
  act(() => shop.view.setState({ played: true }));
  expect(says()).toBe('Nothing to tell: every call is answered.');
});
