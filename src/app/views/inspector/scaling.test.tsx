import { act, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it } from 'vitest';
import type { Json } from '../../../kernel/index.ts';
import type { Script } from '../../../projections/testing/script.ts';
import { applySettingsPatch, classroomSettings } from '../../../setups/index.ts';
import { openTestShop, renderIn, stubMedia } from '../../testing/render-shop.tsx';
import { serviceFacts, serviceSentence } from '../diagram/service-facts.ts';
import Inspector from './inspector.tsx';

beforeEach(() => stubMedia());

function settings(script: Script, at: number, patch: object): void {
  const patched = applySettingsPatch(classroomSettings(), patch);
  if (!patched.ok) throw new Error(patched.error.message);
  script.write(
    { at, by: 'run-1' },
    { type: 'run.settings.changed', settings: patched.value as unknown as Json },
  );
}

function twoProducts(script: Script): void {
  settings(script, 0, { services: { product: { instances: 2 } } });
  for (const by of ['product-1', 'product-2']) {
    script.write({ at: 1, by }, { type: 'instance.started', incarnation: 1 });
    script.write({ at: 2, by }, { type: 'instance.ready' });
  }
  script.received(3, 'product-1', 's1', { slotsUsed: 3, slots: 4, queued: 0 });
  script.received(3, 'product-2', 's2', { slotsUsed: 1, slots: 4, queued: 0 });
}

it('SCALE-1 asks for one instance more or fewer, and back', async () => {
  const shop = await openTestShop(twoProducts);
  shop.view.select({ kind: 'service', service: 'product' });
  renderIn(shop, <Inspector />);
  expect(screen.getByText('2 instances')).toBeTruthy();
  const to = (instances: number) => ({
    type: 'settings.set',
    patch: { services: { product: { instances } } },
  });
  screen.getByRole('button', { name: 'One instance more of Product' }).focus();
  await userEvent.keyboard('{Enter}');
  expect(shop.commands.at(-1)).toEqual(to(3));
  await act(async () => shop.view.getState().toasts.at(-1)?.undo?.());
  expect(shop.commands.at(-1)).toEqual(to(2));
  await userEvent.click(screen.getByRole('button', { name: 'One instance fewer of Product' }));
  expect(shop.commands.at(-1)).toEqual(to(1));
});

it('SCALE-11 offers nothing for who cannot be scaled', async () => {
  const shop = await openTestShop(twoProducts);
  for (const service of ['registry', 'payment-provider', 'customers'] as const) {
    act(() => shop.view.select({ kind: 'service', service }));
    const { unmount } = renderIn(shop, <Inspector />);
    expect(screen.queryByRole('button', { name: /^One instance/ })).toBeNull();
    expect(screen.queryByText(/^Autoscaler/)).toBeNull();
    unmount();
  }
});

it('SCALE-14 counts the slots of those that are ready; who comes and goes is said', async () => {
  const shop = await openTestShop((script) => {
    twoProducts(script);
    script.write({ at: 4, by: 'product-2' }, { type: 'instance.draining' });
  });
  const facts = serviceFacts(shop.run.getState(), 'product');
  expect(facts).toMatchObject({ slotsUsed: 3, slots: 4, draining: 1, state: 'ready' });
  expect(serviceSentence('Product', facts)).toContain('1 draining');
  shop.view.select({ kind: 'service', service: 'product' });
  renderIn(shop, <Inspector />);
  expect(screen.getByText(/1 still under way/)).toBeTruthy();
});

it('SCALE-14 an instance that was scaled in is history; a service without any says so', async () => {
  const shop = await openTestShop((script) => {
    twoProducts(script);
    settings(script, 4, { services: { product: { instances: 0 } } });
    for (const by of ['product-1', 'product-2']) script.write({ at: 5, by }, { type: 'instance.stopped' });
  });
  expect(serviceFacts(shop.run.getState(), 'product')).toMatchObject({ state: 'none', instances: 0 });
  shop.view.select({ kind: 'service', service: 'product' });
  renderIn(shop, <Inspector />);
  expect(screen.queryByText('product-2')).toBeNull();
  const fewer = screen.getByRole('button', { name: 'One instance fewer of Product' });
  expect((fewer as HTMLButtonElement).disabled).toBe(true);
});

it('AS-9 puts a service under the autoscaler, and shows what it says', async () => {
  const shop = await openTestShop(twoProducts);
  shop.view.select({ kind: 'service', service: 'product' });
  const { unmount } = renderIn(shop, <Inspector />);
  await userEvent.click(screen.getByText('Autoscaler: off'));
  await userEvent.click(await screen.findByRole('switch', { name: 'Scale Product by itself' }));
  expect(shop.commands.at(-1)).toMatchObject({
    type: 'settings.set',
    patch: { autoscaler: { everyMs: 3000, services: { product: { utilisation: 0.6 } } } },
  });
  await act(async () => shop.view.getState().toasts.at(-1)?.undo?.());
  expect(shop.commands.at(-1)).toEqual({ type: 'settings.set', patch: { autoscaler: null } });
  unmount();

  const scaled = await openTestShop((script) => {
    twoProducts(script);
    settings(script, 4, {
      autoscaler: {
        everyMs: 3000,
        windowMs: 6000,
        tolerance: 0.1,
        scaleUpDelayMs: 0,
        scaleDownDelayMs: 30_000,
        services: { product: { utilisation: 0.6, minInstances: 1, maxInstances: 4 } },
      },
    });
    script.write({ at: 5, by: 'product-1' }, { type: 'instance.load', busySlots: 3, slots: 4, queued: 0 });
    script.write(
      { at: 6, by: 'run-1' },
      {
        type: 'autoscaler.decided',
        of: 'product',
        current: 2,
        utilisation: 0.75,
        target: 0.6,
        recommended: 3,
        desired: 3,
        reason: 'above-target',
      },
    );
  });
  scaled.view.select({ kind: 'service', service: 'product' });
  renderIn(scaled, <Inspector />);
  expect(await screen.findByText('Busy now: 75 %')).toBeTruthy();
  expect(screen.getByText(/from 2 to 3, above the target/)).toBeTruthy();
  const target = screen.getByLabelText('Target: busy slots');
  await userEvent.clear(target);
  await userEvent.type(target, '40{Enter}');
  expect(scaled.commands.at(-1)).toEqual({
    type: 'settings.set',
    patch: { autoscaler: { services: { product: { utilisation: 0.4 } } } },
  });
});
