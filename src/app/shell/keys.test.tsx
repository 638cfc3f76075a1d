import { fireEvent, screen } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import type { Json } from '../../kernel/index.ts';
import { openTestShop, renderIn, stubMedia, type TestShop } from '../testing/render-shop.tsx';
import { nextSpeed, useKeys } from './keys.ts';

beforeEach(() => stubMedia());

function Page() {
  useKeys();
  return (
    <>
      <section data-keys="on">
        <button type="button">inside</button>
      </section>
      <button type="button">outside</button>
    </>
  );
}

const open = async (): Promise<TestShop> => {
  const shop = await openTestShop();
  renderIn(shop, <Page />);
  return shop;
};
const press = (name: 'inside' | 'outside', key: string) =>
  fireEvent.keyDown(screen.getByRole('button', { name }), { key });

it('goes one step along the speeds, and stays at the ends', () => {
  expect([nextSpeed(1, 1), nextSpeed(1, -1), nextSpeed(10, 1), nextSpeed(0.1, -1), nextSpeed(3, -1)]).toEqual(
    [2, 0.5, 10, 0.1, 2],
  );
});

it('changes the speed by brackets', async () => {
  const shop = await open();
  press('inside', ']');
  press('inside', '[');
  expect(shop.commands).toEqual([
    { type: 'run.speed', speed: 2 },
    { type: 'run.speed', speed: 0.5 },
  ]);
});

it('lets single keys act only in the diagram and the time bar, Escape everywhere', async () => {
  const shop = await open();
  press('outside', '4');
  expect(shop.view.getState().selection).toBeNull();
  press('inside', '4');
  expect(shop.view.getState().selection).toEqual({ kind: 'service', service: 'shipping' });
  press('outside', 'Escape');
  expect(shop.view.getState().selection).toBeNull();
});

it('Escape folds the details once nothing is selected', async () => {
  const shop = await open();
  shop.view.select({ kind: 'service', service: 'order' });
  shop.view.openDock('saga');
  press('outside', 'Escape');
  expect(shop.view.getState()).toMatchObject({ selection: null, dockOpen: true });
  press('outside', 'Escape');
  expect(shop.view.getState()).toMatchObject({ dockOpen: false, dockTouched: true });
});

it('breaks what is selected as the help says: 2 s longer, 80 % of the calls, or down', async () => {
  const shop = await open();
  shop.view.select({ kind: 'service', service: 'order' });
  for (const key of ['s', 'e', 'd']) press('inside', key);
  const target = { kind: 'service', service: 'order' };
  expect(shop.commands.map((command) => (command as { readonly fault: Json }).fault)).toEqual([
    { kind: 'slow', target, addMs: 2000, spreadShare: 0.1, share: 1, lengthMs: null },
    { kind: 'errors', target, status: 503, share: 0.8, lengthMs: null },
    { kind: 'down', target, lengthMs: null },
  ]);
});

it('can be switched off, but for Escape and the help', async () => {
  const shop = await open();
  shop.view.setState({ keysOn: false });
  press('inside', 's');
  expect(shop.commands).toEqual([]);
  press('inside', '?');
  expect(shop.view.getState().helpOpen).toBe(true);
});

it('switches the projector', async () => {
  const shop = await open();
  press('inside', 'p');
  expect(shop.view.getState().projector).toBe(true);
  press('inside', 'P');
  expect(shop.view.getState().projector).toBe(false);
});
