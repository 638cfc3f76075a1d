import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Json } from '../../../../kernel/index.ts';
import type { Script } from '../../../../projections/testing/script.ts';
import type { CommandResult } from '../../../state/page-run.ts';
import { openTestShop, renderIn, stubMedia, type TestShop } from '../../../testing/render-shop.tsx';
import { apiOf } from './api-documents.ts';
import ApiView from './api-view.tsx';
import { calledBy } from './inside-pane.tsx';

beforeEach(() => stubMedia());

const choose = async (summary: string) =>
  await userEvent.click(screen.getByRole('button', { name: new RegExp(summary) }));
const operations = (list: HTMLElement) =>
  within(list)
    .getAllByRole('button')
    .filter((button) => button.dataset['operation'] !== undefined);
const tryIt = async () => await userEvent.click(screen.getByRole('button', { name: 'Try it' }));
const sent = (shop: TestShop) =>
  shop.commands.filter((command) => (command as { type: string }).type === 'request.send');
const answer = (status: number, body: Json): CommandResult => ({
  ok: true,
  value: { status, headers: { 'content-type': 'application/json' }, body },
});
const PRODUCT = { sku: 'kitchen-01', name: 'Teapot' };

/** The log of one request by hand: the customer asks the gateway, and that asks Product. */
function logged(script: Script, intentId: string): void {
  const trace = `trace-${intentId}`;
  script.write(
    { at: 30, by: 'customers-1', trace, span: `${intentId}-own` },
    { type: 'intent.started', intentId, kind: 'other', customer: '' },
  );
  const path = '/products/kitchen-01';
  script.sent(30, 'customers-1', 'gateway-1', `${intentId}-1`, { trace, path });
  script.sent(30.3, 'gateway-1', 'product-1', `${intentId}-2`, { trace, path, parent: `${intentId}-1` });
  script.got(30.9, 'gateway-1', 'product-1', `${intentId}-2`, 200, { trace });
  script.got(31.2, 'customers-1', 'gateway-1', `${intentId}-1`, 200, { trace });
}

describe('the list of operations', () => {
  it('has every operation of every service, with its method, path and summary', async () => {
    renderIn(await openTestShop(), <ApiView />);
    const list = screen.getByRole('navigation', { name: 'Operations' });
    const wanted = apiOf('microservices').flatMap(({ operations }) => operations);
    const buttons = operations(list);
    expect(buttons.map((button) => button.textContent)).toEqual(
      wanted.map(({ method, path, summary }) => `${method} ${path}${summary}`),
    );
  });

  it('is of the monolith where that runs', async () => {
    renderIn(await openTestShop(undefined, { composition: 'monolith' }), <ApiView />);
    expect(screen.getByRole('region', { name: 'Bulkhead shop, in one process' })).toBeTruthy();
    expect(screen.queryByRole('region', { name: 'Order service' })).toBeNull();
  });

  it('gives the whole document of a service as a file', async () => {
    renderIn(await openTestShop(), <ApiView />);
    const files: Blob[] = [];
    URL.createObjectURL = (file: Blob) => `blob:${files.push(file)}`;
    URL.revokeObjectURL = () => {};
    let name = '';
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      name = this.download;
    });
    await userEvent.click(
      screen.getByRole('button', { name: 'Download the OpenAPI document: Order service' }),
    );
    expect(name).toBe('order.openapi.json');
    const document = JSON.parse((await files[0]?.text()) ?? '');
    expect(document).toEqual(apiOf('microservices').find(({ service }) => service === 'order')?.document);
  });

  it('is one stop for Tab; arrows, Home and End go along', async () => {
    renderIn(await openTestShop(), <ApiView />);
    const user = userEvent.setup();
    const all = operations(screen.getByRole('navigation', { name: 'Operations' }));
    const [first, second] = all;
    const last = all.at(-1);
    first?.focus();
    await user.keyboard('{ArrowDown}');
    expect(document.activeElement).toBe(second);
    await user.keyboard('{End}');
    expect(document.activeElement).toBe(last);
    await user.keyboard('{Home}');
    expect(document.activeElement).toBe(first);
    expect(all.filter(({ tabIndex }) => tabIndex === 0)).toEqual([first]);
  });
});

