import type { Json } from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';
import { isRow, type Row, textOf } from './rows.ts';

/** The changes of status in a row's history that others are told of. */
const toldStatuses = (row: Row | undefined, silent: readonly string[]): readonly string[] => {
  const history = row?.['history'];
  if (!Array.isArray(history)) return [];
  return (history as readonly Json[])
    .filter(isRow)
    .map((entry) => textOf(entry, 'status'))
    .filter((status) => !silent.includes(status));
};

/**
 * Two copies are kept of what another service knows: Shipping's of each order's status, Order's of each
 * parcel's way. Once all is at rest, each is what comes out when it is built again from the whole history
 * of what it copies, in both compositions.
 */
export const copiesAgree = defineChecker(
  'INV-11',
  'A copy that is built again equals the one that has grown',
  (run, report) => ({
    end({ healed }) {
      if (!healed) return;
      for (const { rows } of run.rows.named('orders')) {
        for (const [orderId, order] of rows) {
          const rebuilt = toldStatuses(order, ['CANCEL_PENDING']).at(-1);
          const copy = textOf(run.rows.row('order-statuses', orderId), 'status');
          if (copy !== (rebuilt ?? ''))
            report(
              `order ${orderId} is ${rebuilt ?? 'unknown'}, its copy beside the parcel ${copy || 'missing'}`,
            );
          const problem = wrongDelivery(order['delivery'], run.rows.row('shipments', orderId));
          if (problem !== null) report(`order ${orderId}: ${problem}`);
        }
      }
    },
  }),
);

function wrongDelivery(copy: Json | undefined, shipment: Row | undefined): string | null {
  const { parcel } = shipment ?? {};
  const delivery = isRow(copy) ? copy : undefined;
  // The tombstone of a parcel that never came is no news.
  if (!isRow(parcel)) return delivery === undefined ? null : 'it shows a parcel that does not exist';
  const rebuilt = toldStatuses(shipment, ['picked', 'packed']).join(', ');
  const grown = toldStatuses(delivery, []).join(', ');
  if (grown !== rebuilt) return `its parcel was ${rebuilt}, its copy says ${grown || 'nothing'}`;
  return delivery?.['trackingNumber'] === parcel['trackingNumber'] &&
    delivery?.['carrier'] === parcel['carrier']
    ? null
    : 'its copy of the parcel has another number';
}
