import { act, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Script } from '../../../projections/testing/script.ts';
import type { Comparison } from '../../state/comparison.ts';
import { Mirror } from '../../state/mirror.ts';
import { openTestShop, renderIn, stubMedia, type TestShop } from '../../testing/render-shop.tsx';
import CompareView from './compare-view.tsx';

// It wants a layout, which jsdom has not.
vi.mock('../diagram/diagram.tsx', () => ({ Diagram: () => null }));

let close = () => {};
beforeEach(() => stubMedia());
afterEach(() => close());

/** All four go well before the fault; after it, nothing does. */
function dies(script: Script): void {
  for (const at of [4, 5, 6, 7]) {
    script.intent(at, `i${at}`, 'browse');
    script.answer(at + 1, `i${at}`, 'browse', 'ok');
  }
  script.fault(21, 'f1', { kind: 'down', target: { kind: 'service', service: 'monolith' } });
  script.intent(22, 'i22', 'browse');
  script.answer(23, 'i22', 'browse', 'failed');
}

async function compare(branch: string | null): Promise<TestShop> {
  const [shop, other] = await Promise.all([openTestShop(dies), openTestShop(dies)]);
  shop.run.setPeer(other.run);
  const comparison: Comparison = {
    branch,
    peer: other.run,
    titles: ['One', 'Other'],
    fromUs: 2_000_000,
    mirror: new Mirror(
      shop.run,
      {
        store: other.run,
        title: 'Other',
        counterpart: (command) => ({ commands: [command], undo: [], note: null }),
        earlierFault: () => null,
      },
      () => {},
      () => {},
    ),
  };
  renderIn(shop, <CompareView comparison={comparison} />);
  close = () => {
    shop.run.stop();
    other.run.stop();
  };
  return shop;
}

const shown = () => ({
  since: screen.getAllByRole('columnheader')[0]?.textContent,
  browsing: document.querySelector('[data-row="success-browse"] [data-side="right"]')?.textContent,
});
const shows = (since: string, browsing: string) =>
  waitFor(() => expect(shown()).toEqual({ since, browsing }), { timeout: 5000 });

it('counts compositions from the latest fault on, and from another moment when that is shown', async () => {
  const shop = await compare(null);
  await shows('Since 0:21', '0 %');
  await act(() => shop.run.scrub(15_000_000));
  await shows('Since 0:02', '100 %');
  await act(() => shop.run.scrub(30_000_000));
  await shows('Since 0:21', '0 %');
});

it('counts branches from where they parted, whatever was broken since', async () => {
  await compare('run-2');
  await shows('Since 0:02', '80 %');
});

it('says how far the fault reaches right after what customers got', async () => {
  await compare(null);
  await waitFor(() => expect(screen.getByTestId('comparison')).toBeTruthy(), { timeout: 5000 });
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')].map((row) => row.dataset['row']);
  expect(rows.slice(0, 6)).toEqual([
    'success-order',
    'success-browse',
    'success-status',
    'blast',
    'blast-intents',
    'p50Us-order',
  ]);
});
