import { expect, it } from 'vitest';
import { ORDER_PATH_LINES } from '../src/experiments/order-path-lines.ts';
import { orderPathLines } from './order-path-lines.mjs';

// Another line here and there changes nothing of what the figure says.
const NEAR = 0.03;

it('the lines of code on the path of an order are those that the page shows', {
  timeout: 120_000,
}, async () => {
  const measured = await orderPathLines();
  for (const composition of /** @type {const} */ (['microservices', 'monolith'])) {
    const off = Math.abs(measured[composition] / ORDER_PATH_LINES[composition] - 1);
    expect(off, `measured: ${JSON.stringify(measured)}`).toBeLessThan(NEAR);
  }
});
