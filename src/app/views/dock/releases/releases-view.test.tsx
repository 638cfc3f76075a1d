import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Script } from '../../../../projections/testing/script.ts';
import { openTestShop, renderIn, stubMedia, type TestShop } from '../../../testing/render-shop.tsx';
import Dock from '../dock.tsx';

beforeEach(() => stubMedia());

const rel = { releaseId: 'rel-1', of: 'order', deployable: 'order' } as const;

function canary(script: Script): void {
  script.write({ at: 1, by: 'order-1' }, { type: 'instance.started', incarnation: 1 });
  script.write({ at: 1, by: 'order-1' }, { type: 'instance.ready' });
  script.write(
    { at: 10, by: 'run-1' },
    {
      type: 'release.requested',
      ...rel,
      version: 'v3',
      before: 'v1',
      team: 'Checkout',
      strategy: 'canary',
      skipContractCheck: false,
    },
  );
  script.write(
    { at: 10, by: 'run-1' },
    { type: 'release.stage.started', ...rel, stage: 'deploy', untilUs: null },
  );
  script.write({ at: 11, by: 'order-2' }, { type: 'instance.started', incarnation: 1, version: 'v3' });
  script.write({ at: 11, by: 'order-2' }, { type: 'instance.ready' });
  script.write(
    { at: 12, by: 'run-1' },
    { type: 'release.traffic.shifted', ...rel, traffic: { v1: 0.75, v3: 0.25 } },
  );
  script.sent(13, 'gateway-1', 'order-2', 'a');
  script.got(14, 'gateway-1', 'order-2', 'a', 500);
}

async function open(
  write: (script: Script) => void,
  options: Parameters<typeof openTestShop>[1] = {},
): Promise<TestShop> {
  const shop = await openTestShop(write, options);
  shop.view.openDock('releases');
  renderIn(shop, <Dock />);
  return shop;
}

const row = async (name: RegExp) => await screen.findByRole('row', { name });

describe('the releases view', () => {
  it('shows what runs where, its share, what failed, and the stage', async () => {
    await open(canary);
    const order = await row(/^Order/);
    expect(order.textContent).toContain('Checkout');
    expect(order.textContent).toContain('order-1 v1');
    expect(order.textContent).toContain('order-2 v3');
    expect(order.textContent).toContain('25 % · 1 of 1 failed');
    expect(order.textContent).toContain('v3 under way');
    expect(within(order).getByRole('button', { name: 'Abort' })).toBeDefined();
    expect((await row(/^User/)).textContent).toContain('none yet');
    expect(screen.getByText(/Nothing yet: every service runs/)).toBeDefined();
  });

  it('releases what was chosen, and aborts it', async () => {
    const user = userEvent.setup();
    const shop = await open(canary);
    await user.selectOptions(await screen.findByLabelText('Service'), 'product');
    await user.selectOptions(screen.getByLabelText('Version'), 'v3');
    await user.selectOptions(screen.getByLabelText('Strategy'), 'blue-green');
    await user.click(screen.getByLabelText('Skip the contract check'));
    await user.click(screen.getByRole('button', { name: 'Release' }));
    expect(shop.commands.at(-1)).toEqual({
      type: 'release.start',
      service: 'product',
      version: 'v3',
      strategy: 'blue-green',
      skipContractCheck: true,
    });
    await user.click(screen.getByRole('button', { name: 'Abort' }));
    expect(shop.commands.at(-1)).toEqual({ type: 'release.abort', service: 'order' });
  });

  it('says why it was aborted', async () => {
    await open((script) => {
      canary(script);
      const reason = '3 of 11 requests to v3 failed (27 %).';
      script.write(
        { at: 20, by: 'run-1' },
        { type: 'release.stage.ended', ...rel, stage: 'deploy', outcome: 'failed', detail: reason },
      );
      script.write(
        { at: 20, by: 'run-1' },
        { type: 'release.aborted', ...rel, version: 'v3', reason, by: 'analysis' },
      );
      script.write({ at: 22, by: 'run-1' }, { type: 'release.rolled-back', ...rel, version: 'v3' });
    });
    expect((await row(/^Order/)).textContent).toContain('v3 taken back');
    expect(screen.getByText(/Order v3, canary: aborted after 10.0 s, and taken back. 3 of 11/)).toBeDefined();
  });
});
