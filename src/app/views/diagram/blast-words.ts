import { affectedOf, type BlastRadiusView } from '../../../experiments/index.ts';
import { formatRunTime, formatShare, serviceTitle } from '../../../projections/index.ts';

/** How long it is still shown once the faults have ended. */
const SHOWN_AFTER_US = 10_000_000;

/** What is to be shown at a moment; null: nothing is, or was a moment ago, broken. */
export const blastShown = (view: BlastRadiusView | null, nowUs: number): BlastRadiusView | null =>
  view !== null && (view.endedUs === null || nowUs - view.endedUs < SHOWN_AFTER_US) ? view : null;

/** "3 of 5 services, 41 % of orders"; browsing too, once it is affected. */
export function blastWords({ services, ofServices, intents }: BlastRadiusView): string {
  const orders = affectedOf(intents.order);
  const browsing = affectedOf(intents.browse) ?? 0;
  const parts: string[] = [];
  if (ofServices > 1) parts.push(`${services.length} of ${ofServices} services`);
  else if (services.length > 0) parts.push('the whole monolith');
  if (orders !== null) parts.push(`${formatShare(orders)} of orders`);
  if (browsing > 0) parts.push(`${formatShare(browsing)} of browsing`);
  return parts.length === 0 ? 'nothing so far' : parts.join(', ');
}

/** It has reached nobody: no service, and nothing that a customer wanted. */
export const isHarmless = ({ services, intents }: BlastRadiusView): boolean =>
  services.length === 0 && intents.order.affected === 0 && intents.browse.affected === 0;

/** Which services, since when, and what the words mean. */
export function blastSentence({ services, sinceUs }: BlastRadiusView): string {
  const names = services.length === 0 ? 'none' : services.map(serviceTitle).join(', ');
  return `Blast radius of the fault at ${formatRunTime(sinceUs)}: services that gave a failed, refused or late answer because of it (${names}), and how much of what customers began since then it has made fail, undone or late.`;
}
