import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { App } from '../app.tsx';
import { followTheme } from '../state/theme.ts';
import type { ViewState, Zone } from '../state/view-store.ts';
import { openTestShop, renderIn, stubMedia, type TestShop } from '../testing/render-shop.tsx';

// It wants a layout, which jsdom has not.
vi.mock('../views/diagram/diagram.tsx', () => ({
  Diagram: () => <section aria-label="Diagram of the shop" />,
}));

// What the page fetches when it is needed is here from the beginning, so that what is missing is hidden.
beforeAll(async () => {
  await Promise.all([import('../views/dock/dock.tsx'), import('../views/inspector/inspector.tsx')]);
});

// A wide and low window: the dock lies over the diagram, without the splitter, which wants a layout too.
beforeEach(() => stubMedia(['(min-width: 1360px)', '(max-width: 1199px), (max-height: 799px)']));

async function open(view: Partial<ViewState>): Promise<TestShop> {
  const shop = await openTestShop();
  shop.view.setState({
    selection: { kind: 'service', service: 'order' },
    dockOpen: true,
    dockTab: 'log',
    ...view,
  });
  renderIn(shop, <App stores={shop} />);
  return shop;
}

const FOUND: Readonly<Record<Zone, () => unknown>> = {
  top: () => screen.queryByRole('heading', { name: 'Bulkhead' }),
  figures: () => screen.queryByRole('region', { name: 'Figures' }),
  controls: () => screen.queryByRole('complementary', { name: 'Controls' }),
  narrator: () => screen.queryByTestId('narrator'),
  time: () => screen.queryByRole('contentinfo'),
  dock: () => screen.queryByTestId('dock-log'),
  inspector: () => screen.queryByTestId('inspector'),
};
const ZONES = Object.keys(FOUND) as Zone[];
const there = () => ZONES.filter((zone) => FOUND[zone]() !== null);

describe('what an address hides', () => {
  it('is nothing, as a rule', async () => {
    await open({});
    await waitFor(() => expect(there()).toEqual(ZONES));
  });

  it.each(ZONES)('is not there: %s', async (zone) => {
    await open({ hidden: [zone] });
    await waitFor(() => expect(there()).toEqual(ZONES.filter((each) => each !== zone)));
    expect(screen.getByRole('region', { name: 'Diagram of the shop' })).toBeTruthy();
  });

  it('leaves the diagram', async () => {
    await open({ hidden: ZONES });
    expect(there()).toEqual([]);
    expect(screen.getByRole('region', { name: 'Diagram of the shop' })).toBeTruthy();
  });

  it('is told of, when the page has no such part', async () => {
    await open({ unknownZones: ['bananas', 'Top'] });
    expect(screen.getByText(/no part “bananas”, “Top” to hide.* Its parts: top, figures/)).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
    expect(screen.queryByText(/bananas/)).toBeNull();
  });
});

describe('the projector', () => {
  it('is larger, clearer and on the full screen, and leaves the diagram more room', async () => {
    const full = vi.fn(async () => {});
    document.documentElement.requestFullscreen = full;
    const shop = await open({});
    const stop = followTheme(shop.view);
    expect(document.documentElement.dataset['projector']).toBe('off');
    const button = screen.getByRole('button', { name: 'Projector: larger and clearer (P)' });
    expect(button.getAttribute('aria-pressed')).toBe('false');
    await userEvent.click(button);
    expect(document.documentElement.dataset['projector']).toBe('on');
    expect(full).toHaveBeenCalledOnce();
    // The figures have a row of their own, the controls are a rail.
    expect(screen.getByRole('region', { name: 'Figures' }).className).toContain('figures-large');
    expect(screen.getByRole('complementary', { name: 'Controls' }).className).toBe('rail');
    await userEvent.click(button);
    expect(document.documentElement.dataset['projector']).toBe('off');
    expect(screen.getByRole('complementary', { name: 'Controls' }).className).toBe('controls');
    stop();
  });

  it('is there without a full screen, too', async () => {
    document.documentElement.requestFullscreen = async () => {
      throw new TypeError('not allowed here');
    };
    const shop = await open({});
    await userEvent.click(screen.getByRole('button', { name: 'Projector: larger and clearer (P)' }));
    expect(shop.view.getState().projector).toBe(true);
  });
});
