import {
  plusMs,
  type RunSettings,
  type RunTimeUs,
  type SpanContext,
  type Transaction,
} from '../../kernel/index.ts';
import { ModelError, type News, problem, rfc3339 } from '../../patterns/index.ts';
import { MAX_WEIGHT_G, zoneOf } from './contract.ts';
import type { ShipmentFact } from './news.ts';
import {
  type Address,
  type Parcel,
  type ShipmentRow,
  type ShipmentStatus,
  shipmentsTable,
} from './tables.ts';
import { carrierOf, trackingNumberOf } from './tracking-number.ts';

// Functions over a transaction that includes shipmentsTable and the tables of its news.

/** A parcel that exists. */
export type Shipment = ShipmentRow & { readonly parcel: Parcel };

const isShipment = (row: ShipmentRow | undefined): row is Shipment =>
  row !== undefined && row.parcel !== null;

const refuseCancelled = (orderId: string): never => {
  throw new ModelError(
    problem(
      409,
      'shipment-cancelled',
      'Shipment cancelled',
      `The shipment of ${orderId} was cancelled; it cannot be made again.`,
    ),
  );
};

/** Writes a change with its history, and tells so (picking and packing stay inside). */
async function change(
  tx: Transaction,
  row: Shipment,
  status: ShipmentStatus,
  nextAtUs: RunTimeUs | null,
  span: SpanContext | null,
  news: News<ShipmentFact>,
): Promise<Shipment> {
  const nowUs = tx.now();
  const { nextAtUs: _, ...rest } = row;
  const changed: Shipment = {
    ...rest,
    status,
    sequence: row.sequence + 1,
    history: [...row.history, { status, atUs: nowUs }],
    ...(nextAtUs === null ? {} : { nextAtUs }),
  };
  await tx.put(shipmentsTable, changed);
  if (status !== 'picked' && status !== 'packed') {
    const { shipmentId, carrier, trackingNumber } = changed.parcel;
    const { orderId } = row;
    const { sequence } = changed;
    const fact = {
      orderId,
      shipmentId,
      status,
      carrier,
      trackingNumber,
      sequence,
      at: rfc3339(nowUs),
    };
    await news.tell(tx, fact, span ?? row.span);
  }
  return changed;
}

export interface ShipmentRequest {
  readonly orderId: string;
  readonly customerId: string;
  readonly address: Address;
  readonly weightG: number;
}

/** Holds a parcel for an order, once. Throws a `ModelError` where we do not deliver, and after a cancellation. */
export async function holdShipment(
  tx: Transaction,
  request: ShipmentRequest,
  span: SpanContext | null,
  news: News<ShipmentFact>,
): Promise<{ readonly shipment: Shipment; readonly isNew: boolean }> {
  const { orderId, customerId, address, weightG } = request;
  const known = await tx.get(shipmentsTable, orderId);
  if (known?.status === 'cancelled') return refuseCancelled(orderId);
  if (isShipment(known)) return { shipment: known, isNew: false };
  const zone = zoneOf(address.country);
  if (zone === null) {
    throw new ModelError(
      problem(422, 'undeliverable', 'Undeliverable', `We do not deliver to ${address.country}.`),
    );
  }
  if (weightG > MAX_WEIGHT_G) {
    throw new ModelError(
      problem(
        422,
        'undeliverable',
        'Undeliverable',
        `A parcel weighs at most ${MAX_WEIGHT_G} g; this one weighs ${weightG} g.`,
      ),
    );
  }
  const row: Shipment = {
    orderId,
    status: 'held',
    parcel: {
      shipmentId: `shp-${orderId}`,
      customerId,
      address,
      weightG,
      zone,
      carrier: carrierOf(orderId).name,
      trackingNumber: trackingNumberOf(orderId),
    },
    sequence: 0,
    history: [],
    span,
  };
  return { shipment: await change(tx, row, 'held', null, span, news), isNew: true };
}

/**
 * Cancels a held parcel; leaves a tombstone when there is none, so that a request that arrives late is
 * refused. Throws a `ModelError` once it is on its way.
 */
export async function cancelShipment(
  tx: Transaction,
  orderId: string,
  span: SpanContext | null,
  news: News<ShipmentFact>,
): Promise<void> {
  const known = await tx.get(shipmentsTable, orderId);
  if (known === undefined) {
    const history = [{ status: 'cancelled', atUs: tx.now() }] as const;
    await tx.put(shipmentsTable, { orderId, status: 'cancelled', parcel: null, sequence: 1, history, span });
    return;
  }
  if (known.status === 'cancelled') return;
  if (known.status !== 'held') {
    throw new ModelError(
      problem(
        409,
        'shipment-on-its-way',
        'Shipment on its way',
        `The shipment of ${orderId} is ${known.status}; it cannot be cancelled.`,
      ),
    );
  }
  if (isShipment(known)) await change(tx, known, 'cancelled', null, span, news);
}

/** Lets a held parcel go, once. */
export async function dispatchShipment(
  tx: Transaction,
  orderId: string,
  settings: Pick<RunSettings, 'tracking'>,
  span: SpanContext | null,
  news: News<ShipmentFact>,
): Promise<Shipment> {
  const known = await tx.get(shipmentsTable, orderId);
  if (known?.status === 'cancelled') return refuseCancelled(orderId);
  if (!isShipment(known)) {
    throw new ModelError(
      problem(404, 'no-such-shipment', 'No such shipment', `There is no shipment for ${orderId}.`),
    );
  }
  if (known.status !== 'held') return known;
  return await change(tx, known, 'dispatched', plusMs(tx.now(), settings.tracking.pickMs), span, news);
}

/** What follows a status, and after how long; null: it stays. */
function following(
  status: ShipmentStatus,
  tracking: RunSettings['tracking'],
  fails: boolean,
): { readonly status: ShipmentStatus; readonly thenMs: number | null } | null {
  switch (status) {
    case 'dispatched':
      return { status: 'picked', thenMs: tracking.packMs };
    case 'picked':
      return { status: 'packed', thenMs: tracking.transitMs };
    case 'packed':
      return { status: 'in-transit', thenMs: tracking.deliverMs };
    case 'in-transit':
      return { status: fails ? 'delivery-failed' : 'delivered', thenMs: null };
    default:
      return null;
  }
}

/** The parcels whose next station is due move on. `deliveryFails` is drawn by order. */
export async function advanceShipments(
  tx: Transaction,
  settings: Pick<RunSettings, 'tracking'>,
  deliveryFails: (orderId: string) => boolean,
  limit: number,
  news: News<ShipmentFact>,
): Promise<number> {
  const nowUs = tx.now();
  const due = await tx.list(shipmentsTable, { index: 'nextAt', to: nowUs, limit });
  for (const row of due) {
    const next = isShipment(row)
      ? following(row.status, settings.tracking, deliveryFails(row.orderId))
      : null;
    if (!isShipment(row) || next === null) continue;
    const nextAtUs = next.thenMs === null ? null : plusMs(nowUs, next.thenMs);
    await change(tx, row, next.status, nextAtUs, null, news);
  }
  return due.length;
}
