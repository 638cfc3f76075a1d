import type { FaultId, RunSettings } from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';

interface Stay {
  readonly fromUs: number;
  /** null: it is still there. */
  toUs: number | null;
}

/** As long may an answer of the registry be on its way: its caller's patience. */
function longestLookUpUs(settings: RunSettings | null): number {
  if (settings === null) return Number.POSITIVE_INFINITY;
  const { registry, edge, edges } = settings;
  const patience = [edge, ...Object.values(edges)].map(({ timeoutMs }) => timeoutMs ?? 0);
  return 1000 * Math.max(registry.leaseMs, ...patience);
}

/** Live, a commit may be told to have been later than it was read: two workers' clocks, and a busy thread. */
const TOLD_LATE_US = 1_000_000;

/** A copy may be stale, but it is a copy: of what the registry listed when it was asked (DISC-2, DISC-7). */
export const copyOfRegistry = defineChecker(
  'INV-22',
  'What a caller believes is what the registry listed',
  (run, report) => {
    const stays = new Map<string, Stay[]>();
    /** Faults that let the registry give the lists of their beginning. */
    const stale = new Map<FaultId, Stay>();
    return {
      rows: {
        instances(instance, before, now, { service, timeUs }) {
          if (service !== 'registry') return;
          const known = stays.get(instance) ?? [];
          stays.set(instance, known);
          if (before === undefined) known.push({ fromUs: timeUs, toUs: null });
          const stay = known.at(-1);
          if (now === undefined && stay !== undefined) stay.toUs = timeUs;
        },
      },
      events: {
        'fault.started': ({ faultId, fault, timeUs }) => {
          if ((fault as { kind?: unknown } | null)?.kind === 'registry-stale')
            stale.set(faultId, { fromUs: timeUs, toUs: null });
        },
        'fault.ended': ({ faultId, timeUs }) => {
          const lasted = stale.get(faultId);
          if (lasted !== undefined) lasted.toUs = timeUs;
        },
        'discovery.refreshed': (event) => {
          const askedUs = event.timeUs - longestLookUpUs(run.settings);
          const oldest = [...stale.values()]
            .filter(({ toUs }) => toUs === null || toUs >= askedUs)
            .map(({ fromUs }) => fromUs);
          const sinceUs = Math.min(askedUs, ...oldest);
          run.later(() => {
            for (const instance of Object.values(event.known).flat()) {
              const listed = (stays.get(instance) ?? []).some(
                ({ fromUs, toUs }) =>
                  fromUs <= event.timeUs + TOLD_LATE_US && (toUs === null || toUs >= sinceUs),
              );
              if (!listed)
                report(`${event.instance} believes in ${instance}, which the registry does not list`, event);
            }
          });
        },
      },
    };
  },
);
