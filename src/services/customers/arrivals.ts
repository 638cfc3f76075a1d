import type { LoadSettings } from '../../kernel/index.ts';

// An open model: customers come at their rate, however slow the shop is. Each arrival needs a drawn amount
// of waiting (mean 1); waiting gathers at the rate of the moment, so a changed rate counts at once.

export type LoadKind = 'order' | 'browse' | 'status' | 'flood';
export const LOAD_KINDS: readonly LoadKind[] = ['order', 'browse', 'status', 'flood'];

/** Arrivals a second of this kind; 0 while the load is off. */
export function ratePerSecond(load: LoadSettings, kind: LoadKind): number {
  if (!load.running) return 0;
  switch (kind) {
    case 'order':
      return load.ordersPerSecond;
    case 'browse':
      return load.browsesPerSecond;
    case 'status':
      return load.statusesPerSecond;
    case 'flood':
      return load.floodPerSecond;
  }
}

/** How much waiting the next arrival needs, in mean gaps: uniform around 1, or exponential. */
export function arrivalGap(load: Pick<LoadSettings, 'arrivals' | 'spread'>, uniform: number): number {
  return load.arrivals === 'poisson' ? -Math.log(1 - uniform) : 1 + load.spread * (2 * uniform - 1);
}
