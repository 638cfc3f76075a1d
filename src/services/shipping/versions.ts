import * as z from 'zod/mini';
import type { VersionLabel } from '../../kernel/index.ts';
import type { HandlerInput, ServiceChange } from '../../patterns/index.ts';
import { held, shipmentView, type shippingContract, TARIFF, zoneOf } from './contract.ts';

type Shipment = z.output<typeof shipmentView>;
type Held = z.output<typeof held>;
type Wanted = z.output<NonNullable<typeof shippingContract.operations.createShipment.body>>;

/** By the tariff of where it goes to; null: nowhere. */
function tariffDays({ country }: { readonly country: string }): number | null {
  const zone = zoneOf(country);
  return zone === null ? null : TARIFF[zone].days;
}

/** How many days a parcel will still take; null: it does not come. */
function daysLeft({ status, address }: Shipment): number | null {
  switch (status) {
    case 'delivered':
      return 0;
    case 'cancelled':
    case 'delivery-failed':
      return null;
    case 'in-transit': {
      const days = tariffDays(address);
      return days === null ? null : Math.ceil(days / 2);
    }
    default:
      return tariffDays(address);
  }
}

const days = { estimatedDays: z.nullable(z.int()) };

const SLOW = { timesTheWork: 15 };

/** The versions after the first; of either implementation. */
export const shippingVersions: Readonly<Record<VersionLabel, ServiceChange>> = {
  v2: {
    service: 'shipping',
    version: '2.0.0',
    operations: {
      getShipment: {
        answer: z.extend(shipmentView, days),
        answered: (shipment: Shipment) => ({ ...shipment, estimatedDays: daysLeft(shipment) }),
      },
      createShipment: {
        answer: z.extend(held, days),
        answered: (parcel: Held, { body }: HandlerInput<unknown, unknown, Wanted>) => ({
          ...parcel,
          estimatedDays: tariffDays(body.address),
        }),
      },
    },
  },
  v3: {
    service: 'shipping',
    version: '3.0.0',
    operations: {
      quote: SLOW,
      createShipment: SLOW,
      cancelShipment: SLOW,
      dispatchShipment: SLOW,
      getShipment: SLOW,
    },
  },
};
