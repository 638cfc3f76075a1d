import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import type { InstanceId } from '../../../../kernel/index.ts';
import type { Script } from '../../../../projections/testing/script.ts';
import { classroomSettings, EUREKA_REGISTRY, parseRunCommand } from '../../../../setups/index.ts';
import { openTestShop, renderIn, stubMedia, type TestShop } from '../../../testing/render-shop.tsx';
import Dock from '../dock.tsx';

beforeEach(() => stubMedia());

const id = (name: string): InstanceId => name as InstanceId;

function starts(script: Script, ...instances: string[]): void {
  for (const by of instances) {
    script.write({ at: 1, by }, { type: 'instance.started', incarnation: 1 });
    script.write({ at: 1, by }, { type: 'instance.ready' });
  }
}

const lists = (script: Script, at: number, instance: string, untilS: number) =>
  script.row(at, 'registry-1', 'instances', instance, {
    instanceId: instance,
    registeredAtUs: 1_000_000,
    leaseUntilUs: untilS * 1_000_000,
  });

function fetches(script: Script, at: number, by: string, ...products: string[]): void {
  const call = `fetch-${at}`;
  script.sent(at, by, 'registry-1', call, { path: '/instances', plane: 'control' });
  script.got(at, by, 'registry-1', call);
  script.write({ at, by }, { type: 'discovery.refreshed', known: { product: products.map(id) } });
}

/** At 0:30 product-2 has been dead for ten seconds, and product-3 has just come; the gateway fetched at 0:25. */
function twoWrong(script: Script): void {
  starts(script, 'registry-1', 'gateway-1', 'product-1', 'product-2');
  lists(script, 19, 'product-2', 200);
  script.write({ at: 20, by: 'product-2' }, { type: 'instance.crashed', reason: 'by hand', faultId: null });
  fetches(script, 25, 'gateway-1', 'product-1', 'product-2');
  lists(script, 28, 'product-1', 208);
  starts(script, 'product-3');
}

async function open(
  write: (script: Script) => void,
  options: Parameters<typeof openTestShop>[1] = {},
): Promise<TestShop> {
  const shop = await openTestShop(write, options);
  shop.view.openDock('discovery');
  renderIn(shop, <Dock />);
  return shop;
}

const cells = (row: HTMLElement): (string | null)[] =>
  [...row.querySelectorAll('th, td')].map((cell) => cell.textContent);

describe('the discovery view', () => {
  it('tells what the registry lists beside what is so', async () => {
    await open(twoWrong);
    const table = await screen.findByRole('table', { name: 'What the registry lists' });
    const rows = within(table).getAllByRole('row').slice(1);
    expect(rows.map(cells)).toEqual([
      ['product-1', 'ready', '0:01', '2.0 s ago', '178 s left', 'right'],
      ['product-2', 'crashed', '0:01', '11 s ago', '170 s left', 'stale: listed but crashed'],
      ['product-3', 'ready', 'not listed', '–', '–', 'unknown: alive but not listed'],
    ]);
  });

  it('tells what a caller believes, how old its copy is, and where it is wrong, in words', async () => {
    const shop = await open(twoWrong);
    const table = await screen.findByRole('table', { name: 'What each caller believes' });
    const [row] = within(table).getAllByRole('row').slice(1);
    expect(cells(row ?? table).slice(0, 3)).toEqual(['gateway-1', '5.0 s old', 'Product']);
    expect(table.querySelector('.beliefs')?.textContent).toBe(
      'product-1product-2stale: listed but crashedproduct-3unknown: alive but not listed',
    );
    // Each with an icon, too.
    expect(table.querySelectorAll('.belief > svg[aria-hidden="true"]')).toHaveLength(3);
    expect(
      screen.getByText(
        'The registry lists 1 instance that cannot answer; 1 instance that is alive is not listed; 1 belief of a caller is stale; 1 instance is unknown to a caller.',
      ),
    ).toBeTruthy();

    shop.script.sent(29, 'gateway-1', 'product-2', 'a');
    shop.script.failed(29, 'gateway-1', 'product-2', 'a', 'connection_refused');
    act(() => shop.hear());
    expect(await screen.findByText('stale: listed but crashed, passed over')).toBeTruthy();
  });

  it('hears of a fetch while it is open, and is content when all is so', async () => {
    const shop = await open(twoWrong);
    await screen.findByRole('table', { name: 'What each caller believes' });
    lists(shop.script, 29, 'product-3', 209);
    shop.script.write(
      { at: 29, by: 'registry-1' },
      {
        type: 'store.committed',
        database: 'registry',
        operation: 'expire leases',
        rows: [{ table: 'instances', key: 'product-2', after: null }],
      },
    );
    fetches(shop.script, 29, 'gateway-1', 'product-1', 'product-3');
    act(() => shop.hear());
    expect(await screen.findByText('All that is believed is so.')).toBeTruthy();
  });

  it('tells of self-preservation with the figures that decide', async () => {
    const registry = { ...EUREKA_REGISTRY, heartbeatMs: 5000 };
    await open(
      (script) => {
        twoWrong(script);
        script.row(28, 'registry-1', 'renewals', 'renewals', {
          sinceUs: 26_000_000,
          renewals: 1,
          lastRenewals: 2,
        });
        script.write(
          { at: 28, by: 'registry-1' },
          {
            type: 'registry.self-preservation.started',
            renewals: 2,
            expected: 4,
            threshold: 3,
            kept: [id('product-2')],
          },
        );
      },
      { settings: { registry } },
    );
    const part = await screen.findByRole('region', { name: 'Self-preservation' });
    expect(part.textContent).toContain('preserves itself: evicts nobody');
    expect(part.textContent).toContain('last 10 s2 of 4 renewals');
    expect(part.textContent).toContain('evicts above3');
    expect(part.textContent).toContain('so far in this1 in 4 s');
    expect(part.textContent).toContain('keeps since 0:28product-2');
  });

  it('says that the registry is down', async () => {
    await open((script) => {
      twoWrong(script);
      script.write({ at: 29, by: 'registry-1' }, { type: 'instance.crashed', reason: 'x', faultId: null });
    });
    expect(await screen.findByText(/^The registry is down: everybody goes by the copy/)).toBeTruthy();
  });

  it('says what will appear, and why there is nothing in a monolith', async () => {
    await open(() => {});
    expect(await screen.findByText(/^Nobody is registered yet/)).toBeTruthy();
    expect(screen.getByText('No caller has fetched a copy yet.')).toBeTruthy();
  });

  it('has nothing to tell of a monolith', async () => {
    await open(() => {}, { composition: 'monolith' });
    expect(await screen.findByText(/^The monolith has no registry/)).toBeTruthy();
  });
});

