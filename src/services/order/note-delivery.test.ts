import { expect, it, vi } from 'vitest';
import { noteDelivery } from './model.ts';
import { type Delivery, ordersTable } from './tables.ts';
import { openShop } from './testing/test-shop.ts';

vi.setConfig({ testTimeout: 30000 });

it('MSG-12: news that comes late, as a redriven dead letter does, fills its gap in the history and changes no more', async () => {
  const shop = await openShop();
  const orderId = await shop.place();
  const hears = async (status: string, sequence: number) => {
    await shop.world.run(shop.order, (context) =>
      context.store.transact('hear', [ordersTable], 'readwrite', (tx) =>
        noteDelivery(tx, orderId, {
          status,
          carrier: 'DHL',
          trackingNumber: '1',
          sequence,
          at: `${sequence}`,
        }),
      ),
    );
    return shop.row(orderId).delivery;
  };
  await hears('in-transit', 5);
  await hears('held', 1);
  await hears('in-transit', 5);
  const delivery: Delivery | null = await hears('dispatched', 2);
  expect(delivery).toMatchObject({ status: 'in-transit', sequence: 5 });
  expect(delivery?.history.map(({ status, at }) => [status, at])).toEqual([
    ['held', '1'],
    ['dispatched', '2'],
    ['in-transit', '5'],
  ]);
});
