import { expect, it } from 'vitest';
import { classroomSettings } from '../../setups/index.ts';
import { openTestShop } from '../testing/render-shop.tsx';
import { CLASSROOM_LOAD, MOST_LIVE_ORDERS_PER_SECOND, SPIKE } from './actions.ts';

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

it('asks for no more orders than a live page keeps up with, and says so', async () => {
  const load = { ...classroomSettings().load, ordersPerSecond: 3 };
  const shop = await openTestShop(() => {}, { settings: { load } });
  await shop.actions.spike();
  expect(loads(shop.commands)).toMatchObject([
    { ordersPerSecond: MOST_LIVE_ORDERS_PER_SECOND, browsesPerSecond: load.browsesPerSecond * SPIKE.factor },
  ]);
  expect(shop.view.getState().toasts[0]?.text).toContain(`${MOST_LIVE_ORDERS_PER_SECOND} orders a second`);
});