describe('its settings', () => {
  const { registry } = classroomSettings();

  it('switch the registry, by commands that the run takes, and can be undone', async () => {
    const shop = await open(twoWrong);
    const eureka = await screen.findByRole('radio', { name: 'Eureka' });
    expect(screen.getByRole<HTMLInputElement>('radio', { name: 'Classroom' }).checked).toBe(true);
    expect(screen.getByText(/Who dies may be called for 4 s\.$/)).toBeTruthy();
    await userEvent.click(eureka);
    expect(shop.commands).toEqual([{ type: 'settings.set', patch: { registry: EUREKA_REGISTRY } }]);
    const [toast] = shop.view.getState().toasts;
    expect(toast?.text).toBe('Registry: Eureka');
    await act(async () => toast?.undo?.());
    expect(shop.commands.at(-1)).toEqual({ type: 'settings.set', patch: { registry } });
    for (const command of shop.commands) expect(parseRunCommand(command).ok).toBe(true);
  });

  it('show what is set, presets or not', async () => {
    await open(twoWrong, { settings: { registry: EUREKA_REGISTRY, balancer: 'two-choices' } });
    expect((await screen.findByRole<HTMLInputElement>('radio', { name: 'Eureka' })).checked).toBe(true);
    expect(screen.getByRole<HTMLSelectElement>('combobox').value).toBe('two-choices');
    expect(
      screen.getByText(/lease 90 s \(in truth 180 s\).*Who dies may be called for 270 s\.$/),
    ).toBeTruthy();
  });

  it('are neither, when somebody has chosen other numbers', async () => {
    await open(twoWrong, { settings: { registry: { ...registry, leaseMs: 4000 } } });
    expect(await screen.findByText(/^Numbers of its own:/)).toBeTruthy();
    for (const radio of screen.getAllByRole<HTMLInputElement>('radio')) expect(radio.checked).toBe(false);
  });

  it('switch the balancer', async () => {
    const shop = await open(twoWrong);
    await userEvent.selectOptions(await screen.findByRole('combobox'), 'Peak EWMA');
    expect(shop.commands).toEqual([{ type: 'settings.set', patch: { balancer: 'peak-ewma' } }]);
    await act(async () => shop.view.getState().toasts[0]?.undo?.());
    expect(shop.commands.at(-1)).toEqual({ type: 'settings.set', patch: { balancer: 'round-robin' } });
  });

  it('say why they cannot', async () => {
    const shop = await open(twoWrong, { answer: () => ({ ok: false, error: { message: 'Not now.' } }) });
    await userEvent.click(await screen.findByRole('radio', { name: 'Eureka' }));
    expect(shop.view.getState().toasts.map(({ text, tone, undo }) => [text, tone, undo])).toEqual([
      ['Not now.', 'fail', null],
    ]);
  });
});
