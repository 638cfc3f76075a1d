import type { VersionLabel } from '../../kernel/index.ts';
import { type JsonObject, type VersionChanges, withField } from '../../patterns/index.ts';
import { TARIFF } from './contract.ts';

function withEstimatedDays(shipment: JsonObject): JsonObject {
  const zone = shipment['zone'];
  const known = zone === 'domestic' || zone === 'europe' || zone === 'world' ? TARIFF[zone].days : null;
  return { ...shipment, estimatedDays: known };
}

const estimatedDays = withField('estimatedDays', { type: ['integer', 'null'] });

/** Fifteen times the work in all. */
const EVERY_CARRIER = { extraWork: 14 };

/** Shipping's later versions: what they do otherwise than the first, in whatever language that is. */
export const shippingVersions: Readonly<Record<VersionLabel, VersionChanges>> = {
  v2: { 'GET /shipments/{orderId}': { answer: withEstimatedDays, answerSchema: estimatedDays } },
  v3: {
    'GET /shipping-quotes': EVERY_CARRIER,
    'PUT /shipments/{orderId}': EVERY_CARRIER,
    'GET /shipments/{orderId}': EVERY_CARRIER,
  },
};
