import { rfc3339, type SagaHistoryRow, type SagaRow } from '../../patterns/index.ts';
import type { OrderRow } from './tables.ts';

/** An order as its contract shows it. */
export function orderView(order: OrderRow) {
  const { orderId, customerId, status, goodsMinor, shippingMinor, totalMinor, currency, address } = order;
  return {
    orderId,
    customerId,
    status,
    lines: order.lines.map(({ sku, name, quantity, unitPriceMinor }) => ({
      sku,
      name,
      quantity,
      unitPriceMinor,
    })),
    goodsMinor,
    shippingMinor,
    totalMinor,
    currency,
    address,
    placedAt: rfc3339(order.placedUs),
    history: order.history.map((entry) => ({
      status: entry.status,
      at: rfc3339(entry.atUs),
      reason: entry.reason,
    })),
    delivery: deliveryView(order),
  };
}

function deliveryView({ delivery }: OrderRow) {
  if (delivery === null) return null;
  const { status, carrier, trackingNumber, history } = delivery;
  return {
    status,
    carrier,
    trackingNumber,
    history: history.map(({ status: was, at }) => ({ status: was, at })),
  };
}

/** A saga as its contract shows it. */
export function sagaView(row: SagaRow, history: readonly SagaHistoryRow[]) {
  const { sagaId, saga, orderId, status, state, reason } = row;
  return {
    sagaId,
    saga,
    orderId,
    status,
    state,
    reason,
    startedAt: rfc3339(row.startedUs),
    history: history.map(({ step, lane, what, attempt, atUs, reason: why }) => ({
      step,
      lane,
      what,
      attempt,
      at: rfc3339(atUs),
      reason: why,
    })),
  };
}
