import { plusMs, type RegistrySettings, type RenewalFigures, type RunTimeUs } from '../../kernel/index.ts';

// As Eureka 1.x counts (AbstractInstanceRegistry, MeasuredRate); docs/semantics.md, DISC-13 to DISC-15, has its rules.

/** Heartbeats of one instance in a window: Eureka's minute of heartbeats 30 s apart. */
const HEARTBEATS_PER_WINDOW = 2;

/** Renewals, window by window: one after the other, not sliding. */
export interface RenewalWindow {
  readonly sinceUs: RunTimeUs;
  /** So far in this window. */
  readonly renewals: number;
  /** In the whole window before; 0 when there was none. */
  readonly lastRenewals: number;
}

/** A first window: whoever begins to count has heard of nobody. */
export const firstWindow = (nowUs: RunTimeUs): RenewalWindow => ({
  sinceUs: nowUs,
  renewals: 0,
  lastRenewals: 0,
});

/** The window of now. One in which nobody renewed leaves none for the next. */
export function windowAt(
  window: RenewalWindow,
  nowUs: RunTimeUs,
  { heartbeatMs }: Pick<RegistrySettings, 'heartbeatMs'>,
): RenewalWindow {
  const lengthUs = plusMs(nowUs, HEARTBEATS_PER_WINDOW * heartbeatMs) - nowUs;
  const passed = Math.floor((nowUs - window.sinceUs) / lengthUs);
  if (passed <= 0) return window;
  const sinceUs = (window.sinceUs + passed * lengthUs) as RunTimeUs;
  return { sinceUs, renewals: 0, lastRenewals: passed === 1 ? window.renewals : 0 };
}

/** What is compared, with so many registered, those whose lease has run out among them. */
export function renewalFigures(
  { lastRenewals }: RenewalWindow,
  registered: number,
  renewalShare: number,
): RenewalFigures {
  const expected = registered * HEARTBEATS_PER_WINDOW;
  return { renewals: lastRenewals, expected, threshold: Math.floor(expected * renewalShare) };
}

/** Whether those whose lease has run out may be evicted now. */
export const mayEvict = ({ renewals, threshold }: RenewalFigures, renewalShare: number): boolean =>
  renewalShare === 0 || renewals > threshold;

/** At most so many at once, whatever came in: the rest of the list stays for the next time. */
export const evictionLimit = (registered: number, renewalShare: number): number =>
  registered - Math.floor(registered * renewalShare);
