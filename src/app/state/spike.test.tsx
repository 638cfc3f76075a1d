import { expect, it } from 'vitest';
import { openTestShop } from '../testing/render-shop.tsx';
import { CLASSROOM_LOAD, SPIKE } from './actions.ts';

const loads = (commands: readonly unknown[]) =>
  commands.filter((command) => (command as { type: string }).type === 'load.set');

it('ends a spike after its time, though somebody looked at the past meanwhile', async () => {
  let nowS = 30;
  const shop = await openTestShop((script) => script.order(5, 'o1'), { nowS: () => nowS });
  await shop.actions.spike();
  expect(loads(shop.commands)).toMatchObject([
    { ordersPerSecond: CLASSROOM_LOAD.ordersPerSecond * SPIKE.factor },
  ]);
  await shop.run.scrub(3_000_000);
  nowS = 39;
  shop.run.follow();
  expect(loads(shop.commands)).toHaveLength(1);
  nowS = 41;
  await expect.poll(() => loads(shop.commands)).toHaveLength(2);
  expect(loads(shop.commands)[1]).toMatchObject({ ordersPerSecond: CLASSROOM_LOAD.ordersPerSecond });
});
