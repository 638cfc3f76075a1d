import { elapsedMs, type HostPorts, type LoadSettings, type RunSettings } from '../kernel/index.ts';
import { type ActiveFault, isOf } from './fault.ts';

/** The most that a run takes (`setups/run-settings-schema.ts`). */
const MOST_PER_SECOND = 50;

const isLoad = isOf('spike', 'ramp', 'hot-product');

/** The settings as the customers' own instance sees them: more of them, or all for one product. */
export function customersSettings(
  ports: Pick<HostPorts, 'settings' | 'now'>,
  active: () => readonly ActiveFault[],
): () => RunSettings {
  let given: RunSettings | null = null;
  let faults: readonly ActiveFault[] = [];
  let factor = 1;
  let changed: RunSettings | null = null;
  return () => {
    const settings = ports.settings();
    const now = active();
    if (now.length === 0 || !now.some(isLoad)) return settings;
    const factorNow = timesAsMany(now, ports);
    if (changed !== null && settings === given && now === faults && factorNow === factor) return changed;
    [given, faults, factor] = [settings, now, factorNow];
    changed = { ...settings, load: loadUnder(settings.load, now, factor) };
    return changed;
  };
}

function timesAsMany(active: readonly ActiveFault[], ports: Pick<HostPorts, 'now'>): number {
  let factor = 1;
  for (const { fault, startedUs } of active) {
    if (fault.kind === 'spike') factor *= fault.factor;
    if (fault.kind === 'ramp') {
      const share = Math.min(1, elapsedMs(startedUs, ports.now()) / fault.overMs);
      factor *= 1 + share * (fault.factor - 1);
    }
  }
  return factor;
}

function loadUnder(load: LoadSettings, active: readonly ActiveFault[], factor: number): LoadSettings {
  const more = (perSecond: number): number => Math.min(MOST_PER_SECOND, perSecond * factor);
  const hot = active.find(isOf('hot-product'))?.fault;
  return {
    ...load,
    ordersPerSecond: more(load.ordersPerSecond),
    browsesPerSecond: more(load.browsesPerSecond),
    statusesPerSecond: more(load.statusesPerSecond),
    ...(hot === undefined ? {} : { hotProduct: { sku: hot.sku, share: hot.share } }),
  };
}
