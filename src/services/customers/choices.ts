import type { LoadSettings, RandomKey, RandomPort } from '../../kernel/index.ts';
import { CATALOGUE_SKUS } from '../product/contract.ts';
import { ZONES } from '../shipping/contract.ts';

// What a customer wants, drawn for the number of the action: the same action wants the same in every replay.

/** One of `items`, each with its weight. */
export function weighted<T>(items: readonly (readonly [item: T, weight: number])[], uniform: number): T {
  const total = items.reduce((sum, [, weight]) => sum + weight, 0);
  let left = uniform * total;
  for (const [item, weight] of items) {
    left -= weight;
    if (left < 0) return item;
  }
  const last = items.at(-1);
  if (last === undefined) throw new Error('nothing to choose from');
  return last[0];
}

/** The first goods of each category sell best. */
const DEMAND = CATALOGUE_SKUS.map((sku, index) => [sku, 1 / (1 + (index % 6))] as const);

const CITIES: Readonly<
  Record<keyof typeof ZONES, readonly (readonly [country: string, postcode: string, city: string])[]>
> = {
  domestic: [
    ['DE', '10115', 'Berlin'],
    ['DE', '80331', 'Munich'],
    ['DE', '50667', 'Cologne'],
  ],
  europe: [
    ['FR', '75001', 'Paris'],
    ['IT', '20121', 'Milan'],
    ['PL', '00-001', 'Warsaw'],
  ],
  world: [
    ['US', '10001', 'New York'],
    ['JP', '100-0001', 'Tokyo'],
  ],
};

const pick = <T>(items: readonly T[], uniform: number): T =>
  weighted(
    items.map((item) => [item, 1] as const),
    uniform,
  );

export const chosenSku = (random: RandomPort, ...keys: RandomKey[]): string =>
  weighted(DEMAND, random.uniform('customer-sku', ...keys));

export const chosenCategory = (random: RandomPort, ...keys: RandomKey[]): string =>
  chosenSku(random, 'category', ...keys).replace(/-.*/, '');

/** One or two goods, one or two of each. */
export function chosenLines(random: RandomPort, ...keys: RandomKey[]): { sku: string; quantity: number }[] {
  const first = chosenSku(random, ...keys, 0);
  const second = random.uniform('customer-lines', ...keys) < 0.35 ? chosenSku(random, ...keys, 1) : first;
  return [...new Set([first, second])].map((sku, index) => ({
    sku,
    quantity: random.uniform('customer-quantity', ...keys, index) < 0.2 ? 2 : 1,
  }));
}

/** One of the product that so many want just now; null: not this customer. */
export function hotLines(
  random: RandomPort,
  { hotProduct }: LoadSettings,
  ...keys: RandomKey[]
): { sku: string; quantity: number }[] | null {
  if (hotProduct === undefined || random.uniform('customer-hot', ...keys) >= hotProduct.share) return null;
  return [{ sku: hotProduct.sku, quantity: 1 }];
}

export function chosenAddress(random: RandomPort, name: string, ...keys: RandomKey[]) {
  const zone = weighted(
    [
      ['domestic', 6],
      ['europe', 3],
      ['world', 1],
    ] as const,
    random.uniform('customer-zone', ...keys),
  );
  const [country, postcode, city] = pick(CITIES[zone], random.uniform('customer-city', ...keys));
  const street = `${1 + Math.floor(random.uniform('customer-house', ...keys) * 99)} Station Road`;
  return { name, street, postcode, city, country };
}
