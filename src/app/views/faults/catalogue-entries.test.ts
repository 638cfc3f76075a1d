import { describe, expect, it } from 'vitest';
import type { Fault, FaultKind } from '../../../faults/index.ts';
import type { InstanceId, Json } from '../../../kernel/index.ts';
import { serviceTitle } from '../../../projections/index.ts';
import { misplacedFault, parseRunCommand } from '../../../setups/index.ts';
import { CATALOGUE, faultOf, isInRange, placesOf, usualValues } from './catalogue-entries.ts';

const services = [
  'gateway',
  'registry',
  'broker',
  'user',
  'product',
  'order',
  'shipping',
  'payment-provider',
] as const;
const shop = {
  services,
  instances: services.map((service) => `${service}-1` as InstanceId),
  edges: [
    { from: 'gateway', to: 'order' },
    { from: 'order', to: 'shipping' },
    { from: 'broker', to: 'shipping' },
  ] as const,
};

/** Compiles only with every kind. */
const KINDS: Record<FaultKind, true> = {
  slow: true,
  errors: true,
  down: true,
  loss: true,
  latency: true,
  partition: true,
  clog: true,
  reset: true,
  duplicate: true,
  'store-errors': true,
  'store-slow': true,
  'crash-loop': true,
  'crash-at': true,
  'slow-body': true,
  'corrupt-body': true,
  flapping: true,
  hang: true,
  'slow-cpu': true,
  'memory-limit': true,
  'slow-start': true,
  'clock-offset': true,
  'message-duplicate': true,
  'message-poison': true,
  'registry-stale': true,
  spike: true,
  ramp: true,
  'hot-product': true,
};

const refusalOf = (fault: Json): string | null => {
  const parsed = parseRunCommand({ type: 'fault.add', fault });
  return parsed.ok ? null : parsed.error.message;
};

const entries = CATALOGUE.flatMap((layer) => layer.entries);

describe('the catalogue on the page', () => {
  it('FAULT-17 every kind of fault can be chosen', () => {
    expect(new Set(entries.map(({ kind }) => kind))).toEqual(new Set(Object.keys(KINDS)));
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  });

  it.each(entries.map((entry) => [entry.title, entry] as const))(
    'FAULT-17 %s: as the form offers it, it is taken wherever the form lets it sit',
    (_, entry) => {
      const places = placesOf(entry.places, shop, serviceTitle);
      expect(places.length > 0 || entry.places === 'fixed').toBe(true);
      for (const place of places.length > 0 ? places : [null]) {
        for (const lengthMs of [null, 5000]) {
          const values = usualValues(entry);
          for (const field of entry.fields) expect(isInRange(field, values[field.name] ?? '')).toBe(true);
          const fault = faultOf(entry, values, place, lengthMs);
          expect(refusalOf(fault)).toBe(null);
          const where = { services: [...services, 'customers'] as const, instances: shop.instances };
          expect(misplacedFault(fault as unknown as Fault, where, 'fault')).toBe(null);
        }
      }
    },
  );

  it.each(entries.map((entry) => [entry.title, entry] as const))(
    'FAULT-17 %s: what the form takes at the ends of its ranges, the run takes',
    (_, entry) => {
      const [place = null] = placesOf(entry.places, shop, serviceTitle);
      const usual = usualValues(entry);
      for (const field of entry.fields) {
        const ends =
          field.kind === 'number'
            ? [field.low, field.high]
            : field.kind === 'choice'
              ? field.options.map(({ value }) => value)
              : [];
        for (const end of ends) {
          const values = { ...usual, [field.name]: String(end) };
          expect(refusalOf(faultOf(entry, values, place, null)), `${field.name} ${end}`).toBe(null);
        }
      }
    },
  );

  it('a shop without a broker offers no messages', () => {
    const monolith = { services: ['monolith', 'payment-provider'] as const, instances: [], edges: [] };
    expect(placesOf('deliveries', monolith, serviceTitle)).toEqual([]);
  });
});