describe('trying an operation', () => {
  it('sends what it is filled with, and shows status, meaning, headers and body', async () => {
    const shop = await openTestShop(undefined, { answer: () => answer(200, PRODUCT) });
    renderIn(shop, <ApiView />);
    await choose('One good');
    expect(screen.getByText('Its answer will be here, with the calls that it took.')).toBeTruthy();
    await tryIt();
    expect(sent(shop)).toEqual([
      { type: 'request.send', method: 'GET', path: '/products/kitchen-01', headers: {}, as: 'anonymous' },
    ]);
    expect((await screen.findByTestId('api-status')).textContent).toContain('200 OK');
    expect(screen.getByText('It.')).toBeTruthy();
    expect(screen.getByText('1 header')).toBeTruthy();
    expect(screen.getByTestId('api-body').textContent).toBe(JSON.stringify(PRODUCT, null, 2));
  });

  it('lets a paused run go on for it', async () => {
    const shop = await openTestShop(undefined, { answer: () => answer(200, null) });
    renderIn(shop, <ApiView />);
    await choose('One good');
    expect(screen.getByText(/The run is paused/)).toBeTruthy();
    await tryIt();
    expect(shop.commands.map((command) => (command as { type: string }).type)).toEqual([
      'load.set',
      'run.resume',
      'request.send',
    ]);
  });

  it('sends what was typed, as whom it was chosen, and keeps it while another one is looked at', async () => {
    const shop = await openTestShop(undefined, { answer: () => answer(400, { title: 'Bad request' }) });
    renderIn(shop, <ApiView />);
    await choose('Sets what is in the warehouse');
    const body = screen.getByLabelText('Body, JSON');
    await userEvent.clear(body);
    await userEvent.type(body, 'not {{JSON');
    await userEvent.selectOptions(screen.getByRole('combobox', { name: 'as' }), 'nobody');
    await choose('One good');
    await choose('Sets what is in the warehouse');
    await userEvent.type(screen.getByLabelText('Body, JSON'), '{Control>}{Enter}{/Control}');
    expect(sent(shop)).toMatchObject([
      { path: '/products/kitchen-01/stock', body: 'not {JSON', as: 'anonymous' },
    ]);
    expect((await screen.findByTestId('api-status')).textContent).toContain('400 Bad Request');
    expect(screen.getByText(/`errors` names each field/)).toBeTruthy();
  });

  it('cannot be done without what the path needs', async () => {
    const shop = await openTestShop();
    renderIn(shop, <ApiView />);
    await choose('One good');
    await userEvent.clear(screen.getByLabelText(/^sku/));
    expect(screen.getByRole('button', { name: 'Try it' })).toHaveProperty('disabled', true);
    expect(screen.getByText('A path needs its sku.')).toBeTruthy();
  });

  it('gives a key that only a press on New key changes', async () => {
    const shop = await openTestShop(undefined, { answer: () => answer(202, null) });
    renderIn(shop, <ApiView />);
    await choose('Takes an order and starts its saga');
    await tryIt();
    await tryIt();
    await userEvent.click(screen.getByRole('button', { name: 'New key' }));
    await tryIt();
    const keys = sent(shop).map(
      (command) => (command as { headers: Record<string, string> }).headers['Idempotency-Key'],
    );
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it('says so when the command is refused, when nobody answers, and while it waits', async () => {
    let give = (_result: CommandResult) => {};
    const shop = await openTestShop(undefined, {
      answer: (command) =>
        (command as { type: string }).type === 'request.send'
          ? new Promise((resolve) => {
              give = resolve;
            })
          : { ok: true, value: {} },
    });
    renderIn(shop, <ApiView />);
    await choose('One good');
    await tryIt();
    expect(screen.getByText('The run is paused: the answer comes when it plays.')).toBeTruthy();
    await act(async () => give({ ok: false, error: { message: 'path must begin with /.' } }));
    expect(screen.getByRole('alert').textContent).toContain('path must begin with /.');
    await tryIt();
    await act(async () =>
      give({
        ok: true,
        value: { status: null, headers: {}, body: null, error: 'deadline_exceeded: too late' },
      }),
    );
    expect(screen.getByRole('alert').textContent).toContain('No answer');
    expect(screen.getByRole('alert').textContent).toContain('deadline_exceeded: too late');
  });
});

it('shows the answer to the last request only, whatever comes later', async () => {
  const waiting: ((result: CommandResult) => void)[] = [];
  const shop = await openTestShop(undefined, {
    answer: (command) =>
      (command as { type: string }).type === 'request.send'
        ? new Promise((resolve) => waiting.push(resolve))
        : { ok: true, value: {} },
  });
  renderIn(shop, <ApiView />);
  await choose('One good');
  await tryIt();
  await tryIt();
  await act(async () => waiting[1]?.(answer(200, PRODUCT)));
  await act(async () => waiting[0]?.(answer(503, null)));
  expect(screen.getByTestId('api-status').textContent).toContain('200 OK');
});

describe('the calls of a request', () => {
  async function tried(settings = {}): Promise<TestShop> {
    const shop: TestShop = await openTestShop((script) => logged(script, 'hand-request-1'), {
      settings,
      answer: (command) => {
        if ((command as { type: string }).type === 'request.send') logged(shop.script, 'hand-request-2');
        return answer(200, PRODUCT);
      },
    });
    renderIn(shop, <ApiView />);
    await choose('One good');
    await tryIt();
    act(() => shop.hear());
    return shop;
  }

  it('are counted, with those that the developer tools show, and lead to its trace', async () => {
    const shop = await tried();
    expect(await screen.findByText('2 calls, 1 visible in DevTools')).toBeTruthy();
    expect(screen.getByTestId('api-status').textContent).toContain('in 1.2 s');
    await userEvent.click(screen.getByRole('button', { name: 'Show its trace' }));
    expect(shop.view.getState()).toMatchObject({
      dockTab: 'trace',
      dockOpen: true,
      // The one before was somebody else's.
      selection: { kind: 'intent', intentId: 'hand-request-2' },
    });
  });

  it('are all visible when every hop goes through the browser', async () => {
    await tried({ everyHopThroughBrowser: true });
    expect(await screen.findByText('2 calls, 2 visible in DevTools')).toBeTruthy();
  });
});

describe('an operation inside the shop', () => {
  it('cannot be tried: only the gateway can be reached from outside', async () => {
    renderIn(await openTestShop(), <ApiView />);
    await choose('Reserves all lines of an order');
    expect(screen.queryByRole('button', { name: 'Try it' })).toBeNull();
    expect(screen.getByText('Only the gateway can be reached from outside. Order calls it.')).toBeTruthy();
  });

  it('says who calls it', () => {
    const by = (...services: string[]) =>
      calledBy({ access: { kind: 'services', services: services as never } }, 'microservices');
    expect(by('order', 'monolith')).toBe('Order calls it.');
    expect(by('user', 'order', 'shipping', 'monolith')).toBe('User, Order and Shipping call it.');
    expect(by('gateway', 'registry', 'broker', 'user', 'product', 'order', 'run')).toBe(
      'Every service calls it.',
    );
    expect(calledBy({ access: { kind: 'services', services: ['order', 'monolith'] } }, 'monolith')).toBe(
      'Monolith calls it.',
    );
  });
});

describe('curl', () => {
  it('is the same request, and can be copied', async () => {
    const user = userEvent.setup();
    const copied = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    renderIn(await openTestShop(), <ApiView />);
    await choose('One good');
    const text = `curl '${new URL('./', document.baseURI).href}api/products/kitchen-01'`;
    expect(screen.getByText(text)).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Copy the curl command' }));
    expect(copied).toHaveBeenCalledWith(text);
    expect(await screen.findByText('Copied the curl command.')).toBeTruthy();
  });

  it('says so when the browser does not let it copy', async () => {
    const user = userEvent.setup();
    vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new Error('no'));
    renderIn(await openTestShop(), <ApiView />);
    await choose('One good');
    await user.click(screen.getByRole('button', { name: 'Copy the curl command' }));
    expect(await screen.findByText(/select the text and copy it by hand/)).toBeTruthy();
  });
});
