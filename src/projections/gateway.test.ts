import { expect, it } from 'vitest';
import type { RunEvent } from '../kernel/index.ts';
import { gateway } from './gateway.ts';
import { Script } from './testing/script.ts';

const answered = (script: Script, at: number, by: string, operation: string, status: number): void => {
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
};

const logged = (
  script: Script,
  at: number,
  by: string,
  data: Record<string, string | number | null>,
): void => {
  script.write({ at, by, span: `span-${at}` }, { type: 'service.logged', level: 'info', message: 'x', data });
};

const folded = (write: (script: Script) => void) => {
  const script = new Script();
  write(script);
  return (script.events as readonly RunEvent[]).reduce(
    (so, event) => gateway.apply(so, event),
    gateway.initial(),
  );
};

it('counts what the door answered, by route and status; other services are not the door', () => {
  const { routes } = folded((script) => {
    answered(script, 1, 'gateway-1', 'GET /products', 200);
    answered(script, 2, 'gateway-2', 'GET /products', 429);
    answered(script, 3, 'gateway-1', 'GET /products', 200);
    answered(script, 4, 'product-1', 'GET /products', 200);
    answered(script, 5, 'monolith-1', 'GET /nowhere', 404);
  });
  expect([...routes]).toEqual([
    ['GET /products', { 200: 2, 429: 1 }],
    ['GET /nowhere', { 404: 1 }],
  ]);
});

it('keeps the access log’s last lines, and nothing else that is logged', () => {
  const { access } = folded((script) => {
    logged(script, 1, 'gateway-1', { key: 'fetched' });
    logged(script, 2, 'user-1', {
      method: 'GET',
      path: '/users/me',
      status: 200,
      durationMs: 3,
      customer: 'cus_1',
    });
    for (let n = 0; n < 100; n += 1)
      logged(script, 3 + n, 'gateway-1', {
        ...{ method: 'GET', path: `/orders/${n}`, status: 200, durationMs: 3 },
        customer: n === 99 ? 'cus_1' : null,
      });
  });
  expect(access).toHaveLength(80);
  expect(access.at(-1)).toMatchObject({
    path: '/orders/99',
    customer: 'cus_1',
    spanId: 'span-102',
    instance: 'gateway-1',
  });
});

it('does not grow with every path that somebody tries', () => {
  const { routes } = folded((script) => {
    for (let n = 0; n < 500; n += 1) answered(script, n, 'gateway-1', `GET /try-${n}`, 404);
  });
  expect(routes.size).toBe(100);
});
