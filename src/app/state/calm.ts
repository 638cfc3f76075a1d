import type { ServiceName } from '../../kernel/index.ts';
import { CALL_AFTERGLOW_US, type RunProjections, serviceLoad } from '../../projections/index.ts';

const SHOP: readonly ServiceName[] = [
  'customers',
  'gateway',
  'registry',
  'broker',
  'user',
  'product',
  'order',
  'shipping',
  'payment-provider',
];
const MONOLITH: readonly ServiceName[] = ['customers', 'monolith', 'payment-provider'];
/** An edge still shows a failure for as long. */
const TROUBLE_US = 2_600_000;

/** Nobody has used the run yet: no customer has asked for anything. */
export const isFresh = (projections: RunProjections): boolean =>
  projections.orders.others.size === 0 && projections.orders.byOrder.size === 0;

/** Every service is ready, nothing is under way, and what failed while they found each other is over. */
export function isCalm(projections: RunProjections, nowUs: number): boolean {
  const shop = projections.facts.composition === 'monolith' ? MONOLITH : SHOP;
  if (shop.some((service) => serviceLoad(projections.topology, service).ready === 0)) return false;
  for (const call of projections.calls.byId.values()) {
    // Its mark is still to be seen.
    if (call.plane === 'data' && nowUs - (call.endedUs ?? nowUs) < CALL_AFTERGLOW_US) return false;
  }
  for (const edge of projections.topology.edges.values()) {
    if (edge.lastFailureUs !== null && nowUs - edge.lastFailureUs < TROUBLE_US) return false;
    // The services tell the broker what they want to hear; a moment after the last of it, all is quiet.
    if (nowUs - edge.lastUs < 300_000) return false;
  }
  return true;
}
