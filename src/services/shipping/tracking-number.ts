import { hash32 } from '../../kernel/index.ts';

const CARRIERS = [
  { name: 'Parcelfox', prefix: 'PF' },
  { name: 'Nordpost', prefix: 'NP' },
  { name: 'Blue Heron', prefix: 'BH' },
] as const;

/** Which carrier takes an order's parcel: always the same for the same order. */
export function carrierOf(orderId: string): { readonly name: string; readonly prefix: string } {
  return CARRIERS[hash32(`carrier/${orderId}`) % CARRIERS.length] ?? CARRIERS[0];
}

const WEIGHTS = [8, 6, 4, 2, 3, 5, 9, 7] as const;

/** The check digit of an UPU S10 number's eight digits. */
export function checkDigit(digits: string): number {
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(digits[index]), 0);
  const rest = 11 - (sum % 11);
  return rest === 10 ? 0 : rest === 11 ? 5 : rest;
}

/** A tracking number of the form that posts use world-wide (UPU S10): two letters, eight digits and their check digit, the country. */
export function trackingNumberOf(orderId: string): string {
  const digits = String(hash32(`tracking/${orderId}`) % 100_000_000).padStart(8, '0');
  return `${carrierOf(orderId).prefix}${digits}${checkDigit(digits)}DE`;
}
