import { act, screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import type { Script } from '../../../projections/testing/script.ts';
import { openTestShop, renderIn, stubMedia, type TestShop } from '../../testing/render-shop.tsx';
import { Diagram } from './diagram.tsx';
import DiagramTable from './diagram-table.tsx';

beforeEach(() => {
  stubMedia();
  // jsdom lays nothing out, and React Flow asks.
  globalThis.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
});

const FIVE = ['gateway-1', 'user-1', 'product-1', 'order-1', 'shipping-1'];

/** Shipping crashes; one order fails for it, another is fine. */
function shippingCrashes(script: Script): void {
  for (const by of FIVE) script.write({ at: 0, by }, { type: 'instance.ready' });
  script.write({ at: 8, by: 'shipping-1' }, { type: 'instance.crashed', reason: 'by hand', faultId: null });
  for (const [id, how] of [
    ['i1', 'failed'],
    ['i2', 'ok'],
  ] as const) {
    script.intent(9, id, 'order');
    script.sent(9, 'order-1', 'shipping-1', id, { trace: `trace-${id}` });
    script.failed(9.5, 'order-1', 'shipping-1', id, 'connection_refused', { trace: `trace-${id}` });
    script.answer(10, id, 'order', how, how === 'ok' ? { orderId: 'o1' } : {});
  }
  script.row(11, 'order-1', 'orders', 'o1', { orderId: 'o1', status: 'CONFIRMED' }, 'trace-i2');
}

const outlined = (): string | undefined => document.querySelector<HTMLElement>('.diagram')?.dataset['blast'];
/** It is loaded when it is first needed, which takes a while. */
const shows = (words: string) =>
  waitFor(() => expect(screen.getByTestId('blast').textContent).toContain(words), { timeout: 10_000 });
const seek = (shop: TestShop, atS: number) => act(() => shop.run.scrub(atS * 1_000_000));

it('outlines what a fault has reached and says how far it reaches, at the moment that is shown', async () => {
  const shop = await openTestShop(shippingCrashes, { nowS: 30 });
  renderIn(shop, <Diagram />);
  await shows('hit: 1 of 5 services, 50 % of orders');
  expect(screen.getByTestId('blast').dataset['harmless']).toBe('false');
  expect(screen.getByTestId('blast').textContent).toMatch(/Blast radius of the fault at 0:08.*\(Shipping\)/);
  await waitFor(() => expect(outlined()).toBe('shipping'));
  await seek(shop, 8.5);
  expect(screen.getByTestId('blast').textContent).toContain('hit: 0 of 5 services');
  expect(screen.getByTestId('blast').dataset['harmless']).toBe('true');
  await waitFor(() => expect(outlined()).toBeUndefined());
  await seek(shop, 7);
  expect(screen.queryByTestId('blast')).toBeNull();
  await seek(shop, 12);
  await waitFor(() => expect(outlined()).toBe('shipping'));
});

it('shows it for ten seconds after the fault has ended', async () => {
  const shop = await openTestShop(
    (script) => {
      shippingCrashes(script);
      script.write({ at: 13, by: 'shipping-1' }, { type: 'instance.ready' });
      script.fault(40, 'f1', { kind: 'slow', target: { kind: 'service', service: 'user' }, addMs: 1 });
    },
    { nowS: 50 },
  );
  renderIn(shop, <Diagram />);
  await shows('0 of 5 services');
  await seek(shop, 22.9);
  await waitFor(() => expect(outlined()).toBe('shipping'));
  await seek(shop, 23.1);
  await waitFor(() => expect(outlined()).toBeUndefined());
  expect(screen.queryByTestId('blast')).toBeNull();
});

it('says the same in the tables', async () => {
  const shop = await openTestShop(shippingCrashes, { nowS: 30 });
  renderIn(shop, <DiagramTable />);
  const words = await screen.findByTestId('blast');
  expect(words.textContent).toMatch(/^Hit: 1 of 5 services, 50 % of orders\..*\(Shipping\)/);
});

it('shows nothing while nothing was ever broken', async () => {
  const shop = await openTestShop((script) => script.order(5, 'o1'), { nowS: 30 });
  renderIn(shop, <DiagramTable />);
  expect(screen.queryByTestId('blast')).toBeNull();
});
