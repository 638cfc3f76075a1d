import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it } from 'vitest';
import type { Script } from '../../../../projections/testing/script.ts';
import { openTestShop, renderIn, stubMedia } from '../../../testing/render-shop.tsx';
import Dock from '../dock.tsx';
import { allStations, routingTable, stationOf } from './routing.ts';

beforeEach(() => stubMedia());

function asked(script: Script, at: number, operation: string, path: string, status: number): void {
  const by = 'gateway-1';
  script.write(
    { at, by },
    {
      type: 'response.sent',
      operation,
      status,
      durationMs: 5,
      plane: 'data',
      slotsUsed: 0,
      queued: 0,
      problem: null,
    },
  );
  const [method = '', ...rest] = operation.split(' ');
  script.write(
    { at, by, span: `s${at}` },
    {
      type: 'service.logged',
      level: 'info',
      message: 'x',
      data: { method, path: path || rest.join(' '), status, durationMs: 5, customer: null },
    },
  );
}

const some = (script: Script): void => {
  asked(script, 1, 'GET /products/{sku}', '/products/kitchen-01', 200);
  asked(script, 2, 'GET /products/{sku}', '/products/kitchen-02', 429);
  asked(script, 3, 'POST /orders', '/orders', 503);
  asked(script, 4, 'GET /nowhere', '/nowhere', 404);
};

it.each([
  [200, true, 'answered'],
  [404, true, 'service'],
  [404, false, 'route'],
  [405, true, 'route'],
  [429, true, 'limit'],
  [401, true, 'allowed'],
  [403, true, 'allowed'],
  [422, true, 'service'],
  [500, true, 'failed'],
] as const)('a %d of a route (%s) ended at: %s', (status, isRoute, station) => {
  expect(stationOf(status, isRoute)).toBe(station);
});

it('the routing table has every route that customers may use, and counts what is none of them', () => {
  const seen = new Map([['GET /nowhere', { 404: 3 }]]);
  const rows = routingTable('microservices', seen);
  const names = rows.map(({ name }) => name);
  expect(names).toContain('GET /products/{sku}');
  expect(names).not.toContain('PUT /reservations/{orderId}');
  expect(new Set(names).size).toBe(names.length);
  expect(allStations(rows, seen)).toEqual({ route: 3 });
});

it('shows routes with what became of them, and the access log with a filter', async () => {
  const user = userEvent.setup();
  const shop = await openTestShop(some);
  shop.view.openDock('gateway');
  renderIn(shop, <Dock />);
  const table = await screen.findByRole('table', { name: 'Routing table' });
  const [first] = within(table).getAllByRole('row').slice(1);
  expect([...(first?.querySelectorAll('th, td') ?? [])].map((cell) => cell.textContent)).toEqual([
    'GET /products/{sku}',
    'Product',
    'everybody',
    '2',
    '1',
    '0',
    '0',
  ]);
  await user.click(screen.getByRole('radio', { name: 'Access log' }));
  const log = await screen.findByRole('table', { name: /Access log/ });
  expect(within(log).getAllByRole('row')).toHaveLength(5);
  await user.click(screen.getByRole('radio', { name: '5xx' }));
  expect(within(log).getAllByRole('row')).toHaveLength(2);
  await user.click(within(log).getByRole('button', { name: 'POST /orders' }));
  expect(shop.view.getState().selection).toEqual({ kind: 'call', spanId: 's3' });
});

it('changes the rate limit, and back', async () => {
  const user = userEvent.setup();
  const shop = await openTestShop(some);
  shop.view.openDock('gateway');
  renderIn(shop, <Dock />);
  const burst = await screen.findByLabelText('At once');
  await user.clear(burst);
  await user.type(burst, '3{Enter}');
  expect(shop.commands.at(-1)).toEqual({ type: 'settings.set', patch: { rateLimit: { burst: 3 } } });
});
