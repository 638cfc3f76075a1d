import * as z from 'zod/mini';
import { defineContract, operation } from '../../patterns/index.ts';

export type Zone = 'domestic' | 'europe' | 'world';

/** Where we deliver, by ISO 3166-1 code. Anything else is undeliverable. */
export const ZONES: Readonly<Record<Zone, readonly string[]>> = {
  domestic: ['DE'],
  europe: ['AT', 'BE', 'CH', 'CZ', 'DK', 'ES', 'FI', 'FR', 'IE', 'IT', 'LU', 'NL', 'NO', 'PL', 'PT', 'SE'],
  world: ['AU', 'BR', 'CA', 'CN', 'GB', 'IN', 'JP', 'KR', 'MX', 'NZ', 'SG', 'US', 'ZA'],
};

/** The public tariff, in minor units of EUR: up to 1 kg, and for each further kilogram begun. */
export const TARIFF: Readonly<
  Record<Zone, { readonly firstMinor: number; readonly furtherMinor: number; readonly days: number }>
> = {
  domestic: { firstMinor: 490, furtherMinor: 100, days: 2 },
  europe: { firstMinor: 1290, furtherMinor: 300, days: 5 },
  world: { firstMinor: 2490, furtherMinor: 900, days: 12 },
};

export const MAX_WEIGHT_G = 31_500;

/** null: we do not deliver there. */
export function zoneOf(country: string): Zone | null {
  for (const zone of ['domestic', 'europe', 'world'] as const) if (ZONES[zone].includes(country)) return zone;
  return null;
}

/** The price of sending `weightG` grams to a zone, in minor units. */
export function shippingPriceMinor(zone: Zone, weightG: number): number {
  const { firstMinor, furtherMinor } = TARIFF[zone];
  return firstMinor + furtherMinor * Math.max(0, Math.ceil(weightG / 1000) - 1);
}

const country = z.string().check(z.regex(/^[A-Z]{2}$/));
const orderId = z.string().check(z.minLength(1), z.maxLength(64), z.regex(/^[\w.-]+$/));
const line = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));

export const addressSchema = z.strictObject({
  name: line(100),
  street: line(100),
  postcode: line(12),
  city: line(60),
  country,
});

export const SHIPMENT_STATUSES = [
  'held',
  'dispatched',
  'picked',
  'packed',
  'in-transit',
  'delivered',
  'delivery-failed',
  'cancelled',
] as const;

/** The topic `shipments`: `shipment.<status>`, one event for each change but picking and packing, which stay inside. */
export const shipmentEventSchema = z.strictObject({
  orderId,
  shipmentId: z.string(),
  status: z.enum(SHIPMENT_STATUSES),
  carrier: z.string(),
  trackingNumber: z.string(),
  /** Counts the changes of one shipment: an event with a lower number tells old news. */
  sequence: z.int(),
  at: z.string(),
});

export const shipmentView = z.strictObject({
  orderId: z.string(),
  shipmentId: z.string(),
  status: z.enum(SHIPMENT_STATUSES),
  carrier: z.string(),
  trackingNumber: z.string(),
  zone: z.string(),
  weightG: z.int(),
  address: addressSchema,
  /** What Order last said of the order, by its events. */
  orderStatus: z.nullable(z.string()),
  history: z.array(z.strictObject({ status: z.enum(SHIPMENT_STATUSES), at: z.string() })),
});

export const held = z.strictObject({
  shipmentId: z.string(),
  carrier: z.string(),
  trackingNumber: z.string(),
});
const cancelled = z.strictObject({ orderId: z.string(), status: z.literal('cancelled') });
const dispatched = z.strictObject({ shipmentId: z.string(), status: z.enum(SHIPMENT_STATUSES) });

const forOrder = { kind: 'services', services: ['order', 'monolith'] } as const;
const params = z.strictObject({ orderId });

export const shippingContract = defineContract({
  service: 'shipping',
  title: 'Shipping service',
  version: '1.0.0',
  operations: {
    quote: operation('shipping', {
      id: 'quote',
      method: 'GET',
      path: '/shipping-quotes',
      summary: 'What sending a parcel costs. 422 where we do not deliver.',
      access: { kind: 'public' },
      query: z.strictObject({
        country,
        weightG: z.coerce.number().check(z.int(), z.gte(1), z.lte(MAX_WEIGHT_G)),
      }),
      answers: {
        200: {
          description: 'The price.',
          body: z.strictObject({
            country: z.string(),
            zone: z.string(),
            weightG: z.int(),
            priceMinor: z.int(),
            currency: z.literal('EUR'),
            days: z.int(),
          }),
        },
      },
    }),
    createShipment: operation('shipping', {
      id: 'createShipment',
      method: 'PUT',
      path: '/shipments/{orderId}',
      summary: 'Makes a parcel ready and holds it. 422 where we do not deliver; 409 once it was cancelled.',
      access: forOrder,
      params,
      body: z.strictObject({
        customerId: line(64),
        address: addressSchema,
        weightG: z.int().check(z.gte(1)),
      }),
      answers: {
        200: { description: 'It was held before.', body: held },
        201: { description: 'Held.', body: held },
      },
    }),
    cancelShipment: operation('shipping', {
      id: 'cancelShipment',
      method: 'DELETE',
      path: '/shipments/{orderId}',
      summary: 'Cancels a held parcel. Harmless when there is none; one that comes later is refused.',
      access: forOrder,
      params,
      answers: { 200: { description: 'There is no parcel any more.', body: cancelled } },
    }),
    dispatchShipment: operation('shipping', {
      id: 'dispatchShipment',
      method: 'POST',
      path: '/shipments/{orderId}/dispatch',
      summary: 'Lets a held parcel go. 409 once it was cancelled.',
      access: forOrder,
      params,
      answers: { 200: { description: 'On its way, now or before.', body: dispatched } },
      repeatable: true,
    }),
    getShipment: operation('shipping', {
      id: 'getShipment',
      method: 'GET',
      path: '/shipments/{orderId}',
      summary: 'Where the parcel of an order is.',
      access: { kind: 'customer' },
      params,
      answers: { 200: { description: 'It.', body: shipmentView } },
    }),
  },
});
