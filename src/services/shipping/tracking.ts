import type { BackgroundTask } from '../../kernel/index.ts';
import { claimLease, leaseHolder, leaseTable, type News } from '../../patterns/index.ts';
import { advanceShipments } from './model.ts';
import type { ShipmentFact } from './news.ts';
import { shipmentsTable } from './tables.ts';

const LOOK_EVERY_MS = 250;
const LEASE_MS = 3000;
const AT_ONCE = 50;

/** Moves parcels on as run time passes. One instance does it, by lease; another takes over when it is gone. */
export const trackingTask = (news: News<ShipmentFact>): BackgroundTask => ({
  name: 'tracking',
  run: async (context) => {
    for (;;) {
      const due = await context.store.transact('tracking look', [shipmentsTable], 'readonly', async (tx) =>
        tx.list(shipmentsTable, { index: 'nextAt', to: tx.now(), limit: 1 }),
      );
      if (due.length > 0) {
        const { settings, random } = context;
        const moved = await context.store.transact(
          'tracking advanced',
          [leaseTable, shipmentsTable, ...news.tables],
          'readwrite',
          async (tx) => {
            const fence = await claimLease(tx, 'tracking', leaseHolder(context), LEASE_MS);
            if (fence === null) return 0;
            const fails = (orderId: string) =>
              random.uniform('delivery-fails', orderId) < settings.tracking.failureShare;
            return await advanceShipments(tx, settings, fails, AT_ONCE, news);
          },
        );
        if (moved > 0) {
          news.told(context);
          continue;
        }
      }
      await context.clock.sleep(LOOK_EVERY_MS);
    }
  },
});
